//! Pages → tags: what a page holds, as far as it matters.
//!
//! `prefilter` says how much of a page has to be read, `token` what is a tag in it, and `meaning` what
//! the tags mean.

use encoding_rs::{Encoding, UTF_8};

use super::{
    Dialect, ScanError, encoding, meaning,
    prefilter::{self, Reach},
    sink::{InlineScripts, Sink},
    tag::{Remark, Tag},
    token,
};

/// What a page holds.
#[derive(Debug)]
pub struct Scan {
    /// The tags that matter, in document order.
    pub tags: Vec<Tag>,
    /// Remarks on what is not edited, in document order.
    pub remarks: Vec<Remark>,
    /// The page's encoding by its name in the Encoding standard: declared, or else `UTF-8`.
    pub encoding: &'static str,
    pub(super) dialect: Dialect,
    pub(super) inline: InlineScripts,
    /// How many bytes at the page's end were not read.
    pub(super) unread: usize,
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
        let source = self.source(page);
        let finder = memchr::memmem::Finder::new(text);
        if finder.find(source).is_none() {
            return 0;
        }
        let parts = token::loading_parts(source);
        parts.into_iter().map(|part| finder.find_iter(&source[part]).count()).sum()
    }
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
fn scan_beginning(page: &[u8], dialect: Dialect, bytes: usize) -> Result<Scan, ScanError> {
    let beginning = &page[..bytes.min(page.len())];
    match scan(beginning, dialect)? {
        Scan { transcoded: Some(_), .. } => scan(page, dialect),
        scan => Ok(Scan { unread: page.len() - beginning.len(), ..scan }),
    }
}

/// Finds every tag that names, preloads or holds a script, and the policies that govern them.
///
/// # Errors
/// [`ScanError`] if it is not certain what browsers see, or it cannot be edited exactly.
pub fn scan(page: &[u8], dialect: Dialect) -> Result<Scan, ScanError> {
    scan_with(page, dialect, InlineScripts::MayLoad)
}

/// Finds what [`scan`] finds, and all inline classic scripts.
///
/// # Errors
/// As [`scan`].
pub fn scan_with_all_scripts(page: &[u8], dialect: Dialect) -> Result<Scan, ScanError> {
    scan_with(page, dialect, InlineScripts::All)
}

pub(super) fn scan_with(
    page: &[u8],
    dialect: Dialect,
    inline: InlineScripts,
) -> Result<Scan, ScanError> {
    match encoding::sniff(page) {
        Some(sniffed) if encoding::hides_markup(sniffed) => {
            scan_transcoded(page, sniffed, dialect, inline)
        }
        sniffed => match scan_bytes(page, sniffed, dialect, inline)? {
            (_, declared) if encoding::hides_markup(declared) => {
                scan_transcoded(page, declared, dialect, inline)
            }
            (scan, _) => Ok(scan),
        },
    }
}

fn scan_transcoded(
    page: &[u8],
    own: &'static Encoding,
    dialect: Dialect,
    inline: InlineScripts,
) -> Result<Scan, ScanError> {
    let text = encoding::transcode(page, own).ok_or(ScanError::Encoding { name: own.name() })?;
    let (scan, _) = scan_bytes(text.as_bytes(), Some(UTF_8), dialect, inline)?;
    Ok(Scan { encoding: own.name(), transcoded: Some((text, own)), ..scan })
}

fn scan_bytes(
    source: &[u8],
    encoding: Option<&'static Encoding>,
    dialect: Dialect,
    inline: InlineScripts,
) -> Result<(Scan, &'static Encoding), ScanError> {
    let mut sink = Sink::new(source, dialect, inline);
    let encoding = meaning::read_page(&mut sink, encoding)?;
    let Sink { tags, remarks, .. } = sink;
    let (unread, transcoded) = (0, None);
    let name = encoding.name();
    let scan = Scan { tags, remarks, encoding: name, dialect, inline, unread, transcoded };
    Ok((scan, encoding))
}
