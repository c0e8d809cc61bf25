//! Searches in the bytes of a page or script, without reading their syntax.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

/// A tag is not searched for its attributes further than this.
const TAG_MAX: usize = 1 << 16;

fn searcher(text: &str) -> Option<AhoCorasick> {
    AhoCorasickBuilder::new().ascii_case_insensitive(true).build([text]).ok()
}

/// Where `text` ends, in any case, each time it stands in `bytes` as the beginning of a word.
fn ends_of<'b>(bytes: &'b [u8], text: &str) -> impl Iterator<Item = usize> + use<'b> {
    let begins_word = text.as_bytes().first().is_some_and(|first| is_name_byte(*first));
    let ends: Vec<usize> = searcher(text).map_or_else(Vec::new, |searcher| {
        let found = searcher.find_iter(bytes).filter(|found| {
            let before = found.start().checked_sub(1).map(|before| bytes[before]);
            !begins_word || !before.is_some_and(is_name_byte)
        });
        found.map(|found| found.end()).collect()
    });
    ends.into_iter()
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_token_byte(byte: u8) -> bool {
    is_name_byte(byte) || matches!(byte, b'+' | b'#' | b'.') || !byte.is_ascii()
}

/// Whether `text` stands in `bytes`, in any case.
pub(super) fn contains(bytes: &[u8], text: &str) -> bool {
    searcher(text).is_some_and(|searcher| searcher.is_match(bytes))
}

/// Gives the rest of every word that begins with `prefix`, as it is and in lower case, and `None`
/// for every one that code completes.
pub(super) fn after(bytes: &[u8], prefix: &str, found: &mut impl FnMut(Option<String>)) {
    for end in ends_of(bytes, prefix) {
        let rest = &bytes[end..];
        let length = rest.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(rest.len());
        let (token, next) = rest.split_at(length);
        if is_completed_by_code(next) {
            found(None);
        } else if !token.is_empty() {
            let token = String::from_utf8_lossy(token);
            found(Some(token.to_ascii_lowercase()));
            found(Some(token.into_owned()));
        }
    }
}

/// Whether a word that stands before these bytes goes on with a value: in a template, or in a sum.
fn is_completed_by_code(next: &[u8]) -> bool {
    match next {
        [b'$', b'{', ..] => true,
        [b'"' | b'\'' | b'`', rest @ ..] => rest.trim_ascii_start().starts_with(b"+"),
        _ => false,
    }
}

/// Gives the values of `attribute` in tags whose name begins with `element`; `None` for those that a
/// template fills in.
pub(super) fn attribute_values(
    bytes: &[u8],
    element: &str,
    attribute: &str,
    found: &mut impl FnMut(Option<String>),
) {
    if element.is_empty() {
        return values_in(bytes, attribute, found);
    }
    for end in ends_of(bytes, &format!("<{element}")) {
        let rest = &bytes[end..bytes.len().min(end + TAG_MAX)];
        values_in(&rest[..tag_length(rest)], attribute, found);
    }
}

/// How far it is to the end of the tag, a `>` in quotes not counted.
fn tag_length(rest: &[u8]) -> usize {
    let mut quote = None;
    for (index, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return index,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            _ => {}
        }
    }
    rest.len()
}

fn values_in(bytes: &[u8], attribute: &str, found: &mut impl FnMut(Option<String>)) {
    for end in ends_of(bytes, attribute) {
        let Some(value) = bytes[end..].trim_ascii_start().strip_prefix(b"=") else { continue };
        let value = attribute_value(value.trim_ascii_start());
        let computed = [&b"${"[..], b"{{", b"<%"].iter().any(|it| starts_within(value, it));
        found((!computed).then(|| String::from_utf8_lossy(value).into_owned()));
    }
}

fn starts_within(value: &[u8], text: &[u8]) -> bool {
    value.windows(text.len()).any(|window| window == text)
}

/// The value that begins here: up to its quote, or, without quotes, to the next blank or `>`.
fn attribute_value(bytes: &[u8]) -> &[u8] {
    match bytes {
        [quote @ (b'"' | b'\''), rest @ ..] => until(rest, |byte| byte == *quote),
        bytes => until(bytes, |byte| byte.is_ascii_whitespace() || byte == b'>'),
    }
}

fn until(bytes: &[u8], is_end: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes.iter().position(|byte| is_end(*byte)).unwrap_or(bytes.len());
    &bytes[..length]
}
