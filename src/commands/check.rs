//! `inhouse check`: checks what the pages load by policy, vendor folder and lockfile.

use super::{plan::PlannedSite, threads::on_threads};
use crate::{
    check::Gate,
    error::RunError,
    findings::Findings,
    progress::Progress,
    report::{Report, Run},
    settings::{Mode, Settings},
};

/// Checks what the pages load by policy, vendor folder and lockfile; writes nothing.
///
/// # Errors
/// [`RunError`] if the tool could not work; what fails the gate is in the report.
pub fn check(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || {
        let mut site = PlannedSite::read(settings, Mode::default(), progress)?;
        let PlannedSite { base, pages, resolution, .. } = &site;
        let gate = Gate { settings, base, pages, resolution };
        let (problems, warnings) = (gate.problems()?, gate.warnings()?);
        site.findings.add(Findings { problems, warnings });
        Ok(site.report(Run::Check))
    })
}
