//! One run at a time on a site and on a cache; the second one waits and says for what.
//!
//! Projects may share either, so it is not the project that is locked but SITE, DEST and the folder
//! that the cache lies in, since the cache itself may not be there yet; for the same reason the
//! folder that DEST lies in. `scan`, `check` and dry runs lock nothing: files are only ever replaced
//! whole, vendored files before the pages that load them, so whatever they read was true of the site
//! at some moment.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    folder::{self, Lock},
    progress::Progress,
    settings::Settings,
    site::SiteError,
};

/// The locks of one run on its folders.
#[derive(Debug)]
pub struct RunLock {
    folders: Vec<PathBuf>,
    _locks: Vec<Lock>,
}

impl RunLock {
    /// Waits until no other run works on the same folders, then removes temporary files that a killed run
    /// may have left beside them.
    ///
    /// # Errors
    /// [`SiteError`] if a folder cannot be locked.
    pub fn wait(settings: &Settings, progress: &dyn Progress) -> Result<Self, SiteError> {
        let mut locks = Vec::new();
        for path in locked_folders(settings) {
            locks.extend(wait_for(&path, progress)?);
        }
        let lock = Self { folders: written_folders(settings), _locks: locks };
        lock.clear();
        Ok(lock)
    }

    /// Removes temporary files.
    fn clear(&self) {
        self.folders.iter().for_each(|path| folder::clear_staging(path));
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The folders that a run writes into.
fn written_folders(settings: &Settings) -> Vec<PathBuf> {
    let folders = [Some(&settings.site), settings.dest.as_ref(), Some(&settings.cache)];
    folders.into_iter().flatten().cloned().collect()
}

/// Waits for the lock of a folder.
fn wait_for(path: &Path, progress: &dyn Progress) -> Result<Option<Lock>, SiteError> {
    let waiting =
        || progress.say(&format!("waiting for another run of inhouse in `{}`", path.display()));
    Lock::take(path, &waiting).map_err(|source| SiteError::cannot_read(path, source))
}

/// The folders that are locked, in the same order in every run, so that no two runs wait for each other.
fn locked_folders(settings: &Settings) -> BTreeSet<PathBuf> {
    let parents = settings.dest.iter().chain([&settings.cache]).filter_map(|path| parent(path));
    let present = settings.dest.iter().chain([&settings.site]);
    parents.chain(present.filter_map(|path| std::fs::canonicalize(path).ok())).collect()
}

/// The folder that a path lies in; the nearest one above it, if that is missing.
fn parent(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().skip(1).find_map(|folder| std::fs::canonicalize(folder).ok())
}
