//! Changes → bytes: splices attribute values, inline scripts and elements into the original page,
//! and has the result proved.
//!
//! Nothing outside the spans of a change moves. What is inserted is ASCII, encoded once for each
//! layer of text around the tag. The result is scanned again (`proof`) and has to hold the same
//! tags with the same attributes, but for the changes asked for; anything else is an error, never
//! a page.

use std::ops::Range;

use super::{
    Quote, Scan, ScanError, Tag, TagKind, Value,
    attribute::{encode, needs_quotes},
    change::{Edit, Fate, TagEdit, merged},
    encoding,
    patch::Patch,
    proof,
    script_content::{check_text, import_map, lines},
    srcdoc::Nest,
};

/// Why a page could not be edited. There is no half-edited page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// An edit names a tag that the scan does not have.
    #[error("there is no tag number {tag} in this page")]
    NoSuchTag {
        /// The index given.
        tag: usize,
    },
    /// An element without an end tag cannot be removed.
    #[error("the element at byte {offset} has no end tag, so it cannot be removed")]
    NoEndTag {
        /// Where its start tag begins.
        offset: usize,
    },
    /// Not the name of an attribute.
    #[error("`{attribute}` cannot be written as an attribute's name")]
    AttributeName {
        /// The name given.
        attribute: String,
    },
    /// Only inline scripts that the scan reports can be edited.
    #[error("the tag at byte {offset} has no inline script to edit")]
    NotInline {
        /// Where the tag begins.
        offset: usize,
    },
    /// A part of an inline script that does not exist, or has no bytes of its own: it begins or
    /// ends inside a character, or inside a character reference of a `srcdoc`.
    #[error(
        "the part {}..{} of the inline script at byte {offset} has no bytes of its own",
        span.start, span.end
    )]
    NoSuchPart {
        /// Where the script's start tag begins.
        offset: usize,
        /// The span given.
        span: Range<usize>,
    },
    /// Text that would end a script or the comment around it, or not read back as itself.
    #[error("`{}` cannot be written into a script at byte {offset}", found.escape_debug())]
    Text {
        /// Where the tag begins that is edited, or before which a script is inserted.
        offset: usize,
        /// What stands in the way.
        found: String,
    },
    /// A script can be inserted into the page's own markup only.
    #[error(
        "nothing can be inserted before the tag at byte {offset}: it is not in the page itself"
    )]
    NotInDocument {
        /// Where the tag begins.
        offset: usize,
    },
    /// Two changes want the same bytes.
    #[error("two changes overlap at byte {offset}")]
    Overlap {
        /// Where the second one begins.
        offset: usize,
    },
    /// The page's own encoding cannot say the result.
    #[error("the edited page cannot be written in {name}")]
    Encoding {
        /// The encoding's name in the Encoding standard.
        name: &'static str,
    },
    /// The edited page cannot be read any more.
    #[error("the edited page could not be read again")]
    Reread(#[from] ScanError),
    /// The edited page does not hold exactly what was asked for.
    #[error("after editing, {what} is not what was asked for")]
    Proof {
        /// What differs.
        what: String,
    },
}

/// Applies `edits` to `page`, of which `scan` is the scan.
///
/// # Errors
/// [`SpliceError`] if an edit cannot be made, or if scanning the result shows anything but the
/// changes asked for.
pub fn apply(page: &[u8], scan: &Scan, edits: &[Edit]) -> Result<Vec<u8>, SpliceError> {
    Ok(patch(page, scan, edits)?.apply(page))
}

/// Works out what `edits` change in `page`, of which `scan` is the scan.
///
/// # Errors
/// [`SpliceError`] if an edit cannot be made, or if scanning the result shows anything but the
/// changes asked for.
pub fn patch(page: &[u8], scan: &Scan, edits: &[Edit]) -> Result<Patch, SpliceError> {
    let source = scan.source(page);
    let merged = merged(scan, edits)?;
    let mut splices = Vec::new();
    for (index, edit) in &merged {
        splices.extend(tag_splices(scan, source, &scan.tags[*index], edit)?);
    }
    if splices.is_empty() {
        return Ok(Patch::default());
    }
    // What was not read before is the same as before, and needs no reading now.
    let (edited, patch) = spliced(&source[..source.len() - scan.unread], splices)?;
    match &scan.transcoded {
        None => {
            proof::prove(scan, &merged, &edited)?;
            Ok(patch)
        }
        Some((_, own)) => {
            let edited = std::str::from_utf8(&edited)
                .ok()
                .and_then(|text| encoding::encode(text, own))
                .ok_or(SpliceError::Encoding { name: own.name() })?;
            proof::prove(scan, &merged, &edited)?;
            Ok(Patch::whole(page.len(), edited))
        }
    }
}

/// Bytes to put in place of others.
#[derive(Debug)]
pub(super) struct Splice {
    pub(super) span: Range<usize>,
    pub(super) bytes: String,
    /// Whether character references may stand before it, as in a `srcdoc`.
    pub(super) among_references: bool,
}

impl Splice {
    /// Puts text of a tag's layer into the page.
    fn nested(tag: &Tag, span: Range<usize>, text: String) -> Self {
        let nest = tag.nest.as_ref();
        let among_references = Nest::is_attribute(nest);
        Self { span, bytes: Nest::encode(nest, text), among_references }
    }

    fn cut(span: Range<usize>) -> Self {
        Self { span, bytes: String::new(), among_references: false }
    }
}

fn tag_splices(
    scan: &Scan,
    source: &[u8],
    tag: &Tag,
    edit: &TagEdit<'_>,
) -> Result<Vec<Splice>, SpliceError> {
    let insertions = edit.insertions.iter();
    let mut splices = insertions
        .map(|insertion| import_map(source, scan.dialect, tag, insertion))
        .collect::<Result<Vec<_>, _>>()?;
    match &edit.fate {
        Fate::Removed => {
            let span = tag.element.clone();
            let span = span.ok_or(SpliceError::NoEndTag { offset: tag.span.start })?;
            splices.push(Splice::cut(span));
        }
        Fate::Changed { attributes, parts } => {
            for (name, value) in attributes {
                check_name(name)?;
                match value {
                    Some(value) => splices.extend(set(tag, name, value)),
                    None => splices.extend(unset(tag, name)),
                }
            }
            for (span, text) in parts {
                check_text(text, scan.dialect, tag)?;
                splices.extend(part(source, tag, span, text)?);
            }
        }
    }
    Ok(splices)
}

/// Lower-case ASCII letters, digits, `-` and `:` are what the attributes we write are made of.
fn check_name(name: &str) -> Result<(), SpliceError> {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-:".contains(&byte);
    match name.bytes().all(fits) && name.starts_with(|char: char| char.is_ascii_lowercase()) {
        true => Ok(()),
        false => Err(SpliceError::AttributeName { attribute: name.to_owned() }),
    }
}

fn set(tag: &Tag, name: &str, value: &str) -> Option<Splice> {
    let (span, text) = match tag.attribute(name) {
        Some(attribute) => match &attribute.value {
            Some(old) if old.text == value => return None,
            Some(old) if old.quote == Quote::None && needs_quotes(value) => {
                (old.span.clone(), quoted(value))
            }
            Some(old) => (old.span.clone(), encode(value, old.quote)),
            None => (attribute.span.end..attribute.span.end, format!("={}", quoted(value))),
        },
        None => {
            let at = insertion_point(tag);
            (at..at, format!(" {name}={}", quoted(value)))
        }
    };
    Some(Splice::nested(tag, span, text))
}

/// Right after the address; but after `src=` with nothing behind it, anything would be its value.
fn insertion_point(tag: &Tag) -> usize {
    let takes_what_follows = |value: &Value| value.quote == Quote::None && value.span.is_empty();
    match tag.address_attribute() {
        Some(address) if !address.value.as_ref().is_some_and(takes_what_follows) => {
            address.span.end
        }
        _ => tag.name_end,
    }
}

pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", encode(value, Quote::Double))
}

fn unset(tag: &Tag, name: &str) -> impl Iterator<Item = Splice> {
    let duplicates = tag.attributes.iter().filter(move |attribute| attribute.name == name);
    duplicates.map(|attribute| Splice::cut(attribute.removal.clone()))
}

/// A new part of an inline script.
fn part(
    source: &[u8],
    tag: &Tag,
    span: &Range<usize>,
    text: &str,
) -> Result<Option<Splice>, SpliceError> {
    let offset = tag.span.start;
    let (TagKind::InlineScript { text: old, .. }, Some(outward)) = (&tag.kind, &tag.text_outward)
    else {
        return Err(SpliceError::NotInline { offset });
    };
    let part = old.get(span.clone()).zip(outward.span(span.clone()));
    let Some((old, outer)) = part else {
        return Err(SpliceError::NoSuchPart { offset, span: span.clone() });
    };
    let text = match Nest::is_attribute(tag.nest.as_ref()) {
        true => text.to_owned(),
        false => lines(source, outer.start, text),
    };
    Ok((old != text).then(|| Splice::nested(tag, outer, text)))
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
