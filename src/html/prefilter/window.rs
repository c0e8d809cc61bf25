//! A buffer that slides over a page from its beginning to its end.

use std::io::{self, Read};

/// The bytes in memory of a page that is read once.
pub(super) struct Window<R> {
    page: R,
    bytes: Vec<u8>,
    /// How many bytes it has, if there are as many.
    size: usize,
    most: usize,
    is_last: bool,
}

impl<R: Read> Window<R> {
    /// A window at the page's beginning, of `size` bytes for now and `most` where it has to grow.
    pub(super) fn new(page: R, size: usize, most: usize) -> io::Result<Self> {
        let size = size.max(1);
        let bytes = Vec::new();
        let mut window = Self { page, bytes, size, most, is_last: false };
        window.fill()?;
        Ok(window)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the page ends with it.
    pub(super) fn is_last(&self) -> bool {
        self.is_last
    }

    /// Moves on by `done` bytes, or grows if that is none. Returns whether more of the page was read.
    pub(super) fn slide(&mut self, done: usize) -> io::Result<bool> {
        self.bytes.drain(..done);
        if done == 0 {
            // Doubled, so that what is read again and again is never more than twice its length.
            self.size = (self.size * 2).min(self.most);
        }
        let before = self.bytes.len();
        self.fill()?;
        Ok(self.bytes.len() > before)
    }

    fn fill(&mut self) -> io::Result<()> {
        let missing = self.size.saturating_sub(self.bytes.len());
        if missing > 0 && !self.is_last {
            self.bytes.reserve_exact(missing);
            let read = self.page.by_ref().take(missing as u64).read_to_end(&mut self.bytes)?;
            self.is_last = read < missing;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides_grows_and_ends() {
        let mut window = Window::new(&b"abcdefgh"[..], 3, 5).unwrap();
        assert_eq!(window.bytes(), b"abc");
        assert!(window.slide(2).unwrap());
        assert_eq!(window.bytes(), b"cde");
        assert!(window.slide(0).unwrap());
        assert_eq!(window.bytes(), b"cdefg");
        assert!(!window.slide(0).unwrap(), "it may not grow any more");
        assert!(!window.is_last());
        assert!(window.slide(1).unwrap());
        assert_eq!((window.bytes(), window.is_last()), (&b"defgh"[..], false));
        assert!(!window.slide(4).unwrap());
        assert_eq!((window.bytes(), window.is_last()), (&b"h"[..], true));
    }
}
