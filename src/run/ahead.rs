//! The everyday case: everything is locked, and nothing has changed. Then what becomes of a page can
//! be told when it is first read, and nobody has to read it a second time to find out.
//!
//! A guess that is checked: pages are rewritten by what the lockfile says, and what comes of it counts
//! only if the plan, drawn when all pages have been read, says the same.

use std::{collections::BTreeMap, sync::OnceLock};

use url::Url;

use super::{guard, survey::Survey};
use crate::{
    graph::homes::Homes,
    html::{Patch, Tag},
    inventory::{self, ReadPage},
    lockfile::{Entry, Lockfile},
    page::Role,
    policy::Verdict,
    reference::SubresourceUrl,
    rewrite::{Changes, LocalCopy, Modules, Resolution, Rewritten, Style, rewrite_read},
    settings::Settings,
};

/// Rewrites pages by what the lockfile says of classic scripts.
#[derive(Debug)]
pub(super) struct Guess<'a> {
    settings: &'a Settings,
    root: Url,
    lock: Lockfile,
    style: Style<'a>,
    /// Worked out for the first page that has use for them: most sites are done already.
    changes: OnceLock<Changes<'a>>,
}

impl<'a> Guess<'a> {
    /// By what is known before any page is read.
    pub fn of(settings: &'a Settings, survey: &Survey) -> Self {
        let (root, lock) = (survey.root.clone(), survey.lock.clone());
        let style = style(settings, survey);
        Self { settings, root, lock, style, changes: OnceLock::new() }
    }

    fn changes(&self) -> &Changes<'a> {
        self.changes.get_or_init(|| self.work_out())
    }

    /// What will become of every locked script that the policy lets in.
    fn work_out(&self) -> Changes<'a> {
        let settings = self.settings;
        let local = |(url, entry): (&SubresourceUrl, &Entry)| {
            let is_meant = matches!(settings.policy.verdict(url), Verdict::Vendor { .. });
            is_meant.then(|| (url.clone(), local(settings, entry)))
        };
        let modules = Modules {
            homes: Homes::new(&self.root, &settings.out, BTreeMap::new()),
            served: guard::served(settings, &self.lock),
            changed: BTreeMap::new(),
            guards: BTreeMap::new(),
        };
        let resolutions = self.lock.iter().filter_map(local).collect();
        Changes { resolutions, modules, style: self.style.clone() }
    }

    /// Whether pages come out the same by `changes`, when everything that pages ask for is known.
    pub fn holds(&self, survey: &Survey, lock: &Lockfile, changes: &Changes<'_>) -> bool {
        let demands = &survey.inventory.demands;
        let guessed = &self.changes().resolutions;
        let is_same = |url| guessed.get(url) == changes.resolutions.get(url);
        self.lock == *lock
            && self.style == changes.style
            && changes.modules.changed.is_empty()
            && demands.keys().all(is_same)
    }
}

impl inventory::Ahead for Guess<'_> {
    fn rewrite(&self, page: &ReadPage<'_>) -> Option<Patch> {
        let ReadPage { bytes, address, scan, references } = *page;
        let is_module = references.external.iter().any(|found| found.role == Role::Module);
        if is_module || !scan.tags.iter().all(Tag::is_classic) {
            return None;
        }
        // What fails now is tried again, and told, once the plan is drawn.
        match rewrite_read(bytes, scan, references, address, self.changes()) {
            Ok(Rewritten::Changed(page)) => Some(page.patch),
            Ok(Rewritten::Unchanged) | Err(_) => None,
        }
    }
}

/// A locked script, as pages refer to it.
pub(super) fn local(settings: &Settings, entry: &Entry) -> Resolution {
    Resolution::Local(LocalCopy {
        path: entry.path.clone(),
        integrity: settings.integrity.as_ref().map(|_| entry.integrity.clone()),
        keeps_query: entry.keep_query,
    })
}

/// How pages refer to the vendor folder.
pub(super) fn style<'a>(settings: &'a Settings, survey: &Survey) -> Style<'a> {
    Style {
        out: &settings.out,
        public_path: settings.public_path.as_deref(),
        crossorigin: settings.crossorigin || survey.headers.integrity_policy,
    }
}
