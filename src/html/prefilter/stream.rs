//! Large pages in which nothing matters: read piece by piece, never held whole.

use std::io::{self, Read};

use super::{
    beginnings::{BEGINNINGS, CREATE_ELEMENT, concern_at},
    concern::Concern,
    inline_scripts::InlineScripts,
    window::Window,
};
use crate::html::encoding;

/// How much of the page is looked at at once, in bytes.
const WINDOW: usize = 64 << 10;
/// The same where a single tag or script is longer.
const LONGEST: usize = 4 << 20;
/// What begins farther than this from the end of a part of a page is judged in it, but for tags and
/// scripts that are longer.
const LOOKAHEAD: usize = 1024;

/// Whether [`reach`](super::reach) would say [`Reach::Nothing`](super::Reach::Nothing) of an HTML
/// page. `true` is certain; `false` means that something may matter.
///
/// # Errors
/// Those of reading.
pub fn has_nothing(page: impl Read, local: Option<&str>) -> io::Result<bool> {
    is_clear(Window::new(page, WINDOW, LONGEST)?, local)
}

fn is_clear(mut window: Window<impl Read>, local: Option<&str>) -> io::Result<bool> {
    if encoding::sniff(window.bytes()).is_some_and(encoding::hides_markup) {
        return Ok(false);
    }
    loop {
        let (bytes, is_last) = (window.bytes(), window.is_last());
        let Some(clear) = clear(bytes, is_last, local) else { return Ok(false) };
        let is_over = is_last && clear == bytes.len();
        if is_over || (!window.slide(clear)? && !window.is_last()) {
            return Ok(is_over);
        }
    }
}

/// How many bytes at the beginning of a part of a page certainly hold nothing that matters; what
/// follows them can be judged only together with what comes next. `None`: something may matter.
fn clear(bytes: &[u8], is_last: bool, local: Option<&str>) -> Option<usize> {
    let beginnings = BEGINNINGS.as_ref()?;
    let mut inline = InlineScripts::of(bytes, is_last);
    let mut at = 0;
    while let Some(found) = beginnings.find_in(bytes, (at..bytes.len()).into()) {
        at = found.end();
        if !is_last && bytes.len() - found.start() < LOOKAHEAD {
            return Some(found.start());
        }
        match concern_at(bytes, found.start(), local, &mut inline) {
            // Where nothing matters, its encoding does not either.
            Concern::None | Concern::Encoding(_) => {}
            Concern::Lasting if !is_last => return Some(found.start()),
            Concern::Local(_) | Concern::Lasting => return None,
        }
    }
    let open = if is_last { 0 } else { CREATE_ELEMENT.len() - 1 };
    Some(at.max(bytes.len().saturating_sub(open)))
}

/// With windows so small that everything lies across their ends.
#[cfg(test)]
pub(crate) fn has_nothing_in_windows(page: &[u8], local: Option<&str>, size: usize) -> bool {
    Window::new(page, size, LONGEST).and_then(|window| is_clear(window, local)).unwrap()
}
