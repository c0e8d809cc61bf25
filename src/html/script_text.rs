//! Inline scripts: their text, and which of them build script elements.
//!
//! `document.write("<script src=…")` and `createElement("script")` are only remarked on. A heuristic
//! is enough for that: it reads text, not JavaScript, and finds absolute and protocol-relative
//! addresses only.

use std::{ops::Range, sync::LazyLock};

use encoding_rs::Encoding;
use memchr::memmem;
use regex::bytes::Regex;

use super::{attribute::decode_charset, span::OffsetMap};

/// A script's text as the tokenizer reports it, with the way back to the bytes it was made from: line
/// ends as LF, NUL as U+FFFD.
pub(super) fn script_text(
    bytes: &[u8],
    start: usize,
    encoding: &'static Encoding,
) -> (String, [OffsetMap; 2]) {
    let (raw, to_bytes) = decode_charset(bytes, start, encoding);
    let mut text = String::with_capacity(raw.len());
    let mut to_raw = OffsetMap::default();
    let mut at = 0;
    while let Some(distance) = memchr::memchr2(b'\r', 0, &raw.as_bytes()[at..]) {
        to_raw.copy(text.len(), at);
        text.push_str(&raw[at..at + distance]);
        at += distance;
        to_raw.replace(text.len(), at);
        let (char, length) = match &raw.as_bytes()[at..] {
            [b'\r', b'\n', ..] => ('\n', 2),
            [b'\r', ..] => ('\n', 1),
            _ => (char::REPLACEMENT_CHARACTER, 1),
        };
        text.push(char);
        at += length;
    }
    to_raw.copy(text.len(), at);
    text.push_str(&raw[at..]);
    (text, [to_raw, to_bytes])
}

/// `\/` is how scripts in pages write `/` after `<`.
const ADDRESS: &str = r#"(?P<url>(?:https?:)?\\?/\\?/[a-z0-9\[][^\s"'`<>]*)"#;

static BUILT: LazyLock<Regex> = LazyLock::new(|| {
    let written = format!(r#"<scr[^>]{{0,200}}?\bsrc\s*=\s*(?:\\?["'])?{ADDRESS}"#);
    let created = format!(
        r#"(?-i:createElement)\(\s*["'`]script["'`]\s*\)[\s\S]{{0,400}}?\.src\s*=\s*["'`]{ADDRESS}"#
    );
    let either = format!("(?i-u)(?:{written}|{})", created.replace("<url>", "<url2>"));
    Regex::new(&either).expect("the expression above is a valid one")
});

/// The addresses that an inline script's text seems to load scripts from.
pub(super) fn built_addresses(text: &[u8]) -> Vec<Range<usize>> {
    if memmem::find(text, b"//").is_none() && memmem::find(text, b"/\\/").is_none() {
        return Vec::new();
    }
    BUILT
        .captures_iter(text)
        .filter_map(|found| found.name("url").or(found.name("url2")))
        .map(|url| {
            // The backslash of an escaped closing quote is not part of the address.
            let escapes = url.as_bytes().iter().rev().take_while(|byte| **byte == b'\\').count();
            url.start()..url.end() - escapes
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(text: &str) -> Vec<&str> {
        built_addresses(text.as_bytes()).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn written_and_created_scripts_are_found() {
        assert_eq!(
            built(
                r#"window.jQuery || document.write('<script src="https://cdn.example/a.js"><\/script>')"#
            ),
            ["https://cdn.example/a.js"]
        );
        assert_eq!(
            built(r#"w("<scr"+"ipt src=\"//cdn.example/b.js\"></scr"+"ipt>")"#),
            ["//cdn.example/b.js"]
        );
        assert_eq!(
            built(r"w('<script src=https:\/\/cdn.example\/c.js>')"),
            [r"https:\/\/cdn.example\/c.js"]
        );
        assert_eq!(
            built(
                "var s=document.createElement('script');s.async=1;\ns.src = 'https://cdn.example/d.js';"
            ),
            ["https://cdn.example/d.js"]
        );
    }

    #[test]
    fn local_and_computed_addresses_are_not() {
        assert!(built("document.write('<script src=\"js/a.js\"><\\/script>') // no").is_empty());
        assert!(built("s=document.createElement('script');s.src=base+'//x'").is_empty());
        assert!(built("img.src='https://cdn.example/a.png'").is_empty());
    }
}
