//! Answers with status 200 that are no success: error pages, empty answers and failed builds.
//!
//! If it were vendored, such an answer would be locked and served for years. So it is refused by its
//! MIME type, by its first bytes, and by the signatures of services that are known to wrap a failed
//! build into a script that throws. Whether a
//! plausible script is the *right* one is for `integrity` and `npm` to say.

use memchr::memmem;
use serde::de::IgnoredAny;
use thiserror::Error;

mod failed_build;

use self::failed_build::failed_build;
use super::Response;
use crate::mime;

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
    /// Any file whose address some code takes.
    Asset,
}

/// Why an answer with status 200 is not what was wanted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WrongContent {
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
    /// A script that only reports that the CDN could not build it.
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

/// Checks whether `response` can be what was wanted.
///
/// # Errors
/// [`WrongContent`] says what it is instead.
pub fn inspect(response: &Response, wanted: Wanted) -> Result<(), WrongContent> {
    let url = || response.url.to_string();
    let body = without_blanks(&response.bytes);
    if body.is_empty() {
        return Err(WrongContent::Empty { url: url() });
    }
    if is_html(response.content_type.as_deref(), body) {
        return Err(WrongContent::HtmlPage { url: url() });
    }
    let essence = response.content_type.as_deref().unwrap_or_default();
    match wanted {
        Wanted::Module if essence == "application/wasm" => Ok(()),
        Wanted::Script | Wanted::Module => inspect_script(response, body),
        Wanted::Json if is_json(body) => Ok(()),
        Wanted::Json => Err(WrongContent::NotJson { url: url() }),
        Wanted::Css if essence == "text/css" => Ok(()),
        Wanted::Css => Err(WrongContent::NotCss { url: url(), found: essence.to_owned() }),
        Wanted::Asset => match failed_build(body) {
            Some((service, message)) => {
                Err(WrongContent::FailedBuild { url: url(), service, message })
            }
            None => Ok(()),
        },
    }
}

fn inspect_script(response: &Response, body: &[u8]) -> Result<(), WrongContent> {
    let url = || response.url.to_string();
    let essence = response.content_type.as_deref();
    // An array or a string is a script too, if a pointless one; an object is a syntax error.
    if essence.is_some_and(mime::is_json) || (body.starts_with(b"{") && is_json(body)) {
        return Err(WrongContent::Json { url: url() });
    }
    if let Some((service, message)) = failed_build(body) {
        return Err(WrongContent::FailedBuild { url: url(), service, message });
    }
    match essence {
        None => Err(WrongContent::NoType { url: url() }),
        Some(essence) if mime::is_javascript(essence) => Ok(()),
        Some("text/plain") if is_raw_host(response) => Ok(()),
        Some(essence) => Err(WrongContent::WrongType { url: url(), found: essence.to_owned() }),
    }
}

fn is_raw_host(response: &Response) -> bool {
    response.url.host_str().is_some_and(|host| RAW_HOSTS.contains(&host))
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn is_html(essence: Option<&str>, body: &[u8]) -> bool {
    match essence {
        Some("text/html" | "application/xhtml+xml") => true,
        Some(essence) if mime::is_javascript(essence) => is_markup_despite_its_type(body),
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

#[cfg(test)]
mod tests;
