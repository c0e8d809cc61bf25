//! Byte offsets as people read them: line and column.
//!
//! Lines end with LF, as editors count them; columns count characters, bytes that are no UTF-8
//! count as the replacement characters they would be shown as.

/// A place in a page, both parts counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// Finds positions in one page; cheap to make, and each question reads the page up to its offset.
#[derive(Clone, Copy, Debug)]
pub struct Positions<'a> {
    source: &'a [u8],
}

impl<'a> Positions<'a> {
    /// Looks at `source`: [`Scan::source`](super::Scan::source) for the spans of a scan.
    pub fn new(source: &'a [u8]) -> Self {
        Self { source }
    }

    /// The position of a byte; an offset past the end is taken as the end.
    pub fn of(&self, offset: usize) -> Position {
        let before = &self.source[..offset.min(self.source.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        Position {
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
        }
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
}
