//! What downloaded bytes are checked against.

use super::error::ObtainError;
use crate::{integrity::IntegrityMetadata, lockfile::Entry};

/// What downloaded bytes are checked against.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The lockfile's entry, if the URL was vendored before.
    pub locked: Option<Entry>,
    /// The authors' own `integrity` values: all of them must match.
    pub declared: Vec<IntegrityMetadata>,
}

/// Checks bytes against the authors' `integrity` values and the lockfile.
///
/// # Errors
/// [`ObtainError::Declared`] or [`ObtainError::Locked`].
pub fn verify(bytes: &[u8], expectation: &Expectation) -> Result<(), ObtainError> {
    expectation.declared.iter().try_for_each(|declared| verify_declared(bytes, declared))?;
    match &expectation.locked {
        Some(entry) => entry.upstream().verify(bytes).map_err(ObtainError::Locked),
        None => Ok(()),
    }
}

fn verify_declared(bytes: &[u8], declared: &IntegrityMetadata) -> Result<(), ObtainError> {
    let mismatch = |mismatch| ObtainError::Declared { declared: declared.clone(), mismatch };
    declared.verify(bytes).map_err(mismatch)
}
