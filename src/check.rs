//! The gate for CI: what pages load already, held against policy, vendor folder and lockfile.
//!
//! Needs no network and no cache. A script that is still external and should not be, a vendored
//! file that is missing or is not the locked one, and a tag whose `integrity` is missing or wrong
//! are problems of the site.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    error::RunError,
    findings::{Keep, Notice, Places, Problem},
    graph::{closure::Referrer, local_urls::LocalUrls},
    integrity::{IntegrityMetadata, Mismatch},
    layout::import_map_integrity::map_entries,
    lockfile::Entry,
    read::{baseline::Baseline, pages::Pages, url_uses::LocalUse},
    resolve::{
        plan::{Action, Reason},
        resolver::{Resolution, import},
    },
    settings::Settings,
    site,
    site_urls::SiteUrls,
    store::VendorFolder,
    vendor_path::VendorPath,
};

/// A finished site, and what it is held against.
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

impl Gate<'_> {
    /// Everything that fails the gate.
    ///
    /// # Errors
    /// [`RunError`] if the vendor folder cannot be read.
    pub fn problems(self) -> Result<Vec<Problem>, RunError> {
        let folder = VendorFolder::new(&self.settings.site, &self.settings.out);
        let entries: BTreeMap<&VendorPath, &Entry> =
            self.base.lock.iter().map(|(_, entry)| (&entry.path, entry)).collect();
        let mut problems = self.external_scripts();
        problems.extend(self.vendored_files(&folder, &entries)?);
        problems.extend(strays(self.settings, &self.base.site, &entries)?);
        problems.extend(self.unguarded(&folder)?);
        Ok(problems)
    }

    /// Scripts that are still external and should not be.
    fn external_scripts(self) -> Vec<Problem> {
        let is_named = |url: &_| self.resolution.urls[url].is_named_by_site();
        let actions = self.resolution.plan.actions.iter().filter(|(url, _)| is_named(*url));
        let problem = |(url, action)| {
            let hint = still_external(action)?;
            let notice = Notice::new("external-script", format!("`{url}` is still external"));
            let notice = notice.used_at(self.resolution.places(url));
            Some(notice.hint(hint.to_owned()).of_site())
        };
        actions.filter_map(problem).collect()
    }

    /// Vendored files that are missing or not the locked ones, and tags that do not guard theirs.
    fn vendored_files(
        self,
        folder: &VendorFolder,
        entries: &BTreeMap<&VendorPath, &Entry>,
    ) -> Result<Vec<Problem>, RunError> {
        let imported = self.imported();
        let mut by_path: BTreeMap<&str, Vec<(&LocalUse, &Places)>> = BTreeMap::new();
        for (local, places) in self.pages.vendored.iter().chain(&imported) {
            by_path.entry(&local.path).or_default().push((local, places));
        }
        let mut problems = Vec::new();
        for (name, uses) in by_path {
            let Some(path) = self.base.site.vendored(name) else {
                problems.push(not_locked(name, &uses));
                continue;
            };
            let bytes = folder.read(&path)?;
            match hold(&path, bytes, entries.get(&path).copied(), name, &uses) {
                Ok(bytes) => {
                    let tags = uses.iter();
                    problems.extend(
                        tags.filter_map(|tag| check_tag_integrity(*tag, &bytes, self.settings)),
                    );
                }
                Err(problem) => problems.push(*problem),
            }
        }
        Ok(problems)
    }

    /// The files of the vendor folder that code names: no tag does.
    fn imported(self) -> BTreeMap<LocalUse, Places> {
        let site = &self.base.site;
        let mut imported = BTreeMap::new();
        for (start, closure) in self.resolution.graphs.closures() {
            for (request, reached) in closure.reached.iter().filter(|(_, reached)| reached.by_code)
            {
                let Some(path) = site.url_path(&request.url) else { continue };
                let below = path.strip_prefix(&self.settings.out);
                let below = below.and_then(|rest| rest.strip_prefix('/'));
                let place = match &reached.by {
                    (Referrer::File(by), line) => Some(import(site.name(&by.url), *line)),
                    (Referrer::Page | Referrer::Inline(_), _) => {
                        self.pages.starts.get(start).cloned()
                    }
                };
                if let (Some(_), Some(place)) = (below, place) {
                    imported.entry(path).or_insert(place);
                }
            }
        }
        let local = |path| LocalUse { path, declared: None, takes_integrity: false };
        let at = |(path, place)| (local(path), Places::from_iter([place]));
        imported.into_iter().map(at).collect()
    }

    /// Modules that an import map should guard and does not.
    fn unguarded(self, folder: &VendorFolder) -> Result<Vec<Problem>, RunError> {
        let mut problems = Vec::new();
        if self.settings.integrity.is_none() {
            return Ok(problems);
        }
        let local_urls = LocalUrls::new(self.base.site.root(), &self.settings.out, BTreeMap::new());
        let by_file: BTreeMap<String, &Entry> =
            self.base.lock.iter().map(|(_, entry)| (entry.path.url_path(), entry)).collect();
        let mut held = BTreeMap::new();
        for (start, closure) in self.resolution.graphs.closures() {
            let written = start.map.integrity().iter().filter_map(|(url, text)| {
                Some((local_urls.below(&url.parse().ok()?)?.to_owned(), text.as_str()))
            });
            let written: BTreeMap<_, _> = written.collect();
            let policy = self.settings.integrity_map;
            for needed in map_entries(policy, start, closure, &local_urls, &by_file) {
                let metadata = written.get(&needed.file).copied().unwrap_or_default();
                let file = (needed.file, metadata);
                if !held.contains_key(&file) {
                    let path = &by_file[&file.0].path;
                    held.insert(file.clone(), guarding(file.1, folder.read(path)?.as_deref()));
                }
                if let Some(notice) = unguarded_import(&file.0, &held[&file]) {
                    let notice = notice.used_by(self.pages.starts.get(start).cloned());
                    let hint = "build the site again and run `inhouse vendor`";
                    problems.push(notice.hint(hint.to_owned()).of_site());
                }
            }
        }
        Ok(problems)
    }
}

/// What there is to say of a file that an import map should guard; nothing if it does.
fn unguarded_import(file: &str, guarding: &Guarding) -> Option<Notice> {
    match guarding {
        Guarding::Right => None,
        Guarding::Nothing => Some(Notice::new(
            "unguarded-import",
            format!("the imported `{file}` is not guarded by the import map"),
        )),
        Guarding::Another(mismatch) => {
            let message =
                format!("the imported `{file}` has another file's `integrity` in the import map");
            let notice = Notice::new("unguarded-import", message)
                .detail("expected", format!("{}  (the import map)", mismatch.expected))
                .detail("received", format!("{}  ({} bytes)", mismatch.received, mismatch.size));
            Some(notice)
        }
    }
}

/// What integrity metadata of an import map does for a file.
enum Guarding {
    Right,
    /// It lets everything pass.
    Nothing,
    Another(Mismatch),
}

/// Holds what an import map says against a file; one that is missing is told as such.
fn guarding(metadata: &str, bytes: Option<&[u8]>) -> Guarding {
    let metadata = IntegrityMetadata::parse(metadata);
    if !metadata.guards() {
        return Guarding::Nothing;
    }
    match bytes.map(|bytes| metadata.verify(bytes)) {
        None | Some(Ok(())) => Guarding::Right,
        Some(Err(mismatch)) => Guarding::Another(mismatch),
    }
}

/// Files that lie among the vendored ones, in the folder of one of their hosts, and are not locked.
/// What else a site keeps in a folder of that name is its own affair.
fn strays(
    settings: &Settings,
    urls: &SiteUrls,
    entries: &BTreeMap<&VendorPath, &Entry>,
) -> Result<Vec<Problem>, RunError> {
    let hosts: BTreeSet<&str> = entries.keys().filter_map(|path| path.segments().next()).collect();
    let mut problems = Vec::new();
    for host in hosts {
        for file in site::files_below(&settings.site, &format!("{}/{host}", settings.out))? {
            let name = site::page_name(&file);
            let path = urls.vendored(&name);
            if path.is_none_or(|path| !entries.contains_key(&path)) {
                let notice = Notice::new(
                    "stray-file",
                    format!("`{name}` lies among the vendored files and is not in the lockfile"),
                );
                let hint =
                    "find out who put it there; a build into an empty folder does without it";
                problems.push(notice.hint(hint.to_owned()).of_site());
            }
        }
    }
    Ok(problems)
}

/// Why a script that the plan deals with should not be external; `None` if it may be.
fn still_external(action: &Action) -> Option<&'static str> {
    match action {
        Action::Reuse(_) | Action::Fetch(_) | Action::Replace { .. } | Action::Remove(_) => {
            Some("run `inhouse vendor` after the build, or keep the script external with a rule")
        }
        // Refused scripts are problems of the survey; the rest stays external on purpose.
        Action::Refuse(_)
        | Action::Leave(Reason::Kept(_) | Reason::Absent(_) | Reason::Skipped | Reason::NoScript) => {
            None
        }
    }
}

/// Holds a vendored file against the lockfile, and returns its bytes.
fn hold(
    path: &VendorPath,
    bytes: Option<Vec<u8>>,
    entry: Option<&Entry>,
    name: &str,
    uses: &[(&LocalUse, &Places)],
) -> Result<Vec<u8>, Box<Problem>> {
    let Some(bytes) = bytes else {
        let notice = Notice::new("missing-file", format!("the vendored file `{path}` is missing"));
        let notice = notice.used_at(places(uses)).hint("run `inhouse vendor` again".to_owned());
        return Err(Box::new(notice.of_site()));
    };
    let Some(entry) = entry else { return Err(Box::new(not_locked(name, uses))) };
    let Err(mismatch) = entry.integrity.verify(&bytes) else { return Ok(bytes) };
    let notice = Notice::new(
        "tampered-file",
        format!("the vendored file `{path}` is not the file that was locked"),
    )
    .detail("expected", format!("{}  (lockfile)", mismatch.expected))
    .detail("received", format!("{}  ({} bytes)", mismatch.received, mismatch.size))
    .used_at(places(uses))
    .hint("find out who changed it; then delete it and run `inhouse vendor` again".to_owned());
    Err(Box::new(notice.of_site()))
}

fn places(uses: &[(&LocalUse, &Places)]) -> Places {
    let mut all = Places::default();
    uses.iter().for_each(|(_, places)| all.merge((*places).clone(), Keep::All));
    all.sort();
    all
}

/// Holds the `integrity` of tags against the file they load.
fn check_tag_integrity(
    (local, places): (&LocalUse, &Places),
    bytes: &[u8],
    settings: &Settings,
) -> Option<Problem> {
    if !local.takes_integrity || settings.integrity.is_none() {
        return None;
    }
    let hint = || "build the site again and run `inhouse vendor`".to_owned();
    match local.declared.as_ref().filter(|declared| declared.guards()) {
        None => {
            let notice = Notice::new(
                "no-integrity",
                format!("the tag that loads `{}` has no `integrity`", local.path),
            );
            Some(notice.used_at(places.clone()).hint(hint()).of_site())
        }
        Some(declared) => {
            let mismatch = declared.verify(bytes).err()?;
            let notice = Notice::new(
                "wrong-integrity",
                format!("the tag that loads `{}` has another file's `integrity`", local.path),
            )
            .detail("expected", format!("{}  (the tag)", mismatch.expected))
            .detail("received", format!("{}  ({} bytes)", mismatch.received, mismatch.size));
            Some(notice.used_at(places.clone()).hint(hint()).of_site())
        }
    }
}

fn not_locked(name: &str, uses: &[(&LocalUse, &Places)]) -> Problem {
    Notice::new(
        "not-in-lockfile",
        format!("`{name}` lies in the vendor folder, but not in the lockfile"),
    )
    .used_at(places(uses))
    .hint(
        "run `inhouse vendor` and commit the lockfile; move scripts of your own to another folder"
            .to_owned(),
    )
    .of_site()
}
