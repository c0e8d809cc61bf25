//! Absolute URLs in the strings of a script: it may load them.
//!
//! For the report only, so that an answer that is sometimes wrong will do. A string counts if it
//! starts with a URL, or if it holds markup or a style sheet that loads one. Names of XML namespaces
//! are never loaded and do not count.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

/// Longer strings are data.
const URL_MAX: usize = 2_048;

static LOADED_IN_MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    let loads = r#"<script\b|<link\b|<img\b|url\(|@import\b|importScripts\(|\bfrom\s*["']"#;
    let expression = format!(r#"(?i)(?:{loads})[^<>()]{{0,200}}?(https?://[^\s"'`<>()\\]+)"#);
    Regex::new(&expression).expect("the expression is valid")
});

/// An absolute `http(s)` or `//` URL in a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlInString {
    text: String,
    continues: bool,
    seems: Seems,
}

/// What a URL seems to name, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seems {
    /// `.js`, `.mjs`, `.cjs`.
    Script,
    /// `.css`.
    Style,
    /// `.woff2` and its like.
    Font,
    /// `.wasm`.
    Wasm,
    /// `.json`, `.xml`, `.csv`.
    Data,
    /// A picture, a sound, a film.
    Media,
    /// Ends where a name would be put: `…/`, `…@`, `…=`, or a template goes on.
    Beginning,
    /// Anything else: mostly documentation.
    Other,
}

impl UrlInString {
    /// The URL that is all of `text`, if it is one that scripts load. `continues` if the script
    /// appends something to it.
    pub fn new(text: &str, continues: bool) -> Option<Self> {
        let url = whole(text)?;
        let seems = seems(text, &url, continues);
        let host = url.host_str()?;
        let is_namespace = ["www.w3.org", "ns.adobe.com", "purl.org"].contains(&host);
        if is_namespace && matches!(seems, Seems::Other | Seems::Beginning) {
            return None;
        }
        Some(Self { text: text.to_owned(), continues, seems })
    }

    /// The URL as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the script appends something to it.
    pub fn continues(&self) -> bool {
        self.continues
    }

    /// What it seems to name.
    pub fn seems(&self) -> Seems {
        self.seems
    }

    /// Its host, in lower case.
    #[cfg(feature = "internals")]
    pub fn host(&self) -> String {
        let host = whole(&self.text).and_then(|url| url.host_str().map(str::to_ascii_lowercase));
        host.unwrap_or_default()
    }
}

/// The absolute URLs in `text`, a string's value; `continues` if more is appended to it.
pub(super) fn urls(text: &str, continues: bool) -> Vec<UrlInString> {
    let trimmed = text.trim();
    if whole(trimmed).is_some() {
        return UrlInString::new(trimmed, continues).into_iter().collect();
    }
    if memchr::memmem::find(text.as_bytes(), b"://").is_none() {
        return Vec::new();
    }
    let found = LOADED_IN_MARKUP.captures_iter(text).filter_map(|found| found.get(1));
    let is_last = |end: usize| continues && end == text.len();
    found.filter_map(|found| UrlInString::new(found.as_str(), is_last(found.end()))).collect()
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

fn seems(text: &str, url: &Url, continues: bool) -> Seems {
    let open_ended = continues || text.ends_with(['/', '@', '=', '-']);
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        _ if open_ended && url.path() != "/" || continues => Seems::Beginning,
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

    fn found(text: &str, continues: bool) -> Vec<(String, Seems)> {
        let found = urls(text, continues).into_iter();
        found.map(|url| (url.text().to_owned(), url.seems())).collect()
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
