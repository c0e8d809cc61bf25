//! What changes in scripts because files have moved: specifiers of vendored modules, and of modules
//! of the site that import them.
//!
//! Most scripts do not change, since vendored files lie beside each other as they did at the CDN. An edited
//! script is scanned again and verified before it counts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use url::{Position, Url};

use super::{
    cache_busting,
    files::{VendoredFiles, local_urls},
    script::{Addressing, Script, ScriptUse},
};
use crate::{
    findings::{Notice, Problem},
    graph::{closure::Request, local_urls::LocalUrls, specifier},
    read::baseline::Baseline,
    reference::SubresourceUrl,
    resolve::resolver::Resolution,
    settings::Settings,
    site::{self, Page, SiteError},
};

/// A module of the site that imports what has moved.
#[derive(Debug)]
pub struct OwnScript {
    /// As it was.
    pub before: Page<'static>,
    /// As it will be.
    pub after: Vec<u8>,
}

/// The new place of every file, and the scripts that change because of it.
#[derive(Debug)]
pub struct Relocated {
    /// Where the vendored files lie.
    pub local_urls: LocalUrls,
    /// The vendored scripts that are served with other specifiers.
    pub vendored: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// The site's own, by their path below its root.
    pub own: BTreeMap<PathBuf, OwnScript>,
    /// What stands in the way.
    pub problems: Vec<Problem>,
}

/// Works out every edit.
pub fn relocate(
    settings: &Settings,
    base: &Baseline,
    resolution: &Resolution,
    files: &VendoredFiles,
) -> Relocated {
    let mut local_urls = local_urls(settings, base, files.vendored_entries(resolution));
    let mut scripts = scripts(base, resolution, &local_urls);
    cache_busting::version_folders(base, resolution, files, &mut scripts, &mut local_urls);
    let (vendored, own, problems) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut relocated = Relocated { local_urls, vendored, own, problems };
    for (url, script) in scripts {
        match base.site.is_own(url) {
            true => relocated.own_script(settings, base, url, &script),
            false => relocated.vendored_script(files, url, &script),
        }
    }
    relocated
}

/// The scripts that we serve.
fn scripts<'r>(
    base: &Baseline,
    resolution: &'r Resolution,
    local_urls: &LocalUrls,
) -> BTreeMap<&'r SubresourceUrl, Script<'r>> {
    let mut scripts: BTreeMap<&SubresourceUrl, Script<'_>> = BTreeMap::new();
    for (request, module) in resolution.graphs.modules() {
        let Some(reached) = resolution.reached.get(request) else { continue };
        let is_own = base.site.is_own(&request.url);
        let Some(to) = new_place(local_urls, request, is_own) else { continue };
        let new = Script { from: &module.response_url, to, uses: Vec::new() };
        let script = scripts.entry(&request.url).or_insert(new);
        script.uses.push(ScriptUse { request, loads: &module.loads, reached });
    }
    scripts
}

/// Where a script lies from now on; `None` if it is not ours to serve.
fn new_place(local_urls: &LocalUrls, request: &Request, is_own: bool) -> Option<Url> {
    let url = request.url.as_url();
    if is_own { Some(url.clone()) } else { local_urls.local(url) }
}

impl Relocated {
    fn vendored_script(
        &mut self,
        files: &VendoredFiles,
        url: &SubresourceUrl,
        script: &Script<'_>,
    ) {
        let Some(bytes) = files.bytes.get(url) else { return };
        let local_urls = &self.local_urls;
        let addressing = Addressing { local_urls, specifier: &specifier::relative };
        match script.edited(bytes, addressing) {
            Ok(Some(edited)) => drop(self.vendored.insert(url.clone(), edited)),
            Ok(None) => {}
            Err(cause) => self.problems.push(not_relocated(url.as_str(), &cause)),
        }
    }

    fn own_script(
        &mut self,
        settings: &Settings,
        base: &Baseline,
        url: &SubresourceUrl,
        script: &Script<'_>,
    ) {
        let Some(name) = base.site.file_path(url) else { return };
        let local_urls = &self.local_urls;
        let specifier = |from: &Url, to: &Url| own_specifier(settings, local_urls, from, to);
        let addressing = Addressing { local_urls, specifier: &specifier };
        if !script.changes_any(addressing) {
            return;
        }
        let path: PathBuf = name.split('/').collect();
        match edited_own(settings, &path, script, addressing) {
            Ok(Some(edited)) => drop(self.own.insert(path, edited)),
            Ok(None) => {}
            Err(cause) => self.problems.push(not_relocated(&name, &cause)),
        }
    }
}

/// A module of the site with its edits, if it needs any.
fn edited_own(
    settings: &Settings,
    path: &Path,
    script: &Script<'_>,
    addressing: Addressing<'_>,
) -> Result<Option<OwnScript>, String> {
    let before = own_file(settings, path).map_err(|error| error.to_string())?;
    let after = script.edited(before.bytes(), addressing)?;
    Ok(after.map(|after| OwnScript { before, after }))
}

fn own_file(settings: &Settings, path: &Path) -> Result<Page<'static>, SiteError> {
    site::read_page(&site::open(&settings.site)?, path)
}

/// How a module of the site names a file: one of the vendor folder by the prefix of `--public-path`.
fn own_specifier(settings: &Settings, local_urls: &LocalUrls, from: &Url, to: &Url) -> String {
    match (&settings.public_path, local_urls.below(to)) {
        (Some(prefix), Some(file)) => {
            let rest = &to[Position::AfterPath..];
            specifier::as_specifier(&format!("{prefix}{file}{rest}"))
        }
        _ => specifier::relative(from, to),
    }
}

/// What the owner of the site can do about a script that could not be edited.
pub const REPORT: &str =
    "this is a limit of Inhouse: please report it; a rule can keep the script external";

fn not_relocated(script: &str, cause: &str) -> Problem {
    Notice::new("module-not-rewritten", format!("`{script}` could not be given new addresses"))
        .detail("cause", cause)
        .hint(REPORT.to_owned())
        .of_site()
}
