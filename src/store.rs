//! The vendored bytes on disk: the vendor cache with its lockfile, and the site vendor folder.
//!
//! Both are folders of [`VendorPath`]s. A file that is there already is replaced only if it holds
//! what the lockfile says we put there; any other file is foreign, and stops the run before a
//! byte is written. New files are fsynced, and so are their folders, before the lockfile that
//! names them and the pages that load them are written.

mod root_file;

use std::{
    collections::BTreeSet,
    io,
    io::Write,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    folder::{FolderError, IoError, Tree},
    integrity::{Integrity, Mismatch},
    lockfile::{Entry, Lockfile, LockfileError},
    vendor_path::VendorPath,
};

/// The lockfile's name in the vendor cache.
pub const LOCKFILE: &str = "inhouse.lock";
/// Git on Windows would change line ends, and with them the hashes.
const GIT_ATTRIBUTES: &str = "* -text\n";

/// A folder of vendored files that cannot be read, written or trusted.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file that cannot be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The lockfile does not parse.
    #[error(transparent)]
    Lockfile(#[from] LockfileError),
    /// A link where a folder or file of ours belongs.
    #[error("`{}` is a link, which Inhouse does not write through", .0.display())]
    Link(PathBuf),
    /// A file in the place of a vendored file, with bytes that Inhouse did not write.
    #[error("`{}` is there already, and is not the file Inhouse wrote", .0.display())]
    Foreign(PathBuf),
}

impl StoreError {
    /// What the owner of the site can do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Io(error) => Some(error.remedy().into()),
            Self::Lockfile(error) => Some(error.remedy().into()),
            Self::Link(_) => Some("replace the link by a real folder, or choose another with --out or --cache".into()),
            Self::Foreign(_) => Some(
                "if you do not need the file, delete it and run again; else choose another folder with --out".into(),
            ),
        }
    }

    fn reading(error: FolderError) -> Self {
        match error {
            FolderError::Link(path) => Self::Link(path),
            FolderError::NotAFolder(path) => Self::Foreign(path),
            FolderError::Io { path, source } => IoError::Read { path, source }.into(),
        }
    }

    fn writing(error: FolderError) -> Self {
        match error {
            FolderError::Link(path) => Self::Link(path),
            FolderError::NotAFolder(path) => Self::Foreign(path),
            FolderError::Io { path, source } => IoError::Write { path, source }.into(),
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
    /// A folder that exists or may be made. Its own path may lead through links.
    base: PathBuf,
    /// The path below `base`; no part of it may be a link.
    name: PathBuf,
    /// What a run locks: the site or the cache.
    owner: PathBuf,
}

impl VendorFolder {
    /// The folder `name` of a site.
    pub fn new(site: impl Into<PathBuf>, name: impl Into<PathBuf>) -> Self {
        let site = site.into();
        Self { owner: site.clone(), base: site, name: name.into() }
    }

    /// The folder's own path.
    pub fn path(&self) -> PathBuf {
        self.base.join(&self.name)
    }

    /// Reads a vendored file; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Link`], [`StoreError::Foreign`] or [`StoreError::Io`].
    pub fn read(&self, file: &VendorPath) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_at(&file.to_path(&self.name))
    }

    fn read_at(&self, file: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || self.tree()?.map_or(Ok(None), |tree| tree.read(file));
        read().map_err(StoreError::reading)
    }

    /// The folder this one lies in; `None` if it is not there yet.
    fn tree(&self) -> Result<Option<Tree>, FolderError> {
        match Tree::open(&self.base, &self.owner) {
            Err(FolderError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            tree => tree.map(Some),
        }
    }

    /// Whether `bytes` may be written as `file`: there is nothing, or just that, or what we wrote
    /// before (`previous`, from the lockfile); and permissions allow it.
    ///
    /// # Errors
    /// [`StoreError::Foreign`], [`StoreError::Link`] or [`StoreError::Io`].
    pub fn admit(
        &self,
        file: &VendorPath,
        bytes: &[u8],
        previous: Option<&Integrity>,
    ) -> Result<Admitted, StoreError> {
        match self.read(file)? {
            Some(there) if there == bytes => return Ok(Admitted::Same),
            Some(there) if previous.is_none_or(|ours| ours.verify(&there).is_err()) => {
                return Err(StoreError::Foreign(file.to_path(&self.path())));
            }
            None | Some(_) => {}
        }
        let path = file.to_path(&self.name);
        self.may_write(path.parent().unwrap_or(&self.name))?;
        Ok(Admitted::New)
    }

    /// Whether permissions allow to write into a folder, by its path below `base`.
    fn may_write(&self, folder: &Path) -> Result<(), StoreError> {
        let tree = self.tree().map_err(StoreError::reading)?;
        tree.map_or(Ok(()), |tree| tree.may_write(folder)).map_err(StoreError::writing)
    }

    /// Writes files that [`admit`](Self::admit) has found to be new, then makes them durable.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Link`] or [`StoreError::Foreign`].
    pub fn write<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a VendorPath, &'a [u8])>,
    ) -> Result<(), StoreError> {
        let files = files.into_iter().map(|(file, bytes)| (file.to_path(&self.name), bytes));
        self.write_at(files.collect())
    }

    /// Writes files at paths relative to `base`.
    fn write_at(&self, files: Vec<(PathBuf, &[u8])>) -> Result<(), StoreError> {
        if files.is_empty() {
            return Ok(());
        }
        let write = || -> Result<(), FolderError> {
            let tree = Tree::create(&self.base, &self.owner)?;
            for (file, bytes) in &files {
                tree.put(file, &|new| {
                    new.write_all(bytes)?;
                    new.sync_all()
                })?;
            }
            let folders: BTreeSet<_> =
                files.iter().flat_map(|(file, _)| file.ancestors().skip(1)).collect();
            // The deepest first: a folder is durable once its parent knows of it.
            folders.iter().rev().try_for_each(|folder| tree.sync_folder(folder))
        };
        write().map_err(StoreError::writing)
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
        Self { folder: VendorFolder { base, name, owner: path.to_owned() } }
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
    /// [`StoreError::Io`], [`StoreError::Link`] or [`StoreError::Lockfile`].
    pub fn lockfile(&self) -> Result<Option<Lockfile>, StoreError> {
        let path = self.lockfile_path();
        let Some(bytes) = self.folder.read_at(&self.folder.name.join(LOCKFILE))? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(|error| IoError::Read {
            path: path.clone(),
            source: io::Error::new(io::ErrorKind::InvalidData, error),
        })?;
        Ok(Some(Lockfile::parse(&text, &path)?))
    }

    /// What the cache holds for `entry`, hashed anew.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::Link`].
    pub fn lookup(&self, entry: &Entry) -> Result<Cached, StoreError> {
        self.lookup_file(&entry.path, entry.upstream())
    }

    /// What the cache holds at `path`, hashed anew.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::Link`].
    pub fn lookup_file(
        &self,
        path: &VendorPath,
        digests: &Integrity,
    ) -> Result<Cached, StoreError> {
        let Some(bytes) = self.folder.read(path)? else { return Ok(Cached::Missing) };
        Ok(match digests.verify(&bytes) {
            Ok(()) => Cached::Present(bytes),
            Err(mismatch) => Cached::Tampered(mismatch),
        })
    }

    /// Writes the lockfile if its text differs, and the `.gitattributes` that guard the bytes.
    ///
    /// # Errors
    /// [`StoreError::Io`], or those of [`lockfile`](Self::lockfile).
    pub fn write_lockfile(&self, lockfile: &Lockfile) -> Result<(), StoreError> {
        let text = lockfile.to_text();
        let path = self.folder.name.join(LOCKFILE);
        if self.folder.read_at(&path)?.is_some_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        let attributes = self.folder.name.join(".gitattributes");
        if self.folder.read_at(&attributes)?.is_none() {
            self.folder.write_at(vec![(attributes, GIT_ATTRIBUTES.as_bytes())])?;
        }
        self.folder.write_at(vec![(path, text.as_bytes())])
    }
}
