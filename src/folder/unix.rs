//! A folder as a file descriptor: what is done in it is done in that very folder, wherever its
//! path leads by then (POSIX `openat` and its siblings).

use std::{
    ffi::{OsStr, OsString},
    fs::{File, Metadata},
    io,
    os::{
        fd::OwnedFd,
        unix::ffi::{OsStrExt, OsStringExt},
    },
    path::{Path, PathBuf},
};

#[cfg(target_os = "linux")]
use rustix::fs::ResolveFlags;
use rustix::fs::{self, Access, AtFlags, FileType, Mode, OFlags};

/// Not blocking, because opening a pipe without a writer would wait for ever.
const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// A folder held open.
#[derive(Debug)]
pub(super) struct Folder {
    handle: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder, through links if need be.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { handle: fs::open(path, flags, Mode::empty())?, path: path.to_owned() })
    }

    /// The path it had when it was opened, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { handle: self.handle.try_clone()?, path: self.path.clone() })
    }

    /// Opens a folder in this one; a link is an error.
    pub fn enter(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = fs::openat(&self.handle, name, flags, Mode::empty())?;
        Ok(Self { handle, path: self.path.join(name) })
    }

    /// Makes a folder, unless there is something of that name.
    pub fn make(&self, name: &OsStr) -> io::Result<()> {
        match fs::mkdirat(&self.handle, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a file; there must be nothing of that name.
    pub fn create(&self, name: &OsStr) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o644))?.into())
    }

    /// Opens a regular file for reading; a link is an error.
    pub fn read(&self, name: &OsStr) -> io::Result<(File, Metadata)> {
        let flags = READING | OFlags::NOFOLLOW;
        regular(fs::openat(&self.handle, name, flags, Mode::empty())?.into())
    }

    /// Opens a regular file below this folder in one step, and through no link. After any error, the
    /// caller goes name by name and takes that result.
    pub fn read_below(&self, path: &Path) -> io::Result<(File, Metadata)> {
        regular(self.below(path, READING)?.into())
    }

    /// The same for a folder.
    pub fn enter_below(&self, path: &Path) -> io::Result<Self> {
        let handle = self.below(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC)?;
        Ok(Self { handle, path: self.path.join(path) })
    }

    #[cfg(target_os = "linux")]
    fn below(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        Ok(fs::openat2(&self.handle, path, flags, Mode::empty(), inside)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn below(&self, _path: &Path, _flags: OFlags) -> io::Result<OwnedFd> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn is_link(&self, name: &OsStr) -> bool {
        fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
    }

    pub fn read_link(&self, name: &OsStr) -> io::Result<PathBuf> {
        let target = fs::readlinkat(&self.handle, name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    pub fn link(&self, target: &Path, name: &OsStr) -> io::Result<()> {
        Ok(fs::symlinkat(target, &self.handle, name)?)
    }

    /// Renames a file of this folder into `folder`, replacing what has that name there.
    pub fn rename(&self, from: &OsStr, folder: &Self, to: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(&self.handle, from, &folder.handle, to)?)
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR)?)
    }

    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let entries = fs::Dir::read_from(&self.handle)?;
        let names =
            entries.map(|entry| Ok(OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned()));
        names.filter(|name| !matches!(name, Ok(name) if name == "." || name == "..")).collect()
    }

    /// Whether files may be made here: neither permissions nor a read-only disk forbid it.
    pub fn may_write(&self) -> io::Result<()> {
        Ok(fs::accessat(&self.handle, ".", Access::WRITE_OK, AtFlags::empty())?)
    }

    pub fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.handle)?)
    }

    /// Whether both lie on one file system, as far as can be told before a rename is tried.
    pub fn is_on_the_disk_of(&self, other: &Self) -> bool {
        let disk = |folder: &Self| fs::fstat(&folder.handle).map(|stat| stat.st_dev);
        matches!((disk(self), disk(other)), (Ok(own), Ok(theirs)) if own == theirs)
    }
}

fn regular(file: File) -> io::Result<(File, Metadata)> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, metadata))
}
