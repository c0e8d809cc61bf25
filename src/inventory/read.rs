//! Reading the pages of a site while walking through it, in parallel and in bounded memory.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::PathBuf,
    sync::Arc,
};

use rayon::prelude::*;

use super::{Beside, Inventory, Room, notices::unreadable, record::PageRecord};
use crate::{
    findings::{Detail, Keep, Notice, Problem, by_name},
    html::{Patch, Scan},
    page::PageReferences,
    progress::{Progress, Stage},
    reference::PageAddress,
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
    progress.begin(Stage::Scanning, None);
    let room = Room::default();
    let begin = || (Part::new(settings.keep), PageReader::new(&site, Some(&settings.out)));
    let parts = walk.par_bridge().try_fold(begin, |(mut part, mut reader), found| {
        match found? {
            Found::Page(path) => {
                part.read(settings, path, (ahead, &room), &mut reader);
                progress.step();
            }
            found => part.inventory.beside.add(found),
        }
        Ok((part, reader))
    });
    let whole = parts
        .map(|part| part.map(|(part, _)| part))
        .try_reduce(|| Part::new(settings.keep), |a, b| Ok(a.and(b)));
    progress.end();
    let whole = whole?;
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

/// What some of the pages ask for.
#[derive(Default)]
struct Part {
    inventory: Inventory,
    warnings: Warnings,
    /// Each with the page that cannot be read, and so in no other's way.
    problems: Vec<(Arc<str>, Problem)>,
}

impl Part {
    fn new(keep: Keep) -> Self {
        Self { inventory: Inventory { keep, ..Inventory::default() }, ..Self::default() }
    }

    fn read(
        &mut self,
        settings: &Settings,
        path: PathBuf,
        (ahead, room): (Option<&dyn Ahead>, &Room),
        reader: &mut PageReader<'_>,
    ) {
        self.inventory.pages += 1;
        let mut record = PageRecord { path, ..PageRecord::default() };
        match reader.read(&record.path) {
            Ok(page) => {
                let patch = record.scan(settings, page.bytes(), ahead);
                record.change = patch.map(|patch| room.keep(patch, &page)).unwrap_or_default();
            }
            Err(error) => record.problems.push(unreadable(&error)),
        }
        if !record.says_something() {
            return;
        }
        let name = record.name();
        for warning in record.warnings.drain(..) {
            self.warnings.add(name.clone(), warning, self.inventory.keep);
        }
        self.problems.extend(record.problems.drain(..).map(|problem| (name.clone(), problem)));
        self.inventory.add(record);
    }

    fn and(mut self, other: Self) -> Self {
        let keep = self.inventory.keep;
        self.inventory.merge(other.inventory);
        self.warnings.merge(other.warnings, keep);
        self.problems.extend(other.problems);
        self
    }

    /// Puts everything in the order of the pages, in whatever order they were read.
    fn finish(mut self) -> Inventory {
        self.problems.sort_by(|(a, _), (b, _)| by_name(a, b));
        let mut inventory = self.inventory;
        inventory.warnings = self.warnings.finish();
        inventory.problems = self.problems.into_iter().map(|(_, problem)| problem).collect();
        inventory.sort();
        inventory.declare_by_maps();
        inventory
    }
}

/// Warnings, each once: with the first page that gives rise to it, and where in that page's list it
/// stands.
#[derive(Default)]
struct Warnings {
    said: BTreeMap<Words, (Arc<str>, usize, Notice)>,
}

/// What a warning says: its code, its message and its facts.
type Words = (&'static str, String, Vec<Detail>);

impl Warnings {
    fn add(&mut self, page: Arc<str>, notice: Notice, keep: Keep) {
        let number = self.said.len();
        self.add_at(page, number, notice, keep);
    }

    fn add_at(&mut self, page: Arc<str>, number: usize, notice: Notice, keep: Keep) {
        let words = (notice.code, notice.message.clone(), notice.details.clone());
        match self.said.entry(words) {
            Entry::Vacant(vacant) => drop(vacant.insert((page, number, notice))),
            Entry::Occupied(mut known) => {
                let (first, at, said) = known.get_mut();
                if by_name(&page, first).is_lt() {
                    (*first, *at) = (page, number);
                }
                said.uses.merge(notice.uses, keep);
            }
        }
    }

    fn merge(&mut self, other: Self, keep: Keep) {
        for (page, number, notice) in other.said.into_values() {
            self.add_at(page, number, notice, keep);
        }
    }

    fn finish(self) -> Vec<Notice> {
        let mut said: Vec<_> = self.said.into_values().collect();
        said.sort_by(|(a, at, _), (b, other, _)| by_name(a, b).then(at.cmp(other)));
        let ordered = |mut notice: Notice| {
            notice.uses.sort();
            notice
        };
        said.into_iter().map(|(_, _, notice)| ordered(notice)).collect()
    }
}
