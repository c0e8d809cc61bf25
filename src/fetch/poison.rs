//! A 200 that is no success: error pages, empty answers and failed builds that say "OK".
//!
//! Vendored, such an answer would be locked and served for years, so it is refused by MIME type
//! (the list is HTML's and MIME Sniffing's "JavaScript MIME type"), by its first bytes, and by the
//! signatures of services known to wrap a failed build into a script that throws. Whether a
//! plausible script is the *right* one is for `integrity` and `npm` to say.

use memchr::memmem;
use serde::de::IgnoredAny;
use thiserror::Error;

use super::Response;
use crate::asset::AssetKind;

/// What the answer is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// A classic script.
    Script,
    /// What `import` takes without attributes: a script, or WebAssembly.
    Module,
    /// A JSON document.
    Json,
    /// A style sheet.
    Css,
    /// Whatever some code takes the address of.
    Asset,
}

/// Why an answer with status 200 is not what was wanted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Poison {
    /// Nothing, or nothing but blanks.
    #[error("`{url}` answered with an empty body")]
    Empty {
        /// The URL that answered.
        url: String,
    },
    /// A page for people: a "not found", a captcha, a sign-in.
    #[error("`{url}` answered with an HTML page")]
    HtmlPage {
        /// The URL that answered.
        url: String,
    },
    /// JSON, most likely an error message, where a script was wanted.
    #[error("`{url}` answered with JSON, not with a script")]
    Json {
        /// The URL that answered.
        url: String,
    },
    /// Something else, where JSON was wanted.
    #[error("`{url}` did not answer with JSON")]
    NotJson {
        /// The URL that answered.
        url: String,
    },
    /// A script whose only deed is to report that the CDN could not build it.
    #[error("{service} could not build `{url}`: {message}")]
    FailedBuild {
        /// The URL that answered.
        url: String,
        /// Whose signature it is.
        service: &'static str,
        /// The service's own words, shortened.
        message: String,
    },
    /// A MIME type browsers would not take for a script.
    #[error("`{url}` has the MIME type `{found}`, which is no script")]
    WrongType {
        /// The URL that answered.
        url: String,
        /// The MIME type's essence.
        found: String,
    },
    /// A MIME type browsers would not take for a style sheet.
    #[error("`{url}` has the MIME type `{found}`, which is no style sheet")]
    NotCss {
        /// The URL that answered.
        url: String,
        /// The MIME type's essence.
        found: String,
    },
    /// No MIME type at all.
    #[error("`{url}` answered without a MIME type")]
    NoType {
        /// The URL that answered.
        url: String,
    },
}

/// Hosts that serve every text as `text/plain`, on purpose.
const RAW_HOSTS: [&str; 2] = ["raw.githubusercontent.com", "gist.githubusercontent.com"];

/// Where a failed build announces itself: no service puts more than a comment before it.
const HEAD: usize = 4 << 10;

/// Whether `essence` (lower-case, no parameters) is a JavaScript MIME type (MIME Sniffing, 4.6).
pub fn is_javascript_mime_type(essence: &str) -> bool {
    AssetKind::ClassicScript.mime_types().contains(&essence)
}

/// Looks whether `response` can be what was wanted.
///
/// # Errors
/// [`Poison`] says what it is instead.
pub fn inspect(response: &Response, wanted: Wanted) -> Result<(), Poison> {
    let url = || response.url.to_string();
    let body = without_blanks(&response.bytes);
    if body.is_empty() {
        return Err(Poison::Empty { url: url() });
    }
    if is_html(response.content_type.as_deref(), body) {
        return Err(Poison::HtmlPage { url: url() });
    }
    let essence = response.content_type.as_deref().unwrap_or_default();
    match wanted {
        Wanted::Module if essence == "application/wasm" => Ok(()),
        Wanted::Script | Wanted::Module => inspect_script(response, body),
        Wanted::Json if is_json(body) => Ok(()),
        Wanted::Json => Err(Poison::NotJson { url: url() }),
        Wanted::Css if essence == "text/css" => Ok(()),
        Wanted::Css => Err(Poison::NotCss { url: url(), found: essence.to_owned() }),
        Wanted::Asset => match failed_build(body) {
            Some((service, message)) => Err(Poison::FailedBuild { url: url(), service, message }),
            None => Ok(()),
        },
    }
}

fn inspect_script(response: &Response, body: &[u8]) -> Result<(), Poison> {
    let url = || response.url.to_string();
    let essence = response.content_type.as_deref();
    // An array or a string is a script too, if a pointless one; an object is a syntax error.
    if essence.is_some_and(is_json_mime_type) || (body.starts_with(b"{") && is_json(body)) {
        return Err(Poison::Json { url: url() });
    }
    if let Some((service, message)) = failed_build(body) {
        return Err(Poison::FailedBuild { url: url(), service, message });
    }
    match essence {
        None => Err(Poison::NoType { url: url() }),
        Some(essence) if is_javascript_mime_type(essence) => Ok(()),
        Some("text/plain") if is_raw_host(response) => Ok(()),
        Some(essence) => Err(Poison::WrongType { url: url(), found: essence.to_owned() }),
    }
}

fn is_raw_host(response: &Response) -> bool {
    response.url.host_str().is_some_and(|host| RAW_HOSTS.contains(&host))
}

fn is_json_mime_type(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn is_html(essence: Option<&str>, body: &[u8]) -> bool {
    match essence {
        Some("text/html" | "application/xhtml+xml") => true,
        Some(essence) if is_javascript_mime_type(essence) => is_markup_despite_its_type(body),
        _ => body.starts_with(b"<"),
    }
}

/// No script starts with `<`, but for `<!--`, which old scripts open with to hide from older browsers
/// (ECMAScript B.1.1: it comments out its line). Markup follows such a comment only in a page.
fn is_markup_despite_its_type(body: &[u8]) -> bool {
    if !body.starts_with(b"<!--") {
        return body.starts_with(b"<");
    }
    let after_line = memchr::memchr(b'\n', body).map_or(&[][..], |end| &body[end + 1..]);
    let after_comment = memmem::find(body, b"-->").map_or(&[][..], |end| &body[end + 3..]);
    [after_line, after_comment].into_iter().map(without_blanks).any(|rest| rest.starts_with(b"<"))
}

/// Skips a byte order mark and blanks.
fn without_blanks(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

/// The service and its words, if `body` is a build that failed.
fn failed_build(body: &[u8]) -> Option<(&'static str, String)> {
    let head = &body[..body.len().min(HEAD)];
    let statement = without_comments(head);
    let throws = statement.starts_with(b"throw ");
    let message = |text: &[u8]| {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).take(200).collect()
    };
    if head.starts_with(b"/* esm.sh - error */") {
        return Some(("esm.sh", message(statement)));
    }
    (throws && memmem::find(statement, b"Failed to bundle using Rollup").is_some())
        .then(|| ("jsDelivr", message(statement)))
}

/// What follows the comments a script opens with.
fn without_comments(script: &[u8]) -> &[u8] {
    let mut rest = script.trim_ascii_start();
    loop {
        let end = if rest.starts_with(b"/*") {
            memmem::find(rest, b"*/").map(|end| end + 2)
        } else if rest.starts_with(b"//") {
            memchr::memchr(b'\n', rest)
        } else {
            return rest;
        };
        let Some(end) = end else { return &[] };
        rest = rest[end..].trim_ascii_start();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderMap;
    use url::Url;

    use super::*;

    const JS: Option<&str> = Some("text/javascript");

    fn answer_of(url: &str, content_type: Option<&str>, body: &[u8]) -> Response {
        Response {
            url: Url::parse(url).unwrap(),
            redirects: Vec::new(),
            content_type: content_type.map(Into::into),
            headers: HeaderMap::new(),
            bytes: body.to_vec(),
        }
    }

    fn script(content_type: Option<&str>, body: &str) -> Result<(), Poison> {
        inspect(&answer_of("https://c.test/a.js", content_type, body.as_bytes()), Wanted::Script)
    }

    #[test]
    fn a_script_of_any_javascript_mime_type_is_fine() {
        for essence in ["text/javascript", "application/javascript", "application/x-javascript"] {
            assert_eq!(script(Some(essence), "alert(1)"), Ok(()), "{essence}");
        }
    }

    #[test]
    fn a_body_of_blanks_is_empty() {
        for body in ["", " \r\n\t", "\u{feff}", "\u{feff}\n "] {
            assert!(matches!(script(JS, body), Err(Poison::Empty { .. })), "{body:?}");
        }
    }

    #[test]
    fn a_page_is_a_page_whatever_it_calls_itself() {
        for essence in [JS, None, Some("text/plain"), Some("text/html")] {
            let page = script(essence, "\u{feff}\n<!DOCTYPE html><title>404</title>");
            assert!(matches!(page, Err(Poison::HtmlPage { .. })), "{essence:?}");
        }
        assert!(matches!(script(Some("text/html"), "alert(1)"), Err(Poison::HtmlPage { .. })));
    }

    #[test]
    fn a_script_may_hide_in_an_html_comment() {
        assert_eq!(script(JS, "<!-- hide\nvar a = 1;\n// -->"), Ok(()));
        assert_eq!(script(JS, "<!--\nvar a = 1;\n//-->\n"), Ok(()));
        for page in ["<!-- x -->\n<html>", "<!-- x --><html>", "<!-- x\ny -->\n<html>"] {
            assert!(matches!(script(JS, page), Err(Poison::HtmlPage { .. })), "{page}");
        }
        assert!(script(None, "<!-- hide\nvar a = 1;\n// -->").is_err());
    }

    #[test]
    fn json_is_no_script() {
        let error = r#"{"error": "not found"}"#;
        assert!(matches!(script(JS, error), Err(Poison::Json { .. })));
        assert!(matches!(script(Some("application/json"), "1"), Err(Poison::Json { .. })));
        assert!(matches!(script(Some("application/problem+json"), "1"), Err(Poison::Json { .. })));
        assert_eq!(script(JS, "{ let a = 1; alert(a) }"), Ok(()));
    }

    #[test]
    fn json_where_json_is_wanted_is_fine() {
        let json = |body: &str| {
            let answer = answer_of("https://c.test/a", Some("text/plain"), body.as_bytes());
            inspect(&answer, Wanted::Json)
        };
        assert_eq!(json(r#"{"name": "a"}"#), Ok(()));
        assert!(matches!(json("nope"), Err(Poison::NotJson { .. })));
        assert!(matches!(json("<html>"), Err(Poison::HtmlPage { .. })));
    }

    #[test]
    fn a_failed_build_is_known_by_its_signature() {
        let jsdelivr = "/**\n * Failed to bundle.\n */\n\nthrow new Error('Failed to bundle using Rollup v2.79.2: the file imports a not supported node.js built-in module \"fs\".');\nexport default null;";
        let esm = "/* esm.sh - error */\nthrow new Error(\"[esm.sh] could not resolve\");\n";
        for (body, expected) in [(jsdelivr, "jsDelivr"), (esm, "esm.sh")] {
            let Err(Poison::FailedBuild { service, message, .. }) = script(JS, body) else {
                panic!("{body}");
            };
            assert_eq!(service, expected);
            assert!(message.starts_with("throw new Error("), "{message}");
        }
    }

    #[test]
    fn a_script_that_mentions_a_failed_build_is_a_script() {
        let mention =
            "/* Failed to bundle using Rollup */ console.log('Failed to bundle using Rollup')";
        assert_eq!(script(JS, mention), Ok(()));
        assert_eq!(script(JS, "console.log('/* esm.sh - error */')"), Ok(()));
    }

    #[test]
    fn text_plain_is_a_script_only_where_everything_is_text_plain() {
        let text = Some("text/plain");
        let raw = "https://raw.githubusercontent.com/u/r/main/a.js";
        assert_eq!(inspect(&answer_of(raw, text, b"alert(1)"), Wanted::Script), Ok(()));
        assert!(matches!(script(text, "alert(1)"), Err(Poison::WrongType { .. })));
        let other = "https://raw.githubusercontent.com.evil.test/a.js";
        assert!(inspect(&answer_of(other, text, b"alert(1)"), Wanted::Script).is_err());
    }

    #[test]
    fn other_types_and_none_are_refused() {
        let octets = script(Some("application/octet-stream"), "alert(1)");
        assert!(matches!(octets, Err(Poison::WrongType { .. })));
        assert!(matches!(script(None, "alert(1)"), Err(Poison::NoType { .. })));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(body: Vec<u8>, opening in "(<!--|/\\*|//|throw |\\{)?") {
            let body = [opening.as_bytes(), &body].concat();
            for wanted in [Wanted::Script, Wanted::Json] {
                for essence in [JS, None, Some("text/plain")] {
                    let _ = inspect(&answer_of("https://c.test/a.js", essence, &body), wanted);
                }
            }
        }
    }
}
