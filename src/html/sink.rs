//! What a scan has found so far.

use super::{
    Dialect, Position, Positions, ScanError,
    scan_error::MAX_FOUND,
    tag::{Remark, Tag},
};

/// Which inline classic scripts are found. Modules and import maps always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InlineScripts {
    /// Those that may load modules or workers.
    MayLoad,
    /// All of them.
    All,
}

/// Takes what is found in a page.
pub(super) struct Sink<'a> {
    source: &'a [u8],
    pub(super) dialect: Dialect,
    pub(super) inline: InlineScripts,
    pub(super) tags: Vec<Tag>,
    pub(super) remarks: Vec<Remark>,
}

impl<'a> Sink<'a> {
    /// Takes what is found in `source`.
    pub(super) fn new(source: &'a [u8], dialect: Dialect, inline: InlineScripts) -> Self {
        Self { source, dialect, inline, tags: Vec::new(), remarks: Vec::new() }
    }

    pub(super) fn source(&self) -> &'a [u8] {
        self.source
    }

    /// The position of an offset in the page.
    pub(super) fn position(&self, offset: usize) -> Position {
        Positions::new(self.source).of(offset)
    }

    /// Whether there is room for more.
    ///
    /// # Errors
    /// [`ScanError::TooMany`].
    pub(super) fn admit(&self) -> Result<(), ScanError> {
        match self.tags.len() + self.remarks.len() > MAX_FOUND {
            true => Err(ScanError::TooMany { limit: MAX_FOUND }),
            false => Ok(()),
        }
    }
}
