//! Every page of the site read, and what all of them together ask for.
//!
//! Pages are scanned in parallel and merged in the order of their paths, so that nothing here
//! depends on timing. Only what the report and the plan need is kept; pages without a reference
//! leave no trace but their count.

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    folder::Tree,
    graph::{
        ParseFailure,
        document::{self, Start},
        import_map::{ImportMapError, MapWarning},
        specifier::Unresolved,
    },
    html::{self, Dialect, NotRead, Patch, Positions, Remark, Scan, ScanError, TagKind},
    integrity::IntegrityMetadata,
    page::{self, LocalScript, PageReferences, Role},
    reference::{ForeignBase, PageAddress, SubresourceUrl},
    report::{Notice, Problem, Use, progress::Progress},
    settings::{Ambiguous, Settings},
    site::{self, Found, PageReader, SiteError, Stamp, Walk},
};

/// What the pages want of one URL.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Demand {
    /// Tags that run it as a classic script.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classic: Vec<Use>,
    /// Tags that load it as a module, or map to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Use>,
    /// Inline scripts and import maps that name it: no tag of its own could be edited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inline: Vec<Use>,
    /// Scripts that name it; found by following graphs, and so not part of what pages say.
    #[serde(skip)]
    pub imports: Vec<Use>,
    /// Tags that preload it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preloads: Vec<Use>,
    /// Tags whose author asks to leave them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Use>,
    /// Tags that run it without saying its encoding, in pages that are not UTF-8, and that encoding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legacy_encoded: Vec<(Use, Cow<'static, str>)>,
    /// The authors' `integrity` values, and who wrote them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub declared: Declared,
}

/// Authors' `integrity` values, and who wrote them.
pub type Declared = BTreeMap<IntegrityMetadata, Vec<Use>>;

impl Demand {
    /// Whether the author asks to leave every tag that names the URL.
    pub fn is_skipped(&self) -> bool {
        self.uses().count() == self.skipped.len()
    }

    /// Every tag that names the URL.
    pub fn uses(&self) -> impl Iterator<Item = &Use> {
        [&self.classic, &self.modules, &self.inline, &self.imports, &self.preloads, &self.skipped]
            .into_iter()
            .flatten()
    }

    /// Whether a page names it, in whatever way.
    pub fn is_named_by_page(&self) -> bool {
        self.uses().count() > self.imports.len()
    }

    /// Every list of places, to be made shorter.
    pub fn uses_mut(&mut self) -> impl Iterator<Item = &mut Vec<Use>> {
        let tags = [&mut self.classic, &mut self.modules, &mut self.inline, &mut self.imports];
        let others = [&mut self.preloads, &mut self.skipped];
        tags.into_iter().chain(others).chain(self.declared.values_mut())
    }

    /// Adds what other pages want.
    pub fn merge(&mut self, other: Self) {
        self.classic.extend(other.classic);
        self.modules.extend(other.modules);
        self.inline.extend(other.inline);
        self.imports.extend(other.imports);
        self.preloads.extend(other.preloads);
        self.skipped.extend(other.skipped);
        self.legacy_encoded.extend(other.legacy_encoded);
        for (declared, uses) in other.declared {
            self.declared.entry(declared).or_default().extend(uses);
        }
    }

    /// Whether anything runs or imports it, rather than only preload it.
    pub fn is_loaded(&self) -> bool {
        !self.classic.is_empty() || !self.modules.is_empty() || self.is_named_by_code()
    }

    /// Whether a page names it, or a script that is the site's own.
    pub fn is_named_by_site(&self) -> bool {
        let is_own = |place: &Use| !place.page.contains("://");
        self.uses().any(is_own)
    }

    /// Whether code names it, where no tag could be taken away.
    pub fn is_named_by_code(&self) -> bool {
        !self.inline.is_empty() || !self.imports.is_empty()
    }
}

/// A script tag that names a file of the site itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LocalUse {
    /// The file's URL path below the site's root, percent-encoded.
    pub path: String,
    /// The tag's `integrity`.
    pub declared: Option<IntegrityMetadata>,
    /// Whether the tag could carry `integrity`.
    pub takes_integrity: bool,
    /// Where the tag stands.
    pub place: Use,
}

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

/// Reads one page that is at hand.
pub fn of_page(settings: &Settings, path: &Path, bytes: &[u8]) -> Inventory {
    let mut record = PageRecord { path: path.to_owned(), ..PageRecord::default() };
    record.scan(settings, bytes, None);
    let mut inventory = Inventory { pages: 1, ..Inventory::default() };
    inventory.add(record);
    inventory.declare_by_maps();
    inventory
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

/// What one page contributes.
#[derive(Debug, Default)]
struct PageRecord {
    path: PathBuf,
    has_work: bool,
    proved: Option<Proved>,
    external: Vec<(SubresourceUrl, Wish, Option<IntegrityMetadata>, Use)>,
    starts: Vec<(Start, Use)>,
    folders: Vec<(Url, Use)>,
    map_integrity: Vec<(SubresourceUrl, IntegrityMetadata, Use)>,
    legacy: Vec<(SubresourceUrl, Use, &'static str)>,
    vendored: Vec<LocalUse>,
    policies: Vec<(String, Use)>,
    warnings: Vec<Notice>,
    problems: Vec<Problem>,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Classic,
    Module,
    Inline,
    Preload,
    Skipped,
}

impl PageRecord {
    fn name(&self) -> Arc<str> {
        site::page_name(&self.path).into()
    }

    fn says_something(&self) -> bool {
        self.has_work
            || !self.starts.is_empty()
            || !(self.vendored.is_empty()
                && self.policies.is_empty()
                && self.warnings.is_empty()
                && self.problems.is_empty())
    }

    /// Notes what a page says; gives what changes in it, if `ahead` knows that already.
    fn scan(
        &mut self,
        settings: &Settings,
        bytes: &[u8],
        ahead: Option<&dyn Ahead>,
    ) -> Option<Patch> {
        match html::scan_relevant(bytes, dialect(&self.path), Some(&settings.out)) {
            Ok(None) => None,
            Ok(Some(scan)) => {
                let address = &page_address(&self.path, settings);
                let references = page::references(address, &scan);
                let page = ReadPage { bytes, address, scan: &scan, references: &references };
                self.note(settings, &page);
                ahead.filter(|_| self.has_work && self.problems.is_empty())?.rewrite(&page)
            }
            Err(error) => {
                self.refuse(settings, &error);
                None
            }
        }
    }

    fn note(&mut self, settings: &Settings, page: &ReadPage<'_>) {
        let ReadPage { bytes, address, scan, references } = *page;
        let (name, positions) = (&self.name(), &Positions::new(scan.source(bytes)));
        let place = |tag: usize| page::place(name, positions, &scan.tags[tag]);
        let is_vendored = |script: &&LocalScript| {
            let rest = script.path.strip_prefix(&settings.out);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        for script in references.local.iter().filter(is_vendored) {
            self.vendored.push(LocalUse {
                place: place(script.tag),
                path: script.path.clone(),
                declared: script.declared.clone(),
                takes_integrity: script.takes_integrity,
            });
        }
        for tag in &references.placeholders {
            let address = scan.tags[*tag].address().unwrap_or_default();
            self.warnings.push(unfilled(address, place(*tag)));
        }
        for reference in &references.external {
            let wish = match (reference.skipped, reference.role) {
                (_, Role::Hint) => {
                    self.has_work = true;
                    continue;
                }
                (true, _) => Wish::Skipped,
                (false, Role::Classic) => Wish::Classic,
                (false, Role::Module) => Wish::Module,
                (false, Role::Preload) => Wish::Preload,
            };
            let place = place(reference.tag);
            if let Wish::Classic | Wish::Module = wish
                && settings.public_path.is_none()
                && let Err(error) = address.local("", reference.base.as_deref())
            {
                self.problems.push(foreign_base(&error, &reference.url, place.clone()));
            }
            let names_its_encoding = scan.tags[reference.tag].text("charset").is_some();
            if matches!(wish, Wish::Classic) && scan.encoding != "UTF-8" && !names_its_encoding {
                self.legacy.push((reference.url.clone(), place.clone(), scan.encoding));
            }
            let declared = reference.declared.clone();
            self.external.push((reference.url.clone(), wish, declared, place));
        }
        self.note_modules(address, scan, &place);
        for (index, tag) in scan.tags.iter().enumerate() {
            if tag.kind == TagKind::MetaCsp {
                self.policies.push((tag.address().unwrap_or_default().to_owned(), place(index)));
            }
        }
        self.has_work |= !self.external.is_empty();
        for remark in &scan.remarks {
            let place = page::place_of_remark(name, positions, remark);
            self.warnings.extend(remarked(address, remark, place));
        }
    }

    fn note_modules(&mut self, address: &PageAddress, scan: &Scan, place: &impl Fn(usize) -> Use) {
        for document in document::documents(address, scan) {
            for (tag, url) in document.named {
                if !address.is_own(url.as_url()) {
                    self.external.push((url, Wish::Inline, None, place(tag)));
                }
            }
            for (tag, url) in document.left {
                if !address.is_own(url.as_url()) {
                    self.external.push((url, Wish::Skipped, None, place(tag)));
                }
            }
            for map in &document.maps {
                for (url, declared) in document.start.map.integrity() {
                    let declared = IntegrityMetadata::parse(declared);
                    if let Ok(url) = url.parse()
                        && declared.guards()
                    {
                        self.map_integrity.push((url, declared, place(map.tag)));
                    }
                }
                let notice = map.error.as_ref().map(|error| ignored_map(error, place(map.tag)));
                self.warnings.extend(notice);
                let odd = map.warnings.iter().filter(|_| !map.is_skipped);
                self.warnings.extend(odd.filter_map(|odd| ignored_entry(odd, place(map.tag))));
            }
            let unparsed = document.unparsed.iter();
            self.warnings.extend(unparsed.map(|(tag, why)| not_read(why, place(*tag))));
            let broken = document.broken.iter();
            self.warnings
                .extend(broken.map(|(tag, broken)| leads_nowhere(&broken.why, place(*tag))));
            let folders = document.folders.into_iter();
            let folders = folders.filter(|(_, url)| !address.is_own(url));
            self.folders.extend(folders.map(|(tag, url)| (url, place(tag))));
            if let Some(tag) = document.first_tag
                && !document.start.entries.is_empty()
            {
                self.starts.push((document.start, place(tag)));
            }
        }
    }

    fn refuse(&mut self, settings: &Settings, error: &ScanError) {
        let name = site::page_name(&self.path);
        let notice =
            Notice::new("unreadable-markup", format!("`{name}` cannot be read with certainty"))
                .detail("cause", error)
                .hint(
                    "mend the page, or leave such pages as they are with `--ambiguous skip`"
                        .to_owned(),
                );
        match settings.ambiguous {
            Ambiguous::Skip => {
                self.warnings.push(notice.detail("outcome", "the page was left as it is"))
            }
            Ambiguous::Fail => self.problems.push(notice.of_site()),
        }
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

/// The problem that a page cannot be read.
pub(crate) fn unreadable(error: &SiteError) -> Problem {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Notice::new("unreadable-page", error.to_string())
        .detail("cause", cause)
        .hint(error.remedy().map(str::to_owned))
        .of_tool()
}

fn ignored_map(error: &ImportMapError, place: Use) -> Notice {
    Notice::new("import-map-ignored", "browsers ignore an import map that they cannot read")
        .detail("cause", error)
        .used_by([place])
        .hint("correct it: until then bare names in this page lead nowhere".to_owned())
}

/// What browsers ignore of an import map; members that HTML does not know are there for others.
fn ignored_entry(odd: &MapWarning, place: Use) -> Option<Notice> {
    let (message, hint) = match odd {
        MapWarning::UnknownKey(_) => return None,
        MapWarning::EmptyKey => (
            "an import map gives an address to the empty name: browsers ignore it".to_owned(),
            "remove the entry",
        ),
        MapWarning::InvalidAddress(key) => (
            format!(
                "the import map has no usable address for `{key}`: browsers refuse to import it"
            ),
            "an address is a whole URL, or starts with `/`, `./` or `../`",
        ),
        MapWarning::AddressWithoutSlash(key) => (
            format!(
                "the import map's address for `{key}` does not end with a slash: browsers refuse to import anything by it"
            ),
            "end the address with a slash as well, or neither of the two",
        ),
        MapWarning::InvalidScope(prefix) => (
            format!("the import map's scope `{prefix}` is no URL: browsers ignore it"),
            "correct it, or remove it",
        ),
        MapWarning::InvalidIntegrity(key) => (
            format!("the import map's `integrity` for `{key}` guards nothing: browsers ignore it"),
            "its key is a whole URL or starts with `/`, `./` or `../`, its value is a string",
        ),
    };
    Some(Notice::new("import-map-entry", message).used_by([place]).hint(hint.to_owned()))
}

fn not_read(why: &ParseFailure, place: Use) -> Notice {
    Notice::new(
        "script-not-read",
        "an inline script could not be read: what it imports is not known",
    )
    .detail("cause", why)
    .used_by([place])
    .hint("browsers will most likely not run it either".to_owned())
}

fn leads_nowhere(why: &Unresolved, place: Use) -> Notice {
    Notice::new("unresolved-import", why.to_string())
        .used_by([place])
        .hint("add it to the page's import map".to_owned())
}

fn unfilled(value: &str, place: Use) -> Notice {
    Notice::new(
        "placeholder",
        format!("`{}` is a placeholder, not an address: the tag was left as it is", value.trim()),
    )
    .used_by([place])
    .hint("let your generator fill it in, or remove the tag".to_owned())
}

fn foreign_base(error: &ForeignBase, url: &SubresourceUrl, place: Use) -> Problem {
    Notice::new("foreign-base", format!("cannot point a page at a local copy of `{url}`"))
        .detail("cause", error)
        .used_by([place])
        .hint("set --site-url to the site's own URL, or remove the <base>".to_owned())
        .of_site()
}

fn remarked(address: &PageAddress, remark: &Remark, place: Use) -> Option<Notice> {
    let is_external = |text: &str| {
        matches!(address.resolve(text, None), crate::reference::Target::External { .. })
    };
    match remark {
        Remark::ParkedScript { src, r#type, .. } => is_external(src).then(|| {
            Notice::new(
                "parked-script",
                format!("`{}` is parked: no browser loads a script of type `{type}`", src.trim()),
            )
            .used_by([place])
            .hint("if code on the page loads it later, point that code at a local copy".to_owned())
        }),
        Remark::InlineBuilt { url_text, .. } => Some(
            Notice::new(
                "inline-built-script",
                format!("inline code builds a script that loads `{url_text}`"),
            )
            .used_by([place])
            .hint(
                "it stays external: write the tag into the page, or point the code at a local copy"
                    .to_owned(),
            ),
        ),
        Remark::SvgInline { .. } => Some(
            Notice::new(
                "svg-script-not-read",
                "an inline script in SVG was not read: what it imports stays as it is",
            )
            .used_by([place])
            .hint("move it out of the SVG, or into a file".to_owned()),
        ),
        Remark::SrcdocNotRead { why, .. } => Some(
            Notice::new(
                "srcdoc-not-read",
                match why {
                    NotRead::TooDeep => "a srcdoc nested this deep was not read",
                    NotRead::SplitReference => {
                        "a srcdoc with a tag that begins inside a character reference was not read"
                    }
                },
            )
            .used_by([place]),
        ),
    }
}
