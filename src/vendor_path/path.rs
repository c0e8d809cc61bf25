//! A path inside the vendor folder that is valid on every system.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{
    error::VendorPathError,
    name::{HASH_DIGITS, HASH_MARK, SEGMENT_MAX, is_reserved, is_safe, looks_like_hash_folder},
};
use crate::integrity::Digest;

/// The longest path, in bytes: Windows counts 260 with the project's own folder in front.
pub(super) const PATH_MAX: usize = 200;

/// A relative path inside the vendor folder, `/`-separated, valid on every system.
///
/// At least two segments: the host folder, in lower case, and what lies in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VendorPath(pub(super) String);

impl VendorPath {
    /// The path's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments, host folder first.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Every folder above the file, outermost first: `a`, then `a/b`, for `a/b/c.js`.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// The path of the file in a folder named after `version`, in place of the hash folder it may have.
    pub fn in_versioned_folder(&self, version: &Digest) -> Self {
        let (host, rest) = self.0.split_once('/').unwrap_or((&self.0, "index.js"));
        let rest = match rest.split_once('/') {
            Some((folder, rest)) if looks_like_hash_folder(folder) => rest,
            _ => rest,
        };
        let folder = format!("{HASH_MARK}{}", version.short_hex(HASH_DIGITS));
        let path = format!("{host}/{folder}/{rest}");
        match path.len() <= PATH_MAX {
            true => Self(path),
            false => Self(format!("{host}/{folder}/{}", rest.rsplit('/').next().unwrap_or(rest))),
        }
    }

    /// The path as a case-insensitive disk sees it: two paths with one folded form are one file.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The path on this system's disk, below `root`.
    pub fn to_path(&self, root: &Path) -> PathBuf {
        self.segments().fold(root.to_owned(), |path, segment| path.join(segment))
    }

    /// The path as part of a URL.
    pub fn url_path(&self) -> String {
        url_path(&self.0)
    }
}

/// The path of a vendored file, or of a folder above one, as part of a URL. `+` is escaped, because some
/// object stores read it as a blank.
pub fn url_path(path: &str) -> String {
    path.replace('+', "%2B")
}

impl FromStr for VendorPath {
    type Err = VendorPathError;

    fn from_str(text: &str) -> Result<Self, VendorPathError> {
        let path = || text.chars().take(200).collect::<String>();
        if text.len() > PATH_MAX || text.split('/').any(|segment| segment.len() > SEGMENT_MAX) {
            return Err(VendorPathError::TooLong(path()));
        }
        let forbidden = |c: &char| *c != '/' && !u8::try_from(*c).is_ok_and(is_safe);
        if let Some(character) = text.chars().find(forbidden) {
            return Err(VendorPathError::Character { path: path(), character });
        }
        for segment in text.split('/') {
            if segment.is_empty() {
                return Err(VendorPathError::EmptySegment(path()));
            }
            if segment.starts_with('.') || segment.ends_with('.') {
                return Err(VendorPathError::Dot(path()));
            }
            if is_reserved(segment) {
                return Err(VendorPathError::Reserved { path: path(), segment: segment.into() });
            }
        }
        match text.split_once('/') {
            None => Err(VendorPathError::NoHostFolder(path())),
            Some((host, _)) if host.bytes().any(|b| b.is_ascii_uppercase()) => {
                Err(VendorPathError::HostCase(path()))
            }
            Some(_) => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<String> for VendorPath {
    type Error = VendorPathError;

    fn try_from(text: String) -> Result<Self, VendorPathError> {
        text.parse()
    }
}

impl From<VendorPath> for String {
    fn from(path: VendorPath) -> Self {
        path.0
    }
}

impl fmt::Display for VendorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VendorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
