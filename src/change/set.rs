//! The set of changes: everything that a run is going to write, known and verified before the first byte is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    guarding_pages::guarding_pages,
    headers::{self, HeadersEdit},
    locked_rewriter::LockedRewriter,
    page::Changes,
    pages::Rewriter,
    verify_graph::GraphVerifier,
};
use crate::{
    error::RunError,
    findings::{Findings, Notice, Problem},
    graph::document::Start,
    integrity::Integrity,
    layout::{Layout, specifiers::OwnScript},
    lockfile::Entry,
    progress::Progress,
    read::{
        baseline::Baseline,
        page_edit::{KnownPatch, PageEdit, PatchBudget},
        pages::Pages,
    },
    resolve::resolver::Resolution,
    settings::Settings,
    site,
    store::{Admitted, StoreError, VendorFolder},
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
    /// What is new in the cache.
    pub to_cache: Vec<NewFile<'a>>,
    /// What is new in the site's vendor folder.
    pub to_site: Vec<NewFile<'a>>,
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
        pages: &mut Pages,
        changes: Changes<'a>,
        early: &LockedRewriter<'_>,
        progress: &dyn Progress,
    ) -> Result<(Self, Findings), RunError> {
        let layout = known.layout;
        let mut edits = std::mem::take(&mut pages.edits);
        if !edits.is_empty() && !early.holds(pages.urls.keys(), &layout.files.lock, &changes) {
            edits.iter_mut().for_each(|edit| edit.patch = KnownPatch::Unknown);
        }
        let module_pages = std::mem::take(&mut pages.module_pages);
        edits.extend(changing_module_pages(module_pages, layout, &changes));
        sort(&mut edits);
        edits.extend(
            guarding_pages(known.settings, &edits, &changes.modules.changed)?
                .into_iter()
                .map(PageEdit::unknown),
        );
        sort(&mut edits);
        let (to_cache, to_site, problems) = known.new_files()?;
        let mut findings = Findings { problems, ..Findings::default() };
        let set = Self {
            pages: edits,
            changes,
            own: &layout.own,
            headers: None,
            to_cache,
            to_site,
            layout,
        };
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
        let Known { settings, base, resolution, layout } = known;
        let site = site::open(&settings.site)?;
        let verifier = match GraphVerifier::new(&base.site, resolution, layout) {
            Ok(verifier) => verifier,
            Err(problem) => {
                findings.problems.push(*problem);
                return Ok(self);
            }
        };
        let rewriter = Rewriter {
            settings,
            verifier: &verifier,
            changes: &self.changes,
            has_policies: !base.headers.policies.is_empty(),
            budget: PatchBudget::default(),
        };
        let (inline, problems) = rewriter.pages(&site, &mut self.pages, progress);
        findings.problems.extend(problems);
        self.pages.retain(|edit| matches!(edit.patch, KnownPatch::Verified(_)));
        if !inline.is_empty() {
            let (headers, found) = headers::follow(&site, &base.headers, &inline)?;
            self.headers = headers;
            findings.add(found);
        }
        if settings.dest.is_none() {
            site::admit(&site, self.pages.iter().map(|edit| &*edit.path))?;
        }
        Ok(self)
    }
}

fn sort(edits: &mut [PageEdit]) {
    edits.sort_by(|a, b| a.path.cmp(&b.path));
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

/// New files of the cache and of the site's vendor folder, and what stands in their way.
type NewFiles<'a> = (Vec<NewFile<'a>>, Vec<NewFile<'a>>, Vec<Problem>);

impl<'a> Known<'a> {
    /// The vendored files that are not there yet. A file of somebody else that is in the way is a problem.
    fn new_files(self) -> Result<NewFiles<'a>, StoreError> {
        let Layout { files, edited, .. } = self.layout;
        let (cache, site) = (self.base.cache.folder(), vendor_folder(self.settings));
        let (mut to_cache, mut to_site, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for (url, upstream) in &files.bytes {
            let (Some(entry), previous) = (files.lock.get(url), self.base.lock.get(url)) else {
                continue;
            };
            if !seen.insert(&entry.path) {
                continue;
            }
            let file = NewFile { path: &entry.path, bytes: upstream };
            match admit(cache, file, previous.map(Entry::upstream))? {
                Ok(new) => to_cache.extend(new),
                Err(problem) => problems.push(problem),
            }
            let edited = edited.get(url);
            if edited.is_none() && entry.upstream_integrity.is_some() {
                // Edited in an earlier run, for pages that load it already.
                problems.extend(site.read(&entry.path)?.is_none().then(|| lost(&entry.path)));
                continue;
            }
            let file = NewFile { bytes: edited.unwrap_or(upstream), ..file };
            match admit(&site, file, previous.map(|entry| &entry.integrity))? {
                Ok(new) => to_site.extend(new),
                Err(problem) => problems.push(problem),
            }
        }
        Ok((to_cache, to_site, problems))
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
    match folder.admit(file.path, file.bytes, previous) {
        Ok(Admitted::New) => Ok(Ok(Some(file))),
        Ok(Admitted::Same) => Ok(Ok(None)),
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
