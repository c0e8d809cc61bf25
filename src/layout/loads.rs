//! What the lockfile says that scripts load.

use crate::{
    graph::closure::Request,
    js::{Loads, ReadAs, Seems, Sign, SignKind},
    lockfile::{Entry, LockedLoads},
    npm,
    reference::SubresourceUrl,
    resolve::resolver::Resolution,
    vendor_path::Extension,
};

/// The file that a sign names, and what it is; `None` if the address is most likely documentation.
pub fn named_file(sign: &Sign) -> Option<(&str, &'static str)> {
    let SignKind::Url(url) = &sign.kind else { return None };
    let file_of_package = || is_of_package(url.text()).then_some("a file of a package");
    Some((url.text(), kind(url.seems()).or_else(file_of_package)?))
}

/// What a URL names that plainly is a file which a script loads.
fn kind(seems: Seems) -> Option<&'static str> {
    match seems {
        Seems::Script => Some("a script"),
        Seems::Style => Some("a style sheet"),
        Seems::Font => Some("a font"),
        Seems::Wasm => Some("WebAssembly"),
        Seems::Data | Seems::Media | Seems::Beginning | Seems::Other => None,
    }
}

fn is_of_package(url: &str) -> bool {
    url.parse().is_ok_and(|url: SubresourceUrl| npm::classify(&url).is_some())
}

/// The loads that the lockfile holds: without addresses that are most likely documentation, and what a line
/// says twice once.
pub fn recorded(mut loads: Loads) -> Loads {
    let is_recorded = |sign: &Sign| match sign.kind {
        SignKind::Url(_) => named_file(sign).is_some(),
        SignKind::OwnAddress(_) | SignKind::LoadByOwnAddress(_) => true,
    };
    loads.signs.retain(is_recorded);
    loads.signs.dedup();
    loads
}

/// What is known of the loads of a locked file after a run.
pub(super) fn locked_loads(
    resolution: &Resolution,
    url: &SubresourceUrl,
    entry: &Entry,
) -> LockedLoads {
    let mut locked = entry.loads.clone();
    for (request, module) in resolution.graphs.modules_of(url) {
        let Some(read_as) = read_as(request, entry) else { continue };
        let loads = match resolution.unparsed.get(request) {
            Some(failure) => Err(failure.clone()),
            None => Ok(recorded(module.loads.clone())),
        };
        locked.insert(read_as, loads);
    }
    locked
}

/// As what a locked file was read for a request; `None` if it is no script.
fn read_as(request: &Request, entry: &Entry) -> Option<ReadAs> {
    let may_be_script = Extension::of_media_type(&entry.media_type).may_be_script();
    request.r#use.read_as().filter(|_| may_be_script)
}
