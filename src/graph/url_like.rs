//! HTML, "resolve a URL-like module specifier" (8.1.6.4).

use url::Url;

/// The URL that a specifier is; `None` for a bare one.
pub fn url_like(specifier: &str, base: &Url) -> Option<Url> {
    if is_relative(specifier) { base.join(specifier).ok() } else { Url::parse(specifier).ok() }
}

/// Whether a specifier starts as a relative URL must.
pub(super) fn is_relative(specifier: &str) -> bool {
    ["/", "./", "../"].iter().any(|start| specifier.starts_with(start))
}
