//! Layers of text: a `srcdoc` is a page inside an attribute, a conditional comment a fragment
//! inside a comment, and each may hold the other.
//!
//! [`OffsetMap`] leads from a decoded text back to the bytes it was decoded from, so that an edit
//! touches only its own; [`Nest`] encodes inserted text once for each layer around it. Which
//! layers there are is the scanner's business.

use std::{ops::Range, sync::Arc};

use super::{attribute::encode, tag::Quote};

/// From offsets in a text to offsets in what the text was made from: a list of stretches.
///
/// A stretch is copied byte by byte, or stands for something of another length (a character
/// reference, a line end, a character of a legacy encoding) and then has no inner offsets.
#[derive(Debug, Default)]
pub(super) struct OffsetMap {
    stretches: Vec<Stretch>,
}

#[derive(Debug)]
struct Stretch {
    inner: usize,
    outer: usize,
    copied: bool,
}

impl OffsetMap {
    /// The map of a text that is copied from `outer` onwards.
    pub(super) fn shifted(outer: usize) -> Self {
        Self { stretches: vec![Stretch { inner: 0, outer, copied: true }] }
    }

    /// From `inner` onwards the text is copied from `outer` onwards.
    pub(super) fn copy(&mut self, inner: usize, outer: usize) {
        let continues = self.stretches.last().is_some_and(|last| {
            last.copied && last.inner <= inner && inner - last.inner + last.outer == outer
        });
        if !continues {
            self.stretches.push(Stretch { inner, outer, copied: true });
        }
    }

    /// What follows `inner` stands for what follows `outer`, as one piece.
    pub(super) fn replace(&mut self, inner: usize, outer: usize) {
        self.stretches.push(Stretch { inner, outer, copied: false });
    }

    /// The outer offset; `None` inside a stretch that has no inner offsets.
    pub(super) fn outer(&self, inner: usize) -> Option<usize> {
        let after = self.stretches.partition_point(|stretch| stretch.inner <= inner);
        let stretch = self.stretches.get(after.checked_sub(1)?)?;
        match inner - stretch.inner {
            0 => Some(stretch.outer),
            distance if stretch.copied => Some(stretch.outer + distance),
            _ => None,
        }
    }
}

/// The way out of a layer: one map for each step, innermost first.
#[derive(Clone, Debug, Default)]
pub(super) struct Outward(Vec<Arc<OffsetMap>>);

impl Outward {
    /// The way out of a layer that lies inside this one.
    pub(super) fn through(&self, steps: impl IntoIterator<Item = OffsetMap>) -> Self {
        Self(steps.into_iter().map(Arc::new).chain(self.0.iter().cloned()).collect())
    }

    /// The offset in the page.
    pub(super) fn offset(&self, inner: usize) -> Option<usize> {
        self.0.iter().try_fold(inner, |offset, map| map.outer(offset))
    }

    /// The span in the page.
    pub(super) fn span(&self, inner: Range<usize>) -> Option<Range<usize>> {
        Some(self.offset(inner.start)?..self.offset(inner.end)?)
    }

    /// The offset in the page, or that of the nearest earlier place which has one: good enough
    /// for a message.
    pub(super) fn near(&self, inner: usize) -> usize {
        (0..=inner).rev().find_map(|offset| self.offset(offset)).unwrap_or_default()
    }
}

/// The layers around a tag, innermost first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nest {
    /// A conditional comment.
    Comment(Option<Arc<Nest>>),
    /// The value of a `srcdoc`, delimited by this quote.
    Srcdoc(Quote, Option<Arc<Nest>>),
}

impl Nest {
    /// Whether the text stands in an attribute, where there are character references.
    pub(super) fn is_attribute(nest: Option<&Arc<Self>>) -> bool {
        match nest.map(Arc::as_ref) {
            None => false,
            Some(Self::Comment(outer)) => Self::is_attribute(outer.as_ref()),
            Some(Self::Srcdoc(..)) => true,
        }
    }

    /// Whether text of the innermost layer could end a comment around it. A `srcdoc` encodes what
    /// could.
    pub(super) fn ends_a_comment(nest: Option<&Arc<Self>>, text: &str) -> bool {
        match nest.map(Arc::as_ref) {
            None | Some(Self::Srcdoc(..)) => false,
            Some(Self::Comment(_)) => text.contains('>'),
        }
    }

    /// Encodes text of the innermost layer for every layer around it.
    pub(super) fn encode(nest: Option<&Arc<Self>>, text: String) -> String {
        match nest.map(Arc::as_ref) {
            None => text,
            // Whoever inserts has asked `ends_a_comment`, or encoded every `>`.
            Some(Self::Comment(outer)) => Self::encode(outer.as_ref(), text),
            Some(Self::Srcdoc(quote, outer)) => Self::encode(outer.as_ref(), encode(&text, *quote)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_back_through_references() {
        // `a&lt;b` decoded to `a<b`.
        let mut map = OffsetMap::default();
        map.copy(0, 0);
        map.replace(1, 1);
        map.copy(2, 5);
        assert_eq!(
            [0, 1, 2, 3].map(|inner| map.outer(inner)),
            [Some(0), Some(1), Some(5), Some(6)]
        );
    }

    #[test]
    fn no_offset_lies_inside_a_reference() {
        let mut map = OffsetMap::default();
        map.replace(0, 0);
        map.copy(4, 6);
        assert_eq!(map.outer(1), None);
        assert_eq!(map.outer(4), Some(6));
    }

    #[test]
    fn text_is_encoded_once_for_each_layer() {
        let outer = Arc::new(Nest::Srcdoc(Quote::None, None));
        let inner = Arc::new(Nest::Srcdoc(Quote::Double, Some(outer)));
        assert_eq!(Nest::encode(Some(&inner), "a=\"b\"".into()), "a&#61;&amp;quot;b&amp;quot;");
    }
}
