//! One run at a time on a site and on a cache. Two projects may share either, so the run takes both,
//! and DEST; the second run waits and says for what.
//!
//! `scan`, `check` and dry runs take nothing: files are only ever replaced whole, vendored files
//! before the pages that load them, so whatever they read was true of the site at some moment.

use std::{
    collections::{BTreeMap, BTreeSet},
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
        let site = settled(&settings.site);
        let cache = settled(&settings.cache);
        let dest = settings.dest.as_deref().map(settled);
        // A run that fails must not have made a folder, so what is not there yet cannot be locked:
        // the folder it will be made in stands for it. For the cache that is so even if it is
        // there, because a run that makes it may be under way. Everybody takes the locks in the
        // same order, or two runs could wait for each other.
        let mut lockable = BTreeMap::from([(site.as_path(), site.as_path())]);
        lockable.extend(dest.as_deref().and_then(|dest| Some((existing(dest)?, dest))));
        lockable.extend(cache.parent().and_then(|parent| Some((existing(parent)?, &*cache))));
        let mut locks = Vec::new();
        for (place, folder) in lockable {
            let waiting = || {
                let folder = folder.display();
                progress.say(&format!("waiting for another run of inhouse on `{folder}`"));
            };
            let taken = Lock::take(place, &waiting);
            locks.extend(
                taken.map_err(|source| SiteError::Read { path: place.to_owned(), source })?,
            );
        }
        let folders = [Some(site), Some(cache), dest].into_iter().flatten().collect();
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

/// The folder itself, or the nearest one above that is there.
fn existing(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|dir| dir.is_dir())
}

/// The same path for the same folder, whether it exists or not.
fn settled(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}
