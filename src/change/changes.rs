//! What pages are rewritten by: the outcome of a run for every URL, as pages refer to it.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    modules::Modules,
    page::Changes,
    resolution::{LocalCopy, Resolution, Style},
};
use crate::{
    csp::SiteHeaders,
    graph::{closure::Closure, document::Start, local_urls::LocalUrls},
    integrity::{Algorithm, Integrity},
    layout::{
        Layout,
        cdn_folders::CdnFolders,
        files::{VendoredFiles, algorithms},
        import_map_integrity::{MapEntry, map_entries},
        specifiers::OwnScript,
    },
    lockfile::{Entry, Lockfile},
    read::baseline::Baseline,
    reference::SubresourceUrl,
    resolve::{plan::Action, resolver},
    settings::{IntegrityMap, Settings},
    site,
};

/// What the pages of a site are rewritten by.
pub fn changes<'a>(
    settings: &'a Settings,
    base: &Baseline,
    resolution: &resolver::Resolution,
    layout: &Layout,
    folders: CdnFolders,
) -> Changes<'a> {
    let Layout { files, local_urls, own, .. } = layout;
    Changes {
        resolutions: resolutions(settings, resolution, files),
        modules: modules(settings, base, resolution, &files.lock, local_urls.clone(), own),
        folders,
        style: style(settings, &base.headers),
    }
}

/// What has become of every URL that the plan decided about.
fn resolutions(
    settings: &Settings,
    resolution: &resolver::Resolution,
    files: &VendoredFiles,
) -> BTreeMap<SubresourceUrl, Resolution> {
    let resolve = |url, action| resolve(settings, files, url, action);
    let actions = resolution.plan.actions.iter();
    actions.filter_map(|(url, action)| Some((url.clone(), resolve(url, action)?))).collect()
}

fn resolve(
    settings: &Settings,
    files: &VendoredFiles,
    url: &SubresourceUrl,
    action: &Action,
) -> Option<Resolution> {
    match action {
        Action::Reuse(_) | Action::Fetch(_) if files.becomes_local(url, action) => {
            Some(local_copy(settings, files.lock.get(url)?))
        }
        Action::Replace { with, .. } => Some(Resolution::Replaced(with.clone())),
        Action::Remove(_) => Some(Resolution::Removed),
        Action::Reuse(_) | Action::Fetch(_) | Action::Leave(_) | Action::Refuse(_) => None,
    }
}

/// What has become of the modules of the site.
fn modules(
    settings: &Settings,
    base: &Baseline,
    resolution: &resolver::Resolution,
    lock: &Lockfile,
    local_urls: LocalUrls,
    own: &BTreeMap<PathBuf, OwnScript>,
) -> Modules {
    let mut modules = Modules::unguarded(local_urls, served(settings, lock));
    for (path, script) in own {
        let file = base.site.encoded(&site::page_name(path));
        add_own_script(&mut modules, file, script, algorithms(settings));
    }
    if settings.integrity.is_some() {
        modules.guards = guards(settings.integrity_map, resolution, lock, &modules.local_urls);
    }
    modules
}

fn add_own_script(
    modules: &mut Modules,
    file: String,
    script: &OwnScript,
    algorithms: &[Algorithm],
) {
    modules.served.insert(file.clone(), Integrity::of(&script.after, algorithms));
    modules.changed.insert(file, script.before.bytes().to_vec());
}

/// What import maps must guard, for documents that start alike.
fn guards(
    policy: IntegrityMap,
    resolution: &resolver::Resolution,
    lock: &Lockfile,
    local_urls: &LocalUrls,
) -> BTreeMap<Start, Vec<MapEntry>> {
    let by_file = lock.iter().map(|(_, entry)| (entry.path.url_path(), entry)).collect();
    let entries = |(start, closure): (&Start, &Closure)| {
        (start.clone(), map_entries(policy, start, closure, local_urls, &by_file))
    };
    let all = resolution.graphs.closures().map(entries);
    all.filter(|(_, entries)| !entries.is_empty()).collect()
}

/// What is served from the vendor folder, by path below the site's root.
pub(super) fn served(settings: &Settings, lock: &Lockfile) -> BTreeMap<String, Integrity> {
    // An edited file has other bytes than upstream: tags that declared those need the new ones.
    let follows =
        |entry: &Entry| settings.integrity.is_some() || entry.upstream_integrity.is_some();
    let entries = lock.iter().map(|(_, entry)| entry).filter(|entry| follows(entry));
    let file = |entry: &Entry| format!("{}/{}", settings.out, entry.path.url_path());
    entries.map(|entry| (file(entry), entry.integrity.clone())).collect()
}

/// A locked file, as pages refer to it.
pub(super) fn local_copy(settings: &Settings, entry: &Entry) -> Resolution {
    Resolution::Local(LocalCopy {
        path: entry.path.clone(),
        integrity: settings.integrity.as_ref().map(|_| entry.integrity.clone()),
        keeps_query: entry.keep_query,
    })
}

/// How pages refer to the vendor folder.
pub(super) fn style<'a>(settings: &'a Settings, headers: &SiteHeaders) -> Style<'a> {
    Style {
        out: &settings.out,
        public_path: settings.public_path.as_deref(),
        crossorigin: settings.crossorigin || headers.integrity_policy,
    }
}
