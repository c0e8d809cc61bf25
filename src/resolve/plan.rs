//! What will be done for each URL: the one decision of a run, made before anything is written.
//!
//! A pure function of what names the URL, the lockfile, the policy and what the cache holds. A dry run
//! prints the plan. `--locked` refuses a plan that would change the lockfile, `--offline` refuses one
//! that downloads.

use std::collections::BTreeMap;

use crate::{
    companions::Override,
    lockfile::{Entry, Lockfile},
    obtain::Expectation,
    policy::{Finding, Kept, Notice, Policy, Verdict},
    read::url_uses::UrlUses,
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

/// Why a reference stays as it is.
#[derive(Clone, Debug)]
pub enum Reason {
    /// The policy keeps it live.
    Kept(Kept),
    /// There was no such file when it was asked for; the lockfile says why.
    Absent(String),
    /// What it loads beside itself cannot come along, for this reason.
    Companions(String),
    /// The author asks for it on every tag.
    Skipped,
    /// Only a preload or a hint names it; it follows the script that some code adds.
    NoScript,
}

impl Action {
    /// Whether the URL is served from the vendor folder, unless its download fails.
    pub fn is_vendored(&self) -> bool {
        match self {
            Self::Reuse(_) | Self::Fetch(_) => true,
            Self::Leave(_) | Self::Refuse(_) | Self::Replace { .. } | Self::Remove(_) => false,
        }
    }

    /// Whether pages change because of it.
    pub fn changes_pages(&self) -> bool {
        self.is_vendored() || matches!(self, Self::Replace { .. } | Self::Remove(_))
    }
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
    /// `--offline`, and what the script loads beside itself is not in the cache.
    NeedsCompanions(SubresourceUrl),
}

impl Violation {
    /// The URL that the plan would add or download.
    pub fn url(&self) -> &SubresourceUrl {
        match self {
            Self::NotLocked(url) | Self::NeedsNetwork(url) | Self::NeedsCompanions(url) => url,
        }
    }
}

impl Plan {
    /// Decides for `url`, of which `uses` is everything that names it so far.
    pub fn decide(
        &mut self,
        url: &SubresourceUrl,
        uses: &UrlUses,
        lock: &Lockfile,
        policy: &Policy,
        is_cached: bool,
    ) {
        let action = match policy.verdict(url) {
            _ if uses.is_skipped() => Action::Leave(Reason::Skipped),
            Verdict::Deny(finding) => Action::Refuse(finding),
            // Code cannot be taken out of a page or changed the way a tag can.
            Verdict::Remove { denied } | Verdict::Replace { denied, .. }
                if uses.is_named_by_code() =>
            {
                Action::Refuse(denied)
            }
            Verdict::Remove { denied } => Action::Remove(denied),
            Verdict::Replace { with, reason, .. } => Action::Replace { with, reason },
            Verdict::Keep(kept) => Action::Leave(Reason::Kept(kept)),
            Verdict::Vendor { warning } => {
                self.notices.extend(warning.map(|notice| (url.clone(), notice)));
                vendor(url, uses, lock, &policy.companions(url), is_cached)
            }
        };
        self.actions.insert(url.clone(), action);
    }
}

fn vendor(
    url: &SubresourceUrl,
    uses: &UrlUses,
    lock: &Lockfile,
    wish: &Override,
    is_cached: bool,
) -> Action {
    // A preload follows the script, also one that only other pages load.
    if !uses.is_loaded() && !is_cached {
        return Action::Leave(Reason::NoScript);
    }
    if let Some(reason) = lock.external(url).filter(|_| *wish == Override::Automatic) {
        return Action::Leave(Reason::Companions(reason.to_owned()));
    }
    if let Some(reason) = lock.absence(url) {
        return Action::Leave(Reason::Absent(reason.to_owned()));
    }
    match lock.get(url) {
        Some(entry) if is_cached => Action::Reuse(entry.clone()),
        locked => {
            let declared = uses.declared.keys().cloned().collect();
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
