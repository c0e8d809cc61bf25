//! Verifies that import maps guard the vendored files that they have to guard.

use std::collections::BTreeMap;

use super::notices::{unguarded_import, wrong_import_integrity};
use crate::{
    findings::Notice,
    graph::{document::Start, local_urls::LocalUrls},
    integrity::{IntegrityMetadata, Mismatch},
    lockfile::Entry,
    store::{StoreError, VendorFolder},
};

/// Verifies vendored files against the integrity metadata of import maps: each pair only once.
pub(super) struct ImportMaps<'a> {
    folder: &'a VendorFolder,
    /// The lockfile's entries by their URL path below the vendor folder.
    by_file: &'a BTreeMap<String, &'a Entry>,
    /// By file and integrity metadata.
    checked: BTreeMap<(String, String), Guarding>,
}

/// What integrity metadata of an import map does for a file.
enum Guarding {
    /// Only the right file passes, or the file is missing, which is another problem.
    Right,
    /// It lets everything pass.
    Nothing,
    /// Another file would pass.
    Another(Mismatch),
}

impl<'a> ImportMaps<'a> {
    pub fn new(folder: &'a VendorFolder, by_file: &'a BTreeMap<String, &'a Entry>) -> Self {
        Self { folder, by_file, checked: BTreeMap::new() }
    }

    /// What is wrong with the integrity metadata of an import map for `file`; nothing if it guards the file.
    pub fn check(&mut self, file: &str, metadata: &str) -> Result<Option<Notice>, StoreError> {
        let key = (file.to_owned(), metadata.to_owned());
        if !self.checked.contains_key(&key) {
            let bytes = self.folder.read(&self.by_file[file].path)?;
            self.checked.insert(key.clone(), guarding(metadata, bytes.as_deref()));
        }
        Ok(match &self.checked[&key] {
            Guarding::Right => None,
            Guarding::Nothing => Some(unguarded_import(file)),
            Guarding::Another(mismatch) => Some(wrong_import_integrity(file, mismatch)),
        })
    }
}

fn guarding(metadata: &str, bytes: Option<&[u8]>) -> Guarding {
    let metadata = IntegrityMetadata::parse(metadata);
    match bytes.map(|bytes| metadata.verify(bytes)) {
        _ if !metadata.guards() => Guarding::Nothing,
        None | Some(Ok(())) => Guarding::Right,
        Some(Err(mismatch)) => Guarding::Another(mismatch),
    }
}

/// The integrity metadata that the import map of a document has, by URL path below the vendor folder.
pub(super) fn metadata_by_file<'s>(
    start: &'s Start,
    local_urls: &LocalUrls,
) -> BTreeMap<String, &'s str> {
    let file = |url: &str| Some(local_urls.below(&url.parse().ok()?)?.to_owned());
    let written = start.map.integrity().iter();
    written.filter_map(|(url, text)| Some((file(url)?, text.as_str()))).collect()
}
