//! The pages that declare the `integrity` of a script of the site that changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use memchr::memmem;
use rayon::prelude::*;

use crate::{
    html::{self, Scan},
    page,
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
    let known = edits.iter().map(|edit| &*edit.path).collect();
    let search = Search { settings, known, changed };
    let site = site::open(&settings.site)?;
    let walk = Walk::new(&settings.site, &settings.out, &settings.page_globs)?;
    let reader = || PageReader::new(&site, Some(""));
    let pages = walk.par_bridge().map_init(reader, |reader, found| search.page(reader, found));
    pages.flatten_iter().collect()
}

/// What is searched for.
struct Search<'a> {
    settings: &'a Settings,
    /// The pages that are looked at for another reason.
    known: BTreeSet<&'a Path>,
    changed: &'a BTreeMap<String, Vec<u8>>,
}

impl Search<'_> {
    /// The page that was found, if it is one that is searched for.
    fn page(
        &self,
        reader: &mut PageReader<'_>,
        found: Result<Found, SiteError>,
    ) -> Option<Result<PathBuf, SiteError>> {
        match found {
            Ok(Found::Page(path)) => self.is_new(reader, &path).then_some(Ok(path)),
            Ok(Found::Script(_) | Found::Link(_) | Found::Copy(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }

    fn is_new(&self, reader: &mut PageReader<'_>, path: &Path) -> bool {
        if self.known.contains(path) {
            return false;
        }
        let Ok(page) = reader.read(path) else { return false };
        may_say_integrity(page.bytes()) && self.guards(path, page.bytes())
    }

    /// Whether a page declares the `integrity` of a script that changes.
    fn guards(&self, path: &Path, page: &[u8]) -> bool {
        match html::scan_relevant(page, site::dialect(path), Some("")) {
            Ok(Some(scan)) => self.declares(path, &scan),
            Ok(None) => false,
            // Such a page is refused, or left as it is.
            Err(_) => self.settings.ambiguous == Ambiguous::Fail,
        }
    }

    fn declares(&self, path: &Path, scan: &Scan) -> bool {
        let local = page::references(&page_address(path, self.settings), scan).local;
        let mut guarded = local.iter().filter(|script| script.declared.is_some());
        guarded.any(|script| self.changed.contains_key(&script.path))
    }
}

/// Whether a page may have an `integrity` at all. In UTF-16, where ASCII characters take two bytes, that is
/// not looked for.
fn may_say_integrity(page: &[u8]) -> bool {
    let says = |word: &[u8]| memmem::find(page, word).is_some();
    says(b"integrity") || says(b"INTEGRITY") || memchr::memchr(0, page).is_some()
}
