//! The URLs of the site itself, and of the vendor folder in it.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::{
    reference::{self, SubresourceUrl},
    vendor_path::VendorPath,
};

/// Where the site and its vendor folder lie.
#[derive(Clone, Debug)]
pub struct SiteUrls {
    root: Url,
    out: String,
}

impl SiteUrls {
    /// Of a site with this URL, or of one whose URL nobody knows. `out` is the vendor folder,
    /// relative to the site's root.
    pub fn new(site_url: Option<&Url>, out: &str) -> Self {
        Self { root: reference::site_root(site_url), out: out.to_owned() }
    }

    /// The URL of the site's root; ends with a slash.
    pub fn root(&self) -> &Url {
        &self.root
    }

    /// Whether a URL is the site's own.
    pub fn is_own(&self, url: &SubresourceUrl) -> bool {
        reference::is_same_origin(url.as_url(), &self.root)
    }

    /// The URL of a file of the site, by its decoded path below the root.
    pub fn of_file(&self, path: &str) -> Option<SubresourceUrl> {
        reference::below(&self.root, path).try_into().ok()
    }

    /// The path of a file of the site below its root, as part of a URL.
    pub fn url_path(&self, url: &SubresourceUrl) -> Option<String> {
        let path = url.as_url().path().strip_prefix(self.root.path())?;
        self.is_own(url).then(|| path.to_owned())
    }

    /// The path of a file of the site below its root, decoded.
    pub fn file_path(&self, url: &SubresourceUrl) -> Option<String> {
        let path = self.url_path(url)?;
        let path = percent_decode_str(&path).decode_utf8().ok()?;
        let is_file =
            !path.is_empty() && path.split('/').all(|name| !matches!(name, "" | "." | ".."));
        is_file.then(|| path.into_owned())
    }

    /// The path of a file of the site below its root, as part of a URL, by its decoded path.
    pub fn encoded(&self, path: &str) -> String {
        let url = reference::below(&self.root, path);
        url.path().strip_prefix(self.root.path()).unwrap_or(path).to_owned()
    }

    /// The vendored file that a URL path below the site's root names.
    pub fn vendored(&self, path: &str) -> Option<VendorPath> {
        let path = path.strip_prefix(&self.out)?.strip_prefix('/')?;
        percent_decode_str(path).decode_utf8().ok()?.parse().ok()
    }

    /// A script, as messages name it: files of a site without a known URL by their path.
    pub fn name<'u>(&self, url: &'u SubresourceUrl) -> &'u str {
        match reference::is_unknown_origin(url.as_url()) {
            true => url.as_url().path().trim_start_matches('/'),
            false => url.as_str(),
        }
    }
}
