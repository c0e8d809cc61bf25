//! What scripts load beside themselves: where each file lies, and the lockfile's blocks.

use std::collections::{BTreeMap, BTreeSet};

use super::files::VendoredFiles;
use crate::{
    companions::{digest::digest_of_files, edited},
    findings::{Notice, Problem},
    integrity::{Algorithm, Digest},
    lockfile::{Companions, Lockfile},
    read::baseline::Baseline,
    reference::SubresourceUrl,
    resolve::{
        companions::{CompanionFile, CompanionFolder},
        resolver::Resolution,
    },
    settings::Settings,
    vendor_path::VendorPath,
};

/// A file as a recipe wants it served, or why it cannot be.
type RecipeEdit = (SubresourceUrl, Result<Vec<u8>, String>);

/// Edits the scripts that have to be, so that they find their companions.
pub fn edit_scripts(
    files: &VendoredFiles,
    edits: &mut BTreeMap<SubresourceUrl, Vec<u8>>,
) -> Vec<Problem> {
    let all = edited_companions(files).chain(edited_scripts(files));
    all.filter_map(|edit| insert(edits, edit)).collect()
}

/// Adds an edit to those that moved modules need; a file cannot have both.
fn insert(edits: &mut BTreeMap<SubresourceUrl, Vec<u8>>, edit: RecipeEdit) -> Option<Problem> {
    let (url, text) = edit;
    let moved = || "it imports modules that have moved".to_owned();
    let is_new = |text: &Vec<u8>| edits.get(&url).is_none_or(|known| known == text);
    match text.and_then(|text| is_new(&text).then_some(text).ok_or_else(moved)) {
        Ok(text) => edits.insert(url, text).and(None),
        Err(cause) => Some(not_edited(&url, &cause)),
    }
}

/// The vendored files that recipes edit. They keep their places, so that they find their companions.
pub fn edited_by_recipes(files: &VendoredFiles) -> BTreeSet<SubresourceUrl> {
    let companions = edited_companions(files).map(|(url, _)| url);
    companions.chain(files.companions.edits.keys().cloned()).collect()
}

/// The edited scripts that load companions.
fn edited_scripts(files: &VendoredFiles) -> impl Iterator<Item = RecipeEdit> {
    files.companions.edits.iter().filter_map(|(url, (recipe, path))| {
        let text = edited(recipe, path, files.bytes.get(url)?, |_| None);
        Some((url.clone(), text.map_err(|error| error.to_string()).transpose()?))
    })
}

/// The edited companions that are vendored files as well, since a module imports them by their address.
fn edited_companions(files: &VendoredFiles) -> impl Iterator<Item = RecipeEdit> {
    let companions: BTreeMap<_, _> =
        companions(files).filter(|it| it.edited.is_some()).map(|it| (&it.path, it)).collect();
    files.lock.iter().filter_map(move |(url, entry)| {
        let bytes = files.bytes.get(url)?;
        Some((url.clone(), text_of_companion(companions.get(&entry.path)?, bytes)))
    })
}

fn companions(files: &VendoredFiles) -> impl Iterator<Item = &CompanionFile> {
    files.companions.folders.iter().flat_map(|folder| folder.files.values())
}

/// The text of a companion, if the file with these bytes is the same.
fn text_of_companion(companion: &CompanionFile, bytes: &[u8]) -> Result<Vec<u8>, String> {
    match bytes == companion.upstream {
        true => Ok(companion.served().to_vec()),
        false => Err("it is not the file of its package".to_owned()),
    }
}

fn not_edited(url: &SubresourceUrl, cause: &str) -> Problem {
    Notice::new("not-edited", format!("`{url}` cannot be told where its other files lie now"))
        .detail("cause", cause)
        .hint("keep it external with a rule (`action = \"keep\"`)".to_owned())
        .of_site()
}

/// Locks all companions. Under `--locked` a block that changes is a problem.
pub fn lock(
    settings: &Settings,
    base: &Baseline,
    resolution: &Resolution,
    files: &mut VendoredFiles,
) -> Vec<Problem> {
    leave_out_assets(files);
    forget_used(&mut files.lock, resolution);
    let blocks = files.companions.folders.iter().filter_map(block);
    blocks.for_each(|block| files.lock.insert_companions(block));
    match settings.mode.locked {
        true => changed(&base.lock, &files.lock),
        false => Vec::new(),
    }
}

/// A file that has a block of its own needs no other.
fn leave_out_assets(files: &mut VendoredFiles) {
    let assets: BTreeSet<_> = files.lock.iter().map(|(_, entry)| &entry.path).collect();
    for folder in &mut files.companions.folders {
        folder.files.retain(|_, file| !assets.contains(&file.path));
    }
}

/// Forgets the blocks of scripts that pages load: they are made anew.
fn forget_used(lock: &mut Lockfile, resolution: &Resolution) {
    let used = lock.companions_used_by(&used_paths(lock, resolution));
    let folders: Vec<String> = used.into_iter().map(|block| block.folder.clone()).collect();
    folders.iter().for_each(|folder| lock.remove_companions(folder));
}

/// The lockfile's block of one folder; `None` if nothing lies in it.
fn block(folder: &CompanionFolder) -> Option<Companions> {
    let (integrity, upstream) = (served_digest(folder), upstream_digest(folder));
    (!folder.files.is_empty()).then(|| Companions {
        package: folder.package.clone(),
        folder: folder.place.folder.clone(),
        package_folder: folder.place.package_folder.clone(),
        chosen_by: folder.chosen_by.iter().cloned().collect(),
        tarball: folder.tarball.clone(),
        count: folder.files.len(),
        size: folder.size(),
        upstream_integrity: (upstream != integrity).then_some(upstream),
        integrity,
        package_files: folder.package_files.digest(),
    })
}

fn served_digest(folder: &CompanionFolder) -> Digest {
    let digest = |file: &CompanionFile| Digest::of(file.served(), Algorithm::Sha384);
    let files: Vec<_> = folder.files.iter().map(|(name, file)| (name, digest(file))).collect();
    digest_of_files(files.iter().map(|(name, digest)| (name.as_str(), digest)))
}

fn upstream_digest(folder: &CompanionFolder) -> Digest {
    folder.package_files.digest_of(folder.files.keys().map(String::as_str))
}

/// The paths of all vendored files that pages load.
fn used_paths(lock: &Lockfile, resolution: &Resolution) -> BTreeSet<VendorPath> {
    let planned = resolution.plan.actions.iter().filter(|(_, action)| action.is_vendored());
    let urls = planned.map(|(url, _)| url).chain(&resolution.used_locally);
    urls.filter_map(|url| Some(lock.get(url)?.path.clone())).collect()
}

/// The blocks that are new, gone or others, which `--locked` forbids.
fn changed(before: &Lockfile, after: &Lockfile) -> Vec<Problem> {
    let folders = before.all_companions().chain(after.all_companions()).map(|block| &block.folder);
    let folders: BTreeSet<_> = folders.collect();
    let differs = |folder: &&&String| before.companions(folder) != after.companions(folder);
    folders
        .iter()
        .filter(differs)
        .map(|folder| not_locked(folder, after.companions(folder)))
        .collect()
}

fn not_locked(folder: &str, block: Option<&Companions>) -> Problem {
    let of = block.map(|block| format!(" of {}", block.package)).unwrap_or_default();
    let message = format!(
        "scripts in `{folder}` load other files{of} than the lockfile says, and --locked forbids to change it"
    );
    Notice::new("not-locked", message)
        .hint(
            "run `inhouse vendor` without --locked, review the change and commit the lockfile"
                .to_owned(),
        )
        .of_site()
}
