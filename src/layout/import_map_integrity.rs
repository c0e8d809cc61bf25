//! What import maps must guard: the modules that code names and no tag does.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    findings::{Notice, Use as Place},
    graph::{
        closure::{Closure, Reach, Reached, Request, Use},
        document::Start,
        local_urls::LocalUrls,
    },
    integrity::Integrity,
    lockfile::Entry,
    settings::IntegrityMap,
};

/// From how many bytes on an import map's `integrity` is worth a warning.
const LARGE_MAP: usize = 32 << 10;

/// A file that only the `integrity` of an import map can guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// Its path below the vendor folder, as part of a URL.
    pub file: String,
    /// What it must be.
    pub integrity: Integrity,
}

/// Warns of import maps that make pages grow by more than visitors should wait for. `starts` says where
/// each start is first seen.
pub fn large_maps(
    maps: &BTreeMap<Start, Vec<MapEntry>>,
    starts: &BTreeMap<Start, Place>,
) -> Vec<Notice> {
    let large = maps.iter().filter(|(_, entries)| size(entries) > LARGE_MAP);
    let notice = |(start, entries): (&Start, &Vec<MapEntry>)| {
        let message = format!(
            "the import map guards {} modules, which takes {} KiB of every page",
            entries.len(),
            size(entries) >> 10
        );
        Notice::new("large-import-map", message).used_by(starts.get(start).cloned()).hint(
            "load a bundled build of the library, or guard less with `--integrity-map`".to_owned(),
        )
    };
    large.map(notice).collect()
}

fn size(entries: &[MapEntry]) -> usize {
    entries.iter().map(|entry| entry.file.len() + entry.integrity.to_string().len()).sum()
}

/// The modules of one graph that only an import map can guard, in the order of their paths.
pub fn map_entries(
    policy: IntegrityMap,
    start: &Start,
    closure: &Closure,
    local_urls: &LocalUrls,
    by_file: &BTreeMap<String, &Entry>,
) -> Vec<MapEntry> {
    let named: BTreeSet<&Request> = start.entries.iter().map(|entry| &entry.request).collect();
    let is_meant = |request: &Request, reached: &Reached| match policy {
        IntegrityMap::Off => false,
        IntegrityMap::Entry => named.contains(request),
        IntegrityMap::Static => reached.reach == Reach::Static,
        IntegrityMap::All => true,
    };
    let mut entries = BTreeMap::new();
    for (request, reached) in &closure.reached {
        let Use::Module(_) = request.r#use else { continue };
        if !(reached.in_document && reached.by_code && is_meant(request, reached)) {
            continue;
        }
        let url = request.url.as_url();
        let file = match local_urls.path(url) {
            Some(path) => path.url_path(),
            None => match local_urls.below(url) {
                Some(file) => file.to_owned(),
                None => continue,
            },
        };
        let Some(entry) = by_file.get(&file) else { continue };
        let guarded = MapEntry { file: file.clone(), integrity: entry.integrity.clone() };
        entries.insert(file, guarded);
    }
    entries.into_values().collect()
}
