//! How large pages may be.

/// From how many bytes on a page is not held in memory if nothing in it matters.
pub(super) const LARGE: u64 = 1 << 20;
/// How many bytes a page may have that is held in memory.
pub(super) const MAX_PAGE: u64 = 256 << 20;
