//! What the commands have in common that look at a whole site: everything is read, decided and followed.

use std::path::Path;

use super::outcome;
use crate::{
    error::RunError,
    findings::{Findings, Notice},
    graph::{
        closure::{Entry, Reach, Request, Use},
        document::Start,
    },
    layout::required_proof::RequiredProof,
    notices::{
        decisions::decisions,
        links::{links, missing_modules},
        stale_copies::stale_copies,
    },
    progress::Progress,
    read::{
        baseline::Baseline, facts::wanted_by_lock, page_record::PageVisitor, pages::Pages,
        parallel, scans,
    },
    report::{Report, Run},
    resolve::{
        drive::{Depth, drive},
        plan::Action,
        resolver::{LockedBytes, Resolution, Resolver, Rules},
        source::Disk,
    },
    settings::{Mode, Settings},
    site,
};

/// A site that was read and decided about; nothing was downloaded.
#[derive(Debug)]
pub(super) struct PlannedSite {
    pub base: Baseline,
    pub pages: Pages,
    pub resolution: Resolution,
    pub findings: Findings,
}

impl PlannedSite {
    /// Reads the site and decides about it.
    pub fn read(
        settings: &Settings,
        mode: Mode,
        progress: &dyn Progress,
    ) -> Result<Self, RunError> {
        let base = Baseline::read(settings)?;
        let (pages, mut findings) = read_pages(settings, &base, None, progress)?;
        let resolver = plan(settings, &base, &pages, mode, &mut findings)?;
        let (resolution, _, found) = resolver.finish();
        findings.add(found);
        findings.warnings.extend(decisions(settings, &base, &pages, &resolution));
        let required =
            RequiredProof { settings, base: &base, pages: &pages, resolution: &resolution };
        findings.problems.extend(required.problems_of_locked());
        Ok(Self { base, pages, resolution, findings })
    }

    /// Adds a warning about the compressed copies of pages that the plan would change.
    pub fn warn_of_stale_copies(&mut self) {
        if self.resolution.plan.actions.values().any(Action::changes_pages) {
            let changed = self.pages.edits.iter().map(|edit| &*edit.path);
            self.findings.warnings.extend(stale_copies(&self.pages.others.copies, changed));
        }
    }

    /// The report of a run that ends here.
    pub fn report(self, run: Run) -> Report {
        let Self { base, pages, resolution, findings } = self;
        outcome::planned(run, pages.count, &base.lock, &resolution, findings)
    }
}

/// Reads the pages of the site, or what was scanned of them.
pub(super) fn read_pages(
    settings: &Settings,
    base: &Baseline,
    visitor: Option<&dyn PageVisitor>,
    progress: &dyn Progress,
) -> Result<(Pages, Findings), RunError> {
    let (pages, mut findings) = match settings.from_scan.is_empty() {
        true => parallel::read_pages(settings, visitor, &wanted_by_lock(&base.lock), progress)?,
        false => read_scans(settings)?,
    };
    findings.warnings.extend(links(&pages.others.links));
    Ok((pages, findings))
}

fn read_scans(settings: &Settings) -> Result<(Pages, Findings), RunError> {
    let others = parallel::other_files(settings)?;
    let (pages, findings) = scans::read(settings, &settings.from_scan)?;
    Ok((Pages { others, ..pages }, findings))
}

/// Decides what becomes of everything that `pages` ask for, and follows it without downloading anything.
pub(super) fn plan<'a>(
    settings: &'a Settings,
    base: &'a Baseline,
    pages: &'a Pages,
    mode: Mode,
    findings: &mut Findings,
) -> Result<Resolver<'a>, RunError> {
    let rules = Rules {
        policy: &settings.policy,
        mode,
        locked_bytes: LockedBytes::All,
        companion_limit: settings.companion_limit,
    };
    let mut resolver = Resolver::new(base, pages, rules);
    for start in starts(settings, base, pages) {
        resolver.begin(start);
    }
    drive(&mut resolver, &Disk::new(settings, base), Depth::Plan)?;
    findings.warnings.extend(missing(settings, base, &resolver));
    Ok(resolver)
}

/// What the documents of pages start with and, if that was asked for, the site's scripts.
fn starts(settings: &Settings, base: &Baseline, pages: &Pages) -> Vec<Start> {
    let scripts = settings.scan_js.then(|| start_of_scripts(base, pages));
    pages.starts.keys().cloned().chain(scripts).collect()
}

/// Scanned pages may load modules of the site that are not in its folder.
fn missing(settings: &Settings, base: &Baseline, resolver: &Resolver<'_>) -> Vec<Notice> {
    match settings.from_scan.is_empty() {
        true => Vec::new(),
        false => missing_modules(&base.site, resolver.resolution()),
    }
}

/// Reads the site's scripts as if some page loaded each of them, with no import map.
fn start_of_scripts(base: &Baseline, pages: &Pages) -> Start {
    let scripts = pages.others.scripts.iter();
    let entries = scripts.filter_map(|path| entry_of_script(base, path)).collect();
    Start { entries, ..Start::default() }
}

fn entry_of_script(base: &Baseline, path: &Path) -> Option<Entry> {
    let url = base.site.of_file(&site::page_name(path))?;
    let request = Request { url, r#use: Use::Asset };
    Some(Entry { request, reach: Reach::Lazy, by_code: true })
}
