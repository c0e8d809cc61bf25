//! Where texts come from: how a value is delimited, and the way from the offsets of a text that was
//! decoded back to the bytes it was decoded from.

use std::{ops::Range, sync::Arc};

/// How an attribute's value is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// `"value"`.
    Double,
    /// `'value'`.
    Single,
    /// `value`.
    None,
}

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

/// The way from a nested text to the page: one map for each text around it, innermost first.
#[derive(Clone, Debug, Default)]
pub(super) struct SpanMap(Vec<Arc<OffsetMap>>);

impl SpanMap {
    /// The way from a text that lies inside this one.
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
}
