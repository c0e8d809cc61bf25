//! An excerpt in the making: keeps what matters, and of what lies between only the lines it is on.

use super::{Excerpt, Mark, Piece};
use crate::html::Position;

/// A page's first bytes are kept as they are: they tell its encoding (HTML 13.2.3), and the
/// prefilter asks how far behind them that is declared.
const BEGINNING: usize = 1024;
/// How far apart the places are whose positions are known at once.
const STRIDE: usize = 4096;
/// Makes a line one on which other things stand, and is nothing to any parser.
const OTHER_THINGS: &[u8] = b"<!---->";

/// Takes the page in parts, each of which begins and ends where no character is cut in two.
#[derive(Default)]
pub(super) struct Builder {
    excerpt: Excerpt,
    /// Whether the excerpt has the page's first line end, which tells what new lines look like.
    has_line_end: bool,
    /// What has to stand before what is kept next: the line it begins on.
    line: Vec<u8>,
}

impl Builder {
    /// Takes a part that matters.
    pub(super) fn keep(&mut self, part: &[u8]) {
        let bytes = &mut self.excerpt.bytes;
        if bytes.ends_with(b"\r") && self.line.starts_with(b"\n") {
            bytes.extend_from_slice(OTHER_THINGS); // these are two line ends
        }
        bytes.append(&mut self.line);
        self.copy(part);
    }

    /// Whether all it takes is kept, if it comes as text and markup apart.
    pub(super) fn is_at_beginning(&self) -> bool {
        let Excerpt { bytes, end, .. } = &self.excerpt;
        bytes.len() < BEGINNING && bytes.len() as u64 == end.offset
    }

    /// Takes a part without anything that matters.
    pub(super) fn pass(&mut self, part: &[u8]) {
        if !self.is_at_beginning() {
            self.leave_out(part);
        } else if part.starts_with(b"<") && part.len() > BEGINNING {
            self.pass_markup(part);
        } else {
            self.copy(part);
        }
    }

    /// Takes a part of markup without anything that matters, and without all of it.
    pub(super) fn pass_markup(&mut self, part: &[u8]) {
        if self.is_at_beginning() {
            let missing = BEGINNING - self.excerpt.bytes.len();
            let stand_in = OTHER_THINGS.repeat(missing.div_ceil(OTHER_THINGS.len()));
            self.excerpt.bytes.extend(stand_in);
        }
        self.leave_out(part);
    }

    fn leave_out(&mut self, part: &[u8]) {
        self.keep_line_end(part, true);
        let rest = match memchr::memrchr2(b'\r', b'\n', part) {
            Some(line_end) => {
                self.line = self::line_end(part, line_end).to_vec();
                &part[line_end + 1..]
            }
            None => part,
        };
        if rest.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            self.line.extend_from_slice(rest);
        } else if !self.line.ends_with(OTHER_THINGS) {
            self.line.extend_from_slice(OTHER_THINGS);
        }
        self.excerpt.end.pass(part);
    }

    /// Keeps the line end that is the page's first. `is_whole`: the part does not end between the two
    /// bytes of one.
    pub(super) fn keep_line_end(&mut self, part: &[u8], is_whole: bool) {
        let found = Some(part).filter(|_| !self.has_line_end);
        let found = found.and_then(|part| memchr::memchr2(b'\r', b'\n', part));
        if let Some(at) = found.filter(|at| is_whole || at + 1 < part.len()) {
            self.has_line_end = true;
            self.excerpt.bytes.extend_from_slice(line_end(part, at));
            // What comes next may be another line end.
            self.excerpt.bytes.extend_from_slice(OTHER_THINGS);
        }
    }

    /// How much it holds.
    pub(super) fn size(&self) -> usize {
        self.excerpt.bytes.len() + self.line.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.excerpt.bytes
    }

    /// The excerpt of a page of `page_length` bytes, in which nothing matters behind what was taken.
    pub(super) fn finish(self, page_length: u64) -> Excerpt {
        Excerpt { page_length, ..self.excerpt }
    }

    fn copy(&mut self, part: &[u8]) {
        self.has_line_end |= memchr::memchr2(b'\r', b'\n', part).is_some();
        let Excerpt { bytes, pieces, marks, end, .. } = &mut self.excerpt;
        let start = bytes.len();
        bytes.extend_from_slice(part);
        let goes_on = |last: &&mut Piece| last.end == start && last.end_in_page() == end.offset;
        match pieces.last_mut().filter(goes_on) {
            Some(last) => last.end = bytes.len(),
            None => pieces.push(Piece { start, end: bytes.len(), in_page: end.offset }),
        }
        let mut rest = part;
        while !rest.is_empty() {
            marks.push(Mark { offset: bytes.len() - rest.len(), position: end.position });
            let (stride, after) = rest.split_at(whole_characters(rest, STRIDE));
            end.pass(stride);
            rest = after;
        }
    }
}

/// A place in the page.
#[derive(Debug)]
pub(super) struct End {
    pub(super) offset: u64,
    position: Position,
}

impl Default for End {
    fn default() -> Self {
        Self { offset: 0, position: Position::START }
    }
}

impl End {
    fn pass(&mut self, part: &[u8]) {
        self.offset += part.len() as u64;
        self.position = self.position.after(part);
    }
}

/// The line end whose last byte is at `at`, or its first of two.
fn line_end(part: &[u8], at: usize) -> &'static [u8] {
    let is_feed = part[at] == b'\n';
    let has_return = !is_feed || part[..at].ends_with(b"\r");
    let has_feed = is_feed || part.get(at + 1) == Some(&b'\n');
    match (has_return, has_feed) {
        (true, true) => b"\r\n",
        (true, false) => b"\r",
        (false, _) => b"\n",
    }
}

/// How much of `text`, from `length` bytes on, ends where no character is cut in two.
fn whole_characters(text: &[u8], length: usize) -> usize {
    let rest = text.get(length..).unwrap_or_default();
    length.min(text.len()) + rest.iter().take_while(|byte| is_continuation(**byte)).count()
}

/// Whether the byte can only go on with a character in UTF-8.
pub(super) fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
