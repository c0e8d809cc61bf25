//! `inhouse vendor`: all stages in their order.

use std::path::PathBuf;

use super::{on_threads, outcome, plan::plan, read_pages, scan::copies_that_would_be_stale};
use crate::{
    change::{
        changes::changes,
        locked_rewriter::LockedRewriter,
        set::{ChangeSet, Known},
    },
    commit::{run_lock::RunLock, write::write},
    error::RunError,
    layout::{Layout, files::record, import_map_integrity::large_maps},
    notices::{
        decisions::decisions, stale_copies::stale_copies, unfollowed::unfollowed,
        vendored::vendored,
    },
    progress::Progress,
    read::baseline::Baseline,
    report::{Report, Run},
    resolve::{
        drive::{Depth, drive},
        source::Disk,
    },
    settings::Settings,
    site,
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
    let base = Baseline::read(settings)?;
    let (pages, mut findings) = read_pages(settings, None, progress)?;
    let (resolver, warnings) = plan(settings, &base, &pages, settings.mode)?;
    findings.warnings.extend(warnings);
    let (resolution, _, found) = resolver.finish();
    findings.add(found);
    findings.warnings.extend(decisions(settings, &base, &pages, &resolution));
    findings.warnings.extend(copies_that_would_be_stale(&pages, &resolution));
    Ok(outcome::planned(Run::DryRun, pages.count, &base.lock, &resolution, findings))
}

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    if !settings.from_scan.is_empty() {
        site::create(&settings.site)?;
    }
    let _lock = RunLock::wait(settings, progress)?;
    let base = Baseline::read(settings)?;
    let early = LockedRewriter::new(settings, &base);
    let (mut pages, mut findings) = read_pages(settings, Some(&early), progress)?;
    let (mut resolver, warnings) = plan(settings, &base, &pages, settings.mode)?;
    findings.warnings.extend(warnings);
    if findings.has_problems() || resolver.has_problems() {
        let (resolution, _, found) = resolver.finish();
        findings.add(found);
        findings.warnings.extend(decisions(settings, &base, &pages, &resolution));
        return Ok(outcome::planned(Run::Vendor, pages.count, &base.lock, &resolution, findings));
    }
    drive(&mut resolver, &Disk::new(settings, &base), Depth::Downloads(settings, progress))?;
    let (resolution, files, found) = resolver.finish();
    findings.add(found);
    let (files, found) = record(settings, &base, &resolution, files);
    findings.add(found);
    findings.warnings.extend(decisions(settings, &base, &pages, &resolution));
    let (layout, found) = Layout::of(settings, &base, &resolution, files);
    findings.add(found);
    findings.add(unfollowed(&base.site, &pages, &resolution, &layout));
    let changes = changes(settings, &base, &resolution, &layout);
    findings.warnings.extend(large_maps(&changes.modules.guards, &pages.starts));
    if findings.has_problems() {
        return Ok(outcome::planned(Run::Vendor, pages.count, &base.lock, &resolution, findings));
    }
    let known = Known { settings, base: &base, resolution: &resolution, layout: &layout };
    let (set, found) = ChangeSet::prepare(known, &mut pages, changes, &early, progress)?;
    findings.add(found);
    findings.warnings.extend(vendored(&layout.files, &resolution));
    let changed = set.pages.iter().map(|edit| &*edit.path);
    let changed = changed.chain(set.own.keys().map(PathBuf::as_path));
    findings.warnings.extend(stale_copies(&pages.others.copies, changed));
    if findings.has_problems() {
        return Ok(outcome::planned(Run::Vendor, pages.count, &base.lock, &resolution, findings));
    }
    write(settings, &base.cache, &set, progress)?;
    Ok(outcome::done(pages.count, &base.lock, &resolution, &set, findings))
}
