//! Folders of CDNs whose files lie in the vendor folder, because scripts load them beside themselves:
//! what code names by an address there can be named by a local address.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::files::VendoredFiles;
use crate::{
    js,
    lockfile::{Companions, Entry, Lockfile},
    npm,
    reference::{SubresourceUrl, is_same_origin},
    resolve::companions::CompanionFolder,
    site::{self, SiteError},
    store::Cache,
    vendor_path::url_path,
};

/// The folders that stand for folders of CDNs, by the scripts whose companions lie there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CdnFolders(BTreeMap<SubresourceUrl, Vec<CdnFolder>>);

/// A folder of a CDN, and the folder of the vendor folder that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdnFolder {
    /// Its URL, with its final slash.
    url: Url,
    /// Below the vendor folder.
    folder: String,
    /// The files that came along, and the scripts that load them.
    files: Arc<BTreeSet<String>>,
    /// The folder that holds all of them and no folder inside it does. Of what lies above it in the
    /// package, most did not come along.
    common: String,
}

/// What an absolute URL names of a folder of a CDN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A file or folder that came along.
    Local {
        /// Its path below the vendor folder, as part of a URL.
        path: String,
        /// What follows the path in the URL: query and fragment.
        rest: String,
    },
    /// Something that did not come along, or not all of it.
    Missing,
    /// A folder above it, or only the host.
    Above,
    /// Something else.
    Other,
}

impl CdnFolders {
    /// Of everything that came along with the scripts of a run.
    pub fn of(files: &VendoredFiles) -> Self {
        let mut folders = Self::default();
        files.companions.folders.iter().for_each(|found| folders.add_found(files, found));
        folders
    }

    fn add_found(&mut self, files: &VendoredFiles, found: &CompanionFolder) {
        let Some(block) = files.lock.companions(&found.place.folder) else { return };
        let scripts = found.scripts.iter().filter_map(|url| Some((url, files.lock.get(url)?)));
        let companions = found.files.values().map(|file| file.path.as_str().to_owned());
        self.add(block, scripts, companions.collect());
    }

    /// Of what the vendor cache holds beside these locked scripts.
    ///
    /// # Errors
    /// [`SiteError`] if the cache cannot be listed.
    pub fn of_cache<'l>(
        (cache, lock): (&Cache, &Lockfile),
        entries: &[(&'l SubresourceUrl, &'l Entry)],
    ) -> Result<Self, SiteError> {
        let root = cache.folder().path();
        let mut folders = Self::default();
        for block in lock.all_companions() {
            let files = site::files_below(&root, &block.folder)?;
            let names = files.iter().map(|file| site::page_name(file));
            let is_companion = lock.companions_in(block);
            let companions = names.filter(|name| is_companion(name)).collect();
            folders.add(block, entries.iter().copied(), companions);
        }
        Ok(folders)
    }

    fn add<'l>(
        &mut self,
        block: &Companions,
        scripts: impl Iterator<Item = (&'l SubresourceUrl, &'l Entry)>,
        mut files: BTreeSet<String>,
    ) {
        let scripts = scripts.filter(|(_, entry)| block.is_above(entry.path.as_str()));
        let scripts: Vec<_> = scripts.collect();
        files.extend(scripts.iter().map(|(_, entry)| entry.path.as_str().to_owned()));
        let files = Arc::new(files);
        for (script, entry) in scripts {
            let folder = |url| CdnFolder::new(url, block.folder.clone(), files.clone());
            let folders = urls_of_folder(script, entry, block).into_iter().map(folder);
            self.0.entry(script.clone()).or_default().extend(folders);
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &CdnFolder> {
        self.0.values().flatten()
    }

    /// The folders in which these scripts have companions.
    pub fn of_scripts<'s>(
        &self,
        scripts: impl IntoIterator<Item = &'s SubresourceUrl>,
    ) -> Vec<&CdnFolder> {
        scripts.into_iter().filter_map(|script| self.0.get(script)).flatten().collect()
    }
}

impl CdnFolder {
    /// The folder at `url`, with its final slash, stands in `folder` below the vendor folder; `files` are
    /// those that are there.
    pub fn new(url: Url, folder: String, files: Arc<BTreeSet<String>>) -> Self {
        let common = common_folder(&files);
        Self { url, folder, files, common }
    }

    /// Its URL at the CDN, with its final slash.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host that serves it.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// What `text`, an absolute URL or one without a scheme, names of the folder.
    pub fn named(&self, text: &str) -> Named {
        let url = self.url.join(text).ok().filter(|_| js::is_absolute(text));
        let Some(url) = url.filter(|url| is_same_origin(url, &self.url)) else {
            return Named::Other;
        };
        let (path, own) = (url.path(), self.url.path());
        let below =
            path.strip_prefix(own).or_else(|| (own.strip_suffix('/')? == path).then_some(""));
        match below {
            Some(below) => self.below(path, below, &url[Position::AfterPath..]),
            None if own.starts_with(path) => Named::Above,
            None => Named::Other,
        }
    }

    /// What lies at `below`, where the path of the URL is `path` and `rest` follows it.
    fn below(&self, path: &str, below: &str, rest: &str) -> Named {
        let name = percent_decode_str(below.trim_end_matches('/')).decode_utf8_lossy();
        let local = format!("{}/{name}", self.folder).trim_end_matches('/').to_owned();
        let slash = if path.ends_with('/') { "/" } else { "" };
        if path.ends_with("//") || !self.holds(&local, slash) {
            return Named::Missing;
        }
        Named::Local { path: url_path(&local) + slash, rest: rest.to_owned() }
    }

    /// Whether a file or folder came along; only a folder if a slash follows its path.
    fn holds(&self, path: &str, slash: &str) -> bool {
        slash.is_empty() && self.files.contains(path) || self.holds_folder(path)
    }

    fn holds_folder(&self, path: &str) -> bool {
        let first = format!("{path}/");
        let common = format!("{}/", self.common);
        if !first.starts_with(&common) {
            return false;
        }
        self.files.range(first.clone()..).next().is_some_and(|file| file.starts_with(&first))
    }
}

/// The innermost folder that holds all `files`, without its final slash.
fn common_folder(files: &BTreeSet<String>) -> String {
    let (Some(first), Some(last)) = (files.first(), files.last()) else { return String::new() };
    let is_same = |(a, b): &(char, char)| a == b;
    let common: String =
        first.chars().zip(last.chars()).take_while(is_same).map(|(a, _)| a).collect();
    common.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
}

/// The URLs of the folder at the CDN: as the page's URL of the script says, as it was redirected to, and
/// with the exact version.
fn urls_of_folder(script: &SubresourceUrl, entry: &Entry, block: &Companions) -> Vec<Url> {
    let below = entry.path.as_str().strip_prefix(&block.folder).unwrap_or_default();
    let urls = [Some(script.clone()), entry.final_url.clone(), pinned(script, entry)];
    let urls = urls.into_iter().flatten();
    let mut folders: Vec<_> =
        urls.filter_map(|url| folder_above(url.as_url(), below.trim_start_matches('/'))).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// The URL of a script with the exact version of its package.
fn pinned(script: &SubresourceUrl, entry: &Entry) -> Option<SubresourceUrl> {
    let (_, version) = entry.package.as_deref()?.rsplit_once('@')?;
    npm::classify(script)?.pinned_url(version)
}

/// The URL of the folder in which `path` names `file`; `None` if it names something else.
fn folder_above(file: &Url, path: &str) -> Option<Url> {
    let decoded = percent_decode_str(file.path()).decode_utf8().ok()?;
    decoded.strip_suffix(path).filter(|folder| folder.ends_with('/'))?;
    let depth = path.split('/').count();
    let mut folder = file.clone();
    for _ in 0..depth {
        folder.path_segments_mut().ok()?.pop();
    }
    folder.path_segments_mut().ok()?.push("");
    folder.set_query(None);
    folder.set_fragment(None);
    Some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = "cdn.example/npm/editor@1.2.3";

    fn folder() -> CdnFolder {
        let files = ["min/vs/a.js", "min/vs/b/c+d.js", "min/vs-x/e.js"];
        let files = files.iter().map(|file| format!("{FOLDER}/{file}"));
        let url = "https://cdn.example/npm/editor@1.2/".parse().unwrap();
        CdnFolder::new(url, FOLDER.to_owned(), Arc::new(files.collect()))
    }

    fn local(below: &str, rest: &str) -> Named {
        Named::Local { path: format!("{FOLDER}{below}"), rest: rest.to_owned() }
    }

    #[test]
    fn what_came_along_has_a_local_address() {
        for (text, below, rest) in [
            ("https://cdn.example/npm/editor@1.2/min/vs", "/min/vs", ""),
            ("https://cdn.example/npm/editor@1.2/min/vs/", "/min/vs/", ""),
            ("//CDN.example/npm/editor@1.2/min/vs/a.js?x#y", "/min/vs/a.js", "?x#y"),
            ("https://cdn.example/npm/editor@1.2/min/vs/b/c%2Bd.js", "/min/vs/b/c%2Bd.js", ""),
            ("https://cdn.example/npm/editor@1.2/min", "/min", ""),
        ] {
            assert_eq!(folder().named(text), local(below, rest), "{text}");
        }
    }

    #[test]
    fn what_did_not_come_along_has_none() {
        for rest in
            ["", "esm", "min/v", "min/vs/a.js/", "min/vs/a.js/b", "min//vs", "min/vs//", "min/vs/x"]
        {
            let text = format!("https://cdn.example/npm/editor@1.2/{rest}");
            assert_eq!(folder().named(&text), Named::Missing, "{rest}");
        }
    }

    #[test]
    fn other_folders_are_told_apart() {
        for (text, named) in [
            ("https://cdn.example/npm/", Named::Above),
            ("https://cdn.example/npm/editor@1", Named::Above),
            ("https://cdn.example", Named::Above),
            ("https://cdn.example/npm/editor@1.2.3/min/vs", Named::Other),
            ("https://cdn.example/npm/editor@1.20/min/vs", Named::Other),
            ("https://other.example/npm/editor@1.2/min/vs", Named::Other),
            ("https://", Named::Other),
            ("min/vs", Named::Other),
            ("/npm/editor@1.2/min/vs", Named::Other),
        ] {
            assert_eq!(folder().named(text), named, "{text}");
        }
    }

    #[test]
    fn a_folder_is_above_the_file_that_a_path_names_in_it() {
        let above = |file: &str, path| {
            folder_above(&file.parse().unwrap(), path).map(|folder| folder.to_string())
        };
        let file = "https://cdn.example/npm/@org/editor@1/min/a%2Bb.js?x";
        let expected = Some("https://cdn.example/npm/@org/editor@1/".to_owned());
        assert_eq!(above(file, "min/a+b.js"), expected);
        assert_eq!(above(file, "min/c.js"), None);
        assert_eq!(above(file, "in/a+b.js"), None);
        assert_eq!(
            above("https://cdn.example/a.js", "a.js").as_deref(),
            Some("https://cdn.example/")
        );
    }
}
