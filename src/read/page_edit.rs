//! Pages that are to be rewritten, and what is known of their edits.

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
pub struct PageEdit {
    /// Its path, relative to the site.
    pub path: Box<Path>,
    /// What will change in it.
    pub patch: KnownPatch,
}

impl PageEdit {
    /// A page whose changes are not worked out yet.
    pub fn unknown(path: impl Into<Box<Path>>) -> Self {
        Self { path: path.into(), patch: KnownPatch::Unknown }
    }
}

/// What is known of the changes in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KnownPatch {
    /// They were not worked out yet.
    #[default]
    Unknown,
    /// Nothing changes.
    Nothing,
    /// Something changes, and the edit was verified. It was kept if the [`PatchBudget`] allowed.
    Verified(Option<Box<VerifiedPatch>>),
}

/// A verified edit of a page, and the stamp of the page that it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPatch {
    /// The edit.
    pub patch: Patch,
    stamp: Stamp,
}

impl VerifiedPatch {
    /// Whether the edit was made for this very page.
    pub fn is_of(&self, page: &Page<'_>) -> bool {
        self.stamp == page.stamp()
    }
}

/// How many bytes of patches a run keeps, so that memory does not grow with the site. A patch that is
/// not kept is worked out again when its page is written.
#[derive(Debug, Default)]
pub struct PatchBudget {
    taken: AtomicUsize,
}

impl PatchBudget {
    /// The budget in bytes.
    const BYTES: usize = 16 << 20;

    /// Keeps a verified patch of `page`, if there is room for it.
    pub fn keep(&self, patch: Patch, page: &Page<'_>) -> KnownPatch {
        let size = patch.size() + size_of::<VerifiedPatch>();
        // A page that was written a moment ago may change again without a new time stamp.
        let is_kept = page.is_settled()
            && self.taken.fetch_add(size, Ordering::Relaxed) + size <= Self::BYTES;
        let kept = || Box::new(VerifiedPatch { patch, stamp: page.stamp() });
        KnownPatch::Verified(is_kept.then(kept))
    }
}
