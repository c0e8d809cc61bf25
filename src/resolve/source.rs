//! Where files come from that need no download: the site's folder and the vendor cache.

use std::{collections::BTreeMap, path::PathBuf};

use super::file_scan::{File, FileScan, scan_file, scan_of_lock};
use crate::{
    companions::{Facts, Wanted, path_of_list},
    error::RunError,
    graph::closure::Request,
    integrity::Integrity,
    lockfile::Entry,
    npm::tarball::PackageFile,
    read::{baseline::Baseline, facts::facts},
    settings::Settings,
    site,
    store::{Cached, StoreError},
    vendor_path::VendorPath,
};

/// Answers what a [`Resolver`](super::resolver::Resolver) asks for.
pub trait Source: Sync {
    /// The bytes that the vendor cache holds for a lockfile entry, hashed anew.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read.
    fn locked(&self, entry: &Entry) -> Result<Cached, StoreError>;

    /// A file of the site, read as what it is used as.
    fn own(&self, request: &Request) -> FileScan;

    /// What the pages and scripts of the site say.
    ///
    /// # Errors
    /// [`RunError`] if they cannot be read.
    fn facts(&self, wanted: &Wanted) -> Result<Facts, RunError>;

    /// The list of a package's files that the vendor cache holds, by `name@version`.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    fn package_files(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// What the vendor cache holds of a companion, hashed anew.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    fn companion(&self, path: &VendorPath, file: &PackageFile) -> Result<Cached, StoreError>;
}

/// The site's folder and the vendor cache.
#[derive(Debug)]
pub struct Disk<'a> {
    settings: &'a Settings,
    base: &'a Baseline,
    by_path: BTreeMap<&'a VendorPath, &'a Entry>,
}

impl<'a> Disk<'a> {
    /// Of this site.
    pub fn new(settings: &'a Settings, base: &'a Baseline) -> Self {
        let by_path = base.lock.iter().map(|(_, entry)| (&entry.path, entry)).collect();
        Self { settings, base, by_path }
    }

    /// The bytes of a file of the site. A vendored file that was lost is taken from the cache.
    fn own_file(&self, path: &str, locked: Option<&Entry>) -> Option<Vec<u8>> {
        let file: PathBuf = path.split('/').collect();
        if let Some(site) = self.settings.own_site()
            && let Ok(Some(bytes)) = site::read_own(site, &file)
        {
            return Some(bytes);
        }
        match self.base.cache.lookup(locked?) {
            Ok(Cached::Present(bytes)) => Some(bytes),
            _ => None,
        }
    }

    fn scan_own(&self, request: &Request) -> Option<FileScan> {
        let path = self.base.site.file_path(&request.url)?;
        let vendored = self.base.site.vendored(&path);
        let locked = vendored.and_then(|path| self.by_path.get(&path).copied());
        let bytes = self.own_file(&path, locked)?;
        // The lockfile says what upstream's file loads: it holds here if nothing was edited.
        let unedited = locked.filter(|entry| {
            entry.upstream_integrity.is_none() && entry.integrity.verify(&bytes).is_ok()
        });
        let known = unedited.and_then(|entry| scan_of_lock(request, &request.url, entry));
        let media_type = media_type_of(&path);
        let file = File { response_url: &request.url, media_type, bytes: &bytes };
        Some(known.unwrap_or_else(|| scan_file(request, file)))
    }
}

impl Source for Disk<'_> {
    fn locked(&self, entry: &Entry) -> Result<Cached, StoreError> {
        self.base.cache.lookup(entry)
    }

    fn own(&self, request: &Request) -> FileScan {
        self.scan_own(request).unwrap_or_else(FileScan::left)
    }

    fn facts(&self, wanted: &Wanted) -> Result<Facts, RunError> {
        Ok(facts(self.settings, wanted)?)
    }

    fn package_files(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match path_of_list(id) {
            Some(path) => self.base.cache.folder().read(&path),
            None => Ok(None),
        }
    }

    fn companion(&self, path: &VendorPath, file: &PackageFile) -> Result<Cached, StoreError> {
        self.base.cache.lookup_file(path, &Integrity::from(file.digest.clone()))
    }
}

/// The type a server would send for a file of the site.
fn media_type_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "json" => "application/json",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "js" | "mjs" | "cjs" => "text/javascript",
        _ => "application/octet-stream",
    }
}
