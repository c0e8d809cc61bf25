//! The edits of a page as bytes: what goes where, apart from the page itself.
//!
//! A patch is small where the page need not be, so it can be proved first and kept until it is time
//! to write.

use std::ops::Range;

/// What changes in the bytes of one page; every other byte stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// In the order of the page; none meet.
    pieces: Vec<Piece>,
    /// The new bytes of all pieces, one after the other.
    text: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// The bytes of the page that go.
    span: Range<usize>,
    /// How many bytes come.
    length: usize,
}

impl Patch {
    /// Another page in the place of one of `length` bytes.
    pub fn whole(length: usize, page: Vec<u8>) -> Self {
        Self { pieces: vec![Piece { span: 0..length, length: page.len() }], text: page }
    }

    /// Puts `text` in the place of `span`, which lies behind all pieces so far.
    pub(super) fn push(&mut self, span: Range<usize>, text: &[u8]) {
        self.pieces.push(Piece { span, length: text.len() });
        self.text.extend_from_slice(text);
    }

    /// The edited page. `page` is the page that the patch was made from.
    ///
    /// # Panics
    /// If `page` is shorter than that.
    pub fn apply(&self, page: &[u8]) -> Vec<u8> {
        self.parts(page).concat()
    }

    /// The edited page in parts: old and new bytes in turns.
    ///
    /// # Panics
    /// If `page` is shorter than the page that the patch was made from.
    pub fn parts<'p>(&'p self, page: &'p [u8]) -> Vec<&'p [u8]> {
        let mut parts = Vec::with_capacity(self.pieces.len() * 2 + 1);
        let mut at = 0;
        for (span, new) in self.pieces() {
            parts.extend([&page[at..span.start], new]);
            at = span.end;
        }
        parts.push(&page[at..]);
        parts
    }

    /// The spans of the page that change, in their order, each with the bytes that come in its place.
    pub fn pieces(&self) -> impl Iterator<Item = (Range<usize>, &[u8])> {
        let mut text = &self.text[..];
        self.pieces.iter().map(move |Piece { span, length }| {
            let (new, rest) = text.split_at(*length);
            text = rest;
            (span.clone(), new)
        })
    }

    /// How much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        self.text.capacity() + self.pieces.capacity() * size_of::<Piece>()
    }

    /// Gives back what memory it does not need.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.pieces.shrink_to_fit();
    }
}
