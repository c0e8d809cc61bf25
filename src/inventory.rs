//! Every page of the site read, and what all of them together ask for.
//!
//! Pages are read in parallel, in whatever order they come, and put in the order of their paths, so that
//! nothing here depends on timing. Only what the report and the plan need is kept; pages without a reference
//! leave no trace but their count.

mod demand;
mod notices;
mod read;
mod record;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
};

use url::Url;

pub(crate) use self::notices::unreadable;
use self::record::{PageRecord, Wish};
pub use self::{
    demand::{Declared, Demand, LocalUse},
    read::{Ahead, ReadPage, beside, take},
    record::of_page,
};
use crate::{
    graph::document::Start,
    html::{Dialect, Patch},
    integrity::IntegrityMetadata,
    reference::{PageAddress, SubresourceUrl},
    report::{Notice, Problem, Use},
    settings::Settings,
    site::{self, Stamp},
};

/// What all pages together ask for.
#[derive(Debug, Default)]
pub struct Inventory {
    /// How many pages were read.
    pub pages: usize,
    /// The pages with a reference to another origin.
    pub work: Vec<Work>,
    /// Other pages that load modules, which may lead there: with what their documents start with.
    pub module_pages: Vec<(PathBuf, Vec<Start>)>,
    /// What documents start with, and where the first that starts so names a module.
    pub starts: BTreeMap<Start, Use>,
    /// Folders that import maps lead to, on other origins, and who says so.
    pub folders: BTreeMap<Url, Use>,
    /// What import maps say that files must be, and who says so.
    pub map_integrity: BTreeMap<SubresourceUrl, Declared>,
    /// By URL.
    pub demands: BTreeMap<SubresourceUrl, Demand>,
    /// Scripts of the vendor folder that pages load already.
    pub vendored: Vec<LocalUse>,
    /// Content Security Policies in pages, each with the first place it stands at.
    pub policies: BTreeMap<String, Use>,
    /// What can't be vendored, and what was noticed.
    pub warnings: Vec<Notice>,
    /// Pages that could not be read.
    pub problems: Vec<Problem>,
    /// What lies beside the pages.
    pub beside: Beside,
}

/// A page that is to be rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its path, relative to the site.
    pub path: PathBuf,
    /// What will change in it, if that is known already.
    pub proved: Option<Proved>,
}

/// What changes in a page, and has been proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The changes.
    pub patch: Patch,
    /// The page they were made for.
    pub stamp: Stamp,
}

/// Files of the site that are no pages, each relative to the site.
#[derive(Debug, Default)]
pub struct Beside {
    /// Links that look like pages or folders.
    pub links: Vec<PathBuf>,
    /// Scripts.
    pub scripts: Vec<PathBuf>,
    /// Compressed copies.
    pub copies: Vec<PathBuf>,
}

/// The address of the page at `path`.
pub fn page_address(path: &Path, settings: &Settings) -> PageAddress {
    PageAddress::new(&site::page_name(path), settings.site_url.as_ref()).among(&settings.folders)
}

/// By which rules the page at `path` is served.
pub fn dialect(path: &Path) -> Dialect {
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("xhtml") => Dialect::Xhtml,
        _ => Dialect::Html,
    }
}

impl Inventory {
    /// Adds what other pages ask for.
    pub fn merge(&mut self, other: Self) {
        self.pages += other.pages;
        self.work.extend(other.work);
        self.module_pages.extend(other.module_pages);
        for (start, place) in other.starts {
            keep_first(&mut self.starts, start, place);
        }
        for (url, place) in other.folders {
            keep_first(&mut self.folders, url, place);
        }
        for (url, by_maps) in other.map_integrity {
            let declarations = self.map_integrity.entry(url).or_default();
            for (declared, uses) in by_maps {
                declarations.entry(declared).or_default().extend(uses);
            }
        }
        for (url, demand) in other.demands {
            self.demands.entry(url).or_default().merge(demand);
        }
        self.vendored.extend(other.vendored);
        for (policy, place) in other.policies {
            keep_first(&mut self.policies, policy, place);
        }
        self.warnings.extend(other.warnings);
        self.problems.extend(other.problems);
        self.beside.links.extend(other.beside.links);
        self.beside.scripts.extend(other.beside.scripts);
        self.beside.copies.extend(other.beside.copies);
    }

    /// Puts what was gathered page by page in the order of the pages.
    fn sort(&mut self) {
        self.work.sort_by(|a, b| a.path.cmp(&b.path));
        self.module_pages.sort_by(|(a, _), (b, _)| a.cmp(b));
        let by_maps = self.map_integrity.values_mut().flat_map(BTreeMap::values_mut);
        let by_tags = self.demands.values_mut().flat_map(Demand::uses_mut);
        by_maps.chain(by_tags).for_each(|uses| uses.sort_by(by_place));
        for demand in self.demands.values_mut() {
            demand.legacy_encoded.sort_by(|(a, _), (b, _)| by_place(a, b));
        }
        self.vendored.sort_by(|a, b| by_place(&a.place, &b.place));
        self.beside.links.sort();
        self.beside.scripts.sort();
        self.beside.copies.sort();
    }

    /// What import maps say of files that pages name counts as what tags say.
    pub fn declare_by_maps(&mut self) {
        for (url, declared) in &self.map_integrity {
            let Some(demand) = self.demands.get_mut(url) else { continue };
            for (declared, uses) in declared {
                let known = demand.declared.entry(declared.clone()).or_default();
                known.extend(uses.iter().cloned());
            }
        }
    }

    fn add(&mut self, record: PageRecord) {
        for (url, place) in record.folders {
            keep_first(&mut self.folders, url, place);
        }
        if record.has_work {
            self.work.push(Work { path: record.path, proved: record.proved });
        } else if !record.starts.is_empty() {
            let starts = record.starts.iter().map(|(start, _)| start.clone());
            self.module_pages.push((record.path, starts.collect()));
        }
        for (start, place) in record.starts {
            keep_first(&mut self.starts, start, place);
        }
        for (url, declared, place) in record.map_integrity {
            let declarations = self.map_integrity.entry(url).or_default();
            declarations.entry(declared).or_default().push(place);
        }
        for (url, wish, declared, place) in record.external {
            let demand = self.demands.entry(url).or_default();
            if let (Wish::Classic | Wish::Module, Some(declared)) =
                (wish, declared.filter(IntegrityMetadata::guards))
            {
                demand.declared.entry(declared).or_default().push(place.clone());
            }
            match wish {
                Wish::Classic => demand.classic.push(place),
                Wish::Module => demand.modules.push(place),
                Wish::Inline => demand.inline.push(place),
                Wish::Preload => demand.preloads.push(place),
                Wish::Skipped => demand.skipped.push(place),
            }
        }
        for (url, place, encoding) in record.legacy {
            self.demands.entry(url).or_default().legacy_encoded.push((place, encoding.into()));
        }
        for (policy, place) in record.policies {
            keep_first(&mut self.policies, policy, place);
        }
        self.vendored.extend(record.vendored);
        self.warnings.extend(record.warnings);
        self.problems.extend(record.problems);
    }
}

/// The order in which pages come: folder by folder.
fn by_name(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

fn by_place(a: &Use, b: &Use) -> Ordering {
    by_name(&a.page, &b.page)
}

/// Of the places that say the same, the first is told.
fn keep_first<K: Ord>(known: &mut BTreeMap<K, Use>, key: K, place: Use) {
    match known.entry(key) {
        Entry::Vacant(vacant) => drop(vacant.insert(place)),
        Entry::Occupied(mut first) if by_place(&place, first.get()).is_lt() => {
            first.insert(place);
        }
        Entry::Occupied(_) => {}
    }
}
