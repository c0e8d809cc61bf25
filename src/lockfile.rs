//! `inhouse.lock`: which bytes every vendored file has, written for people, bots and merges.
//!
//! A pure map between text and [`Lockfile`]; reading and writing the file is left to others. One TOML
//! block for each URL, sorted, one key a line, nothing that changes by itself, so that equal content is
//! equal text. The file is input from other people: paths, digests and URLs are parsed into their types
//! here, and whatever could make two files share a path is an error.

mod collision;
mod companions;
mod entry;
mod error;
mod evidence;
mod format;
mod licences;
mod loads;
mod toml_string;

pub use self::{
    collision::PathCollision,
    companions::{CHOSEN_BY_RECIPE, Companions},
    entry::{Entry, Proof, Source},
    error::LockfileError,
    evidence::EvidenceLevel,
    licences::{LockedLicence, LockedText},
};
pub use crate::asset::FileKind;

pub(crate) use self::loads::LockedLoads;

use std::collections::{BTreeMap, BTreeSet};

use crate::{reference::SubresourceUrl, vendor_path::VendorPath};

/// A version of the format. [`Lockfile::to_text`] writes the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `[[script]]` blocks, which do not say what kind of file it is and what it loads.
    One,
    /// `[[asset]]` blocks.
    Two,
}

impl Version {
    /// The one that is written.
    pub const CURRENT: Self = Self::Two;

    /// The version as the file spells it.
    pub fn number(self) -> i64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    fn of_number(number: i64) -> Option<Self> {
        [Self::One, Self::Two].into_iter().find(|version| version.number() == number)
    }
}

/// The locked files, by the URL that pages and other files ask for.
#[derive(Clone, Debug)]
pub struct Lockfile {
    assets: BTreeMap<SubresourceUrl, Entry>,
    absent: BTreeMap<SubresourceUrl, String>,
    external: BTreeMap<SubresourceUrl, String>,
    /// By their folders.
    companions: BTreeMap<String, Companions>,
    licences: licences::Licences,
    version: Version,
}

impl Default for Lockfile {
    fn default() -> Self {
        Self {
            assets: BTreeMap::new(),
            absent: BTreeMap::new(),
            external: BTreeMap::new(),
            companions: BTreeMap::new(),
            licences: BTreeMap::new(),
            version: Version::CURRENT,
        }
    }
}

/// Lockfiles are equal if they lock the same, whatever version they were read from.
impl PartialEq for Lockfile {
    fn eq(&self, other: &Self) -> bool {
        self.assets == other.assets
            && self.absent == other.absent
            && self.external == other.external
            && self.companions == other.companions
            && self.licences == other.licences
    }
}

impl Eq for Lockfile {}

impl Lockfile {
    /// The version it was read from.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Why there is no file for `url`, which only code that may never run asks for. It is locked, so that
    /// the next run, which may have no network, does the same.
    pub fn absence(&self, url: &SubresourceUrl) -> Option<&str> {
        self.absent.get(url).map(String::as_str)
    }

    /// Notes that there is no file for `url`.
    pub fn insert_absence(&mut self, url: SubresourceUrl, reason: String) {
        self.absent.insert(url, reason);
    }

    /// Why `url` stays external though nothing forbids to vendor it: what it loads beside itself cannot
    /// come along. It is locked, so that the next run need not download it to find that out.
    pub fn external(&self, url: &SubresourceUrl) -> Option<&str> {
        self.external.get(url).map(String::as_str)
    }

    /// Notes that `url` stays external.
    pub fn insert_external(&mut self, url: SubresourceUrl, reason: String) {
        self.external.insert(url, reason);
    }

    /// Forgets that `url` stays external.
    pub fn remove_external(&mut self, url: &SubresourceUrl) {
        self.external.remove(url);
    }

    /// The companions that lie in `folder` of the vendor folder.
    pub fn companions(&self, folder: &str) -> Option<&Companions> {
        self.companions.get(folder)
    }

    /// Locks companions.
    pub fn insert_companions(&mut self, companions: Companions) {
        self.companions.insert(companions.folder.clone(), companions);
    }

    /// Forgets the companions in `folder`.
    pub fn remove_companions(&mut self, folder: &str) {
        self.companions.remove(folder);
    }

    /// All companions, sorted by folder.
    pub fn all_companions(&self) -> impl ExactSizeIterator<Item = &Companions> {
        self.companions.values()
    }

    /// Tells which files in the folder of `block` are its companions: those that have no block of their own
    /// and do not lie in the folder of a block inside it.
    pub fn companions_in<'l>(&'l self, block: &'l Companions) -> impl Fn(&str) -> bool + 'l {
        let assets: BTreeSet<_> = self.assets.values().map(|entry| entry.path.as_str()).collect();
        let inner = |other: &&Companions| block.is_above(&other.folder);
        let inner: Vec<_> = self.companions.values().filter(inner).collect();
        move |path| {
            let is_inside = inner.iter().any(|other| other.is_above(path));
            block.is_above(path) && !is_inside && !assets.contains(path)
        }
    }

    /// The companions that the files at `paths` may load: those in a folder above one of them, and those
    /// that lie inside such a folder.
    pub fn companions_used_by(&self, paths: &BTreeSet<VendorPath>) -> Vec<&Companions> {
        let is_above_file =
            |block: &&Companions| paths.iter().any(|path| block.is_above(path.as_str()));
        let outer: Vec<_> = self.companions.values().filter(is_above_file).collect();
        let is_used = |block: &&Companions| {
            outer.iter().any(|outer| outer.folder == block.folder || outer.is_above(&block.folder))
        };
        self.companions.values().filter(is_used).collect()
    }

    /// What is locked for `url`.
    pub fn get(&self, url: &SubresourceUrl) -> Option<&Entry> {
        self.assets.get(url)
    }

    /// Locks `url`, and returns what was locked before.
    pub fn insert(&mut self, url: SubresourceUrl, entry: Entry) -> Option<Entry> {
        self.assets.insert(url, entry)
    }

    /// Forgets `url`. Only when the user asks for it: a rewritten page no longer mentions the CDN.
    pub fn remove(&mut self, url: &SubresourceUrl) -> Option<Entry> {
        self.assets.remove(url)
    }

    /// Every locked file, sorted by URL.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&SubresourceUrl, &Entry)> {
        self.assets.iter()
    }

    /// How many files are locked.
    pub fn len(&self) -> usize {
        self.assets.len()
    }

    /// What is locked of the licence of `package`, `name@version`.
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
        let of_assets = self.assets.values().filter_map(|entry| entry.package.as_deref());
        let of_npm = self.companions.values().filter(|block| block.tarball.is_some());
        of_assets.chain(of_npm.map(|block| block.package.as_str()))
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.assets.is_empty() && self.absent.is_empty() && self.external.is_empty()
    }
}

#[cfg(test)]
mod tests;
