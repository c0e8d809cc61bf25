//! An npm package read from its tarball, in memory and never onto a disk.
//!
//! Answers which files there are and what their bytes are; whether the tarball is the right one has
//! been settled before (`tarball_integrity`). Its content is still untrusted: decoded bytes and
//! entries are counted, links and devices are not files, a name that leads out of the folder is refused. Names
//! follow npm's unpacking: the first segment goes, whatever it is, and of two entries with one name
//! the last wins, because that is what an installed package (and a CDN that serves one) would hold.

#[cfg(test)]
pub(crate) mod fixture;
mod walk;

pub use self::walk::TarballError;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use self::walk::walk;
use super::{
    licence::{Licence, LicenceFiles},
    package_name::PackageName,
    signature::Signature,
    tarball_integrity::{ProofStrength, TarballIntegrity},
};
use crate::integrity::{Algorithm, Digest};

/// The most unpacked bytes that are kept, of a package that many files are taken from.
const MAX_KEPT: u64 = 128 << 20;
/// The files that modules are made of; source maps and type declarations are not.
const SCRIPTS: [&str; 6] = [".js", ".mjs", ".cjs", ".json", ".css", ".wasm"];
/// The largest `package.json` worth reading.
const MAX_MANIFEST: usize = 4 << 20;

fn is_script(path: &str) -> bool {
    SCRIPTS.iter().any(|ending| path.ends_with(ending))
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
    /// What the registry's signature of that digest is worth.
    pub signature: Signature,
    /// How much that digest proves.
    pub strength: ProofStrength,
    /// The files by their path inside the package.
    pub files: BTreeMap<String, PackageFile>,
    manifest: serde_json::Value,
    licence: Arc<Licence>,
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
    /// Reads a tarball that is known to have the digest `integrity`. Who signed that is not known here.
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
        let mut licence_files = LicenceFiles::default();
        walk(&tgz, &mut |path, bytes| {
            if path == "package.json" && bytes.len() <= MAX_MANIFEST {
                // A broken one only means that the package has no main file to speak of.
                manifest = serde_json::from_slice(bytes).unwrap_or_default();
            }
            licence_files.add(path, bytes);
            let digest = Digest::of(bytes, Algorithm::Sha384);
            files.insert(path.to_owned(), PackageFile { size: bytes.len() as u64, digest });
        })?;
        let (tarball_integrity, strength) = (integrity.to_string(), integrity.strength());
        Ok(Self {
            name,
            version,
            tarball_integrity,
            signature: Signature::NotSigned,
            strength,
            files,
            licence: Arc::new(licence_files.licence(&manifest)),
            manifest,
            tgz,
            scripts: Mutex::default(),
        })
    }

    /// This package, with what the registry's signature of it is worth. `dist.shasum`, which old versions are held
    /// against, is not in what is signed.
    pub(super) fn with_signature(self, signature: Signature) -> Self {
        let signature = match (self.strength, signature) {
            (ProofStrength::Sha1, Signature::Signed { .. }) => Signature::NoStrongDigest,
            (_, signature) => signature,
        };
        Self { signature, ..self }
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

    /// The bytes of the files at `paths`, read in one pass.
    ///
    /// # Errors
    /// None in practice: the tarball was read in full before.
    pub fn bytes_of(
        &self,
        paths: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Vec<u8>>, TarballError> {
        let mut found = BTreeMap::new();
        walk(&self.tgz, &mut |path, bytes| {
            if paths.contains(path) {
                found.insert(path.to_owned(), bytes.to_vec());
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

    /// What the package says of its licence.
    pub fn licence(&self) -> Arc<Licence> {
        Arc::clone(&self.licence)
    }

    /// `name@version`, as npm writes it.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests;
