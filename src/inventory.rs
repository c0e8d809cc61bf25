//! Every page of the site read, and what all of them together ask for.
//!
//! Pages are read in parallel, in whatever order they come, and put in the order of their paths, so that
//! nothing here depends on timing. Only what the report and the plan need is kept; pages without a reference
//! leave no trace but their count.

mod demand;
mod notices;
mod read;
mod record;
mod work;

use std::{
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
    work::{Change, Room, Work},
};
pub use crate::site::dialect;
use crate::{
    findings::{Keep, Notice, Places, Problem, Use, by_page},
    graph::document::Start,
    integrity::IntegrityMetadata,
    reference::{PageAddress, SubresourceUrl},
    settings::Settings,
    site,
};

/// What all pages together ask for.
#[derive(Debug, Default)]
pub struct Inventory {
    /// How many pages were read.
    pub pages: usize,
    /// How many places are kept of those that say the same.
    pub keep: Keep,
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
    pub vendored: BTreeMap<LocalUse, Places>,
    /// Content Security Policies in pages, each with the first place it stands at.
    pub policies: BTreeMap<String, Use>,
    /// What can't be vendored, and what was noticed.
    pub warnings: Vec<Notice>,
    /// Pages that could not be read.
    pub problems: Vec<Problem>,
    /// What lies beside the pages.
    pub beside: Beside,
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
                declarations.entry(declared).or_default().merge(uses, self.keep);
            }
        }
        for (url, demand) in other.demands {
            self.demands.entry(url).or_default().merge(demand, self.keep);
        }
        for (local, places) in other.vendored {
            self.vendored.entry(local).or_default().merge(places, self.keep);
        }
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
        let by_tags = self.demands.values_mut().flat_map(Demand::places_mut);
        by_maps.chain(by_tags).chain(self.vendored.values_mut()).for_each(Places::sort);
        self.beside.links.sort();
        self.beside.scripts.sort();
        self.beside.copies.sort_by_cached_key(|copy| site::order_of_copy(copy));
    }

    /// What import maps say of files that pages name counts as what tags say.
    pub fn declare_by_maps(&mut self) {
        for (url, declared) in &self.map_integrity {
            let Some(demand) = self.demands.get_mut(url) else { continue };
            for (declared, uses) in declared {
                let known = demand.declared.entry(declared.clone()).or_default();
                known.merge(uses.clone(), self.keep);
            }
        }
    }

    fn add(&mut self, record: PageRecord) {
        for (url, place) in record.folders {
            keep_first(&mut self.folders, url, place);
        }
        if record.has_work {
            let path = record.path.into_boxed_path();
            self.work.push(Work { path, change: record.change });
        } else if !record.starts.is_empty() {
            let starts = record.starts.iter().map(|(start, _)| start.clone());
            self.module_pages.push((record.path, starts.collect()));
        }
        for (start, place) in record.starts {
            keep_first(&mut self.starts, start, place);
        }
        for (url, declared, place) in record.map_integrity {
            let declarations = self.map_integrity.entry(url).or_default();
            declarations.entry(declared).or_default().add(place, self.keep);
        }
        let keep = self.keep;
        for (url, wish, declared, place) in record.external {
            let demand = self.demands.entry(url).or_default();
            if let (Wish::Classic | Wish::Module, Some(declared)) =
                (wish, declared.filter(IntegrityMetadata::guards))
            {
                demand.declared.entry(declared).or_default().add(place.clone(), keep);
            }
            match wish {
                Wish::Classic => demand.classic.add(place, keep),
                Wish::Module => demand.modules.add(place, keep),
                Wish::Inline => demand.inline.add(place, keep),
                Wish::Preload => demand.preloads.add(place, keep),
                Wish::Skipped => demand.skipped.add(place, keep),
            }
        }
        for (url, place, encoding) in record.legacy {
            let demand = self.demands.entry(url).or_default();
            demand.legacy_encoded.entry(encoding.into()).or_default().add(place, keep);
        }
        for (policy, place) in record.policies {
            keep_first(&mut self.policies, policy, place);
        }
        for (local, place) in record.vendored {
            self.vendored.entry(local).or_default().add(place, keep);
        }
        self.warnings.extend(record.warnings);
        self.problems.extend(record.problems);
    }
}

/// Of the places that say the same, the first is told.
fn keep_first<K: Ord>(known: &mut BTreeMap<K, Use>, key: K, place: Use) {
    match known.entry(key) {
        Entry::Vacant(vacant) => drop(vacant.insert(place)),
        Entry::Occupied(mut first) if by_page(&place, first.get()).is_lt() => {
            first.insert(place);
        }
        Entry::Occupied(_) => {}
    }
}
