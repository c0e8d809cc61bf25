//! The splices of one tag: attribute values, parts of an inline script, the element itself.

use std::ops::Range;

use super::{
    change::{Fate, TagEdit},
    error::SpliceError,
    script_content::{check_text, import_map, lines},
    splice::{Splice, quoted},
};
use crate::html::{
    Quote, Scan, Tag, TagKind, Value,
    attribute::{encode, needs_quotes},
    nested::Surroundings,
};

/// The splices that an edit of `tag` takes.
pub(super) fn tag_splices(
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
    let (TagKind::InlineScript { text: old, .. }, Some(map)) = (&tag.kind, &tag.text_map) else {
        return Err(SpliceError::NotInline { offset });
    };
    let part = old.get(span.clone()).zip(map.span(span.clone()));
    let Some((old, outer)) = part else {
        return Err(SpliceError::NoSuchPart { offset, span: span.clone() });
    };
    let text = match Surroundings::is_attribute(tag.surroundings.as_ref()) {
        true => text.to_owned(),
        false => lines(source, outer.start, text),
    };
    Ok((old != text).then(|| Splice::nested(tag, outer, text)))
}
