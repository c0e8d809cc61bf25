//! `inhouse vendor`: all stages in their order.

use std::path::PathBuf;

use super::{
    outcome,
    plan::{PlannedSite, plan, read_pages},
    threads::on_threads,
};
use crate::{
    change::{
        changes::changes,
        locked_rewriter::LockedRewriter,
        page::Changes,
        set::{ChangeSet, Known},
    },
    commit::{run_lock::RunLock, write::write},
    error::RunError,
    findings::Findings,
    layout::{
        Layout, cdn_folders::CdnFolders, files::record, import_map_integrity::large_maps,
        required_proof::RequiredProof,
    },
    notices::{
        cdn_addresses::cdn_addresses, decisions::decisions, stale_copies::stale_copies,
        unfollowed::unfollowed, vendored::vendored,
    },
    progress::Progress,
    read::{
        baseline::Baseline,
        pages::{EditablePages, Pages},
    },
    report::{Report, Run},
    resolve::{
        drive::{Depth, drive},
        resolver::{Files, Resolution, Resolver},
        source::Disk,
    },
    settings::Settings,
    site,
    third_party_notices::{self, ThirdPartyNotices},
};

/// Vendors every external script of the site.
///
/// # Errors
/// [`RunError`] if the tool could not work; problems of the site are in the report. In both cases
/// site, cache and lockfile are as they were, unless writing itself failed.
pub fn vendor(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || match settings.dry_run {
        true => dry_run(settings, progress),
        false => run(settings, progress),
    })
}

fn dry_run(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    let mut site = PlannedSite::read(settings, settings.mode, progress)?;
    site.warn_of_stale_copies();
    Ok(site.report(Run::DryRun))
}

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    if !settings.from_scan.is_empty() {
        site::create(&settings.site)?;
    }
    let _lock = RunLock::wait(settings, progress)?;
    let base = Baseline::read(settings)?;
    let early = LockedRewriter::new(settings, &base);
    let (pages, mut findings) = read_pages(settings, &base, Some(&early), progress)?;
    let (editable, pages) = pages.split();
    let resolver = plan(settings, &base, &pages, settings.mode, &mut findings)?;
    let mut stages = Stages { settings, progress, base: &base, findings };
    if stages.findings.has_problems() || resolver.has_problems() {
        let (resolution, _) = stages.finish(resolver);
        stages.warn_of_decisions(&pages, &resolution);
        return Ok(stages.report_without_writing(&pages, &resolution));
    }
    let (resolution, files) = stages.download(resolver)?;
    let (mut layout, changes) = stages.lay_out(&pages, &resolution, files);
    if stages.findings.has_problems() {
        return Ok(stages.report_without_writing(&pages, &resolution));
    }
    let notices = stages.third_party_notices(&mut layout)?;
    if stages.findings.has_problems() {
        return Ok(stages.report_without_writing(&pages, &resolution));
    }
    let known = Known {
        settings,
        base: &base,
        resolution: &resolution,
        layout: &layout,
        notices: &notices,
    };
    let set = stages.prepare(known, (editable, &pages), changes, &early)?;
    if stages.findings.has_problems() {
        return Ok(stages.report_without_writing(&pages, &resolution));
    }
    write(settings, &base.cache, &set, progress)?;
    Ok(outcome::done(pages.count, &base.lock, &resolution, &set, stages.findings))
}

/// What every stage after the plan needs, and what the stages have found so far.
struct Stages<'a> {
    settings: &'a Settings,
    progress: &'a dyn Progress,
    base: &'a Baseline,
    findings: Findings,
}

impl<'a> Stages<'a> {
    /// What was decided, and the files that were read for it.
    fn finish(&mut self, resolver: Resolver<'_>) -> (Resolution, Files) {
        let (resolution, files, found) = resolver.finish();
        self.findings.add(found);
        (resolution, files)
    }

    fn warn_of_decisions(&mut self, pages: &Pages, resolution: &Resolution) {
        self.findings.warnings.extend(decisions(self.settings, self.base, pages, resolution));
    }

    /// The report of a run that a problem has ended.
    fn report_without_writing(self, pages: &Pages, resolution: &Resolution) -> Report {
        outcome::planned(Run::Vendor, pages.count, &self.base.lock, resolution, self.findings)
    }

    fn download(&mut self, mut resolver: Resolver<'_>) -> Result<(Resolution, Files), RunError> {
        let depth = Depth::Downloads(self.settings, self.progress);
        drive(&mut resolver, &Disk::new(self.settings, self.base), depth)?;
        Ok(self.finish(resolver))
    }

    /// Where everything lies, and what pages are rewritten by.
    fn lay_out(
        &mut self,
        pages: &Pages,
        resolution: &Resolution,
        files: Files,
    ) -> (Layout, Changes<'a>) {
        let (files, found) = record(self.settings, self.base, resolution, files);
        self.findings.add(found);
        let Self { settings, base, .. } = *self;
        let required = RequiredProof { settings, base, pages, resolution };
        self.findings.problems.extend(required.problems_of(&files));
        self.warn_of_decisions(pages, resolution);
        let (layout, found) = Layout::of(self.settings, self.base, resolution, files);
        self.findings.add(found);
        self.findings.add(unfollowed(&self.base.site, pages, resolution, &layout));
        let changes =
            changes(self.settings, self.base, resolution, &layout, CdnFolders::of(&layout.files));
        self.findings.warnings.extend(large_maps(&changes.modules.guards, &pages.starts));
        (layout, changes)
    }

    /// The licences of what is redistributed. They are locked in the layout's lockfile.
    fn third_party_notices(&mut self, layout: &mut Layout) -> Result<ThirdPartyNotices, RunError> {
        let files = &mut layout.files;
        let (notices, found) =
            third_party_notices::plan(self.settings, self.base, files, self.progress)?;
        self.findings.add(found);
        Ok(notices)
    }

    /// Works out everything that is going to be written.
    fn prepare<'k>(
        &mut self,
        known: Known<'k>,
        (editable, pages): (EditablePages, &Pages),
        changes: Changes<'k>,
        early: &LockedRewriter<'_>,
    ) -> Result<ChangeSet<'k>, RunError> {
        let (set, found) =
            ChangeSet::prepare(known, (editable, pages), changes, early, self.progress)?;
        self.findings.add(found);
        self.findings.warnings.extend(vendored(&known.layout.files, known.resolution));
        self.findings.warnings.extend(cdn_addresses(&set.staying));
        self.warn_of_stale_copies(pages, &set);
        Ok(set)
    }

    fn warn_of_stale_copies(&mut self, pages: &Pages, set: &ChangeSet<'_>) {
        let changed = set.pages.iter().map(|edit| &*edit.path);
        let changed = changed.chain(set.own.keys().map(PathBuf::as_path));
        self.findings.warnings.extend(stale_copies(&pages.others.copies, changed));
    }
}
