//! Bytes → start tags and conditional comments, with certainty or not at all.
//!
//! Plain markup is read by `fast`. Everything else is read by lol_html; where it could be wrong, a
//! conforming parser (HTML 13.2) has to confirm what it reports.

pub(super) mod confirm;
pub(super) mod event;
mod fast;
mod foreign;
mod lol;

use encoding_rs::{Encoding, UTF_8};

use self::{
    confirm::Unconfirmed,
    event::{Event, declared_encoding},
    lol::{ReadError, Reading},
};
pub(super) use self::{event::find_tag, lol::loading_parts};
use super::vocabulary::ELEMENTS;

/// Why bytes cannot be read with certainty.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    /// Parsers may disagree about this tag, or about what comes before it.
    Ambiguous {
        /// Its name, `!--` for a comment.
        tag: String,
        /// Where it begins.
        offset: usize,
    },
    /// A tag, or the nesting of elements, is larger than anything a page needs.
    TooLarge,
}

/// The events of a text, and its encoding: `known`, or what it declares, or else UTF-8.
pub(super) fn read(
    bytes: &[u8],
    known: Option<&'static Encoding>,
) -> Result<(Vec<Event>, &'static Encoding), TokenError> {
    match fast::read(bytes) {
        Some(events) => {
            let encoding = encoding_of(bytes, known, &events);
            Ok((events, encoding))
        }
        None if !may_be_reported(bytes) => Ok((Vec::new(), known.unwrap_or(UTF_8))),
        None => read_slowly(bytes, known),
    }
}

/// Whether a text could hold a tag that is reported: `false` is certain, `true` is not.
pub(super) fn may_be_reported(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let starts = |name: &str| {
            let word = bytes.get(at + 1..at + 1 + name.len());
            word.is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
        };
        ELEMENTS.iter().any(|element| element.is_reported() && starts(element.name))
    })
}

fn encoding_of(
    bytes: &[u8],
    known: Option<&'static Encoding>,
    events: &[Event],
) -> &'static Encoding {
    known.or_else(|| declared_encoding(bytes, events)).unwrap_or(UTF_8)
}

/// What lol_html reports, confirmed by a second parser where it could be wrong.
fn read_slowly(
    bytes: &[u8],
    known: Option<&'static Encoding>,
) -> Result<(Vec<Event>, &'static Encoding), TokenError> {
    let (read, stopped_at) = match lol::read(bytes, Reading::Strict) {
        Ok(read) => (read, None),
        Err(ReadError::TooLarge) => return Err(TokenError::TooLarge),
        Err(ReadError::Ambiguous { tag }) => {
            let read = lol::read(bytes, Reading::Lenient).map_err(|_| TokenError::TooLarge)?;
            (read, Some(tag))
        }
    };
    let events = read.events;
    let encoding = encoding_of(bytes, known, &events);
    if stopped_at.is_none() && !read.doubtful && foreign::is_plain(bytes) {
        return Ok((events, encoding));
    }
    match confirm::confirm(bytes, encoding, &events) {
        Ok(()) => Ok((events, encoding)),
        Err(unconfirmed) => Err(unreadable(bytes, &events, stopped_at, unconfirmed)),
    }
}

fn unreadable(
    bytes: &[u8],
    events: &[Event],
    stopped_at: Option<String>,
    unconfirmed: Unconfirmed,
) -> TokenError {
    match (unconfirmed, stopped_at) {
        (Unconfirmed::TooMuchWork, _) => TokenError::TooLarge,
        (Unconfirmed::Disagreement { .. }, Some(tag)) => {
            TokenError::Ambiguous { offset: lol::stopping_point(bytes, &tag), tag }
        }
        (Unconfirmed::Disagreement { event, tag }, None) => {
            let offset = events.get(event).map_or(bytes.len(), Event::start);
            TokenError::Ambiguous { tag, offset }
        }
    }
}

/// What each tokenizer reports that reads these bytes with certainty: for tests.
#[cfg(test)]
pub(super) fn by_each(bytes: &[u8]) -> Vec<Vec<Event>> {
    let slow = lol::read(bytes, Reading::Strict).map(|read| read.events).ok();
    fast::read(bytes).into_iter().chain(slow).collect()
}
