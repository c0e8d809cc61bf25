//! Rewrites pages that come one by one, by the lockfile.
//!
//! With a complete lockfile, what becomes of a page depends on nothing but the page. Pages that ask for the
//! same share the changes that were worked out for the first of them. Whether the vendored files are where
//! pages look for them is not looked at: `vendor` puts them there.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::locked_digests::hold_to_lock;
use crate::{
    change::{
        changes::changes,
        page::{Changes, Rewritten, rewrite},
        pages::unwritable,
    },
    error::RunError,
    findings::{Findings, Problem},
    graph::{
        closure::{Entry, Use},
        document::Start,
        local_urls::LocalUrls,
    },
    integrity::IntegrityMetadata,
    layout::{Layout, files::VendoredFiles, specifiers::relocate},
    lockfile::Lockfile,
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

/// For how many different demands changes are kept.
const KEPT_CHANGES: usize = 1024;

/// What a page asks for, wherever in it. Pages that demand the same change in the same way.
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

impl Demands {
    fn of(page: &Pages) -> Self {
        let url = |(url, uses): (&SubresourceUrl, &UrlUses)| UrlDemand {
            url: url.clone(),
            is_skipped: uses.is_skipped(),
            is_loaded: uses.is_loaded(),
            is_named_by_code: uses.is_named_by_code(),
            declared: uses.declared.keys().cloned().collect(),
        };
        let declared = |(url, declared): (&SubresourceUrl, &Declared)| {
            (url.clone(), declared.keys().cloned().collect())
        };
        Self {
            urls: page.urls.iter().map(url).collect(),
            starts: page.starts.keys().cloned().collect(),
            map_integrity: page.map_integrity.iter().map(declared).collect(),
        }
    }
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
    has_work: bool,
    starts: Vec<Start>,
}

/// Looks at the page at `path`.
pub(super) fn look(settings: &Settings, path: &Path, bytes: &[u8]) -> Looked {
    let (mut page, findings) = of_page(settings, path, bytes);
    if findings.has_problems() {
        return Looked::Refused(findings.problems);
    }
    let has_work = !page.edits.is_empty();
    if page.urls.is_empty() && page.starts.is_empty() && !has_work {
        return Looked::Unchanged;
    }
    let modules = std::mem::take(&mut page.module_pages).into_iter();
    let starts = modules.flat_map(|(_, starts)| starts).collect();
    Looked::Asks(Box::new(Asking { demands: Demands::of(&page), page, has_work, starts }))
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
        let is_concerned =
            asking.has_work || self.concerns_all || self.changes.modules.guard(&asking.starts);
        if !is_concerned {
            return Ok(Rewritten::Unchanged);
        }
        let address = page_address(path, settings);
        rewrite(bytes, site::dialect(path), &address, &self.changes)
            .map_err(|error| vec![unwritable(path, &error)])
    }
}

/// Rewrites pages by the lockfile.
pub(super) struct Filter<'a> {
    pub settings: &'a Settings,
    progress: &'a dyn Progress,
    base: Baseline,
    local_urls: LocalUrls,
    answers: BTreeMap<Demands, Arc<Answer<'a>>>,
    has_warned: bool,
}

impl<'a> Filter<'a> {
    /// Reads the lockfile.
    pub fn new(settings: &'a Settings, progress: &'a dyn Progress) -> Result<Self, RunError> {
        let base = Baseline::read(settings)?;
        let local_urls = local_urls(settings, &base);
        let answers = BTreeMap::new();
        Ok(Self { settings, progress, base, local_urls, answers, has_warned: false })
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
                Ok(answer) => answer.rewrite(self.settings, &asking, path, bytes),
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
        if self.answers.len() >= KEPT_CHANGES {
            self.answers.clear();
        }
        self.answers.insert(asking.demands.clone(), Arc::clone(&answer));
        Ok(Ok(answer))
    }

    /// The stages from the plan to the changes.
    fn work_out(&self, page: &Pages) -> Result<Result<Answer<'a>, Vec<Problem>>, RunError> {
        let (settings, base) = (self.settings, &self.base);
        let (resolution, files, mut findings) = resolve(settings, base, page)?;
        if !findings.has_problems() {
            findings.problems = hold_to_lock(settings, base, &resolution, &files)?;
        }
        if findings.has_problems() {
            return Ok(Err(findings.problems));
        }
        let mut layout = Layout {
            files: VendoredFiles::of_lock(&base.lock),
            local_urls: self.local_urls.clone(),
            edited: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        if settings.own_site().is_some() {
            // The bytes are needed to find out what changes in modules of the site.
            layout.files.bytes = files.cached;
            let relocated = relocate(settings, base, &resolution, &layout.files);
            if !relocated.problems.is_empty() {
                return Ok(Err(relocated.problems));
            }
            layout.own = relocated.own;
        }
        let changes = changes(settings, base, &resolution, &layout);
        Ok(Ok(Answer { changes, concerns_all: !layout.own.is_empty() }))
    }

    /// Without the site, nobody knows what its own modules import.
    fn warn_of_own_modules(&mut self, page: &Pages) {
        let site = &self.base.site;
        let is_unknown = |url: &SubresourceUrl| {
            site.url_path(url).is_some_and(|path| site.vendored(&path).is_none())
        };
        let mut entries = page.starts.keys().flat_map(|start| &start.entries);
        if self.settings.own_site().is_none()
            && !self.has_warned
            && entries.any(|entry| is_module(entry) && is_unknown(&entry.request.url))
        {
            self.has_warned = true;
            self.progress.say("warning: pages load modules of the site itself; what these import is not known here and gets no integrity (--site DIR names the site)");
        }
    }
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
    let rules = Rules { policy: &settings.policy, mode: settings.mode, locked_bytes };
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

/// Where everything lies that the lockfile holds and the policy lets in.
fn local_urls(settings: &Settings, base: &Baseline) -> LocalUrls {
    let lock: &Lockfile = &base.lock;
    let mut paths = BTreeMap::new();
    for (url, entry) in lock.iter() {
        if !matches!(settings.policy.verdict(url), Verdict::Vendor { .. }) {
            continue;
        }
        if let Some(final_url) = &entry.final_url {
            paths.entry(final_url.clone()).or_insert_with(|| entry.path.clone());
        }
        paths.insert(url.clone(), entry.path.clone());
    }
    LocalUrls::new(base.site.root(), &settings.out, paths)
}
