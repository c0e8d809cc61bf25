//! The site's own origin, and what lies on it.

use std::sync::LazyLock;

use url::Url;

/// The URL of a site's root folder, which ends with a slash: `site_url`, if that is known.
pub fn site_root(site_url: Option<&Url>) -> Url {
    let mut root = site_url.cloned().unwrap_or_else(|| UNKNOWN_ORIGIN.clone());
    if !root.path().ends_with('/') {
        root.set_path(&format!("{}/", root.path()));
    }
    root.set_query(None);
    root.set_fragment(None);
    root
}

/// The URL of the file at `path` (relative, `/`-separated, not encoded) below a site's `root`.
pub fn below(root: &Url, path: &str) -> Url {
    let mut url = root.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

/// The origin a site is given while nobody has told us its real one. The top-level domain is
/// reserved (RFC 2606), so that no page can name it by accident.
static UNKNOWN_ORIGIN: LazyLock<Url> = LazyLock::new(|| {
    Url::parse("https://site.invalid/").expect("the stand-in origin is a valid URL")
});

/// Whether an address comes from this page's own, unnamed site.
pub fn is_unknown_origin(url: &Url) -> bool {
    is_same_origin(url, &UNKNOWN_ORIGIN)
}

/// Whether both have the same origin (HTML 7.1.1): [`Url::origin`] would copy the hosts.
pub fn is_same_origin(a: &Url, b: &Url) -> bool {
    match (a.scheme(), b.scheme()) {
        ("http" | "https", "http" | "https") => {
            a.scheme() == b.scheme()
                && a.host() == b.host()
                && a.port_or_known_default() == b.port_or_known_default()
        }
        _ => a.origin() == b.origin(),
    }
}
