//! Reading the pages of a site while walking through it, in parallel and in bounded memory.

use std::{path::PathBuf, sync::Arc};

use rayon::prelude::*;

use super::{Beside, Inventory, Proved, by_name, notices::unreadable, record::PageRecord};
use crate::{
    folder::Tree,
    html::{Patch, Scan},
    page::PageReferences,
    reference::PageAddress,
    report::{Notice, Problem, progress::Progress},
    settings::Settings,
    site::{self, Found, PageReader, SiteError, Walk},
};

/// Rewrites pages as soon as they are read, if what becomes of them can be told by then.
pub trait Ahead: Sync {
    /// What changes in a page; `None` if that is not known yet.
    fn rewrite(&self, page: &ReadPage<'_>) -> Option<Patch>;
}

/// A page that has been read.
#[derive(Debug)]
pub struct ReadPage<'p> {
    /// Its bytes.
    pub bytes: &'p [u8],
    /// Where it is served.
    pub address: &'p PageAddress,
    /// Its tags.
    pub scan: &'p Scan,
    /// What they mean there.
    pub references: &'p PageReferences,
}

/// Reads the pages of a site while walking through it.
///
/// # Errors
/// [`SiteError`] if there is no site, no page in it, or no way through it.
pub fn take(
    settings: &Settings,
    ahead: Option<&dyn Ahead>,
    progress: &dyn Progress,
) -> Result<Inventory, SiteError> {
    let walk = Walk::new(&settings.site, &settings.out, &settings.page_globs)?;
    let site = site::open(&settings.site)?;
    let read = |(mut part, mut reader): (Part, PageReader), found: Result<Found, SiteError>| {
        match found? {
            Found::Page(path) => {
                part.read(settings, &site, path, ahead, &mut reader);
                progress.step();
            }
            found => part.inventory.beside.add(found),
        }
        Ok((part, reader))
    };
    let parts = walk.par_bridge().try_fold(Default::default, read);
    let whole = parts
        .map(|part| part.map(|(part, _)| part))
        .try_reduce(Part::default, |a, b| Ok(a.and(b)))?;
    match whole.inventory.pages {
        0 => Err(SiteError::NoPage(settings.site.clone())),
        _ => Ok(whole.finish()),
    }
}

/// Finds the files beside the pages, where the pages themselves were read elsewhere.
///
/// # Errors
/// [`SiteError`] if there is no way through the site.
pub fn beside(settings: &Settings) -> Result<Beside, SiteError> {
    let mut beside = Beside::default();
    if !settings.site.is_dir() {
        return Ok(beside);
    }
    for found in Walk::new(&settings.site, &settings.out, &settings.page_globs)? {
        beside.add(found?);
    }
    // Whether pages are links was for others to see.
    beside.links.clear();
    Ok(beside)
}

impl Beside {
    fn add(&mut self, found: Found) {
        match found {
            Found::Page(_) => {}
            Found::Script(path) => self.scripts.push(path),
            Found::Link(path) => self.links.push(path),
            Found::Copy(path) => self.copies.push(path),
        }
    }
}

/// What some of the pages ask for. What they say stands with the page that says it, until it is put
/// in order.
#[derive(Default)]
struct Part {
    inventory: Inventory,
    warnings: Vec<(Arc<str>, Notice)>,
    problems: Vec<(Arc<str>, Problem)>,
}

impl Part {
    fn read(
        &mut self,
        settings: &Settings,
        site: &Tree,
        path: PathBuf,
        ahead: Option<&dyn Ahead>,
        reader: &mut PageReader,
    ) {
        self.inventory.pages += 1;
        let mut record = PageRecord { path, ..PageRecord::default() };
        match reader.read(site, &record.path) {
            Ok(page) => {
                let patch = record.scan(settings, &page.bytes, ahead);
                let stamp = page.stamp();
                // A page that is just being written might change without a sign.
                record.proved =
                    patch.filter(|_| stamp.is_settled()).map(|patch| Proved { patch, stamp });
            }
            Err(error) => record.problems.push(unreadable(&error)),
        }
        if !record.says_something() {
            return;
        }
        let name = record.name();
        let named = |notice| (name.clone(), notice);
        self.warnings.extend(record.warnings.drain(..).map(named));
        let named = |problem| (name.clone(), problem);
        self.problems.extend(record.problems.drain(..).map(named));
        self.inventory.add(record);
    }

    fn and(mut self, other: Self) -> Self {
        self.inventory.merge(other.inventory);
        self.warnings.extend(other.warnings);
        self.problems.extend(other.problems);
        self
    }

    /// Puts everything in the order of the pages, in whatever order they were read.
    fn finish(mut self) -> Inventory {
        self.warnings.sort_by(|(a, _), (b, _)| by_name(a, b));
        self.problems.sort_by(|(a, _), (b, _)| by_name(a, b));
        let mut inventory = self.inventory;
        inventory.warnings = self.warnings.into_iter().map(|(_, notice)| notice).collect();
        inventory.problems = self.problems.into_iter().map(|(_, problem)| problem).collect();
        inventory.sort();
        inventory.declare_by_maps();
        inventory
    }
}
