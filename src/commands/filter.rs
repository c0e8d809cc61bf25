//! Rewrites pages that come one by one, by the lockfile.
//!
//! With a complete lockfile, what becomes of a page depends on nothing but the page. Pages that ask for the
//! same share the changes that were worked out for the first of them. Whether the vendored files are in the
//! vendor folder is not checked: `vendor` puts them there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::locked_digests::unfulfilled_by_lock;
use crate::{
    change::{
        cdn_literals::StayingLiteral,
        changes::changes,
        page::{Changes, Page, Rewritten, rewrite},
        pages::{placed, unwritable},
    },
    error::RunError,
    findings::{Findings, Problem, Use as Place},
    graph::{
        closure::{Entry, Use},
        document::Start,
        local_urls::LocalUrls,
    },
    integrity::IntegrityMetadata,
    layout::{
        Layout,
        cdn_folders::CdnFolders,
        files::{VendoredFiles, local_urls},
        required_proof::RequiredProof,
        specifiers::{OwnScript, relocate},
    },
    lockfile::Entry as LockEntry,
    policy::Verdict,
    progress::Progress,
    read::{
        baseline::Baseline,
        page_record::page_address,
        pages::{Pages, of_page},
        url_uses::{Declared, UrlUses},
    },
    reference::SubresourceUrl,
    resolve::{
        drive::{Depth, drive},
        resolver::{Files, LockedBytes, Resolution, Resolver, Rules},
        source::Disk,
    },
    settings::{IntegrityMap, Settings},
    site,
};

/// For how many different demands answers are kept.
const KEPT_CHANGES: usize = 1024;

/// What a page asks for, wherever in the page it does. Pages with the same demands change in the same way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Demands {
    urls: Vec<UrlDemand>,
    starts: Vec<Start>,
    map_integrity: Vec<(SubresourceUrl, Vec<IntegrityMetadata>)>,
}

/// What a page asks of one URL, as far as the plan looks at it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UrlDemand {
    url: SubresourceUrl,
    is_skipped: bool,
    is_loaded: bool,
    is_named_by_code: bool,
    declared: Vec<IntegrityMetadata>,
}

impl UrlDemand {
    fn of(url: &SubresourceUrl, uses: &UrlUses) -> Self {
        Self {
            url: url.clone(),
            is_skipped: uses.is_skipped(),
            is_loaded: uses.is_loaded(),
            is_named_by_code: uses.is_named_by_code(),
            declared: values(&uses.declared),
        }
    }
}

impl Demands {
    fn of(page: &Pages) -> Self {
        let by_maps = page.map_integrity.iter();
        Self {
            urls: page.urls.iter().map(|(url, uses)| UrlDemand::of(url, uses)).collect(),
            starts: page.starts.keys().cloned().collect(),
            map_integrity: by_maps.map(|(url, by_map)| (url.clone(), values(by_map))).collect(),
        }
    }
}

fn values(declared: &Declared) -> Vec<IntegrityMetadata> {
    declared.keys().cloned().collect()
}

/// What pages with the same demands share.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    changes: Changes<'a>,
    /// Whether pages may change that name nothing from elsewhere.
    concerns_all: bool,
}

/// A page that has been looked at.
pub(super) enum Looked {
    /// Nothing in it concerns us.
    Unchanged,
    /// It cannot be read with certainty.
    Refused(Vec<Problem>),
    /// It asks for something.
    Asks(Box<Asking>),
}

/// What a page asks for.
pub(super) struct Asking {
    demands: Demands,
    page: Pages,
    names_external: bool,
    starts: Vec<Start>,
}

/// Looks at the page at `path`.
pub(super) fn look(settings: &Settings, path: &Path, bytes: &[u8]) -> Looked {
    let (mut page, findings) = of_page(settings, path, bytes);
    if findings.has_problems() {
        return Looked::Refused(findings.problems);
    }
    let names_external = !page.edits.is_empty();
    if page.urls.is_empty() && page.starts.is_empty() && !names_external {
        return Looked::Unchanged;
    }
    let modules = std::mem::take(&mut page.module_pages).into_iter();
    let starts = modules.flat_map(|(_, starts)| starts).collect();
    Looked::Asks(Box::new(Asking { demands: Demands::of(&page), page, names_external, starts }))
}

impl Answer<'_> {
    /// Rewrites the page at `path`, which asked.
    pub fn rewrite(
        &self,
        settings: &Settings,
        asking: &Asking,
        path: &Path,
        bytes: &[u8],
    ) -> Result<Rewritten, Vec<Problem>> {
        if !self.concerns(asking) {
            return Ok(Rewritten::Unchanged);
        }
        let address = page_address(path, settings);
        rewrite(bytes, site::dialect(path), &address, &self.changes)
            .map_err(|error| vec![unwritable(path, &error)])
    }

    fn concerns(&self, asking: &Asking) -> bool {
        let guards_modules = || self.changes.modules.guard(&asking.starts);
        asking.names_external || self.concerns_all || guards_modules()
    }
}

/// Rewrites pages by the lockfile.
pub(super) struct Filter<'a> {
    pub settings: &'a Settings,
    pub progress: &'a dyn Progress,
    base: Baseline,
    local_urls: LocalUrls,
    /// Of what the vendor cache holds beside scripts.
    folders: CdnFolders,
    answers: BTreeMap<Demands, Arc<Answer<'a>>>,
    has_warned: bool,
}

impl<'a> Filter<'a> {
    /// Reads the lockfile.
    pub fn new(settings: &'a Settings, progress: &'a dyn Progress) -> Result<Self, RunError> {
        let base = Baseline::read(settings)?;
        let local_urls = local_urls(settings, &base, permitted(settings, &base));
        let folders = CdnFolders::of_cache(
            (&base.cache, &base.lock),
            &permitted(settings, &base).collect::<Vec<_>>(),
        )?;
        let answers = BTreeMap::new();
        Ok(Self { settings, progress, base, local_urls, folders, answers, has_warned: false })
    }

    /// Rewrites one page.
    pub fn rewrite(
        &mut self,
        path: &Path,
        bytes: &[u8],
    ) -> Result<Result<Rewritten, Vec<Problem>>, RunError> {
        match look(self.settings, path, bytes) {
            Looked::Unchanged => Ok(Ok(Rewritten::Unchanged)),
            Looked::Refused(problems) => Ok(Err(problems)),
            Looked::Asks(asking) => Ok(match self.answer(&asking)? {
                Ok(answer) => {
                    let rewritten = answer.rewrite(self.settings, &asking, path, bytes);
                    if let Ok(Rewritten::Changed(page)) = &rewritten {
                        warnings(path, page).iter().for_each(|line| self.progress.say(line));
                    }
                    rewritten
                }
                Err(problems) => Err(problems),
            }),
        }
    }

    /// What becomes of a page that asks so, or what stands in the way.
    pub fn answer(
        &mut self,
        asking: &Asking,
    ) -> Result<Result<Arc<Answer<'a>>, Vec<Problem>>, RunError> {
        if let Some(answer) = self.answers.get(&asking.demands) {
            return Ok(Ok(Arc::clone(answer)));
        }
        self.warn_of_own_modules(&asking.page);
        let answer = match self.work_out(&asking.page)? {
            Ok(answer) => Arc::new(answer),
            Err(problems) => return Ok(Err(problems)),
        };
        self.keep(asking, &answer);
        Ok(Ok(answer))
    }

    fn keep(&mut self, asking: &Asking, answer: &Arc<Answer<'a>>) {
        if self.answers.len() >= KEPT_CHANGES {
            self.answers.clear();
        }
        self.answers.insert(asking.demands.clone(), Arc::clone(answer));
    }

    /// The stages from the plan to the changes.
    fn work_out(&self, page: &Pages) -> Result<Result<Answer<'a>, Vec<Problem>>, RunError> {
        let (settings, base) = (self.settings, &self.base);
        let (resolution, files, mut findings) = resolve(settings, base, page)?;
        if !findings.has_problems() {
            let required = RequiredProof { settings, base, pages: page, resolution: &resolution };
            findings.problems = unfulfilled_by_lock(settings, base, &resolution, &files)?;
            findings.problems.extend(required.problems_of_locked());
        }
        if findings.has_problems() {
            return Ok(Err(findings.problems));
        }
        let answer = |layout: Layout| Answer {
            changes: changes(settings, base, &resolution, &layout, self.folders.clone()),
            concerns_all: !layout.own.is_empty(),
        };
        Ok(self.layout(&resolution, files).map(answer))
    }

    /// Where everything lies: vendored files as the lockfile says, and what changes in modules of the site.
    fn layout(&self, resolution: &Resolution, read: Files) -> Result<Layout, Vec<Problem>> {
        let mut files = VendoredFiles::of_lock(&self.base.lock);
        let own = match self.settings.own_site() {
            Some(_) => {
                files.bytes = read.cached;
                self.own_scripts(resolution, &files)?
            }
            None => BTreeMap::new(),
        };
        let local_urls = self.local_urls.clone();
        Ok(Layout { files, local_urls, edited: BTreeMap::new(), own })
    }

    fn own_scripts(
        &self,
        resolution: &Resolution,
        files: &VendoredFiles,
    ) -> Result<BTreeMap<PathBuf, OwnScript>, Vec<Problem>> {
        let relocated = relocate(self.settings, &self.base, resolution, files);
        match relocated.problems.is_empty() {
            true => Ok(relocated.own),
            false => Err(relocated.problems),
        }
    }

    /// Without the site's folder, what its own modules import is not known.
    fn warn_of_own_modules(&mut self, page: &Pages) {
        if self.has_warned || self.settings.own_site().is_some() {
            return;
        }
        let mut entries = page.starts.keys().flat_map(|start| &start.entries);
        self.has_warned = entries.any(|entry| is_module(entry) && self.is_own(&entry.request.url));
        if self.has_warned {
            self.progress.say("warning: pages load modules of the site itself; what these import is not known here and gets no integrity (--site DIR names the site)");
        }
    }

    /// Whether a file is the site's own and not one of the vendor folder.
    fn is_own(&self, url: &SubresourceUrl) -> bool {
        let site = &self.base.site;
        site.url_path(url).is_some_and(|path| site.vendored(&path).is_none())
    }
}

/// Which addresses of CDNs stay in the inline scripts of the page at `path`, in words.
pub(super) fn warnings(path: &Path, page: &Page) -> Vec<String> {
    let warning = |(literal, place): (StayingLiteral, Place)| {
        let (url, cause) = (literal.url, literal.cause.words());
        format!("warning: `{url}` stays in the script at {}:{}: {cause}", place.page, place.line)
    };
    placed(path, &page.staying).into_iter().map(warning).collect()
}

/// Decides about what one page asks for, by the lockfile.
fn resolve(
    settings: &Settings,
    base: &Baseline,
    page: &Pages,
) -> Result<(Resolution, Files, Findings), RunError> {
    let starts: Vec<_> =
        page.starts.keys().filter(|start| shows_in_page(settings, start)).collect();
    let locked_bytes = if starts.is_empty() { LockedBytes::None } else { LockedBytes::OfLoaded };
    let rules = Rules {
        policy: &settings.policy,
        mode: settings.mode,
        locked_bytes,
        companion_limit: settings.companion_limit,
    };
    let mut resolver = Resolver::new(base, page, rules);
    for start in starts {
        resolver.begin(start.clone());
    }
    drive(&mut resolver, &Disk::new(settings, base), Depth::Plan)?;
    Ok(resolver.finish())
}

/// Whether what follows from `start` may show in its page: modules that an import map guards, and
/// the site's own that change. Without a module to begin with, a page waits for none.
fn shows_in_page(settings: &Settings, start: &Start) -> bool {
    let guarded = settings.integrity.as_ref().map_or(IntegrityMap::Off, |_| settings.integrity_map);
    match guarded {
        IntegrityMap::All => true,
        IntegrityMap::Entry | IntegrityMap::Static => start.entries.iter().any(is_module),
        IntegrityMap::Off => settings.own_site().is_some() && start.entries.iter().any(is_module),
    }
}

fn is_module(entry: &Entry) -> bool {
    matches!(entry.request.r#use, Use::Module(_))
}

/// The lockfile's entries that the policy lets in.
fn permitted<'b>(
    settings: &'b Settings,
    base: &'b Baseline,
) -> impl Iterator<Item = (&'b SubresourceUrl, &'b LockEntry)> {
    let is_permitted = |url| matches!(settings.policy.verdict(url), Verdict::Vendor { .. });
    base.lock.iter().filter(move |(url, _)| is_permitted(url))
}
