//! `inhouse scan`: lists every external script and what would become of it; writes nothing.

use std::io::Read;

use super::{plan::PlannedSite, records, threads::on_threads};
use crate::{
    error::RunError,
    findings::Findings,
    progress::Progress,
    read::{pages::Pages, scans},
    report::{Report, Run, Summary},
    settings::{Mode, Settings},
};

/// Lists every external script and what would become of it; writes nothing.
///
/// # Errors
/// [`RunError`] if the tool could not work.
pub fn scan(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || {
        let mut site = PlannedSite::read(settings, Mode::default(), progress)?;
        site.warn_of_stale_copies();
        let asked = scans::lines(settings, &site.pages);
        Ok(Report { asked, ..site.report(Run::Scan) })
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
        let (pages, findings) = records::scan(settings, input)?;
        let asked = scans::lines(settings, &pages);
        Ok(report_of_records(&pages, findings, asked))
    })
}

fn report_of_records(pages: &Pages, findings: Findings, asked: Vec<String>) -> Report {
    let Findings { warnings, problems } = findings;
    let summary = Summary {
        pages: pages.count,
        warnings: warnings.len(),
        problems: problems.len(),
        ..Summary::default()
    };
    Report { warnings, problems, asked, summary, run: Run::Scan, ..Report::default() }
}
