//! Which scripts need no parse: most libraries load nothing, and show no sign that they might.
//!
//! Looks at bytes, in comments and strings as well as in code: that finds more than [`super::js`]
//! would, never less. What is common in libraries and means nothing is told apart all the same:
//! `exports`, an address in a licence, the namespace of SVG.

use std::{borrow::Cow, sync::LazyLock};

use regex::bytes::{Captures, Match, Regex};

use crate::html::script_words;

/// How far before an address the markup or style that loads it may begin, in bytes: what
/// [`super::residual`] allows, with every character an escape of a surrogate pair.
const MARKUP_WINDOW: usize = 200 * r"\u0000\u0000".len();

/// How long a tag may be up to an address in it, in bytes; longer ones are only read for nothing.
const TAG_WINDOW: usize = 400;

/// Names that are signs by themselves.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    let blank = r"[\s\x80-\xFF]";
    let lookups = r"getElementsByTagName|querySelector(?:All)?";
    let script = format!(r#"["'`](?:{blank}|\\\w[0-9a-fA-F]{{0,4}})*(?i:script)"#);
    let expression = format!(
        r"(?-u)importScripts|currentScript|\bscripts\b|(?:{lookups})(?:{blank}|[?.(])*(?:/|{script})"
    );
    Regex::new(&expression).expect("the expression is valid")
});

/// Escapes that can spell a name or an address.
static SPELLING: LazyLock<Regex> = LazyLock::new(|| {
    let printable = "(?:2[1-9a-fA-F]|[3-6][0-9a-fA-F]|7[0-9a-eA-E])";
    let octal = "0?(?:4[1-7]|[5-7][0-7])|1[0-7][0-7]";
    let line_ends = r"[\r\n]|\xE2\x80[\xA8\xA9]";
    let expression = format!(r"(?-u)\\(?:x{printable}|u00{printable}|u\{{|{octal}|{line_ends})");
    Regex::new(&expression).expect("the expression is valid")
});

/// Every escape: of a code point in hexadecimal or octal, of a line's end, or another.
static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
    let hex = r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}";
    let octal = "([0-3][0-7]{0,2}|[4-7][0-7]?)";
    let line_end = r"(\r\n|[\r\n]|\xE2\x80[\xA8\xA9])";
    Regex::new(&format!(r"(?s-u)\\(?:{hex}|{octal}|{line_end}|.)"))
        .expect("the expression is valid")
});

/// `//` as strings write it.
static SLASHES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?-u)\\?/\\?/").expect("the expression is valid"));

/// A tag up to the value of an attribute, in front of its quote.
static OPEN_TAG: LazyLock<Regex> = LazyLock::new(|| {
    let expression = r#"^(?-u)<[A-Za-z]\w*(?: [\w-]+="[^"'`\\\r\n]*")* [\w-]+=$"#;
    Regex::new(expression).expect("the expression is valid")
});

/// How the tags begin that load something, behind `<`.
static LOADING_TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?i-u)(?:script|link|img)").expect("the expression is valid"));

/// What loads the address in the quotes behind it, in style sheets and modules.
static QUOTED_LOAD: LazyLock<Regex> = LazyLock::new(|| {
    let expression = r#"(?i-u)@import|from(?:[\s\x80-\xFF]|\\.)*["'\\]"#;
    Regex::new(expression).expect("the expression is valid")
});

/// Names of XML namespaces, as far as [`super::residual`] never takes them for an address.
static NAMESPACE: LazyLock<Regex> = LazyLock::new(|| {
    let expression = r"^(?-u)(?:www\.w3\.org|ns\.adobe\.com|purl\.org)(?:/[\w/#-]*)?";
    Regex::new(expression).expect("the expression is valid")
});

/// Whether `source` could load anything, or show a sign of it.
pub(super) fn is_worth_parsing(source: &[u8]) -> bool {
    shows_sign(source) || SPELLING.is_match(source) && shows_sign(&unescaped(source))
}

fn shows_sign(code: &[u8]) -> bool {
    script_words::may_load(code)
        || script_words::may_import(code)
        || NAMES.is_match(code)
        || SLASHES.find_iter(code).any(|slashes| may_be_address(code, slashes))
}

/// The code with its escapes resolved, but for those that keep strings from ending.
fn unescaped(code: &[u8]) -> Cow<'_, [u8]> {
    ESCAPE.replace_all(code, |escape: &Captures<'_>| {
        let digits = |group: usize, radix: u32| {
            let digits = std::str::from_utf8(escape.get(group)?.as_bytes()).ok()?;
            Some(u32::from_str_radix(digits, radix).ok().and_then(char::from_u32))
        };
        let point = (1..=3).find_map(|group| digits(group, 16)).or_else(|| digits(4, 8));
        match point {
            Some(Some(char @ ('"' | '\'' | '`' | '\\'))) => format!("\\{char}").into_bytes(),
            Some(char) => char.unwrap_or(char::REPLACEMENT_CHARACTER).to_string().into_bytes(),
            None if escape.get(5).is_some() => Vec::new(),
            None => escape[0].to_vec(),
        }
    })
}

/// Whether an address that a string starts with, or that markup in it loads, has its `//` here.
fn may_be_address(code: &[u8], slashes: Match<'_>) -> bool {
    let (before, after) = (&code[..slashes.start()], &code[slashes.end()..]);
    let behind_namespace =
        || NAMESPACE.find(after).and_then(|namespace| after.get(namespace.end()).copied());
    match before_scheme(before) {
        Some(before) => match string_start(before).or_else(|| string_resumed(before)) {
            Some(quote) => behind_namespace() != Some(quote),
            None => {
                is_loaded_in_markup(before)
                    && !matches!(behind_namespace(), Some(b'"' | b'\'' | b'`' | b'\\'))
            }
        },
        // Slashes in front of these would be taken first.
        None if before.ends_with(b"/") => false,
        None => string_start(before)
            .or_else(|| string_resumed(before))
            .is_some_and(|quote| may_start_with_host(after, quote)),
    }
}

/// What stands before `http:` or `https:` at the end of `text`.
fn before_scheme(text: &[u8]) -> Option<&[u8]> {
    [&b"http:"[..], b"https:"].iter().find_map(|scheme| {
        let (before, end) = text.split_at_checked(text.len().checked_sub(scheme.len())?)?;
        end.eq_ignore_ascii_case(scheme).then_some(before)
    })
}

/// The quote of the string that begins at the end of `before`, but for white space, which can be
/// escaped.
fn string_start(before: &[u8]) -> Option<u8> {
    match without_blanks(before) {
        [code @ .., quote @ (b'"' | b'\'' | b'`')] => {
            let is_inside = code.ends_with(br"\") || ends_in_tag(code);
            (!is_inside).then_some(*quote)
        }
        _ => None,
    }
}

/// The same where a string goes on behind a substitution. Slashes there are no part of an address.
fn string_resumed(before: &[u8]) -> Option<u8> {
    let mut code = without_blanks(before).iter();
    let last = code.rfind(|byte| !matches!(byte, b'/' | b'\\'));
    (last == Some(&b'}')).then_some(b'`')
}

/// Whether `text` ends with the beginning of a tag, up to the value of an attribute. In code that
/// would be two names without anything between them, so it is in a string already.
fn ends_in_tag(text: &[u8]) -> bool {
    let window = &text[text.len().saturating_sub(TAG_WINDOW)..];
    memchr::memrchr(b'<', window).is_some_and(|at| OPEN_TAG.is_match(&window[at..]))
}

/// `text` without the white space at its end, escaped or not.
fn without_blanks(mut text: &[u8]) -> &[u8] {
    let escape = |text: &[u8]| {
        [r"\n", r"\x20", r"\u0020"].iter().find_map(|escape| {
            let before = text.len().checked_sub(escape.len())?;
            (text[before] == b'\\').then_some(before)
        })
    };
    loop {
        text = match text {
            [before @ .., last] if *last <= b' ' || !last.is_ascii() => before,
            _ => match escape(text) {
                Some(before) => &text[..before],
                None => return text,
            },
        }
    }
}

/// Whether `text`, behind `//` in a string with that `quote`, may be a public host name.
fn may_start_with_host(mut text: &[u8], quote: u8) -> bool {
    while let Some(rest) = text.strip_prefix(b"/").or_else(|| text.strip_prefix(br"\/")) {
        text = rest;
    }
    let ends = |byte: &u8| *byte <= b' ' || matches!(byte, b'/' | b'?' | b'#') || *byte == quote;
    let host = text.split(ends).next().unwrap_or_default();
    host.iter().any(|byte| matches!(byte, b'.' | b'%' | b'\\') || !byte.is_ascii())
}

/// Whether markup or a style at the end of `before` loads what follows.
fn is_loaded_in_markup(before: &[u8]) -> bool {
    let window = &before[before.len().saturating_sub(MARKUP_WINDOW)..];
    let Some(at) = memchr::memrchr3(b'<', b'(', b')', window) else {
        return QUOTED_LOAD.is_match(window);
    };
    let (outside, inside) = (&window[..at], &window[at + 1..]);
    match window[at] {
        b'<' if LOADING_TAG.is_match(inside) => true,
        b'(' if outside
            .last_chunk()
            .is_some_and(|name: &[u8; 3]| name.eq_ignore_ascii_case(b"url")) =>
        {
            true
        }
        _ => QUOTED_LOAD.is_match(inside),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libraries_say_of_themselves_is_no_reason() {
        for code in [
            "/*! A v1.2 (https://a.example/) | MIT (https://a.example/license) */",
            " * @see <https://a.example/>\n// https://a.example\nvar a; // //a.example",
            "if (!Popper) throw new TypeError('needs Popper (https://popper.example)')",
            "throw Error('Unsupported. Try https://a.example/search?q=b.')",
            "typeof exports && 'object' == typeof module ? module.exports = f() : 0",
            "document.createElementNS('http://www.w3.org/2000/svg', 'svg')",
            r#"e = '<a class="b" href="https://a.example">', f = "<a href=\"https://a.example\">""#,
            r#"e = "<svg xmlns=\"http://www.w3.org/2000/svg\"><path/></svg>""#,
            "a = location.protocol + '//' + location.host, b = '//# sourceURL=' + c",
            "t.getElementsByTagName('*'), t.querySelectorAll('a, script'), 'script' === b",
            r"/[\x00-\x1f\x7f\ud800-\udfff]|\1|\0/, 'caf\xe9\x20\u2028', '\\x68', /\x5b-\x60/",
            "subscripts, descriptors, $.getScript, Plugin.import, toDataURL(a), new URL(b)",
            "throw 'Please import and register the plugin, or export it'",
        ] {
            assert!(!is_worth_parsing(code.as_bytes()), "{code}");
        }
    }

    #[test]
    fn every_sign_is_one() {
        for code in [
            "fetch('https://a.example/b')",
            "fetch(' \\n\\x20\\u0020HTTP:\\/\\/a.example/b')",
            "a = '//cdn.example/a.js', b = `\\/\\/cdn.example`",
            "`${a}https://b.example/`",
            "'http://www.w3.org/a.js'",
            "'http://www.w3.org.example/'",
            "'<script async src=https://a.example/b.js>'",
            "w('<LINK rel=\"stylesheet\" href=\"https://a.example/b.css\">')",
            "'a { background: URL(https://a.example/b.png) }'",
            r#"'@import "https://a.example/b.css"'"#,
            r#"'import b from \"https://a.example/b.js\"'"#,
            r"'\x68ttps://a.example/'",
            r"'\150t\u{74}\u0070s:\57\x2fa.example/'",
            "'htt\\\nps://a.example'",
            r#""http://www.w3.org/a\x22.js""#,
            r#""http://www.w3.org/a\".js""#,
            "new W\\u006frker('a.js')",
            "document.currentScript.src",
            "document . scripts[0]",
            "document.getElementsByTagName ( \"SCRIPT\" )",
            "document.getElementsByTagName(/* all */ 'script')",
            "document.querySelector?.(`\\n script[src]`)",
            "importScripts('a.js')",
        ] {
            assert!(is_worth_parsing(code.as_bytes()), "{code}");
        }
    }

    #[test]
    fn no_script_takes_longer_than_its_length() {
        for piece in
            ["/", "'//", " //", "x https://", "}//", "x import ", r"\x41", "<a b=", "(a.b) ", "\\"]
        {
            let code = piece.repeat(200_000);
            let begin = std::time::Instant::now();
            is_worth_parsing(code.as_bytes());
            assert!(begin.elapsed().as_secs() < 20, "{piece}");
        }
    }
}
