//! An element of a layer as the tag that is reported: spans count the page's bytes, values are
//! decoded.

use std::ops::Range;

use super::{
    attribute,
    layer::{Context, Layer, quote},
    span::Quote,
    tag::{Attribute, Tag, TagKind, Value},
    token::event::{Element, End, RawAttribute},
};

/// A tag has no bytes of its own: it begins or ends inside a character reference.
pub(super) struct SplitReference;

/// The tag that `element` is reported as.
pub(super) fn tag(
    layer: &Layer<'_>,
    context: Context,
    element: &Element,
    kind: TagKind,
) -> Result<Tag, SplitReference> {
    let in_page = |span: Range<usize>| layer.to_page.span(span).ok_or(SplitReference);
    let name_end = element.span.start + 1 + element.name.len();
    let attributes = element.attributes.iter().map(|raw| attribute(layer, &context, raw));
    Ok(Tag {
        kind,
        place: layer.place,
        in_template: context.in_template,
        span: in_page(element.span.clone())?,
        element: whole(element).map(in_page).transpose()?,
        attributes: attributes.collect::<Result<_, _>>()?,
        base: context.base.clone(),
        name_end: layer.to_page.offset(name_end).ok_or(SplitReference)?,
        surroundings: layer.surroundings.clone(),
        text_map: None,
    })
}

/// Start tag through end tag.
fn whole(element: &Element) -> Option<Range<usize>> {
    match &element.end {
        End::Tag(end) => Some(element.span.start..end.end),
        End::Void => Some(element.span.clone()),
        End::Missing | End::Other(_) => None,
    }
}

fn attribute(
    layer: &Layer<'_>,
    context: &Context,
    raw: &RawAttribute,
) -> Result<Attribute, SplitReference> {
    let in_page = |span: Range<usize>| layer.to_page.span(span).ok_or(SplitReference);
    let value = raw.value_span.as_ref().map(|span| (span, quote(layer.bytes, span)));
    let end = match value {
        None => raw.name_span.end,
        Some((span, Quote::None)) => span.end,
        Some((span, Quote::Single | Quote::Double)) => span.end + 1,
    };
    let value = value.map(|(span, quote)| {
        let text = attribute::decode(&layer.bytes[span.clone()], context.encoding);
        Ok(Value { text, span: in_page(span.clone())?, quote })
    });
    Ok(Attribute {
        name: raw.name.clone(),
        value: value.transpose()?,
        span: in_page(raw.name_span.start..end)?,
        removal: in_page(removal(layer.bytes, raw.name_span.start..end))?,
    })
}

/// What to cut to be rid of the attribute at `span`: with the white space before it, unless its
/// neighbours would run together.
fn removal(bytes: &[u8], span: Range<usize>) -> Range<usize> {
    let ends = bytes.get(span.end).is_none_or(|next| next.is_ascii_whitespace() || *next == b'>');
    if !ends {
        return span;
    }
    let before = bytes[..span.start].iter().rev().take_while(|byte| byte.is_ascii_whitespace());
    span.start - before.count()..span.end
}
