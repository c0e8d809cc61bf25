//! The commit point: everything that will be written is known, proved and admitted before the
//! first byte is. Then, in this order: vendored files, lockfile, pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    RunError,
    settle::{Downloads, becomes_local},
    survey::Survey,
};
use crate::{
    folder::Tree,
    integrity::Integrity,
    inventory,
    plan::Action,
    reference::SubresourceUrl,
    report::{
        Notice, Problem,
        progress::{Progress, Stage},
    },
    rewrite::{LocalCopy, Resolution, RewriteError, Rewritten, Style, rewrite},
    settings::Settings,
    site::{self, Page, SiteError},
    store::{Admitted, StoreError, VendorFolder},
    vendor_path::VendorPath,
};

/// What will be written.
pub(super) struct Commit {
    /// What has become of each URL.
    pub resolutions: BTreeMap<SubresourceUrl, Resolution>,
    /// The pages whose bytes change.
    pub changed: BTreeSet<PathBuf>,
    crossorigin: bool,
    to_cache: Vec<(VendorPath, Vec<u8>)>,
    to_site: Vec<(VendorPath, Vec<u8>)>,
    lock: crate::lockfile::Lockfile,
}

impl Commit {
    /// Works out every change and makes sure that all of them can be made. What cannot becomes a
    /// problem of `survey`.
    pub fn prepare(
        settings: &Settings,
        survey: &mut Survey,
        downloads: &Downloads,
        progress: &dyn Progress,
    ) -> Result<Self, RunError> {
        let mut commit = Self {
            resolutions: resolutions(settings, survey, downloads),
            changed: BTreeSet::new(),
            crossorigin: settings.crossorigin || survey.headers.integrity_policy,
            to_cache: Vec::new(),
            to_site: Vec::new(),
            lock: downloads.lock.clone(),
        };
        if survey.problems.is_empty() {
            commit.admit_files(settings, survey, downloads)?;
            commit.prove_pages(settings, survey, progress)?;
            downloads.warn(survey);
        }
        Ok(commit)
    }

    fn admit_files(
        &mut self,
        settings: &Settings,
        survey: &mut Survey,
        downloads: &Downloads,
    ) -> Result<(), RunError> {
        let site = Survey::vendor_folder(settings);
        let mut seen = BTreeSet::new();
        for (url, bytes) in &downloads.bytes {
            let (Some(entry), previous) =
                (downloads.lock.get(url), survey.lock.get(url).map(|entry| &entry.integrity))
            else {
                continue;
            };
            if !seen.insert(&entry.path) {
                continue;
            }
            for (folder, files) in
                [(survey.cache.folder(), &mut self.to_cache), (&site, &mut self.to_site)]
            {
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
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        let site = site::open(&settings.site)?;
        progress.begin(Stage::Checking, survey.inventory.work.len());
        let prove = |path: &PathBuf| {
            let outcome = self.page(settings, &site, path);
            progress.step();
            match outcome.map(|(_, rewritten)| rewritten) {
                Ok(Rewritten::Changed(_)) => Ok(Some(path.clone())),
                Ok(Rewritten::Unchanged) => Ok(None),
                Err(problem) => Err(problem),
            }
        };
        let outcomes: Vec<_> = survey.inventory.work.par_iter().map(prove).collect();
        progress.end();
        for outcome in outcomes {
            match outcome {
                Ok(path) => self.changed.extend(path),
                Err(problem) => survey.problems.push(*problem),
            }
        }
        if settings.dest.is_none() {
            site::admit(&site, self.changed.iter().map(PathBuf::as_path))?;
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
        let style = Style {
            out: &settings.out,
            public_path: settings.public_path.as_deref(),
            crossorigin: self.crossorigin,
        };
        let address = inventory::page_address(path, settings.site_url.as_ref());
        let rewritten =
            rewrite(&page.bytes, inventory::dialect(path), &address, &self.resolutions, &style)
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
        if let Some(dest) = &dest {
            site::copy(&settings.site, dest, &|path| !is_page(path))?;
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
        self.write_pages(settings, &from, dest.as_ref().unwrap_or(&from), progress)
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
            Ok((page, Rewritten::Changed(bytes))) => {
                let same = |there: Page| there.bytes == bytes;
                if settings.dest.is_some() && site::read_page(to, path).is_ok_and(same) {
                    return Ok(());
                }
                Ok(site::replace(to, path, &page, &bytes)?)
            }
            Ok((_, Rewritten::Unchanged)) => Ok(()),
            Err(problem) => {
                let source = std::io::Error::other(problem.notice.message);
                Err(SiteError::Write { path: to.path(path), source }.into())
            }
        }
    }
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

fn resolutions(
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

fn unreadable(error: &SiteError) -> Problem {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Notice::new("unreadable-page", error.to_string())
        .detail("cause", cause)
        .hint(error.remedy().map(str::to_owned))
        .of_tool()
}

fn unwritable(path: &Path, error: &RewriteError) -> Problem {
    Notice::new("page-not-rewritten", format!("`{}` could not be rewritten", site::page_name(path)))
        .detail("cause", error)
        .hint("this is a limit of Inhouse: please report the page; `data-inhouse=\"skip\"` on the tag leaves it out".to_owned())
        .of_site()
}
