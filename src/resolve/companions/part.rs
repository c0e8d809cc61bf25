//! The companions of one script that come from one package, and those of all scripts in one folder.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    lacks::{Obstacle, WantedPackage},
    reasons::{no_place_for, not_in_package, too_large},
};
use crate::{
    companions::{Outcome, PackageFiles, Place},
    npm::tarball::PackageFile,
    reference::SubresourceUrl,
    vendor_path::VendorPath,
};

/// The companions of one script that come from one package.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub place: Place,
    pub listed: Listed,
    pub chosen_by: String,
    pub files: BTreeSet<String>,
}

/// The files of a package in one version.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// `name@version`, or the URL of a CDN's folder.
    pub id: String,
    /// The digest of the tarball, of an npm package.
    pub tarball: Option<String>,
    pub files: Arc<PackageFiles>,
}

impl Listed {
    /// What tells these files from others of the same name: the digest of the tarball, else of the list.
    pub fn digest(&self) -> String {
        self.tarball.clone().unwrap_or_else(|| self.files.digest().to_string())
    }
}

/// The companions in one folder, as far as they were chosen.
#[derive(Debug)]
pub(super) struct Folder {
    pub place: Place,
    pub listed: Listed,
    pub chosen_by: BTreeSet<String>,
    pub files: BTreeSet<String>,
    pub scripts: BTreeSet<SubresourceUrl>,
}

impl Folder {
    /// An empty one.
    pub fn new(place: Place, listed: Listed) -> Self {
        let (chosen_by, files, scripts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { place, listed, chosen_by, files, scripts }
    }

    /// Whether all of the files are listed.
    pub fn lists_all(&self) -> bool {
        self.files.iter().all(|path| self.listed.files.get(path).is_some())
    }

    /// Whether `other` lists every one of the files with the same bytes.
    pub fn agrees_with(&self, other: &Listed) -> bool {
        let is_same = |path: &String| {
            let listed = self.listed.files.get(path);
            listed.is_some() && listed == other.files.get(path)
        };
        self.listed.id == other.id && self.files.iter().all(is_same)
    }

    /// What has to be downloaded for its bytes.
    pub fn wanted(&self) -> WantedPackage {
        match (&self.listed.tarball, self.listed.id.parse()) {
            (None, Ok(folder)) => WantedPackage::Cdn { folder, files: self.files.clone() },
            _ => WantedPackage::of_id(&self.listed.id),
        }
    }

    /// Every companion with its place, and what is known of its bytes.
    pub fn placed(&self) -> impl Iterator<Item = (&str, VendorPath, &PackageFile)> {
        let placed = |path: &String| self.place.file(path).zip(self.listed.files.get(path));
        self.files.iter().filter_map(move |path| {
            let (place, file) = placed(path)?;
            Some((path.as_str(), place, file))
        })
    }
}

/// The companions that were selected from a package, if they all have a place.
pub(super) fn part(
    outcome: Outcome,
    place: &Place,
    listed: Listed,
    chosen_by: String,
) -> Result<Option<Part>, Obstacle> {
    let selection = match outcome {
        Outcome::Nothing(_) => return Ok(None),
        Outcome::Selected(selection) => selection,
        Outcome::TooLarge { files, bytes, limit } => {
            return Err(Obstacle::External(too_large(files, bytes, limit)));
        }
        Outcome::Missing { glob, .. } => {
            return Err(Obstacle::External(not_in_package(&listed.id, &glob)));
        }
    };
    if let Some(path) = selection.files.iter().find(|path| place.file(path).is_none()) {
        return Err(Obstacle::External(no_place_for(path)));
    }
    let files = selection.files.into_iter().collect();
    Ok(Some(Part { place: place.clone(), listed, chosen_by, files }))
}
