//! An npm package read from its tarball, in memory and never onto a disk.
//!
//! Answers which files there are and what their bytes are; whether the tarball is the right one has
//! been settled before (`tarball_integrity`). Its content is still a stranger's: decoded bytes and
//! entries are counted, links and devices are not files, a name that climbs out is refused. Names
//! follow npm's unpacking: the first segment goes, whatever it is, and of two entries with one name
//! the last wins, because that is what an installed package (and a CDN that serves one) would hold.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::{Mutex, PoisonError},
};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};
use thiserror::Error;

use super::{
    package_name::PackageName,
    tarball_integrity::{ProofStrength, TarballIntegrity},
};
use crate::integrity::{Algorithm, Digest};

/// The most decoded bytes a tarball may have.
const MAX_DECODED: u64 = 512 << 20;
/// The most entries a tarball may have, of whatever kind.
const MAX_ENTRIES: usize = 100_000;
/// The largest file worth knowing: more than a script is ever allowed to be.
const MAX_FILE: u64 = 64 << 20;
/// The most unpacked bytes that are kept, of a package that many files are taken from.
const MAX_KEPT: u64 = 128 << 20;
/// The files that modules are made of; source maps and type declarations are not.
const SCRIPTS: [&str; 6] = [".js", ".mjs", ".cjs", ".json", ".css", ".wasm"];
/// The largest `package.json` worth reading.
const MAX_MANIFEST: usize = 4 << 20;

fn is_script(path: &str) -> bool {
    SCRIPTS.iter().any(|ending| path.ends_with(ending))
}

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

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFile {
    /// In bytes.
    pub size: u64,
    /// SHA-384 of the bytes.
    pub digest: Digest,
}

/// A package in one version.
///
/// Keeps the tarball as downloaded plus one digest per file, not the files: a run proves many files
/// and takes the bytes of few, and unpacked packages are several times as large. Only if more than
/// one file is taken, as of a module graph, are its scripts unpacked once and kept. Files above
/// 64 MiB are left out, since no script may be that large.
#[derive(Debug)]
pub struct Package {
    /// The package's name.
    pub name: PackageName,
    /// The exact version.
    pub version: String,
    /// The digest of the tarball, `sha512-…` or for old versions `sha1-…`, as the registry gives it.
    pub tarball_integrity: String,
    /// How much that digest proves.
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "read by tests"))]
    pub strength: ProofStrength,
    /// The files by their path inside the package.
    pub files: BTreeMap<String, PackageFile>,
    manifest: serde_json::Value,
    tgz: Vec<u8>,
    scripts: Mutex<Scripts>,
}

/// The scripts of a package, unpacked if that is worth it.
#[derive(Debug, Default)]
enum Scripts {
    /// No file was taken yet.
    #[default]
    Untouched,
    /// One was.
    Packed,
    /// More were.
    Unpacked(BTreeMap<String, Vec<u8>>),
}

impl Package {
    /// Reads a tarball that is known to have the digest `integrity`.
    ///
    /// # Errors
    /// [`TarballError`] if it is no tarball, too large, or has names that lead out of it.
    pub fn read(
        name: PackageName,
        version: String,
        integrity: &TarballIntegrity,
        tgz: Vec<u8>,
    ) -> Result<Self, TarballError> {
        let mut files = BTreeMap::new();
        let mut manifest = serde_json::Value::Null;
        walk(&tgz, &mut |path, bytes| {
            if path == "package.json" && bytes.len() <= MAX_MANIFEST {
                // A broken one only means that the package has no main file to speak of.
                manifest = serde_json::from_slice(bytes).unwrap_or_default();
            }
            let digest = Digest::of(bytes, Algorithm::Sha384);
            files.insert(path.to_owned(), PackageFile { size: bytes.len() as u64, digest });
        })?;
        let (tarball_integrity, strength) = (integrity.to_string(), integrity.strength());
        let scripts = Mutex::default();
        Ok(Self { name, version, tarball_integrity, strength, files, manifest, tgz, scripts })
    }

    /// The bytes of one file; `None` if there is none at `path`.
    ///
    /// # Errors
    /// None in practice: the tarball was read in full before.
    pub fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, TarballError> {
        if !self.files.contains_key(path) {
            return Ok(None);
        }
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Scripts::Packed = *scripts
            && self.scripts_are_small()
        {
            *scripts = Scripts::Unpacked(self.unpack()?);
        }
        match &mut *scripts {
            Scripts::Unpacked(unpacked) => {
                if let Some(bytes) = unpacked.get(path) {
                    return Ok(Some(bytes.clone()));
                }
            }
            untouched => *untouched = Scripts::Packed,
        }
        drop(scripts);
        let mut found = None;
        walk(&self.tgz, &mut |name, bytes| {
            if name == path {
                found = Some(bytes.to_vec());
            }
        })?;
        Ok(found)
    }

    fn scripts_are_small(&self) -> bool {
        let scripts = self.files.iter().filter(|(path, _)| is_script(path));
        scripts.map(|(_, file)| file.size).sum::<u64>() <= MAX_KEPT
    }

    fn unpack(&self) -> Result<BTreeMap<String, Vec<u8>>, TarballError> {
        let mut unpacked = BTreeMap::new();
        walk(&self.tgz, &mut |path, bytes| {
            if is_script(path) {
                unpacked.insert(path.to_owned(), bytes.to_vec());
            }
        })?;
        Ok(unpacked)
    }

    /// The paths of all files whose bytes `accept`, in path order.
    pub(super) fn paths_where(
        &self,
        accept: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<String>, TarballError> {
        let mut accepted = BTreeMap::new();
        walk(&self.tgz, &mut |path, bytes| {
            accepted.insert(path.to_owned(), accept(bytes));
        })?;
        Ok(accepted.into_iter().filter_map(|(path, accepted)| accepted.then_some(path)).collect())
    }

    /// The parsed `package.json`; null without a readable one.
    pub(super) fn manifest(&self) -> &serde_json::Value {
        &self.manifest
    }

    /// `name@version`, as npm writes it.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// Shows every file of a tarball, in the order of its entries.
fn walk(tgz: &[u8], visit: &mut dyn FnMut(&str, &[u8])) -> Result<(), TarballError> {
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

#[cfg(test)]
#[path = "tarball_tests.rs"]
mod tests;

#[cfg(test)]
pub(super) mod fixture {
    //! Tarballs made by hand.

    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use tar::{Builder, EntryType, Header};

    use super::*;

    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Entries exactly as named: the tar crate itself would refuse some of these names.
    pub fn tgz_of(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, kind, bytes) in entries {
            let mut header = Header::new_gnu();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        gzip(&builder.into_inner().unwrap())
    }

    pub fn tgz(files: &[(&str, &str)]) -> Vec<u8> {
        let named: Vec<_> =
            files.iter().map(|(path, text)| (format!("package/{path}"), text)).collect();
        let entries: Vec<_> = named
            .iter()
            .map(|(path, text)| (path.as_str(), EntryType::Regular, text.as_bytes()))
            .collect();
        tgz_of(&entries)
    }

    pub fn read(tgz: Vec<u8>) -> Result<Package, TarballError> {
        let integrity = TarballIntegrity::Sri(Digest::of(&tgz, Algorithm::Sha512));
        Package::read("pkg".parse().unwrap(), "1.2.3".into(), &integrity, tgz)
    }

    pub fn package(files: &[(&str, &str)]) -> Package {
        read(tgz(files)).unwrap()
    }
}
