//! The edits of the inline scripts and import maps of a page.
//!
//! Import maps follow HTML 8.1.6: their `integrity` guards what is imported, as the attribute guards
//! what a tag names. A page that has no map gets one before the first tag that loads a module.

use std::{cell::Cell, collections::BTreeSet};

use url::Url;

use super::{
    cdn_literals::{self, LiteralWriter, StayingLiteral},
    error::RewriteError,
    inline_edit::InlineEdit,
    modules::Modules,
    resolution::Style,
};
use crate::{
    graph::{
        document::{self, Document, GuardPlace, InlineScript, MapElement},
        import_map::{Address, ImportMapText, MapEdit, Part, integrity_map},
        local_urls::FolderMove,
        relocation,
        specifier::as_specifier,
        url_like,
    },
    html::{Change, Edit, Scan, ScriptType, Tag, TagKind},
    integrity::IntegrityMetadata,
    js::{
        self, SourceKind, UrlLiteral,
        literal::{self, EditError},
    },
    layout::{
        cdn_folders::{CdnFolder, CdnFolders},
        import_map_integrity::{MapEntry, file_below},
    },
    reference::{ForeignBase, PageAddress},
    vendor_path::VendorPath,
};

/// The edits that the inline scripts of a page need.
#[derive(Debug, Default)]
pub(super) struct Inline {
    pub edits: Vec<Edit>,
    pub scripts: Vec<Edited>,
    /// The addresses of CDNs that stay, each with the tag of its script.
    pub staying: Vec<(usize, StayingLiteral)>,
}

/// An inline script that changes.
#[derive(Debug)]
pub(super) struct Edited {
    /// Its tag, or the tag it is put before.
    pub tag: usize,
    pub edit: InlineEdit,
}

/// The edits of inline scripts and import maps.
pub(super) fn edits(
    (modules, folders): (&Modules, &CdnFolders),
    address: &PageAddress,
    scan: &Scan,
    style: &Style<'_>,
) -> Result<Inline, RewriteError> {
    let mut inline = Inline::default();
    let is_inline = |tag: &Tag| matches!(tag.kind, TagKind::InlineScript { .. });
    if modules.guards.is_empty() && !scan.tags.iter().any(is_inline) {
        return Ok(inline); // what is inserted guards modules, and what is edited is inline
    }
    for document in document::documents(address, scan) {
        let named = document.start.entries.iter().map(|entry| &entry.request.url);
        let folders = &folders.of_scripts(named);
        let document = &document;
        let writer = Writer { modules, address, scan, style, document, folders };
        writer.document(&mut inline)?;
    }
    Ok(inline)
}

impl Inline {
    fn extend(&mut self, more: Option<(Edit, InlineEdit)>) {
        if let Some((edit, script)) = more {
            self.scripts.push(Edited { tag: edit.tag, edit: script });
            self.edits.push(edit);
        }
    }
}

/// Writes into one document of a page.
struct Writer<'a> {
    modules: &'a Modules,
    address: &'a PageAddress,
    scan: &'a Scan,
    style: &'a Style<'a>,
    document: &'a Document<'a>,
    /// Folders of CDNs whose files came along with scripts of the document.
    folders: &'a [&'a CdnFolder],
}

impl Writer<'_> {
    fn document(&self, inline: &mut Inline) -> Result<(), RewriteError> {
        for script in &self.document.scripts {
            self.script(script, inline)?;
        }
        let guards = self.modules.guards.get(&self.document.start);
        let guards = guards.map_or(&[][..], Vec::as_slice);
        let place = self.document.guard_place();
        let maps = self.document.maps.iter().enumerate();
        for (index, map) in maps.filter(|(_, map)| !map.is_skipped && map.error.is_none()) {
            let guards = if place == GuardPlace::Map(index) { guards } else { &[] };
            inline.extend(self.map(map, guards)?);
        }
        if let GuardPlace::Before(tag) = place {
            inline.extend(self.new_map(tag, guards)?);
        }
        Ok(())
    }

    /// The address of a file below the vendor folder as a specifier, for the tag at `tag`.
    fn specifier(&self, tag: usize, file: &str) -> Result<String, ForeignBase> {
        let base = self.scan.tags[tag].base.as_deref();
        Ok(as_specifier(&self.style.address(self.address, base, file)?))
    }

    fn script(&self, script: &InlineScript<'_>, inline: &mut Inline) -> Result<(), RewriteError> {
        let mut edits = self.script_edits(script);
        let found = self.url_literals(script)?;
        let literals = self.literal_writer(script.tag).literals(unedited(&found, &edits))?;
        edits.extend(literals.edits);
        inline.extend(self.edited_script(script, &edits, &found)?);
        inline.staying.extend(literals.staying.into_iter().map(|literal| (script.tag, literal)));
        Ok(())
    }

    /// The absolute URLs in a script that may name a folder whose files came along.
    fn url_literals(&self, script: &InlineScript<'_>) -> Result<Vec<UrlLiteral>, RewriteError> {
        let is_named = |folder: &&CdnFolder| script.text.contains(folder.host());
        if !self.folders.iter().any(is_named) {
            return Ok(Vec::new());
        }
        js::url_literals(script.text.as_bytes(), self.source_kind(script.tag))
            .map_err(|failure| RewriteError::Code(failure.to_string()))
    }

    fn source_kind(&self, tag: usize) -> SourceKind {
        match self.scan.tags[tag].kind {
            TagKind::InlineScript { kind: ScriptType::Module, .. } => SourceKind::Module,
            _ => SourceKind::Classic,
        }
    }

    fn literal_writer(&self, at: usize) -> LiteralWriter<'_> {
        let Self { folders, address, style, .. } = *self;
        let tag = &self.scan.tags[at];
        let mut later = self.scan.tags[at..].iter();
        let has_later_base =
            later.any(|later| later.document() == tag.document() && later.base != tag.base);
        LiteralWriter { folders, address, base: tag.base.as_deref(), has_later_base, style }
    }

    /// The script with these edits, if there are any; `found` are its absolute URLs.
    fn edited_script(
        &self,
        script: &InlineScript<'_>,
        edits: &[literal::Edit],
        found: &[UrlLiteral],
    ) -> Result<Option<(Edit, InlineEdit)>, RewriteError> {
        if edits.is_empty() {
            return Ok(None);
        }
        self.specifier(script.tag, "")?; // an error if the vendor folder cannot be named from here
        let source = script.text.as_bytes();
        let splice = |edit: &literal::Edit| splice(source, edit);
        let changes = edits.iter().map(splice).collect::<Result<_, _>>()?;
        let after = literal::rewrite(source, edits)?;
        if !found.is_empty() {
            cdn_literals::verify(found, edits, (&after, self.source_kind(script.tag)))?;
        }
        let after = String::from_utf8_lossy(&after).into_owned();
        Ok(Some(self.edited(script.tag, script.text, after, changes)))
    }

    fn script_edits(&self, script: &InlineScript<'_>) -> Vec<literal::Edit> {
        let stays = relocation::Move::stays(&script.base);
        let local = |url: &Url| self.modules.local_urls.local(url);
        let spell = |_: &Url, target: &Url| self.specifier_of(script.tag, target);
        relocation::edits_spelled(&script.scan, stays, Some(stays), local, spell)
    }

    /// The specifier of a file, for the tag at `tag`.
    fn specifier_of(&self, tag: usize, target: &Url) -> String {
        let file = self.modules.local_urls.below(target);
        let local = file.and_then(|file| self.specifier(tag, file).ok());
        let specifier = local.unwrap_or_else(|| target.as_str().to_owned());
        // A fragment makes another module of the same file.
        let fragment = target.fragment().filter(|_| file.is_some());
        fragment.map_or(specifier.clone(), |fragment| format!("{specifier}#{fragment}"))
    }

    fn map(
        &self,
        map: &MapElement<'_>,
        guards: &[MapEntry],
    ) -> Result<Option<(Edit, InlineEdit)>, RewriteError> {
        let Ok(text) = ImportMapText::parse(map.text) else { return Ok(None) };
        let edits = self.map_edits(map, &text, guards)?;
        if edits.is_empty() {
            return Ok(None);
        }
        let after = text.apply(&edits);
        let splice = |MapEdit { span, json }| Change::Splice { span, text: json };
        let changes = edits.into_iter().map(splice).collect();
        Ok(Some(self.edited(map.tag, map.text, after, changes)))
    }

    fn map_edits(
        &self,
        map: &MapElement<'_>,
        text: &ImportMapText<'_>,
        guards: &[MapEntry],
    ) -> Result<Vec<MapEdit>, RewriteError> {
        let mut edits = self.split_folders(map, text)?;
        edits.extend(self.moved_urls(map, text)?);
        let integrity = |url: &Url, metadata: &str| self.integrity(url, metadata);
        edits.extend(text.rewrite_integrity(&map.base, integrity));
        edits.extend(text.add_integrity(&map.base, &self.entries(map.tag, guards)?));
        Ok(edits)
    }

    /// The entries for folders whose files do not lie together any more.
    fn split_folders(
        &self,
        map: &MapElement<'_>,
        text: &ImportMapText<'_>,
    ) -> Result<Vec<MapEdit>, RewriteError> {
        let addresses = text.addresses(&map.base);
        let mut edits = Vec::new();
        for address in &addresses {
            edits.extend(self.split_folder(map, text, address, &addresses)?);
            if self.modules.local_urls.path(&address.url).is_some() {
                self.specifier(map.tag, "")?; // an error if the vendor folder cannot be named from here
            }
        }
        Ok(edits)
    }

    /// A prefix whose files do not lie together any more, as an entry for each file.
    ///
    /// # Errors
    /// [`RewriteError::Scattered`] if the prefix is a URL itself, whose files have moved as well.
    fn split_folder(
        &self,
        map: &MapElement<'_>,
        text: &ImportMapText<'_>,
        address: &Address<'_>,
        all: &[Address<'_>],
    ) -> Result<Option<MapEdit>, RewriteError> {
        let local_urls = &self.modules.local_urls;
        if !address.key.ends_with('/') || local_urls.folder(&address.url) != FolderMove::Scattered {
            return Ok(None);
        }
        let key = url_like(address.key, &map.base);
        if key.is_some_and(|key| local_urls.folder(&key) != FolderMove::Unused) {
            return Err(RewriteError::Scattered(address.url.clone()));
        }
        let entries = self.entries_of_folder(map.tag, address, all)?;
        // Without any, other entries say all of it, and this one leads where it led.
        Ok((!entries.is_empty()).then(|| text.replace(address, &entries)))
    }

    /// An entry for each file below an address, unless the map has an entry with its key.
    fn entries_of_folder(
        &self,
        tag: usize,
        address: &Address<'_>,
        all: &[Address<'_>],
    ) -> Result<Vec<(String, String)>, ForeignBase> {
        let same_scope = all.iter().filter(|other| other.scope == address.scope);
        let taken: BTreeSet<&str> = same_scope.map(|other| other.key).collect();
        let files = self.modules.local_urls.within(&address.url).into_iter();
        let files = files.map(|(rest, file)| (format!("{}{rest}", address.key), file));
        let new = files.filter(|(key, _)| !taken.contains(key.as_str()));
        new.map(|(key, file)| Ok((key, self.specifier(tag, &file)?))).collect()
    }

    /// The URLs of the map that lead elsewhere now.
    fn moved_urls(
        &self,
        map: &MapElement<'_>,
        text: &ImportMapText<'_>,
    ) -> Result<Vec<MapEdit>, RewriteError> {
        let scattered = Cell::new(None);
        let edits = text.rewrite(&map.base, |part, url| match self.new_file(part, url) {
            Ok(file) => self.specifier(map.tag, &file?).ok(),
            Err(scope) => {
                scattered.set(Some(scope));
                None
            }
        });
        scattered.take().map_or(Ok(edits), |scope| Err(RewriteError::Scattered(scope)))
    }

    /// The path below the vendor folder of what a URL of the map names; an error is a scope without a folder.
    fn new_file(&self, part: Part<'_>, url: &Url) -> Result<Option<String>, Url> {
        match is_folder(part, url) {
            true => self.new_folder(part, url),
            false => Ok(self.modules.local_urls.path(url).map(VendorPath::url_path)),
        }
    }

    fn new_folder(&self, part: Part<'_>, url: &Url) -> Result<Option<String>, Url> {
        let local_urls = &self.modules.local_urls;
        match local_urls.folder(url) {
            FolderMove::Moved(folder) => Ok(Some(folder)),
            FolderMove::Scattered if part == Part::Scope => {
                local_urls.own_folder(url).map(Some).ok_or_else(|| url.clone())
            }
            FolderMove::Unused | FolderMove::Scattered => Ok(None),
        }
    }

    /// The new integrity metadata of an entry, if it was right and what it guards has changed.
    fn integrity(&self, url: &Url, metadata: &str) -> Option<String> {
        let path = self.path(url)?;
        let declared = IntegrityMetadata::parse(metadata);
        let was_right = |before: &Vec<u8>| declared.verify(before).is_ok();
        let follows = self.modules.changed.get(&path).is_none_or(was_right);
        Some(self.modules.served.get(&path).filter(|_| follows)?.to_string())
    }

    /// The path below the site's root of what is at `url` from now on.
    fn path(&self, url: &Url) -> Option<String> {
        match file_below(&self.modules.local_urls, url) {
            Some(file) => Some(self.below_root(&file)),
            None => self.address.own_path(url),
        }
    }

    /// The path below the site's root of a file below the vendor folder.
    fn below_root(&self, file: &str) -> String {
        format!("{}/{file}", self.style.out)
    }

    /// What an import map is to say of `guards`, as far as no map of the page says it already.
    fn entries(
        &self,
        tag: usize,
        guards: &[MapEntry],
    ) -> Result<Vec<(String, String)>, ForeignBase> {
        let guarded = self.document.start.map.integrity().keys();
        let guarded: BTreeSet<_> =
            guarded.filter_map(|url| self.path(&url.parse().ok()?)).collect();
        let new = guards.iter().filter(|guard| !guarded.contains(&self.below_root(&guard.file)));
        new.map(|guard| Ok((self.specifier(tag, &guard.file)?, guard.integrity.to_string())))
            .collect()
    }

    fn new_map(
        &self,
        tag: usize,
        guards: &[MapEntry],
    ) -> Result<Option<(Edit, InlineEdit)>, RewriteError> {
        let entries = self.entries(tag, guards)?;
        if entries.is_empty() {
            return Ok(None);
        }
        let text = integrity_map(&entries);
        let nonce = self.nonce(tag);
        let change = Change::InsertImportMap { nonce: nonce.clone(), text: text.clone() };
        let script = InlineEdit { before: None, after: text, nonce };
        Ok(Some((Edit { tag, changes: vec![change] }, script)))
    }

    fn nonce(&self, tag: usize) -> Option<String> {
        self.scan.tags[tag].text("nonce").map(str::to_owned)
    }

    fn edited(
        &self,
        tag: usize,
        before: &str,
        after: String,
        changes: Vec<Change>,
    ) -> (Edit, InlineEdit) {
        let nonce = self.nonce(tag);
        (Edit { tag, changes }, InlineEdit { before: Some(before.to_owned()), after, nonce })
    }
}

fn splice(source: &[u8], edit: &literal::Edit) -> Result<Change, EditError> {
    let text = literal::written(source, edit)?;
    Ok(Change::Splice { span: edit.start..edit.end, text })
}

/// The literals of `found` that no edit concerns.
fn unedited(found: &[UrlLiteral], edits: &[literal::Edit]) -> Vec<UrlLiteral> {
    let is_edited =
        |literal: &UrlLiteral| edits.iter().any(|edit| edit.start == literal.span.start);
    found.iter().filter(|literal| !is_edited(literal)).cloned().collect()
}

fn is_folder(part: Part<'_>, url: &Url) -> bool {
    match part {
        Part::Address { key } => key.ends_with('/'),
        Part::Key | Part::Scope => url.path().ends_with('/'),
        Part::Integrity => false,
    }
}
