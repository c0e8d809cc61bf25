//! A text that is read as a page: the page itself, a `srcdoc`, a conditional comment's content.
//!
//! A nested text has no bytes of its own in the page; its [`Layer`] knows the way to those it was
//! made from, and what surrounds it.

use std::{ops::Range, sync::Arc};

use encoding_rs::{Encoding, UTF_8};

use super::{
    nested::Surroundings,
    span::{OffsetMap, Quote, SpanMap},
    tag::Place,
};

/// A text that is read as a page.
pub(super) struct Layer<'a> {
    pub(super) bytes: &'a [u8],
    /// Known beforehand; `None` lets the page declare its own.
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) place: Place,
    pub(super) in_template: bool,
    /// The base address in force where it begins.
    pub(super) base: Option<Arc<str>>,
    /// How many `srcdoc` it lies in.
    pub(super) depth: usize,
    /// The way to the page's bytes.
    pub(super) to_page: SpanMap,
    pub(super) surroundings: Option<Arc<Surroundings>>,
}

/// What is in force at one place of a layer.
pub(super) struct Context {
    pub(super) encoding: &'static Encoding,
    pub(super) in_template: bool,
    pub(super) base: Option<Arc<str>>,
}

impl<'a> Layer<'a> {
    /// The page itself.
    pub(super) fn page(bytes: &'a [u8], encoding: Option<&'static Encoding>) -> Self {
        Self {
            bytes,
            encoding,
            place: Place::Document,
            in_template: false,
            base: None,
            depth: 0,
            to_page: SpanMap::default(),
            surroundings: None,
        }
    }

    /// What stands at `content` in a conditional comment.
    pub(super) fn comment(&self, content: &Range<usize>, context: Context) -> Layer<'a> {
        Layer {
            bytes: &self.bytes[content.clone()],
            encoding: Some(context.encoding),
            place: Place::ConditionalComment,
            in_template: context.in_template,
            base: context.base,
            depth: self.depth,
            to_page: self.to_page.through([OffsetMap::shifted(content.start)]),
            surroundings: Some(Arc::new(Surroundings::Comment(self.surroundings.clone()))),
        }
    }

    /// The page that a `srcdoc` holds: `text` is its value, decoded by way of `maps`.
    pub(super) fn srcdoc<'t>(
        &self,
        text: &'t str,
        maps: [OffsetMap; 2],
        quote: Quote,
        context: Context,
    ) -> Layer<'t> {
        Layer {
            bytes: text.as_bytes(),
            encoding: Some(UTF_8),
            place: match self.place {
                Place::ConditionalComment => Place::ConditionalComment,
                Place::Document | Place::Srcdoc => Place::Srcdoc,
            },
            in_template: context.in_template,
            base: context.base,
            depth: self.depth + 1,
            to_page: self.to_page.through(maps),
            surroundings: Some(Arc::new(Surroundings::Srcdoc(quote, self.surroundings.clone()))),
        }
    }

    /// Where a span lies in the page; roughly, where it has no bytes of its own there.
    pub(super) fn near_span(&self, span: &Range<usize>) -> Range<usize> {
        self.to_page.near(span.start)..self.to_page.near(span.end)
    }
}

/// How the value at `span` is delimited.
pub(super) fn quote(bytes: &[u8], span: &Range<usize>) -> Quote {
    let before = span.start.checked_sub(1).and_then(|before| bytes.get(before));
    match before {
        Some(b'"') => Quote::Double,
        Some(b'\'') => Quote::Single,
        _ => Quote::None,
    }
}
