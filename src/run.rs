//! The commands: the stages in their order.
//!
//! `scan` stops after the plan, `check` looks at what the pages load already, `vendor` goes all the
//! way. Problems are gathered, never returned one by one; as long as there is one, nothing is
//! written.

mod ahead;
mod alone;
mod batch;
mod commit;
mod download;
mod edition;
mod filter;
mod guard;
mod proof;
mod prove;
mod relocate;
mod remark;
mod residual;
mod settle;
mod survey;
mod tell;
mod unfold;
mod warn;

use std::{
    io::{Read, Write},
    path::Path,
};

pub use self::batch::{StreamError, Tally};
use self::{ahead::Guess, alone::Alone, commit::Commit, filter::Filter, settle::Downloads};
pub(crate) use self::{
    guard::guards,
    survey::{Survey, vendor_path},
    unfold::import,
};
use thiserror::Error;

use crate::{
    fetch::ClientError,
    findings::Problem,
    init::InitError,
    inventory::Inventory,
    progress::Progress,
    report::{Report, Run, Summary},
    rewrite::Rewritten,
    scans::{self, ScansError},
    settings::{Settings, SettingsError},
    site::{self, SiteError},
    store::StoreError,
};

/// The run could not be carried out.
#[derive(Debug, Error)]
pub enum RunError {
    /// The site cannot be read or written.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The cache, the lockfile or the vendor folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network client cannot be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Scans cannot be used.
    #[error(transparent)]
    Scans(#[from] ScansError),
    /// Records cannot be read or written.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The threads cannot be started.
    #[error("cannot start the threads that read pages")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// Vendors every external script of the site.
///
/// # Errors
/// [`RunError`] if the tool could not work; problems of the site are in the report. In both cases
/// site, cache and lockfile are as they were, unless writing itself failed.
pub fn vendor(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || {
        if settings.dry_run {
            let mut survey = Survey::take(settings, progress)?;
            survey.hold_to(settings.mode);
            survey.note_plan(settings);
            return Ok(survey.report(Run::DryRun));
        }
        if !settings.from_scan.is_empty() {
            site::create(&settings.site)?;
        }
        let _alone = Alone::wait(settings, progress)?;
        let mut survey = Survey::of(settings, Inventory::default())?;
        let guess = Guess::of(settings, &survey);
        survey.read(settings, Some(&guess), progress)?;
        survey.draw(settings)?;
        survey.hold_to(settings.mode);
        if !survey.problems.is_empty() {
            survey.note(settings);
            return Ok(survey.report(Run::Vendor));
        }
        let mut downloads = Downloads::fetch(settings, &mut survey, progress)?;
        survey.note(settings);
        let commit = Commit::prepare(settings, &mut survey, &mut downloads, &guess, progress)?;
        if survey.problems.is_empty() {
            commit.carry_out(settings, &survey, &downloads, progress)?;
        }
        Ok(survey.report_done(&downloads, &commit))
    })
}

/// Lists every external script and what would become of it; writes nothing.
///
/// # Errors
/// [`RunError`] if the tool could not work.
pub fn scan(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || {
        let mut survey = Survey::take(settings, progress)?;
        survey.note_plan(settings);
        let asked = scans::lines(settings, &survey.inventory);
        Ok(Report { asked, ..survey.report(Run::Scan) })
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
        let inventory = batch::scan(settings, input)?;
        let asked = scans::lines(settings, &inventory);
        let Inventory { pages, warnings, problems, .. } = inventory;
        let summary = Summary {
            pages,
            warnings: warnings.len(),
            problems: problems.len(),
            ..Summary::default()
        };
        Ok(Report { warnings, problems, asked, summary, run: Run::Scan, ..Report::default() })
    })
}

/// Holds what the pages load against policy, vendor folder and lockfile; writes nothing.
///
/// # Errors
/// [`RunError`] if the tool could not work; what fails the gate is in the report.
pub fn check(settings: &Settings, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(settings, || {
        let mut survey = Survey::take(settings, progress)?;
        survey.note(settings);
        crate::check::gate(settings, &mut survey)?;
        Ok(survey.report(Run::Check))
    })
}

/// Rewrites one page by the lockfile: the page as it is to be served, or what stands in the way.
///
/// # Errors
/// [`RunError`] if the tool could not work.
pub fn rewrite_page(
    settings: &Settings,
    path: &Path,
    page: Vec<u8>,
    progress: &dyn Progress,
) -> Result<Result<Vec<u8>, Vec<Problem>>, RunError> {
    on_threads(settings, || {
        let rewritten = Filter::new(settings, progress)?.rewrite(path, &page)?;
        Ok(rewritten.map(|rewritten| match rewritten {
            Rewritten::Changed(rewritten) => rewritten.patch.apply(&page),
            Rewritten::Unchanged => page,
        }))
    })
}

/// Rewrites a stream of records (`inhouse rewrite --help`) by the lockfile: a line for each, in order.
///
/// # Errors
/// [`RunError`] if the tool could not work; what stands in the way of a page is in its record.
pub fn rewrite_records(
    settings: &Settings,
    input: impl Read + Send + 'static,
    output: &mut (impl Write + Send),
    progress: &dyn Progress,
) -> Result<Tally, RunError> {
    on_threads(settings, || batch::rewrite(&mut Filter::new(settings, progress)?, input, output))
}

/// What the owner of the site can do about an error that ended the run.
pub fn remedy(error: &anyhow::Error) -> Option<String> {
    if let Some(error) = error.downcast_ref::<RunError>() {
        return match error {
            RunError::Site(error) => error.remedy().map(str::to_owned),
            RunError::Store(error) => error.remedy(),
            RunError::Scans(error) => Some(error.remedy().to_owned()),
            RunError::Client(_) | RunError::Stream(_) | RunError::Threads(_) => None,
        };
    }
    if let Some(InitError::Exists(_)) = error.downcast_ref() {
        return Some("edit it, or move it away and run `inhouse init` again".to_owned());
    }
    error.downcast_ref::<SettingsError>().and_then(SettingsError::remedy).map(str::to_owned)
}

fn on_threads<T: Send>(
    settings: &Settings,
    work: impl FnOnce() -> Result<T, RunError> + Send,
) -> Result<T, RunError> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(settings.jobs).build()?;
    threads.install(work)
}
