//! All pages together: what they ask for, as one value.
//!
//! Pages come in any order and are put in the order of their paths, so that nothing here depends on
//! timing. A page without a reference leaves no trace but its count.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    page_edit::PageEdit,
    page_record::{Naming, PageRecord},
    url_uses::{Declared, LocalUse, UrlUses},
};
use crate::{
    companions::{Facts, Want},
    findings::{Findings, Keep, Places, Use, by_page},
    graph::document::Start,
    integrity::IntegrityMetadata,
    reference::SubresourceUrl,
    settings::Settings,
    site,
};

/// What all pages together ask for.
#[derive(Debug, Default)]
pub struct Pages {
    /// How many pages were read.
    pub count: usize,
    /// How many places are kept of those that say the same.
    pub keep: Keep,
    /// The pages with a reference to another origin.
    pub edits: Vec<PageEdit>,
    /// Other pages that load modules, which may lead there: with what their documents start with.
    pub module_pages: Vec<(PathBuf, Vec<Start>)>,
    /// What documents start with, and where the first that starts so names a module.
    pub starts: BTreeMap<Start, Use>,
    /// Folders that import maps lead to, on other origins, and who says so.
    pub folders: BTreeMap<Url, Use>,
    /// What import maps say that files must be, and who says so.
    pub map_integrity: BTreeMap<SubresourceUrl, Declared>,
    /// What names each URL on another origin.
    pub urls: BTreeMap<SubresourceUrl, UrlUses>,
    /// Scripts of the vendor folder that pages load already.
    pub vendored: BTreeMap<LocalUse, Places>,
    /// Content Security Policies in pages, each with the first place it stands at.
    pub policies: BTreeMap<String, Use>,
    /// The files that are no pages.
    pub others: OtherFiles,
    /// What pages and scripts say that the companions of locked scripts depend on.
    pub facts: FactsOfSite,
}

/// What pages and scripts of a site say.
#[derive(Debug, Default)]
pub struct FactsOfSite {
    /// What was looked for.
    pub wants: BTreeSet<Want>,
    /// What was found.
    pub facts: Facts,
}

/// The pages that may change.
#[derive(Debug, Default)]
pub struct EditablePages {
    /// See [`Pages::edits`].
    pub edits: Vec<PageEdit>,
    /// See [`Pages::module_pages`].
    pub module_pages: Vec<(PathBuf, Vec<Start>)>,
}

/// Files of the site that are no pages, each relative to the site.
#[derive(Debug, Default)]
pub struct OtherFiles {
    /// Links that look like pages or folders.
    pub links: Vec<PathBuf>,
    /// Scripts.
    pub scripts: Vec<PathBuf>,
    /// Compressed copies.
    pub copies: Vec<PathBuf>,
}

/// Reads one page from memory.
pub fn of_page(settings: &Settings, path: &Path, bytes: &[u8]) -> (Pages, Findings) {
    let mut record = PageRecord { path: path.to_owned(), ..PageRecord::default() };
    record.scan(settings, bytes, None);
    let findings = std::mem::take(&mut record.findings);
    let mut pages = Pages { count: 1, ..Pages::default() };
    pages.add(record);
    pages.declare_by_maps();
    (pages, findings)
}

impl Pages {
    /// Takes the pages that may change out of the rest, which the stages after that only read.
    pub fn split(mut self) -> (EditablePages, Self) {
        let edits = std::mem::take(&mut self.edits);
        let module_pages = std::mem::take(&mut self.module_pages);
        (EditablePages { edits, module_pages }, self)
    }

    /// Adds what other pages ask for.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.edits.extend(other.edits);
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
        for (url, uses) in other.urls {
            self.urls.entry(url).or_default().merge(uses, self.keep);
        }
        for (local, places) in other.vendored {
            self.vendored.entry(local).or_default().merge(places, self.keep);
        }
        for (policy, place) in other.policies {
            keep_first(&mut self.policies, policy, place);
        }
        self.others.links.extend(other.others.links);
        self.others.scripts.extend(other.others.scripts);
        self.others.copies.extend(other.others.copies);
    }

    /// Puts what was gathered page by page in the order of the pages.
    pub(super) fn sort(&mut self) {
        self.edits.sort_by(|a, b| a.path.cmp(&b.path));
        self.module_pages.sort_by(|(a, _), (b, _)| a.cmp(b));
        let by_maps = self.map_integrity.values_mut().flat_map(BTreeMap::values_mut);
        let by_tags = self.urls.values_mut().flat_map(UrlUses::places_mut);
        by_maps.chain(by_tags).chain(self.vendored.values_mut()).for_each(Places::sort);
        self.others.links.sort();
        self.others.scripts.sort();
        self.others.copies.sort_by_cached_key(|copy| site::order_of_copy(copy));
    }

    /// What import maps say of files that pages name counts as what tags say.
    pub fn declare_by_maps(&mut self) {
        for (url, declared) in &self.map_integrity {
            let Some(uses) = self.urls.get_mut(url) else { continue };
            for (declared, places) in declared {
                let known = uses.declared.entry(declared.clone()).or_default();
                known.merge(places.clone(), self.keep);
            }
        }
    }

    pub(super) fn add(&mut self, record: PageRecord) {
        for (url, place) in record.folders {
            keep_first(&mut self.folders, url, place);
        }
        if record.names_external {
            let path = record.path.into_boxed_path();
            self.edits.push(PageEdit { path, patch: record.patch });
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
        for (url, naming, declared, place) in record.external {
            let uses = self.urls.entry(url).or_default();
            if let (Naming::Classic | Naming::Module, Some(declared)) =
                (naming, declared.filter(IntegrityMetadata::guards))
            {
                uses.declared.entry(declared).or_default().add(place.clone(), keep);
            }
            match naming {
                Naming::Classic => uses.classic.add(place, keep),
                Naming::Module => uses.modules.add(place, keep),
                Naming::Inline => uses.inline.add(place, keep),
                Naming::Preload => uses.preloads.add(place, keep),
                Naming::Skipped => uses.skipped.add(place, keep),
            }
        }
        for (url, place, encoding) in record.legacy {
            let uses = self.urls.entry(url).or_default();
            uses.legacy_encoded.entry(encoding.into()).or_default().add(place, keep);
        }
        for (policy, place) in record.policies {
            keep_first(&mut self.policies, policy, place);
        }
        for (local, place) in record.vendored {
            self.vendored.entry(local).or_default().add(place, keep);
        }
    }
}

/// Of the places that say the same, the first in the order of the pages is kept.
fn keep_first<K: Ord>(known: &mut BTreeMap<K, Use>, key: K, place: Use) {
    match known.entry(key) {
        Entry::Vacant(vacant) => drop(vacant.insert(place)),
        Entry::Occupied(mut first) if by_page(&place, first.get()).is_lt() => {
            first.insert(place);
        }
        Entry::Occupied(_) => {}
    }
}
