//! The built site on disk: which files are pages, reading them, replacing them whole.
//!
//! Links are never followed, neither while walking nor while writing, so nothing outside the site
//! is read or touched. Every file is replaced whole by its [`Tree`]: a reader sees the old one or
//! the new one. Pages are not fsynced; the generator can rebuild them.

#![allow(clippy::disallowed_methods, reason = "this room is the site on disk")]

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use thiserror::Error;
use walkdir::WalkDir;

use crate::folder::{FolderError, Tree};

/// Endings of the files that are pages, compared without regard to ASCII case.
const PAGE_EXTENSIONS: [&str; 3] = ["html", "htm", "xhtml"];
/// How much memory a page buffer keeps, in bytes: more than nearly all pages have.
const KEPT_BUFFER: usize = 4 << 20;

/// A site that cannot be read or written.
#[derive(Debug, Error)]
pub enum SiteError {
    /// There is nothing at the path.
    #[error("there is no folder `{}`", .0.display())]
    Missing(PathBuf),
    /// There is something else than a folder.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// A folder without a page.
    #[error("there is no page (*.html, *.htm, *.xhtml) in `{}`", .0.display())]
    NoPage(PathBuf),
    /// A `--page-glob` that is not a pattern.
    #[error("`{pattern}` is not a file pattern")]
    Glob {
        /// The pattern.
        pattern: String,
        /// Why.
        source: globset::Error,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
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
    /// A link where a page or a folder of the site belongs.
    #[error("`{}` is a link, which Inhouse does not follow", .0.display())]
    Link(PathBuf),
}

impl SiteError {
    /// What the owner of the site can do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_) => Some("build the site first, then name its output folder"),
            Self::NotAFolder(_) => Some("name the folder that holds the built pages"),
            Self::NoPage(_) => Some(
                "name the folder your generator writes to, or add --page-glob for other endings",
            ),
            Self::Glob { .. } => None,
            Self::Read { .. } => Some("check the permissions"),
            Self::Write { .. } => Some("check the permissions and the free space of the disk"),
            Self::Link(_) => Some("put a real file or folder in its place and run again"),
        }
    }

    fn reading(error: FolderError) -> Self {
        match error {
            FolderError::Link(path) => Self::Link(path),
            FolderError::NotAFolder(path) => Self::NotAFolder(path),
            FolderError::Io { path, source } => Self::Read { path, source },
        }
    }

    fn writing(error: FolderError) -> Self {
        match error {
            FolderError::Link(path) => Self::Link(path),
            FolderError::NotAFolder(path) => Self::NotAFolder(path),
            FolderError::Io { path, source } => Self::Write { path, source },
        }
    }
}

/// The file of headers that some hosts read (Netlify, Cloudflare Pages).
pub const HEADERS: &str = "_headers";

/// The files of a site, each path relative to its root.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The pages, in the order of their paths.
    pub pages: Vec<PathBuf>,
    /// Links that look like pages or folders: seen, not followed.
    pub links: Vec<PathBuf>,
    /// The site's scripts, in the order of their paths: `*.js` and `*.mjs`.
    pub scripts: Vec<PathBuf>,
}

/// Finds the pages below `root`, leaving out the folder `vendor` (relative to `root`).
///
/// # Errors
/// [`SiteError`] if there is no such folder, no page in it, or something cannot be read.
pub fn discover(root: &Path, vendor: &str, globs: &[String]) -> Result<Discovered, SiteError> {
    refuse_non_folder(root)?;
    let globs = page_globs(globs)?;
    let vendor = root.join(vendor);
    let mut found = Discovered::default();
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.path() != vendor && entry.file_name() != ".git") {
        let entry = entry.map_err(|error| walk_error(root, error))?;
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let is_page = has_page_extension(path) || globs.is_match(path);
        if entry.path_is_symlink() {
            if entry.depth() > 0 && (is_page || entry.path().is_dir()) {
                found.links.push(path.to_owned());
            }
        } else if is_page && entry.file_type().is_file() {
            found.pages.push(path.to_owned());
        } else if is_script(path) && entry.file_type().is_file() {
            found.scripts.push(path.to_owned());
        }
    }
    if found.pages.is_empty() {
        return Err(SiteError::NoPage(root.to_owned()));
    }
    Ok(found)
}

fn refuse_non_folder(root: &Path) -> Result<(), SiteError> {
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(SiteError::NotAFolder(root.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(SiteError::Missing(root.to_owned()))
        }
        Err(source) => Err(SiteError::Read { path: root.to_owned(), source }),
    }
}

fn has_page_extension(path: &Path) -> bool {
    // Not `Path::extension`, which has none for `.html`: servers and generators know such pages.
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    PAGE_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "js" || extension == "mjs")
}

fn page_globs(patterns: &[String]) -> Result<GlobSet, SiteError> {
    let mut set = GlobSetBuilder::new();
    let glob = |pattern: &String| GlobBuilder::new(pattern).literal_separator(true).build();
    for pattern in patterns {
        let refuse = |source| SiteError::Glob { pattern: pattern.clone(), source };
        set.add(glob(pattern).map_err(refuse)?);
    }
    set.build().map_err(|source| SiteError::Glob { pattern: patterns.join(" "), source })
}

fn walk_error(root: &Path, error: walkdir::Error) -> SiteError {
    let path = error.path().unwrap_or(root).to_owned();
    let source = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of links"));
    SiteError::Read { path, source }
}

/// The names of the folders in the site's root; none if they cannot be listed, which
/// [`discover`] reports.
pub fn folders(root: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Every file and link below `folder` of `root`, in the order of their paths, which are relative
/// to `root`; none if there is no such folder.
///
/// # Errors
/// [`SiteError::Read`].
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

/// The scripts below `root`, leaving out the folder `vendor`, as [`discover`] finds them in a folder with
/// pages.
///
/// # Errors
/// [`SiteError::Read`].
pub fn scripts(root: &Path, vendor: &str) -> Result<Vec<PathBuf>, SiteError> {
    let mut files = files_below(root, "")?;
    files.retain(|path| is_script(path) && !path.starts_with(vendor) && !path.starts_with(".git"));
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
/// [`SiteError::Read`] names it.
pub fn read(path: &Path) -> Result<Vec<u8>, SiteError> {
    fs::read(path).map_err(|source| SiteError::Read { path: path.to_owned(), source })
}

/// Reads a file of the site that is no page; `None` if there is none.
///
/// # Errors
/// [`SiteError`] names it.
pub fn read_own(site: &Path, file: &Path) -> Result<Option<Vec<u8>>, SiteError> {
    open(site)?.read(file).map_err(SiteError::reading)
}

/// Reads a file into `buffer`, whose memory serves one page after another.
///
/// # Errors
/// [`SiteError::Read`] names it.
pub fn read_into(path: &Path, buffer: &mut Vec<u8>) -> Result<(), SiteError> {
    buffer.clear();
    let read = fs::File::open(path).and_then(|mut file| file.read_to_end(buffer));
    // One giant page must not keep its memory for the rest of the run.
    buffer.shrink_to(KEPT_BUFFER);
    read.map(drop).map_err(|source| SiteError::Read { path: path.to_owned(), source })
}

/// Opens a site to read its files, or to replace them.
///
/// # Errors
/// [`SiteError::Read`].
pub fn open(site: &Path) -> Result<Tree, SiteError> {
    Tree::open(site, site).map_err(SiteError::reading)
}

/// Opens the folder that a site is copied to, and makes it if need be.
///
/// # Errors
/// [`SiteError::Write`].
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

/// A page's bytes, and the mode and owner that a page made from it shall have.
#[derive(Debug)]
pub struct Page {
    /// The bytes.
    pub bytes: Vec<u8>,
    model: fs::Metadata,
}

/// Reads a page (a path relative to the site).
///
/// # Errors
/// [`SiteError`] names it.
pub fn read_page(site: &Tree, page: &Path) -> Result<Page, SiteError> {
    let failed = |source| SiteError::Read { path: site.path(page), source };
    let opened = site.open_file(page).map_err(SiteError::reading)?;
    let mut file = opened.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(Page { bytes, model: file.metadata().map_err(failed)? })
}

/// Puts `bytes` in the place of a page (a path relative to the site), with the mode and owner of
/// the page they were made from.
///
/// # Errors
/// [`SiteError`] names the page, which then is as it was.
pub fn replace(site: &Tree, page: &Path, from: &Page, bytes: &[u8]) -> Result<(), SiteError> {
    let fill = |file: &mut File| {
        file.write_all(bytes)?;
        take_after(file, &from.model)
    };
    site.put(page, &fill).map_err(SiteError::writing)
}

#[cfg(unix)]
fn take_after(file: &fs::File, model: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (model.uid(), model.gid()) {
        fchown(file, Some(model.uid()), Some(model.gid()))?;
    }
    file.set_permissions(model.permissions())
}

#[cfg(not(unix))]
fn take_after(_file: &fs::File, _model: &fs::Metadata) -> io::Result<()> {
    Ok(())
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
    let Some(file) = from.open_file(path).map_err(SiteError::reading)? else { return Ok(()) };
    let failed = |source| SiteError::Read { path: from.path(path), source };
    let model = file.metadata().map_err(failed)?;
    let modified = model.modified().map_err(failed)?;
    let same =
        |there: fs::Metadata| there.len() == model.len() && there.modified().ok() == Some(modified);
    if let Ok(Some(there)) = dest.open_file(path)
        && there.metadata().is_ok_and(same)
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

    fn site(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    #[test]
    fn pages_come_in_a_stable_order_and_without_the_vendor_folder() {
        let dir = site(&[
            "b.HTML",
            "a/x.htm",
            "a/.html",
            "a.xhtml",
            "style.css",
            "vendor/h/page.html",
            "feed.tpl",
        ]);
        let pages = discover(dir.path(), "vendor", &["*.tpl".into()]).unwrap().pages;
        assert_eq!(
            pages,
            ["a/.html", "a/x.htm", "a.xhtml", "b.HTML", "feed.tpl"].map(PathBuf::from)
        );
    }

    #[test]
    fn what_is_no_site_is_told_apart() {
        let dir = site(&["only.css"]);
        let at = |name: &str| discover(&dir.path().join(name), "vendor", &[]).unwrap_err();
        assert!(matches!(at("missing"), SiteError::Missing(_)));
        assert!(matches!(at("only.css"), SiteError::NotAFolder(_)));
        assert!(matches!(at(""), SiteError::NoPage(_)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_reported_and_not_followed() {
        let outside = site(&["secret/page.html"]);
        let dir = site(&["index.html"]);
        std::os::unix::fs::symlink(outside.path().join("secret"), dir.path().join("out")).unwrap();
        std::os::unix::fs::symlink(
            outside.path().join("secret/page.html"),
            dir.path().join("l.html"),
        )
        .unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("dangling.html")).unwrap();
        let found = discover(dir.path(), "vendor", &[]).unwrap();
        assert_eq!(found.pages, [PathBuf::from("index.html")]);
        assert_eq!(found.links, ["dangling.html", "l.html", "out"].map(PathBuf::from));
    }

    #[cfg(unix)]
    #[test]
    fn replacing_keeps_the_mode() {
        use std::os::unix::fs::PermissionsExt;
        let dir = site(&["public/index.html"]);
        let path = dir.path().join("public/index.html");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        let tree = open(&dir.path().join("public")).unwrap();
        let page = read_page(&tree, Path::new("index.html")).unwrap();
        replace(&tree, Path::new("index.html"), &page, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
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
