//! Markup that is longer than what anyone holds in memory: images as `data:`, comments, style sheets,
//! data in scripts. It is read part by part, by the same rules as the rest, because nothing in it is
//! reported.

use super::{Kind, Reader, ends_a_name};
use crate::html::events::RawAttribute;

/// What a part of such markup ends inside of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::html) enum Inside {
    /// A comment.
    Comment,
    /// The text of an element of this name.
    Text(Vec<u8>),
    /// A start tag, between its attributes.
    Tag,
    /// The value of an attribute, in these quotes.
    Value(u8),
}

/// How far markup is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::html) enum Progress {
    /// Up to here, where it is over.
    Over(usize),
    /// Up to here, and it may go on behind the bytes.
    Open(usize),
}

/// What the markup is that `bytes` begin with, and from where on it may be long; `is_data` judges a
/// script by its attributes. `None`: it is reported, or not plain.
pub(in crate::html) fn begin(
    bytes: &[u8],
    is_data: impl Fn(&[RawAttribute]) -> bool,
) -> Option<(usize, Inside)> {
    if let Some(text) = bytes.strip_prefix(b"<!--") {
        let is_conditional = text.get(..3)?.eq_ignore_ascii_case(b"[if");
        let is_plain = !is_conditional && !text.starts_with(b">") && !text.starts_with(b"->");
        return is_plain.then_some((b"<!--".len(), Inside::Comment));
    }
    let mut reader = Reader { bytes, at: 0, events: Vec::new() };
    let name = reader.name(1)?;
    reader.at = name.end;
    let name = &bytes[name];
    match Kind::of(name) {
        Kind::Other => Some((reader.at, Inside::Tag)),
        Kind::Text | Kind::Script => {
            let mut attributes = Vec::new();
            reader.tag_end(|attribute| attributes.push(attribute))?;
            let attributes: Vec<_> =
                attributes.into_iter().map(|found| reader.raw(found)).collect();
            let is_script = name.eq_ignore_ascii_case(b"script");
            let is_text = Kind::of(name) == Kind::Text || (is_script && is_data(&attributes));
            is_text.then(|| (reader.at, Inside::Text(name.to_vec())))
        }
        Kind::Void | Kind::Foreign | Kind::Unsure => None,
    }
}

impl Inside {
    /// Goes on at `at`; `None` if it is not plain.
    pub(in crate::html) fn go_on(&mut self, bytes: &[u8], mut at: usize) -> Option<Progress> {
        loop {
            match self {
                Self::Comment => return in_comment(bytes, at),
                Self::Text(name) => return in_text(bytes, at, name),
                Self::Value(quote) => {
                    let Some(length) = memchr::memchr(*quote, &bytes[at..]) else {
                        return Some(Progress::Open(bytes.len()));
                    };
                    let end = at + length;
                    let Some(next) = bytes.get(end + 1) else { return Some(Progress::Open(end)) };
                    ends_a_name(*next).then_some(())?;
                    at = end + 1;
                    *self = Self::Tag;
                }
                Self::Tag => match in_tag(bytes, at)? {
                    Tag::Value(quote, start) => {
                        at = start;
                        *self = Self::Value(quote);
                    }
                    Tag::Read(progress) => return Some(progress),
                },
            }
        }
    }
}

enum Tag {
    Read(Progress),
    /// It ends inside the value that begins here, behind this quote.
    Value(u8, usize),
}

fn in_tag(bytes: &[u8], at: usize) -> Option<Tag> {
    let mut reader = Reader { bytes, at, events: Vec::new() };
    loop {
        reader.white_space();
        let start = reader.at;
        match bytes.get(start..).unwrap_or_default() {
            [b'>', ..] => return Some(Tag::Read(Progress::Over(start + 1))),
            [b'/', b'>', ..] => return Some(Tag::Read(Progress::Over(start + 2))),
            [b'/', _, ..] => return None,
            [] | [b'/'] => return Some(Tag::Read(Progress::Open(start))),
            _ if reader.attribute().is_some() => {}
            _ => {
                let value = reader.open_value().map(|quote| Tag::Value(quote, reader.at + 1));
                return value.or(Some(Tag::Read(Progress::Open(start))));
            }
        }
    }
}

impl Reader<'_> {
    /// The quote of the value that the reader stopped at, because its end is not in the bytes.
    fn open_value(&self) -> Option<u8> {
        let (before, value) = self.bytes.split_at_checked(self.at)?;
        let quote = *value.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let is_value = before.trim_ascii_end().ends_with(b"=");
        (is_value && memchr::memchr(quote, &value[1..]).is_none()).then_some(quote)
    }
}

fn in_comment(bytes: &[u8], at: usize) -> Option<Progress> {
    let text = &bytes[at..];
    let end = memchr::memmem::find(text, b"-->");
    let is_odd = memchr::memmem::find(&text[..end.unwrap_or(text.len())], b"--!>").is_some();
    let open = || text.len().saturating_sub(b"--!".len());
    (!is_odd).then(|| match end {
        Some(end) => Progress::Over(at + end + b"-->".len()),
        None => Progress::Open(at + open()),
    })
}

fn in_text(bytes: &[u8], mut at: usize, name: &[u8]) -> Option<Progress> {
    while let Some(distance) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + distance;
        // As much as tells what this is.
        let Some(markup) = bytes.get(start + 1..start + name.len() + 3) else {
            return Some(Progress::Open(start));
        };
        if markup.starts_with(b"!--") && name.eq_ignore_ascii_case(b"script") {
            return None;
        }
        let after = markup.strip_prefix(b"/").and_then(|rest| rest.split_at_checked(name.len()));
        at = start + 1;
        if after.is_some_and(|(end, next)| end.eq_ignore_ascii_case(name) && ends_a_name(next[0])) {
            at += 1 + name.len();
            let mut reader = Reader { bytes, at, events: Vec::new() };
            return match reader.end_of_end_tag() {
                Some(()) => Some(Progress::Over(reader.at)),
                None if reader.at == bytes.len() => Some(Progress::Open(start)),
                None => None,
            };
        }
    }
    Some(Progress::Open(bytes.len()))
}
