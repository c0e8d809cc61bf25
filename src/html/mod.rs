//! HTML syntax: bytes of a page → the tags that name scripts, with exact byte spans; and changes
//! to those tags → bytes again.
//!
//! Tokens follow HTML section 13.2 (parsing), what a script is follows 4.12.1 (the script
//! element). What an address means, and what should happen to it, is decided elsewhere: this room
//! knows no URLs. lol_html serves as a scanner only; its output is never used, because splicing
//! the original bytes leaves everything outside an edit as it was.
//!
//! ```
//! use inhouse::html::{Change, Dialect, Edit, apply, scan};
//!
//! let page = br#"<script src="https://cdn.example/a.js" defer></script>"#;
//! let found = scan(page, Dialect::Html)?;
//! assert_eq!(found.tags[0].address(), Some("https://cdn.example/a.js"));
//! let local = Change::Set { attribute: "src".into(), value: "vendor/a.js".into() };
//! let edited = apply(page, &found, &[Edit { tag: 0, changes: vec![local] }])?;
//! assert_eq!(edited, br#"<script src="vendor/a.js" defer></script>"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attribute;
mod dialect;
mod edit;
mod element_tag;
mod encoding;
mod layer;
mod meaning;
mod nested;
mod position;
mod prefilter;
mod scan;
mod scan_error;
mod script_text;
mod script_type;
pub(crate) mod script_words;
mod sink;
mod span;
mod start_tag;
mod tag;
mod token;
mod vocabulary;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vocabulary_tests;

pub use dialect::Dialect;
pub use edit::{Change, Edit, Patch, SpliceError, apply, patch};
pub use position::{Position, Positions};
pub use prefilter::{Reach, has_nothing, reach};
pub use scan::{Scan, scan, scan_relevant, scan_with_all_scripts};
pub use scan_error::ScanError;
pub use script_type::ScriptType;
pub use span::Quote;
pub use tag::{Attribute, NotRead, Place, Remark, Tag, TagKind, Value};
pub use vocabulary::LinkRel;
