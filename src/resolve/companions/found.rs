//! The companions that were found, by the folder they lie in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    companions::{PackageFiles, Place, Recipe},
    npm::Licence,
    reference::SubresourceUrl,
    vendor_path::VendorPath,
};

/// All companions that were found.
#[derive(Clone, Debug, Default)]
pub struct FoundCompanions {
    /// By the folder they lie in.
    pub folders: Vec<CompanionFolder>,
    /// Scripts that have to be edited to find them: by which recipe, and as which file of their package.
    pub edits: BTreeMap<SubresourceUrl, (&'static Recipe, String)>,
    /// Addresses of other hosts that scripts may still ask, each with the condition.
    pub external: BTreeMap<SubresourceUrl, &'static [String]>,
}

/// The companions in one folder.
#[derive(Clone, Debug)]
pub struct CompanionFolder {
    /// Where they lie.
    pub place: Place,
    /// `name@version`, or the URL of a CDN's folder.
    pub package: String,
    /// The digest of the package's tarball.
    pub tarball: Option<String>,
    /// What chose them.
    pub chosen_by: BTreeSet<String>,
    /// What the package says of its licence, if its tarball was read in this run.
    pub licence: Option<Arc<Licence>>,
    /// All files of the package.
    pub package_files: Arc<PackageFiles>,
    /// That list as a file of the vendor cache.
    pub list: Option<(VendorPath, String)>,
    /// The companions, by their paths inside the package.
    pub files: BTreeMap<String, CompanionFile>,
    /// The scripts that load them.
    pub scripts: BTreeSet<SubresourceUrl>,
}

/// One companion.
#[derive(Clone, Debug)]
pub struct CompanionFile {
    /// Where it lies.
    pub path: VendorPath,
    /// Its bytes as the package has them.
    pub upstream: Vec<u8>,
    /// Its bytes as they are served, if they are others.
    pub edited: Option<Vec<u8>>,
}

impl CompanionFolder {
    /// How many bytes are served.
    pub fn size(&self) -> u64 {
        self.files.values().map(|file| file.served().len() as u64).sum()
    }
}

impl CompanionFile {
    /// Its bytes as they are served.
    pub fn served(&self) -> &[u8] {
        self.edited.as_deref().unwrap_or(&self.upstream)
    }
}
