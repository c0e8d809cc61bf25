//! A tree: a folder that files are read from and put into, through no link.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

use super::{
    Folder,
    error::FolderError,
    staging::{Staging, make_and_rename, temporary_name},
};

/// A folder with everything below it, held open.
#[derive(Debug)]
pub struct Tree {
    root: Folder,
    staging: Staging,
}

impl Tree {
    /// Opens the folder `root`, wherever that path leads, because the user named it. The staging
    /// folder lies beside `owner`, which is `root` or a folder in it.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn open(root: &Path, owner: &Path) -> Result<Self, FolderError> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let opened = Folder::open(root);
        let root = opened.map_err(|source| FolderError::Io { path: root.to_owned(), source })?;
        Ok(Self { root, staging: Staging::of(owner) })
    }

    /// The same for a folder that need not be there yet.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn create(root: &Path, owner: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(root)
            .map_err(|source| FolderError::Io { path: root.to_owned(), source })?;
        Self::open(root, owner)
    }

    /// The path that `file` (relative to the root) has for people.
    pub fn path(&self, file: &Path) -> PathBuf {
        self.root.path().join(file)
    }

    /// Opens a file (relative to the root) for reading; `None` if there is none.
    ///
    /// # Errors
    /// [`FolderError`]; anything but a regular file is one.
    pub fn open_file(&self, file: &Path) -> Result<Option<(File, Metadata)>, FolderError> {
        if is_plain(file)
            && let Ok(opened) = self.root.read_below(file)
        {
            return Ok(Some(opened));
        }
        let (folder, name) = match self.folder_of(file, Missing::IsAnError) {
            Err(FolderError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            found => found?,
        };
        match folder.read(name) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(_) if folder.is_link(name) => Err(FolderError::Link(self.path(file))),
            Err(source) => Err(self.failed(file, source)),
        }
    }

    /// Reads a file (relative to the root); `None` if there is none.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, FolderError> {
        let Some((mut opened, metadata)) = self.open_file(file)? else { return Ok(None) };
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
        opened.read_to_end(&mut bytes).map_err(|source| self.failed(file, source))?;
        Ok(Some(bytes))
    }

    /// Puts a new file in the place of `file` (relative to the root), whole or not at all, together
    /// with the folders that are missing. `fill` writes it, and may be called twice.
    ///
    /// The mode is that of any new file, 0644 less the umask, unless `fill` changes it: a web server
    /// must be able to read it, and no mode ever comes from the network or a tarball.
    ///
    /// # Errors
    /// [`FolderError`]; `file` is as it was.
    pub fn put(
        &self,
        file: &Path,
        fill: &dyn Fn(&mut File) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let (folder, name) = self.folder_of(file, Missing::IsMade)?;
        self.put_into(&folder, file, name, fill)
    }

    /// The same, into the folder that the file lies in.
    pub(super) fn put_into(
        &self,
        folder: &Folder,
        file: &Path,
        name: &OsStr,
        fill: &dyn Fn(&mut File) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        self.place(folder, file, name, &|staging, name| fill(&mut staging.create(name)?))
    }

    /// Puts a link to `target` in the place of `file` (relative to the root), unless it is there.
    ///
    /// # Errors
    /// [`FolderError`]; `file` is as it was.
    #[cfg(unix)]
    pub fn put_link(&self, file: &Path, target: &Path) -> Result<(), FolderError> {
        let (folder, name) = self.folder_of(file, Missing::IsMade)?;
        if folder.read_link(name).is_ok_and(|there| there == target) {
            return Ok(());
        }
        self.place(&folder, file, name, &|staging, name| staging.link(target, name))
    }

    /// Where the link `file` (relative to the root) leads.
    ///
    /// # Errors
    /// [`FolderError`].
    #[cfg(unix)]
    pub fn read_link(&self, file: &Path) -> Result<PathBuf, FolderError> {
        let (folder, name) = self.folder_of(file, Missing::IsAnError)?;
        folder.read_link(name).map_err(|source| self.failed(file, source))
    }

    /// Makes a folder (relative to the root) and those it lies in.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn make_folder(&self, folder: &Path) -> Result<(), FolderError> {
        self.descend(folder, Missing::IsMade).map(drop)
    }

    /// Makes the names in a folder (relative to the root) durable.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn sync_folder(&self, folder: &Path) -> Result<(), FolderError> {
        let opened = self.descend(folder, Missing::IsAnError)?;
        opened.sync().map_err(|source| self.failed(folder, source))
    }

    /// Whether files could be put into a folder (relative to the root) as far as permissions tell;
    /// of a missing folder, whether it could be made.
    ///
    /// # Errors
    /// [`FolderError`] says why not.
    pub fn may_write(&self, folder: &Path) -> Result<(), FolderError> {
        for folder in folder.ancestors() {
            match self.descend(folder, Missing::IsAnError) {
                Err(FolderError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                }
                found => {
                    let may = found?.may_write();
                    return may.map_err(|source| self.failed(folder, source));
                }
            }
        }
        Ok(())
    }

    /// Makes something in the staging folder and renames it.
    fn place(
        &self,
        folder: &Folder,
        file: &Path,
        name: &OsStr,
        make: &dyn Fn(&Folder, &OsStr) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let temporary = temporary_name(file);
        let through = |at: &Folder| make_and_rename(at, &temporary, folder, name, make);
        let placed = match self.staging.folder(&self.root).map(through) {
            None => through(folder),
            Some(Err(error)) if error.kind() == io::ErrorKind::CrossesDevices => through(folder),
            Some(placed) => placed,
        };
        placed.map_err(|source| self.failed(file, source))
    }

    /// The folder a file lies in, and its name there.
    fn folder_of<'a>(
        &self,
        file: &'a Path,
        missing: Missing,
    ) -> Result<(Folder, &'a OsStr), FolderError> {
        let name = file.file_name().ok_or_else(|| self.failed(file, not_a_plain_path()))?;
        Ok((self.descend(file.parent().unwrap_or(Path::new("")), missing)?, name))
    }

    /// Opens a folder (relative to the root) name by name, and follows no link.
    pub(super) fn descend(&self, path: &Path, missing: Missing) -> Result<Folder, FolderError> {
        if is_plain(path)
            && let Ok(folder) = self.root.enter_below(path)
        {
            return Ok(folder);
        }
        let mut folder =
            self.root.try_clone().map_err(|source| self.failed(Path::new(""), source))?;
        for component in path.components() {
            let Component::Normal(name) = component else {
                return Err(self.failed(path, not_a_plain_path()));
            };
            folder = step(&folder, name, missing)?;
        }
        Ok(folder)
    }

    pub(super) fn failed(&self, file: &Path, source: io::Error) -> FolderError {
        FolderError::Io { path: self.path(file), source }
    }
}

/// What becomes of a folder that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    IsAnError,
    IsMade,
}

fn step(folder: &Folder, name: &OsStr, missing: Missing) -> Result<Folder, FolderError> {
    let entered = match folder.enter(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::IsMade => {
            folder.make(name).and_then(|()| folder.enter(name))
        }
        entered => entered,
    };
    entered.map_err(|source| {
        let path = folder.path().join(name);
        match source.kind() {
            _ if folder.is_link(name) => FolderError::Link(path),
            io::ErrorKind::NotADirectory => FolderError::NotAFolder(path),
            _ => FolderError::Io { path, source },
        }
    })
}

/// Whether a path consists of names alone, at least one.
fn is_plain(path: &Path) -> bool {
    let mut components = path.components().peekable();
    components.peek().is_some() && components.all(|part| matches!(part, Component::Normal(_)))
}

pub(super) fn not_a_plain_path() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a plain relative path")
}
