//! What import maps must guard: the modules that code names and no tag does.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

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
    large.map(|(start, entries)| large_map(entries).used_by(starts.get(start).cloned())).collect()
}

fn large_map(entries: &[MapEntry]) -> Notice {
    let (modules, size) = (entries.len(), size(entries) >> 10);
    let message =
        format!("the import map guards {modules} modules, which takes {size} KiB of every page");
    let hint = "load a bundled build of the library, or guard less with `--integrity-map`";
    Notice::new("large-import-map", message).hint(hint.to_owned())
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
    let is_guarded = |(request, reached): &(&Request, &Reached)| {
        let is_module = matches!(request.r#use, Use::Module(_));
        let by_code = reached.in_document && reached.by_code;
        is_module && by_code && is_meant(policy, &named, request, reached)
    };
    let guarded = closure.reached.iter().filter(is_guarded);
    let entry = |(request, _): (&Request, &Reached)| {
        let file = file_below(local_urls, request.url.as_url())?;
        let integrity = by_file.get(&file)?.integrity.clone();
        Some((file.clone(), MapEntry { file, integrity }))
    };
    guarded.filter_map(entry).collect::<BTreeMap<_, _>>().into_values().collect()
}

/// Whether `--integrity-map` asks to guard a module; `named` are those that the page itself names.
fn is_meant(
    policy: IntegrityMap,
    named: &BTreeSet<&Request>,
    request: &Request,
    reached: &Reached,
) -> bool {
    match policy {
        IntegrityMap::Off => false,
        IntegrityMap::Entry => named.contains(request),
        IntegrityMap::Static => reached.reach == Reach::Static,
        IntegrityMap::All => true,
    }
}

/// The path below the vendor folder of a file that is vendored, or named by its place there.
pub fn file_below(local_urls: &LocalUrls, url: &Url) -> Option<String> {
    match local_urls.path(url) {
        Some(path) => Some(path.url_path()),
        None => local_urls.below(url).map(str::to_owned),
    }
}
