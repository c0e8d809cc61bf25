//! Text that goes into script elements: what may, which line ends it gets, and the element around
//! a new import map.
//!
//! What a script's text must not hold follows HTML 4.12.1.3, "restrictions for contents of script
//! elements". Nothing is escaped here: how to escape depends on the grammar of the text, which
//! is not known.

use super::{
    change::Insertion,
    error::SpliceError,
    splice::{Splice, quoted},
};
use crate::html::{Dialect, Place, Tag, nested::Surroundings};

/// What ends a script, or makes its end tag another one.
const MARKUP: [&str; 3] = ["</script", "<script", "<!--"];

/// Whether `text` can be written into the script at `tag`.
pub(super) fn check_text(text: &str, dialect: Dialect, tag: &Tag) -> Result<(), SpliceError> {
    let refused =
        |found: &str| Err(SpliceError::Text { offset: tag.span.start, found: found.to_owned() });
    let is_written = |char: char| matches!(char, ' '..='~' | '\n' | '\t');
    if let Some(char) = text.chars().find(|char| !is_written(*char)) {
        return refused(char.encode_utf8(&mut [0; 4]));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(markup) = MARKUP.into_iter().find(|markup| lower.contains(markup)) {
        return refused(markup);
    }
    let in_xml: &[&str] = match dialect {
        Dialect::Html => &[],
        Dialect::Xhtml => &["<", "&", "]]>"],
    };
    if let Some(markup) = in_xml.iter().find(|markup| lower.contains(**markup)) {
        return refused(markup);
    }
    match Surroundings::ends_a_comment(tag.surroundings.as_ref(), text) {
        true => refused(">"),
        false => Ok(()),
    }
}

/// An import map right before `tag`.
pub(super) fn import_map(
    source: &[u8],
    dialect: Dialect,
    tag: &Tag,
    insertion: &Insertion<'_>,
) -> Result<Splice, SpliceError> {
    let at = tag.span.start;
    if tag.place != Place::Document {
        return Err(SpliceError::NotInDocument { offset: at });
    }
    check_text(insertion.text, dialect, tag)?;
    let nonce = insertion.nonce.map(|nonce| format!(" nonce={}", quoted(nonce)));
    let nonce = nonce.unwrap_or_default();
    let text = lines(source, at, insertion.text);
    let after = next_line(source, at);
    let bytes = format!("<script type=\"importmap\"{nonce}>{text}</script>{after}");
    Ok(Splice { span: at..at, bytes, among_references: false })
}

/// `text` with the line ends that the page has at `at`.
pub(super) fn lines(source: &[u8], at: usize, text: &str) -> String {
    text.replace('\n', line_end(source, at).unwrap_or("\n"))
}

/// The end of the line before `at`, or of the first line; `None` if the page is one line.
fn line_end(source: &[u8], at: usize) -> Option<&'static str> {
    let (before, after) = source.split_at(at);
    let ends = |end: usize| match (source[end], source.get(end + 1)) {
        (b'\r', Some(b'\n')) => "\r\n",
        (b'\r', _) => "\r",
        _ => "\n",
    };
    match memchr::memrchr2(b'\r', b'\n', before) {
        Some(end) if before[..end].ends_with(b"\r") && before[end] == b'\n' => Some(ends(end - 1)),
        Some(end) => Some(ends(end)),
        None => memchr::memchr2(b'\r', b'\n', after).map(|end| ends(at + end)),
    }
}

/// What gives a new element its own line before `at`: a line end and the same indent. Nothing if
/// other things stand before it on the line.
fn next_line(source: &[u8], at: usize) -> String {
    let start = memchr::memrchr2(b'\r', b'\n', &source[..at]).map_or(0, |end| end + 1);
    let indent = &source[start..at];
    match line_end(source, at) {
        Some(line_end) if indent.iter().all(|byte| matches!(byte, b' ' | b'\t')) => {
            let indent = indent.iter().map(|byte| char::from(*byte));
            line_end.chars().chain(indent).collect()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_those_of_the_line_before_or_else_of_the_first() {
        assert_eq!(line_end(b"a\nb\r\n  c", 7), Some("\r\n"));
        assert_eq!(line_end(b"a\r\nb\nc", 5), Some("\n"));
        assert_eq!(line_end(b"a\rb", 2), Some("\r"));
        assert_eq!(line_end(b"a\r\nb", 0), Some("\r\n"));
        assert_eq!(line_end(b"a b", 2), None);
    }

    #[test]
    fn an_element_gets_a_line_only_from_one_that_has_its_own() {
        assert_eq!(next_line(b"a\r\n\t c", 5), "\r\n\t ");
        assert_eq!(next_line(b"a\n b c", 5), "");
        assert_eq!(next_line(b"c\n", 0), "\n");
        assert_eq!(next_line(b"  c", 2), "");
    }
}
