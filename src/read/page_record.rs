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
    graph::document::{self, Start},
    html::{self, Patch, Positions, Scan, ScanError, Tag, TagKind},
    integrity::IntegrityMetadata,
    page::{self, LocalScript, PageReferences, Role},
    reference::{PageAddress, SubresourceUrl},
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
    pub(super) has_work: bool,
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
        self.has_work
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
                visitor.filter(|_| self.has_work && !self.findings.has_problems())?.rewrite(&page)
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
            let local = LocalUse {
                path: script.path.clone(),
                declared: script.declared.clone(),
                takes_integrity: script.takes_integrity,
            };
            self.vendored.push((local, place(script.tag)));
        }
        for tag in &references.placeholders {
            let address = scan.tags[*tag].address().unwrap_or_default();
            self.findings.warnings.push(unfilled(address, place(*tag)));
        }
        for reference in &references.external {
            let naming = match (reference.skipped, reference.role) {
                (_, Role::Hint) => {
                    self.has_work = true;
                    continue;
                }
                (true, _) => Naming::Skipped,
                (false, Role::Classic) => Naming::Classic,
                (false, Role::Module) => Naming::Module,
                (false, Role::Preload) => Naming::Preload,
            };
            let place = place(reference.tag);
            if let Naming::Classic | Naming::Module = naming
                && settings.public_path.is_none()
                && let Some(base) = &reference.base
                && let Err(error) = address.local("", Some(base))
            {
                self.findings.problems.push(foreign_base(&error, &reference.url, place.clone()));
            }
            let names_its_encoding = scan.tags[reference.tag].text("charset").is_some();
            if matches!(naming, Naming::Classic) && scan.encoding != "UTF-8" && !names_its_encoding
            {
                self.legacy.push((reference.url.clone(), place.clone(), scan.encoding));
            }
            let declared = reference.declared.clone();
            self.external.push((reference.url.clone(), naming, declared, place));
        }
        // Classic scripts of the site itself start no graph.
        if !references.external.is_empty() || !scan.tags.iter().all(Tag::is_classic) {
            self.note_modules(address, scan, &place);
        }
        for (index, tag) in scan.tags.iter().enumerate() {
            if tag.kind == TagKind::MetaCsp {
                self.policies.push((tag.address().unwrap_or_default().to_owned(), place(index)));
            }
        }
        self.has_work |= !self.external.is_empty();
        for remark in &scan.remarks {
            let place = page::place_of_remark(name, positions, remark);
            self.findings.warnings.extend(remarked(address, remark, place));
        }
    }

    fn note_modules(&mut self, address: &PageAddress, scan: &Scan, place: &impl Fn(usize) -> Use) {
        for document in document::documents(address, scan) {
            for (tag, url) in document.named {
                if !address.is_own(url.as_url()) {
                    self.external.push((url, Naming::Inline, None, place(tag)));
                }
            }
            for (tag, url) in document.left {
                if !address.is_own(url.as_url()) {
                    self.external.push((url, Naming::Skipped, None, place(tag)));
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
                self.findings.warnings.extend(notice);
                let odd = map.warnings.iter().filter(|_| !map.is_skipped);
                self.findings
                    .warnings
                    .extend(odd.filter_map(|odd| ignored_entry(odd, place(map.tag))));
            }
            let unparsed = document.unparsed.iter();
            self.findings.warnings.extend(unparsed.map(|(tag, why)| not_read(why, place(*tag))));
            let broken = document.broken.iter();
            self.findings
                .warnings
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
                self.findings.warnings.push(notice.detail("outcome", "the page was left as it is"))
            }
            Ambiguous::Fail => self.findings.problems.push(notice.of_site()),
        }
    }
}
