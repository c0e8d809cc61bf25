//! What lies in the site vendor folder: whoever serves the site redistributes it, whether a page loads it
//! now or an earlier run left it.

use std::collections::{BTreeMap, BTreeSet};

use super::licence_comment::licence_comment;
use crate::{
    lockfile::{Entry, Lockfile, Proof},
    npm,
    reference::SubresourceUrl,
    store::{StoreError, VendorFolder},
    vendor_path::VendorPath,
};

/// Packages and files that are redistributed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redistributed {
    /// npm packages, `name@version`.
    pub packages: BTreeSet<String>,
    /// Files of which no package is known, by their URLs, with the licence comment they start with.
    pub others: BTreeMap<SubresourceUrl, Option<String>>,
}

/// What the locked files are that lie in one of `folders`, or will because their `bytes` are known.
///
/// # Errors
/// [`StoreError`] if a file cannot be read.
pub fn redistributed(
    lock: &Lockfile,
    folders: &[VendorFolder],
    bytes: &BTreeMap<SubresourceUrl, Vec<u8>>,
) -> Result<Redistributed, StoreError> {
    let present = present(lock, folders, bytes);
    let mut redistributed = Redistributed::default();
    for (url, entry) in lock.iter().filter(|(_, entry)| present.contains(&entry.path)) {
        if let Some(package) = package_of(url, entry) {
            redistributed.packages.insert(package.to_owned());
            continue;
        }
        let comment = match bytes.get(url) {
            Some(bytes) => licence_comment(bytes),
            None => comment_in(folders, &entry.path)?,
        };
        redistributed.others.insert(url.clone(), comment);
    }
    let companions = lock.companions_used_by(&present.into_iter().cloned().collect());
    for block in companions {
        match block.package.parse() {
            Ok(folder) if block.tarball.is_none() => {
                drop(redistributed.others.insert(folder, None))
            }
            _ => drop(redistributed.packages.insert(block.package.clone())),
        }
    }
    Ok(redistributed)
}

fn present<'l>(
    lock: &'l Lockfile,
    folders: &[VendorFolder],
    bytes: &BTreeMap<SubresourceUrl, Vec<u8>>,
) -> BTreeSet<&'l VendorPath> {
    let known = bytes.keys().filter_map(|url| Some(&lock.get(url)?.path));
    let mut present: BTreeSet<_> = known.collect();
    for folder in folders {
        let unseen =
            lock.iter().map(|(_, entry)| &entry.path).filter(|path| !present.contains(path));
        let held = folder.held(unseen.collect::<BTreeSet<_>>());
        present.extend(held);
    }
    present
}

/// The package that a file comes from. A library of cdnjs may be another one than the package of that name,
/// unless npm proves that it is not.
fn package_of<'e>(url: &SubresourceUrl, entry: &'e Entry) -> Option<&'e str> {
    let package = entry.package.as_deref()?;
    let form = || npm::classify(entry.final_url.as_ref().unwrap_or(url));
    let is_guess = || form().is_some_and(|form| form.package_is_guess);
    (entry.proof == Proof::Npm || !is_guess()).then_some(package)
}

fn comment_in(folders: &[VendorFolder], path: &VendorPath) -> Result<Option<String>, StoreError> {
    for folder in folders {
        if let Some(bytes) = folder.read(path)? {
            return Ok(licence_comment(&bytes));
        }
    }
    Ok(None)
}
