//! Policies of the site that our edits could violate, and edits of those policies.
//!
//! Reads Content Security Policies (CSP 3) from `<meta>` and from a `_headers` file, says whether an
//! inline script may run under them, and lets their hashes follow the inline scripts that change. A
//! hash is only ever exchanged if it was the digest of the text that goes; what cannot be proved is
//! reported by the caller. Also reads the `Integrity-Policy` header. Takes and gives values:
//! finding policies and writing them back is for others.

mod follow;
mod headers;
mod policy;
mod source;
mod url_path;

pub use follow::{InlineChange, Outcome};
pub use headers::{HeaderPolicy, HeadersFollowed, PageScripts, SiteHeaders, site_headers};
pub use policy::{Disposition, PolicyList, Refusal};

/// Whether `policy`, the content of a `<meta>`, would block a script that the site serves itself.
/// `Some` names the directive.
pub fn blocks_own_scripts(policy: &str) -> Option<&'static str> {
    PolicyList::of_meta(policy).blocks_own_scripts()
}

#[cfg(test)]
mod tests;
