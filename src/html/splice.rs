//! Changes → bytes: splices attribute values and elements into the original page, and proves it.
//!
//! Nothing outside the spans of a change moves. What is inserted is ASCII, encoded once for each
//! layer of text around the tag. The result is scanned again and has to hold the same tags with
//! the same attributes, but for the changes asked for; anything else is an error, never a page.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Quote, Remark, Scan, ScanError, Tag, TagKind, Value,
    attribute::{encode, needs_quotes},
    encoding, scan,
    srcdoc::Nest,
};

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
    /// Takes the whole element away, start tag through end tag. Goes before any other change.
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

/// Why a page could not be edited. There is no half-edited page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// An edit names a tag that the scan does not have.
    #[error("there is no tag number {tag} in this page")]
    NoSuchTag {
        /// The index given.
        tag: usize,
    },
    /// An element without an end tag cannot be removed.
    #[error("the element at byte {offset} has no end tag, so it cannot be removed")]
    NoEndTag {
        /// Where its start tag begins.
        offset: usize,
    },
    /// Not the name of an attribute.
    #[error("`{attribute}` cannot be written as an attribute's name")]
    AttributeName {
        /// The name given.
        attribute: String,
    },
    /// Two changes want the same bytes.
    #[error("two changes overlap at byte {offset}")]
    Overlap {
        /// Where the second one begins.
        offset: usize,
    },
    /// The page's own encoding cannot say the result.
    #[error("the edited page cannot be written in {name}")]
    Encoding {
        /// The encoding's name in the Encoding standard.
        name: &'static str,
    },
    /// The edited page cannot be read any more.
    #[error("the edited page could not be read again")]
    Reread(#[from] ScanError),
    /// The edited page does not hold exactly what was asked for.
    #[error("after editing, {what} is not what was asked for")]
    Proof {
        /// What differs.
        what: String,
    },
}

/// Applies `edits` to `page`, of which `scan` is the scan.
///
/// # Errors
/// [`SpliceError`] if an edit cannot be made, or if scanning the result shows anything but the
/// changes asked for.
pub fn apply(page: &[u8], scan: &Scan, edits: &[Edit]) -> Result<Vec<u8>, SpliceError> {
    let mut splices = Vec::new();
    for (_, tag, changes) in merged(scan, edits)? {
        splices.extend(tag_splices(tag, &changes)?);
    }
    if splices.is_empty() {
        return Ok(page.to_vec());
    }
    let edited = spliced(scan.source(page), splices)?;
    let edited = match &scan.transcoded {
        None => edited,
        Some((_, own)) => std::str::from_utf8(&edited)
            .ok()
            .and_then(|text| encoding::encode(text, own))
            .ok_or(SpliceError::Encoding { name: own.name() })?,
    };
    prove(scan, edits, &edited)?;
    Ok(edited)
}

/// What becomes of one tag.
#[derive(Debug, PartialEq, Eq)]
enum Fate<'e> {
    Removed,
    /// New values by attribute name, in the order asked for; `None` takes the attribute away.
    Changed(Vec<(&'e str, Option<&'e str>)>),
}

/// All edits of a tag as one, in document order, with the tag and its index.
fn merged<'e>(
    scan: &'e Scan,
    edits: &'e [Edit],
) -> Result<Vec<(usize, &'e Tag, Fate<'e>)>, SpliceError> {
    let mut fates: BTreeMap<usize, Fate<'_>> = BTreeMap::new();
    for edit in edits {
        let fate = fates.entry(edit.tag).or_insert_with(|| Fate::Changed(Vec::new()));
        for change in &edit.changes {
            match (change, &mut *fate) {
                (Change::RemoveElement, _) => *fate = Fate::Removed,
                (_, Fate::Removed) => {}
                (Change::Set { attribute, value }, Fate::Changed(changes)) => {
                    changes.retain(|(name, _)| name != attribute);
                    changes.push((attribute, Some(value)));
                }
                (Change::Unset { attribute }, Fate::Changed(changes)) => {
                    changes.retain(|(name, _)| name != attribute);
                    changes.push((attribute, None));
                }
            }
        }
    }
    let tag = |(index, fate)| match scan.tags.get(index) {
        Some(tag) => Ok((index, tag, fate)),
        None => Err(SpliceError::NoSuchTag { tag: index }),
    };
    fates.into_iter().map(tag).collect()
}

/// Bytes to put in place of others.
#[derive(Debug)]
struct Splice {
    span: Range<usize>,
    bytes: String,
}

fn tag_splices(tag: &Tag, fate: &Fate<'_>) -> Result<Vec<Splice>, SpliceError> {
    match fate {
        Fate::Removed => {
            let span = tag.element.clone();
            let span = span.ok_or(SpliceError::NoEndTag { offset: tag.span.start })?;
            Ok(vec![Splice { span, bytes: String::new() }])
        }
        Fate::Changed(changes) => {
            let mut splices = Vec::new();
            for (name, value) in changes {
                check_name(name)?;
                match value {
                    Some(value) => splices.extend(set(tag, name, value)),
                    None => splices.extend(unset(tag, name)),
                }
            }
            Ok(splices)
        }
    }
}

/// Lower-case ASCII letters, digits, `-` and `:` are what the attributes we write are made of.
fn check_name(name: &str) -> Result<(), SpliceError> {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-:".contains(&byte);
    match name.bytes().all(fits) && name.starts_with(|char: char| char.is_ascii_lowercase()) {
        true => Ok(()),
        false => Err(SpliceError::AttributeName { attribute: name.to_owned() }),
    }
}

fn set(tag: &Tag, name: &str, value: &str) -> Option<Splice> {
    let (span, bytes) = match tag.attribute(name) {
        Some(attribute) => match &attribute.value {
            Some(old) if old.text == value => return None,
            Some(old) if old.quote == Quote::None && needs_quotes(value) => {
                (old.span.clone(), quoted(value))
            }
            Some(old) => (old.span.clone(), encode(value, old.quote)),
            None => (attribute.span.end..attribute.span.end, format!("={}", quoted(value))),
        },
        None => {
            let at = insertion_point(tag);
            (at..at, format!(" {name}={}", quoted(value)))
        }
    };
    Some(Splice { span, bytes: Nest::encode(tag.nest.as_ref(), bytes) })
}

/// Right after the address; but after `src=` with nothing behind it, anything would be its value.
fn insertion_point(tag: &Tag) -> usize {
    let takes_what_follows = |value: &Value| value.quote == Quote::None && value.span.is_empty();
    match tag.address_attribute() {
        Some(address) if !address.value.as_ref().is_some_and(takes_what_follows) => {
            address.span.end
        }
        _ => tag.name_end,
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", encode(value, Quote::Double))
}

fn unset(tag: &Tag, name: &str) -> impl Iterator<Item = Splice> {
    let duplicates = tag.attributes.iter().filter(move |attribute| attribute.name == name);
    duplicates.map(|attribute| Splice { span: attribute.removal.clone(), bytes: String::new() })
}

fn spliced(source: &[u8], mut splices: Vec<Splice>) -> Result<Vec<u8>, SpliceError> {
    // Insertions at one place keep their order, and go before what is cut there.
    splices.sort_by_key(|splice| (splice.span.start, splice.span.end));
    let mut edited = Vec::with_capacity(source.len() + splices.len() * 128);
    let mut at = 0;
    for Splice { span, bytes } in splices {
        let between =
            source.get(at..span.start).ok_or(SpliceError::Overlap { offset: span.start })?;
        edited.extend_from_slice(between);
        push_apart(&mut edited, &bytes);
        at = span.end;
    }
    edited.extend_from_slice(&source[at..]);
    Ok(edited)
}

/// Appends what is inserted. In a `srcdoc` it may come after a reference without its `;`, which
/// must not run into it: `&quot` before `/a` is a quote, before `b` it is text.
fn push_apart(edited: &mut Vec<u8>, inserted: &str) {
    let reference =
        edited.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#');
    let before = edited.len() - reference.count();
    let open = before < edited.len() && edited[..before].ends_with(b"&");
    match inserted.chars().next().filter(|first| open && first.is_ascii_alphanumeric()) {
        Some(first) => {
            edited.extend_from_slice(format!("&#{};", u32::from(first)).as_bytes());
            edited.extend_from_slice(&inserted.as_bytes()[1..]);
        }
        None => edited.extend_from_slice(inserted.as_bytes()),
    }
}

/// Scans the edited page and holds it against the scan of the original and the edits.
fn prove(scan: &Scan, edits: &[Edit], edited: &[u8]) -> Result<(), SpliceError> {
    // What was not read before is the same as before, and needs no reading now.
    let rescan = scan::scan_beginning(edited, scan.dialect, edited.len() - scan.unread)?;
    let proof = |what: String| Err(SpliceError::Proof { what });
    if rescan.encoding != scan.encoding {
        return proof("the page's encoding".into());
    }
    let fates: BTreeMap<usize, Fate<'_>> =
        merged(scan, edits)?.into_iter().map(|(index, _, fate)| (index, fate)).collect();
    let is_kept = |(index, _): &(usize, &Tag)| fates.get(index) != Some(&Fate::Removed);
    let kept = scan.tags.iter().enumerate().filter(is_kept);
    if kept.clone().count() != rescan.tags.len() {
        return proof(format!("the number of tags ({})", rescan.tags.len()));
    }
    for ((index, tag), found) in kept.zip(&rescan.tags) {
        let mut expected = Seen::of(tag);
        if let Some(Fate::Changed(changes)) = fates.get(&index) {
            expected.change(changes);
        }
        if expected != Seen::of(found) {
            return proof(format!("the tag that was at byte {}", tag.span.start));
        }
    }
    if !scan.remarks.iter().map(subject).eq(rescan.remarks.iter().map(subject)) {
        return proof("what the page holds besides".into());
    }
    Ok(())
}

/// A tag without its offsets.
#[derive(PartialEq)]
struct Seen<'a> {
    kind: TagKind,
    surroundings: (super::Place, bool, Option<&'a str>),
    attributes: BTreeMap<&'a str, &'a str>,
}

impl<'a> Seen<'a> {
    fn of(tag: &'a Tag) -> Self {
        let mut kind = tag.kind.clone();
        if let TagKind::InlineScript { content, .. } = &mut kind {
            *content = 0..0;
        }
        let mut attributes = BTreeMap::new();
        for attribute in &tag.attributes {
            attributes.entry(attribute.name.as_str()).or_insert(attribute.text());
        }
        let surroundings = (tag.place, tag.in_template, tag.base.as_deref());
        Self { kind, surroundings, attributes }
    }

    fn change(&mut self, changes: &[(&'a str, Option<&'a str>)]) {
        for (name, value) in changes {
            match value {
                Some(value) => self.attributes.insert(name, value),
                None => self.attributes.remove(name),
            };
        }
    }
}

/// A remark without its offsets.
fn subject(remark: &Remark) -> (&str, &str) {
    match remark {
        Remark::ParkedScript { src, r#type, .. } => (src, r#type),
        Remark::InlineBuilt { url_text, .. } => (url_text, ""),
        Remark::SrcdocNotRead { .. } => ("", ""),
    }
}
