//! Holds `THIRD-PARTY-NOTICES.txt` against what lies in the vendor folder and the lockfile.
//!
//! A file that is missing or wrong breaks no page, so it is a warning.

use std::collections::BTreeMap;

use crate::{
    findings::Notice,
    lockfile::Lockfile,
    settings::Settings,
    store::{StoreError, VendorFolder},
    third_party_notices::{FILE, document::Document, redistributed::redistributed},
};

/// The warning that the file is not what it should be.
pub(super) fn check_notices_file(
    settings: &Settings,
    lock: &Lockfile,
) -> Result<Option<Notice>, StoreError> {
    if !settings.notices {
        return Ok(None);
    }
    let folder = VendorFolder::new(&settings.site, &settings.out);
    let redistributed = redistributed(lock, std::slice::from_ref(&folder), &BTreeMap::new())?;
    let Some(expected) = Document::of(&redistributed, lock) else { return Ok(None) };
    match folder.read_root_file(FILE) {
        Ok(None) => Ok(Some(missing())),
        Ok(Some(there)) => Ok((!expected.is(&there)).then(changed)),
        Err(StoreError::Link(_) | StoreError::Foreign(_)) => Ok(Some(changed())),
        Err(error) => Err(error),
    }
}

fn missing() -> Notice {
    let message = format!("the vendor folder has no `{FILE}` with the licences of what is in it");
    Notice::new("notices-missing", message).hint(REMEDY.to_owned())
}

fn changed() -> Notice {
    let message = format!("`{FILE}` is not about what is in the vendor folder, or was changed");
    Notice::new("notices-changed", message).hint(REMEDY.to_owned())
}

const REMEDY: &str = "run `inhouse vendor` again; --no-notices does without the file";
