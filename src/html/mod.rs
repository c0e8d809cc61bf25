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

mod ambiguity;
mod attribute;
mod change;
pub(crate) mod code;
mod encoding;
mod events;
mod excerpt;
mod foreign;
mod inline;
mod layer;
mod patch;
mod plain;
mod position;
mod prefilter;
mod proof;
mod scan;
mod script_content;
mod script_type;
mod splice;
mod srcdoc;
mod tag;
mod view;

#[cfg(test)]
mod tests;

pub use change::{Change, Edit};
pub use excerpt::{Excerpt, ExcerptLimits};
pub use patch::Patch;
pub use position::{Position, Positions};
pub use prefilter::{Reach, reach};
pub use scan::{Scan, ScanError, scan, scan_relevant};
pub use script_type::ScriptType;
pub use splice::{SpliceError, apply, patch};
pub use tag::{Attribute, LinkRel, NotRead, Place, Quote, Remark, Tag, TagKind, Value};
pub use view::View;

/// By which rules a page is served: HTML's or XML's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `text/html`.
    Html,
    /// `application/xhtml+xml`: read by HTML's rules too, and refused where the two disagree.
    Xhtml,
}
