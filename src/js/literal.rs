//! Replaces specifiers and addresses in a source text, and nothing else.
//!
//! A new literal keeps the quotes of the old one. It is escaped so that it has its value in a
//! string and in a template (ECMA-262, 12.9.4 and 12.9.6) and in any encoding, and so that it ends
//! or opens nothing in a page that contains the code (HTML, 4.12.1.3).

use std::ops::Range;

use thiserror::Error;

/// What is written in place of a literal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writes {
    /// A literal with the new text.
    #[default]
    Literal,
    /// An expression: the absolute URL that the new text is in the page, by its base URL. The old
    /// literal has to be an expression too.
    UrlInPage,
}

/// A text that replaces the text of a literal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// Where the literal starts.
    pub start: usize,
    /// Where it ends; quotes are part of it.
    pub end: usize,
    /// The new text, not escaped.
    pub text: String,
    /// What is written.
    pub writes: Writes,
}

impl Edit {
    /// An edit of the literal at `span`.
    pub fn new(span: Range<usize>, text: String) -> Self {
        Self { start: span.start, end: span.end, text, writes: Writes::Literal }
    }

    /// An edit of the literal at `span`, which is an expression, to an absolute URL in the page.
    pub fn to_url_in_page(span: Range<usize>, address: String) -> Self {
        Self { writes: Writes::UrlInPage, ..Self::new(span, address) }
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

/// What `edit` puts into `source`.
///
/// # Errors
/// [`EditError::NoLiteral`] if the edit is not of this source.
pub fn written(source: &[u8], edit: &Edit) -> Result<String, EditError> {
    let quote = match source.get(edit.start..edit.end) {
        Some([open @ (b'"' | b'\'' | b'`'), .., close]) if open == close => char::from(*open),
        _ => return Err(EditError::NoLiteral { start: edit.start, end: edit.end }),
    };
    let literal = literal(&edit.text, quote);
    Ok(match edit.writes {
        Writes::Literal => literal,
        Writes::UrlInPage => {
            apart(source, edit, &format!("new URL({literal}, document.baseURI).href"))
        }
    })
}

/// `expression` with blanks around it where it would run into a word: quotes need none.
fn apart(source: &[u8], edit: &Edit, expression: &str) -> String {
    let is_in_word =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"_$\\".contains(byte) || !byte.is_ascii();
    let blank = |beside: Option<&u8>| if beside.is_some_and(is_in_word) { " " } else { "" };
    let before = edit.start.checked_sub(1).and_then(|before| source.get(before));
    format!("{}{expression}{}", blank(before), blank(source.get(edit.end)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn in_page(source: &str, literal: &str) -> String {
        let start = source.find(literal).unwrap();
        let edit = Edit::to_url_in_page(start..start + literal.len(), "a'b".to_owned());
        String::from_utf8(rewrite(source.as_bytes(), &[edit]).unwrap()).unwrap()
    }

    #[test]
    fn a_url_in_the_page_is_an_expression_with_the_quotes_of_the_literal() {
        assert_eq!(in_page("f('x')", "'x'"), r"f(new URL('a\'b', document.baseURI).href)");
        assert_eq!(in_page("f(`x`)", "`x`"), "f(new URL(`a'b`, document.baseURI).href)");
    }

    #[test]
    fn an_expression_does_not_run_into_words() {
        let url = r#"new URL("a'b", document.baseURI).href"#;
        assert_eq!(in_page(r#"return"x""#, r#""x""#), format!("return {url}"));
        assert_eq!(in_page(r#"a="x"in b"#, r#""x""#), format!("a={url} in b"));
        assert_eq!(in_page(r#"ü"x"$"#, r#""x""#), format!("ü {url} $"));
    }
}
