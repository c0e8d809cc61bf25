//! The set of changes: everything that a run is going to write, known and verified before the first byte is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    cdn_literals::{StayingLiteral, in_modules},
    guarding_pages::guarding_pages,
    headers::{self, HeadersEdit},
    locked_rewriter::LockedRewriter,
    page::Changes,
    pages::{InlineEdits, InlineScripts, Rewriter},
    verify_graph::GraphVerifier,
};
use crate::{
    error::RunError,
    findings::{Findings, Notice, Problem, Use},
    folder::Tree,
    graph::document::Start,
    integrity::Integrity,
    layout::{Layout, specifiers::OwnScript},
    lockfile::Entry,
    progress::Progress,
    read::{
        baseline::Baseline,
        page_edit::{KnownPatch, PageEdit, PatchBudget},
        pages::{EditablePages, Pages},
    },
    reference::SubresourceUrl,
    resolve::{companions::CompanionFolder, resolver::Resolution},
    settings::Settings,
    site::{self, SiteError},
    store::{Admitted, StoreError, VendorFolder},
    third_party_notices::{FILE, ThirdPartyNotices, document::is_ours},
    vendor_path::VendorPath,
};

/// Everything that a run is going to write.
#[derive(Debug)]
pub struct ChangeSet<'a> {
    /// The pages whose bytes change, in their order.
    pub pages: Vec<PageEdit>,
    /// What those pages are rewritten by, for patches that were not kept.
    pub changes: Changes<'a>,
    /// The site's own scripts that change, by their path below its root.
    pub own: &'a BTreeMap<PathBuf, OwnScript>,
    /// The `_headers` file, if it changes.
    pub headers: Option<HeadersEdit>,
    /// The addresses of CDNs that stay in code, with their places.
    pub staying: Vec<(StayingLiteral, Use)>,
    /// What is new in the cache.
    pub to_cache: Vec<NewFile<'a>>,
    /// What is new in the site's vendor folder.
    pub to_site: Vec<NewFile<'a>>,
    /// The file with the licences of what is redistributed.
    pub notices: NoticesFile<'a>,
    /// The lockfile as it will be.
    pub layout: &'a Layout,
}

/// A vendored file that is not there yet.
#[derive(Clone, Copy, Debug)]
pub struct NewFile<'a> {
    /// Its path below the folder.
    pub path: &'a VendorPath,
    /// Its content.
    pub bytes: &'a [u8],
}

/// What becomes of the file with the licences of what is redistributed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoticesFile<'a> {
    /// There is nothing to write.
    #[default]
    None,
    /// It is there already.
    Same,
    /// It is written.
    New(&'a str),
}

/// What a set of changes is made from.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What is meant.
    pub settings: &'a Settings,
    /// The site before the run.
    pub base: &'a Baseline,
    /// What was decided.
    pub resolution: &'a Resolution,
    /// Where everything lies.
    pub layout: &'a Layout,
    /// The licences of what is redistributed.
    pub notices: &'a ThirdPartyNotices,
}

impl<'a> ChangeSet<'a> {
    /// Whether a file of the site that is no page changes.
    pub fn changes_file(&self, path: &Path) -> bool {
        let is_headers = || path == Path::new(site::HEADERS);
        self.own.contains_key(path) || self.headers.is_some() && is_headers()
    }

    /// Works out every change and makes sure that all of them can be made. What cannot is a problem.
    ///
    /// # Errors
    /// [`RunError`] if files cannot be read.
    pub fn prepare(
        known: Known<'a>,
        (editable, pages): (EditablePages, &Pages),
        changes: Changes<'a>,
        early: &LockedRewriter<'_>,
        progress: &dyn Progress,
    ) -> Result<(Self, Findings), RunError> {
        let layout = known.layout;
        let pages = known.page_edits(editable, pages, &changes, early)?;
        let NewFiles { to_cache, to_site, notices, problems } = known.new_files()?;
        let mut findings = Findings { problems, ..Findings::default() };
        let own = &layout.own;
        let (headers, staying) = (None, Vec::new());
        let set =
            Self { pages, changes, own, headers, staying, to_cache, to_site, notices, layout };
        let set = set.rewrite_pages(known, &mut findings, progress)?;
        Ok((set, findings))
    }

    /// Rewrites every page without writing it.
    fn rewrite_pages(
        mut self,
        known: Known<'_>,
        findings: &mut Findings,
        progress: &dyn Progress,
    ) -> Result<Self, RunError> {
        let site = site::open(&known.settings.site)?;
        match known.rewritten(&site, &mut self.pages, &self.changes, progress) {
            Ok((inline, problems)) => {
                findings.problems.extend(problems);
                self.pages.retain(|edit| matches!(edit.patch, KnownPatch::Verified(_)));
                self.headers = known.followed(&site, &inline.edits, findings)?;
                self.staying = inline.staying;
                let (site, folders) = (&known.base.site, &self.changes.folders);
                self.staying.extend(in_modules(site, known.resolution, folders));
            }
            Err(problem) => {
                findings.problems.push(*problem);
                return Ok(self);
            }
        }
        if known.settings.dest.is_none() {
            site::admit(&site, self.pages.iter().map(|edit| &*edit.path))?;
        }
        Ok(self)
    }
}

impl Known<'_> {
    /// The pages that may change, in their order.
    fn page_edits(
        self,
        EditablePages { mut edits, module_pages }: EditablePages,
        pages: &Pages,
        changes: &Changes<'_>,
        early: &LockedRewriter<'_>,
    ) -> Result<Vec<PageEdit>, RunError> {
        let lock = &self.layout.files.lock;
        if !edits.is_empty() && !early.holds(pages.urls.keys(), lock, changes) {
            edits.iter_mut().for_each(|edit| edit.patch = KnownPatch::Unknown);
        }
        edits.extend(changing_module_pages(module_pages, self.layout, changes));
        let guarding = guarding_pages(self.settings, &edits, &changes.modules.changed)?;
        edits.extend(guarding.into_iter().map(PageEdit::unknown));
        edits.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(edits)
    }

    /// Rewrites pages. Gives what becomes of their inline scripts, and what stands in the way.
    fn rewritten(
        self,
        site: &Tree,
        pages: &mut [PageEdit],
        changes: &Changes<'_>,
        progress: &dyn Progress,
    ) -> Result<(InlineScripts, Vec<Problem>), Box<Problem>> {
        let Known { settings, base, resolution, layout, .. } = self;
        let verifier = &GraphVerifier::new(&base.site, resolution, layout)?;
        let (has_policies, budget) = (!base.headers.policies.is_empty(), PatchBudget::default());
        let rewriter = Rewriter { settings, verifier, changes, has_policies, budget };
        Ok(rewriter.pages(site, pages, progress))
    }

    /// The `_headers` file, if it has to follow inline scripts.
    fn followed(
        self,
        site: &Tree,
        inline: &InlineEdits,
        findings: &mut Findings,
    ) -> Result<Option<HeadersEdit>, SiteError> {
        if inline.is_empty() {
            return Ok(None);
        }
        let (headers, found) = headers::follow(site, &self.base.headers, inline)?;
        findings.add(found);
        Ok(headers)
    }
}

/// Pages that name nothing from elsewhere and change because what they load does.
fn changing_module_pages(
    pages: Vec<(PathBuf, Vec<Start>)>,
    layout: &Layout,
    changes: &Changes<'_>,
) -> impl Iterator<Item = PageEdit> {
    let any_may_change = !layout.own.is_empty();
    let changing = pages
        .into_iter()
        .filter(move |(_, starts)| any_may_change || changes.modules.guard(starts));
    changing.map(|(path, _)| PageEdit::unknown(path))
}

/// The vendored files that are not there yet, and what stands in their way.
#[derive(Default)]
struct NewFiles<'a> {
    to_cache: Vec<NewFile<'a>>,
    to_site: Vec<NewFile<'a>>,
    notices: NoticesFile<'a>,
    problems: Vec<Problem>,
}

impl<'a> NewFiles<'a> {
    fn add_to_cache(&mut self, admitted: Result<Option<NewFile<'a>>, Problem>) {
        match admitted {
            Ok(file) => self.to_cache.extend(file),
            Err(problem) => self.refuse(problem),
        }
    }

    fn add_to_site(&mut self, admitted: Result<Option<NewFile<'a>>, Problem>) {
        match admitted {
            Ok(file) => self.to_site.extend(file),
            Err(problem) => self.refuse(problem),
        }
    }

    /// Adds what stands in the way. A link in place of the folder stands in the way of every file.
    fn refuse(&mut self, problem: Problem) {
        let message = &problem.notice.message;
        if !self.problems.iter().any(|known| known.notice.message == *message) {
            self.problems.push(problem);
        }
    }
}

impl<'a> Known<'a> {
    /// The vendored files that are not there yet. A file that is in the way and not ours is a problem.
    fn new_files(self) -> Result<NewFiles<'a>, StoreError> {
        let files = &self.layout.files;
        let site = vendor_folder(self.settings);
        let mut new = NewFiles::default();
        let mut seen = BTreeSet::new();
        for (url, upstream) in &files.bytes {
            if let Some(entry) = files.lock.get(url).filter(|entry| seen.insert(&entry.path)) {
                let file = NewFile { path: &entry.path, bytes: upstream };
                self.add_to_cache(&mut new, url, file)?;
                self.add_to_site(&mut new, &site, (url, entry), file)?;
            }
        }
        for folder in &files.companions.folders {
            self.add_companions(&mut new, &site, folder)?;
        }
        self.add_notices(&mut new, &site)?;
        Ok(new)
    }

    /// The companions of one folder, and the list of its package's files.
    fn add_companions(
        self,
        new: &mut NewFiles<'a>,
        site: &VendorFolder,
        folder: &'a CompanionFolder,
    ) -> Result<(), StoreError> {
        let cache = self.base.cache.folder();
        let list = folder.list.iter().map(|(path, text)| NewFile { path, bytes: text.as_bytes() });
        let upstream =
            folder.files.values().map(|it| NewFile { path: &it.path, bytes: &it.upstream });
        for file in list.chain(upstream) {
            new.add_to_cache(admit(cache, file, None)?);
        }
        for file in folder.files.values() {
            let file = NewFile { path: &file.path, bytes: file.served() };
            new.add_to_site(admit(site, file, None)?);
        }
        Ok(())
    }

    fn add_to_cache(
        self,
        new: &mut NewFiles<'a>,
        url: &SubresourceUrl,
        file: NewFile<'a>,
    ) -> Result<(), StoreError> {
        let previous = self.base.lock.get(url).map(Entry::upstream);
        new.add_to_cache(admit(self.base.cache.folder(), file, previous)?);
        Ok(())
    }

    fn add_to_site(
        self,
        new: &mut NewFiles<'a>,
        site: &VendorFolder,
        (url, entry): (&SubresourceUrl, &Entry),
        file: NewFile<'a>,
    ) -> Result<(), StoreError> {
        let edited = self.layout.edited.get(url);
        if edited.is_none() && entry.upstream_integrity.is_some() {
            // Edited in an earlier run, for pages that load it already.
            new.problems.extend(site.read(file.path)?.is_none().then(|| lost(file.path)));
            return Ok(());
        }
        let file = NewFile { bytes: edited.map_or(file.bytes, Vec::as_slice), ..file };
        let previous = self.base.lock.get(url).map(|entry| &entry.integrity);
        new.add_to_site(admit(site, file, previous)?);
        Ok(())
    }
}

impl<'a> Known<'a> {
    /// Adds the file with the licences, and the licence texts that are to be kept.
    fn add_notices(self, new: &mut NewFiles<'a>, site: &VendorFolder) -> Result<(), StoreError> {
        for (package, (path, text)) in &self.notices.to_cache {
            let file = NewFile { path, bytes: text.as_bytes() };
            let previous = self.base.lock.licence(package).and_then(|known| known.text.as_ref());
            let previous = previous.map(|text| &text.integrity);
            new.add_to_cache(admit(self.base.cache.folder(), file, previous)?);
        }
        match self.notices_file(site)? {
            Ok(file) => new.notices = file,
            Err(problem) => new.refuse(problem),
        }
        Ok(())
    }

    /// What becomes of the file with the licences in the vendor folder `site`.
    fn notices_file(
        self,
        site: &VendorFolder,
    ) -> Result<Result<NoticesFile<'a>, Problem>, StoreError> {
        let Some(text) = &self.notices.text else { return Ok(Ok(NoticesFile::None)) };
        // With --dest, a file of that name in the site would not come along.
        let source = VendorFolder::new(&self.settings.site, &self.settings.out);
        let admitted = source.verify_root_file(FILE, is_ours);
        let admitted = admitted.and_then(|()| site.admit_root_file(FILE, text.as_bytes(), is_ours));
        let admitted = or_in_the_way(admitted)?.map(|admitted| match admitted {
            Admitted::New => NoticesFile::New(text),
            Admitted::Same => NoticesFile::Same,
        });
        Ok(admitted.map_err(|Problem { fault, notice }| {
            let hint = "give your file another name, or do without ours: --no-notices";
            Problem { fault, notice: notice.hint(hint.to_owned()) }
        }))
    }
}

/// The folder that vendored files are served from.
pub fn vendor_folder(settings: &Settings) -> VendorFolder {
    let base = settings.dest.as_ref().unwrap_or(&settings.site);
    VendorFolder::new(base, &settings.out)
}

/// The file, if it is new and may be written. A file or link that stands in the way is a problem of the site.
fn admit<'a>(
    folder: &VendorFolder,
    file: NewFile<'a>,
    previous: Option<&Integrity>,
) -> Result<Result<Option<NewFile<'a>>, Problem>, StoreError> {
    let admitted = or_in_the_way(folder.admit(file.path, file.bytes, previous))?;
    Ok(admitted.map(|admitted| match admitted {
        Admitted::New => Some(file),
        Admitted::Same => None,
    }))
}

fn or_in_the_way(
    admitted: Result<Admitted, StoreError>,
) -> Result<Result<Admitted, Problem>, StoreError> {
    match admitted {
        Ok(admitted) => Ok(Ok(admitted)),
        Err(error @ (StoreError::Foreign(_) | StoreError::Link(_))) => {
            Ok(Err(Notice::new("in-the-way", error.to_string()).hint(error.remedy()).of_site()))
        }
        Err(error) => Err(error),
    }
}

fn lost(path: &VendorPath) -> Problem {
    Notice::new("missing-file", format!("the vendored file `{path}` is missing"))
        .hint(
            "its specifiers depend on the pages as they were: build the site again, then run again"
                .to_owned(),
        )
        .of_site()
}
