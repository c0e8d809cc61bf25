//! The built site on disk: which files are pages, reading them, replacing them whole.
//!
//! Links are never followed, neither while walking nor while writing, so nothing outside the site
//! is read or touched. A page is replaced by a temporary file in its own folder and a rename: a
//! reader sees the old page or the new one. Pages are not fsynced; the generator can rebuild them.

#![allow(clippy::disallowed_methods, reason = "this room is the site on disk")]

use std::{
    ffi::OsStr,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use tempfile::NamedTempFile;
use thiserror::Error;
use walkdir::WalkDir;

/// Endings of the files that are pages, compared without regard to ASCII case.
const PAGE_EXTENSIONS: [&str; 3] = ["html", "htm", "xhtml"];
/// How much memory a page buffer keeps, in bytes: more than nearly all pages have.
const KEPT_BUFFER: usize = 4 << 20;
/// How names of temporary files begin; a killed run may leave one, the next run removes it.
pub(crate) const TEMPORARY_PREFIX: &str = ".inhouse-";

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
        }
    }
}

/// The files of a site, each path relative to its root.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The pages, in the order of their paths.
    pub pages: Vec<PathBuf>,
    /// Links that look like pages or folders: seen, not followed.
    pub links: Vec<PathBuf>,
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

/// Reads a file into `buffer`, whose memory serves one page after another.
///
/// # Errors
/// [`SiteError::Read`] names it.
pub fn read_into(path: &Path, buffer: &mut Vec<u8>) -> Result<(), SiteError> {
    use std::io::Read;
    buffer.clear();
    let read = fs::File::open(path).and_then(|mut file| file.read_to_end(buffer));
    // One giant page must not keep its memory for the rest of the run.
    buffer.shrink_to(KEPT_BUFFER);
    read.map(drop).map_err(|source| SiteError::Read { path: path.to_owned(), source })
}

/// Puts `bytes` in the place of the file at `target`, keeping the mode and owner of `model`, the
/// file they were made from.
///
/// # Errors
/// [`SiteError::Write`] names the file, which then is as it was.
pub fn replace(target: &Path, model: &Path, bytes: &[u8]) -> Result<(), SiteError> {
    let write = || -> io::Result<()> {
        let metadata = fs::symlink_metadata(model)?;
        let mut temporary = temporary_beside(target)?;
        temporary.write_all(bytes)?;
        take_after(temporary.as_file(), &metadata)?;
        temporary.persist(target)?;
        Ok(())
    };
    write().map_err(|source| SiteError::Write { path: target.to_owned(), source })
}

/// A temporary file in the folder of `target`, so that a rename can put it there.
///
/// Its mode is that of any new file, 0644 less the umask: a web server must be able to read it,
/// and no mode ever comes from the network or a tarball.
pub(crate) fn temporary_beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder)
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

/// Copies the whole of `site` to `dest` but for what `skip` names (paths relative to `site`), as
/// `cp -a` would: links as links, times and modes kept, reflinks where the file system has them.
/// A file that is there already with the same size and time is taken to be the same.
///
/// # Errors
/// [`SiteError`] names the first file that could not be read or written.
pub fn copy_rest(site: &Path, dest: &Path, skip: &dyn Fn(&Path) -> bool) -> Result<(), SiteError> {
    for entry in WalkDir::new(site) {
        let entry = entry.map_err(|error| walk_error(site, error))?;
        let relative = entry.path().strip_prefix(site).unwrap_or(entry.path());
        let target = dest.join(relative);
        let failed = |source| SiteError::Write { path: target.clone(), source };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).map_err(failed)?;
        } else if entry.file_type().is_symlink() {
            copy_link(entry.path(), &target).map_err(failed)?;
        } else if entry.file_type().is_file() && !skip(relative) {
            copy_file(entry.path(), &target).map_err(failed)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let model = fs::metadata(from)?;
    let modified = model.modified()?;
    if let Ok(there) = fs::symlink_metadata(to) {
        if there.is_file() && there.len() == model.len() && there.modified()? == modified {
            return Ok(());
        }
        fs::remove_file(to)?;
    }
    reflink_copy::reflink_or_copy(from, to)?;
    fs::set_permissions(to, model.permissions())?;
    fs::OpenOptions::new().append(true).open(to)?.set_modified(modified)
}

#[cfg(unix)]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    let target = fs::read_link(from)?;
    match fs::read_link(to) {
        Ok(there) if there == target => Ok(()),
        Ok(_) => fs::remove_file(to).and_then(|()| std::os::unix::fs::symlink(target, to)),
        Err(_) => std::os::unix::fs::symlink(target, to),
    }
}

#[cfg(not(unix))]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    if fs::metadata(from)?.is_dir() { fs::create_dir_all(to) } else { fs::copy(from, to).map(drop) }
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
        let dir = site(&["index.html"]);
        let path = dir.path().join("index.html");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        replace(&path, &path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_second_copy_touches_nothing() {
        let dir = site(&["index.html", "a/b.css"]);
        let dest = tempfile::tempdir().unwrap();
        let copy = || copy_rest(dir.path(), dest.path(), &|path| path == Path::new("index.html"));
        copy().unwrap();
        let changed =
            |name: &str| fs::metadata(dest.path().join(name)).unwrap().modified().unwrap();
        let first = changed("a/b.css");
        copy().unwrap();
        assert_eq!(changed("a/b.css"), first);
        assert!(!dest.path().join("index.html").exists());
    }
}
