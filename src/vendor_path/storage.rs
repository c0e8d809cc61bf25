//! What decides where a file is stored.

use super::Extension;
use crate::{integrity::Digest, reference::SubresourceUrl};

/// One file to be stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored {
    /// The address it is stored under: where the CDN filled in an exact version, with that version.
    pub url: SubresourceUrl,
    /// The digest of the bytes, given when nothing in the address fixes them: new bytes must get a
    /// new local URL, or browsers hold an old cached copy against the new `integrity`.
    pub content: Option<Digest>,
    /// Appended where the address has no extension, or one that makes servers send another type.
    pub extension: Extension,
}

impl Stored {
    /// What tells this file from others.
    pub fn key(&self) -> StorageKey {
        StorageKey { url: self.url.clone(), content: self.content.clone() }
    }
}

/// What tells stored files apart. Scripts with one key share one path.
///
/// For a locked script it is the address its bytes came from. A key that the lockfile does not
/// say any more may be any other, such as the script's own URL: its path is taken all the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageKey {
    /// [`Stored::url`].
    pub url: SubresourceUrl,
    /// [`Stored::content`].
    pub content: Option<Digest>,
}
