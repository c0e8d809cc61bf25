//! Which external scripts are brought in-house, which stay live, and which are refused.
//!
//! Answers one question per URL with a [`Verdict`]; fetching and rewriting is left to others. The
//! order: scripts from hosts known as compromised are denied, scripts that work only live are kept,
//! a rule of the user overrides both, everything else is vendored. Hosts are compared as the URL
//! Standard parses them: lower-case, in Punycode, without a final dot.

mod lists;
mod pattern;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

pub use self::pattern::{PatternError, UrlPattern};
use self::{lists::BuiltIn, pattern::Address};
use crate::reference::SubresourceUrl;

/// One `[[rule]]` of `inhouse.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which URLs it is about; see [`UrlPattern`].
    pub pattern: String,
    /// What happens to them.
    pub action: RuleAction,
    /// Why, for the reports. A rule that overrides a built-in list without one is warned about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a [`Rule`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum RuleAction {
    /// Download and serve from the site.
    Vendor,
    /// Leave the reference as it is.
    Keep,
    /// Refuse.
    Deny,
}

/// What to do with a denied script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OnDenied {
    /// Fail the run.
    #[default]
    Fail,
    /// Point the page at a trusted copy where one is known; fail otherwise.
    Replace,
    /// Take the element out of the page.
    Remove,
}

/// The policy's answer for one URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Download it and serve it from the site.
    Vendor {
        /// Something the owner of the site should know all the same.
        warning: Option<Notice>,
    },
    /// Leave the reference untouched and add no integrity.
    Keep(Kept),
    /// Refuse, and fail the run.
    Deny(Finding),
    /// Load `with` in its stead. Ask for a verdict on `with` too: most replacements stay live.
    Replace {
        /// The replacement.
        with: SubresourceUrl,
        /// Where the replacement comes from and what to know of it.
        reason: String,
        /// Why the original is denied.
        denied: Finding,
    },
    /// Take the element out of the page.
    Remove {
        /// Why the original is denied.
        denied: Finding,
    },
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The entry of a built-in list with this id.
    BuiltIn(String),
    /// The user's rule with this pattern.
    Rule(String),
    /// This pattern of `exclude`.
    Excluded(String),
    /// There is an `include` list, and nothing on it matches.
    NotIncluded,
}

/// Why a script stays live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Who decided.
    pub by: Origin,
    /// A sentence for the reports.
    pub reason: String,
    /// What kind of service it is ("payment", "captcha"), from the built-in list.
    pub category: Option<String>,
    /// What a local copy would run into, from the built-in list.
    pub obstacle: Option<Obstacle>,
    /// What would make it vendorable, from the built-in list.
    pub fix: Option<String>,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// The day of the facts, `YYYY-MM-DD`.
    pub date: Option<String>,
}

/// What stands against a local copy of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// The vendor forbids it.
    Terms,
    /// A copy stops working.
    Breaks,
    /// The answer differs from customer to customer.
    PerAccount,
    /// Unversioned; changes at any time.
    Floating,
    /// It finds its server through its own `src`.
    SelfLocating,
    /// Nothing.
    None,
}

/// What is known against a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Who says so.
    pub by: Origin,
    /// The URL's host.
    pub host: String,
    /// A sentence for the reports.
    pub reason: String,
    /// "compromised", "look-alike", "dead" …, from the built-in list.
    pub class: Option<String>,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// The day of the facts, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// What to use instead, in words.
    pub replacement: Option<String>,
    /// How sure the built-in list is.
    pub confidence: Option<Confidence>,
}

/// Something to know about a script that is vendored all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How loud to say it.
    pub severity: Severity,
    /// What is known.
    pub finding: Finding,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth changing.
    Warn,
    /// Not to be downloaded. As a [`Notice`]: a rule of the user overrides it.
    Block,
}

/// How sure a built-in list is of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One secondary source.
    Low,
    /// Several secondary sources.
    Medium,
    /// A first-hand report, or two reputable lists.
    #[default]
    High,
}

/// A policy that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// The pattern of a `[[rule]]`.
    #[error("the rule {0}")]
    Rule(PatternError),
    /// A pattern of `include`.
    #[error("in `include`, the {0}")]
    Include(PatternError),
    /// A pattern of `exclude`.
    #[error("in `exclude`, the {0}")]
    Exclude(PatternError),
}

/// The user's rules and the built-in lists.
#[derive(Debug)]
pub struct Policy {
    rules: Vec<(UrlPattern, Rule)>,
    include: Vec<UrlPattern>,
    exclude: Vec<UrlPattern>,
    on_denied: OnDenied,
}

/// What is decided before `include`, `exclude` and [`OnDenied`] are asked.
enum Decision {
    Vendor(Option<Notice>),
    Keep(Kept),
    Deny(Finding),
}

impl Policy {
    /// A policy of the user's `rules` above the built-in lists.
    ///
    /// `include` and `exclude` are patterns that narrow down what is vendored; what they leave out
    /// is kept. They never let a denied script through: only a rule does.
    ///
    /// # Errors
    /// [`PolicyError`] names the first pattern that is none.
    pub fn new(
        rules: Vec<Rule>,
        include: Vec<String>,
        exclude: Vec<String>,
        on_denied: OnDenied,
    ) -> Result<Self, PolicyError> {
        let rules = rules
            .into_iter()
            .map(|rule| Ok((UrlPattern::new(&rule.pattern).map_err(PolicyError::Rule)?, rule)))
            .collect::<Result<_, _>>()?;
        let patterns = |texts: Vec<String>| {
            texts.iter().map(|text| UrlPattern::new(text)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            rules,
            include: patterns(include).map_err(PolicyError::Include)?,
            exclude: patterns(exclude).map_err(PolicyError::Exclude)?,
            on_denied,
        })
    }

    /// What to do with the script at `url`.
    pub fn verdict(&self, url: &SubresourceUrl) -> Verdict {
        let address = Address::of(url);
        match self.decide(&address) {
            Decision::Deny(finding) => self.denied(&address, finding),
            Decision::Keep(kept) => Verdict::Keep(kept),
            Decision::Vendor(warning) => match self.left_out(&address) {
                Some(kept) => Verdict::Keep(kept),
                None => Verdict::Vendor { warning },
            },
        }
    }

    /// Whether a request may go to `url`: asked again for every hop of a redirect.
    ///
    /// # Errors
    /// A sentence with the reason, if the URL is denied or is not fetchable at all.
    pub fn admits(&self, url: &Url) -> Result<(), String> {
        let url = SubresourceUrl::try_from(url.clone()).map_err(|error| error.to_string())?;
        match self.denial(&Address::of(&url)) {
            None => Ok(()),
            Some(finding) => Err(finding.reason),
        }
    }

    /// Whether `version` of the npm package `package`, which `url` was found to deliver, may be used.
    ///
    /// A floating URL does not name its version; the CDN's answer does. A rule of the user about
    /// `url` overrides the built-in list here too.
    ///
    /// # Errors
    /// What is known against the version; boxed, being rare and large.
    pub fn admits_version(
        &self,
        url: &SubresourceUrl,
        package: &str,
        version: &str,
    ) -> Result<(), Box<Finding>> {
        let address = Address::of(url);
        if self.rule_for(&address).is_some_and(|rule| rule.action != RuleAction::Deny) {
            return Ok(());
        }
        match lists::malicious_version(&address, package, version) {
            Some(finding) => Err(Box::new(finding)),
            None => Ok(()),
        }
    }

    /// The rules that match none of the URLs `seen`, in the order they are written.
    pub fn unused_rules<'a>(
        &self,
        seen: impl IntoIterator<Item = &'a SubresourceUrl>,
    ) -> Vec<&Rule> {
        let mut unused: Vec<_> = self.rules.iter().collect();
        for url in seen {
            if unused.is_empty() {
                break;
            }
            let address = Address::of(url);
            unused.retain(|(pattern, _)| !pattern.matches_address(&address));
        }
        unused.into_iter().map(|(_, rule)| rule).collect()
    }

    /// The most specific rule that matches; of two equally specific ones the later.
    fn rule_for(&self, address: &Address<'_>) -> Option<&Rule> {
        self.rules
            .iter()
            .filter(|(pattern, _)| pattern.matches_address(address))
            .max_by_key(|(pattern, _)| pattern.specificity())
            .map(|(_, rule)| rule)
    }

    fn decide(&self, address: &Address<'_>) -> Decision {
        match self.rule_for(address) {
            Some(rule) => by_rule(rule, address),
            None => match lists::opinion(address) {
                BuiltIn::Deny(finding) => Decision::Deny(finding),
                BuiltIn::Keep(kept) => Decision::Keep(kept),
                BuiltIn::Warn(notice) => Decision::Vendor(Some(notice)),
                BuiltIn::Nothing => Decision::Vendor(None),
            },
        }
    }

    /// [`Policy::decide`] without the lists that cannot deny.
    fn denial(&self, address: &Address<'_>) -> Option<Finding> {
        let decision = match self.rule_for(address) {
            Some(rule) => by_rule(rule, address),
            None => return lists::denial(address),
        };
        match decision {
            Decision::Deny(finding) => Some(finding),
            Decision::Keep(_) | Decision::Vendor(_) => None,
        }
    }

    fn denied(&self, address: &Address<'_>, finding: Finding) -> Verdict {
        match self.on_denied {
            OnDenied::Fail => Verdict::Deny(finding),
            OnDenied::Remove => Verdict::Remove { denied: finding },
            OnDenied::Replace => {
                let known = lists::replacement(address)
                    .filter(|found| self.denial(&Address::of(&found.with)).is_none());
                match known {
                    Some(lists::Replacement { with, reason }) => {
                        Verdict::Replace { with, reason, denied: finding }
                    }
                    None => Verdict::Deny(finding),
                }
            }
        }
    }

    fn left_out(&self, address: &Address<'_>) -> Option<Kept> {
        if let Some(pattern) = self.exclude.iter().find(|p| p.matches_address(address)) {
            let reason = format!("excluded by `{pattern}`");
            return Some(kept(Origin::Excluded(pattern.to_string()), reason));
        }
        let included =
            self.include.is_empty() || self.include.iter().any(|p| p.matches_address(address));
        (!included).then(|| kept(Origin::NotIncluded, "matches no `include` pattern".into()))
    }
}

fn by_rule(rule: &Rule, address: &Address<'_>) -> Decision {
    let by = Origin::Rule(rule.pattern.clone());
    let reason = |verb| {
        let fallback = || format!("{verb} by the rule `{}`", rule.pattern);
        rule.reason.clone().unwrap_or_else(fallback)
    };
    match rule.action {
        RuleAction::Deny => Decision::Deny(Finding {
            by,
            host: address.host.to_owned(),
            reason: reason("denied"),
            class: None,
            sources: Vec::new(),
            date: None,
            replacement: None,
            confidence: None,
        }),
        RuleAction::Keep => Decision::Keep(kept(by, reason("kept live"))),
        RuleAction::Vendor if rule.reason.is_some() => Decision::Vendor(None),
        RuleAction::Vendor => Decision::Vendor(lists::objection(address)),
    }
}

fn kept(by: Origin, reason: String) -> Kept {
    Kept { by, reason, category: None, obstacle: None, fix: None, sources: Vec::new(), date: None }
}

#[cfg(test)]
mod tests;
