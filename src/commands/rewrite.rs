//! `inhouse rewrite`: pages from stdin to stdout, rewritten by the lockfile.

use std::{
    io::{Read, Write},
    path::Path,
};

use super::{
    filter::Filter,
    records::{self, Tally},
    threads::on_threads,
};
use crate::{
    change::page::Rewritten, error::RunError, findings::Problem, progress::Progress,
    settings::Settings,
};

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
        Ok(rewritten.map(|rewritten| served(page, rewritten)))
    })
}

/// The page as it is to be served.
fn served(page: Vec<u8>, rewritten: Rewritten) -> Vec<u8> {
    match rewritten {
        Rewritten::Changed(rewritten) => rewritten.patch.apply(&page),
        Rewritten::Unchanged => page,
    }
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
    on_threads(settings, || records::rewrite(&mut Filter::new(settings, progress)?, input, output))
}
