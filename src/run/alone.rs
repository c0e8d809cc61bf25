//! One run at a time on a site and on a cache. Two projects may share either, so the run takes both,
//! and DEST; the second run waits and says for what.
//!
//! `scan`, `check` and dry runs take nothing: files are only ever replaced whole, vendored files
//! before the pages that load them, so whatever they read was true of the site at some moment.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    folder::{self, Lock},
    report::progress::Progress,
    settings::Settings,
    site::SiteError,
};

/// The folders that belong to this run.
#[derive(Debug)]
pub(super) struct Alone {
    folders: BTreeSet<PathBuf>,
    _locks: Vec<Lock>,
}

impl Alone {
    /// Waits until no other run works on the same folders, then clears away what a run that was
    /// killed may have left beside them.
    pub fn wait(settings: &Settings, progress: &dyn Progress) -> Result<Self, SiteError> {
        if !settings.site.is_dir() {
            // Nothing to work on: reading the site will say so.
            return Ok(Self { folders: BTreeSet::new(), _locks: Vec::new() });
        }
        let own = [Some(&settings.site), settings.dest.as_ref(), Some(&settings.cache)];
        // Everybody takes them in the same order, or two runs could wait for each other.
        let folders: BTreeSet<_> = own.into_iter().flatten().map(|path| settled(path)).collect();
        let mut locks = Vec::new();
        for path in &folders {
            let waiting = || {
                progress
                    .say(&format!("waiting for another run of inhouse on `{}`", path.display()));
            };
            let taken = Lock::take(path, &waiting);
            locks.extend(taken.map_err(|source| SiteError::Read { path: path.clone(), source })?);
        }
        let alone = Self { folders, _locks: locks };
        alone.clear();
        Ok(alone)
    }

    fn clear(&self) {
        self.folders.iter().for_each(|path| folder::clear_bench(path));
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The same path for the same folder, whether it exists or not.
fn settled(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}
