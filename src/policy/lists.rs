//! The built-in lists, copied into the program from `src/data/` and read when first asked.
//!
//! The lists are facts with their sources; what follows from them is decided here: `block` denies,
//! `warn` and `info` are notices, a live-only script is kept unless it is marked as vendorable.

mod data;

use percent_encoding::percent_decode_str;
use regex::Regex;

use self::data::{HOSTS, Host, LIVE, OFFERS, Rewrite};
use super::{
    pattern::Address,
    verdict::{Finding, Kept, Notice, Severity},
};
use crate::reference::SubresourceUrl;

/// What the lists say of a URL.
pub(super) enum BuiltIn {
    Deny(Finding),
    Keep(Kept),
    Warn(Notice),
    Nothing,
}

/// A trusted copy of a denied script.
pub(super) struct Replacement {
    pub with: SubresourceUrl,
    pub reason: String,
}

/// What the lists say of `address`: what denies comes first.
pub(super) fn opinion(address: &Address<'_>) -> BuiltIn {
    denial(address)
        .map(BuiltIn::Deny)
        .or_else(|| live_only(address).map(BuiltIn::Keep))
        .or_else(|| warning(address).map(BuiltIn::Warn))
        .unwrap_or(BuiltIn::Nothing)
}

fn warning(address: &Address<'_>) -> Option<Notice> {
    let host = host_entry(address, |severity| severity != Severity::Block)?;
    Some(Notice { severity: host.severity, finding: host.finding(address) })
}

/// Why `address` must not be asked.
pub(super) fn denial(address: &Address<'_>) -> Option<Finding> {
    host_entry(address, |severity| severity == Severity::Block)
        .map(|host| host.finding(address))
        .or_else(|| named_malicious_version(address))
}

/// What a user's rule overrides by vendoring `address`.
pub(super) fn objection(address: &Address<'_>) -> Option<Notice> {
    match opinion(address) {
        BuiltIn::Deny(finding) => Some(Notice { severity: Severity::Block, finding }),
        BuiltIn::Warn(notice) => Some(notice),
        BuiltIn::Nothing => None,
        BuiltIn::Keep(kept) => {
            let finding = despite_list(address, kept);
            Some(Notice { severity: Severity::Warn, finding })
        }
    }
}

/// What the live-only list says of a script that a rule vendors.
fn despite_list(address: &Address<'_>, kept: Kept) -> Finding {
    Finding {
        sources: kept.sources,
        date: kept.date,
        replacement: kept.fix,
        ..Finding::new(kept.by, address.host, kept.reason)
    }
}

/// Why this version of an npm package must not be used.
pub(super) fn malicious_version(
    address: &Address<'_>,
    package: &str,
    version: &str,
) -> Option<Finding> {
    let mut entries = HOSTS.version.iter();
    entries.find(|entry| entry.lists(package, version)).map(|entry| entry.finding(address, version))
}

/// The first operator-offered copy for a denied URL.
pub(super) fn replacement(address: &Address<'_>) -> Option<Replacement> {
    let scheme = address.url.as_url().scheme();
    let text = format!("{scheme}://{}{}", address.host_and_path, address.query());
    OFFERS.iter().find_map(|(regex, rewrite)| {
        let with = filled(rewrite, regex, &text)?.parse().ok()?;
        Some(Replacement { with, reason: rewrite.reason.clone() })
    })
}

/// The URL of a copy, with the parts of `text` that the expression has names for.
fn filled(rewrite: &Rewrite, regex: &Regex, text: &str) -> Option<String> {
    let captures = regex.captures(text)?;
    let part = |name| captures.name(name).map_or("", |found| found.as_str());
    let names = regex.capture_names().flatten();
    Some(names.fold(rewrite.to.clone(), |to, name| to.replace(&format!("{{{name}}}"), part(name))))
}

fn live_only(address: &Address<'_>) -> Option<Kept> {
    let text = &address.host_and_path;
    let excepted = |unless: &Option<Regex>| unless.as_ref().is_some_and(|u| u.is_match(text));
    let matches = LIVE.set.matches(text);
    let mut listed = matches.iter().map(|at| &LIVE.scripts[at]);
    let (script, _) = listed.find(|(_, unless)| !excepted(unless))?;
    (!script.vendorable).then(|| script.kept())
}

fn host_entry(address: &Address<'_>, wanted: impl Fn(Severity) -> bool) -> Option<&'static Host> {
    HOSTS.host.iter().find(|host| wanted(host.severity) && host.matches(address))
}

/// A malicious version that the URL names itself: `…/package@version`, on whatever CDN.
fn named_malicious_version(address: &Address<'_>) -> Option<Finding> {
    // Every CDN takes `%40` for `@`.
    let path = percent_decode_str(address.path()).decode_utf8_lossy();
    HOSTS.version.iter().find_map(|entry| {
        let is_named = |version: &&String| names(&path, &format!("{}@{version}", entry.pattern));
        let version = entry.versions.iter().find(is_named)?;
        Some(entry.finding(address, version))
    })
}

/// Whether `package`, as `name@version`, stands in a path as a whole.
fn names(path: &str, package: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    path.match_indices(package).any(|(at, _)| {
        !path[..at].ends_with(goes_on) && !path[at + package.len()..].starts_with(goes_on)
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{
        data::{LIVE, Match},
        *,
    };

    #[test]
    fn every_entry_of_the_host_list_matches_its_own_pattern() {
        assert!(HOSTS.host.len() > 40);
        for host in &HOSTS.host {
            let url = match host.kind {
                Match::DomainSuffix => format!("https://any.{}/x.js", host.pattern),
                Match::HostExact => format!("https://{}/x.js", host.pattern),
                Match::UrlPrefix => format!("https://{}.min.js", host.pattern),
            };
            let url: SubresourceUrl = url.parse().unwrap();
            let address = Address::of(&url);
            assert!(host.matches(&address), "{}", host.id);
            let denied = denial(&address).is_some();
            assert_eq!(denied, host.severity == Severity::Block, "{}", host.id);
        }
    }

    #[test]
    fn the_live_only_list_compiles_and_is_anchored() {
        assert!(LIVE.scripts.len() > 80);
        for (script, unless) in &LIVE.scripts {
            assert!(script.pattern.starts_with('^'), "{}", script.id);
            assert_eq!(script.unless.is_some(), unless.is_some());
        }
    }

    #[test]
    fn the_offered_replacements_compile_and_are_fetchable() {
        let url = "https://polyfill.io/v3/polyfill.min.js".parse().unwrap();
        let found = replacement(&Address::of(&url)).unwrap();
        assert_eq!(found.with.as_str(), "https://cdnjs.cloudflare.com/polyfill/v3/polyfill.min.js");
    }

    #[test]
    fn the_signs_of_the_live_only_list_run_in_linear_time() {
        #[derive(Deserialize)]
        struct Signs {
            sign: Vec<Sign>,
        }
        #[derive(Deserialize)]
        struct Sign {
            pattern: String,
        }
        let text = include_str!("../data/live-only-scripts.toml");
        let signs: Signs = toml::from_str(text).unwrap();
        assert!(!signs.sign.is_empty());
        for Sign { pattern } in signs.sign {
            assert!(Regex::new(&pattern).is_ok(), "{pattern}");
        }
    }
}
