//! Attribute values: raw bytes → text as the URL parser should see it, and text → bytes that read
//! back as that text.
//!
//! Decoding follows HTML's tokenizer inside attribute values (13.2.5.36 to 13.2.5.38 and 13.2.5.72
//! to 13.2.5.80) after input preprocessing (13.2.3.5). Encoding writes ASCII only, which every
//! encoding we edit in agrees on.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

use super::span::{OffsetMap, Quote};

/// Decodes a raw attribute value: charset, line ends, NUL, character references.
pub(super) fn decode(raw: &[u8], encoding: &'static Encoding) -> String {
    let text = encoding.decode_without_bom_handling(raw).0;
    if memchr::memchr3(b'&', b'\r', 0, text.as_bytes()).is_none() {
        return text.into_owned();
    }
    decode_references(&text).0
}

/// Decodes a raw attribute value that starts at `start` of the text around it, with the way back: from the
/// text to the value's characters, and from those to the bytes around it.
pub(super) fn decode_mapped(
    raw: &[u8],
    start: usize,
    encoding: &'static Encoding,
) -> (String, [OffsetMap; 2]) {
    let (text, to_bytes) = decode_charset(raw, start, encoding);
    let (text, to_chars) = decode_references(&text);
    (text, [to_chars, to_bytes])
}

/// Bytes → characters. A stray byte or a multi-byte character maps as one piece.
pub(super) fn decode_charset<'a>(
    raw: &'a [u8],
    start: usize,
    encoding: &'static Encoding,
) -> (Cow<'a, str>, OffsetMap) {
    if encoding == UTF_8
        && let Ok(text) = std::str::from_utf8(raw)
    {
        return (text.into(), OffsetMap::shifted(start));
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(raw.len());
    let mut map = OffsetMap::default();
    let mut begun = 0;
    for (index, byte) in raw.iter().enumerate() {
        let before = text.len();
        text.reserve(16);
        let last = index + 1 == raw.len();
        // One byte at a time, with room for whatever it completes: all of it is read and written.
        let _ = decoder.decode_to_string(std::slice::from_ref(byte), &mut text, last);
        if text.len() == before {
            continue;
        }
        if text.len() == before + 1 && begun == index {
            map.copy(before, start + begun);
        } else {
            map.replace(before, start + begun);
        }
        begun = index + 1;
    }
    map.copy(text.len(), start + raw.len());
    (text.into(), map)
}

fn decode_references(text: &str) -> (String, OffsetMap) {
    let mut decoded = String::with_capacity(text.len());
    let mut map = OffsetMap::default();
    let mut at = 0;
    while let Some(distance) = memchr::memchr3(b'&', b'\r', 0, &text.as_bytes()[at..]) {
        map.copy(decoded.len(), at);
        decoded.push_str(&text[at..at + distance]);
        at += distance;
        let rest = &text[at..];
        match special(rest) {
            Some((replacement, length)) => {
                map.replace(decoded.len(), at);
                decoded.extend(replacement);
                at += length;
            }
            None => {
                map.copy(decoded.len(), at);
                decoded.push('&');
                at += 1;
            }
        }
    }
    map.copy(decoded.len(), at);
    decoded.push_str(&text[at..]);
    (decoded, map)
}

type Characters = std::iter::Flatten<std::array::IntoIter<Option<char>, 2>>;

fn characters(first: char, second: Option<char>) -> Characters {
    [Some(first), second].into_iter().flatten()
}

/// What stands for something else at the start of `rest`, and how many bytes it takes.
fn special(rest: &str) -> Option<(Characters, usize)> {
    match rest.as_bytes() {
        [b'\r', b'\n', ..] => Some((characters('\n', None), 2)),
        [b'\r', ..] => Some((characters('\n', None), 1)),
        [0, ..] => Some((characters(char::REPLACEMENT_CHARACTER, None), 1)),
        [b'&', b'#', b'x' | b'X', ..] => numeric_reference(rest, 3, 16),
        [b'&', b'#', ..] => numeric_reference(rest, 2, 10),
        [b'&', ..] => named_reference(rest),
        _ => None,
    }
}

fn numeric_reference(rest: &str, prefix: usize, radix: u32) -> Option<(Characters, usize)> {
    let digits = rest[prefix..].chars().map_while(|char| char.to_digit(radix));
    let (mut number, mut length) = (0_u32, prefix);
    for digit in digits {
        number = number.saturating_mul(radix).saturating_add(digit);
        length += 1;
    }
    if length == prefix {
        return None;
    }
    let terminated = rest.as_bytes().get(length) == Some(&b';');
    Some((characters(number_to_char(number), None), length + usize::from(terminated)))
}

/// "Numeric character reference end state".
fn number_to_char(number: u32) -> char {
    let replaced = match number {
        0 => None,
        0x80..=0x9F => C1_REPLACEMENTS[(number - 0x80) as usize].or(char::from_u32(number)),
        _ => char::from_u32(number),
    };
    replaced.unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The longest name in the table. Without `;` it stays text before `=` and ASCII alphanumerics:
/// `?a=1&copy=2` is an address, not a copyright sign.
fn named_reference(rest: &str) -> Option<(Characters, usize)> {
    let name = &rest[1..];
    let mut longest = None;
    for end in 1..=name.len() {
        // The table also holds every prefix of a name, marked by zeros.
        match name.get(..end).and_then(|prefix| NAMED_ENTITIES.get(prefix)) {
            Some((0, _)) => {}
            Some(&(first, second)) => longest = Some((end, first, second)),
            None => break,
        }
    }
    let (end, first, second) = longest?;
    let next = name.as_bytes().get(end);
    let goes_on = next.is_some_and(|next| *next == b'=' || next.is_ascii_alphanumeric());
    if goes_on && !name[..end].ends_with(';') {
        return None;
    }
    let second = char::from_u32(second).filter(|char| *char != '\0');
    Some((characters(char::from_u32(first)?, second), end + 1))
}

/// Encodes text so that it reads back as the same text between these quotes, in HTML and XML, in
/// every ASCII-compatible encoding, and cannot end a comment around it.
pub(super) fn encode(text: &str, quote: Quote) -> String {
    let mut encoded = String::with_capacity(text.len());
    for char in text.chars() {
        match (char, quote) {
            ('&', _) => encoded.push_str("&amp;"),
            ('<' | '>' | '=' | '`' | '"' | '\'' | ' ', Quote::None) => number(&mut encoded, char),
            ('<', _) => encoded.push_str("&lt;"),
            ('>', _) => encoded.push_str("&gt;"),
            ('"', Quote::Double) => encoded.push_str("&quot;"),
            ('\'', Quote::Single) => encoded.push_str("&#39;"),
            (' '..='~', _) => encoded.push(char),
            _ => number(&mut encoded, char),
        }
    }
    encoded
}

fn number(encoded: &mut String, char: char) {
    encoded.push_str(&format!("&#{};", u32::from(char)));
}

/// Whether a value can stand without quotes (HTML 13.1.2.3, unquoted attribute value syntax).
pub(super) fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text.ends_with('/')
        || text.contains(|char| {
            matches!(char, '"' | '\'' | '=' | '<' | '>' | '`') || char.is_ascii_whitespace()
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::html::token::confirm;

    fn decoded(raw: &str) -> String {
        decode(raw.as_bytes(), UTF_8)
    }

    #[test]
    fn references_are_decoded_by_the_rules_of_attributes() {
        assert_eq!(decoded("a&amp;b&#38;c&#x26;d&ampe"), "a&b&c&d&ampe");
        assert_eq!(decoded("?a=1&copy=2&copy;&copy&notit;&notin;"), "?a=1&copy=2©©&notit;∉");
        assert_eq!(decoded("&&#&#x&#;&unknown;&"), "&&#&#x&#;&unknown;&");
    }

    #[test]
    fn nonsensical_numbers_become_replacement_characters() {
        assert_eq!(decoded("&#0;&#xD800;&#x110000;&#99999999999;\0"), "\u{FFFD}".repeat(5));
        assert_eq!(decoded("&#128;&#x81;"), "€\u{81}");
    }

    #[test]
    fn line_ends_are_normalized_but_not_written_ones() {
        assert_eq!(decoded("a\r\nb\rc&#13;"), "a\nb\nc\r");
    }

    #[test]
    fn bytes_are_decoded_by_the_encoding_of_the_page() {
        assert_eq!(decode(b"\xE4&auml;", encoding_rs::WINDOWS_1252), "ää");
    }

    #[test]
    fn offsets_of_a_legacy_encoding_lead_back() {
        // U+3042 is two bytes, and the stray lead byte swallows nothing.
        let raw = b"\x82\xA0<\x82\"&lt;z";
        let (text, maps) = decode_mapped(raw, 10, encoding_rs::SHIFT_JIS);
        assert_eq!(text, "あ<\u{FFFD}\"<z");
        let outer = |char: char| {
            maps.iter().try_fold(text.rfind(char).unwrap(), |offset, map| map.outer(offset))
        };
        assert_eq!(outer('z'), Some(10 + 9));
        assert_eq!(outer('<'), Some(10 + 5));
        assert_eq!(outer('あ'), Some(10));
    }

    proptest! {
        #[test]
        fn decoding_agrees_with_a_conforming_parser(
            raw in "([a-zA-Z0-9=;#&<>' \r\n\0]|&[a-z]{1,4};?|&#x?[0-9a-f]{1,7};?|&(not|copy|lt|amp|AMP|nvlt|fjlig);?|\\PC){0,12}"
        ) {
            let raw = raw.replace('"', "'");
            let page = format!("<script src=\"{raw}\"></script>");
            prop_assert_eq!(Some(decoded(&raw)), confirm::first_src(&page));
        }

        #[test]
        fn what_is_encoded_reads_back(text in "\\PC{0,20}|[ -~]{0,20}|[\"'&<>= `\n\r\t]{0,8}") {
            for quote in [Quote::Double, Quote::Single, Quote::None] {
                let encoded = encode(&text, quote);
                prop_assert!(encoded.is_ascii());
                prop_assert_eq!(decoded(&encoded), text.as_str());
            }
        }

        #[test]
        fn every_offset_leads_back_to_the_text_it_came_from(
            raw in "([a-z<>]|&lt;|&amp;quot;|&#60|ä|\r\n){0,12}"
        ) {
            let (text, [to_chars, to_bytes]) = decode_mapped(raw.as_bytes(), 0, UTF_8);
            for (index, _) in text.char_indices() {
                let outer = to_chars.outer(index).and_then(|offset| to_bytes.outer(offset)).unwrap();
                prop_assert_eq!(decoded(&raw[..outer]), &text[..index]);
            }
        }
    }
}
