//! What the owner of the site should know about scripts that are vendored all the same.

use crate::{
    findings::{Notice, Places},
    layout::files::VendoredFiles,
    lockfile::Entry,
    npm::{self, Pinning},
    read::url_uses::UrlUses,
    reference::SubresourceUrl,
    resolve::resolver::Resolution,
    vendor_path::{self, Extension, Stored},
};

/// Warnings about the vendored files of a run.
pub fn vendored(files: &VendoredFiles, resolution: &Resolution) -> Vec<Notice> {
    let mut warnings = Vec::new();
    for (url, bytes) in &files.bytes {
        let Some(entry) = files.lock.get(url) else { continue };
        let uses = resolution.urls.get(url);
        // What modules of other owners import cannot be pinned.
        let is_floating = entry.floating && uses.is_none_or(UrlUses::is_named_by_site);
        warnings.extend(is_floating.then(|| floating(url, entry).used_at(resolution.places(url))));
        warnings.extend(garbled(uses, url, bytes));
    }
    let may_ask = files.companions.external.iter().filter(|(url, _)| files.bytes.contains_key(url));
    let asked = may_ask.filter(|(_, external)| !external.is_empty());
    warnings.extend(
        asked.map(|(url, external)| may_still_ask(url, external).used_at(resolution.places(url))),
    );
    warnings
}

/// A script whose recipe says that it may ask other hosts.
fn may_still_ask(url: &SubresourceUrl, external: &[String]) -> Notice {
    let notice = Notice::new("may-load-elsewhere", format!("`{url}` may still ask other hosts"));
    let with_addresses =
        external.iter().fold(notice, |notice, address| notice.detail("for", address));
    with_addresses
        .hint("the library's documentation says how to give it other addresses".to_owned())
}

/// An address that may mean other bytes tomorrow, and what to write instead.
fn floating(url: &SubresourceUrl, entry: &Entry) -> Notice {
    let message =
        format!("`{url}` may mean other bytes tomorrow; the lockfile pins those of today");
    let pinned = pinned(url, entry).map(|pinned| format!("write `{pinned}` instead"));
    let hint = pinned.unwrap_or_else(|| advice(url));
    Notice::new("floating-url", message).hint(hint)
}

/// What to write instead of an address of which the exact version is not known.
fn advice(url: &SubresourceUrl) -> String {
    match npm::classify(url).map(|form| form.pinned) {
        Some(Pinning::Floating { advice }) => advice,
        _ => "use an address with an exact version, if the host has one".to_owned(),
    }
}

/// The address of the exact version that the lockfile holds: by npm's word, or by where the CDN
/// sent us, or by the version it named, which the path in the vendor folder mirrors.
fn pinned(url: &SubresourceUrl, entry: &Entry) -> Option<SubresourceUrl> {
    let version = entry.package.as_deref().and_then(|id| Some(id.rsplit_once('@')?.1));
    let by_npm = || npm::classify(url)?.pinned_url(version?);
    let is_exact =
        |url: &SubresourceUrl| npm::classify(url).is_some_and(|form| form.pinned == Pinning::Exact);
    let by_redirect = || entry.final_url.clone().filter(is_exact);
    let by_path = || mirrored(url, entry).filter(is_exact);
    by_npm().or_else(by_redirect).or_else(by_path)
}

/// The address that a path in the vendor folder mirrors, without the extension that the path got
/// where the address has none.
fn mirrored(url: &SubresourceUrl, entry: &Entry) -> Option<SubresourceUrl> {
    let mirrored: SubresourceUrl = format!("https://{}", stem(url, entry)).parse().ok()?;
    let extension = Extension::of_media_type(&entry.media_type);
    let stored = Stored { url: mirrored.clone(), content: None, extension };
    (vendor_path::candidate(&stored) == entry.path).then_some(mirrored)
}

/// A path in the vendor folder, without the extension that the address does not have.
fn stem<'e>(url: &SubresourceUrl, entry: &'e Entry) -> &'e str {
    let path = entry.path.as_str();
    let extension = url.as_url().path().rsplit_once('.').map(|(_, extension)| extension);
    let added = path.rsplit_once('.').filter(|(_, own)| extension != Some(*own));
    added.map_or(path, |(stem, _)| stem)
}

/// A script that a page's own encoding would garble: the CDN said `charset=utf-8`, a site's server
/// often says nothing, and then the page's encoding counts (HTML 8.1.4.2).
fn garbled(uses: Option<&UrlUses>, url: &SubresourceUrl, bytes: &[u8]) -> Vec<Notice> {
    let says_its_encoding = bytes.starts_with(b"\xEF\xBB\xBF");
    if bytes.is_ascii() || says_its_encoding {
        return Vec::new();
    }
    let encodings = uses.into_iter().flat_map(|uses| &uses.legacy_encoded);
    encodings.map(|(encoding, places)| garbled_in(url, encoding, places)).collect()
}

fn garbled_in(url: &SubresourceUrl, encoding: &str, places: &Places) -> Notice {
    let message = format!("`{url}` is UTF-8, and pages in {encoding} may read it as {encoding}");
    let hint = "add charset=\"utf-8\" to the tag, or save the page as UTF-8";
    Notice::new("garbled", message).used_at(places.clone()).hint(hint.to_owned())
}
