//! The licences of npm packages, `[[licence]]`: what a package says of its licence, and which text it has.
//!
//! The texts lie in the vendor cache. A package without a block is one whose tarball nobody has looked at
//! for its licence; one whose block names no text has none.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Deserialize;

use super::{Lockfile, LockfileError, toml_string::quoted};
use crate::integrity::{Algorithm, Integrity};

/// What is locked of a package's licence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedLicence {
    /// What `package.json` says, as a rule an SPDX identifier.
    pub id: Option<String>,
    /// The licence text; `None` if the package has none.
    pub text: Option<LockedText>,
}

/// A licence text in the vendor cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedText {
    /// In bytes.
    pub size: u64,
    /// Its digest.
    pub integrity: Integrity,
}

impl LockedText {
    /// What is locked of `text`.
    pub fn of(text: &str) -> Self {
        let integrity = Integrity::of(text.as_bytes(), &[Algorithm::Sha384]);
        Self { size: text.len() as u64, integrity }
    }
}

/// Licences by package, `name@version`.
pub(super) type Licences = BTreeMap<String, LockedLicence>;

/// One `[[licence]]` block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LicenceBlock {
    package: String,
    id: Option<String>,
    size: Option<u64>,
    integrity: Option<Integrity>,
}

impl LicenceBlock {
    fn licence(self) -> (String, LockedLicence) {
        let text = self.size.zip(self.integrity);
        let text = text.map(|(size, integrity)| LockedText { size, integrity });
        (self.package, LockedLicence { id: self.id, text })
    }
}

/// What the blocks lock. `file` is only named in errors.
pub(super) fn licences(blocks: Vec<LicenceBlock>, file: &Path) -> Result<Licences, LockfileError> {
    let mut licences = Licences::new();
    for (package, licence) in blocks.into_iter().map(LicenceBlock::licence) {
        if licences.insert(package.clone(), licence).is_some() {
            return Err(LockfileError::DuplicateLicence { file: file.into(), package });
        }
    }
    Ok(licences)
}

/// The block of one package.
pub(super) fn block_text(package: &str, licence: &LockedLicence) -> String {
    let mut text = format!("\n[[licence]]\npackage = {}\n", quoted(package));
    if let Some(id) = &licence.id {
        text.push_str(&format!("id = {}\n", quoted(id)));
    }
    if let Some(LockedText { size, integrity }) = &licence.text {
        let integrity = quoted(&integrity.to_string());
        text.push_str(&format!("size = {size}\nintegrity = {integrity}\n"));
    }
    text
}

impl Lockfile {
    /// What is locked of the licence of `package`.
    pub fn licence(&self, package: &str) -> Option<&LockedLicence> {
        self.licences.get(package)
    }

    /// Locks the licence of `package`.
    pub fn insert_licence(&mut self, package: String, licence: LockedLicence) {
        self.licences.insert(package, licence);
    }

    /// Forgets the licences of packages that no block names any more.
    pub fn forget_unused_licences(&mut self) {
        let named: BTreeSet<String> = self.packages().map(str::to_owned).collect();
        self.licences.retain(|package, _| named.contains(package));
    }

    /// The packages that blocks of files name.
    fn packages(&self) -> impl Iterator<Item = &str> {
        self.assets.values().filter_map(|entry| entry.package.as_deref())
    }
}
