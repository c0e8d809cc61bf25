//! What downloaded bytes are held against.

use crate::{integrity::IntegrityMetadata, lockfile::Entry};

/// What downloaded bytes are held against.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The lockfile's entry, if the URL was vendored before.
    pub locked: Option<Entry>,
    /// The authors' own `integrity` values: all of them must match.
    pub declared: Vec<IntegrityMetadata>,
}
