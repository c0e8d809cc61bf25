//! Reading pages, and putting changed ones in their place.

use std::{
    borrow::Cow,
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, IoSlice, Read, Seek, Write},
    path::Path,
    time::Duration,
};

use super::{
    error::SiteError,
    limits::{LARGE, MAX_PAGE},
};
use crate::{
    folder::{Cursor, Tree},
    html::{self, Dialect, Patch},
};

/// As long as any file system in use takes from one time stamp to the next: FAT's are two seconds apart.
const TICK: Duration = Duration::from_secs(2);

/// A page, and the mode and owner that a page made from it shall have.
#[derive(Debug)]
pub struct Page<'b> {
    bytes: Cow<'b, [u8]>,
    model: fs::Metadata,
}

impl Page<'_> {
    /// The bytes of the file; none of a large page in which nothing matters.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// By which it is seen whether the file is still the one that was read.
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
        let mut rest = other.bytes();
        let is_next = |part: &&[u8]| rest.strip_prefix(*part).map(|after| rest = after).is_some();
        patch.parts(&self.bytes).iter().all(is_next) && rest.is_empty()
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
    cursor: Cursor<'t>,
    /// In a large page, scripts of the site matter whose address contains this.
    local: Option<&'t str>,
    /// As large as the largest page so far; all of it is initialised.
    memory: Vec<u8>,
}

impl<'t> PageReader<'t> {
    /// Reads pages of `site`, in which scripts whose address contains `local` matter as well as those
    /// from elsewhere.
    pub fn new(site: &'t Tree, local: Option<&'t str>) -> Self {
        Self { cursor: Cursor::new(site), local, memory: Vec::new() }
    }

    /// Reads a page (a path relative to the site).
    ///
    /// # Errors
    /// [`SiteError`] names it.
    pub fn read(&mut self, page: &Path) -> Result<Page<'_>, SiteError> {
        let site = self.cursor.tree();
        let failed = |source| SiteError::cannot_read(site.path(page), source);
        let opened = self.cursor.open_file(page).map_err(SiteError::reading)?;
        let (mut file, model) = opened.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        if model.len() > LARGE && dialect(page) == Dialect::Html {
            if html::has_nothing(&mut file, self.local).map_err(failed)? {
                return Ok(Page { bytes: Cow::Borrowed(&[]), model });
            }
            file.rewind().map_err(failed)?;
        }
        let length = length_to_hold(site, page, &model)?;
        let bytes = Cow::Borrowed(self.hold(&mut file, length).map_err(failed)?);
        Ok(Page { bytes, model })
    }

    fn hold(&mut self, file: &mut File, length: usize) -> io::Result<&[u8]> {
        if self.memory.len() as u64 > LARGE && length as u64 <= LARGE {
            // One large page must not keep its memory for the rest of the run.
            self.memory = Vec::new();
        }
        if self.memory.len() < length {
            self.memory.resize(length.next_multiple_of(1 << 16), 0);
        }
        let read = fill(file, &mut self.memory[..length])?;
        Ok(&self.memory[..read])
    }
}

/// How many bytes of memory a page takes, if that is not too much.
fn length_to_hold(site: &Tree, page: &Path, model: &fs::Metadata) -> Result<usize, SiteError> {
    let fits = |length: &usize| *length as u64 <= MAX_PAGE;
    let length = usize::try_from(model.len()).ok().filter(fits);
    length.ok_or_else(|| SiteError::TooLarge(site.path(page)))
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
    let failed = |source| SiteError::cannot_read(site.path(page), source);
    let opened = site.open_file(page).map_err(SiteError::reading)?;
    let (mut file, model) = opened.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    let mut bytes = Vec::with_capacity(length_to_hold(site, page, &model)?);
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(Page { bytes: Cow::Owned(bytes), model })
}

/// Puts a page with changes in the place of `page` (a path relative to the site that `cursor` is for),
/// with the mode and owner of the page they were made for.
///
/// # Errors
/// [`SiteError`] names the page, which then is as it was.
pub fn replace(
    cursor: &mut Cursor<'_>,
    page: &Path,
    from: &Page<'_>,
    patch: &Patch,
) -> Result<(), SiteError> {
    let fill = |new: &mut File| {
        write_parts(new, &patch.parts(&from.bytes))?;
        take_after(new, &from.model)
    };
    cursor.put(page, &fill).map_err(SiteError::writing)
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

/// By which rules a page is served.
pub fn dialect(page: &Path) -> Dialect {
    match page.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("xhtml") => Dialect::Xhtml,
        _ => Dialect::Html,
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::{
        super::{open, tests::site},
        *,
    };

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
        let file = File::options().write(true).open(dir.path().join("page.html")).unwrap();
        file.set_modified(SystemTime::now() - 2 * TICK).unwrap();
        assert!(read("page.html").is_settled());
        fs::write(dir.path().join("page.html"), "y").unwrap();
        assert!(!read("page.html").is_settled());
        assert_ne!(read("page.html").stamp(), before);
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
        replace(&mut Cursor::new(&tree), Path::new("index.html"), &page, &patch).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
    }

    #[test]
    fn a_page_that_is_too_large_is_refused_unless_nothing_in_it_matters() {
        let dir = site(&[]);
        let tree = open(dir.path()).unwrap();
        let path = dir.path().join("page.html");
        for (begin, is_refused) in [("<script src=//h/a.js></script>", true), ("<p>", false)] {
            // The rest is a hole, which takes no space.
            fs::write(&path, begin).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(MAX_PAGE + 1).unwrap();
            let mut reader = PageReader::new(&tree, None);
            let read = reader.read(Path::new("page.html"));
            assert_eq!(matches!(read, Err(SiteError::TooLarge(_))), is_refused, "{begin}");
        }
        let whole = read_page(&tree, Path::new("page.html"));
        assert!(matches!(whole, Err(SiteError::TooLarge(_))));
    }

    #[test]
    fn a_page_is_compared_with_its_edited_copy() {
        let dir = site(&["page.html", "copy.html"]);
        let tree = open(dir.path()).unwrap();
        fs::write(dir.path().join("copy.html"), "new").unwrap();
        let read = |page: &str| read_page(&tree, Path::new(page)).unwrap();
        let (page, copy) = (read("page.html"), read("copy.html"));
        assert!(page.is_edited_to(&Patch::whole(1, b"new".to_vec()), &copy));
        for other in ["ne", "newer", "old", ""] {
            assert!(!page.is_edited_to(&Patch::whole(1, other.into()), &copy), "{other}");
        }
    }

    #[test]
    fn a_large_page_in_which_nothing_matters_is_not_held_at_all() {
        let dir = site(&[]);
        let tree = open(dir.path()).unwrap();
        let page = "<script src=own.js></script><p>x</p>\n".repeat(40_000);
        fs::write(dir.path().join("page.html"), page).unwrap();
        let mut reader = PageReader::new(&tree, Some("vendor"));
        assert!(reader.read(Path::new("page.html")).unwrap().bytes().is_empty());
    }
}
