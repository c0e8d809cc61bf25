//! Inline scripts: their text, and which classic ones build script elements or may load modules.
//!
//! All of it reads text, not JavaScript. Only a remark comes of `document.write("<script src=…")`
//! and `createElement("script")`, so a heuristic will do, which knows absolute and
//! protocol-relative addresses only. What may load modules is read by others, so here it is found
//! too often rather than missed (ECMA-262 13.3.10, import calls; HTML 10.2.6.3, dedicated workers).

use std::{ops::Range, sync::LazyLock};

use encoding_rs::Encoding;
use memchr::memmem;
use regex::bytes::Regex;

use super::{attribute::decode_charset, srcdoc::OffsetMap};

/// How much white space and comments are read between `import` and `(`; with more it counts.
const CALL_WINDOW: usize = 1024;

/// Made once: most scripts are shorter than the making of a finder takes.
static IMPORT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("import"));
static WORK: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("Work"));

/// A script's text as the tokenizer hands it over, with the way back to the layer's bytes: line
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

/// Whether a classic script may load modules or workers.
pub(super) fn may_load(code: &[u8]) -> bool {
    import_call(code).is_some() || worker(code).is_some()
}

/// Whether a module may import others before it runs.
pub(super) fn may_import(code: &[u8]) -> bool {
    [&b"import"[..], b"export"].iter().any(|word| memmem::find(code, word).is_some())
}

/// Where `import(` is first written, or `import.defer(`, with white space and comments between.
pub(super) fn import_call(code: &[u8]) -> Option<usize> {
    IMPORT
        .find_iter(code)
        .find(|at| is_word_start(code, *at) && goes_on_to_call(&code[at + b"import".len()..]))
}

/// Where something that runs on its own is first started: `Worker`, `SharedWorker`, a service
/// worker or a worklet.
pub(super) fn worker(code: &[u8]) -> Option<usize> {
    WORK.find_iter(code).find(|at| {
        let (before, after) = code.split_at(*at);
        if let Some(after) = after.strip_prefix(b"Worklet") {
            return calls_method(after, b"addModule");
        }
        let Some(after) = after.strip_prefix(b"Worker") else { return false };
        if before.ends_with(b"service") {
            return calls_method(after, b"register");
        }
        let start = at - if before.ends_with(b"Shared") { b"Shared".len() } else { 0 };
        is_word_start(code, start) && !after.first().is_some_and(is_word)
    })
}

/// Whether `after` goes on with `.name` or `?.name`.
fn calls_method(after: &[u8], name: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    let after = after.strip_prefix(b"?").unwrap_or(after);
    let method = after.strip_prefix(b".").map(<[u8]>::trim_ascii_start);
    // Between the two there may be comments.
    method.is_some_and(|method| method.starts_with(name) || method.starts_with(b"/"))
        || after.starts_with(b"/")
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

fn is_word_start(code: &[u8], at: usize) -> bool {
    !code[..at].last().is_some_and(is_word)
}

fn goes_on_to_call(after: &[u8]) -> bool {
    let mut rest = &after[..after.len().min(CALL_WINDOW)];
    loop {
        // Whatever is not ASCII may be white space in some encoding.
        let is_blank = |byte: &u8| *byte <= b' ' || !byte.is_ascii();
        let blank = rest.iter().position(|byte| !is_blank(byte)).unwrap_or(rest.len());
        rest = &rest[blank..];
        let comment = rest
            .strip_prefix(b"/*")
            .map(|text| memmem::find(text, b"*/").map(|end| &text[end + 2..]));
        match comment {
            Some(Some(after)) => rest = after,
            Some(None) => return after.len() > CALL_WINDOW,
            None => break,
        }
    }
    // Comments up to the line's end, in both of their forms, are reason enough.
    let calls: [&[u8]; 5] = [b"(", b".", b"//", b"<!--", b"-->"];
    calls.iter().any(|call| rest.starts_with(call))
        || (rest.len() < b"<!--".len() && after.len() > CALL_WINDOW)
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
    fn what_starts_a_worker_is_found() {
        for code in [
            "new Worker('a.js')",
            "new window.SharedWorker('a.js')",
            "navigator.serviceWorker.register('/sw.js')",
            "navigator.serviceWorker\n  ?. register('/sw.js')",
            "navigator.serviceWorker/* */.register('/sw.js')",
            "CSS.paintWorklet.addModule('a.js')",
        ] {
            assert!(may_load(code.as_bytes()), "{code}");
        }
        for code in [
            "var MyWorker, Workers, CoWorker2, Working",
            "'serviceWorker' in navigator",
            "navigator.serviceWorker.getRegistrations()",
            "ctx.audioWorklet",
        ] {
            assert!(!may_load(code.as_bytes()), "{code}");
        }
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
