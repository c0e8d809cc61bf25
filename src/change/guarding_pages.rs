//! The pages that declare the `integrity` of a script of the site that changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use memchr::memmem;
use rayon::prelude::*;

use crate::{
    html, page,
    read::{page_edit::PageEdit, page_record::page_address},
    settings::{Ambiguous, Settings},
    site::{self, Found, PageReader, SiteError, Walk},
};

/// The pages that nothing else gives a reason to look at, and that declare the `integrity` of a
/// script of the site that changes: `changed` has those by path below the site's root.
///
/// # Errors
/// [`SiteError`] if there is no way through the site any more.
pub(super) fn guarding_pages(
    settings: &Settings,
    edits: &[PageEdit],
    changed: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<PathBuf>, SiteError> {
    if changed.is_empty() || !settings.from_scan.is_empty() {
        return Ok(Vec::new());
    }
    let known: BTreeSet<&Path> = edits.iter().map(|edit| &*edit.path).collect();
    let site = site::open(&settings.site)?;
    let guards = |reader: &mut PageReader<'_>, path: &PathBuf| {
        let Ok(page) = reader.read(path) else { return false };
        may_say_integrity(page.bytes())
            && match html::scan_relevant(page.bytes(), site::dialect(path), Some("")) {
                Ok(Some(scan)) => {
                    let address = page_address(path, settings);
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
