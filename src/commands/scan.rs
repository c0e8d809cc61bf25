//! `inhouse scan`: lists every external script and what would become of it; writes nothing.

use std::io::Read;

use super::{on_threads, outcome, plan::plan, read_pages, records};
use crate::{
    error::RunError,
    findings::Findings,
    notices::{decisions::decisions, stale_copies::stale_copies},
    progress::Progress,
    read::{baseline::Baseline, pages::Pages, scans},
    report::{Report, Run, Summary},
    resolve::{plan::Action, resolver::Resolution},
    settings::{Mode, Settings},
};

/// Lists every external script and what would become of it; writes nothing.
///
/// # Errors
/// [`RunError`] if the tool could not work.
pub fn scan(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || {
        let base = Baseline::read(settings)?;
        let (pages, mut findings) = read_pages(settings, None, progress)?;
        let (resolver, warnings) = plan(settings, &base, &pages, Mode::default())?;
        findings.warnings.extend(warnings);
        let (resolution, _, found) = resolver.finish();
        findings.add(found);
        findings.warnings.extend(decisions(settings, &base, &pages, &resolution));
        findings.warnings.extend(copies_that_would_be_stale(&pages, &resolution));
        let asked = scans::lines(settings, &pages);
        let report = outcome::planned(Run::Scan, pages.count, &base.lock, &resolution, findings);
        Ok(Report { asked, ..report })
    })
}

/// Lists what the pages of a stream of records (`inhouse rewrite --help`) ask for, for `--from-scan`.
///
/// # Errors
/// [`RunError`] if the tool could not work; records that cannot be read are problems.
pub fn scan_records(
    settings: &Settings,
    input: impl Read + Send + 'static,
) -> Result<Report, RunError> {
    on_threads(settings, || {
        let (pages, Findings { warnings, problems }) = records::scan(settings, input)?;
        let asked = scans::lines(settings, &pages);
        let summary = Summary {
            pages: pages.count,
            warnings: warnings.len(),
            problems: problems.len(),
            ..Summary::default()
        };
        Ok(Report { warnings, problems, asked, summary, run: Run::Scan, ..Report::default() })
    })
}

/// The compressed copies of pages that the plan would change.
pub(super) fn copies_that_would_be_stale(
    pages: &Pages,
    resolution: &Resolution,
) -> Option<crate::findings::Notice> {
    let changes = resolution.plan.actions.values().any(Action::changes_pages);
    let changed = pages.edits.iter().map(|edit| &*edit.path);
    changes.then(|| stale_copies(&pages.others.copies, changed)).flatten()
}
