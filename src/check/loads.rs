//! Holds what the lockfile says that a script loads against the script.

use super::notices::{TagUse, places};
use crate::{
    findings::{Notice, Problem},
    js::{Loads, ParseFailure, ReadAs},
    layout::loads::recorded,
    lockfile::Entry,
    vendor_path::VendorPath,
};

/// The problem that the lockfile is wrong about what a vendored file loads. `bytes` are those that are
/// served, and the ones that were locked.
pub(super) fn check_loads(
    path: &VendorPath,
    entry: &Entry,
    bytes: &[u8],
    uses: &[TagUse<'_>],
) -> Option<Problem> {
    let is_edited = entry.upstream_integrity.is_some();
    let is_wrong = |way| {
        let found = way_scan(way, bytes);
        entry.loads.get(way).is_some_and(|locked| !agree(locked, &found, is_edited))
    };
    if !entry.loads.ways().any(is_wrong) {
        return None;
    }
    let message = format!("the lockfile is wrong about what `{path}` loads");
    let hint = "restore the lockfile from version control, or delete the file's block and run `inhouse vendor` on a new build";
    let notice = Notice::new("wrong-loads", message).used_at(places(uses)).hint(hint.to_owned());
    Some(notice.of_site())
}

fn way_scan(way: ReadAs, bytes: &[u8]) -> Result<Loads, ParseFailure> {
    way.scan(bytes).map(|scan| recorded(scan.loads))
}

/// Whether both say the same. The lockfile speaks of the file as upstream served it: in an edited file the
/// addresses are others.
fn agree(
    locked: &Result<Loads, ParseFailure>,
    found: &Result<Loads, ParseFailure>,
    is_edited: bool,
) -> bool {
    match (locked, found) {
        (Ok(locked), Ok(found)) if is_edited => {
            without_addresses(locked) == without_addresses(found)
        }
        _ => locked == found,
    }
}

fn without_addresses(loads: &Loads) -> Loads {
    let mut loads = loads.clone();
    loads.specifiers.iter_mut().for_each(|specifier| specifier.text.clear());
    loads
}
