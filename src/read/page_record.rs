//! What one page asks for: its scripts, modules, policies and remarks, as values.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use super::{
    notices::{
        foreign_base, ignored_entry, ignored_map, leads_nowhere, not_read, remarked, unfilled,
    },
    page_edit::KnownPatch,
    url_uses::LocalUse,
};
use crate::{
    findings::{Findings, Notice, Use},
    graph::document::{self, Document, MapElement, Start},
    html::{self, Patch, Positions, Scan, ScanError, Tag, TagKind},
    integrity::IntegrityMetadata,
    page::{self, LocalScript, PageReferences, Reference, Role},
    reference::{ForeignBase, PageAddress, SubresourceUrl},
    settings::{Ambiguous, Settings},
    site::{self, dialect},
};

/// Rewrites pages as soon as they are read, where what changes in them is known by then.
pub trait PageVisitor: Sync {
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

/// The address of the page at `path`.
pub fn page_address(path: &Path, settings: &Settings) -> PageAddress {
    PageAddress::new(&site::page_name(path), settings.site_url.as_ref()).among(&settings.folders)
}

/// What one page contributes.
#[derive(Debug, Default)]
pub(super) struct PageRecord {
    pub(super) path: PathBuf,
    /// Whether a tag or a piece of code names another origin.
    pub(super) names_external: bool,
    pub(super) patch: KnownPatch,
    pub(super) external: Vec<(SubresourceUrl, Naming, Option<IntegrityMetadata>, Use)>,
    pub(super) starts: Vec<(Start, Use)>,
    pub(super) folders: Vec<(Url, Use)>,
    pub(super) map_integrity: Vec<(SubresourceUrl, IntegrityMetadata, Use)>,
    pub(super) legacy: Vec<(SubresourceUrl, Use, &'static str)>,
    pub(super) vendored: Vec<(LocalUse, Use)>,
    pub(super) policies: Vec<(String, Use)>,
    pub(super) findings: Findings,
}

/// How a tag or a piece of code names a URL.
#[derive(Clone, Copy, Debug)]
pub(super) enum Naming {
    Classic,
    Module,
    Inline,
    Preload,
    Skipped,
}

impl PageRecord {
    pub(super) fn name(&self) -> Arc<str> {
        site::page_name(&self.path).into()
    }

    pub(super) fn says_something(&self) -> bool {
        self.names_external
            || !self.starts.is_empty()
            || !(self.vendored.is_empty()
                && self.policies.is_empty()
                && self.findings.warnings.is_empty()
                && !self.findings.has_problems())
    }

    /// Notes what a page asks for. Gives what changes in it, if `visitor` knows that already.
    pub(super) fn scan(
        &mut self,
        settings: &Settings,
        bytes: &[u8],
        visitor: Option<&dyn PageVisitor>,
    ) -> Option<Patch> {
        match html::scan_relevant(bytes, dialect(&self.path), Some(&settings.out)) {
            Ok(None) => None,
            Ok(Some(scan)) => {
                let address = &page_address(&self.path, settings);
                let references = page::references(address, &scan);
                let page = ReadPage { bytes, address, scan: &scan, references: &references };
                self.note(settings, &page);
                visitor
                    .filter(|_| self.names_external && !self.findings.has_problems())?
                    .rewrite(&page)
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
        self.note_vendored(settings, &references.local, &place);
        for tag in &references.placeholders {
            let address = scan.tags[*tag].address().unwrap_or_default();
            self.findings.warnings.push(unfilled(address, place(*tag)));
        }
        for reference in &references.external {
            self.note_external(settings, page, reference, place(reference.tag));
        }
        // Classic scripts of the site itself start no graph.
        if !references.external.is_empty() || !scan.tags.iter().all(Tag::is_classic) {
            self.note_modules(address, scan, &place);
        }
        self.note_policies(scan, &place);
        self.names_external |= !self.external.is_empty();
        for remark in &scan.remarks {
            let place = page::place_of_remark(name, positions, remark);
            self.findings.warnings.extend(remarked(address, remark, place));
        }
    }

    /// Notes the scripts of the vendor folder that the page loads.
    fn note_vendored(
        &mut self,
        settings: &Settings,
        scripts: &[LocalScript],
        place: &impl Fn(usize) -> Use,
    ) {
        let is_vendored = |script: &&LocalScript| {
            let rest = script.path.strip_prefix(&settings.out);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        for script in scripts.iter().filter(is_vendored) {
            self.vendored.push((local_use(script), place(script.tag)));
        }
    }

    fn note_external(
        &mut self,
        settings: &Settings,
        page: &ReadPage<'_>,
        reference: &Reference,
        place: Use,
    ) {
        let Some(naming) = naming(reference) else {
            self.names_external = true;
            return;
        };
        let url = &reference.url;
        if matches!(naming, Naming::Classic | Naming::Module)
            && let Some(error) = no_local_address(settings, page.address, reference)
        {
            self.findings.problems.push(foreign_base(&error, url, place.clone()));
        }
        if matches!(naming, Naming::Classic) && takes_legacy_encoding(page.scan, reference) {
            self.legacy.push((url.clone(), place.clone(), page.scan.encoding));
        }
        self.external.push((url.clone(), naming, reference.declared.clone(), place));
    }

    fn note_policies(&mut self, scan: &Scan, place: &impl Fn(usize) -> Use) {
        for (index, tag) in scan.tags.iter().enumerate() {
            if tag.kind == TagKind::MetaCsp {
                self.policies.push((tag.address().unwrap_or_default().to_owned(), place(index)));
            }
        }
    }

    fn note_modules(&mut self, address: &PageAddress, scan: &Scan, place: &impl Fn(usize) -> Use) {
        for document in document::documents(address, scan) {
            self.note_named(address, &document, place);
            for map in &document.maps {
                self.note_map(&document, map, place);
            }
            let warnings = &mut self.findings.warnings;
            let unparsed = document.unparsed.iter();
            warnings.extend(unparsed.map(|(tag, why)| not_read(why, place(*tag))));
            let broken = document.broken.iter();
            warnings.extend(broken.map(|(tag, broken)| leads_nowhere(&broken.why, place(*tag))));
            let folders = document.folders.into_iter().filter(|(_, url)| !address.is_own(url));
            self.folders.extend(folders.map(|(tag, url)| (url, place(tag))));
            if let Some(tag) = document.first_tag
                && !document.start.entries.is_empty()
            {
                self.starts.push((document.start, place(tag)));
            }
        }
    }

    /// Notes the URLs that inline scripts and import maps of a document name.
    fn note_named(
        &mut self,
        address: &PageAddress,
        document: &Document<'_>,
        place: &impl Fn(usize) -> Use,
    ) {
        let inline = document.named.iter().map(|named| (named, Naming::Inline));
        let skipped = document.left.iter().map(|left| (left, Naming::Skipped));
        for ((tag, url), naming) in inline.chain(skipped) {
            if !address.is_own(url.as_url()) {
                self.external.push((url.clone(), naming, None, place(*tag)));
            }
        }
    }

    /// Notes the integrity metadata of an import map, and what browsers ignore of the map.
    fn note_map(
        &mut self,
        document: &Document<'_>,
        map: &MapElement<'_>,
        place: &impl Fn(usize) -> Use,
    ) {
        for (url, declared) in document.start.map.integrity() {
            let declared = IntegrityMetadata::parse(declared);
            if let Ok(url) = url.parse()
                && declared.guards()
            {
                self.map_integrity.push((url, declared, place(map.tag)));
            }
        }
        let warnings = &mut self.findings.warnings;
        warnings.extend(map.error.as_ref().map(|error| ignored_map(error, place(map.tag))));
        let odd = map.warnings.iter().filter(|_| !map.is_skipped);
        warnings.extend(odd.filter_map(|odd| ignored_entry(odd, place(map.tag))));
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
                self.findings.warnings.push(notice.detail("outcome", "the page was left as it is"))
            }
            Ambiguous::Fail => self.findings.problems.push(notice.of_site()),
        }
    }
}

fn local_use(script: &LocalScript) -> LocalUse {
    LocalUse {
        path: script.path.clone(),
        declared: script.declared.clone(),
        takes_integrity: script.takes_integrity,
    }
}

/// How a tag names an external URL; `None` if it is only a hint for a host.
fn naming(reference: &Reference) -> Option<Naming> {
    Some(match (reference.skipped, reference.role) {
        (_, Role::Hint) => return None,
        (true, _) => Naming::Skipped,
        (false, Role::Classic) => Naming::Classic,
        (false, Role::Module) => Naming::Module,
        (false, Role::Preload) => Naming::Preload,
    })
}

/// Why the page could not name a local copy, if its `<base>` leads elsewhere.
fn no_local_address(
    settings: &Settings,
    address: &PageAddress,
    reference: &Reference,
) -> Option<ForeignBase> {
    let base = reference.base.as_ref().filter(|_| settings.public_path.is_none())?;
    address.local("", Some(base)).err()
}

/// Whether the page's own encoding, which is not UTF-8, counts for a classic script.
fn takes_legacy_encoding(scan: &Scan, reference: &Reference) -> bool {
    scan.encoding != "UTF-8" && scan.tags[reference.tag].text("charset").is_none()
}
