//! The commands: each composes the stages in their order.
//!
//! A stage returns its value and its findings. As long as there is a problem among the findings, nothing
//! is written.

mod check;
mod filter;
mod locked_digests;
mod outcome;
mod plan;
pub mod records;
mod rewrite;
mod scan;
mod vendor;

pub use self::{
    check::check,
    records::Tally,
    rewrite::{rewrite_page, rewrite_records},
    scan::{scan, scan_records},
    vendor::vendor,
};
use crate::{
    error::RunError,
    findings::Findings,
    notices::links::links,
    progress::Progress,
    read::{page_record::PageVisitor, pages::Pages, parallel, scans},
    settings::Settings,
};

/// Does `work` on as many threads as the settings say.
fn on_threads<T: Send>(
    settings: &Settings,
    work: impl FnOnce() -> Result<T, RunError> + Send,
) -> Result<T, RunError> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(settings.jobs).build()?;
    threads.install(work)
}

/// Reads the pages of the site, or what was scanned of them.
fn read_pages(
    settings: &Settings,
    visitor: Option<&dyn PageVisitor>,
    progress: &dyn Progress,
) -> Result<(Pages, Findings), RunError> {
    let (pages, mut findings) = if settings.from_scan.is_empty() {
        parallel::read_pages(settings, visitor, progress)?
    } else {
        let others = parallel::other_files(settings)?;
        let (pages, findings) = scans::read(settings, &settings.from_scan)?;
        (Pages { others, ..pages }, findings)
    };
    findings.warnings.extend(links(&pages.others.links));
    Ok((pages, findings))
}
