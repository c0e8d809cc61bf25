//! Replaces specifiers in a source text, and nothing else.
//!
//! A new specifier keeps the quotes of the old one. It is escaped so that it has its value in a
//! string and in a template (ECMA-262, 12.9.4 and 12.9.6) and in any encoding, and so that it ends
//! or opens nothing in a page that contains the code (HTML, 4.12.1.3).

use std::ops::Range;

use thiserror::Error;

/// A specifier that replaces a literal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// Where the literal starts.
    pub start: usize,
    /// Where it ends; quotes are part of it.
    pub end: usize,
    /// The specifier's text, not escaped.
    pub text: String,
}

impl Edit {
    /// An edit of the literal at `span`.
    pub fn new(span: Range<usize>, text: String) -> Self {
        Self { start: span.start, end: span.end, text }
    }
}

/// An edit that does not fit the source.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// What is to be replaced is no string literal: the edit is of another source.
    #[error("the bytes {start}..{end} are no string literal")]
    NoLiteral {
        /// The edit's start.
        start: usize,
        /// The edit's end.
        end: usize,
    },
    /// Two edits of one place.
    #[error("two edits meet at byte {at}")]
    Overlap {
        /// Where the later one starts.
        at: usize,
    },
}

/// The literal that `edit` puts into `source`.
///
/// # Errors
/// [`EditError::NoLiteral`] if the edit is not of this source.
pub fn written(source: &[u8], edit: &Edit) -> Result<String, EditError> {
    match source.get(edit.start..edit.end) {
        Some([open @ (b'"' | b'\'' | b'`'), .., close]) if open == close => {
            Ok(literal(&edit.text, char::from(*open)))
        }
        _ => Err(EditError::NoLiteral { start: edit.start, end: edit.end }),
    }
}

/// `source` with each edit's literal replaced; every other byte as it was.
///
/// # Errors
/// [`EditError`] if the edits are not of this source.
pub fn rewrite(source: &[u8], edits: &[Edit]) -> Result<Vec<u8>, EditError> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort();
    let mut out = Vec::with_capacity(source.len() + 64 * edits.len());
    let mut done = 0;
    for edit in edits {
        if edit.start < done {
            return Err(EditError::Overlap { at: edit.start });
        }
        let literal = written(source, edit)?;
        out.extend_from_slice(&source[done..edit.start]);
        out.extend_from_slice(literal.as_bytes());
        done = edit.end;
    }
    out.extend_from_slice(&source[done..]);
    Ok(out)
}

/// `text` as a literal in ASCII, delimited by `quote`.
fn literal(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '$' if quote == '`' => out.push_str("\\$"),
            // `</script`, `<!--`, `<script`, and `]]>` in XHTML.
            '<' => out.push_str("\\x3C"),
            '>' => out.push_str("\\x3E"),
            c if c == quote => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02X}", u32::from(c))),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            }
        }
    }
    out.push(quote);
    out
}
