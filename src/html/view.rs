//! A page as it is read: whole, or, if it is large, as an excerpt.

use super::{Dialect, Excerpt, Positions, Scan, ScanError, scan_relevant};

/// The bytes that are scanned and edited in the place of a page.
#[derive(Clone, Copy, Debug)]
pub struct View<'p> {
    bytes: &'p [u8],
    excerpt: Option<&'p Excerpt>,
}

impl<'p> View<'p> {
    /// All of a page.
    pub fn whole(bytes: &'p [u8]) -> Self {
        Self { bytes, excerpt: None }
    }

    /// What matters of a page.
    pub fn excerpt(excerpt: &'p Excerpt) -> Self {
        Self { bytes: excerpt.bytes(), excerpt: Some(excerpt) }
    }

    /// The bytes that are scanned and edited.
    pub fn bytes(&self) -> &'p [u8] {
        self.bytes
    }

    /// Scans as [`scan_relevant`] does; an error has the page's offsets and positions.
    ///
    /// # Errors
    /// [`ScanError`] if what browsers see cannot be told with certainty, or edited exactly.
    pub fn scan(&self, dialect: Dialect, local: Option<&str>) -> Result<Option<Scan>, ScanError> {
        match self.excerpt {
            None => scan_relevant(self.bytes, dialect, local),
            Some(excerpt) => excerpt.scan_relevant(local),
        }
    }

    /// The positions in the page of what `scan` found.
    pub fn positions<'s>(&'s self, scan: &'s Scan) -> Positions<'s> {
        match self.excerpt {
            None => Positions::new(scan.source(self.bytes)),
            Some(excerpt) => Positions::in_page_of(excerpt),
        }
    }
}
