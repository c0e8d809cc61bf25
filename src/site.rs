//! The built site on disk: which files are pages, reading them, replacing them whole.
//!
//! Links are never followed, neither while walking nor while writing, so nothing outside the site
//! is read or touched. Every file is replaced whole by its [`Tree`]: a reader sees the old one or
//! the new one. Pages are not fsynced; the generator can rebuild them.

#![allow(clippy::disallowed_methods, reason = "this room is the site on disk")]

use std::{
    borrow::Cow,
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, IoSlice, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use thiserror::Error;
use walkdir::{DirEntry, WalkDir};

use crate::{
    folder::{FolderError, Hand, Tree},
    html::{Excerpt, ExcerptLimits, Patch, View},
};

/// Endings of the files that are pages, compared without regard to ASCII case.
const PAGE_EXTENSIONS: [&str; 3] = ["html", "htm", "xhtml"];
/// From how many bytes on a page is not held in memory, if it is written so that this can be helped.
const LARGE: u64 = 1 << 20;
/// Longer than any file system in use takes from one time stamp to the next: FAT has two seconds, the
/// others a hundredth.
const TICK: Duration = Duration::from_millis(20);

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

/// What a walk through a site comes by, each path relative to the site's root.
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

/// Endings that compressed copies have behind the whole name of their original.
const COPY_EXTENSIONS: [&str; 3] = ["gz", "br", "zst"];

/// Which files of a site are pages.
#[derive(Debug)]
pub struct PageRule {
    globs: GlobSet,
    /// Scripts that were vendored are none of the site's own.
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
/// The folder of vendored files is passed by, and so is `.git`. Ends with [`SiteError::Read`] where
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

    /// Whether nobody looks at this.
    fn is_passed_by(&self, entry: &DirEntry) -> bool {
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
            if self.is_passed_by(&entry) {
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
        Err(source) => Err(SiteError::Read { path: root.to_owned(), source }),
    }
}

fn has_page_extension(name: &OsStr) -> bool {
    // Not `Path::extension`, which has none for `.html`: servers and generators know such pages.
    let name = name.to_str().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    PAGE_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// Such pages are read by rules that excerpts do not know.
fn is_xhtml(page: &Path) -> bool {
    page.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xhtml"))
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "js" || extension == "mjs")
}

fn is_copy(path: &Path) -> bool {
    copy_extension(path).is_some()
}

/// The order of compressed copies: by their originals, the usual ways of compression first.
pub(crate) fn order_of_copy(copy: &Path) -> (PathBuf, Option<usize>) {
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

/// A page, and the mode and owner that a page made from it shall have.
#[derive(Debug)]
pub struct Page<'b> {
    content: Content<'b>,
    model: fs::Metadata,
}

#[derive(Debug)]
enum Content<'b> {
    Whole(Cow<'b, [u8]>),
    Large(Large),
}

/// A page that is not held in memory.
#[derive(Debug)]
struct Large {
    excerpt: Excerpt,
    file: File,
}

impl Page<'_> {
    /// What is scanned and edited in its place.
    pub fn view(&self) -> View<'_> {
        match &self.content {
            Content::Whole(bytes) => View::whole(bytes),
            Content::Large(large) => View::excerpt(&large.excerpt),
        }
    }

    /// The bytes of a file that was read whole; of a large page those that matter.
    pub fn bytes(&self) -> &[u8] {
        self.view().bytes()
    }

    /// What tells whether the file is still the one that was read.
    pub fn stamp(&self) -> Stamp {
        Stamp::of(&self.model)
    }

    /// Whether a change that comes right now would show in the stamp.
    pub fn is_settled(&self) -> bool {
        let age = self.model.modified().ok().and_then(|modified| modified.elapsed().ok());
        age.is_some_and(|age| age > TICK)
    }

    /// Whether the page with changes is what `other` holds.
    pub fn is_edited_to(&self, patch: &Patch, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Whole(bytes), Content::Whole(other)) => *patch.apply(bytes) == **other,
            (Content::Large(_), _) | (_, Content::Large(_)) => false, // not worth reading both
        }
    }

    /// Writes the page with changes, of which the spans count the bytes of its view.
    fn write(&self, patch: &Patch, new: &mut File) -> io::Result<()> {
        match &self.content {
            Content::Whole(bytes) => write_parts(new, &patch.parts(bytes)),
            Content::Large(large) => large.write(patch, new),
        }
    }
}

impl Large {
    /// What stays is copied by the kernel, range by range.
    fn write(&self, patch: &Patch, new: &mut File) -> io::Result<()> {
        let moved = self.excerpt.patch_in_page(patch.clone());
        let patch = moved.ok_or_else(|| io::Error::other("a change has no place in the page"))?;
        let mut file = &self.file;
        let mut at = 0;
        for (span, text) in patch.pieces() {
            let (start, end) = (span.start as u64, span.end as u64);
            file.seek(SeekFrom::Start(at))?;
            io::copy(&mut file.take(start - at), new)?;
            new.write_all(text)?;
            at = end;
        }
        file.seek(SeekFrom::Start(at))?;
        io::copy(&mut file, new)?;
        Ok(())
    }
}

/// A file as it was at some moment: any change leaves another one, but for changes within the same
/// tick of the file system's clock. A hash, because a site may have many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u64);

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        let mut hasher = DefaultHasher::new();
        (metadata.len(), metadata.modified().ok()).hash(&mut hasher);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let inode = (metadata.dev(), metadata.ino());
            (inode, metadata.ctime(), metadata.ctime_nsec()).hash(&mut hasher);
        }
        Self(hasher.finish())
    }
}

/// Reads pages one after the other into the same memory.
#[derive(Debug)]
pub struct PageReader<'t> {
    hand: Hand<'t>,
    /// In a large page, scripts of the site matter whose address contains this.
    local: Option<&'t str>,
    /// As large as the largest page so far; all of it is initialised.
    memory: Vec<u8>,
}

impl<'t> PageReader<'t> {
    /// Reads pages of `site`, in which scripts whose address contains `local` matter as well as those
    /// from elsewhere.
    pub fn new(site: &'t Tree, local: Option<&'t str>) -> Self {
        Self { hand: site.hand(), local, memory: Vec::new() }
    }

    /// Reads a page (a path relative to the site).
    ///
    /// # Errors
    /// [`SiteError`] names it.
    pub fn read(&mut self, page: &Path) -> Result<Page<'_>, SiteError> {
        let site = self.hand.tree();
        let failed = |source| SiteError::Read { path: site.path(page), source };
        let opened = self.hand.open_file(page).map_err(SiteError::reading)?;
        let (mut file, model) = opened.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        if model.len() > LARGE && !is_xhtml(page) {
            match self.excerpt(&mut file).map_err(failed)? {
                Some(excerpt) => {
                    let content = Content::Large(Large { excerpt, file });
                    return Ok(Page { content, model });
                }
                None => file.rewind().map_err(failed)?,
            }
        }
        let size = usize::try_from(model.len()).unwrap_or(usize::MAX);
        if self.memory.len() as u64 > LARGE && model.len() <= LARGE {
            // One giant page must not keep its memory for the rest of the run.
            self.memory = Vec::new();
        }
        if self.memory.len() < size {
            self.memory.resize(size.next_multiple_of(1 << 16), 0);
        }
        let read = fill(&mut file, &mut self.memory[..size]).map_err(failed)?;
        let content = Content::Whole(Cow::Borrowed(&self.memory[..read]));
        Ok(Page { content, model })
    }

    /// What matters of a large page, if it is little.
    fn excerpt(&self, file: &mut File) -> io::Result<Option<Excerpt>> {
        let limits = ExcerptLimits::default();
        if Excerpt::is_nothing(&mut *file, self.local, limits)? {
            return Ok(Some(Excerpt::default()));
        }
        file.rewind()?;
        Excerpt::read(file, self.local, limits)
    }
}

/// Reads until `memory` is full or the file is over.
fn fill(file: &mut File, memory: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < memory.len() {
        match file.read(&mut memory[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads a file of the site (a path relative to it) whole.
///
/// # Errors
/// [`SiteError`] names it.
pub fn read_page(site: &Tree, page: &Path) -> Result<Page<'static>, SiteError> {
    let failed = |source| SiteError::Read { path: site.path(page), source };
    let opened = site.open_file(page).map_err(SiteError::reading)?;
    let (mut file, model) = opened.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(Page { content: Content::Whole(Cow::Owned(bytes)), model })
}

/// Puts a page with changes in the place of `page` (a path relative to the site that `hand` works in),
/// with the mode and owner of the page they were made for.
///
/// # Errors
/// [`SiteError`] names the page, which then is as it was.
pub fn replace(
    hand: &mut Hand<'_>,
    page: &Path,
    from: &Page<'_>,
    patch: &Patch,
) -> Result<(), SiteError> {
    let fill = |new: &mut File| {
        from.write(patch, new)?;
        take_after(new, &from.model)
    };
    hand.put(page, &fill).map_err(SiteError::writing)
}

fn write_parts(file: &mut File, parts: &[&[u8]]) -> io::Result<()> {
    let mut slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut rest = &mut slices[..];
    // Empty parts in front would be taken for the end.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn take_after(file: &fs::File, model: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (model.uid(), model.gid()) {
        fchown(file, Some(model.uid()), Some(model.gid()))?;
    } else if own.permissions() == model.permissions() {
        return Ok(());
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
    let opened = from.open_file(path).map_err(SiteError::reading)?;
    let Some((file, model)) = opened else { return Ok(()) };
    let failed = |source| SiteError::Read { path: from.path(path), source };
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

    fn page(path: &str) -> Found {
        Found::Page(path.into())
    }

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

    #[cfg(unix)]
    #[test]
    fn replacing_keeps_the_mode() {
        use std::os::unix::fs::PermissionsExt;
        let dir = site(&["public/index.html"]);
        let path = dir.path().join("public/index.html");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        let tree = open(&dir.path().join("public")).unwrap();
        let page = read_page(&tree, Path::new("index.html")).unwrap();
        let patch = Patch::whole(page.bytes().len(), b"new".to_vec());
        replace(&mut tree.hand(), Path::new("index.html"), &page, &patch).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
    }

    #[test]
    fn one_reader_reads_pages_of_all_sizes() {
        let dir = site(&[]);
        let tree = open(dir.path()).unwrap();
        let mut reader = PageReader::new(&tree, None);
        for size in [3, 0, 70_000, 5, LARGE + 1, 9] {
            let bytes: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            fs::write(dir.path().join("page.xhtml"), &bytes).unwrap();
            assert!(reader.read(Path::new("page.xhtml")).unwrap().bytes() == bytes, "{size}");
        }
        assert!(reader.memory.len() as u64 <= LARGE);
    }

    #[test]
    fn a_page_that_has_changed_has_another_stamp() {
        let dir = site(&["page.html", "other.html"]);
        let tree = open(dir.path()).unwrap();
        let read = |page: &str| read_page(&tree, Path::new(page)).unwrap();
        let before = read("page.html").stamp();
        assert!(before == read("page.html").stamp() && before != read("other.html").stamp());
        std::thread::sleep(2 * TICK);
        assert!(read("page.html").is_settled());
        fs::write(dir.path().join("page.html"), "y").unwrap();
        assert!(!read("page.html").is_settled());
        assert_ne!(read("page.html").stamp(), before);
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
