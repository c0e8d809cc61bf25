//! What will be done for each URL: the one decision of a run, drawn before anything is touched.
//!
//! A pure function of what the pages ask for, the lockfile, the policy and what the cache holds.
//! Printing the plan is the dry run; a plan that would change the lockfile is what `--locked`
//! refuses, a plan that fetches is what `--offline` refuses.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Modules load more modules; the graph is not followed.
    ModuleGraph,
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

/// Decides for every URL the pages ask for.
pub fn draw(
    demands: &BTreeMap<SubresourceUrl, Demand>,
    lock: &Lockfile,
    policy: &Policy,
    cached: &BTreeSet<SubresourceUrl>,
) -> Plan {
    let mut plan = Plan::default();
    for (url, demand) in demands {
        let action = match policy.verdict(url) {
            _ if demand.is_skipped() => Action::Leave(Reason::Skipped),
            Verdict::Deny(finding) => Action::Refuse(finding),
            // Code cannot be taken out of a page or changed the way a tag can.
            Verdict::Remove { denied } | Verdict::Replace { denied, .. }
                if !demand.inline.is_empty() =>
            {
                Action::Refuse(denied)
            }
            Verdict::Remove { denied } => Action::Remove(denied),
            Verdict::Replace { with, reason, .. } => Action::Replace { with, reason },
            Verdict::Keep(kept) => Action::Leave(Reason::Kept(kept)),
            Verdict::Vendor { warning } => {
                plan.notices.extend(warning.map(|notice| (url.clone(), notice)));
                vendor(url, demand, lock, cached)
            }
        };
        plan.actions.insert(url.clone(), action);
    }
    plan
}

fn vendor(
    url: &SubresourceUrl,
    demand: &Demand,
    lock: &Lockfile,
    cached: &BTreeSet<SubresourceUrl>,
) -> Action {
    if demand.classic.is_empty() {
        let is_module = !demand.modules.is_empty() || !demand.inline.is_empty();
        return Action::Leave(if is_module { Reason::ModuleGraph } else { Reason::NoScript });
    }
    match lock.get(url) {
        Some(entry) if cached.contains(url) => Action::Reuse(entry.clone()),
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
