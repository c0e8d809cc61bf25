//! `inhouse check`: holds what the pages load against policy, vendor folder and lockfile.

use super::{on_threads, outcome, plan::plan, read_pages};
use crate::{
    check::Gate,
    error::RunError,
    notices::decisions::decisions,
    progress::Progress,
    read::baseline::Baseline,
    report::{Report, Run},
    settings::{Mode, Settings},
};

/// Holds what the pages load against policy, vendor folder and lockfile; writes nothing.
///
/// # Errors
/// [`RunError`] if the tool could not work; what fails the gate is in the report.
pub fn check(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || {
        let base = Baseline::read(settings)?;
        let (pages, mut findings) = read_pages(settings, None, progress)?;
        let (resolver, warnings) = plan(settings, &base, &pages, Mode::default())?;
        findings.warnings.extend(warnings);
        let (resolution, _, found) = resolver.finish();
        findings.add(found);
        findings.warnings.extend(decisions(settings, &base, &pages, &resolution));
        let gate = Gate { settings, base: &base, pages: &pages, resolution: &resolution };
        findings.problems.extend(gate.problems()?);
        Ok(outcome::planned(Run::Check, pages.count, &base.lock, &resolution, findings))
    })
}
