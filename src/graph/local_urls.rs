//! Where vendored files lie now, for whatever named them by their old address.
//!
//! Import maps and module specifiers must agree about every address, or a map's entry would not apply to
//! the specifier it was written for: both get the addresses from here.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use url::Url;

use crate::{
    reference::{SubresourceUrl, is_same_origin},
    vendor_path::VendorPath,
};

/// The local URL of every vendored file.
#[derive(Clone, Debug)]
pub struct LocalUrls {
    /// The URL of the vendor folder; ends with a slash.
    vendor: Url,
    paths: BTreeMap<SubresourceUrl, VendorPath>,
    /// The same files by their paths below the vendor folder, as part of a URL.
    by_path: BTreeMap<String, BTreeSet<SubresourceUrl>>,
}

/// What became of a folder on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderMove {
    /// None of its files was vendored.
    Unused,
    /// Its vendored files lie beside each other as they did: the folder's path below the vendor
    /// folder, as part of a URL, with a final slash.
    Moved(String),
    /// No one folder holds all its vendored files.
    Scattered,
}

impl LocalUrls {
    /// Of files in the folder `out` of a site with this root.
    ///
    /// # Panics
    /// Never: `out` is a relative path of plain names.
    pub fn new(root: &Url, out: &str, paths: BTreeMap<SubresourceUrl, VendorPath>) -> Self {
        let mut vendor = root.clone();
        vendor.set_path(&format!("{}{out}/", root.path()));
        let mut by_path: BTreeMap<String, BTreeSet<SubresourceUrl>> = BTreeMap::new();
        for (url, path) in &paths {
            by_path.entry(path.url_path()).or_default().insert(url.clone());
        }
        Self { vendor, paths, by_path }
    }

    /// Gives a vendored file another place.
    pub fn place(&mut self, url: &SubresourceUrl, path: VendorPath) {
        let old = self.paths.insert(url.clone(), path.clone());
        if let Some(urls) = old.and_then(|old| self.by_path.get_mut(&old.url_path())) {
            urls.remove(url);
        }
        self.by_path.entry(path.url_path()).or_default().insert(url.clone());
    }

    /// The path of a vendored file.
    pub fn path(&self, url: &Url) -> Option<&VendorPath> {
        self.paths.get(&SubresourceUrl::try_from(url.clone()).ok()?)
    }

    /// The URL of a vendored file on the site, without query and fragment.
    pub fn local(&self, url: &Url) -> Option<Url> {
        self.path(url).map(|path| self.url(path))
    }

    /// The URL of a path below the vendor folder.
    pub fn url(&self, path: &VendorPath) -> Url {
        let mut url = self.vendor.clone();
        url.set_path(&format!("{}{}", self.vendor.path(), path.url_path()));
        url
    }

    /// What stands behind the vendor folder in the URL of a file on the site.
    pub fn below<'u>(&self, url: &'u Url) -> Option<&'u str> {
        let is_there = is_same_origin(url, &self.vendor);
        url.path().strip_prefix(self.vendor.path()).filter(|_| is_there)
    }

    /// The vendored files below `prefix`, the URL of a folder: what follows the prefix in their URLs,
    /// and their paths below the vendor folder.
    pub fn within(&self, prefix: &Url) -> Vec<(&str, String)> {
        let Ok(first) = SubresourceUrl::try_from(prefix.clone()) else { return Vec::new() };
        let within = self.paths.range(first..).map_while(|(url, path)| {
            url.as_str().strip_prefix(prefix.as_str()).map(|rest| (rest, path.url_path()))
        });
        within.filter(|(rest, _)| !rest.is_empty()).collect()
    }

    /// The folder that holds all that was vendored from below `prefix` and nothing else, whatever the
    /// files are called now; ends with a slash. `None` if there is no such folder.
    pub fn own_folder(&self, prefix: &Url) -> Option<String> {
        let within = self.within(prefix);
        let (_, first) = within.first()?;
        let mut folder = &first[..=first.rfind('/')?];
        while !within.iter().all(|(_, path)| path.starts_with(folder)) {
            folder = &folder[..=folder.trim_end_matches('/').rfind('/')?];
        }
        // One file may have come from several URLs.
        let is_from_there = |url: &SubresourceUrl| url.as_str().starts_with(prefix.as_str());
        let own: BTreeSet<&str> = within.iter().map(|(_, path)| path.as_str()).collect();
        let mut inside = self
            .by_path
            .range::<str, _>((Bound::Included(folder), Bound::Unbounded))
            .take_while(|(path, _)| path.starts_with(folder));
        inside
            .all(|(path, urls)| own.contains(path.as_str()) || urls.iter().all(is_from_there))
            .then(|| folder.to_owned())
    }

    /// The new place of what lay below `prefix`, the URL of a folder.
    pub fn folder(&self, prefix: &Url) -> FolderMove {
        let mut moved = FolderMove::Unused;
        for (rest, path) in self.within(prefix) {
            let Some(folder) = path.strip_suffix(rest).filter(|folder| folder.ends_with('/'))
            else {
                return FolderMove::Scattered;
            };
            match &moved {
                FolderMove::Unused => moved = FolderMove::Moved(folder.to_owned()),
                FolderMove::Moved(known) if known == folder => {}
                FolderMove::Moved(_) | FolderMove::Scattered => return FolderMove::Scattered,
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local_urls(files: &[(&str, &str)]) -> LocalUrls {
        let paths = files.iter().map(|(url, path)| (url.parse().unwrap(), path.parse().unwrap()));
        LocalUrls::new(&"https://site.example/docs/".parse().unwrap(), "vendor", paths.collect())
    }

    fn folder(files: &[(&str, &str)]) -> FolderMove {
        local_urls(files).folder(&"https://cdn.example/lib@3/jsm/".parse().unwrap())
    }

    #[test]
    fn a_folder_moves_with_its_files() {
        let files = [
            ("https://cdn.example/lib@3/jsm/a.js", "cdn.example/lib@3.1.0/jsm/a.js"),
            ("https://cdn.example/lib@3/jsm/b/c.js", "cdn.example/lib@3.1.0/jsm/b/c.js"),
            ("https://cdn.example/lib@3/jsmx/d.js", "cdn.example/h~000000000000/jsmx/d.js"),
        ];
        assert_eq!(folder(&files), FolderMove::Moved("cdn.example/lib@3.1.0/jsm/".to_owned()));
        assert_eq!(folder(&[]), FolderMove::Unused);
    }

    #[test]
    fn files_that_were_parted_have_no_folder() {
        let files = [
            ("https://cdn.example/lib@3/jsm/a.js", "cdn.example/lib@3.1.0/jsm/a.js"),
            ("https://cdn.example/lib@3/jsm/b.js", "cdn.example/lib@3.2.0/jsm/b.js"),
        ];
        assert_eq!(folder(&files), FolderMove::Scattered);
        let renamed = [("https://cdn.example/lib@3/jsm/a", "cdn.example/lib@3.1.0/jsm/a.js")];
        assert_eq!(folder(&renamed), FolderMove::Scattered);
    }

    #[test]
    fn what_came_from_one_place_has_a_realm_of_its_own() {
        let own_folder = |files: &[(&str, &str)], prefix: &str| {
            local_urls(files).own_folder(&prefix.parse().unwrap())
        };
        let mut files = vec![
            ("https://cdn.example/lib:a@3/a.js", "cdn.example/h~0/lib_a@3/a.js"),
            ("https://cdn.example/lib:a@3/b/c", "cdn.example/h~0/lib_a@3/b/c.js"),
            ("https://cdn.example/lib:b@3/b.js", "cdn.example/h~1/lib_b@3/b.js"),
        ];
        assert_eq!(own_folder(&files, "https://cdn.example/").unwrap(), "cdn.example/");
        assert_eq!(
            own_folder(&files, "https://cdn.example/lib:a@3/").unwrap(),
            "cdn.example/h~0/lib_a@3/"
        );
        assert_eq!(own_folder(&files, "https://cdn.example/lib:c@3/"), None);
        files.push(("https://other.example/d.js", "cdn.example/h~0/lib_a@3/d.js"));
        assert_eq!(own_folder(&files, "https://cdn.example/lib:a@3/"), None);
        assert_eq!(own_folder(&files, "https://cdn.example/"), None);
    }

    #[test]
    fn a_local_url_leads_below_the_vendor_folder_and_back() {
        let local_urls = local_urls(&[("https://cdn.example/x@1/+esm", "cdn.example/x@1/+esm.js")]);
        let local = local_urls.local(&"https://cdn.example/x@1/+esm".parse().unwrap()).unwrap();
        assert_eq!(local.as_str(), "https://site.example/docs/vendor/cdn.example/x@1/%2Besm.js");
        assert_eq!(local_urls.below(&local), Some("cdn.example/x@1/%2Besm.js"));
        assert_eq!(local_urls.below(&"https://cdn.example/docs/vendor/x".parse().unwrap()), None);
    }
}
