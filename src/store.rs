//! The vendored bytes on disk: the vendor cache with its lockfile, and the site vendor folder.
//!
//! Both are folders of [`VendorPath`]s. A file that is there already is replaced only if it holds
//! what the lockfile says we put there; anything else is somebody's, and stops the run before a
//! byte is written. New files are fsynced, and so are their folders, before the lockfile that
//! names them and the pages that load them are written.

#![allow(clippy::disallowed_methods, reason = "this room is the vendored bytes on disk")]

use std::{
    collections::BTreeSet,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    integrity::{Integrity, Mismatch},
    lockfile::{Entry, Lockfile, LockfileError},
    site::temporary_beside,
    vendor_path::VendorPath,
};

/// The lockfile's name in the vendor cache.
pub const LOCKFILE: &str = "inhouse.lock";
/// Git on Windows would change line ends, and with them the hashes.
const GIT_ATTRIBUTES: &str = "* -text\n";

/// A folder of vendored files that cannot be read, written or trusted.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file that cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The lockfile does not parse.
    #[error(transparent)]
    Lockfile(#[from] LockfileError),
    /// A link where a folder or file of ours belongs.
    #[error("`{}` is a link, which Inhouse does not write through", .0.display())]
    Link(PathBuf),
    /// A file where a vendored file belongs, with bytes we did not write.
    #[error("`{}` is there already, and is not the file Inhouse wrote", .0.display())]
    Foreign(PathBuf),
}

impl StoreError {
    /// What the owner of the site can do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("check the permissions".into()),
            Self::Write { .. } => Some("check the permissions and the free space of the disk".into()),
            Self::Lockfile(error) => Some(error.remedy().into()),
            Self::Link(_) => Some("replace the link by a real folder, or choose another with --out or --cache".into()),
            Self::Foreign(_) => Some(
                "if you do not need the file, delete it and run again; else choose another folder with --out".into(),
            ),
        }
    }
}

/// What the cache holds for a lockfile entry.
#[derive(Debug)]
pub enum Cached {
    /// The bytes, whose hash is the locked one.
    Present(Vec<u8>),
    /// No file.
    Missing,
    /// A file with other bytes.
    Tampered(Mismatch),
}

/// A folder that vendored files lie in: the cache, or the vendor folder of a site.
#[derive(Clone, Debug)]
pub struct VendorFolder {
    /// A folder that exists or may be created, which is trusted not to be a link.
    base: PathBuf,
    /// The rest of the way, component by component; none of them may be a link.
    name: PathBuf,
}

impl VendorFolder {
    /// The folder `name` in `base`.
    pub fn new(base: impl Into<PathBuf>, name: impl Into<PathBuf>) -> Self {
        Self { base: base.into(), name: name.into() }
    }

    /// The folder's own path.
    pub fn path(&self) -> PathBuf {
        self.base.join(&self.name)
    }

    /// Reads a vendored file; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Link`] or [`StoreError::Read`].
    pub fn read(&self, file: &VendorPath) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.locate(file)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Read { path, source }),
        }
    }

    /// Whether `bytes` may be written as `file`: there is nothing, or just that, or what we wrote
    /// before (`previous`, from the lockfile).
    ///
    /// # Errors
    /// [`StoreError::Foreign`], [`StoreError::Link`] or [`StoreError::Read`].
    pub fn admit(
        &self,
        file: &VendorPath,
        bytes: &[u8],
        previous: Option<&Integrity>,
    ) -> Result<Admitted, StoreError> {
        match self.read(file)? {
            None => Ok(Admitted::New),
            Some(there) if there == bytes => Ok(Admitted::Same),
            Some(there) if previous.is_some_and(|ours| ours.verify(&there).is_ok()) => {
                Ok(Admitted::New)
            }
            Some(_) => Err(StoreError::Foreign(file.to_path(&self.path()))),
        }
    }

    /// Writes files that [`admit`](Self::admit) has found to be new, then makes them durable.
    ///
    /// # Errors
    /// [`StoreError::Write`] or [`StoreError::Link`].
    pub fn write<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a VendorPath, &'a [u8])>,
    ) -> Result<(), StoreError> {
        let mut folders = BTreeSet::new();
        for (file, bytes) in files {
            let path = self.locate(file)?;
            write_durably(&path, bytes)?;
            folders.extend(
                path.ancestors()
                    .skip(1)
                    .take_while(|dir| dir.starts_with(&self.base))
                    .map(Path::to_owned),
            );
        }
        // The deepest first: a folder is durable once its parent knows of it.
        folders.iter().rev().try_for_each(|folder| sync_folder(folder))
    }

    /// The path of `file`, after making sure that no link lies on the way.
    fn locate(&self, file: &VendorPath) -> Result<PathBuf, StoreError> {
        let mut path = self.base.clone();
        for component in file.to_path(&self.name).components() {
            path.push(component);
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_symlink() => return Err(StoreError::Link(path)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(file.to_path(&self.path()));
                }
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                    return Err(StoreError::Foreign(path));
                }
                Err(source) => return Err(StoreError::Read { path, source }),
            }
        }
        Ok(path)
    }
}

/// What writing a file would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// The bytes are not there yet.
    New,
    /// The bytes are there already: nothing to write.
    Same,
}

/// The vendor cache: the lockfile and the bytes as upstream served them.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: VendorFolder,
}

impl Cache {
    /// The cache at `path`.
    pub fn new(path: &Path) -> Self {
        // The parent of a plain name is the empty path, which no system call takes.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let base = parent.unwrap_or(Path::new(".")).to_owned();
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        Self { folder: VendorFolder::new(base, name) }
    }

    /// The bytes' folder.
    pub fn folder(&self) -> &VendorFolder {
        &self.folder
    }

    /// The lockfile's path.
    pub fn lockfile_path(&self) -> PathBuf {
        self.folder.path().join(LOCKFILE)
    }

    /// Reads the lockfile; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Read`] or [`StoreError::Lockfile`].
    pub fn lockfile(&self) -> Result<Option<Lockfile>, StoreError> {
        let path = self.lockfile_path();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Lockfile::parse(&text, &path)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Read { path, source }),
        }
    }

    /// What the cache holds for `entry`, hashed anew.
    ///
    /// # Errors
    /// [`StoreError::Read`] or [`StoreError::Link`].
    pub fn lookup(&self, entry: &Entry) -> Result<Cached, StoreError> {
        let Some(bytes) = self.folder.read(&entry.path)? else { return Ok(Cached::Missing) };
        Ok(match entry.integrity.verify(&bytes) {
            Ok(()) => Cached::Present(bytes),
            Err(mismatch) => Cached::Tampered(mismatch),
        })
    }

    /// Writes the lockfile if its text differs, and the `.gitattributes` that guard the bytes.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn write_lockfile(&self, lockfile: &Lockfile) -> Result<(), StoreError> {
        let text = lockfile.to_text();
        let path = self.lockfile_path();
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        let attributes = self.folder.path().join(".gitattributes");
        if !attributes.exists() {
            write_durably(&attributes, GIT_ATTRIBUTES.as_bytes())?;
        }
        write_durably(&path, text.as_bytes())?;
        sync_folder(&self.folder.path())
    }
}

/// Writes a temporary file beside `path`, fsyncs it, and renames it into place.
fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut temporary = temporary_beside(path)?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        Ok(())
    };
    write().map_err(|source| StoreError::Write { path: path.to_owned(), source })
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let sync = || fs::File::open(folder)?.sync_all();
    sync().map_err(|source| StoreError::Write { path: folder.to_owned(), source })
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<(), StoreError> {
    Ok(())
}
