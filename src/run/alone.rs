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

/// The folders that belong to this run.
#[derive(Debug)]
pub(super) struct Alone {
    homes: Vec<PathBuf>,
    _locks: Vec<Lock>,
}

impl Alone {
    /// Waits until no other run works on the same folders, then clears away what a run that was
    /// killed may have left beside them.
    pub fn wait(settings: &Settings, progress: &dyn Progress) -> Result<Self, SiteError> {
        let mut locks = Vec::new();
        for path in folders(settings) {
            let waiting = || {
                progress
                    .say(&format!("waiting for another run of inhouse in `{}`", path.display()));
            };
            let taken = Lock::take(&path, &waiting);
            locks.extend(taken.map_err(|source| SiteError::cannot_read(&path, source))?);
        }
        let homes = [Some(&settings.site), settings.dest.as_ref(), Some(&settings.cache)];
        let alone = Self { homes: homes.into_iter().flatten().cloned().collect(), _locks: locks };
        alone.clear();
        Ok(alone)
    }

    fn clear(&self) {
        self.homes.iter().for_each(|path| folder::clear_staging(path));
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.clear();
    }
}

/// What is locked, in an order that is the same for everybody: or two runs could wait for each
/// other.
fn folders(settings: &Settings) -> BTreeSet<PathBuf> {
    let holders = settings.dest.iter().chain([&settings.cache]).filter_map(|path| holder(path));
    let present = settings.dest.iter().chain([&settings.site]);
    holders.chain(present.filter_map(|path| std::fs::canonicalize(path).ok())).collect()
}

/// The folder that a path lies in; the nearest one above it, if that is missing.
fn holder(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().skip(1).find_map(|folder| std::fs::canonicalize(folder).ok())
}
