//! Pages → tags: finds out what a page's markup is, with certainty or not at all.
//!
//! A page is read strictly; where that fails, or where SVG and MathML are not plain, a conforming
//! parser (HTML 13.2) has to confirm what was read, or the page is refused. Which of the elements
//! matter is told in `layer`.

use encoding_rs::{Encoding, UTF_8};

use super::{
    Dialect, Position, Positions,
    ambiguity::{self, Unsettled},
    encoding,
    events::{self, Event, ReadError, Reading},
    foreign,
    layer::{Layer, LayerReader, is_html, raw},
    plain,
    prefilter::{self, Reach},
    tag::{Remark, Tag},
};

/// The longest start tag that is looked at, in bytes: decoding copies it.
pub(super) const MAX_TAG: usize = 8 << 20;
/// How many tags and remarks a page may have: each takes a few kilobytes until the page is written.
pub(super) const MAX_FOUND: usize = 100_000;

/// What a page holds.
#[derive(Debug)]
pub struct Scan {
    /// The tags that matter, in document order.
    pub tags: Vec<Tag>,
    /// What is worth telling, in document order.
    pub remarks: Vec<Remark>,
    /// The page's encoding by its name in the Encoding standard: declared, or else `UTF-8`.
    pub encoding: &'static str,
    pub(super) dialect: Dialect,
    /// How many bytes at the page's end were not read.
    pub(super) unread: usize,
    /// Whether it is the scan of an excerpt, and the page has more.
    pub(super) is_partial: bool,
    /// The page as UTF-8 with its own encoding, where its bytes hide the markup.
    pub(super) transcoded: Option<(String, &'static Encoding)>,
}

impl Scan {
    /// The bytes that every span counts: the page's own, or for pages in UTF-16 and ISO-2022-JP
    /// their transcoding to UTF-8. `page` is the page that was scanned.
    pub fn source<'a>(&'a self, page: &'a [u8]) -> &'a [u8] {
        self.transcoded.as_ref().map_or(page, |(text, _)| text.as_bytes())
    }

    /// How often `text` stands where a page can load something: in an attribute's value, a script,
    /// a style sheet or a conditional comment, but not in what people read.
    pub fn mentions(&self, page: &[u8], text: &str) -> usize {
        if self.is_partial {
            return usize::MAX; // nobody knows, and nothing must be taken away for it
        }
        let source = self.source(page);
        let finder = memchr::memmem::Finder::new(text);
        if finder.find(source).is_none() {
            return 0;
        }
        let parts = events::loading_parts(source);
        parts.into_iter().map(|part| finder.find_iter(&source[part]).count()).sum()
    }
}

/// Why a page cannot be read with certainty. Such a page has to be left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// What browsers make of the page cannot be told from its tags alone.
    #[error(
        "{}:{}: `<{tag}>` stands where parsers may ignore it or what follows; \
         close what is open before it", position.line, position.column
    )]
    Ambiguous {
        /// The tag's name, `!--` for a comment.
        tag: String,
        /// Its offset in [`Scan::source`].
        offset: usize,
        /// The same as line and column.
        position: Position,
    },
    /// `<script/>` ends there in XML and goes on in HTML.
    #[error(
        "{}:{}: `<script/>` in an XHTML page hides what follows from HTML parsers; \
         write `<script></script>`", position.line, position.column
    )]
    SelfClosingScriptInXhtml {
        /// The tag's offset in [`Scan::source`].
        offset: usize,
        /// The same as line and column.
        position: Position,
    },
    /// The page is in an encoding that cannot be edited byte for byte.
    #[error(
        "the page's encoding, {name}, cannot be edited without changing other bytes; use UTF-8"
    )]
    Encoding {
        /// The encoding's name in the Encoding standard.
        name: &'static str,
    },
    /// More tags of scripts, and of what goes with them, than anyone writes.
    #[error("the page has more than {limit} tags that name scripts")]
    TooMany {
        /// How many it may have.
        limit: usize,
    },
    /// A tag, or the nesting of elements, is larger than anything a page needs.
    #[error(
        "the page has a start tag or a nesting too large to read (a tag may have {limit} bytes)"
    )]
    TooLarge {
        /// How long a start tag may be, in bytes.
        limit: usize,
    },
}

/// Finds what [`scan`] finds, as far as it bears on scripts from elsewhere, on modules, or on
/// scripts whose address contains `local`; reads no more of the page than that takes. `None`: there
/// is nothing.
///
/// # Errors
/// As [`scan`], for the part of the page that is read.
pub fn scan_relevant(
    page: &[u8],
    dialect: Dialect,
    local: Option<&str>,
) -> Result<Option<Scan>, ScanError> {
    match prefilter::reach(page, dialect, local) {
        Reach::Nothing => Ok(None),
        Reach::Beginning(bytes) => scan_beginning(page, dialect, bytes).map(Some),
        Reach::Everything => scan(page, dialect).map(Some),
    }
}

/// Scans the first `bytes` bytes of a page; all of it if its encoding hides its markup, because
/// then it is edited as a whole.
pub(super) fn scan_beginning(
    page: &[u8],
    dialect: Dialect,
    bytes: usize,
) -> Result<Scan, ScanError> {
    let beginning = &page[..bytes.min(page.len())];
    match scan(beginning, dialect)? {
        Scan { transcoded: Some(_), .. } => scan(page, dialect),
        scan => Ok(Scan { unread: page.len() - beginning.len(), ..scan }),
    }
}

/// Finds every tag that names, preloads or holds a script, and the policies that govern them.
///
/// # Errors
/// [`ScanError`] if what browsers see cannot be told with certainty, or edited exactly.
pub fn scan(page: &[u8], dialect: Dialect) -> Result<Scan, ScanError> {
    match encoding::sniff(page) {
        Some(sniffed) if encoding::hides_markup(sniffed) => scan_transcoded(page, sniffed, dialect),
        sniffed => match Scanner::scan(page, sniffed, dialect)? {
            (_, declared) if encoding::hides_markup(declared) => {
                scan_transcoded(page, declared, dialect)
            }
            (scan, _) => Ok(scan),
        },
    }
}

fn scan_transcoded(
    page: &[u8],
    own: &'static Encoding,
    dialect: Dialect,
) -> Result<Scan, ScanError> {
    let text = encoding::transcode(page, own).ok_or(ScanError::Encoding { name: own.name() })?;
    let (scan, _) = Scanner::scan(text.as_bytes(), Some(UTF_8), dialect)?;
    Ok(Scan { encoding: own.name(), transcoded: Some((text, own)), ..scan })
}

/// Whether a layer could hold a tag that is reported: `false` is certain, `true` is not.
pub(super) fn has_relevant_tag(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let starts = |name: &[u8]| {
            bytes
                .get(at + 1..at + 1 + name.len())
                .is_some_and(|word| word.eq_ignore_ascii_case(name))
        };
        starts(b"script") || starts(b"link") || starts(b"meta") || starts(b"iframe")
    })
}

/// A scan in the making.
pub(super) struct Scanner<'a> {
    pub(super) source: &'a [u8],
    pub(super) dialect: Dialect,
    pub(super) tags: Vec<Tag>,
    pub(super) remarks: Vec<Remark>,
}

impl<'a> Scanner<'a> {
    fn scan(
        source: &'a [u8],
        encoding: Option<&'static Encoding>,
        dialect: Dialect,
    ) -> Result<(Scan, &'static Encoding), ScanError> {
        let mut scanner = Self { source, dialect, tags: Vec::new(), remarks: Vec::new() };
        let encoding = scanner.layer(Layer::page(source, encoding))?;
        let Self { tags, remarks, .. } = scanner;
        let scan = Scan {
            tags,
            remarks,
            encoding: encoding.name(),
            dialect,
            unread: 0,
            is_partial: false,
            transcoded: None,
        };
        Ok((scan, encoding))
    }

    /// Reads a layer and everything inside it; says which encoding it turned out to be in.
    pub(super) fn layer(&mut self, layer: Layer<'_>) -> Result<&'static Encoding, ScanError> {
        let (events, encoding) = match plain::read(layer.bytes) {
            Some(events) => {
                let declared = || declared_encoding(layer.bytes, &events);
                let encoding = layer.encoding.or_else(declared).unwrap_or(UTF_8);
                (events, encoding)
            }
            None if !has_relevant_tag(layer.bytes) => {
                return Ok(layer.encoding.unwrap_or(UTF_8));
            }
            None => self.certain_events(&layer)?,
        };
        LayerReader::new(self, &layer, encoding).read(&events)?;
        Ok(encoding)
    }

    /// The layer's events, confirmed by a second parser where the first could be wrong.
    fn certain_events(
        &self,
        layer: &Layer<'_>,
    ) -> Result<(Vec<Event>, &'static Encoding), ScanError> {
        let stop = |offset: usize, tag| self.ambiguous(layer.outward.near(offset), tag);
        let (read, stopped) = match events::read(layer.bytes, Reading::Strict) {
            Ok(read) => (read, None),
            Err(ReadError::TooLarge) => return Err(TOO_LARGE),
            Err(ReadError::Ambiguous { tag }) => {
                let read = events::read(layer.bytes, Reading::Lenient).map_err(|_| TOO_LARGE)?;
                (read, Some(tag))
            }
        };
        let events = read.events;
        let declared = || declared_encoding(layer.bytes, &events);
        let encoding = layer.encoding.or_else(declared).unwrap_or(UTF_8);
        if stopped.is_none() && !read.doubtful && foreign::is_plain(layer.bytes) {
            return Ok((events, encoding));
        }
        match (ambiguity::settle(layer.bytes, encoding, &events), stopped) {
            (Ok(()), _) => Ok((events, encoding)),
            (Err(Unsettled::TooMuchWork), _) => Err(TOO_LARGE),
            (Err(Unsettled::Disagreement { .. }), Some(tag)) => {
                Err(stop(events::stopping_point(layer.bytes, &tag), tag))
            }
            (Err(Unsettled::Disagreement { event, tag }), None) => {
                Err(stop(start_of(events.get(event), layer.bytes.len()), tag))
            }
        }
    }

    fn ambiguous(&self, offset: usize, tag: String) -> ScanError {
        ScanError::Ambiguous { tag, offset, position: Positions::new(self.source).of(offset) }
    }
}

pub(super) const TOO_LARGE: ScanError = ScanError::TooLarge { limit: MAX_TAG };

fn start_of(event: Option<&Event>, otherwise: usize) -> usize {
    match event {
        Some(Event::Element(element)) => element.span.start,
        Some(Event::ConditionalComment { span, .. }) => span.start,
        None => otherwise,
    }
}

/// The encoding of the first `<meta>` that declares one.
pub(super) fn declared_encoding(bytes: &[u8], events: &[Event]) -> Option<&'static Encoding> {
    events.iter().find_map(|event| match event {
        Event::Element(element) if is_html(element, "meta") => {
            let attribute = |name: &str| {
                let span = raw(element, name)?.value_span.clone()?;
                std::str::from_utf8(bytes.get(span)?).ok()
            };
            encoding::declared(attribute)
        }
        Event::Element(_) | Event::ConditionalComment { .. } => None,
    })
}
