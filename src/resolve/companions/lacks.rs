//! What has to be known before companions can be chosen.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::reasons::failed_registry;
use crate::{
    companions::Want,
    lockfile::{Companions, Lockfile},
    npm::tarball::PackageFile,
    obtain::ObtainError,
    reference::SubresourceUrl,
    vendor_path::VendorPath,
};

/// Where companions come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WantedPackage {
    /// An npm package.
    Npm {
        /// Its name.
        name: String,
        /// The version, or a range of them.
        version: String,
    },
    /// Files of a CDN's folder that no package is known to have.
    Cdn {
        /// The folder's URL, with its final `/`.
        folder: SubresourceUrl,
        /// Their paths inside the folder.
        files: BTreeSet<String>,
    },
}

impl WantedPackage {
    /// The exact version that `name@version` names.
    pub(super) fn of_id(id: &str) -> Self {
        let (name, version) = id.rsplit_once('@').unwrap_or((id, ""));
        Self::Npm { name: name.to_owned(), version: version.to_owned() }
    }
}

/// What has to be known before a script's companions can be chosen, or what stands in their way.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// What the pages say of these.
    Facts(BTreeSet<Want>),
    /// The list of a package's files, in the vendor cache.
    List(String),
    /// Files of the vendor cache.
    Files(Vec<(VendorPath, PackageFile)>),
    /// A package.
    Package(WantedPackage),
    /// They cannot come along: the script stays external.
    External(String),
    /// A package cannot be had.
    Failed(Arc<ObtainError>),
}

/// Everything that has to be known next.
#[derive(Debug, Default)]
pub struct Lacks {
    /// What the pages say of these.
    pub wants: BTreeSet<Want>,
    /// The blocks whose lists of files are needed from the vendor cache.
    pub lists: Vec<Companions>,
    /// Files of the vendor cache.
    pub files: BTreeMap<VendorPath, PackageFile>,
    /// Packages.
    pub packages: BTreeSet<WantedPackage>,
    /// The scripts that need the packages.
    pub scripts: BTreeSet<SubresourceUrl>,
}

impl Lacks {
    /// Notes what stands in the way of `scripts`.
    pub(super) fn add<'u>(
        &mut self,
        lock: &Lockfile,
        obstacle: Obstacle,
        scripts: impl IntoIterator<Item = &'u SubresourceUrl>,
    ) {
        match obstacle {
            Obstacle::Facts(wants) => self.wants.extend(wants),
            Obstacle::List(folder) => self.lists.extend(lock.companions(&folder).cloned()),
            Obstacle::Files(files) => self.files.extend(files),
            Obstacle::Package(package) => {
                self.packages.insert(package);
                self.scripts.extend(scripts.into_iter().cloned());
            }
            // Whoever settles the scripts is told.
            Obstacle::Failed(_) | Obstacle::External(_) => {}
        }
    }
}

/// What a failed request for a package means.
pub(super) fn failed(error: &Arc<ObtainError>) -> Obstacle {
    match failed_registry(error) {
        Some(reason) => Obstacle::External(reason),
        None => Obstacle::Failed(error.clone()),
    }
}
