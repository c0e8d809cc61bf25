//! The commit point: everything that will be written is known, proved and admitted before the
//! first byte is. Then, in this order: vendored files, lockfile, pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    RunError,
    download::{Downloads, becomes_local},
    survey::Survey,
};
use crate::{
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
    site::{self, SiteError},
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
            commit.prove_pages(settings, survey, progress);
            downloads.warn_of_floating(survey);
            downloads.warn_of_encodings(survey);
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
    fn prove_pages(&mut self, settings: &Settings, survey: &mut Survey, progress: &dyn Progress) {
        progress.begin(Stage::Checking, survey.inventory.work.len());
        let prove = |path: &PathBuf| {
            let outcome = self.page(settings, path);
            progress.step();
            match outcome {
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
    }

    fn page(&self, settings: &Settings, path: &Path) -> Result<Rewritten, Box<Problem>> {
        let bytes =
            site::read(&settings.site.join(path)).map_err(|error| Box::new(unreadable(&error)))?;
        let style = Style {
            out: &settings.out,
            public_path: settings.public_path.as_deref(),
            crossorigin: self.crossorigin,
        };
        let address = inventory::page_address(path, settings.site_url.as_ref());
        rewrite(&bytes, inventory::dialect(path), &address, &self.resolutions, &style)
            .map_err(|error| Box::new(unwritable(path, &error)))
    }

    /// Writes: vendored files first, then the lockfile that names them, then the pages that load
    /// them, so that nothing ever refers to what is not there.
    pub fn carry_out(
        &self,
        settings: &Settings,
        survey: &Survey,
        progress: &dyn Progress,
    ) -> Result<(), RunError> {
        if let Some(dest) = &settings.dest {
            site::copy_rest(&settings.site, dest, &|path| self.changed.contains(path))?;
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
        self.write_pages(settings, progress)
    }

    fn write_pages(&self, settings: &Settings, progress: &dyn Progress) -> Result<(), RunError> {
        progress.begin(Stage::Rewriting, self.changed.len());
        let written = self.changed.par_iter().try_for_each(|path| {
            progress.step();
            self.write_page(settings, path)
        });
        progress.end();
        written
    }

    fn write_page(&self, settings: &Settings, path: &Path) -> Result<(), RunError> {
        let source = settings.site.join(path);
        let target = settings.dest.as_ref().unwrap_or(&settings.site).join(path);
        match self.page(settings, path) {
            Ok(Rewritten::Changed(bytes))
                if settings.dest.is_none() || site::read(&target).ok().as_ref() != Some(&bytes) =>
            {
                Ok(site::replace(&target, &source, &bytes)?)
            }
            Ok(_) => Ok(()),
            Err(problem) => {
                let source = std::io::Error::other(problem.notice.message);
                Err(SiteError::Write { path: target, source }.into())
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

/// Keeps a second run on the same site waiting until this one is done. The lock belongs to the
/// open folder, so that a process that dies leaves nothing behind.
pub(super) fn alone(
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Option<File>, RunError> {
    let Ok(folder) = File::open(&settings.project_root) else { return Ok(None) };
    match folder.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => {
            progress.say(&format!(
                "waiting for another run of inhouse in `{}`",
                settings.project_root.display()
            ));
            let wait = folder.lock();
            wait.map_err(|source| SiteError::Read { path: settings.project_root.clone(), source })?;
            Ok(Some(folder))
        }
        // A file system without locks: nothing better than to go on.
        Err(std::fs::TryLockError::Error(_)) | Ok(()) => Ok(Some(folder)),
    }
}
