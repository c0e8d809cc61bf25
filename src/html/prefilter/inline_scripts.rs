//! What inline scripts may do, and where scripts end.

use std::sync::LazyLock;

use memchr::memmem;

use super::{concern::Concern, tags::Loads};
use crate::html::script_words;

static COMMENT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("<!--"));

/// The end of the first `</script>`; `None` if more than white space stands before its
/// `>`, or if there is none.
pub(super) fn script_end(bytes: &[u8]) -> Option<usize> {
    let name_end = end_tag(bytes)? + END_TAG.len();
    let rest = bytes[name_end..].trim_ascii_start();
    rest.starts_with(b">").then(|| bytes.len() - rest.len() + 1)
}

const END_TAG: &[u8] = b"</script";

/// Where the first end tag of a script begins (HTML 13.2.5.17, script data end tag name state).
fn end_tag(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', bytes).find(|at| {
        let Some((name, after)) = bytes[*at..].split_at_checked(END_TAG.len()) else {
            return false;
        };
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
        name.eq_ignore_ascii_case(END_TAG) && after.first().is_some_and(ends)
    })
}

/// Where something comes next, for places in ascending order: nothing is looked at twice, so that no
/// page takes more than its length.
struct Next<'p> {
    page: &'p [u8],
    find: fn(&[u8]) -> Option<usize>,
    /// Where it is, as far as known.
    known: Option<usize>,
    /// Up to here there is no other.
    clear_to: usize,
}

impl<'p> Next<'p> {
    fn of(page: &'p [u8], find: fn(&[u8]) -> Option<usize>) -> Self {
        Self { page, find, known: None, clear_to: 0 }
    }

    /// The first place from `at` on and before `end`.
    fn within(&mut self, at: usize, end: usize) -> Option<usize> {
        if self.known.is_none_or(|known| known < at) {
            let start = at.max(self.clear_to);
            self.clear_to = end.max(start);
            let found = self.page.get(start..end).and_then(|part| (self.find)(part));
            self.known = found.map(|distance| start + distance);
            if let Some(known) = self.known {
                self.clear_to = known;
            }
        }
        self.known.filter(|known| *known < end)
    }
}

/// What inline scripts may do, without knowing where their start tags end: attributes count as
/// code.
pub(super) struct InlineScripts<'p> {
    length: usize,
    /// Whether nothing follows that a script could go on in.
    is_last: bool,
    ends: Next<'p>,
    comments: Next<'p>,
    loaders: [Next<'p>; 2],
}

impl<'p> InlineScripts<'p> {
    pub(super) fn of(page: &'p [u8], is_last: bool) -> Self {
        Self {
            length: page.len(),
            is_last,
            ends: Next::of(page, end_tag),
            comments: Next::of(page, |bytes| COMMENT.find(bytes)),
            loaders: [
                Next::of(page, script_words::import_call),
                Next::of(page, script_words::worker),
            ],
        }
    }

    /// What the script means whose start tag reaches from `at` to `tag_end`. After `<!--` it may
    /// go on behind its first end tag (HTML 13.2.5.20, script data escaped state); where it ends
    /// then is not known here.
    pub(super) fn concern(&mut self, at: usize, tag_end: usize, loads: Loads) -> Concern {
        let end_tag = self.ends.within(tag_end, self.length);
        let end = end_tag.unwrap_or(self.length);
        let is_escaped = self.comments.within(at, end).is_some();
        let reach = if is_escaped { self.length } else { end };
        let goes_on = !self.is_last && (is_escaped || end_tag.is_none());
        let concerns_us = match loads {
            Loads::Nothing => false,
            Loads::IfItsCodeDoes if goes_on => return Concern::Lasting,
            Loads::IfItsCodeDoes => {
                self.loaders.iter_mut().any(|next| next.within(at, reach).is_some())
            }
            Loads::Something => true,
        };
        match (concerns_us, is_escaped) {
            (false, _) => Concern::None,
            (true, false) => Concern::Local(tag_end),
            (true, true) => Concern::Lasting,
        }
    }
}
