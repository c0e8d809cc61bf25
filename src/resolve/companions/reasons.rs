//! Why a script stays external because of what it loads beside itself, in words.

use super::script::CompanionScript;
use crate::{npm::RegistryError, obtain::ObtainError, reference::SubresourceUrl};

/// The reason, with what the page could say instead.
pub(super) fn with_knob(reason: String, script: &CompanionScript) -> String {
    match script.recipe.map(|recipe| recipe.knob()).filter(|knob| !knob.is_empty()) {
        Some(knob) => format!("{reason} (the page can say where they lie: {knob})"),
        None => reason,
    }
}

/// Why a script stays external of which nobody says what it loads.
pub(super) const UNKNOWN: &str =
    "it loads more files from its own folder, and Inhouse does not know which";

pub(super) fn no_place(url: &SubresourceUrl) -> String {
    format!(
        "it loads more files from its own folder, and `{url}` does not say where in its package that is"
    )
}

/// A file of the package that the recipe or a rule asks for is not there.
pub(super) fn not_in_package(id: &str, glob: &str) -> String {
    format!("it loads more files from its own folder, and {id} has no file `{glob}`")
}

/// A file that would have to lie where it cannot.
pub(super) fn no_place_for(path: &str) -> String {
    format!("it loads `{path}`, which cannot lie beside it")
}

/// The registry has no such package, or is not asked; `None` if asking again may help.
pub(super) fn failed_registry(error: &ObtainError) -> Option<String> {
    match error {
        ObtainError::NoRegistry(reason) => {
            Some(format!("it loads more files from its own folder, which come from npm: {reason}"))
        }
        ObtainError::Registry(
            RegistryError::NoSuchPackage { .. } | RegistryError::NoSuchVersion { .. },
        ) => Some(format!("it loads more files from its own folder, and {error}")),
        _ => None,
    }
}

pub(super) fn too_large(files: usize, bytes: u64, limit: u64) -> String {
    let (size, limit) = (in_megabytes(bytes), in_megabytes(limit));
    format!(
        "it loads more files from its own folder, which has {files} files of {size} MB, and without \
         being asked no more than {limit} MB are brought along"
    )
}

pub(super) fn in_megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}
