//! The built site on disk: which files are pages, reading them, replacing them whole.
//!
//! Links are never followed, neither while walking nor while writing, so nothing outside the site
//! is read or touched. Every file is replaced whole by its [`Tree`]: a reader sees the old one or
//! the new one. Pages are not fsynced; the generator can rebuild them.

#![allow(clippy::disallowed_methods, reason = "this room is the site on disk")]

mod error;
mod limits;
mod page;
mod walk;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use self::walk::walk_error;
pub use self::{
    error::SiteError,
    page::{Page, PageReader, Stamp, dialect, read_page, replace},
    walk::{Found, PageRule, Walk, order_of_copy},
};
use crate::folder::Tree;

/// The file of headers that some hosts read (Netlify, Cloudflare Pages).
pub const HEADERS: &str = "_headers";

/// The names of the folders in the site's root; none if they cannot be listed, which
/// [`Walk`] reports.
pub fn folders(root: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Every file and link below `folder` of `root`, in the order of their paths, which are relative
/// to `root`; none if there is no such folder.
///
/// # Errors
/// [`SiteError::Io`].
pub fn files_below(root: &Path, folder: &str) -> Result<Vec<PathBuf>, SiteError> {
    let top = root.join(folder);
    if !top.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in WalkDir::new(&top).sort_by_file_name() {
        let entry = entry.map_err(|error| walk_error(root, error))?;
        if !entry.file_type().is_dir() {
            files.push(entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned());
        }
    }
    Ok(files)
}

/// A page's path as text, `/`-separated: for its URL and for messages.
pub fn page_name(path: &Path) -> String {
    let names = path.components().map(|name| name.as_os_str().to_string_lossy());
    names.collect::<Vec<_>>().join("/")
}

/// Reads a file.
///
/// # Errors
/// [`SiteError::Io`] names it.
pub fn read(path: &Path) -> Result<Vec<u8>, SiteError> {
    fs::read(path).map_err(|source| SiteError::cannot_read(path, source))
}

/// Reads a file of the site that is no page; `None` if there is none.
///
/// # Errors
/// [`SiteError`] names it.
pub fn read_own(site: &Path, file: &Path) -> Result<Option<Vec<u8>>, SiteError> {
    open(site)?.read(file).map_err(SiteError::reading)
}

/// Opens a site to read its files, or to replace them.
///
/// # Errors
/// [`SiteError::Io`].
pub fn open(site: &Path) -> Result<Tree, SiteError> {
    Tree::open(site, site).map_err(SiteError::reading)
}

/// Opens the folder that a site is copied to, and makes it if need be.
///
/// # Errors
/// [`SiteError::Io`].
pub fn create(dest: &Path) -> Result<Tree, SiteError> {
    Tree::create(dest, dest).map_err(SiteError::writing)
}

/// Makes sure, as far as permissions tell, that `pages` (paths relative to the site) can be
/// replaced: before the first one is.
///
/// # Errors
/// [`SiteError`] names the first folder that cannot be written to.
pub fn admit<'a>(site: &Tree, pages: impl IntoIterator<Item = &'a Path>) -> Result<(), SiteError> {
    let folders: BTreeSet<_> = pages.into_iter().filter_map(Path::parent).collect();
    folders.into_iter().try_for_each(|folder| site.may_write(folder)).map_err(SiteError::writing)
}

/// Copies the files of `site` that `which` names (paths relative to the site) to `dest`, as `cp -a`
/// would: links as links, times and modes kept, blocks shared where the file system can. A file that
/// is there already with the same size and time is taken to be the same.
///
/// # Errors
/// [`SiteError`] names the first file that could not be read or written.
pub fn copy(site: &Path, dest: &Tree, which: &dyn Fn(&Path) -> bool) -> Result<(), SiteError> {
    let from = open(site)?;
    for entry in WalkDir::new(site) {
        let entry = entry.map_err(|error| walk_error(site, error))?;
        let path = entry.path().strip_prefix(site).unwrap_or(entry.path());
        if entry.file_type().is_dir() {
            dest.make_folder(path).map_err(SiteError::writing)?;
        } else if entry.path_is_symlink() && which(path) {
            copy_link(&from, dest, path)?;
        } else if entry.file_type().is_file() && which(path) {
            copy_file(&from, dest, path)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Tree, dest: &Tree, path: &Path) -> Result<(), SiteError> {
    let opened = from.open_file(path).map_err(SiteError::reading)?;
    let Some((file, model)) = opened else { return Ok(()) };
    let failed = |source| SiteError::cannot_read(from.path(path), source);
    let modified = model.modified().map_err(failed)?;
    let same =
        |there: fs::Metadata| there.len() == model.len() && there.modified().ok() == Some(modified);
    if let Ok(Some((_, there))) = dest.open_file(path)
        && same(there)
    {
        return Ok(());
    }
    let fill = |new: &mut File| {
        // Files are copied by the kernel, which shares their blocks if it can.
        io::copy(&mut &file, new)?;
        new.set_permissions(model.permissions())?;
        new.set_modified(modified)
    };
    dest.put(path, &fill).map_err(SiteError::writing)
}

#[cfg(unix)]
fn copy_link(from: &Tree, dest: &Tree, path: &Path) -> Result<(), SiteError> {
    let target = from.read_link(path).map_err(SiteError::reading)?;
    dest.put_link(path, &target).map_err(SiteError::writing)
}

/// Links are not for everybody here: what one leads to is copied, if it is a file.
#[cfg(not(unix))]
fn copy_link(from: &Tree, dest: &Tree, path: &Path) -> Result<(), SiteError> {
    let source = from.path(path);
    let Ok(bytes) = fs::read(&source) else { return Ok(()) };
    dest.put(path, &|new| new.write_all(&bytes)).map_err(SiteError::writing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files in it.
    pub(super) fn site(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    #[test]
    fn a_second_copy_touches_nothing() {
        let dir = site(&["public/index.html", "public/a/b.css"]);
        let path = dir.path().join("dest");
        let dest = create(&path).unwrap();
        let copy =
            || copy(&dir.path().join("public"), &dest, &|path| path != Path::new("index.html"));
        copy().unwrap();
        let changed = || fs::metadata(path.join("a/b.css")).unwrap();
        let first = changed().modified().unwrap();
        copy().unwrap();
        assert_eq!(changed().modified().unwrap(), first);
        assert!(!path.join("index.html").exists());
    }
}
