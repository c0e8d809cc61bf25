//! The walk through a site: which files are pages, and what lies beside them.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use super::error::SiteError;

/// Endings of the files that are pages, compared without regard to ASCII case.
const PAGE_EXTENSIONS: [&str; 3] = ["html", "htm", "xhtml"];
/// Endings that compressed copies have behind the whole name of their original.
const COPY_EXTENSIONS: [&str; 3] = ["gz", "br", "zst"];

/// What a walk through a site finds, each path relative to the site's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A page.
    Page(PathBuf),
    /// A script of the site: `*.js` or `*.mjs`.
    Script(PathBuf),
    /// A link that looks like a page or a folder: seen, not followed.
    Link(PathBuf),
    /// A compressed copy of a page or a script, which servers prefer to it.
    Copy(PathBuf),
}

/// Which files of a site are pages.
#[derive(Debug)]
pub struct PageRule {
    globs: GlobSet,
    /// The folder of vendored files, which holds no pages of the site.
    vendor: PathBuf,
}

impl PageRule {
    /// Pages by their ending, or by one of `globs`; nothing in the folder `vendor` is one.
    ///
    /// # Errors
    /// [`SiteError::Glob`].
    pub fn new(vendor: &str, globs: &[String]) -> Result<Self, SiteError> {
        Ok(Self { globs: page_globs(globs)?, vendor: vendor.into() })
    }

    /// Whether a file (relative to the site) is a page.
    pub fn is_page(&self, file: &Path) -> bool {
        self.is_called_a_page(file.file_name().unwrap_or_default(), || file.to_owned())
            && !file.starts_with(&self.vendor)
    }

    fn is_called_a_page(&self, name: &OsStr, file: impl Fn() -> PathBuf) -> bool {
        has_page_extension(name) || !self.globs.is_empty() && self.globs.is_match(file())
    }
}

/// A walk through a site, in the order of the paths.
///
/// The folder of vendored files is skipped, and so is `.git`. Ends with [`SiteError::Io`] where
/// something cannot be read.
#[derive(Debug)]
pub struct Walk {
    root: PathBuf,
    /// As the walk spells it.
    vendor: OsString,
    rule: PageRule,
    /// `None` after an error.
    entries: Option<walkdir::IntoIter>,
}

impl Walk {
    /// Walks through `root`, but for the folder `vendor` (relative to `root`). `globs` say what else
    /// is a page.
    ///
    /// # Errors
    /// [`SiteError`] if there is no such folder, or a glob is none.
    pub fn new(root: &Path, vendor: &str, globs: &[String]) -> Result<Self, SiteError> {
        refuse_non_folder(root)?;
        Ok(Self {
            root: root.to_owned(),
            vendor: vendor.split('/').fold(root.to_owned(), |path, name| path.join(name)).into(),
            rule: PageRule::new(vendor, globs)?,
            entries: Some(sorted(root)),
        })
    }

    /// Whether the walk skips this.
    fn is_skipped(&self, entry: &DirEntry) -> bool {
        entry.file_name() == ".git" || entry.path().as_os_str() == self.vendor
    }

    fn found(&self, entry: &DirEntry) -> Option<Found> {
        let is_link = entry.path_is_symlink();
        if !(is_link || entry.file_type().is_file()) {
            return None;
        }
        let path = || entry.path().strip_prefix(&self.root).unwrap_or(entry.path()).to_owned();
        let name = entry.file_name();
        let is_page = self.rule.is_called_a_page(name, path);
        match is_link {
            true if entry.depth() == 0 => None,
            true if is_page || entry.path().is_dir() => Some(Found::Link(path())),
            false if is_page => Some(Found::Page(path())),
            false if is_script(Path::new(name)) => Some(Found::Script(path())),
            _ => (is_copy(Path::new(name)) && entry.path().is_file()).then(|| Found::Copy(path())),
        }
    }
}

impl Iterator for Walk {
    type Item = Result<Found, SiteError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entries = self.entries.as_mut()?;
            let entry = match entries.next()? {
                Ok(entry) => entry,
                Err(error) => {
                    self.entries = None;
                    return Some(Err(walk_error(&self.root, error)));
                }
            };
            if self.is_skipped(&entry) {
                if entry.file_type().is_dir()
                    && let Some(entries) = &mut self.entries
                {
                    entries.skip_current_dir();
                }
            } else if let Some(found) = self.found(&entry) {
                return Some(Ok(found));
            }
        }
    }
}

/// The entries of each folder by their names. They share all that comes before, and texts are compared
/// faster than paths.
fn sorted(root: &Path) -> walkdir::IntoIter {
    let by_name = |a: &DirEntry, b: &DirEntry| a.path().as_os_str().cmp(b.path().as_os_str());
    WalkDir::new(root).sort_by(by_name).into_iter()
}

fn refuse_non_folder(root: &Path) -> Result<(), SiteError> {
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(SiteError::NotAFolder(root.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(SiteError::Missing(root.to_owned()))
        }
        Err(source) => Err(SiteError::cannot_read(root, source)),
    }
}

fn has_page_extension(name: &OsStr) -> bool {
    // Not `Path::extension`, which has none for `.html`: servers and generators know such pages.
    let name = name.to_str().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    PAGE_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "js" || extension == "mjs")
}

fn is_copy(path: &Path) -> bool {
    copy_extension(path).is_some()
}

/// The order of compressed copies: by their originals, the usual ways of compression first.
pub fn order_of_copy(copy: &Path) -> (PathBuf, Option<usize>) {
    (copy.with_extension(""), copy_extension(copy))
}

fn copy_extension(path: &Path) -> Option<usize> {
    let extension = path.extension()?;
    COPY_EXTENSIONS.iter().position(|known| extension == *known)
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

pub(super) fn walk_error(root: &Path, error: walkdir::Error) -> SiteError {
    let path = error.path().unwrap_or(root).to_owned();
    let source = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of links"));
    SiteError::cannot_read(path, source)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::site, *};

    fn page(path: &str) -> Found {
        Found::Page(path.into())
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
        let walk = Walk::new(dir.path(), "vendor", &["*.tpl".into()]).unwrap();
        let pages = ["a/.html", "a/x.htm", "a.xhtml", "b.HTML", "feed.tpl"];
        assert_eq!(walk.map(Result::unwrap).collect::<Vec<_>>(), pages.map(page));
    }

    #[test]
    fn what_is_no_site_is_told_apart() {
        let dir = site(&["only.css"]);
        let at = |name: &str| Walk::new(&dir.path().join(name), "vendor", &[]).map(Iterator::count);
        assert!(matches!(at("missing"), Err(SiteError::Missing(_))));
        assert!(matches!(at("only.css"), Err(SiteError::NotAFolder(_))));
        assert!(matches!(at(""), Ok(0)));
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
        let found: Result<Vec<_>, _> = Walk::new(dir.path(), "vendor", &[]).unwrap().collect();
        let link = |path: &str| Found::Link(path.into());
        let expected = [link("dangling.html"), page("index.html"), link("l.html"), link("out")];
        assert_eq!(found.unwrap(), expected);
    }
}
