//! Folders held open, and the one way a file gets into them: written elsewhere, then renamed.
//!
//! A [`Tree`] is what Inhouse writes to: SITE, DEST or the vendor cache. Below its root no link is
//! followed, however the disk changes meanwhile: every folder on the way is opened by its name in
//! the folder before it. New files are made on a *bench*, a hidden folder beside the tree, so that a
//! run that is killed leaves nothing inside it; the next run, alone under its [`Lock`]s, clears the
//! bench. What the files mean, and which must reach the disk before which, is up to
//! [`site`](crate::site) and [`store`](crate::store).

#![allow(clippy::disallowed_methods, reason = "this room is the folders on disk")]

mod lock;
#[cfg(any(not(unix), test))]
mod paths;
#[cfg(unix)]
mod unix;

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    path::{Component, Path, PathBuf},
    sync::OnceLock,
};

use thiserror::Error;

pub use self::lock::Lock;
#[cfg(not(unix))]
use self::paths::Folder;
#[cfg(unix)]
use self::unix::Folder;

/// A file or folder of a tree that cannot be read or written.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A link where a folder or a file belongs.
    #[error("`{}` is a link, which Inhouse does not follow", .0.display())]
    Link(PathBuf),
    /// Something else where a folder belongs.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// Anything else.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A folder with everything below it, held open.
#[derive(Debug)]
pub struct Tree {
    root: Folder,
    home: PathBuf,
    bench: OnceLock<Option<Folder>>,
}

impl Tree {
    /// Opens the folder `root`, wherever that path leads: it is the user who named it. The bench
    /// lies beside `home`, which is `root` or a folder in it.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn open(root: &Path, home: &Path) -> Result<Self, FolderError> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let opened = Folder::open(root);
        let root = opened.map_err(|source| FolderError::Io { path: root.to_owned(), source })?;
        Ok(Self { root, home: home.to_owned(), bench: OnceLock::new() })
    }

    /// The same for a folder that need not be there yet.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn create(root: &Path, home: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(root)
            .map_err(|source| FolderError::Io { path: root.to_owned(), source })?;
        Self::open(root, home)
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
        self.hand().put(file, fill)
    }

    /// Takes and puts files one after the other.
    pub fn hand(&self) -> Hand<'_> {
        Hand { tree: self, folder: None }
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
        self.place(&folder, file, name, &|bench, name| bench.link(target, name))
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

    /// Makes something under a temporary name and renames it: on the bench, or, where a rename
    /// cannot lead from there into the tree, beside the file.
    fn place(
        &self,
        folder: &Folder,
        file: &Path,
        name: &OsStr,
        make: &dyn Fn(&Folder, &OsStr) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let temporary = temporary_name(file);
        let through = |bench: &Folder| {
            let made = match make(bench, &temporary) {
                // Beside the file there may be one of a run that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    bench.remove(&temporary).and_then(|()| make(bench, &temporary))
                }
                made => made,
            };
            let placed = made.and_then(|()| bench.rename(&temporary, folder, name));
            placed.inspect_err(|_| drop(bench.remove(&temporary)))
        };
        let placed = match self.bench().map(through) {
            None => through(folder),
            Some(Err(error)) if error.kind() == io::ErrorKind::CrossesDevices => through(folder),
            Some(placed) => placed,
        };
        placed.map_err(|source| self.failed(file, source))
    }

    /// The bench, made when it is first needed; `None` if there can be none.
    fn bench(&self) -> Option<&Folder> {
        let make = || {
            let (beside, name) = bench_of(&self.home)?;
            let beside = Folder::open(&beside).ok()?;
            if !beside.is_on_the_disk_of(&self.root) {
                return None;
            }
            beside.make(&name).and_then(|()| beside.enter(&name)).ok()
        };
        self.bench.get_or_init(make).as_ref()
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
    fn descend(&self, path: &Path, missing: Missing) -> Result<Folder, FolderError> {
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

    fn failed(&self, file: &Path, source: io::Error) -> FolderError {
        FolderError::Io { path: self.path(file), source }
    }
}

/// Takes files of a tree and puts files into it, one after the other: the folder that several lie in
/// is opened once.
#[derive(Debug)]
pub struct Hand<'t> {
    tree: &'t Tree,
    /// The last one, by its path.
    folder: Option<(PathBuf, Folder)>,
}

impl<'t> Hand<'t> {
    /// The tree.
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// As [`Tree::open_file`].
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open_file(&mut self, file: &Path) -> Result<Option<(File, Metadata)>, FolderError> {
        let opened = self.folder_of(file, Missing::IsAnError);
        match opened.ok().and_then(|(_, folder, name)| folder.read(name).ok()) {
            Some(opened) => Ok(Some(opened)),
            // Going the whole way finds out what is the matter.
            None => self.tree.open_file(file),
        }
    }

    /// As [`Tree::put`].
    ///
    /// # Errors
    /// [`FolderError`]; `file` is as it was.
    pub fn put(
        &mut self,
        file: &Path,
        fill: &dyn Fn(&mut File) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let (tree, folder, name) = self.folder_of(file, Missing::IsMade)?;
        let make = |bench: &Folder, name: &OsStr| fill(&mut bench.create(name)?);
        tree.place(folder, file, name, &make)
    }

    /// The tree, the folder that a file lies in, and the file's name there.
    fn folder_of<'f>(
        &mut self,
        file: &'f Path,
        missing: Missing,
    ) -> Result<(&Tree, &Folder, &'f OsStr), FolderError> {
        let tree = self.tree;
        let (Some(name), Some(path)) = (file.file_name(), file.parent()) else {
            return Err(tree.failed(file, not_a_plain_path()));
        };
        let folder = match self.folder.take() {
            Some((known, folder)) if known.as_os_str() == path.as_os_str() => (known, folder),
            _ => (path.to_owned(), tree.descend(path, missing)?),
        };
        let (_, folder) = self.folder.insert(folder);
        Ok((tree, folder, name))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
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

fn not_a_plain_path() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a plain relative path")
}

/// The name under which a file is made: the same in every run, so that what a killed run left
/// beside a file is replaced by the run that repeats its work.
fn temporary_name(file: &Path) -> OsString {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    format!(".inhouse-{:016x}.tmp", hasher.finish()).into()
}

/// Where the bench of `home` lies: the folder beside it, and the bench's name in that.
fn bench_of(home: &Path) -> Option<(PathBuf, OsString)> {
    let home = fs::canonicalize(home).or_else(|_| std::path::absolute(home)).ok()?;
    let mut name = OsString::from(".");
    name.push(home.file_name()?);
    name.push(".inhouse");
    Some((home.parent()?.to_owned(), name))
}

/// Removes the bench of `home` and what a killed run has left on it. Only for a run whose [`Lock`]s
/// keep all others from `home`. Files with other names than ours stay.
pub fn clear_bench(home: &Path) {
    let Some((beside, name)) = bench_of(home) else { return };
    let Ok(beside) = Folder::open(&beside) else { return };
    let Ok(bench) = beside.enter(&name) else { return };
    for left in bench.names().unwrap_or_default() {
        let text = left.to_string_lossy();
        if text.starts_with(".inhouse-") && text.ends_with(".tmp") {
            let _ = bench.remove(&left);
        }
    }
    let _ = beside.remove_folder(&name);
}

#[cfg(all(test, unix))]
mod tests;
