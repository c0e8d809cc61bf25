//! What is known of a site before any page is read: its lockfile, its cache, its URLs, and the
//! policies of its `_headers` file.

use std::path::Path;

use crate::{
    csp::{self, SiteHeaders},
    lockfile::Lockfile,
    settings::Settings,
    site,
    site_urls::SiteUrls,
    store::{Cache, StoreError},
};

/// What is known before any page is read.
#[derive(Debug)]
pub struct Baseline {
    /// The vendor cache.
    pub cache: Cache,
    /// The lockfile; empty if there is none.
    pub lock: Lockfile,
    /// Whether there is a lockfile.
    pub has_lockfile: bool,
    /// The URLs of the site.
    pub site: SiteUrls,
    /// What the `_headers` file says of scripts.
    pub headers: SiteHeaders,
}

impl Baseline {
    /// Reads it.
    ///
    /// # Errors
    /// [`StoreError`] if the lockfile cannot be read.
    pub fn read(settings: &Settings) -> Result<Self, StoreError> {
        let cache = Cache::new(&settings.cache);
        let lock = cache.lockfile()?;
        Ok(Self {
            cache,
            has_lockfile: lock.is_some(),
            lock: lock.unwrap_or_default(),
            site: SiteUrls::new(settings.site_url.as_ref(), &settings.out),
            headers: site_headers(settings),
        })
    }
}

fn site_headers(settings: &Settings) -> SiteHeaders {
    let read = |site: &Path| site::read(&site.join(site::HEADERS)).ok();
    let text = settings.own_site().and_then(read).unwrap_or_default();
    csp::site_headers(&String::from_utf8_lossy(&text))
}
