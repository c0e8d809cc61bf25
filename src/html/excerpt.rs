//! Large pages: reads one piece by piece and keeps only what matters to a scan.
//!
//! A page written the plain way (`plain`) is the sum of its parts: what stands between the elements
//! that matter has no influence on them. So a small page of only those scans to the same tags, an
//! edit of it is the same edit of the page, and nobody has to hold the page in memory. What edits
//! look at around a tag is kept too: whether the tag is the first thing on its line, how that is
//! indented, and how lines end. Where a page stops to be plain, the excerpt may stop as well if
//! nothing that matters follows (`prefilter`).

mod builder;
mod matters;
mod reading;
#[cfg(test)]
mod tests;
mod window;

use std::{
    io::{self, Read},
    ops::Range,
};

use self::{
    builder::{Builder, End},
    matters::matters,
    reading::{keep_plain_part, nothing_follows},
    window::Window,
};
use super::{
    Dialect, Patch, Position, Scan, ScanError, encoding,
    events::Event,
    plain,
    scan::{declared_encoding, scan_relevant},
};

/// The parts of a page that matter to a scan, as a page of their own, and where they come from.
///
/// ```
/// use inhouse::html::{Excerpt, ExcerptLimits};
///
/// let page = format!("{}<script src=//h/a.js></script>", "<p>text</p>\n".repeat(10_000));
/// let excerpt = Excerpt::read(page.as_bytes(), None, ExcerptLimits::default())?.unwrap();
/// assert!(excerpt.bytes().len() < 70_000);
/// let tag = excerpt.scan_relevant(None).unwrap().unwrap().tags.remove(0);
/// assert_eq!(excerpt.in_page(tag.span.clone()), Some(120_000..120_021));
/// assert_eq!(excerpt.position(tag.span.start).line, 10_001);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Excerpt {
    bytes: Vec<u8>,
    /// What is copied from the page, in order.
    pieces: Vec<Piece>,
    /// Where copied bytes lie in the page's lines, in order.
    marks: Vec<Mark>,
    end: End,
    page_length: u64,
}

/// Bytes of the excerpt that are bytes of the page.
#[derive(Debug)]
struct Piece {
    start: usize,
    end: usize,
    in_page: u64,
}

impl Piece {
    fn end_in_page(&self) -> u64 {
        self.in_page + (self.end - self.start) as u64
    }
}

#[derive(Debug)]
struct Mark {
    offset: usize,
    position: Position,
}

/// How much memory the excerpt of a page may take while it is made, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExcerptLimits {
    /// How much of the page is looked at at once.
    pub window: usize,
    /// The same where a single tag, script or comment is longer.
    pub longest: usize,
    /// How large the excerpt may get.
    pub excerpt: usize,
}

impl Default for ExcerptLimits {
    fn default() -> Self {
        Self { window: 64 << 10, longest: 4 << 20, excerpt: 2 << 20 }
    }
}

impl Excerpt {
    /// Reads a page, which has to be served as [`Dialect::Html`], from its beginning to its end.
    ///
    /// The excerpt scans to the tags that [`scan`](super::scan()) finds in the page, as far as
    /// [`Excerpt::reach`]; what comes behind certainly loads nothing from elsewhere, no modules, and no
    /// scripts whose address contains `local`. `None`: the page has to be read whole, because it is
    /// not written the plain way, in an encoding that hides its markup, or what matters is too much.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(
        page: impl Read,
        local: Option<&str>,
        limits: ExcerptLimits,
    ) -> io::Result<Option<Self>> {
        let mut window = Window::new(page, limits.window, limits.longest)?;
        let mut builder = Builder::default();
        let Some(kept) = keep_plain_part(&mut window, &mut builder, limits)? else {
            return Ok(None);
        };
        // What cannot happen, and must not: that parts put together are something else.
        let matters = |event: &&Event| matters(event, builder.bytes());
        let events = plain::read(builder.bytes());
        let events = events.filter(|events| events.iter().filter(matters).count() == kept);
        let Some(events) = events else { return Ok(None) };
        let sniffed = encoding::sniff(builder.bytes());
        let encoding = sniffed.or_else(|| declared_encoding(builder.bytes(), &events));
        if encoding.is_some_and(encoding::hides_markup) {
            return Ok(None);
        }
        let may_declare = kept > 0 && encoding.is_none();
        let is_all = nothing_follows(&mut window, &mut builder, local, may_declare)?;
        Ok(is_all.then(|| builder.finish(window.read())))
    }

    /// Whether nothing in a page bears on scripts from elsewhere, on modules, or on scripts whose
    /// address contains `local`. `false` is no more than a doubt.
    ///
    /// # Errors
    /// Those of reading.
    pub fn is_nothing(
        page: impl Read,
        local: Option<&str>,
        limits: ExcerptLimits,
    ) -> io::Result<bool> {
        let mut window = Window::new(page, limits.window, limits.longest)?;
        match encoding::sniff(window.bytes()).is_some_and(encoding::hides_markup) {
            true => Ok(false),
            false => nothing_follows(&mut window, &mut Builder::default(), local, false),
        }
    }

    /// The excerpt as a page.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes the page has.
    pub fn page_length(&self) -> u64 {
        self.page_length
    }

    /// How many bytes of the page the excerpt is made of. Behind them there may be tags, of which none
    /// matters.
    pub fn reach(&self) -> u64 {
        self.end.offset
    }

    /// Whether there is more in the page, so that [`Scan::mentions`] cannot tell what it names.
    pub fn is_partial(&self) -> bool {
        let copied = self.pieces.iter().map(|piece| piece.end_in_page() - piece.in_page);
        copied.sum::<u64>() != self.page_length
    }

    /// Where a part of the excerpt lies in the page; `None` if it isn't one part there.
    pub fn in_page(&self, span: Range<usize>) -> Option<Range<u64>> {
        let after = self.pieces.partition_point(|piece| piece.start <= span.start);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        let in_page = |offset: usize| piece.in_page + (offset - piece.start) as u64;
        let is_inside = span.start <= span.end && span.end <= piece.end;
        is_inside.then(|| in_page(span.start)..in_page(span.end))
    }

    /// The place in the page of a byte of the excerpt, counted as [`Positions`](super::Positions)
    /// counts. What is not from the page counts as the end of what comes before it.
    pub fn position(&self, offset: usize) -> Position {
        let after = self.pieces.partition_point(|piece| piece.start <= offset);
        let Some(piece) = after.checked_sub(1).and_then(|last| self.pieces.get(last)) else {
            return Position::START;
        };
        let offset = offset.min(piece.end);
        let after = self.marks.partition_point(|mark| mark.offset <= offset);
        let Some(mark) = after.checked_sub(1).and_then(|last| self.marks.get(last)) else {
            return Position::START;
        };
        mark.position.after(&self.bytes[mark.offset..offset])
    }

    /// Scans the excerpt as [`scan_relevant`](super::scan_relevant) scans a page; spans count its
    /// bytes.
    ///
    /// # Errors
    /// As for the page, with offsets and positions of the page.
    pub fn scan_relevant(&self, local: Option<&str>) -> Result<Option<Scan>, ScanError> {
        let scanned = scan_relevant(&self.bytes, Dialect::Html, local);
        let scan = scanned.map_err(|error| self.error_in_page(error))?;
        Ok(scan.map(|scan| Scan { is_partial: self.is_partial(), ..scan }))
    }

    /// The changes of the excerpt as changes of the page; `None` if one of them is no one part there.
    pub fn patch_in_page(&self, patch: Patch) -> Option<Patch> {
        patch.moved(|span| {
            let span = self.in_page(span)?;
            Some(usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?)
        })
    }

    /// An error of scanning the excerpt, with the offset and position that it has in the page.
    fn error_in_page(&self, error: ScanError) -> ScanError {
        let place = |offset: usize| {
            let in_page = self.in_page(offset..offset).map_or(0, |span| span.start);
            (usize::try_from(in_page).unwrap_or(usize::MAX), self.position(offset))
        };
        match error {
            ScanError::Ambiguous { tag, offset, .. } => {
                let (offset, position) = place(offset);
                ScanError::Ambiguous { tag, offset, position }
            }
            ScanError::SelfClosingScriptInXhtml { offset, .. } => {
                let (offset, position) = place(offset);
                ScanError::SelfClosingScriptInXhtml { offset, position }
            }
            ScanError::Encoding { .. } | ScanError::TooMany { .. } | ScanError::TooLarge { .. } => {
                error
            }
        }
    }
}
