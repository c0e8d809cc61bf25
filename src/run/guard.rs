//! What import maps must guard: for every way documents start, the modules that no tag names.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use memchr::memmem;
use rayon::prelude::*;

use super::{
    relocate::{self, OwnScript},
    settle::Downloads,
    survey::Survey,
};
use crate::{
    findings::Notice,
    graph::{
        closure::{Closure, Reach, Reached, Request, Use},
        document::Start,
        homes::Homes,
    },
    html,
    integrity::{Algorithm, Integrity},
    inventory,
    lockfile::{Entry, Lockfile},
    page,
    rewrite::{Guard, Modules},
    settings::{Ambiguous, IntegrityMap, Settings},
    site::{self, Found, PageReader, SiteError, Walk},
};

/// From how many bytes on an import map's `integrity` is worth a warning.
const LARGE_MAP: usize = 32 << 10;

/// What has become of the modules of the site.
pub(super) fn modules(
    settings: &Settings,
    survey: &Survey,
    downloads: &Downloads,
    homes: Homes,
    own: &BTreeMap<PathBuf, OwnScript>,
) -> Modules {
    let mut modules = Modules {
        homes,
        served: served(settings, &downloads.lock),
        changed: BTreeMap::new(),
        guards: BTreeMap::new(),
    };
    let algorithms = settings.integrity.as_deref().unwrap_or(&[Algorithm::Sha384]);
    for (path, script) in own {
        let file = relocate::url_path(&survey.root, path);
        modules.served.insert(file.clone(), Integrity::of(&script.after, algorithms));
        modules.changed.insert(file, script.before.bytes().to_vec());
    }
    if settings.integrity.is_none() {
        return modules;
    }
    let by_file: BTreeMap<String, &Entry> =
        downloads.lock.iter().map(|(_, entry)| (entry.path.url_path(), entry)).collect();
    for (start, closure) in survey.graphs.closures() {
        let guards = guards(settings.integrity_map, start, closure, &modules.homes, &by_file);
        if !guards.is_empty() {
            modules.guards.insert(start.clone(), guards);
        }
    }
    modules
}

/// What is served from the vendor folder, by path below the site's root.
pub(super) fn served(settings: &Settings, lock: &Lockfile) -> BTreeMap<String, Integrity> {
    // What is served with other bytes than before takes the `integrity` it had with it in any case.
    let follows =
        |entry: &Entry| settings.integrity.is_some() || entry.upstream_integrity.is_some();
    let entries = lock.iter().map(|(_, entry)| entry).filter(|entry| follows(entry));
    let file = |entry: &Entry| format!("{}/{}", settings.out, entry.path.url_path());
    entries.map(|entry| (file(entry), entry.integrity.clone())).collect()
}

/// Says which pages grow by more than visitors should wait for.
pub(super) fn note_large_maps(survey: &mut Survey, modules: &Modules) {
    let size = |guards: &[Guard]| -> usize {
        guards.iter().map(|guard| guard.file.len() + guard.integrity.to_string().len()).sum()
    };
    let large = modules.guards.iter().filter(|(_, guards)| size(guards) > LARGE_MAP);
    let notices = large.map(|(start, guards)| {
        let kib = size(guards) >> 10;
        let message = format!(
            "the import map guards {} modules, which takes {kib} KiB of every page",
            guards.len()
        );
        Notice::new("large-import-map", message)
            .used_by(survey.inventory.starts.get(start).cloned())
            .hint(
                "load a bundled build of the library, or guard less with `--integrity-map`"
                    .to_owned(),
            )
    });
    let notices: Vec<_> = notices.collect();
    survey.warnings.extend(notices);
}

/// The pages that nothing else gives a reason to look at, and that declare the `integrity` of a
/// script of the site that changes: `changed` has those by path below the site's root.
///
/// # Errors
/// [`SiteError`] if there is no way through the site any more.
pub(super) fn pages_that_guard(
    settings: &Settings,
    survey: &Survey,
    changed: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<PathBuf>, SiteError> {
    if changed.is_empty() || !settings.from_scan.is_empty() {
        return Ok(Vec::new());
    }
    let known: BTreeSet<&Path> = survey.inventory.work.iter().map(|work| &*work.path).collect();
    let site = site::open(&settings.site)?;
    let guards = |reader: &mut PageReader<'_>, path: &PathBuf| {
        let Ok(page) = reader.read(path) else { return false };
        may_say_integrity(page.bytes())
            && match html::scan_relevant(page.bytes(), inventory::dialect(path), Some("")) {
                Ok(Some(scan)) => {
                    let address = inventory::page_address(path, settings);
                    let local = page::references(&address, &scan).local;
                    let mut guarded = local.iter().filter(|script| script.declared.is_some());
                    guarded.any(|script| changed.contains_key(&script.path))
                }
                Ok(None) => false,
                // Such a page is refused, or left as it is.
                Err(_) => settings.ambiguous == Ambiguous::Fail,
            }
    };
    let guarding = |reader: &mut PageReader<'_>, found: Result<Found, SiteError>| match found {
        Ok(Found::Page(path)) => {
            (!known.contains(&*path) && guards(reader, &path)).then_some(Ok(path))
        }
        Ok(Found::Script(_) | Found::Link(_) | Found::Copy(_)) => None,
        Err(error) => Some(Err(error)),
    };
    let walk = Walk::new(&settings.site, &settings.out, &settings.page_globs)?;
    walk.par_bridge()
        .map_init(|| PageReader::new(&site, Some("")), guarding)
        .flatten_iter()
        .collect()
}

/// Whether a page may have an `integrity` at all; where ASCII stands in two bytes, nobody looks.
fn may_say_integrity(page: &[u8]) -> bool {
    let says = |word: &[u8]| memmem::find(page, word).is_some();
    says(b"integrity") || says(b"INTEGRITY") || memchr::memchr(0, page).is_some()
}

/// The modules of one graph that only an import map can guard, in the order of their paths.
pub(crate) fn guards(
    policy: IntegrityMap,
    start: &Start,
    closure: &Closure,
    homes: &Homes,
    by_file: &BTreeMap<String, &Entry>,
) -> Vec<Guard> {
    let named: BTreeSet<&Request> = start.entries.iter().map(|entry| &entry.request).collect();
    let is_meant = |request: &Request, reached: &Reached| match policy {
        IntegrityMap::Off => false,
        IntegrityMap::Entry => named.contains(request),
        IntegrityMap::Static => reached.reach == Reach::Static,
        IntegrityMap::All => true,
    };
    let mut guards = BTreeMap::new();
    for (request, reached) in &closure.reached {
        let Use::Module(_) = request.r#use else { continue };
        if !(reached.in_document && reached.by_code && is_meant(request, reached)) {
            continue;
        }
        let url = request.url.as_url();
        let file = match homes.path(url) {
            Some(path) => path.url_path(),
            None => match homes.below(url) {
                Some(file) => file.to_owned(),
                None => continue,
            },
        };
        let Some(entry) = by_file.get(&file) else { continue };
        let guard = Guard { file: file.clone(), integrity: entry.integrity.clone() };
        guards.insert(file, guard);
    }
    guards.into_values().collect()
}
