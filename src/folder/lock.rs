//! One run at a time in a folder. The lock belongs to the open folder itself (`flock`), so that no
//! file is left behind, and a process that dies leaves no lock.

#![allow(clippy::disallowed_methods, reason = "this room is the folders on disk")]

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A folder that belongs to this run until the value is dropped.
#[derive(Debug)]
pub struct Lock {
    _folder: File,
    path: PathBuf,
    made: bool,
}

impl Lock {
    /// Takes the folder at `path`, and waits if another run has it, after calling `waiting`. A
    /// missing folder is made, and removed in the end if it is still empty. `None` where there are
    /// no locks to be had: nothing better than to go on.
    ///
    /// # Errors
    /// What waiting gives.
    pub fn take(path: &Path, waiting: &dyn Fn()) -> io::Result<Option<Self>> {
        loop {
            let made = path.parent().is_none_or(|parent| fs::create_dir_all(parent).is_ok())
                && fs::create_dir(path).is_ok();
            let Ok(folder) = File::open(path) else { return Ok(None) };
            match folder.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    waiting();
                    folder.lock()?;
                }
                Err(TryLockError::Error(_)) => return Ok(None),
            }
            // The run before may have removed the folder that we were waiting for.
            if is_at(&folder, path)? {
                return Ok(Some(Self { _folder: folder, path: path.to_owned(), made }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.made {
            // Succeeds for an empty folder only.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(unix)]
fn is_at(folder: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let held = folder.metadata()?;
    let same = |there: fs::Metadata| (there.dev(), there.ino()) == (held.dev(), held.ino());
    Ok(fs::metadata(path).is_ok_and(same))
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn is_at(_folder: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}
