//! Changes → bytes: edits are spliced into the original page, and the result is verified.
//!
//! The result is scanned again and has to hold the same tags with the same attributes, but for the
//! changes asked for; anything else is an error, never a page.

mod change;
mod error;
mod patch;
mod script_content;
mod splice;
mod tag_splices;
mod verify;

use self::{change::merged, splice::spliced, tag_splices::tag_splices};
pub use self::{
    change::{Change, Edit},
    error::SpliceError,
    patch::Patch,
};
use super::{Scan, encoding};

/// Applies `edits` to `page`, of which `scan` is the scan.
///
/// # Errors
/// [`SpliceError`] if an edit cannot be made, or if scanning the result shows anything but the
/// changes asked for.
pub fn apply(page: &[u8], scan: &Scan, edits: &[Edit]) -> Result<Vec<u8>, SpliceError> {
    Ok(patch(page, scan, edits)?.apply(page))
}

/// Works out what `edits` change in `page`, of which `scan` is the scan.
///
/// # Errors
/// [`SpliceError`] if an edit cannot be made, or if scanning the result shows anything but the
/// changes asked for.
pub fn patch(page: &[u8], scan: &Scan, edits: &[Edit]) -> Result<Patch, SpliceError> {
    let source = scan.source(page);
    let merged = merged(scan, edits)?;
    let mut splices = Vec::new();
    for (index, edit) in &merged {
        splices.extend(tag_splices(scan, source, &scan.tags[*index], edit)?);
    }
    if splices.is_empty() {
        return Ok(Patch::default());
    }
    // What was not read before is the same as before, and needs no reading now.
    let (edited, patch) = spliced(&source[..source.len() - scan.unread], splices)?;
    match &scan.transcoded {
        None => {
            verify::verify(scan, &merged, &edited)?;
            Ok(patch)
        }
        Some((_, own)) => {
            let edited = std::str::from_utf8(&edited)
                .ok()
                .and_then(|text| encoding::encode(text, own))
                .ok_or(SpliceError::Encoding { name: own.name() })?;
            verify::verify(scan, &merged, &edited)?;
            Ok(Patch::whole(page.len(), edited))
        }
    }
}
