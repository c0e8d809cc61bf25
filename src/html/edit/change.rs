//! What is to change in a page: the changes a caller asks for, and all changes of a tag as one.
//!
//! `tag_splices` turns them into splices, `splice` applies those, and `verify` checks the result.

use std::{collections::BTreeMap, ops::Range};

use super::error::SpliceError;
use crate::html::Scan;

/// One change to a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Gives an attribute this value, which is plain text. A new attribute comes right after the
    /// tag's address.
    Set {
        /// The name in ASCII lower case.
        attribute: String,
        /// The value, not encoded.
        value: String,
    },
    /// Takes an attribute away with all its duplicates; nothing happens if there is none.
    Unset {
        /// The name in ASCII lower case.
        attribute: String,
    },
    /// Puts other text in place of a part of an inline script. One script may have many of these,
    /// as long as they do not meet.
    Splice {
        /// The bytes that go, counted in the `text` of
        /// [`TagKind::InlineScript`](crate::html::TagKind::InlineScript); empty where nothing goes.
        span: Range<usize>,
        /// What comes: printable ASCII, tabs and line feeds, which become the page's line ends.
        text: String,
    },
    /// Puts an import map right before the tag, with a line of its own if the tag is the first
    /// thing on its line. Only before tags of the document itself.
    InsertImportMap {
        /// The `nonce` it gets for the page's Content Security Policy.
        nonce: Option<String>,
        /// The map's JSON, as in [`Change::Splice`].
        text: String,
    },
    /// Takes the whole element away, start tag through end tag. Goes before any other change to
    /// the element; what is inserted before it stays.
    RemoveElement,
}

/// The changes to one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The tag's index in [`Scan::tags`].
    pub tag: usize,
    /// What changes; of two changes to one attribute, only the last counts.
    pub changes: Vec<Change>,
}

/// All edits of one tag as one.
#[derive(Debug, Default)]
pub(super) struct TagEdit<'e> {
    /// What comes before it.
    pub(super) insertions: Vec<Insertion<'e>>,
    pub(super) fate: Fate<'e>,
}

/// An import map that is to be inserted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Insertion<'e> {
    pub(super) nonce: Option<&'e str>,
    pub(super) text: &'e str,
}

/// What becomes of a tag itself.
#[derive(Debug)]
pub(super) enum Fate<'e> {
    Removed,
    Changed {
        /// New values by attribute name, in the order asked for; `None` takes the attribute away.
        attributes: Vec<(&'e str, Option<&'e str>)>,
        /// New parts of the inline script.
        parts: Vec<(&'e Range<usize>, &'e str)>,
    },
}

impl Default for Fate<'_> {
    fn default() -> Self {
        Self::Changed { attributes: Vec::new(), parts: Vec::new() }
    }
}

impl<'e> TagEdit<'e> {
    fn add(&mut self, change: &'e Change) {
        match (change, &mut self.fate) {
            (Change::InsertImportMap { nonce, text }, _) => {
                self.insertions.push(Insertion { nonce: nonce.as_deref(), text });
            }
            (Change::RemoveElement, fate) => *fate = Fate::Removed,
            (_, Fate::Removed) => {}
            (Change::Set { attribute, value }, Fate::Changed { attributes, .. }) => {
                attributes.retain(|(name, _)| name != attribute);
                attributes.push((attribute, Some(value)));
            }
            (Change::Unset { attribute }, Fate::Changed { attributes, .. }) => {
                attributes.retain(|(name, _)| name != attribute);
                attributes.push((attribute, None));
            }
            (Change::Splice { span, text }, Fate::Changed { parts, .. }) => {
                parts.push((span, text));
            }
        }
    }
}

/// All edits of each tag as one, by the tag's index.
pub(super) fn merged<'e>(
    scan: &Scan,
    edits: &'e [Edit],
) -> Result<BTreeMap<usize, TagEdit<'e>>, SpliceError> {
    let mut merged: BTreeMap<usize, TagEdit<'e>> = BTreeMap::new();
    for edit in edits {
        if edit.tag >= scan.tags.len() {
            return Err(SpliceError::NoSuchTag { tag: edit.tag });
        }
        let tag_edit = merged.entry(edit.tag).or_default();
        edit.changes.iter().for_each(|change| tag_edit.add(change));
    }
    Ok(merged)
}
