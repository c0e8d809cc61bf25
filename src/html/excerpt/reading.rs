//! Reads a page through a window: first as far as it is plain, then whether the rest may matter.

use std::io::{self, Read};

use super::{
    ExcerptLimits,
    builder::{Builder, is_continuation},
    matters::{is_data, matters, script_type},
    window::Window,
};
use crate::html::{
    events::RawAttribute,
    plain::{
        self,
        long::{self, Progress},
    },
    prefilter,
};

/// Takes the page as far as it is plain: the window then begins where it is not, or is empty. Gives
/// how many events were kept; `None` if they are too much.
pub(super) fn keep_plain_part(
    window: &mut Window<impl Read>,
    builder: &mut Builder,
    limits: ExcerptLimits,
) -> io::Result<Option<usize>> {
    let mut kept = 0;
    loop {
        let bytes = window.bytes();
        // What has been taken, and what has been read but may still wait for what follows.
        let (mut taken, mut at) = (0, 0);
        let mut open = None;
        while let Some(distance) = memchr::memchr(b'<', &bytes[at..]) {
            let start = at + distance;
            let Some((end, event)) = plain::markup(bytes, start) else {
                open = Some(start);
                break;
            };
            if event.is_some_and(|event| matters(&event, bytes)) {
                builder.pass(&bytes[taken..start]);
                builder.keep(&bytes[start..end]);
                (taken, kept) = (end, kept + 1);
                if builder.size() > limits.excerpt {
                    return Ok(None);
                }
            } else if builder.is_at_beginning() {
                builder.pass(&bytes[taken..start]);
                builder.pass(&bytes[start..end]);
                taken = end;
            }
            at = end;
        }
        let done = open.unwrap_or_else(|| end_of_text(bytes, at, window.is_last()));
        builder.pass(&bytes[taken..done]);
        if builder.size() > limits.excerpt {
            return Ok(None);
        }
        let is_over = open.is_none() && window.is_last();
        if window.slide(done)? || !(is_over || open.is_some() || !window.is_last()) {
            continue;
        }
        match pass_long(window, builder)? {
            Long::Passed => {}
            Long::NotThis => return Ok(Some(kept)),
            Long::NotPlain => return Ok(None),
        }
    }
}

enum Long {
    Passed,
    /// It is none.
    NotThis,
    /// That came out too late.
    NotPlain,
}

/// Passes over the markup at the window's beginning, if that is longer than any window and does not
/// matter.
fn pass_long(window: &mut Window<impl Read>, builder: &mut Builder) -> io::Result<Long> {
    let bytes = window.bytes();
    let is_data = |attributes: &[RawAttribute]| {
        !attributes.iter().any(|attribute| attribute.name == "src")
            && script_type(attributes, bytes).is_some_and(|kind| is_data(&kind))
    };
    let Some((mut at, mut inside)) = long::begin(bytes, is_data) else { return Ok(Long::NotThis) };
    let mut is_long = false;
    loop {
        let bytes = window.bytes();
        let certain = match inside.go_on(bytes, at) {
            Some(Progress::Over(end)) if is_long => {
                builder.pass_markup(&bytes[..end]);
                window.slide(end)?;
                return Ok(Long::Passed);
            }
            Some(Progress::Open(certain)) if is_long || certain > bytes.len() / 2 => certain,
            _ if is_long => return Ok(Long::NotPlain),
            _ => return Ok(Long::NotThis),
        };
        let cut = end_of_text(&bytes[..certain], 0, false);
        builder.pass_markup(&bytes[..cut]);
        at = certain - cut;
        is_long = true;
        if !window.slide(cut)? {
            return Ok(Long::NotPlain);
        }
    }
}

/// Where text that begins at `at` may be cut: in front of its last character, because that may go on
/// (four bytes at most), and not inside a line end.
fn end_of_text(bytes: &[u8], at: usize, is_last: bool) -> usize {
    if is_last {
        return bytes.len();
    }
    let last = bytes.iter().rev().take(4).position(|byte| !is_continuation(*byte));
    let end = bytes.len() - last.map_or(0, |behind| behind + 1);
    let in_line_end = bytes[..end].ends_with(b"\r") && bytes[end..].starts_with(b"\n");
    at.max(end - usize::from(in_line_end))
}

/// Whether certainly nothing matters in the rest of the page.
pub(super) fn nothing_follows(
    window: &mut Window<impl Read>,
    builder: &mut Builder,
    local: Option<&str>,
    may_declare: bool,
) -> io::Result<bool> {
    loop {
        let (bytes, is_last) = (window.bytes(), window.is_last());
        builder.keep_line_end(bytes, is_last);
        let part = prefilter::Part { bytes, is_last, may_declare };
        let Some(clear) = prefilter::clear(part, local) else { return Ok(false) };
        let is_over = is_last && clear == bytes.len();
        if is_over || (!window.slide(clear)? && !window.is_last()) {
            return Ok(is_over);
        }
    }
}
