//! Every file of a tarball, one after the other, within limits.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};
use thiserror::Error;

/// The most decoded bytes a tarball may have.
pub(super) const MAX_DECODED: u64 = 512 << 20;
/// The most entries a tarball may have, of whatever kind.
pub(super) const MAX_ENTRIES: usize = 100_000;
/// The largest file worth knowing: more than a script is ever allowed to be.
pub(super) const MAX_FILE: u64 = 64 << 20;

/// A tarball that cannot be read.
#[derive(Debug, Error)]
pub enum TarballError {
    /// Not gzip, not tar, or cut short.
    #[error("the tarball is damaged")]
    Damaged(#[source] io::Error),
    /// More entries than any package has.
    #[error("the tarball has more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    /// More bytes than any package has.
    #[error("the tarball decodes to more than {} MiB", MAX_DECODED >> 20)]
    TooLarge,
    /// A name that would leave the folder it is unpacked into.
    #[error("the tarball has an entry `{0}`, which leads out of the package")]
    UnsafeName(String),
}

/// Shows every file of a tarball, in the order of its entries.
pub(super) fn walk(tgz: &[u8], visit: &mut dyn FnMut(&str, &[u8])) -> Result<(), TarballError> {
    let mut archive = Archive::new(Counted { inner: MultiGzDecoder::new(tgz), left: MAX_DECODED });
    let mut buffer = Vec::new();
    for (index, entry) in archive.entries().map_err(damaged)?.enumerate() {
        let mut entry = entry.map_err(damaged)?;
        if index >= MAX_ENTRIES {
            return Err(TarballError::TooManyEntries);
        }
        // Sparse files are left out with the links: they expand without any bytes to count.
        let is_file =
            matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous);
        if !is_file || entry.size() > MAX_FILE {
            continue;
        }
        let Some(path) = path_in_package(&entry.path_bytes())? else { continue };
        buffer.clear();
        entry.read_to_end(&mut buffer).map_err(damaged)?;
        if buffer.len() as u64 != entry.size() {
            return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        visit(&path, &buffer);
    }
    Ok(())
}

/// The name of an entry without its first segment; `None` if nothing is left.
fn path_in_package(name: &[u8]) -> Result<Option<String>, TarballError> {
    let name = String::from_utf8_lossy(name);
    let mut segments = name.split('/');
    if name.starts_with('/') || segments.clone().any(|segment| segment == "..") {
        return Err(TarballError::UnsafeName(name.chars().take(200).collect()));
    }
    segments.next();
    let rest: Vec<_> = segments.filter(|segment| !matches!(*segment, "" | ".")).collect();
    Ok(Some(rest.join("/")).filter(|path| !path.is_empty()))
}

fn damaged(error: io::Error) -> TarballError {
    let is_limit = error.get_ref().is_some_and(|inner| inner.is::<LimitReached>());
    // The tar reader wraps errors in its own; what it wraps is only in the text then.
    if is_limit || error.to_string().contains(LIMIT_REACHED) {
        return TarballError::TooLarge;
    }
    TarballError::Damaged(error)
}

const LIMIT_REACHED: &str = "inhouse: decoded bytes exceed the limit";

#[derive(Debug, Error)]
#[error("{LIMIT_REACHED}")]
struct LimitReached;

/// A reader that fails instead of yielding more than `left` bytes.
struct Counted<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left =
            self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(LimitReached))?;
        Ok(count)
    }
}
