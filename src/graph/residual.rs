//! Absolute addresses in the strings of a script: where it may still call home.
//!
//! For the report only, so a reading that is sometimes wrong will do. A string counts if it starts
//! with a URL, or holds markup or a style sheet that loads one; names of XML namespaces, which are
//! never loaded, do not.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::module_scan::{Seems, Sign};

/// Longer texts are data.
const URL_MAX: usize = 2_048;

static LOADED_IN_MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    let loads = r#"<script\b|<link\b|<img\b|url\(|@import\b|importScripts\(|\bfrom\s*["']"#;
    let expression = format!(r#"(?i)(?:{loads})[^<>()]{{0,200}}?(https?://[^\s"'`<>()\\]+)"#);
    Regex::new(&expression).expect("the expression is valid")
});

/// The absolute addresses in `text`, a string's value; `goes_on` if more is appended to it.
pub(super) fn urls(text: &str, goes_on: bool) -> Vec<Sign> {
    let trimmed = text.trim();
    if let Some(found) = whole(trimmed) {
        return sign(trimmed, found, goes_on).into_iter().collect();
    }
    if memchr::memmem::find(text.as_bytes(), b"://").is_none() {
        return Vec::new();
    }
    let found = LOADED_IN_MARKUP.captures_iter(text).filter_map(|found| found.get(1));
    let ends = |end: usize| goes_on && end == text.len();
    found
        .filter_map(|found| sign(found.as_str(), whole(found.as_str())?, ends(found.end())))
        .collect()
}

/// The URL that is all of `text`.
fn whole(text: &str) -> Option<Url> {
    let has_scheme = ["https://", "http://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let no_url = text.len() > URL_MAX || text.contains(|c: char| c.is_whitespace() || c == '<');
    if no_url || !(has_scheme || text.starts_with("//")) {
        return None;
    }
    let url = if has_scheme { Url::parse(text) } else { Url::parse(&format!("https:{text}")) };
    url.ok().filter(|url| has_scheme || is_public_name(url.host_str().unwrap_or_default()))
}

/// `//` starts comments and separators too: only names such as `cdn.example` are taken for hosts.
fn is_public_name(host: &str) -> bool {
    host.rsplit_once('.').is_some_and(|(name, top)| {
        !name.is_empty() && top.len() > 1 && top.bytes().all(|b| b.is_ascii_alphabetic())
    })
}

fn sign(text: &str, url: Url, goes_on: bool) -> Option<Sign> {
    let host = url.host_str()?.to_ascii_lowercase();
    let seems = seems(text, &url, goes_on);
    let is_namespace = matches!(host.as_str(), "www.w3.org" | "ns.adobe.com" | "purl.org");
    if is_namespace && matches!(seems, Seems::Other | Seems::Beginning) {
        return None;
    }
    Some(Sign::Url { text: text.to_owned(), host, seems })
}

fn seems(text: &str, url: &Url, goes_on: bool) -> Seems {
    let open_ended = goes_on || text.ends_with(['/', '@', '=', '-']);
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        _ if open_ended && url.path() != "/" || goes_on => Seems::Beginning,
        "js" | "mjs" | "cjs" => Seems::Script,
        "css" => Seems::Style,
        "woff2" | "woff" | "ttf" | "otf" | "eot" => Seems::Font,
        "wasm" => Seems::Wasm,
        "json" | "xml" | "csv" => Seems::Data,
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "svg" | "ico" | "mp3" | "mp4"
        | "webm" | "ogg" => Seems::Media,
        _ => Seems::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, goes_on: bool) -> Vec<(String, Seems)> {
        let found = urls(text, goes_on).into_iter().map(|sign| match sign {
            Sign::Url { text, seems, .. } => (text, seems),
            Sign::SelfLocating(_) => unreachable!("strings name no elements"),
        });
        found.collect()
    }

    #[test]
    fn a_string_that_is_a_url_is_found() {
        for (text, seems) in [
            ("https://cdn.example/a.js", Seems::Script),
            ("HTTP://cdn.example/a.mjs?v=1#x", Seems::Script),
            ("//cdn.example/a.css", Seems::Style),
            ("https://cdn.example/fonts/", Seems::Beginning),
            ("https://cdn.example/npm/x@", Seems::Beginning),
            ("https://cdn.example/x.wasm", Seems::Wasm),
            ("https://docs.example/errors", Seems::Other),
        ] {
            assert_eq!(found(text, false), [(text.to_owned(), seems)]);
        }
        let begun = "https://cdn.example/v";
        assert_eq!(found(begun, true), [(begun.to_owned(), Seems::Beginning)]);
    }

    #[test]
    fn namespaces_comments_and_prose_are_not() {
        for text in [
            "http://www.w3.org/2000/svg",
            "// a comment",
            "//",
            "//# sourceURL=x",
            "see https://docs.example/x.js for more",
            "https://docs.example/a b",
            "/path//to",
            "https://",
        ] {
            assert_eq!(found(text, false), [], "{text}");
        }
    }

    #[test]
    fn markup_and_styles_that_load_something_are_searched() {
        assert_eq!(
            found("<script src='https://cdn.example/a.js'></script>", false),
            [("https://cdn.example/a.js".to_owned(), Seems::Script)]
        );
        assert_eq!(
            found(
                "a{background:url(https://cdn.example/a.png)}@import 'https://b.example/'",
                false
            ),
            [
                ("https://cdn.example/a.png".to_owned(), Seems::Media),
                ("https://b.example/".to_owned(), Seems::Other)
            ]
        );
    }
}
