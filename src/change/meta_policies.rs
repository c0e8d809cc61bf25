//! The policies in a page's own `<meta>` tags: they follow its inline scripts.

use std::collections::BTreeSet;

use super::{error::RewriteError, inline_scripts::Edited};
use crate::{
    csp::{Outcome, PolicyList},
    html::{Change, Edit, Place, Scan, Tag, TagKind},
};

/// Lets the policies in the page's own `<meta>` tags follow its inline scripts.
pub(super) fn follow(scan: &Scan, scripts: &[Edited]) -> Result<Vec<Edit>, RewriteError> {
    let counts = |tag: &Tag| tag.kind == TagKind::MetaCsp && tag.place != Place::ConditionalComment;
    let metas = scan.tags.iter().enumerate().filter(|(_, tag)| counts(tag));
    let edit = |(index, meta)| follow_meta(scan, scripts, index, meta).transpose();
    metas.filter_map(edit).collect()
}

fn follow_meta(
    scan: &Scan,
    scripts: &[Edited],
    index: usize,
    meta: &Tag,
) -> Result<Option<Edit>, RewriteError> {
    let later = scripts.iter().filter(|script| script.tag > index);
    let governed = later.filter(|script| scan.tags[script.tag].document() == meta.document());
    let changed: Vec<_> = governed.map(|script| script.edit.as_change()).collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let policy = meta.address().unwrap_or_default();
    let followed = PolicyList::of_meta(policy).follow(&changed, &staying(scan, scripts));
    for outcome in followed.outcomes {
        refuse_blocked(outcome.outcome)?;
    }
    let differs = followed.text != policy;
    let change = Change::Set { attribute: "content".into(), value: followed.text };
    Ok(differs.then(|| Edit { tag: index, changes: vec![change] }))
}

fn refuse_blocked(outcome: Outcome) -> Result<(), RewriteError> {
    let Outcome::Blocked(refusal) = outcome else { return Ok(()) };
    let (directive, needed) = (refusal.directive.to_string(), refusal.needed);
    Err(RewriteError::Policy { directive, needed })
}

/// The texts of the inline scripts that do not change.
fn staying<'s>(scan: &'s Scan, scripts: &[Edited]) -> BTreeSet<&'s str> {
    let is_edited = |at| scripts.iter().any(|s| s.tag == at && s.edit.before.is_some());
    let text = |(at, tag): (usize, &'s Tag)| match &tag.kind {
        TagKind::InlineScript { text, .. } => (!is_edited(at)).then_some(text.as_str()),
        _ => None,
    };
    scan.tags.iter().enumerate().filter_map(text).collect()
}
