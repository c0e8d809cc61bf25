//! `inhouse.lock`: which bytes every vendored file has, written for people, bots and merges.
//!
//! A pure map between text and [`Lockfile`]; reading and writing the file is left to others. One TOML
//! block for each URL, sorted, one key a line, nothing that changes by itself, so that equal content is
//! equal text. The file is input from other people: paths, digests and URLs are parsed into their types
//! here, and whatever could make two files share a path is an error.

mod collision;
mod entry;
mod error;
mod evidence;
mod format;
mod loads;
mod toml_string;

pub use self::{
    collision::PathCollision,
    entry::{Entry, Proof, Source},
    error::LockfileError,
    evidence::EvidenceLevel,
};
pub use crate::asset::FileKind;

pub(crate) use self::loads::LockedLoads;

use std::collections::BTreeMap;

use crate::reference::SubresourceUrl;

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
    version: Version,
}

impl Default for Lockfile {
    fn default() -> Self {
        Self { assets: BTreeMap::new(), absent: BTreeMap::new(), version: Version::CURRENT }
    }
}

/// Lockfiles are equal if they lock the same, whatever version they were read from.
impl PartialEq for Lockfile {
    fn eq(&self, other: &Self) -> bool {
        (&self.assets, &self.absent) == (&other.assets, &other.absent)
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

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.assets.is_empty() && self.absent.is_empty()
    }
}

#[cfg(test)]
mod tests;
