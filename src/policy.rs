//! Which external scripts are brought in-house, which stay live, and which are refused.
//!
//! Gives each URL a [`Verdict`]; fetching and rewriting is left to others. The
//! order: scripts from hosts known as compromised are denied, scripts that work only live are kept,
//! a rule of the user with an action overrides both, everything else is vendored. Hosts are compared as the URL
//! Standard parses them: lower-case, in Punycode, without a final dot.

mod lists;
mod pattern;
mod rule;
mod verdict;

pub use self::{
    pattern::{PatternError, UrlPattern},
    rule::{OnDenied, PolicyError, Rule, RuleAction},
    verdict::{Finding, Kept, Notice, Origin, Verdict},
};

use url::Url;

use self::{
    lists::{BuiltIn, Replacement},
    pattern::Address,
};
use crate::{companions::Override, lockfile::EvidenceLevel, reference::SubresourceUrl};

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
    /// [`PolicyError`] names the first pattern that is none, or the first rule that says nothing.
    pub fn new(
        rules: Vec<Rule>,
        include: Vec<String>,
        exclude: Vec<String>,
        on_denied: OnDenied,
    ) -> Result<Self, PolicyError> {
        let rules = rules.into_iter().map(with_pattern).collect::<Result<_, _>>()?;
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
            Decision::Vendor(warning) => {
                let left_out = self.left_out(&address).map(Verdict::Keep);
                left_out.unwrap_or(Verdict::Vendor { warning })
            }
        }
    }

    /// Which companions of the script at `url` the user wants.
    pub fn companions(&self, url: &SubresourceUrl) -> Override {
        let address = Address::of(url);
        let rule = self.most_specific(&address, |rule| rule.companions.clone());
        rule.map_or(Override::Automatic, |(companions, _)| companions)
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
        if self.action_for(&address).is_some_and(|(action, _)| action != RuleAction::Deny) {
            return Ok(());
        }
        match lists::malicious_version(&address, package, version) {
            Some(finding) => Err(Box::new(finding)),
            None => Ok(()),
        }
    }

    /// How much has to speak for the bytes of the script at `url` if it is vendored, and by which rule.
    pub fn required_proof(&self, url: &SubresourceUrl) -> Option<(EvidenceLevel, &Rule)> {
        self.most_specific(&Address::of(url), |rule| rule.require_proof)
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

    /// What the rules say under one key: the most specific rule counts that matches and has the key;
    /// of two equally specific ones the later.
    fn most_specific<T>(
        &self,
        address: &Address<'_>,
        value: impl Fn(&Rule) -> Option<T>,
    ) -> Option<(T, &Rule)> {
        let matching = self.rules.iter().filter(|(pattern, _)| pattern.matches_address(address));
        let saying = matching.filter_map(|(pattern, rule)| Some((pattern, value(rule)?, rule)));
        let most_specific = saying.max_by_key(|(pattern, ..)| pattern.specificity());
        most_specific.map(|(_, value, rule)| (value, rule))
    }

    /// What the rules say happens to a URL.
    fn action_for(&self, address: &Address<'_>) -> Option<(RuleAction, &Rule)> {
        self.most_specific(address, |rule| rule.action)
    }

    fn decide(&self, address: &Address<'_>) -> Decision {
        match self.action_for(address) {
            Some((action, rule)) => by_rule(action, rule, address),
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
        let decision = match self.action_for(address) {
            Some((action, rule)) => by_rule(action, rule, address),
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
            OnDenied::Replace => match self.replacement(address) {
                Some(Replacement { with, reason }) => {
                    Verdict::Replace { with, reason, denied: finding }
                }
                None => Verdict::Deny(finding),
            },
        }
    }

    fn replacement(&self, address: &Address<'_>) -> Option<Replacement> {
        let admitted = |found: &Replacement| self.denial(&Address::of(&found.with)).is_none();
        lists::replacement(address).filter(admitted)
    }

    fn left_out(&self, address: &Address<'_>) -> Option<Kept> {
        if let Some(pattern) = self.exclude.iter().find(|p| p.matches_address(address)) {
            let reason = format!("excluded by `{pattern}`");
            return Some(Kept::new(Origin::Excluded(pattern.to_string()), reason));
        }
        let included =
            self.include.is_empty() || self.include.iter().any(|p| p.matches_address(address));
        (!included).then(|| Kept::new(Origin::NotIncluded, "matches no `include` pattern".into()))
    }
}

fn with_pattern(rule: Rule) -> Result<(UrlPattern, Rule), PolicyError> {
    let pattern = UrlPattern::new(&rule.pattern).map_err(PolicyError::Rule)?;
    match rule.is_empty() {
        true => Err(PolicyError::Empty(rule.pattern)),
        false => Ok((pattern, rule)),
    }
}

fn patterns(texts: Vec<String>) -> Result<Vec<UrlPattern>, PatternError> {
    texts.iter().map(|text| UrlPattern::new(text)).collect()
}

fn by_rule(action: RuleAction, rule: &Rule, address: &Address<'_>) -> Decision {
    let by = Origin::Rule(rule.pattern.clone());
    let reason = |verb| {
        let fallback = || format!("{verb} by the rule `{}`", rule.pattern);
        rule.reason.clone().unwrap_or_else(fallback)
    };
    match action {
        RuleAction::Deny => Decision::Deny(Finding::new(by, address.host, reason("denied"))),
        RuleAction::Keep => Decision::Keep(Kept::new(by, reason("kept live"))),
        RuleAction::Vendor if rule.reason.is_some() => Decision::Vendor(None),
        RuleAction::Vendor => Decision::Vendor(lists::objection(address)),
    }
}

#[cfg(test)]
mod tests;
