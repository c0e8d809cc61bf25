//! Pages as graphs see them: documents with import maps, inline scripts and tags that name modules.
//!
//! A page is one document, and one more for each `srcdoc`, since every document has its own import
//! map (HTML 8.1.6). What a document asks for by itself makes its [`Start`]; pages that start alike
//! share one graph, wherever they lie. Following it is [`closure`]'s affair.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    ModuleScan, ModuleType, ParseFailure, SourceKind,
    closure::{self, Broken, Entry, Found, Reach, Request, Root, Use},
    import_map::{Address, ImportMap, ImportMapError, ImportMapText, MapWarning},
    js,
};
use crate::{
    html::{LinkRel, Place, Scan, ScriptType, Tag, TagKind},
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
    /// What its code and its import maps name: (tag, URL).
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
    /// Its text, which `scan` counts.
    pub text: &'a str,
    /// What it asks for.
    pub scan: ModuleScan,
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
            documents.push((name, Reader { address, document: Document::default() }));
            documents.len() - 1
        });
        documents[at].1.tag(index, tag);
    }
    documents.into_iter().map(|(_, reader)| reader.finish()).collect()
}

/// A document in the making.
struct Reader<'a, 'p> {
    address: &'p PageAddress,
    document: Document<'a>,
}

impl<'a> Reader<'a, '_> {
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
                self.document.start.map.merge(meaning);
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
        let mut entries = BTreeMap::new();
        for script in &self.document.scripts {
            let page = closure::Page {
                base: &script.base,
                map: &self.document.start.map,
                roots: &[Root::Inline(&script.scan)],
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
        for map in &self.document.maps {
            if map.is_skipped {
                let files = addresses(map, false).into_iter();
                let files = files.filter_map(|url| SubresourceUrl::try_from(url).ok());
                self.document.left.extend(files.map(|url| (map.tag, url)));
                continue;
            }
            let folders = addresses(map, true);
            self.document.folders.extend(folders.into_iter().map(|url| (map.tag, url)));
            let files = addresses(map, false).into_iter();
            for url in files.filter_map(|url| SubresourceUrl::try_from(url).ok()) {
                self.document.named.push((map.tag, url.clone()));
                let r#use = Use::Module(ModuleType::JavaScriptOrWasm);
                entries.entry(Request { url, r#use }).or_insert(Reach::Lazy);
            }
        }
        let by_code = |(request, reach)| Entry { request, reach, by_code: true };
        self.document.start.entries.extend(entries.into_iter().map(by_code));
        self.document
    }
}

/// Where the map's entries lead: to files, or to folders whose files are imported by longer names.
fn addresses(map: &MapElement<'_>, folders: bool) -> Vec<Url> {
    let Ok(text) = ImportMapText::parse(map.text) else { return Vec::new() };
    let addresses = text.addresses(&map.base).into_iter();
    // A folder without the final slash is none for browsers either.
    let is_meant = |address: &Address<'_>| match address.key.ends_with('/') {
        true => folders && address.url.as_str().ends_with('/'),
        false => !folders,
    };
    let addresses = addresses.filter(is_meant);
    addresses.map(|address| address.url).collect()
}
