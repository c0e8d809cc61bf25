//! Compressed copies of pages and scripts that change.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{findings::Notice, site};

/// Warns of compressed copies of what changes: servers prefer `index.html.br` to `index.html`, so that
/// visitors would get the old files.
pub fn stale_copies<'f>(
    copies: &[PathBuf],
    changed: impl Iterator<Item = &'f Path>,
) -> Option<Notice> {
    if copies.is_empty() {
        return None;
    }
    let changed: BTreeSet<&Path> = changed.collect();
    let mut stale = copies.iter().filter(|copy| changed.contains(&*copy.with_extension("")));
    Some(stale_copy(&site::page_name(stale.next()?), stale.count()))
}

/// `first` is a stale copy, and there are `more` of them.
fn stale_copy(first: &str, more: usize) -> Notice {
    let message = match more {
        0 => format!("`{first}` is a compressed copy of what it will not match any more"),
        more => format!(
            "`{first}` and {more} more are compressed copies of what they will not match any more"
        ),
    };
    let hint = "run Inhouse before the site is compressed, or compress these files again";
    Notice::new("stale-copy", message).hint(hint.to_owned())
}
