//! The staging folder: files are written there and then renamed into the tree.

use std::{
    ffi::{OsStr, OsString},
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::Folder;

/// The staging folder of a tree, made when it is first needed.
#[derive(Debug)]
pub(super) struct Staging {
    owner: PathBuf,
    folder: OnceLock<Option<Folder>>,
}

impl Staging {
    pub fn of(owner: &Path) -> Self {
        Self { owner: owner.to_owned(), folder: OnceLock::new() }
    }

    /// The folder; `None` if there can be none from which files could be renamed into `root`.
    pub fn folder(&self, root: &Folder) -> Option<&Folder> {
        let make = || {
            let (beside, name) = staging_of(&self.owner)?;
            let beside = Folder::open(&beside).ok()?;
            if !beside.is_on_the_disk_of(root) {
                return None;
            }
            beside.make(&name).and_then(|()| beside.enter(&name)).ok()
        };
        self.folder.get_or_init(make).as_ref()
    }
}

/// Makes `temporary` in the folder `at` and renames it to `name` in `folder`. What stands there under
/// either name is replaced: `temporary` is what a killed run has left.
pub(super) fn make_and_rename(
    at: &Folder,
    temporary: &OsStr,
    folder: &Folder,
    name: &OsStr,
    make: &dyn Fn(&Folder, &OsStr) -> io::Result<()>,
) -> io::Result<()> {
    let made = match make(at, temporary) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            at.remove(temporary).and_then(|()| make(at, temporary))
        }
        made => made,
    };
    let renamed = made.and_then(|()| at.rename(temporary, folder, name));
    renamed.inspect_err(|_| drop(at.remove(temporary)))
}

/// The name under which a file is made: the same in every run, so that what a killed run left
/// beside a file is replaced by the run that repeats its work.
pub(super) fn temporary_name(file: &Path) -> OsString {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    format!(".inhouse-{:016x}.tmp", hasher.finish()).into()
}

/// Where the staging folder of `owner` lies: the folder beside it, and its name in that.
fn staging_of(owner: &Path) -> Option<(PathBuf, OsString)> {
    let owner = fs::canonicalize(owner).or_else(|_| std::path::absolute(owner)).ok()?;
    let mut name = OsString::from(".");
    name.push(owner.file_name()?);
    name.push(".inhouse");
    Some((owner.parent()?.to_owned(), name))
}

/// Removes the staging folder of `owner` and what a killed run has left in it. Only for a run whose
/// [`Lock`](super::Lock)s keep all others from `owner`. Files with other names than ours stay.
pub fn clear_staging(owner: &Path) {
    let Some((beside, name)) = staging_of(owner) else { return };
    let Ok(beside) = Folder::open(&beside) else { return };
    let Ok(staging) = beside.enter(&name) else { return };
    for left in staging.names().unwrap_or_default() {
        let text = left.to_string_lossy();
        if text.starts_with(".inhouse-") && text.ends_with(".tmp") {
            let _ = staging.remove(&left);
        }
    }
    let _ = beside.remove_folder(&name);
}
