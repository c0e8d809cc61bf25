//! An answer: the bytes, the URL that answered in the end, and its headers.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use url::Url;

/// A complete answer with status 200.
#[derive(Clone, Debug)]
pub struct Response {
    /// The URL that answered, after all redirects.
    pub url: Url,
    /// The URLs that redirected, in order; empty if the first URL answered.
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "read by tests"))]
    pub redirects: Vec<Url>,
    /// The MIME type's essence, lower-case, without parameters.
    pub content_type: Option<String>,
    pub(super) headers: HeaderMap,
    /// The body, decompressed: what Subresource Integrity hashes.
    pub bytes: Vec<u8>,
}

impl Response {
    /// The value of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the server says its answer depends on who asks (`Vary: User-Agent`, or `*`).
    pub fn varies_by_user_agent(&self) -> bool {
        let lines = self.headers.get_all(reqwest::header::VARY).iter();
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(|name| {
            let name = name.trim();
            name == "*" || name.eq_ignore_ascii_case("user-agent")
        })
    }
}

/// Extracts the essence as Fetch does ("extract a MIME type"): of several values the last usable counts.
pub(super) fn mime_essence(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(CONTENT_TYPE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(essence).next_back()
}

fn essence(value: &str) -> Option<String> {
    let essence = value.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let usable = [kind, subtype].iter().all(|part| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    });
    usable.then_some(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_TYPE, reqwest::header::HeaderValue::from_static(value));
        }
        mime_essence(&headers)
    }

    #[test]
    fn the_essence_is_lower_case_and_has_no_parameters() {
        assert_eq!(of(&["Text/JavaScript; charset=UTF-8"]).as_deref(), Some("text/javascript"));
    }

    #[test]
    fn the_last_usable_of_several_types_counts() {
        assert_eq!(of(&["text/html", "text/javascript"]).as_deref(), Some("text/javascript"));
        assert_eq!(of(&["text/javascript, text/html"]).as_deref(), Some("text/html"));
        assert_eq!(of(&["text/javascript", "*/*"]).as_deref(), Some("text/javascript"));
    }

    #[test]
    fn nonsense_is_no_type() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["javascript"]), None);
        assert_eq!(of(&["text/"]), None);
        assert_eq!(of(&["te xt/javascript"]), None);
    }
}
