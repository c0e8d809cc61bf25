//! Character encodings: which one a page is in, and how to splice in those that are not
//! ASCII-compatible.
//!
//! Follows HTML 13.2.3 as far as a file alone can tell: a byte order mark wins over `<meta
//! charset>`, and without either we take UTF-8. UTF-16 and ISO-2022-JP pages are read and edited
//! as UTF-8, but only where the way back gives the very same bytes.

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

/// The encoding that the first bytes give away: a byte order mark, or the zeros of UTF-16.
pub(super) fn sniff(page: &[u8]) -> Option<&'static Encoding> {
    match page {
        [b'<', 0, first, 0, ..] if *first != 0 => Some(UTF_16LE),
        [0, b'<', 0, first, ..] if *first != 0 => Some(UTF_16BE),
        _ => Encoding::for_bom(page).map(|(encoding, _)| encoding),
    }
}

/// The encoding a `<meta>` declares, by the decoded values that `attribute` gives for a name.
pub(super) fn declared<'a>(
    attribute: impl Fn(&str) -> Option<&'a str>,
) -> Option<&'static Encoding> {
    let label = match attribute("charset") {
        Some(label) => label,
        None if attribute("http-equiv")?.eq_ignore_ascii_case("content-type") => {
            label_in(attribute("content")?)?
        }
        None => return None,
    };
    let encoding = Encoding::for_label(label.as_bytes())?;
    // A page whose `<meta>` could be read is not in UTF-16, whatever it says (HTML 13.2.3.3).
    Some(if encoding == UTF_16BE || encoding == UTF_16LE { UTF_8 } else { encoding })
}

/// "Extracting a character encoding from a meta element" (HTML 2.6.5).
fn label_in(content: &str) -> Option<&str> {
    let lower = content.to_ascii_lowercase();
    let value = lower.match_indices("charset").find_map(|(index, word)| {
        let after = &content[index + word.len()..];
        after.trim_ascii_start().strip_prefix('=').map(str::trim_ascii_start)
    })?;
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split_once(quote).map(|(label, _)| label),
        _ => value.split(|char: char| char == ';' || char.is_ascii_whitespace()).next(),
    }
}

/// Whether pages in this encoding have to be transcoded before markup can be found in their bytes.
pub(super) fn hides_markup(encoding: &'static Encoding) -> bool {
    [UTF_16LE, UTF_16BE, ISO_2022_JP, REPLACEMENT].contains(&encoding)
}

/// The page as UTF-8; `None` where [`encode`] would not give back the same bytes.
pub(super) fn transcode(page: &[u8], encoding: &'static Encoding) -> Option<String> {
    let (text, _) = encoding.decode_without_bom_handling(page);
    (encode(&text, encoding)? == page).then(|| text.into_owned())
}

/// The text in a page's own encoding; `None` where that encoding cannot say it.
pub(super) fn encode(text: &str, encoding: &'static Encoding) -> Option<Vec<u8>> {
    if encoding == UTF_16LE {
        return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    let (bytes, used, unmappable) = encoding.encode(text);
    (used == encoding && !unmappable).then(|| bytes.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_known_by_its_mark_or_its_zeros() {
        assert_eq!(sniff(b"\xFF\xFE<\0"), Some(UTF_16LE));
        assert_eq!(sniff(b"<\0h\0>\0"), Some(UTF_16LE));
        assert_eq!(sniff(b"\0<\0h"), Some(UTF_16BE));
        assert_eq!(sniff(b"\0<script>"), None, "a stray zero");
        assert_eq!(sniff(b"\xEF\xBB\xBF<h"), Some(UTF_8));
        assert_eq!(sniff(b"<html>"), None);
    }

    #[test]
    fn an_encoding_is_declared_in_two_ways() {
        let meta = |pairs: &'static [(&str, &str)]| {
            declared(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| *v))
                .map(Encoding::name)
        };
        assert_eq!(meta(&[("charset", " Latin1 ")]), Some("windows-1252"));
        assert_eq!(meta(&[("charset", "utf-16")]), Some("UTF-8"));
        let content = ("content", "text/html; charset = 'shift_jis'");
        let pairs: &'static [_] = vec![("http-equiv", "Content-Type"), content].leak();
        assert_eq!(meta(pairs), Some("Shift_JIS"));
        assert_eq!(meta(&[("content", "charset=utf-8")]), None);
    }

    #[test]
    fn only_what_can_be_given_back_is_transcoded() {
        assert_eq!(transcode(b"<\0a\0", UTF_16LE).as_deref(), Some("<a"));
        assert_eq!(transcode(b"<\0a\0b", UTF_16LE), None);
        assert_eq!(transcode(b"\0\xD8", UTF_16LE), None, "a lone surrogate");
        assert_eq!(transcode(b"a\x1B$B$\"\x1B(Bb", ISO_2022_JP).as_deref(), Some("aあb"));
        assert_eq!(transcode(b"a\x1B$B\x1B(Bb", ISO_2022_JP), None, "an empty escape");
    }
}
