//! Byte offsets as people read them: line and column.
//!
//! Lines end with LF, as editors count them; columns count characters, bytes that are no UTF-8
//! count as the replacement characters they would be shown as.

use std::cell::Cell;

/// A place in a page, both parts counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Position {
    /// Where every page begins.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The position behind `text`, which begins here. Right as long as neither of its ends cuts a
    /// character in two.
    fn after(self, text: &[u8]) -> Self {
        match memchr::memrchr(b'\n', text) {
            None => Self { line: self.line, column: self.column + characters(text) },
            Some(newline) => Self {
                line: self.line + memchr::memchr_iter(b'\n', text).count(),
                column: 1 + characters(&text[newline + 1..]),
            },
        }
    }
}

fn characters(text: &[u8]) -> usize {
    let shown = |chunk: std::str::Utf8Chunk<'_>| {
        chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty())
    };
    text.utf8_chunks().map(shown).sum()
}

/// Finds positions in one page; cheap to make. Questions in the order of their offsets read the page
/// once altogether, however many they are.
#[derive(Clone, Debug)]
pub struct Positions<'a> {
    source: &'a [u8],
    last: Cell<(usize, Position)>,
}

const START: (usize, Position) = (0, Position::START);

impl<'a> Positions<'a> {
    /// Looks at `source`: [`Scan::source`](super::Scan::source) for the spans of a scan.
    pub fn new(source: &'a [u8]) -> Self {
        Self { source, last: Cell::new(START) }
    }

    /// The position of a byte; an offset past the end is taken as the end.
    pub fn of(&self, offset: usize) -> Position {
        let source = self.source;
        let offset = offset.min(source.len());
        let (from, known) = Some(self.last.get()).filter(|(at, _)| *at <= offset).unwrap_or(START);
        let position = known.after(&source[from..offset]);
        // Counting goes on from here only if no character can be cut in two.
        if source.get(offset).is_none_or(u8::is_ascii) {
            self.last.set((offset, position));
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let positions = Positions::new(b"ab\r\ncd\n");
        assert_eq!(positions.of(0), Position { line: 1, column: 1 });
        assert_eq!(positions.of(5), Position { line: 2, column: 2 });
        assert_eq!(positions.of(99), Position { line: 3, column: 1 });
    }

    #[test]
    fn columns_count_characters_and_bear_broken_utf_8() {
        assert_eq!(Positions::new("äö<".as_bytes()).of(4), Position { line: 1, column: 3 });
        assert_eq!(Positions::new(b"\xFF<").of(1), Position { line: 1, column: 2 });
    }

    #[test]
    fn the_order_of_questions_does_not_matter() {
        let text = "ä\nöb\u{1F600}<\n\n".as_bytes();
        let text = [text, b"\xE3\x81<\xFF\x80x<", text].concat();
        let fresh = |offset| Positions::new(&text).of(offset);
        let positions = Positions::new(&text);
        for offset in (0..=text.len() + 1).chain((0..=text.len()).rev()) {
            assert_eq!(positions.of(offset), fresh(offset), "{offset}");
        }
    }
}
