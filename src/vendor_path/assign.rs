//! A path for every file, so that no two files share one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    mirror::Mirror,
    path::VendorPath,
    storage::{StorageKey, Stored},
};

/// The path of `stored` as long as no other file stands in its way: the mirrored URL, below a hash
/// folder if the mirrored path cannot express all of it.
///
/// An appended extension, `index.js` and a decoded escape can make two addresses meet; [`assign`]
/// parts them.
pub fn candidate(stored: &Stored) -> VendorPath {
    Mirror::of(&stored.key(), stored.extension).path()
}

/// Gives every file of `all` its path, whatever their order.
///
/// Files named in `taken` (from the lockfile) keep the path they have, and no other file gets it.
/// Where others collide (one folded path, or two spellings of one folder), each of them goes into a
/// hash folder of its own. Where a file stands at the place of a folder it is the file that
/// goes, so that the modules in the folder stay together, unless the file's place is taken.
pub fn assign(
    all: impl IntoIterator<Item = Stored>,
    taken: &BTreeMap<StorageKey, VendorPath>,
) -> BTreeMap<StorageKey, VendorPath> {
    let mut wanted = BTreeMap::new();
    for stored in all {
        let extension = wanted.entry(stored.key()).or_insert(stored.extension);
        *extension = stored.extension.min(*extension);
    }
    let mirrors: BTreeMap<_, _> = wanted
        .iter()
        .filter(|(key, _)| !taken.contains_key(key))
        .map(|(key, extension)| (key, Mirror::of(key, *extension)))
        .collect();
    let mut paths: BTreeMap<_, _> = mirrors.iter().map(|(key, m)| (*key, m.path())).collect();
    for attempt in 1_u32.. {
        let colliding = Names::new(taken, &paths).colliding(&paths);
        if colliding.is_empty() {
            break;
        }
        for key in colliding {
            paths.insert(key, mirrors[key].path_apart(attempt));
        }
    }
    wanted
        .keys()
        .filter_map(|key| Some((key.clone(), taken.get(key).or_else(|| paths.get(key))?.clone())))
        .collect()
}

/// Which files and folders there are, by folded path.
struct Names<'a> {
    /// How many files want the place.
    files: BTreeMap<String, usize>,
    /// The places that are taken for good.
    taken: BTreeSet<String>,
    /// The spellings of each folder.
    folders: BTreeMap<String, BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    fn new(
        taken: &'a BTreeMap<StorageKey, VendorPath>,
        free: &'a BTreeMap<&StorageKey, VendorPath>,
    ) -> Self {
        let mut files = BTreeMap::new();
        let mut folders: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for path in taken.values().chain(free.values()) {
            *files.entry(path.folded()).or_default() += 1;
            for folder in path.folders() {
                folders.entry(folder.to_ascii_lowercase()).or_default().insert(folder);
            }
        }
        Self { files, taken: taken.values().map(VendorPath::folded).collect(), folders }
    }

    fn colliding<'k>(&self, free: &BTreeMap<&'k StorageKey, VendorPath>) -> Vec<&'k StorageKey> {
        free.iter().filter(|(_, path)| self.collides(path)).map(|(key, _)| *key).collect()
    }

    fn collides(&self, path: &VendorPath) -> bool {
        let folded = path.folded();
        self.files.get(&folded).is_some_and(|owners| *owners > 1)
            || self.folders.contains_key(&folded)
            || path.folders().any(|folder| {
                let folder = folder.to_ascii_lowercase();
                self.taken.contains(&folder)
                    || self.folders.get(&folder).is_some_and(|spellings| spellings.len() > 1)
            })
    }
}
