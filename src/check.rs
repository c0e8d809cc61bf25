//! The gate for CI: what pages load already, checked by policy, vendor folder and lockfile.
//!
//! Needs no network and no cache. A script that is still external and should not be, a vendored
//! file that is missing or is not the locked one, and a tag whose `integrity` is missing or wrong
//! are problems of the site.

mod companions;
mod import_maps;
mod loads;
mod notices;
mod third_party;

use std::collections::{BTreeMap, BTreeSet};

use self::{
    companions::{check_companions, unknown_companions},
    import_maps::{ImportMaps, metadata_by_file},
    loads::check_loads,
    notices::{
        TagUse, external_script, missing_file, no_integrity, not_locked, stray_file, tampered_file,
        wrong_integrity,
    },
    third_party::check_notices_file,
};
use crate::{
    error::RunError,
    findings::{Keep, Notice, Places, Problem},
    graph::local_urls::LocalUrls,
    layout::import_map_integrity::map_entries,
    lockfile::Entry,
    read::{baseline::Baseline, pages::Pages, url_uses::LocalUse},
    reference::SubresourceUrl,
    resolve::{
        plan::{Action, Reason},
        resolver::{Resolution, place_of},
    },
    settings::Settings,
    site,
    store::VendorFolder,
    vendor_path::VendorPath,
};

/// A finished site, and what it is checked by.
#[derive(Clone, Copy)]
pub struct Gate<'a> {
    /// What is meant.
    pub settings: &'a Settings,
    /// The lockfile.
    pub base: &'a Baseline,
    /// What the pages load.
    pub pages: &'a Pages,
    /// What would become of it.
    pub resolution: &'a Resolution,
}

/// The lockfile's entries, by the paths of their files.
type Entries<'a> = BTreeMap<&'a VendorPath, &'a Entry>;

impl Gate<'_> {
    /// Everything that fails the gate.
    ///
    /// # Errors
    /// [`RunError`] if the vendor folder cannot be read.
    pub fn problems(self) -> Result<Vec<Problem>, RunError> {
        let folder = VendorFolder::new(&self.settings.site, &self.settings.out);
        let entries = self.base.lock.iter().map(|(_, entry)| (&entry.path, entry)).collect();
        let mut problems = self.external_scripts();
        problems.extend(self.vendored_files(&folder, &entries)?);
        problems.extend(strays(self.settings, self.base, &entries)?);
        problems.extend(self.unguarded(&folder)?);
        let used = self.used_files();
        problems.extend(check_companions(self.settings, self.base, &folder, &used)?);
        problems.extend(unknown_companions(self.base, self.resolution, &used));
        Ok(problems)
    }

    /// What should be mended, and does not fail the gate.
    ///
    /// # Errors
    /// [`RunError`] if the vendor folder cannot be read.
    pub fn warnings(self) -> Result<Vec<Notice>, RunError> {
        Ok(Vec::from_iter(check_notices_file(self.settings, &self.base.lock)?))
    }

    /// Scripts that are still external and should not be.
    fn external_scripts(self) -> Vec<Problem> {
        let is_named = |url: &_| self.resolution.urls[url].is_named_by_site();
        let actions = self.resolution.plan.actions.iter().filter(|(url, _)| is_named(*url));
        let places = |url| self.resolution.places(url);
        let problem =
            |(url, action)| Some(external_script(url, places(url), still_external(action)?));
        actions.filter_map(problem).collect()
    }

    /// Vendored files that are missing or not the locked ones, and tags that do not guard theirs.
    fn vendored_files(
        self,
        folder: &VendorFolder,
        entries: &Entries<'_>,
    ) -> Result<Vec<Problem>, RunError> {
        let imported = self.imported();
        let mut problems = Vec::new();
        for (name, uses) in uses_by_path(self.pages.vendored.iter().chain(&imported)) {
            problems.extend(self.vendored_file(folder, entries, name, &uses)?);
        }
        Ok(problems)
    }

    /// What is wrong with the file at `name`, or with the tags that load it.
    fn vendored_file(
        self,
        folder: &VendorFolder,
        entries: &Entries<'_>,
        name: &str,
        uses: &[TagUse<'_>],
    ) -> Result<Vec<Problem>, RunError> {
        let Some(path) = self.base.site.vendored(name) else {
            return Ok(vec![not_locked(name, uses)]);
        };
        let file = File { name, path: &path, entry: entries.get(&path).copied() };
        Ok(match file.verify(folder.read(&path)?, uses) {
            Ok(bytes) => {
                let wrong_loads =
                    file.entry.and_then(|entry| check_loads(&path, entry, &bytes, uses));
                wrong_loads.into_iter().chain(self.tags(uses, &bytes)).collect()
            }
            Err(problem) => vec![*problem],
        })
    }

    /// The tags whose `integrity` does not guard the file that they load.
    fn tags(self, uses: &[TagUse<'_>], bytes: &[u8]) -> Vec<Problem> {
        match self.settings.integrity {
            None => Vec::new(),
            Some(_) => uses.iter().filter_map(|tag| check_tag_integrity(*tag, bytes)).collect(),
        }
    }

    /// The files of the vendor folder that code names: no tag does.
    fn imported(self) -> BTreeMap<LocalUse, Places> {
        let mut imported = BTreeMap::new();
        for (start, closure) in self.resolution.graphs.closures() {
            let by_code = closure.reached.iter().filter(|(_, reached)| reached.by_code);
            for (request, reached) in by_code {
                if let Some(path) = self.path_in_vendor_folder(&request.url)
                    && let Some(place) = place_of(&self.base.site, self.pages, start, reached)
                {
                    imported.entry(path).or_insert(place);
                }
            }
        }
        let local = |path| LocalUse { path, declared: None, takes_integrity: false };
        let at = |(path, place)| (local(path), Places::from_iter([place]));
        imported.into_iter().map(at).collect()
    }

    /// The files of the vendor folder that pages load, and the places that name them.
    fn used_files(self) -> BTreeMap<VendorPath, Places> {
        let mut used: BTreeMap<_, Places> = BTreeMap::new();
        let named = self.pages.vendored.clone().into_iter();
        for (local, places) in named.chain(self.imported()) {
            if let Some(path) = self.base.site.vendored(&local.path) {
                used.entry(path).or_default().merge(places, Keep::All);
            }
        }
        used
    }

    /// The URL path of a file that lies in the vendor folder.
    fn path_in_vendor_folder(self, url: &SubresourceUrl) -> Option<String> {
        let path = self.base.site.url_path(url)?;
        let rest = path.strip_prefix(&self.settings.out)?;
        rest.starts_with('/').then_some(path)
    }

    /// Modules that an import map should guard and does not.
    fn unguarded(self, folder: &VendorFolder) -> Result<Vec<Problem>, RunError> {
        let mut problems = Vec::new();
        if self.settings.integrity.is_none() {
            return Ok(problems);
        }
        let entries = self.base.lock.iter().map(|(_, entry)| (entry.path.url_path(), entry));
        let by_file = entries.collect();
        let root = self.base.site.root();
        let local_urls = LocalUrls::new(root, &self.settings.out, BTreeMap::new());
        let mut maps = ImportMaps::new(folder, &by_file);
        for (start, closure) in self.resolution.graphs.closures() {
            let written = metadata_by_file(start, &local_urls);
            let policy = self.settings.integrity_map;
            for needed in map_entries(policy, start, closure, &local_urls, &by_file) {
                let metadata = written.get(&needed.file).copied().unwrap_or_default();
                let notice = maps.check(&needed.file, metadata)?;
                let place = || self.pages.starts.get(start).cloned();
                problems.extend(notice.map(|notice| notice.used_by(place()).of_site()));
            }
        }
        Ok(problems)
    }
}

/// The tags that load each file, by its URL path.
fn uses_by_path<'u>(uses: impl Iterator<Item = TagUse<'u>>) -> BTreeMap<&'u str, Vec<TagUse<'u>>> {
    let mut by_path: BTreeMap<&str, Vec<TagUse<'_>>> = BTreeMap::new();
    for (local, places) in uses {
        by_path.entry(&local.path).or_default().push((local, places));
    }
    by_path
}

/// Files that lie among the vendored ones, in the folder of one of their hosts, and are not locked. Those
/// among companions are found with these.
/// Other files that a site keeps in its vendor folder are not looked at.
fn strays(
    settings: &Settings,
    base: &Baseline,
    entries: &Entries<'_>,
) -> Result<Vec<Problem>, RunError> {
    let hosts: BTreeSet<&str> = entries.keys().filter_map(|path| path.segments().next()).collect();
    let is_companion =
        |path: &VendorPath| base.lock.all_companions().any(|block| block.is_above(path.as_str()));
    let is_locked = |name: &String| {
        let path = base.site.vendored(name);
        path.is_some_and(|path| entries.contains_key(&path) || is_companion(&path))
    };
    let mut problems = Vec::new();
    for host in hosts {
        let files = site::files_below(&settings.site, &format!("{}/{host}", settings.out))?;
        let names = files.iter().map(|file| site::page_name(file));
        problems.extend(names.filter(|name| !is_locked(name)).map(|name| stray_file(&name)));
    }
    Ok(problems)
}

/// Why a script that the plan deals with should not be external; `None` if it may be.
fn still_external(action: &Action) -> Option<&'static str> {
    match action {
        Action::Reuse(_) | Action::Fetch(_) | Action::Replace { .. } | Action::Remove(_) => {
            Some("run `inhouse vendor` after the build, or keep the script external with a rule")
        }
        // Refused scripts are problems of the plan; the rest stays external on purpose.
        Action::Refuse(_)
        | Action::Leave(
            Reason::Kept(_)
            | Reason::Companions(_)
            | Reason::Absent(_)
            | Reason::Skipped
            | Reason::NoScript,
        ) => None,
    }
}

/// A file of the vendor folder.
struct File<'a> {
    name: &'a str,
    path: &'a VendorPath,
    entry: Option<&'a Entry>,
}

impl File<'_> {
    /// Verifies `bytes` against the lockfile, and gives them back.
    fn verify(&self, bytes: Option<Vec<u8>>, uses: &[TagUse<'_>]) -> Result<Vec<u8>, Box<Problem>> {
        let bytes = bytes.ok_or_else(|| Box::new(missing_file(self.path, uses)))?;
        let entry = self.entry.ok_or_else(|| Box::new(not_locked(self.name, uses)))?;
        match entry.integrity.verify(&bytes) {
            Ok(()) => Ok(bytes),
            Err(mismatch) => Err(Box::new(tampered_file(self.path, &mismatch, uses))),
        }
    }
}

/// Verifies the file that a tag loads against the `integrity` of the tag.
fn check_tag_integrity(tag: TagUse<'_>, bytes: &[u8]) -> Option<Problem> {
    let (local, _) = tag;
    if !local.takes_integrity {
        return None;
    }
    match local.declared.as_ref().filter(|declared| declared.guards()) {
        None => Some(no_integrity(tag)),
        Some(declared) => Some(wrong_integrity(tag, &declared.verify(bytes).err()?)),
    }
}
