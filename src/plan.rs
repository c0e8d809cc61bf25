//! What will be done for each URL: the one decision of a run, drawn before anything is touched.
//!
//! A pure function of what pages and modules ask for, the lockfile, the policy and what the cache holds.
//! Printing the plan is the dry run; a plan that would change the lockfile is what `--locked`
//! refuses, a plan that fetches is what `--offline` refuses.

use std::collections::BTreeMap;

use crate::{
    integrity::IntegrityMetadata,
    inventory::Demand,
    lockfile::{Entry, Lockfile},
    policy::{Finding, Kept, Notice, Policy, Verdict},
    reference::SubresourceUrl,
    settings::Mode,
};

/// What the plan has decided for one URL.
#[derive(Clone, Debug)]
pub enum Action {
    /// In the lockfile and in the cache; re-hashed before use.
    Reuse(Entry),
    /// To be downloaded.
    Fetch(Expectation),
    /// Not ours to vendor: the page keeps its reference.
    Leave(Reason),
    /// The policy forbids it: the run fails and says why.
    Refuse(Finding),
    /// The policy puts another live script in its place.
    Replace {
        /// The replacement.
        with: SubresourceUrl,
        /// Why.
        reason: String,
    },
    /// The policy takes the element away.
    Remove(Finding),
}

/// What downloaded bytes are held against.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The lockfile's entry, if the URL was vendored before.
    pub locked: Option<Entry>,
    /// The authors' own `integrity` values: all of them must match.
    pub declared: Vec<IntegrityMetadata>,
}

/// Why a reference stays as it is.
#[derive(Clone, Debug)]
pub enum Reason {
    /// The policy keeps it live.
    Kept(Kept),
    /// There was no such file when it was asked for; the lockfile says why.
    Absent(String),
    /// The author asks for it on every tag.
    Skipped,
    /// Only a preload or a hint names it; it follows the script that some code adds.
    NoScript,
}

/// What will be done for each URL.
#[derive(Debug, Default)]
pub struct Plan {
    /// By URL.
    pub actions: BTreeMap<SubresourceUrl, Action>,
    /// Things to know about URLs that are vendored all the same.
    pub notices: Vec<(SubresourceUrl, Notice)>,
}

/// A promise of the mode that the plan would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// `--locked`, and the URL is not in the lockfile.
    NotLocked(SubresourceUrl),
    /// `--offline`, and the bytes are not in the cache.
    NeedsNetwork(SubresourceUrl),
}

impl Plan {
    /// Decides for `url`, of which `demand` is everything that asks for it so far.
    pub fn decide(
        &mut self,
        url: &SubresourceUrl,
        demand: &Demand,
        lock: &Lockfile,
        policy: &Policy,
        is_cached: bool,
    ) {
        let action = match policy.verdict(url) {
            _ if demand.is_skipped() => Action::Leave(Reason::Skipped),
            Verdict::Deny(finding) => Action::Refuse(finding),
            // Code cannot be taken out of a page or changed the way a tag can.
            Verdict::Remove { denied } | Verdict::Replace { denied, .. }
                if demand.is_named_by_code() =>
            {
                Action::Refuse(denied)
            }
            Verdict::Remove { denied } => Action::Remove(denied),
            Verdict::Replace { with, reason, .. } => Action::Replace { with, reason },
            Verdict::Keep(kept) => Action::Leave(Reason::Kept(kept)),
            Verdict::Vendor { warning } => {
                self.notices.extend(warning.map(|notice| (url.clone(), notice)));
                vendor(url, demand, lock, is_cached)
            }
        };
        self.actions.insert(url.clone(), action);
    }
}

fn vendor(url: &SubresourceUrl, demand: &Demand, lock: &Lockfile, is_cached: bool) -> Action {
    // A preload follows the script, also one that only other pages load.
    if !demand.is_loaded() && !is_cached {
        return Action::Leave(Reason::NoScript);
    }
    if let Some(reason) = lock.absence(url) {
        return Action::Leave(Reason::Absent(reason.to_owned()));
    }
    match lock.get(url) {
        Some(entry) if is_cached => Action::Reuse(entry.clone()),
        locked => {
            let declared = demand.declared.keys().cloned().collect();
            Action::Fetch(Expectation { locked: locked.cloned(), declared })
        }
    }
}

impl Plan {
    /// The URLs to download.
    pub fn fetches(&self) -> impl Iterator<Item = (&SubresourceUrl, &Expectation)> {
        self.actions.iter().filter_map(|(url, action)| match action {
            Action::Fetch(expectation) => Some((url, expectation)),
            Action::Reuse(_) | Action::Leave(_) | Action::Refuse(_) => None,
            Action::Replace { .. } | Action::Remove(_) => None,
        })
    }

    /// The promises of `mode` that carrying out the plan would break.
    pub fn violations(&self, mode: Mode) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (url, expectation) in self.fetches() {
            if mode.locked && expectation.locked.is_none() {
                violations.push(Violation::NotLocked(url.clone()));
            } else if mode.offline {
                violations.push(Violation::NeedsNetwork(url.clone()));
            }
        }
        violations
    }
}
