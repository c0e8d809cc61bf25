//! Pages that are to be rewritten, and what is known of the changes.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::{
    html::Patch,
    site::{Page, Stamp},
};

/// A page that is to be rewritten. There may be as many as the site has pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its path, relative to the site.
    pub path: Box<Path>,
    /// What will change in it.
    pub change: Change,
}

/// What will change in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change {
    /// That is not known yet.
    #[default]
    Unknown,
    /// Nothing.
    Nothing,
    /// Something, which has been proved; what it is, is there as long as there is room.
    Proved(Option<Box<Proved>>),
}

/// What changes in a page, and has been proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The changes.
    pub patch: Patch,
    /// The page they were made for.
    stamp: Stamp,
}

impl Proved {
    /// Whether the changes are of this very page.
    pub fn is_of(&self, page: &Page<'_>) -> bool {
        self.stamp == page.stamp()
    }
}

/// Room for patches. Memory is not to grow with the site: what is not kept is worked out again when
/// the page is written.
#[derive(Debug, Default)]
pub struct Room {
    taken: AtomicUsize,
}

impl Room {
    /// How many bytes of patches are kept.
    const SIZE: usize = 16 << 20;

    /// What is known of a page that a patch was made for.
    pub fn keep(&self, patch: Patch, page: &Page<'_>) -> Change {
        let size = patch.size() + size_of::<Proved>();
        // A page that is just being written might change without a sign.
        let is_kept =
            page.is_settled() && self.taken.fetch_add(size, Ordering::Relaxed) + size <= Self::SIZE;
        Change::Proved(is_kept.then(|| Box::new(Proved { patch, stamp: page.stamp() })))
    }
}
