//! Why a page could not be rewritten.

use thiserror::Error;
use url::Url;

use crate::{
    html::{ScanError, SpliceError},
    js::literal::EditError,
    reference::ForeignBase,
};

/// A page that could not be rewritten; nothing of it has been.
#[derive(Debug, Error)]
pub enum RewriteError {
    /// The page does not scan.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// An edit could not be made, or the edited page does not have the meant changes.
    #[error(transparent)]
    Splice(#[from] SpliceError),
    /// No address leads from the page to the vendor folder.
    #[error(transparent)]
    ForeignBase(#[from] ForeignBase),
    /// A literal of an inline script could not be replaced.
    #[error(transparent)]
    Literal(#[from] EditError),
    /// An inline script does not have the meant addresses after its edit.
    #[error("an inline script could not be given local addresses: {0}")]
    Code(String),
    /// A folder of an import map whose files could not stay together.
    #[error(
        "the import map's folder `{0}` has no local counterpart: its files do not lie together, for \
         want of a version in their addresses"
    )]
    Scattered(Url),
    /// The page's own Content Security Policy would block an inline script.
    #[error(
        "the page's Content-Security-Policy blocks the new import map: `{directive}` needs {needed}"
    )]
    Policy {
        /// The directive.
        directive: String,
        /// The source expression that would allow it.
        needed: String,
    },
}
