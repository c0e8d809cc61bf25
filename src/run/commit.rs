//! The commit point: everything that will be written is known, proved and admitted before the
//! first byte is. Then, in this order: vendored files, lockfile, pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    RunError, guard,
    proof::Proof,
    relocate::{OwnScript, relocate},
    settle::{Downloads, becomes_local},
    survey::Survey,
};
use crate::{
    csp::{HeaderPolicy, Outcome, PageScripts, Refusal},
    folder::Tree,
    graph::document::Start,
    integrity::Integrity,
    inventory,
    lockfile::Entry,
    plan::Action,
    reference::SubresourceUrl,
    report::{
        Notice, Problem,
        progress::{Progress, Stage},
    },
    rewrite::{
        Changes, InlineEdit, LocalCopy, Modules, Resolution, RewriteError, Rewritten, Style,
        rewrite,
    },
    settings::Settings,
    site::{self, HEADERS, Page, SiteError},
    store::{Admitted, StoreError, VendorFolder},
    vendor_path::VendorPath,
};

/// What will be written.
pub(super) struct Commit<'a> {
    /// The pages whose bytes change.
    pub changed: BTreeSet<PathBuf>,
    /// The site's own scripts that change.
    pub own: BTreeMap<PathBuf, OwnScript>,
    changes: Changes<'a>,
    headers: Option<(Page, String)>,
    to_cache: Vec<(VendorPath, Vec<u8>)>,
    to_site: Vec<(VendorPath, Vec<u8>)>,
    lock: crate::lockfile::Lockfile,
}

impl<'a> Commit<'a> {
    /// Works out every change and makes sure that all of them can be made. What cannot becomes a
    /// problem of `survey`.
    pub fn prepare(
        settings: &'a Settings,
        survey: &mut Survey,
        downloads: &mut Downloads,
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
        let style = Style {
            out: &settings.out,
            public_path: settings.public_path.as_deref(),
            crossorigin: settings.crossorigin || survey.headers.integrity_policy,
        };
        let mut commit = Self {
            changed: BTreeSet::new(),
            own: relocated.own,
            changes: Changes { resolutions, modules, style },
            headers: None,
            to_cache: Vec::new(),
            to_site: Vec::new(),
            lock: downloads.lock.clone(),
        };
        if survey.problems.is_empty() {
            commit.add_module_pages(survey);
            commit.add_guarding_pages(settings, survey);
            commit.admit_files(settings, survey, downloads, &relocated.vendored)?;
            commit.prove_pages(settings, survey, &proof, progress)?;
            downloads.warn(survey);
            let changed = commit.changed.iter().chain(commit.own.keys());
            survey.warn_of_compressed_copies(settings, changed);
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
        survey.inventory.work.extend(concerned.map(|(path, _)| path));
        survey.inventory.work.sort();
    }

    /// So do pages that hold a script of the site to what it was.
    fn add_guarding_pages(&self, settings: &Settings, survey: &mut Survey) {
        let pages = guard::pages_that_guard(settings, survey, &self.changes.modules.changed);
        survey.inventory.work.extend(pages);
        survey.inventory.work.sort();
    }

    fn admit_files(
        &mut self,
        settings: &Settings,
        survey: &mut Survey,
        downloads: &Downloads,
        edited: &BTreeMap<SubresourceUrl, Vec<u8>>,
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
            match edited.get(url) {
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
                    Ok(Admitted::New) => files.push((entry.path.clone(), bytes.clone())),
                    Ok(Admitted::Same) => {}
                    Err(problem) => survey.problems.push(problem),
                }
            }
        }
        Ok(())
    }

    /// Rewrites every page once without writing it: an edit that does not prove itself, or a page
    /// that cannot be read, stops the run here.
    fn prove_pages(
        &mut self,
        settings: &Settings,
        survey: &mut Survey,
        proof: &Proof,
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        let site = site::open(&settings.site)?;
        let has_policies = !survey.headers.policies.is_empty();
        progress.begin(Stage::Checking, survey.inventory.work.len());
        let prove = |path: &PathBuf| {
            let outcome = self.page(settings, &site, path);
            progress.step();
            match outcome.map(|(_, rewritten)| rewritten) {
                Ok(Rewritten::Changed(page)) => {
                    let address = inventory::page_address(path, settings);
                    let traced = proof.page(&address, &page.bytes, inventory::dialect(path));
                    traced.map_err(|cause| Box::new(unproved(path, &cause)))?;
                    let inline = if has_policies { page.inline } else { Vec::new() };
                    Ok(Some((path.clone(), inline)))
                }
                Ok(Rewritten::Unchanged) => Ok(None),
                Err(problem) => Err(problem),
            }
        };
        let outcomes: Vec<_> = survey.inventory.work.par_iter().map(prove).collect();
        progress.end();
        let mut inline = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(None) => {}
                Ok(Some((path, scripts))) => {
                    if !scripts.is_empty() {
                        inline.push((format!("/{}", site::page_name(&path)), scripts));
                    }
                    self.changed.insert(path);
                }
                Err(problem) => survey.problems.push(*problem),
            }
        }
        if !inline.is_empty() {
            self.follow_in_headers(&site, survey, &inline)?;
        }
        if settings.dest.is_none() {
            site::admit(&site, self.changed.iter().map(PathBuf::as_path))?;
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
        if followed.text.as_bytes() != before.bytes {
            if std::str::from_utf8(&before.bytes).is_err() {
                let notice = Notice::new("headers-not-utf-8", format!("`{HEADERS}` is not UTF-8"));
                survey.problems.push(notice.hint("save it as UTF-8".to_owned()).of_site());
            }
            self.headers = Some((before, followed.text));
        }
        Ok(())
    }

    /// A page as it is, and as it will be.
    fn page(
        &self,
        settings: &Settings,
        site: &Tree,
        path: &Path,
    ) -> Result<(Page, Rewritten), Box<Problem>> {
        let page = site::read_page(site, path).map_err(|error| Box::new(unreadable(&error)))?;
        let address = inventory::page_address(path, settings);
        let rewritten = rewrite(&page.bytes, inventory::dialect(path), &address, &self.changes)
            .map_err(|error| Box::new(unwritable(path, &error)))?;
        Ok((page, rewritten))
    }

    /// Writes: vendored files first, then the lockfile that names them, then the pages that load
    /// them, so that nothing ever refers to what is not there.
    pub fn carry_out(
        &self,
        settings: &Settings,
        survey: &Survey,
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        let from = site::open(&settings.site)?;
        let dest = settings.dest.as_deref().map(site::create).transpose()?;
        let is_page = |path: &Path| survey.pages.contains(path);
        let is_written_below = |path: &Path| {
            is_page(path)
                || self.own.contains_key(path)
                || self.headers.is_some() && path == Path::new(HEADERS)
        };
        if let Some(dest) = &dest {
            site::copy(&settings.site, dest, &|path| !is_written_below(path))?;
        }
        survey
            .cache
            .folder()
            .write(self.to_cache.iter().map(|(path, bytes)| (path, bytes.as_slice())))?;
        Survey::vendor_folder(settings)
            .write(self.to_site.iter().map(|(path, bytes)| (path, bytes.as_slice())))?;
        if !self.lock.is_empty() {
            survey.cache.write_lockfile(&self.lock)?;
        }
        if let Some(dest) = &dest {
            let unchanged = |path: &Path| is_page(path) && !self.changed.contains(path);
            site::copy(&settings.site, dest, &unchanged)?;
        }
        let to = dest.as_ref().unwrap_or(&from);
        for (path, script) in &self.own {
            put(settings, to, path, &script.before, &script.after)?;
        }
        if let Some((before, after)) = &self.headers {
            put(settings, to, Path::new(HEADERS), before, after.as_bytes())?;
        }
        self.write_pages(settings, &from, to, progress)
    }

    fn write_pages(
        &self,
        settings: &Settings,
        from: &Tree,
        to: &Tree,
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        progress.begin(Stage::Rewriting, self.changed.len());
        let written = self.changed.par_iter().try_for_each(|path| {
            progress.step();
            self.write_page(settings, from, to, path)
        });
        progress.end();
        written
    }

    fn write_page(
        &self,
        settings: &Settings,
        from: &Tree,
        to: &Tree,
        path: &Path,
    ) -> Result<(), RunError> {
        match self.page(settings, from, path) {
            Ok((page, Rewritten::Changed(rewritten))) => {
                put(settings, to, path, &page, &rewritten.bytes)
            }
            Ok((_, Rewritten::Unchanged)) => Ok(()),
            Err(problem) => {
                let source = std::io::Error::other(problem.notice.message);
                Err(SiteError::Write { path: to.path(path), source }.into())
            }
        }
    }
}

/// Whether a page that starts so changes, although it names nothing from elsewhere.
pub(super) fn concerns(modules: &Modules, starts: &[Start]) -> bool {
    starts.iter().any(|start| modules.guards.contains_key(start))
}

/// Puts a file of the site in its place, unless it is there already.
fn put(
    settings: &Settings,
    to: &Tree,
    path: &Path,
    from: &Page,
    bytes: &[u8],
) -> Result<(), RunError> {
    let same = |there: Page| there.bytes == bytes;
    if settings.dest.is_some() && site::read_page(to, path).is_ok_and(same) {
        return Ok(());
    }
    Ok(site::replace(to, path, from, bytes)?)
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
            let entry = downloads.lock.get(url)?;
            Some(Resolution::Local(LocalCopy {
                path: entry.path.clone(),
                integrity: settings.integrity.as_ref().map(|_| entry.integrity.clone()),
                keeps_query: entry.keep_query,
            }))
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

fn allow_inline(notice: Notice, directive: &str, needed: &str) -> Problem {
    notice
        .hint(format!("add {needed} to `{directive}`, or run with `--integrity-map off`"))
        .of_site()
}

fn unreadable(error: &SiteError) -> Problem {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Notice::new("unreadable-page", error.to_string())
        .detail("cause", cause)
        .hint(error.remedy().map(str::to_owned))
        .of_tool()
}

fn unproved(path: &Path, cause: &str) -> Problem {
    let page = site::page_name(path);
    Notice::new("graph-not-proved", format!("the modules of `{page}` would not find each other"))
        .detail("cause", cause)
        .hint("this is a limit of Inhouse: please report the page; a rule can keep the module external".to_owned())
        .of_site()
}

pub(super) fn unwritable(path: &Path, error: &RewriteError) -> Problem {
    if let RewriteError::Policy { directive, needed } = error {
        let message = format!(
            "the Content-Security-Policy of `{}` would block its import map",
            site::page_name(path)
        );
        return allow_inline(Notice::new("csp-blocks-inline", message), directive, needed);
    }
    Notice::new("page-not-rewritten", format!("`{}` could not be rewritten", site::page_name(path)))
        .detail("cause", error)
        .hint("this is a limit of Inhouse: please report the page; `data-inhouse=\"skip\"` on the tag leaves it out".to_owned())
        .of_site()
}
