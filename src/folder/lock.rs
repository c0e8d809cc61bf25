//! One run at a time in a folder. The lock belongs to the open folder itself (`flock`), so that no
//! file is left behind, nothing changes on disk, and a process that dies leaves no lock.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// A folder that belongs to this run until the value is dropped.
#[derive(Debug)]
pub struct Lock {
    _folder: File,
}

impl Lock {
    /// Takes the folder at `path`, and waits if another run has it, after calling `waiting`. `None`
    /// where the file system has no locks: then the run goes on without.
    ///
    /// # Errors
    /// What waiting gives.
    pub fn take(path: &Path, waiting: &dyn Fn()) -> io::Result<Option<Self>> {
        let Ok(folder) = File::open(path) else { return Ok(None) };
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                folder.lock()?;
            }
            Err(TryLockError::Error(_)) => return Ok(None),
        }
        Ok(Some(Self { _folder: folder }))
    }
}
