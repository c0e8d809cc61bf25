//! Holds the companions in the site's vendor folder against the lockfile's blocks.

use std::collections::BTreeMap;

use super::notices::{lacking_companions, wrong_companions};
use crate::{
    companions::{PackageFiles, digest::digest_of_files, path_of_list},
    error::RunError,
    findings::{Keep, Places, Problem},
    integrity::{Algorithm, Digest},
    lockfile::Companions,
    read::baseline::Baseline,
    resolve::resolver::Resolution,
    settings::Settings,
    site,
    store::{StoreError, VendorFolder},
    vendor_path::VendorPath,
};

/// What is wrong with companions of the files that pages load, which lie at `used`.
pub(super) fn check_companions(
    settings: &Settings,
    base: &Baseline,
    folder: &VendorFolder,
    used: &BTreeMap<VendorPath, Places>,
) -> Result<Vec<Problem>, RunError> {
    let mut problems = Vec::new();
    for block in base.lock.companions_used_by(&used.keys().cloned().collect()) {
        let there = files_of(settings, base, folder, block)?;
        let digest = digest_of_files(there.iter().map(|(path, digest)| (path.as_str(), digest)));
        if digest != block.integrity {
            let differences = differences(base, block, &there)?;
            let places = places_of(block, used);
            problems.push(wrong_companions(&settings.out, block, &differences, places));
        }
    }
    Ok(problems)
}

/// The places that name a script whose folder is that of `block`, or one above it.
fn places_of(block: &Companions, used: &BTreeMap<VendorPath, Places>) -> Places {
    let folder = |path: &VendorPath| path.as_str().rsplit_once('/').map(|(it, _)| it.to_owned());
    let loads = |path: &VendorPath| {
        block.is_above(path.as_str())
            || folder(path).is_some_and(|folder| block.folder.starts_with(&format!("{folder}/")))
    };
    let mut all = Places::default();
    let of_block = used.iter().filter(|(path, _)| loads(path));
    of_block.for_each(|(_, places)| all.merge(places.clone(), Keep::All));
    all
}

/// The scripts that load files beside themselves of which the lockfile knows nothing.
pub(super) fn unknown_companions(
    base: &Baseline,
    resolution: &Resolution,
    used: &BTreeMap<VendorPath, Places>,
) -> Vec<Problem> {
    let is_known = |path: &str| base.lock.all_companions().any(|block| block.is_above(path));
    let lacking = resolution
        .lacks_companions
        .iter()
        .filter(|url| base.lock.get(url).is_some_and(|entry| !is_known(entry.path.as_str())));
    let places = |url| used.get(&base.lock.get(url)?.path).cloned();
    lacking.map(|url| lacking_companions(url, places(url).unwrap_or_default())).collect()
}

/// The files in the folder of a block, by their paths in the package, with their digests.
fn files_of(
    settings: &Settings,
    base: &Baseline,
    folder: &VendorFolder,
    block: &Companions,
) -> Result<BTreeMap<String, Digest>, RunError> {
    let is_companion = base.lock.companions_in(block);
    let top = format!("{}/{}", settings.out, block.folder);
    let mut files = BTreeMap::new();
    for file in site::files_below(&settings.site, &top)? {
        let name = site::page_name(&file);
        let Some(path) = name.strip_prefix(&settings.out).map(|path| path.trim_start_matches('/'))
        else {
            continue;
        };
        if !is_companion(path) {
            continue;
        }
        let below = path.strip_prefix(&block.folder).unwrap_or(path).trim_start_matches('/');
        let bytes = path.parse().ok().map(|path| folder.read(&path)).transpose()?.flatten();
        let digest = Digest::of(&bytes.unwrap_or_default(), Algorithm::Sha384);
        files.insert(format!("{}{below}", block.package_folder), digest);
    }
    Ok(files)
}

/// What differs, as far as the vendor cache can tell: a line for each file.
fn differences(
    base: &Baseline,
    block: &Companions,
    there: &BTreeMap<String, Digest>,
) -> Result<Vec<String>, StoreError> {
    let Some(path) = path_of_list(&block.package) else { return Ok(Vec::new()) };
    let text = base.cache.folder().read(&path)?.and_then(|text| String::from_utf8(text).ok());
    let Some(package) = text.as_deref().and_then(PackageFiles::parse) else {
        return Ok(Vec::new());
    };
    let is_edited = block.upstream_integrity.is_some();
    let difference = |(name, digest): (&String, &Digest)| match package.get(name) {
        None => Some(format!("`{name}` is no file of the package")),
        Some(file) if file.digest != *digest && !is_edited => {
            Some(format!("`{name}` has other bytes than in the package"))
        }
        Some(_) => None,
    };
    let mut lines: Vec<_> = there.iter().filter_map(difference).collect();
    if there.len() != block.count {
        lines.push(format!("{} files are there, and {} are locked", there.len(), block.count));
    }
    Ok(lines)
}
