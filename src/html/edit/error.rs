//! Why a page could not be edited.

use std::ops::Range;

use crate::html::ScanError;

/// Why a page could not be edited. There is no half-edited page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// An edit names a tag that the scan does not have.
    #[error("there is no tag number {tag} in this page")]
    NoSuchTag {
        /// The index given.
        tag: usize,
    },
    /// An element without an end tag cannot be removed.
    #[error("the element at byte {offset} has no end tag, so it cannot be removed")]
    NoEndTag {
        /// Where its start tag begins.
        offset: usize,
    },
    /// Not the name of an attribute.
    #[error("`{attribute}` cannot be written as an attribute's name")]
    AttributeName {
        /// The name given.
        attribute: String,
    },
    /// Only inline scripts that the scan reports can be edited.
    #[error("the tag at byte {offset} has no inline script to edit")]
    NotInline {
        /// Where the tag begins.
        offset: usize,
    },
    /// A part of an inline script that does not exist, or has no bytes of its own: it begins or
    /// ends inside a character, or inside a character reference of a `srcdoc`.
    #[error(
        "the part {}..{} of the inline script at byte {offset} has no bytes of its own",
        span.start, span.end
    )]
    NoSuchPart {
        /// Where the script's start tag begins.
        offset: usize,
        /// The span given.
        span: Range<usize>,
    },
    /// Text that would end a script or the comment around it, or not read back as itself.
    #[error("`{}` cannot be written into a script at byte {offset}", found.escape_debug())]
    Text {
        /// Where the tag begins that is edited, or before which a script is inserted.
        offset: usize,
        /// What stands in the way.
        found: String,
    },
    /// A script can be inserted into the page's own markup only.
    #[error(
        "nothing can be inserted before the tag at byte {offset}: it is not in the page itself"
    )]
    NotInDocument {
        /// Where the tag begins.
        offset: usize,
    },
    /// Two changes want the same bytes.
    #[error("two changes overlap at byte {offset}")]
    Overlap {
        /// Where the second one begins.
        offset: usize,
    },
    /// The page's own encoding cannot say the result.
    #[error("the edited page cannot be written in {name}")]
    Encoding {
        /// The encoding's name in the Encoding standard.
        name: &'static str,
    },
    /// The edited page cannot be read any more.
    #[error("the edited page could not be read again")]
    Reread(#[from] ScanError),
    /// The edited page does not hold exactly what was asked for.
    #[error("after editing, {what} is not what was asked for")]
    Proof {
        /// What differs.
        what: String,
    },
}
