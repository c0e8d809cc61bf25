//! Verifies that an edited page holds what was asked for: it is scanned again and compared with
//! the scan of the original.
//!
//! Tags are compared by what browsers make of them, without their offsets: attributes by their
//! decoded values, inline scripts by the text that runs. Which bytes moved is not asked here,
//! because `splice` moves none but those of a change.

use std::{collections::BTreeMap, ops::Range};

use super::{
    change::{Fate, Insertion, TagEdit},
    error::SpliceError,
    splice::{Splice, spliced},
};
use crate::html::{Place, Remark, Scan, ScriptType, Tag, TagKind, scan};

/// Scans the edited page, as far as the original was read, and compares it with the scan of
/// the original and the edits.
pub(super) fn verify(
    scan: &Scan,
    edits: &BTreeMap<usize, TagEdit<'_>>,
    edited: &[u8],
) -> Result<(), SpliceError> {
    let differs = |what: String| Err(SpliceError::Proof { what });
    let rescan = scan::scan_with(edited, scan.dialect, scan.inline)?;
    if rescan.encoding != scan.encoding {
        return differs("the page's encoding".into());
    }
    let expected = expected(scan, edits)?;
    if expected.len() != rescan.tags.len() {
        return differs(format!("the number of tags ({})", rescan.tags.len()));
    }
    for (expected, found) in expected.iter().zip(&rescan.tags) {
        if expected.seen != Seen::of(found) {
            return differs(format!("the tag that was at byte {}", expected.was_at));
        }
    }
    // What is remarked on in a script follows from its text, which has just been compared.
    let rewritten = expected.iter().zip(&rescan.tags).filter(|(expected, _)| expected.rewritten);
    let rewritten: Vec<_> = rewritten.filter_map(|(_, found)| content(found)).collect();
    let gone: Vec<_> =
        edits.iter().filter_map(|(index, edit)| gone(&scan.tags[*index], edit)).collect();
    if !subjects(scan, &gone).eq(subjects(&rescan, &rewritten)) {
        return differs("what the page holds besides".into());
    }
    Ok(())
}

/// A tag that the edited page has to hold.
struct Expected<'a> {
    seen: Seen<'a>,
    was_at: usize,
    /// Whether it is an inline script of another text than before.
    rewritten: bool,
}

fn expected<'a>(
    scan: &'a Scan,
    edits: &BTreeMap<usize, TagEdit<'a>>,
) -> Result<Vec<Expected<'a>>, SpliceError> {
    let mut expected = Vec::with_capacity(scan.tags.len());
    for (index, tag) in scan.tags.iter().enumerate() {
        let was_at = tag.span.start;
        let mut seen = Seen::of(tag);
        let mut rewritten = false;
        if let Some(edit) = edits.get(&index) {
            expected.extend(edit.insertions.iter().map(|insertion| Expected {
                seen: Seen::inserted(tag, insertion),
                was_at,
                rewritten: false,
            }));
            match &edit.fate {
                Fate::Removed => continue,
                Fate::Changed { attributes, parts } => {
                    seen.change(attributes);
                    seen.rewrite(parts)?;
                    rewritten = !parts.is_empty();
                }
            }
        }
        expected.push(Expected { seen, was_at, rewritten });
    }
    Ok(expected)
}

/// The part of the original in which remarks are no longer what they were.
fn gone(tag: &Tag, edit: &TagEdit<'_>) -> Option<Range<usize>> {
    match &edit.fate {
        Fate::Removed => tag.element.clone(),
        Fate::Changed { parts, .. } if parts.is_empty() => None,
        Fate::Changed { .. } => content(tag),
    }
}

fn content(tag: &Tag) -> Option<Range<usize>> {
    match &tag.kind {
        TagKind::InlineScript { content, .. } => Some(content.clone()),
        TagKind::Script(_) | TagKind::SvgScript(_) | TagKind::Link(_) | TagKind::MetaCsp => None,
    }
}

/// A tag without its offsets.
#[derive(PartialEq)]
struct Seen<'a> {
    kind: TagKind,
    surroundings: (Place, bool, Option<&'a str>),
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
        Self { kind, surroundings: surroundings(tag), attributes }
    }

    fn inserted(before: &'a Tag, insertion: &Insertion<'a>) -> Self {
        let text = insertion.text.to_owned();
        let kind = TagKind::InlineScript { kind: ScriptType::ImportMap, content: 0..0, text };
        let nonce = insertion.nonce.map(|nonce| ("nonce", nonce));
        let attributes = nonce.into_iter().chain([("type", "importmap")]).collect();
        Self { kind, surroundings: surroundings(before), attributes }
    }

    fn change(&mut self, attributes: &[(&'a str, Option<&'a str>)]) {
        for (name, value) in attributes {
            match value {
                Some(value) => self.attributes.insert(name, value),
                None => self.attributes.remove(name),
            };
        }
    }

    fn rewrite(&mut self, parts: &[(&Range<usize>, &str)]) -> Result<(), SpliceError> {
        if let TagKind::InlineScript { text, .. } = &mut self.kind {
            let splice = |(span, text): &(&Range<usize>, &str)| Splice {
                span: (*span).clone(),
                bytes: (*text).to_owned(),
                among_references: false,
            };
            let (bytes, _) = spliced(text.as_bytes(), parts.iter().map(splice).collect())?;
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Ok(())
    }
}

fn surroundings(tag: &Tag) -> (Place, bool, Option<&str>) {
    (tag.place, tag.in_template, tag.base.as_deref())
}

/// The remarks of a scan without their offsets, but for those on code in `left_out`.
fn subjects<'s>(
    scan: &'s Scan,
    left_out: &'s [Range<usize>],
) -> impl Iterator<Item = (&'s str, &'s str)> {
    let is_in = |span: &Range<usize>| {
        left_out.iter().any(|part| part.start <= span.start && span.end <= part.end)
    };
    scan.remarks.iter().filter_map(move |remark| match remark {
        Remark::ParkedScript { src, r#type, .. } => Some((src.as_str(), r#type.as_str())),
        Remark::InlineBuilt { span, .. } if is_in(span) => None,
        Remark::InlineBuilt { url_text, .. } => Some((url_text.as_str(), "")),
        Remark::SvgInline { .. } | Remark::SrcdocNotRead { .. } => Some(("", "")),
    })
}
