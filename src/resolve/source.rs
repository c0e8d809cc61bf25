//! Where files come from that need no download: the site's folder and the vendor cache.

use std::path::PathBuf;

use super::file_scan::{File, FileScan, scan_file};
use crate::{
    graph::closure::Request,
    lockfile::Entry,
    read::baseline::Baseline,
    reference::SubresourceUrl,
    settings::Settings,
    site,
    store::{Cached, StoreError},
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
}

/// The site's folder and the vendor cache.
#[derive(Debug)]
pub struct Disk<'a> {
    settings: &'a Settings,
    base: &'a Baseline,
}

impl<'a> Disk<'a> {
    /// Of this site.
    pub fn new(settings: &'a Settings, base: &'a Baseline) -> Self {
        Self { settings, base }
    }

    /// A file of the site, with its path below the site's root.
    fn own_file(&self, url: &SubresourceUrl) -> Option<(String, Vec<u8>)> {
        let path = self.base.site.file_path(url)?;
        let file: PathBuf = path.split('/').collect();
        if let Some(site) = self.settings.own_site()
            && let Ok(Some(bytes)) = site::read_own(site, &file)
        {
            return Some((path, bytes));
        }
        // A vendored file that was lost is put back from the cache.
        let vendored = self.base.site.vendored(&path)?;
        let (_, entry) = self.base.lock.iter().find(|(_, entry)| entry.path == vendored)?;
        match self.base.cache.lookup(entry) {
            Ok(Cached::Present(bytes)) => Some((path, bytes)),
            _ => None,
        }
    }
}

impl Source for Disk<'_> {
    fn locked(&self, entry: &Entry) -> Result<Cached, StoreError> {
        self.base.cache.lookup(entry)
    }

    fn own(&self, request: &Request) -> FileScan {
        let Some((path, bytes)) = self.own_file(&request.url) else { return FileScan::left() };
        let media_type = media_type_of(&path);
        scan_file(request, File { response_url: &request.url, media_type, bytes: &bytes })
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
