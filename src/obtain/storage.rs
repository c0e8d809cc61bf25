//! What servers and URLs say about versions, and where the bytes are stored because of it.

use super::obtained::Evidence;
use crate::{
    fetch::Response,
    integrity::{Algorithm, Digest},
    js,
    lockfile::Proof,
    npm::{Pinning, UrlForm},
    reference::SubresourceUrl,
    vendor_path::{Extension, Stored},
};

/// Where servers say which version they answered with.
const VERSION_HEADER: &str = "x-jsd-version";
/// Where esm.sh says which file its stub stands for, as in `/react@18.2.0/es2022/react.mjs`.
const PATH_HEADER: &str = "x-esm-path";
/// The type of a file that comes from a package, where no server names one.
pub(super) const JAVASCRIPT: &str = "text/javascript";

/// The exact version that the server says it answered with.
pub(super) fn version_of(response: &Response) -> Option<String> {
    let in_path = || {
        let path = response.header(PATH_HEADER)?;
        let (_, rest) = path.get(2..)?.split_once('@')?;
        rest.split('/').next()
    };
    response.header(VERSION_HEADER).or_else(in_path).map(str::to_owned)
}

/// The type of a package's file, as CDNs would send it.
pub(super) fn media_type_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "json" => "application/json",
        "css" => "text/css",
        "wasm" => "application/wasm",
        _ => JAVASCRIPT,
    }
}

/// Whether the same URL always means the same bytes, as far as URLs can tell.
pub(super) fn fixes_its_bytes(url: &SubresourceUrl, form: Option<&UrlForm>) -> bool {
    match form.map(|form| &form.pinned) {
        Some(Pinning::Exact) => true,
        Some(Pinning::Floating { .. }) => false,
        Some(Pinning::Unknown) | None => names_a_version(url.as_url().path()),
    }
}

/// The address that decides where the bytes are stored, and whether it fixes them: with the exact
/// version filled in where the CDN has told it.
pub(super) fn storage(
    served: &SubresourceUrl,
    form: Option<&UrlForm>,
    exact: Option<&str>,
) -> (SubresourceUrl, bool) {
    if fixes_its_bytes(served, form) {
        return (served.clone(), true);
    }
    let pinned = form.zip(exact).and_then(|(form, version)| form.pinned_url(version));
    pinned.map_or_else(|| (served.clone(), false), |url| (url, true))
}

/// The address without the query, if only the script itself reads that: the query does not decide which
/// file of the package it is, and all its users then share what it loads beside itself.
pub(super) fn address_of_file(
    address: SubresourceUrl,
    is_fixed: bool,
    evidence: &Evidence,
    bytes: &[u8],
) -> SubresourceUrl {
    let is_file = is_fixed && evidence.proof == Proof::Npm;
    if !is_file || address.as_url().query().is_none() || !js::reads_own_address(bytes) {
        return address;
    }
    let mut without_query = address.as_url().clone();
    without_query.set_query(None);
    without_query.try_into().unwrap_or(address)
}

pub(super) fn stored(url: SubresourceUrl, fixed: bool, media_type: &str, bytes: &[u8]) -> Stored {
    let content = (!fixed).then(|| Digest::of(bytes, Algorithm::Sha384));
    Stored { url, content, extension: Extension::of_media_type(media_type) }
}

/// Whether a path has a complete version (`1.2.3`) or a commit hash in it.
fn names_a_version(path: &str) -> bool {
    let words = path.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    words.into_iter().any(|word| {
        let numbers = word
            .trim_start_matches('v')
            .split('.')
            .take_while(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty());
        let commit = word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
        commit || numbers.count() >= 3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_the_path_is_seen() {
        for path in
            ["/lib/1.2.3/a.js", "/lib@1.2.3/a.js", "/a-1.2.3.min.js", "/v10.0.1-beta.2/a.js"]
        {
            assert!(names_a_version(path), "{path}");
        }
        for path in ["/lib/1.2/a.js", "/lib@1/a.js", "/latest/a.js", "/v3/"] {
            assert!(!names_a_version(path), "{path}");
        }
    }
}
