//! What changes in a page for the modules it loads, where no tag names them: inline scripts, import
//! maps and the integrity of what is only imported.
//!
//! Import maps follow HTML 8.1.6: their `integrity` guards what is imported, as the attribute guards
//! what a tag names. A page that has no map gets one before the first tag that loads a module.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use url::Url;

use super::{
    error::RewriteError,
    inline_edit::InlineEdit,
    resolution::{Resolution, Style},
};
use crate::{
    csp::{Outcome, PolicyList},
    graph::{
        document::{self, Document, GuardPlace, InlineScript, MapElement, Start},
        import_map::{Address, ImportMapText, MapEdit, Part, integrity_map},
        local_urls::{FolderMove, LocalUrls},
        relocation,
        specifier::as_specifier,
        url_like,
    },
    html::{Change, Edit, Place, Scan, Tag, TagKind},
    integrity::{Integrity, IntegrityMetadata},
    js::literal,
    layout::import_map_integrity::MapEntry,
    page::LocalScript,
    reference::{ForeignBase, PageAddress, SubresourceUrl},
    vendor_path::VendorPath,
};

/// What has become of the modules that pages load.
#[derive(Clone, Debug)]
pub struct Modules {
    /// Where the vendored ones lie.
    pub local_urls: LocalUrls,
    /// What is served, of the vendor folder and of the site's own scripts that change: by path below
    /// the site's root, as part of a URL.
    pub served: BTreeMap<String, Integrity>,
    /// The site's own scripts that change, by the same path, as they were.
    pub changed: BTreeMap<String, Vec<u8>>,
    /// What import maps must guard, for documents that start alike.
    pub guards: BTreeMap<Start, Vec<MapEntry>>,
}

/// The edits that the inline scripts of a page need.
#[derive(Debug, Default)]
pub(super) struct Inline {
    pub edits: Vec<Edit>,
    pub scripts: Vec<Edited>,
}

/// An inline script that changes.
#[derive(Debug)]
pub(super) struct Edited {
    /// Its tag, or the tag it is put before.
    tag: usize,
    pub edit: InlineEdit,
}

impl Modules {
    /// Where there is nothing to guard: what follows from `resolutions` alone.
    pub fn of(resolutions: &BTreeMap<SubresourceUrl, Resolution>, root: &Url, out: &str) -> Self {
        let local = resolutions.iter().filter_map(|(url, resolution)| match resolution {
            Resolution::Local(copy) => Some((url.clone(), copy.path.clone())),
            Resolution::Replaced(_) | Resolution::Removed => None,
        });
        Self::unguarded(LocalUrls::new(root, out, local.collect()), BTreeMap::new())
    }

    /// Where no script of the site changes and no import map has to guard anything.
    pub fn unguarded(local_urls: LocalUrls, served: BTreeMap<String, Integrity>) -> Self {
        Self { local_urls, served, changed: BTreeMap::new(), guards: BTreeMap::new() }
    }

    /// Whether pages with documents that start so change, although they name nothing from elsewhere.
    pub fn guard(&self, starts: &[Start]) -> bool {
        starts.iter().any(|start| self.guards.contains_key(start))
    }

    /// What a vendored file is, as it is served.
    pub(super) fn served_of(&self, path: &VendorPath, style: &Style<'_>) -> Option<&Integrity> {
        self.served.get(&format!("{}/{}", style.out, path.url_path()))
    }

    /// A script of the site that changes takes the `integrity` of its tags with it, where that was
    /// right.
    pub(super) fn guard_own(&self, scripts: &[LocalScript]) -> Vec<Edit> {
        let edit = |script: &LocalScript| {
            let before = self.changed.get(&script.path)?;
            let declared = script.declared.as_ref().filter(|declared| declared.guards())?;
            declared.verify(before).ok()?;
            let value = self.served.get(&script.path)?.to_string();
            let change = Change::Set { attribute: "integrity".into(), value };
            Some(Edit { tag: script.tag, changes: vec![change] })
        };
        scripts.iter().filter_map(edit).collect()
    }

    /// The edits of inline scripts and import maps.
    pub(super) fn inline(
        &self,
        address: &PageAddress,
        scan: &Scan,
        style: &Style<'_>,
    ) -> Result<Inline, RewriteError> {
        let mut inline = Inline::default();
        let is_inline = |tag: &Tag| matches!(tag.kind, TagKind::InlineScript { .. });
        if self.guards.is_empty() && !scan.tags.iter().any(is_inline) {
            return Ok(inline); // what is inserted guards modules, and what is edited is inline
        }
        for document in document::documents(address, scan) {
            let writer = Writer { modules: self, address, scan, style, document: &document };
            for script in &document.scripts {
                inline.extend(writer.script(script)?);
            }
            let guards = self.guards.get(&document.start).map_or(&[][..], Vec::as_slice);
            let place = document.guard_place();
            for (index, map) in document.maps.iter().enumerate() {
                if !map.is_skipped && map.error.is_none() {
                    let guards = if place == GuardPlace::Map(index) { guards } else { &[] };
                    inline.extend(writer.map(map, guards)?);
                }
            }
            if let GuardPlace::Before(tag) = place {
                inline.extend(writer.new_map(tag, guards)?);
            }
        }
        Ok(inline)
    }
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
}

impl Writer<'_> {
    /// The address of a file below the vendor folder as a specifier, for the tag at `tag`.
    fn specifier(&self, tag: usize, file: &str) -> Result<String, ForeignBase> {
        let base = self.scan.tags[tag].base.as_deref();
        Ok(as_specifier(&self.style.address(self.address, base, file)?))
    }

    fn script(
        &self,
        script: &InlineScript<'_>,
    ) -> Result<Option<(Edit, InlineEdit)>, RewriteError> {
        let local_urls = &self.modules.local_urls;
        let stays = relocation::Move::stays(&script.base);
        let spell = |_: &Url, target: &Url| {
            let file = local_urls.below(target);
            let local = file.and_then(|file| self.specifier(script.tag, file).ok());
            let specifier = local.unwrap_or_else(|| target.as_str().to_owned());
            // A fragment makes another module of the same file.
            let fragment = target.fragment().filter(|_| file.is_some());
            fragment.map_or(specifier.clone(), |fragment| format!("{specifier}#{fragment}"))
        };
        let local = |url: &Url| local_urls.local(url);
        let edits = relocation::edits_spelled(&script.scan, stays, Some(stays), local, spell);
        if edits.is_empty() {
            return Ok(None);
        }
        self.specifier(script.tag, "")?; // without a way to the vendor folder, nothing was spelled
        let source = script.text.as_bytes();
        let splice = |edit: &literal::Edit| {
            let text = literal::written(source, edit)?;
            Ok(Change::Splice { span: edit.start..edit.end, text })
        };
        let changes = edits.iter().map(splice).collect::<Result<_, RewriteError>>()?;
        let after = literal::rewrite(source, &edits)?;
        let after = String::from_utf8_lossy(&after).into_owned();
        Ok(Some(self.edited(script.tag, script.text, after, changes)))
    }

    fn map(
        &self,
        map: &MapElement<'_>,
        guards: &[MapEntry],
    ) -> Result<Option<(Edit, InlineEdit)>, RewriteError> {
        let Ok(text) = ImportMapText::parse(map.text) else { return Ok(None) };
        let addresses = text.addresses(&map.base);
        let mut edits = Vec::new();
        for address in &addresses {
            edits.extend(self.spelled_out(map, &text, address, &addresses)?);
            if self.modules.local_urls.path(&address.url).is_some() {
                self.specifier(map.tag, "")?; // without a way to the vendor folder, no map is right
            }
        }
        let specifier = |file: &str| self.specifier(map.tag, file).ok();
        let parted = Cell::new(None);
        edits.extend(text.rewrite(&map.base, |part, url| {
            let is_folder = match part {
                Part::Address { key } => key.ends_with('/'),
                Part::Key | Part::Scope => url.path().ends_with('/'),
                Part::Integrity => false,
            };
            let local_urls = &self.modules.local_urls;
            let file = match is_folder {
                true => match local_urls.folder(url) {
                    FolderMove::Moved(folder) => folder,
                    FolderMove::Scattered if part == Part::Scope => match local_urls.realm(url) {
                        Some(realm) => realm,
                        None => {
                            parted.set(Some(url.clone()));
                            return None;
                        }
                    },
                    FolderMove::Unused | FolderMove::Scattered => return None,
                },
                false => local_urls.path(url)?.url_path(),
            };
            specifier(&file)
        }));
        if let Some(url) = parted.take() {
            return Err(RewriteError::Scattered(url));
        }
        edits.extend(text.rewrite_integrity(&map.base, |url, metadata| {
            let path = self.path(url)?;
            let declared = IntegrityMetadata::parse(metadata);
            let was_right = |before: &Vec<u8>| declared.verify(before).is_ok();
            let follows = self.modules.changed.get(&path).is_none_or(was_right);
            Some(self.modules.served.get(&path).filter(|_| follows)?.to_string())
        }));
        edits.extend(text.add_integrity(&map.base, &self.entries(map.tag, guards)?));
        if edits.is_empty() {
            return Ok(None);
        }
        let after = text.apply(&edits);
        let splice = |MapEdit { span, json }| Change::Splice { span, text: json };
        let changes = edits.into_iter().map(splice).collect();
        Ok(Some(self.edited(map.tag, map.text, after, changes)))
    }

    /// A prefix whose files do not lie together any more, as an entry for each file.
    ///
    /// # Errors
    /// [`RewriteError::Scattered`] if the prefix is a URL itself, whose files have moved as well.
    fn spelled_out(
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
        let is_taken =
            |key: &str| all.iter().any(|other| other.scope == address.scope && other.key == key);
        let mut entries = Vec::new();
        for (rest, file) in local_urls.within(&address.url) {
            let key = format!("{}{rest}", address.key);
            if !is_taken(&key) {
                entries.push((key, self.specifier(map.tag, &file)?));
            }
        }
        if entries.is_empty() {
            // All of it is said by other entries; this one leads where it led.
            return Ok(None);
        }
        Ok(Some(text.replace(address, &entries)))
    }

    /// The path below the site's root of what is at `url` from now on.
    fn path(&self, url: &Url) -> Option<String> {
        let file = match self.modules.local_urls.path(url) {
            Some(path) => path.url_path(),
            None => match self.modules.local_urls.below(url) {
                Some(file) => file.to_owned(),
                None => return self.address.own_path(url),
            },
        };
        Some(self.below_root(&file))
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
        let said = self.document.start.map.integrity().keys();
        let said: BTreeSet<_> = said.filter_map(|url| self.path(&url.parse().ok()?)).collect();
        let new = guards.iter().filter(|guard| !said.contains(&self.below_root(&guard.file)));
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
        let nonce = self.scan.tags[tag].text("nonce").map(str::to_owned);
        let change = Change::InsertImportMap { nonce: nonce.clone(), text: text.clone() };
        let script = InlineEdit { before: None, after: text, nonce };
        Ok(Some((Edit { tag, changes: vec![change] }, script)))
    }

    fn edited(
        &self,
        tag: usize,
        before: &str,
        after: String,
        changes: Vec<Change>,
    ) -> (Edit, InlineEdit) {
        let nonce = self.scan.tags[tag].text("nonce").map(str::to_owned);
        (Edit { tag, changes }, InlineEdit { before: Some(before.to_owned()), after, nonce })
    }
}

/// Lets the policies in the page's own `<meta>` tags follow its inline scripts.
pub(super) fn follow_policies(scan: &Scan, scripts: &[Edited]) -> Result<Vec<Edit>, RewriteError> {
    let mut edits = Vec::new();
    let metas = scan.tags.iter().enumerate();
    for (index, meta) in metas.filter(|(_, tag)| tag.kind == TagKind::MetaCsp) {
        let governed: Vec<_> = scripts
            .iter()
            .filter(|script| script.tag > index)
            .filter(|script| scan.tags[script.tag].document() == meta.document())
            .collect();
        if governed.is_empty() || meta.place == Place::ConditionalComment {
            continue;
        }
        let changed: Vec<_> = governed.iter().map(|script| script.edit.as_change()).collect();
        let staying = scan.tags.iter().enumerate().filter_map(|(at, tag)| match &tag.kind {
            TagKind::InlineScript { text, .. } => {
                let is_edited = scripts.iter().any(|s| s.tag == at && s.edit.before.is_some());
                (!is_edited).then_some(text.as_str())
            }
            _ => None,
        });
        let policy = meta.address().unwrap_or_default();
        let followed = PolicyList::of_meta(policy).follow(&changed, &staying.collect());
        for outcome in followed.outcomes {
            if let Outcome::Blocked(refusal) = outcome.outcome {
                let (directive, needed) = (refusal.directive.to_string(), refusal.needed);
                return Err(RewriteError::Policy { directive, needed });
            }
        }
        if followed.text != policy {
            let change = Change::Set { attribute: "content".into(), value: followed.text };
            edits.push(Edit { tag: index, changes: vec![change] });
        }
    }
    Ok(edits)
}
