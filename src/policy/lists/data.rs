//! The lists as the files in `src/data/` write them; each is read when first asked.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use serde::Deserialize;
use toml::value::Datetime;

use super::super::{
    pattern::Address,
    verdict::{Confidence, Finding, Kept, Obstacle, Origin, Severity},
};

#[derive(Deserialize)]
pub(super) struct HostList {
    pub host: Vec<Host>,
    pub version: Vec<Versions>,
    pub rewrite: Vec<Rewrite>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    pub id: String,
    pub pattern: String,
    #[serde(rename = "match")]
    pub kind: Match,
    class: String,
    pub severity: Severity,
    confidence: Confidence,
    pub reason: String,
    pub source: Vec<String>,
    pub date: Datetime,
    replacement: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Match {
    DomainSuffix,
    HostExact,
    UrlPrefix,
}

/// Versions of an npm package that were malicious.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Versions {
    pub id: String,
    /// The package's name.
    pub pattern: String,
    pub versions: Vec<String>,
    safe: String,
    pub reason: String,
    pub source: Vec<String>,
    pub date: Datetime,
}

#[derive(Deserialize)]
pub(super) struct Rewrite {
    pub pattern: String,
    pub to: String,
    pub reason: String,
}

#[derive(Deserialize)]
pub(super) struct LiveList {
    script: Vec<LiveScript>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LiveScript {
    pub id: String,
    pub pattern: String,
    pub unless: Option<String>,
    pub category: String,
    pub why: Obstacle,
    pub reason: String,
    pub source: Vec<String>,
    pub date: Datetime,
    #[serde(default)]
    pub vendorable: bool,
    pub fix: Option<String>,
    /// Only a person who reads the list needs it; named so that other unknown keys are mistakes.
    #[serde(default, rename = "confidence")]
    _confidence: Confidence,
}

/// The live-only list with all its expressions in one automaton: one pass over a URL asks them all.
pub(super) struct LiveScripts {
    pub set: RegexSet,
    pub scripts: Vec<(LiveScript, Option<Regex>)>,
}

pub(super) static HOSTS: LazyLock<HostList> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/compromised-hosts.toml"))
        .expect("the built-in list is well-formed: a test reads it")
});

pub(super) static LIVE: LazyLock<LiveScripts> = LazyLock::new(|| {
    let list: LiveList = toml::from_str(include_str!("../../data/live-only-scripts.toml"))
        .expect("the built-in list is well-formed: a test reads it");
    let regex = |text: &String| Regex::new(text).expect("built-in: a test compiles it");
    let set = RegexSet::new(list.script.iter().map(|script| &script.pattern))
        .expect("the built-in expressions compile: a test does it");
    let scripts = list.script.into_iter().map(|script| {
        let unless = script.unless.as_ref().map(regex);
        (script, unless)
    });
    LiveScripts { set, scripts: scripts.collect() }
});

/// The copies that are offered for denied scripts, with their compiled expressions.
pub(super) static OFFERS: LazyLock<Vec<(Regex, &'static Rewrite)>> = LazyLock::new(|| {
    let regex = |text: &str| Regex::new(text).expect("built-in: a test compiles it");
    let offers = HOSTS.rewrite.iter().filter(|rewrite| !rewrite.to.is_empty());
    offers.map(|rewrite| (regex(&rewrite.pattern), rewrite)).collect()
});

impl Host {
    pub fn matches(&self, address: &Address<'_>) -> bool {
        match self.kind {
            Match::HostExact => address.host == self.pattern,
            Match::UrlPrefix => address.host_and_path.starts_with(&self.pattern),
            Match::DomainSuffix => address
                .host
                .strip_suffix(self.pattern.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        }
    }

    pub fn finding(&self, address: &Address<'_>) -> Finding {
        Finding {
            by: Origin::BuiltIn(self.id.clone()),
            host: address.host.to_owned(),
            reason: self.reason.clone(),
            class: Some(self.class.clone()),
            sources: self.source.clone(),
            date: Some(self.date.to_string()),
            replacement: self.replacement.clone(),
            confidence: Some(self.confidence),
        }
    }
}

impl LiveScript {
    pub fn kept(&self) -> Kept {
        Kept {
            category: Some(self.category.clone()),
            obstacle: Some(self.why),
            fix: self.fix.clone(),
            sources: self.source.clone(),
            date: Some(self.date.to_string()),
            ..Kept::new(Origin::BuiltIn(self.id.clone()), self.reason.clone())
        }
    }
}

impl Versions {
    /// Whether this version of this package is one of them.
    pub fn lists(&self, package: &str, version: &str) -> bool {
        self.pattern == package && self.versions.iter().any(|bad| bad == version)
    }

    pub fn finding(&self, address: &Address<'_>, version: &str) -> Finding {
        Finding {
            by: Origin::BuiltIn(self.id.clone()),
            host: address.host.to_owned(),
            reason: format!("{}@{version}: {}", self.pattern, self.reason),
            class: Some("malicious-version".to_owned()),
            sources: self.source.clone(),
            date: Some(self.date.to_string()),
            replacement: Some(format!("{}@{}", self.pattern, self.safe)),
            confidence: Some(Confidence::High),
        }
    }
}
