//! A folder as a path, where the standard library offers no handles for folders. Links are looked
//! for before each step; one that is put there in between is followed.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

/// A folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    #[allow(clippy::unnecessary_wraps, reason = "a handle can fail to be cloned")]
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { path: self.path.clone() })
    }

    pub fn enter(&self, name: &OsStr) -> io::Result<Self> {
        if self.is_link(name) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Self::open(&self.path.join(name))
    }

    pub fn make(&self, name: &OsStr) -> io::Result<()> {
        match fs::create_dir(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    pub fn create(&self, name: &OsStr) -> io::Result<File> {
        File::create_new(self.path.join(name))
    }

    pub fn read(&self, name: &OsStr) -> io::Result<(File, Metadata)> {
        let path = self.path.join(name);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    }

    /// Links can only be looked for name by name.
    #[allow(clippy::unused_self, reason = "a handle can be asked")]
    pub fn read_below(&self, _path: &Path) -> io::Result<(File, Metadata)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[allow(clippy::unused_self, reason = "a handle can be asked")]
    pub fn enter_below(&self, _path: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn is_link(&self, name: &OsStr) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_ok_and(|metadata| metadata.is_symlink())
    }

    pub fn rename(&self, from: &OsStr, folder: &Self, to: &OsStr) -> io::Result<()> {
        fs::rename(self.path.join(from), folder.path.join(to))
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    pub fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.path.join(name))
    }

    pub fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// What a folder permits can only be found out by trying.
    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "a handle can be asked")]
    pub fn may_write(&self) -> io::Result<()> {
        Ok(())
    }

    /// There is no portable way to make a folder's names durable.
    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "a handle can fail to sync")]
    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// Only a rename can tell.
    #[allow(clippy::unused_self, reason = "a handle knows its file system")]
    pub fn is_on_the_disk_of(&self, _other: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_made_moved_read_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (name, place) = (OsStr::new("new"), OsStr::new("folder"));
        let folder = Folder::open(dir.path()).unwrap().try_clone().unwrap();
        assert_eq!(folder.path(), dir.path());
        folder.make(place).unwrap();
        folder.make(place).unwrap();
        let inside = folder.enter(place).unwrap();
        assert!(inside.is_on_the_disk_of(&folder));
        folder.create(name).unwrap().write_all(b"bytes").unwrap();
        assert!(folder.create(name).is_err());
        folder.rename(name, &inside, OsStr::new("file")).unwrap();
        inside.may_write().and_then(|()| inside.sync()).unwrap();
        assert_eq!(inside.names().unwrap(), ["file"]);
        let read = io::read_to_string(inside.read(OsStr::new("file")).unwrap().0).unwrap();
        assert_eq!(read, "bytes");
        assert!(folder.read_below(&Path::new("folder").join("file")).is_err());
        assert!(folder.enter_below(Path::new("folder")).is_err());
        assert!(folder.read(place).is_err());
        inside.remove(OsStr::new("file")).unwrap();
        folder.remove_folder(place).unwrap();
        assert!(folder.names().unwrap().is_empty());
        assert!(!folder.is_link(place));
    }
}
