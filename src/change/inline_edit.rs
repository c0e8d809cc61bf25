//! The changes of inline scripts, for the policies that name their hashes.

use crate::csp::InlineChange;

/// An inline script that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineEdit {
    /// Its text before, as browsers see it; `None` if it is new.
    pub before: Option<String>,
    /// Its text after.
    pub after: String,
    /// Its `nonce`.
    pub nonce: Option<String>,
}

impl InlineEdit {
    /// The edit, as policies see it.
    pub fn as_change(&self) -> InlineChange<'_> {
        InlineChange {
            before: self.before.as_deref(),
            after: &self.after,
            nonce: self.nonce.as_deref(),
        }
    }
}
