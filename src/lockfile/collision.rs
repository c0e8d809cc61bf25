//! Two files of one lockfile that cannot both lie where it says.

use std::collections::BTreeMap;

use thiserror::Error;

use super::Entry;
use crate::{reference::SubresourceUrl, vendor_path::VendorPath};

/// Two scripts with one path, or one whose path is a folder that another one needs, on a disk that does
/// not tell upper from lower case.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the scripts `{first}` and `{second}` both need `{path}`")]
pub struct PathCollision {
    /// One URL.
    pub first: SubresourceUrl,
    /// The other URL.
    pub second: SubresourceUrl,
    /// What they both need.
    pub path: VendorPath,
}

/// The first collision. Files may share a path only if they are the same bytes under the same spelling.
pub(super) fn path_collision(assets: &BTreeMap<SubresourceUrl, Entry>) -> Option<PathCollision> {
    let collision = |first: &SubresourceUrl, second: &SubresourceUrl, path: &VendorPath| {
        Some(PathCollision { first: first.clone(), second: second.clone(), path: path.clone() })
    };
    let mut files: BTreeMap<String, (&SubresourceUrl, &Entry)> = BTreeMap::new();
    for (url, entry) in assets {
        match files.insert(entry.path.folded(), (url, entry)) {
            Some((first, other))
                if other.path != entry.path || other.integrity != entry.integrity =>
            {
                return collision(first, url, &entry.path);
            }
            Some(_) | None => {}
        }
    }
    for (url, entry) in assets {
        for folder in entry.path.folders() {
            if let Some((first, other)) = files.get(&folder.to_ascii_lowercase()) {
                return collision(first, url, &other.path);
            }
        }
    }
    None
}
