//! Pages as far as graphs are concerned: import maps, inline scripts, and tags that name modules.
//!
//! A page is one document, and one more for each `srcdoc`, since every document has its own import
//! map (HTML 8.1.6). What a document asks for by itself is its [`Start`]; pages with equal starts
//! share one graph, wherever they lie. [`closure`] follows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    closure::{self, Broken, Found, Root},
    import_map::{ImportMap, ImportMapError, ImportMapText, MapWarning},
    request::{Entry, Reach, Request, Use},
};
use crate::{
    html::{LinkRel, Place, Scan, ScriptType, Tag, TagKind},
    js::{self, ModuleType, ParseFailure, SourceKind},
    reference::{PageAddress, SubresourceUrl, Target},
};

/// What a document asks for by itself, in its own order, and what bare names mean there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Start {
    /// What all its import maps mean together.
    pub map: ImportMap,
    /// Its scripts, `modulepreload`s, and what its inline code and its import maps name.
    pub entries: Vec<Entry>,
}

/// One document of a page.
#[derive(Debug, Default)]
pub struct Document<'a> {
    /// What it asks for.
    pub start: Start,
    /// Its import maps, in source order; also those whose author asks us to leave them.
    pub maps: Vec<MapElement<'a>>,
    /// Its inline scripts that load something, but for those that are to be left.
    pub scripts: Vec<InlineScript<'a>>,
    /// The URLs that its code and its import maps name: (tag, URL).
    pub named: Vec<(usize, SubresourceUrl)>,
    /// Specifiers of inline scripts that lead nowhere: (tag, what).
    pub broken: Vec<(usize, Broken)>,
    /// Inline scripts that do not parse: (tag, why).
    pub unparsed: Vec<(usize, ParseFailure)>,
    /// Folders that its import maps lead to: (tag, URL).
    pub folders: Vec<(usize, Url)>,
    /// The first tag that loads anything.
    pub first_tag: Option<usize>,
    /// URLs that only import maps which are to be left lead to: (tag, URL).
    pub left: Vec<(usize, SubresourceUrl)>,
    /// The first tag that fetches a module, a preload included.
    first_fetch: Option<usize>,
    /// The first module script: an import map must come before it to count in every browser (HTML
    /// 4.12.1, "acquiring import maps").
    first_module: Option<usize>,
}

/// Where the hashes of what only code names go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardPlace {
    /// Into this one of [`Document::maps`].
    Map(usize),
    /// Into a new map before this tag.
    Before(usize),
    /// There is no place for them.
    Nowhere,
}

/// An import map in a page.
#[derive(Debug)]
pub struct MapElement<'a> {
    /// The tag, as an index into [`Scan::tags`].
    pub tag: usize,
    /// Its text.
    pub text: &'a str,
    /// The document's base URL there.
    pub base: Url,
    /// Why browsers go on without it.
    pub error: Option<ImportMapError>,
    /// What browsers ignore of it.
    pub warnings: Vec<MapWarning>,
    /// The author asks us to leave it.
    pub is_skipped: bool,
    /// It stands in a `<template>`, where no browser reads it.
    pub is_inert: bool,
}

impl MapElement<'_> {
    /// Whether browsers take notice of it.
    fn counts(&self) -> bool {
        self.error.is_none() && !self.is_inert
    }
}

impl Document<'_> {
    /// Where the hashes of what only code names go. A map that follows a module comes too late for
    /// it; but no new map may come before one that is in time, since many browsers know but one.
    pub fn guard_place(&self) -> GuardPlace {
        let in_time = |map: &MapElement<'_>| self.first_module.is_none_or(|at| map.tag < at);
        let counts = |map: &MapElement<'_>| map.counts() && in_time(map);
        if let Some(ours) = self.maps.iter().position(|map| counts(map) && !map.is_skipped) {
            return GuardPlace::Map(ours);
        }
        let has_map = self.maps.iter().any(counts);
        let before = if has_map { self.first_module } else { self.first_fetch };
        before.map_or(GuardPlace::Nowhere, GuardPlace::Before)
    }
}

/// An inline script that loads something.
#[derive(Debug)]
pub struct InlineScript<'a> {
    /// The tag, as an index into [`Scan::tags`].
    pub tag: usize,
    /// Its text, in whose bytes `scan` counts.
    pub text: &'a str,
    /// What it asks for.
    pub scan: js::Scan,
    /// The document's base URL there.
    pub base: Url,
}

/// The documents of a page, the page itself first.
pub fn documents<'a>(address: &PageAddress, scan: &'a Scan) -> Vec<Document<'a>> {
    let mut documents: Vec<(usize, Reader<'a, '_>)> = Vec::new();
    for (index, tag) in scan.tags.iter().enumerate() {
        let name = tag.document();
        let known = documents.iter().rposition(|(known, _)| *known == name);
        let at = known.unwrap_or_else(|| {
            documents.push((name, Reader::new(address)));
            documents.len() - 1
        });
        documents[at].1.tag(index, tag);
    }
    documents.into_iter().map(|(_, reader)| reader.finish()).collect()
}

/// Reads the tags of one document.
struct Reader<'a, 'p> {
    address: &'p PageAddress,
    document: Document<'a>,
    /// What each import map means that browsers can read.
    meanings: Vec<ImportMap>,
    /// Where those lead.
    leads: Vec<Leads>,
}

/// Where the entries of an import map lead.
struct Leads {
    tag: usize,
    /// The author asks us to leave the map.
    is_skipped: bool,
    files: Vec<SubresourceUrl>,
    /// Folders whose files are imported by longer names.
    folders: Vec<Url>,
}

impl Leads {
    fn of(tag: usize, is_skipped: bool, map: &ImportMapText<'_>, base: &Url) -> Self {
        let mut leads = Self { tag, is_skipped, files: Vec::new(), folders: Vec::new() };
        for address in map.addresses(base) {
            if !address.key.ends_with('/') {
                leads.files.extend(SubresourceUrl::try_from(address.url));
            } else if address.url.as_str().ends_with('/') {
                leads.folders.push(address.url);
            } // a folder without the final slash is none for browsers either
        }
        leads
    }
}

impl<'a, 'p> Reader<'a, 'p> {
    fn new(address: &'p PageAddress) -> Self {
        let document = Document::default();
        Self { address, document, meanings: Vec::new(), leads: Vec::new() }
    }

    fn tag(&mut self, index: usize, tag: &'a Tag) {
        let is_skipped = tag.is_skipped_by_author();
        if !is_skipped && !matches!(tag.kind, TagKind::MetaCsp | TagKind::Link(LinkRel::Hint)) {
            self.document.first_tag.get_or_insert(index);
        }
        match &tag.kind {
            // Conditional comments are dead code in every browser that knows import maps.
            TagKind::InlineScript { .. } if tag.place == Place::ConditionalComment => {}
            TagKind::InlineScript { kind: ScriptType::ImportMap, text, .. } => {
                self.import_map(index, tag, text, is_skipped);
            }
            TagKind::InlineScript { kind, text, .. } if !is_skipped => {
                self.inline(index, tag, kind, text);
            }
            TagKind::Script(kind) if !is_skipped => self.external(index, tag, kind, false),
            // SVG's script takes no `integrity`: only an import map can guard it.
            TagKind::SvgScript(kind) if !is_skipped => self.external(index, tag, kind, true),
            TagKind::Link(LinkRel::ModulePreload) if !is_skipped => {
                self.external(index, tag, &ScriptType::Module, false);
            }
            _ => {}
        }
    }

    fn base(&self, tag: &Tag) -> Url {
        self.address.base_url(tag.base.as_deref())
    }

    fn import_map(&mut self, index: usize, tag: &Tag, text: &'a str, is_skipped: bool) {
        let base = self.base(tag);
        let (error, warnings) = match ImportMapText::parse(text) {
            Ok(map) => {
                let (meaning, warnings) = map.meaning(&base);
                let meaning = if is_skipped { meaning.into_unfollowed() } else { meaning };
                self.meanings.push(meaning);
                self.leads.push(Leads::of(index, is_skipped, &map, &base));
                (None, warnings)
            }
            Err(error) => (Some(error), Vec::new()),
        };
        self.document.maps.push(MapElement {
            tag: index,
            text,
            base,
            error,
            warnings,
            is_skipped,
            is_inert: tag.in_template,
        });
    }

    fn inline(&mut self, index: usize, tag: &Tag, kind: &ScriptType, text: &'a str) {
        let source_kind = match kind {
            ScriptType::Module => SourceKind::Module,
            _ => SourceKind::Classic,
        };
        if source_kind.is_module() {
            self.module(index, tag);
        }
        match js::scan(text.as_bytes(), source_kind) {
            Ok(scan) => {
                let base = self.base(tag);
                self.document.scripts.push(InlineScript { tag: index, text, scan, base });
            }
            Err(failure) => self.document.unparsed.push((index, failure)),
        }
    }

    fn external(&mut self, index: usize, tag: &Tag, kind: &ScriptType, by_code: bool) {
        let r#use = match kind {
            ScriptType::Module => Use::Module(ModuleType::JavaScriptOrWasm),
            ScriptType::Classic => Use::Classic,
            _ => return,
        };
        let is_module = *kind == ScriptType::Module;
        if is_module {
            self.module(index, tag);
        }
        let base = tag.base.as_deref();
        let url = match self.address.resolve(tag.address().unwrap_or_default(), base) {
            Target::External { url, .. } => url,
            // Only modules of the site are read: see `--scan-js` for the rest.
            Target::OwnSite { path } if is_module => match self.address.own(&path) {
                Some(url) => url,
                None => return,
            },
            _ => return,
        };
        let request = Request { url, r#use };
        self.document.start.entries.push(Entry { request, reach: Reach::Static, by_code });
    }

    /// Notes a tag that fetches a module, if an import map can stand before it: in SVG none can.
    fn module(&mut self, index: usize, tag: &Tag) {
        if tag.place != Place::Document || tag.in_template {
            return;
        }
        match tag.kind {
            TagKind::SvgScript(_) => {}
            TagKind::Link(_) => drop(self.document.first_fetch.get_or_insert(index)),
            _ => {
                self.document.first_fetch.get_or_insert(index);
                self.document.first_module.get_or_insert(index);
            }
        }
    }

    /// Resolves what code and import maps name, now that the whole import map is known.
    fn finish(mut self) -> Document<'a> {
        self.document.start.map = ImportMap::merged(std::mem::take(&mut self.meanings));
        let mut entries = BTreeMap::new();
        self.named_by_scripts(&mut entries);
        self.named_by_maps(&mut entries);
        let by_code = |(request, reach)| Entry { request, reach, by_code: true };
        self.document.start.entries.extend(entries.into_iter().map(by_code));
        self.document
    }

    fn named_by_scripts(&mut self, entries: &mut BTreeMap<Request, Reach>) {
        for script in &self.document.scripts {
            let page = closure::Page {
                base: &script.base,
                map: &self.document.start.map,
                roots: &[Root::Inline(&script.scan.loads)],
            };
            let named = closure::trace(&page, |_| Found::NotYet);
            for (request, reached) in named.reached {
                self.document.named.push((script.tag, request.url.clone()));
                let reach = entries.entry(request).or_insert(reached.reach);
                *reach = reached.reach.min(*reach);
            }
            let broken = named.broken.into_iter().map(|broken| (script.tag, broken));
            self.document.broken.extend(broken);
        }
    }

    fn named_by_maps(&mut self, entries: &mut BTreeMap<Request, Reach>) {
        for Leads { tag, is_skipped, files, folders } in std::mem::take(&mut self.leads) {
            if is_skipped {
                self.document.left.extend(files.into_iter().map(|url| (tag, url)));
                continue;
            }
            self.document.folders.extend(folders.into_iter().map(|url| (tag, url)));
            for url in files {
                self.document.named.push((tag, url.clone()));
                let r#use = Use::Module(ModuleType::JavaScriptOrWasm);
                entries.entry(Request { url, r#use }).or_insert(Reach::Lazy);
            }
        }
    }
}
