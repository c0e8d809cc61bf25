//! Why a page cannot be read, and how much of one is read at most.

use super::Position;

/// The longest start tag that is looked at, in bytes: decoding copies it.
pub(super) const MAX_TAG: usize = 8 << 20;
/// How many tags and remarks a page may have: each takes a few kilobytes until the page is written.
pub(super) const MAX_FOUND: usize = 100_000;

/// Why a page cannot be read with certainty. Such a page has to be left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// What browsers make of the page is not certain from its tags alone.
    #[error(
        "{}:{}: `<{tag}>` stands where parsers may ignore it or what follows; \
         close what is open before it", position.line, position.column
    )]
    Ambiguous {
        /// The tag's name, `!--` for a comment.
        tag: String,
        /// Its offset in [`Scan::source`](super::Scan::source).
        offset: usize,
        /// The same as line and column.
        position: Position,
    },
    /// `<script/>` ends there in XML and goes on in HTML.
    #[error(
        "{}:{}: `<script/>` in an XHTML page hides what follows from HTML parsers; \
         write `<script></script>`", position.line, position.column
    )]
    SelfClosingScriptInXhtml {
        /// The tag's offset in [`Scan::source`](super::Scan::source).
        offset: usize,
        /// The same as line and column.
        position: Position,
    },
    /// The page is in an encoding that cannot be edited byte for byte.
    #[error(
        "the page's encoding, {name}, cannot be edited without changing other bytes; use UTF-8"
    )]
    Encoding {
        /// The encoding's name in the Encoding standard.
        name: &'static str,
    },
    /// More tags of scripts, and of what goes with them, than anyone writes.
    #[error("the page has more than {limit} tags that name scripts")]
    TooMany {
        /// How many it may have.
        limit: usize,
    },
    /// A tag, or the nesting of elements, is larger than anything a page needs.
    #[error(
        "the page has a start tag or a nesting too large to read (a tag may have {limit} bytes)"
    )]
    TooLarge {
        /// How long a start tag may be, in bytes.
        limit: usize,
    },
}

impl ScanError {
    /// The error for a tag or a nesting that is too large.
    pub(super) const LARGE: Self = Self::TooLarge { limit: MAX_TAG };
}
