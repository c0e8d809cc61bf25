//! The commit point: everything that will be written is known, proved and admitted before the
//! first byte is. Then, in this order: vendored files, lockfile, pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    RunError,
    ahead::{self, Guess, style},
    guard,
    proof::Proof,
    prove::{Prover, rewritten},
    relocate::{OwnScript, relocate},
    settle::{Downloads, becomes_local},
    survey::Survey,
};
use crate::{
    csp::{HeaderPolicy, Outcome, PageScripts, Refusal},
    findings::{Notice, Problem},
    folder::{Cursor, Tree},
    graph::document::Start,
    html::Patch,
    integrity::Integrity,
    inventory::{Change, Room, Work},
    lockfile::Entry,
    plan::Action,
    progress::{Progress, Stage},
    reference::SubresourceUrl,
    rewrite::{Changes, InlineEdit, Modules, Resolution, Rewritten},
    settings::Settings,
    site::{self, HEADERS, Page, PageReader, PageRule, SiteError},
    store::{Admitted, StoreError, VendorFolder},
    vendor_path::VendorPath,
};

/// What will be written.
pub(super) struct Commit<'a> {
    /// The pages whose bytes change, in their order; with the changes, where they could be kept.
    pub changed: Vec<Work>,
    /// The site's own scripts that change.
    pub own: BTreeMap<PathBuf, OwnScript>,
    changes: Changes<'a>,
    headers: Option<(Page<'static>, String)>,
    /// The vendored scripts that are not served as they came.
    edited: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// What is new in the cache, each file with the URL whose bytes it gets.
    to_cache: Vec<(VendorPath, SubresourceUrl)>,
    /// The same for the site's vendor folder.
    to_site: Vec<(VendorPath, SubresourceUrl)>,
    lock: crate::lockfile::Lockfile,
}

impl<'a> Commit<'a> {
    /// Works out every change and makes sure that all of them can be made. What cannot becomes a
    /// problem of `survey`.
    pub fn prepare(
        settings: &'a Settings,
        survey: &mut Survey,
        downloads: &mut Downloads,
        guess: &Guess<'_>,
        progress: &dyn Progress,
    ) -> Result<Self, RunError> {
        let mut relocated = relocate(settings, survey, downloads);
        downloads.lock_served(settings, survey, &relocated.homes, &relocated.vendored);
        survey.problems.append(&mut relocated.problems);
        survey.note_residue(&relocated.homes, downloads);
        let resolutions = resolutions(settings, survey, downloads);
        let proof = Proof::new(survey, &relocated);
        let modules = guard::modules(settings, survey, downloads, relocated.homes, &relocated.own);
        guard::note_large_maps(survey, &modules);
        let changes = Changes { resolutions, modules, style: style(settings, survey) };
        if !survey.inventory.work.is_empty() && !guess.holds(survey, &downloads.lock, &changes) {
            survey.inventory.work.iter_mut().for_each(|work| work.change = Change::Unknown);
        }
        let mut commit = Self {
            changed: Vec::new(),
            own: relocated.own,
            changes,
            headers: None,
            edited: relocated.vendored,
            to_cache: Vec::new(),
            to_site: Vec::new(),
            lock: downloads.lock.clone(),
        };
        if survey.problems.is_empty() {
            commit.add_module_pages(survey);
            commit.add_guarding_pages(settings, survey)?;
            commit.admit_files(settings, survey, downloads)?;
            commit.prove_pages(settings, survey, &proof, progress)?;
            downloads.warn(survey);
            let pages = commit.changed.iter().map(|work| &*work.path);
            let scripts = commit.own.keys().map(PathBuf::as_path);
            survey.warn_of_compressed_copies(pages.chain(scripts));
        }
        Ok(commit)
    }

    /// Pages that name nothing from elsewhere change too, if what they load does.
    fn add_module_pages(&self, survey: &mut Survey) {
        let modules = &self.changes.modules;
        let module_pages = std::mem::take(&mut survey.inventory.module_pages);
        let concerned = module_pages
            .into_iter()
            .filter(|(_, starts)| !self.own.is_empty() || concerns(modules, starts));
        add_work(survey, concerned.map(|(path, _)| path));
    }

    /// So do pages that hold a script of the site to what it was.
    fn add_guarding_pages(
        &self,
        settings: &Settings,
        survey: &mut Survey,
    ) -> Result<(), SiteError> {
        let pages = guard::pages_that_guard(settings, survey, &self.changes.modules.changed)?;
        add_work(survey, pages);
        Ok(())
    }

    fn admit_files(
        &mut self,
        settings: &Settings,
        survey: &mut Survey,
        downloads: &Downloads,
    ) -> Result<(), RunError> {
        let site = Survey::vendor_folder(settings);
        let mut seen = BTreeSet::new();
        for (url, upstream) in &downloads.bytes {
            let (Some(entry), previous) = (downloads.lock.get(url), survey.lock.get(url)) else {
                continue;
            };
            if !seen.insert(&entry.path) {
                continue;
            }
            let cached = (survey.cache.folder(), upstream, previous.map(Entry::upstream));
            let mut files = vec![(cached, &mut self.to_cache)];
            match self.edited.get(url) {
                // Edited in an earlier run, for pages that load it already.
                None if entry.upstream_integrity.is_some() => {
                    if site.read(&entry.path)?.is_none() {
                        survey.problems.push(lost(&entry.path));
                    }
                }
                edited => {
                    let previous = previous.map(|entry| &entry.integrity);
                    files.push(((&site, edited.unwrap_or(upstream), previous), &mut self.to_site));
                }
            }
            for ((folder, bytes, previous), files) in files {
                match admit(folder, &entry.path, bytes, previous)? {
                    Ok(Admitted::New) => files.push((entry.path.clone(), url.clone())),
                    Ok(Admitted::Same) => {}
                    Err(problem) => survey.problems.push(problem),
                }
            }
        }
        Ok(())
    }

    /// Rewrites every page once without writing it, unless that has been done: an edit that does not
    /// prove itself, or a page that cannot be read, stops the run here.
    fn prove_pages(
        &mut self,
        settings: &Settings,
        survey: &mut Survey,
        proof: &Proof,
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        let site = site::open(&settings.site)?;
        let prover = Prover {
            settings,
            proof,
            changes: &self.changes,
            has_policies: !survey.headers.policies.is_empty(),
            room: Room::default(),
        };
        let reader = || PageReader::new(&site, Some(self.local()));
        let mut work = std::mem::take(&mut survey.inventory.work);
        progress.begin(Stage::Checking, Some(work.len()));
        let prove = |reader: &mut PageReader<'_>, work: &mut Work| {
            let outcome = match work.change {
                Change::Unknown => prover.page(reader, work),
                Change::Nothing | Change::Proved(_) => Ok(Vec::new()),
            };
            progress.step();
            match outcome {
                Ok(scripts) if scripts.is_empty() => None,
                outcome => Some(outcome.map(|scripts| (url_path(&work.path), scripts))),
            }
        };
        let pages = work.par_iter_mut().map_init(reader, prove);
        let outcomes: Vec<_> = pages.flatten_iter().collect();
        progress.end();
        let mut inline = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(scripts) => inline.push(scripts),
                Err(problem) => survey.problems.push(*problem),
            }
        }
        work.retain(|work| matches!(work.change, Change::Proved(_)));
        self.changed = work;
        if !inline.is_empty() {
            self.follow_in_headers(&site, survey, &inline)?;
        }
        if settings.dest.is_none() {
            site::admit(&site, self.changed.iter().map(|work| &*work.path))?;
        }
        Ok(())
    }

    /// Lets the policies of the `_headers` file follow the inline scripts that change.
    fn follow_in_headers(
        &mut self,
        site: &Tree,
        survey: &mut Survey,
        inline: &[(String, Vec<InlineEdit>)],
    ) -> Result<(), RunError> {
        let pages: Vec<_> = inline
            .iter()
            .map(|(url_path, scripts)| PageScripts {
                url_path,
                changes: scripts.iter().map(InlineEdit::as_change).collect(),
                staying: Vec::new(),
            })
            .collect();
        let followed = survey.headers.follow(&pages);
        for outcome in &followed.outcomes {
            if let Outcome::Blocked(refusal) = &outcome.outcome {
                let policy = &survey.headers.policies[outcome.policy];
                survey.problems.push(blocked(policy, pages[outcome.page].url_path, refusal));
            }
        }
        for policy in &followed.overlong {
            let line = survey.headers.policies[*policy].line;
            let message =
                format!("line {line} of `{HEADERS}` has grown longer than some hosts read");
            let notice = Notice::new("long-header", message);
            survey.warnings.push(notice.hint("give pages policies of their own".to_owned()));
        }
        let before = site::read_page(site, Path::new(HEADERS))?;
        if followed.text.as_bytes() != before.bytes() {
            if std::str::from_utf8(before.bytes()).is_err() {
                let notice = Notice::new("headers-not-utf-8", format!("`{HEADERS}` is not UTF-8"));
                survey.problems.push(notice.hint("save it as UTF-8".to_owned()).of_site());
            }
            self.headers = Some((before, followed.text));
        }
        Ok(())
    }

    /// Writes: vendored files first, then the lockfile that names them, then the pages that load
    /// them, so that nothing ever refers to what is not there.
    pub fn carry_out(
        &self,
        settings: &Settings,
        survey: &Survey,
        downloads: &Downloads,
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        let from = site::open(&settings.site)?;
        let dest = settings.dest.as_deref().map(site::create).transpose()?;
        let rule = PageRule::new(&settings.out, &settings.page_globs)?;
        let is_page = |path: &Path| rule.is_page(path);
        let is_written_below = |path: &Path| {
            is_page(path)
                || self.own.contains_key(path)
                || self.headers.is_some() && path == Path::new(HEADERS)
        };
        if let Some(dest) = &dest {
            site::copy(&settings.site, dest, &|path| !is_written_below(path))?;
        }
        let upstream = |url: &SubresourceUrl| downloads.bytes[url].as_slice();
        let served = |url: &SubresourceUrl| {
            self.edited.get(url).map_or_else(|| upstream(url), Vec::as_slice)
        };
        let cached = self.to_cache.iter().map(|(path, url)| (path, upstream(url)));
        survey.cache.folder().write(cached)?;
        let vendored = self.to_site.iter().map(|(path, url)| (path, served(url)));
        Survey::vendor_folder(settings).write(vendored)?;
        // The same lockfile, perhaps in an older version, is upgraded by a run that may change it.
        if !self.lock.is_empty() && !settings.mode.locked {
            survey.cache.write_lockfile(&self.lock)?;
        }
        if let Some(dest) = &dest {
            let changes =
                |path: &Path| self.changed.binary_search_by(|work| (*work.path).cmp(path)).is_ok();
            let unchanged = |path: &Path| is_page(path) && !changes(path);
            site::copy(&settings.site, dest, &unchanged)?;
        }
        let to = dest.as_ref().unwrap_or(&from);
        let mut hand = Cursor::new(to);
        for (path, script) in &self.own {
            let patch = Patch::whole(script.before.bytes().len(), script.after.clone());
            put(settings, &mut hand, path, &script.before, &patch)?;
        }
        if let Some((before, after)) = &self.headers {
            let patch = Patch::whole(before.bytes().len(), after.clone().into_bytes());
            put(settings, &mut hand, Path::new(HEADERS), before, &patch)?;
        }
        self.write_pages(settings, &from, to, progress)
    }

    /// Which scripts of the site matter in large pages. While none changes, it is those that did when the
    /// pages were first read: what was worked out then is about the same excerpts.
    fn local(&self) -> &str {
        self.changes.local().unwrap_or(self.changes.style.out)
    }

    fn write_pages(
        &self,
        settings: &Settings,
        from: &Tree,
        to: &Tree,
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        progress.begin(Stage::Rewriting, Some(self.changed.len()));
        let pages = self.changed.par_iter();
        let desk = || (PageReader::new(from, Some(self.local())), Cursor::new(to));
        let written = pages.try_for_each_init(desk, |(reader, hand), work| {
            progress.step();
            self.write_page(settings, work, reader, hand)
        });
        progress.end();
        written
    }

    fn write_page(
        &self,
        settings: &Settings,
        work: &Work,
        reader: &mut PageReader<'_>,
        hand: &mut Cursor<'_>,
    ) -> Result<(), RunError> {
        let path = &work.path;
        let page = reader.read(path)?;
        if let Change::Proved(Some(proved)) = &work.change
            && proved.is_of(&page)
        {
            return put(settings, hand, path, &page, &proved.patch);
        }
        // It was not kept, or the page is another one by now.
        match rewritten(settings, &self.changes, path, &page) {
            Ok(Rewritten::Changed(changed)) => put(settings, hand, path, &page, &changed.patch),
            Ok(Rewritten::Unchanged) => Ok(()),
            Err(problem) => {
                let source = std::io::Error::other(problem.notice.message);
                Err(SiteError::cannot_write(hand.tree().path(path), source).into())
            }
        }
    }
}

/// A page's path from the site's root, as policies match it.
fn url_path(page: &Path) -> String {
    format!("/{}", site::page_name(page))
}

fn add_work(survey: &mut Survey, pages: impl IntoIterator<Item = PathBuf>) {
    let work = &mut survey.inventory.work;
    work.extend(pages.into_iter().map(|path| Work { path: path.into(), change: Change::Unknown }));
    work.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Whether a page that starts so changes, although it names nothing from elsewhere.
pub(super) fn concerns(modules: &Modules, starts: &[Start]) -> bool {
    starts.iter().any(|start| modules.guards.contains_key(start))
}

/// Puts a file of the site with changes in its place, unless it is there already.
fn put(
    settings: &Settings,
    hand: &mut Cursor<'_>,
    path: &Path,
    from: &Page<'_>,
    patch: &Patch,
) -> Result<(), RunError> {
    let is_there = |there: Page<'_>| from.is_edited_to(patch, &there);
    if settings.dest.is_some() && site::read_page(hand.tree(), path).is_ok_and(is_there) {
        return Ok(());
    }
    Ok(site::replace(hand, path, from, patch)?)
}

/// Whether a file may be written; a file or link that stands in the way is a problem of the site.
fn admit(
    folder: &VendorFolder,
    path: &VendorPath,
    bytes: &[u8],
    previous: Option<&Integrity>,
) -> Result<Result<Admitted, Problem>, StoreError> {
    match folder.admit(path, bytes, previous) {
        Ok(admitted) => Ok(Ok(admitted)),
        Err(error @ (StoreError::Foreign(_) | StoreError::Link(_))) => {
            Ok(Err(Notice::new("in-the-way", error.to_string()).hint(error.remedy()).of_site()))
        }
        Err(error) => Err(error),
    }
}

pub(super) fn resolutions(
    settings: &Settings,
    survey: &Survey,
    downloads: &Downloads,
) -> BTreeMap<SubresourceUrl, Resolution> {
    let resolve = |url: &SubresourceUrl, action: &Action| match action {
        Action::Reuse(_) | Action::Fetch(_) if becomes_local(downloads, url, action) => {
            Some(ahead::local(settings, downloads.lock.get(url)?))
        }
        Action::Replace { with, .. } => Some(Resolution::Replaced(with.clone())),
        Action::Remove(_) => Some(Resolution::Removed),
        Action::Reuse(_) | Action::Fetch(_) | Action::Leave(_) | Action::Refuse(_) => None,
    };
    let actions = survey.plan.actions.iter();
    actions.filter_map(|(url, action)| Some((url.clone(), resolve(url, action)?))).collect()
}

fn lost(path: &VendorPath) -> Problem {
    Notice::new("missing-file", format!("the vendored file `{path}` is missing"))
        .hint(
            "its specifiers depend on the pages as they were: build the site again, then run again"
                .to_owned(),
        )
        .of_site()
}

fn blocked(policy: &HeaderPolicy, page: &str, refusal: &Refusal) -> Problem {
    let Refusal { directive, needed } = refusal;
    let message = format!(
        "the Content-Security-Policy in line {} of `{HEADERS}` would block the import map of `{page}`",
        policy.line
    );
    allow_inline(Notice::new("csp-blocks-inline", message), directive, needed)
}

pub(super) fn allow_inline(notice: Notice, directive: &str, needed: &str) -> Problem {
    notice
        .hint(format!("add {needed} to `{directive}`, or run with `--integrity-map off`"))
        .of_site()
}
