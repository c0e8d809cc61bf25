//! Reading the pages of a site while walking through it, in parallel and in bounded memory.

use std::{path::PathBuf, sync::Arc};

use rayon::prelude::*;

use super::{
    notices::unreadable,
    page_edit::PatchBudget,
    page_record::{PageRecord, PageVisitor},
    pages::{FactsOfSite, OtherFiles, Pages},
    warnings::Warnings,
};
use crate::{
    companions::{FactReader, Wanted},
    findings::{Findings, Keep, Problem, by_name},
    progress::{Progress, Stage},
    settings::Settings,
    site::{self, Found, PageReader, SiteError, Walk},
};

/// Reads the pages of a site while walking through it.
///
/// # Errors
/// [`SiteError`] if there is no site, no page in it, or no way through it.
pub fn read_pages(
    settings: &Settings,
    visitor: Option<&dyn PageVisitor>,
    wanted: &Wanted,
    progress: &dyn Progress,
) -> Result<(Pages, Findings), SiteError> {
    let walk = Walk::new(&settings.site, &settings.out, &settings.page_globs)?;
    let site = site::open(&settings.site)?;
    progress.begin(Stage::Scanning, None);
    let budget = PatchBudget::default();
    let begin = || (Part::new(settings.keep, wanted), PageReader::new(&site, Some(&settings.out)));
    let parts = walk.par_bridge().try_fold(begin, |(mut part, mut reader), found| {
        match found? {
            Found::Page(path) => {
                part.read(settings, path, (visitor, &budget), &mut reader);
                progress.step();
            }
            found => {
                part.read_script(settings, &found)?;
                part.pages.others.add(found);
            }
        }
        Ok((part, reader))
    });
    let whole = parts
        .map(|part| part.map(|(part, _)| part))
        .try_reduce(|| Part::new(settings.keep, wanted), |a, b| Ok(a.and(b)));
    progress.end();
    let whole = whole?;
    match whole.pages.count {
        0 => Err(SiteError::NoPage(settings.site.clone())),
        _ => Ok(whole.finish(wanted)),
    }
}

/// Finds the files beside the pages, where the pages themselves were read elsewhere.
///
/// # Errors
/// [`SiteError`] if there is no way through the site.
pub fn other_files(settings: &Settings) -> Result<OtherFiles, SiteError> {
    let mut others = OtherFiles::default();
    if !settings.site.is_dir() {
        return Ok(others);
    }
    for found in Walk::new(&settings.site, &settings.out, &settings.page_globs)? {
        others.add(found?);
    }
    // Links among the pages were reported where the pages were scanned.
    others.links.clear();
    Ok(others)
}

impl OtherFiles {
    fn add(&mut self, found: Found) {
        match found {
            Found::Page(_) => {}
            Found::Script(path) => self.scripts.push(path),
            Found::Link(path) => self.links.push(path),
            Found::Copy(path) => self.copies.push(path),
        }
    }
}

/// What some of the pages ask for.
struct Part<'w> {
    pages: Pages,
    facts: FactReader<'w>,
    warnings: Warnings,
    /// Each with the page that cannot be read, and so in no other's way.
    problems: Vec<(Arc<str>, Problem)>,
}

impl<'w> Part<'w> {
    fn new(keep: Keep, wanted: &'w Wanted) -> Self {
        let (pages, facts) = (Pages { keep, ..Pages::default() }, FactReader::new(wanted));
        Self { pages, facts, warnings: Warnings::default(), problems: Vec::new() }
    }

    /// Reads a script of the site for what companions depend on, if anything does.
    fn read_script(&mut self, settings: &Settings, found: &Found) -> Result<(), SiteError> {
        let Found::Script(path) = found else { return Ok(()) };
        if !self.facts.is_idle() {
            let bytes = site::read_own(&settings.site, path)?.unwrap_or_default();
            self.facts.add_script(&bytes);
        }
        Ok(())
    }

    fn read(
        &mut self,
        settings: &Settings,
        path: PathBuf,
        (visitor, budget): (Option<&dyn PageVisitor>, &PatchBudget),
        reader: &mut PageReader<'_>,
    ) {
        self.pages.count += 1;
        let mut record = PageRecord { path, ..PageRecord::default() };
        match reader.read(&record.path) {
            Ok(page) => {
                self.facts.add_page(page.bytes());
                let patch = record.scan(settings, page.bytes(), visitor);
                record.patch = patch.map(|patch| budget.keep(patch, &page)).unwrap_or_default();
            }
            Err(error) => record.findings.problems.push(unreadable(&error)),
        }
        if !record.says_something() {
            return;
        }
        let name = record.name();
        for warning in record.findings.warnings.drain(..) {
            self.warnings.add(name.clone(), warning, self.pages.keep);
        }
        self.problems
            .extend(record.findings.problems.drain(..).map(|problem| (name.clone(), problem)));
        self.pages.add(record);
    }

    fn and(mut self, other: Self) -> Self {
        let keep = self.pages.keep;
        self.pages.merge(other.pages);
        self.facts.merge(other.facts);
        self.warnings.merge(other.warnings, keep);
        self.problems.extend(other.problems);
        self
    }

    /// Puts everything in the order of the pages, in whatever order they were read.
    fn finish(mut self, wanted: &Wanted) -> (Pages, Findings) {
        self.problems.sort_by(|(a, _), (b, _)| by_name(a, b));
        let wants = wanted.wants().cloned().collect();
        let mut pages = self.pages;
        pages.facts = FactsOfSite { wants, facts: self.facts.facts() };
        pages.sort();
        pages.declare_by_maps();
        let problems = self.problems.into_iter().map(|(_, problem)| problem).collect();
        (pages, Findings { warnings: self.warnings.finish(), problems })
    }
}
