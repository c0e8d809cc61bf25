//! One place in a page.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};

/// A place in a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    /// The page's path below the site's root.
    pub page: Arc<str>,
    /// The line of the tag, from 1.
    pub line: usize,
    /// The column of the tag in characters, from 1; 0 where only the line is known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub column: usize,
    /// The tag, as in `script` or `link rel=preload`.
    pub tag: Cow<'static, str>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(column: &usize) -> bool {
    *column == 0
}
