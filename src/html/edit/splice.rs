//! Splices: bytes of a page that go, and bytes that come in their place.
//!
//! Nothing outside of a splice moves. What is inserted is ASCII, encoded once for each text around
//! the tag.

use std::ops::Range;

use super::{error::SpliceError, patch::Patch};
use crate::html::{Quote, Tag, attribute::encode, nested::Surroundings};

/// Bytes to put in place of others.
#[derive(Debug)]
pub(super) struct Splice {
    pub(super) span: Range<usize>,
    pub(super) bytes: String,
    /// Whether character references may stand before it, as in a `srcdoc`.
    pub(super) among_references: bool,
}

impl Splice {
    /// Puts text in place of a part of a tag.
    pub(super) fn nested(tag: &Tag, span: Range<usize>, text: String) -> Self {
        let around = tag.surroundings.as_ref();
        let among_references = Surroundings::is_attribute(around);
        Self { span, bytes: Surroundings::encode(around, text), among_references }
    }

    pub(super) fn cut(span: Range<usize>) -> Self {
        Self { span, bytes: String::new(), among_references: false }
    }
}

/// A value between double quotes.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", encode(value, Quote::Double))
}

/// The edited text, and what has changed in it.
pub(super) fn spliced(
    source: &[u8],
    mut splices: Vec<Splice>,
) -> Result<(Vec<u8>, Patch), SpliceError> {
    // Insertions at one place keep their order, and go before what is cut there.
    splices.sort_by_key(|splice| (splice.span.start, splice.span.end));
    let mut edited = Vec::with_capacity(source.len() + splices.len() * 128);
    let mut patch = Patch::default();
    let mut at = 0;
    for Splice { span, bytes, among_references } in splices {
        let between =
            source.get(at..span.start).ok_or(SpliceError::Overlap { offset: span.start })?;
        edited.extend_from_slice(between);
        let start = edited.len();
        match among_references {
            true => push_apart(&mut edited, &bytes),
            false => edited.extend_from_slice(bytes.as_bytes()),
        }
        patch.push(span.clone(), &edited[start..]);
        at = span.end;
    }
    let rest = source.get(at..).ok_or(SpliceError::Overlap { offset: at })?;
    edited.extend_from_slice(rest);
    patch.shrink();
    Ok((edited, patch))
}

/// Appends what is inserted into a `srcdoc`. It may come after a reference without its `;`, which
/// must not run into it: `&quot` before `/a` is a quote, before `b` it is text.
fn push_apart(edited: &mut Vec<u8>, inserted: &str) {
    let reference =
        edited.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#');
    let before = edited.len() - reference.count();
    let open = edited[..before].ends_with(b"&");
    let goes_on = |first: &char| first.is_ascii_alphanumeric() || matches!(first, '#' | ';' | '=');
    match inserted.chars().next().filter(|first| open && goes_on(first)) {
        Some(first) => {
            edited.extend_from_slice(format!("&#{};", u32::from(first)).as_bytes());
            edited.extend_from_slice(&inserted.as_bytes()[1..]);
        }
        None => edited.extend_from_slice(inserted.as_bytes()),
    }
}
