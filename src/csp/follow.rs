//! Lets the hashes of a policy follow the inline scripts they were made of.
//!
//! A hash that equals the digest of a text that goes gives way to the digests of what comes in its
//! place, by the same algorithm and in the same spot; nothing else of the policy moves. Nothing that
//! was allowed by its hash and stays is taken away. What is then said of every change comes from
//! reading the edited policy again, not from trusting the edit.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    policy::{AllowedBy, Directive, Disposition, Policy, PolicyList, Refusal},
    source::{Hash, digest},
};
use crate::integrity::Algorithm;

/// An inline script that is edited or inserted. Texts are what the browser runs, as in
/// [`TagKind::InlineScript`](crate::html::TagKind::InlineScript).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlineChange<'a> {
    /// The text before the edit; `None` for a new element.
    pub before: Option<&'a str>,
    /// The text after it.
    pub after: &'a str,
    /// The element's `nonce` attribute.
    pub nonce: Option<&'a str>,
}

/// What a policy makes of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The new text is allowed by the policy as it was.
    Allowed(AllowedBy),
    /// The old text was allowed by its hash, which has followed.
    Followed,
    /// The policy lists the page's inline scripts by hash, and now the inserted one too.
    Added,
    /// The old text was refused already, and the new one is too: nothing got worse.
    WasBlocked(Refusal),
    /// The new script will not run: a problem of the site.
    Blocked(Refusal),
    /// As [`Outcome::Blocked`], but under a policy that only reports: the script runs.
    Reported(Refusal),
}

/// What one policy makes of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOutcome {
    /// The change, as an index into those given.
    pub change: usize,
    /// What the policy makes of it.
    pub outcome: Outcome,
}

/// A policy list that has followed its scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The new value; the same as before if there was nothing to follow.
    pub text: String,
    /// For every policy of the list, one outcome for every change.
    pub outcomes: Vec<ChangeOutcome>,
}

impl PolicyList {
    /// Follows `changes` to the inline scripts that the list governs.
    ///
    /// `staying` are the texts of governed inline scripts that do not change, as far as they are
    /// known: their hashes stay, even where the same text changes elsewhere, and they are evidence
    /// that the policy lists inline scripts by hash.
    pub fn follow(&self, changes: &[InlineChange<'_>], staying: &BTreeSet<&str>) -> Followed {
        let digests = Digests::of(self, changes, staying);
        let directives = self.policies().iter().flat_map(|policy| &policy.directives);
        // The directives that do not govern follow as well: older browsers know `script-src` only.
        let edits = directives.flat_map(|directive| edits(directive, changes, &digests)).collect();
        let text = splice(self.as_str(), edits);
        let edited = self.with_text(&text);
        let mut outcomes = Vec::new();
        for (old, new) in self.policies().iter().zip(edited.policies()) {
            outcomes.extend(changes.iter().enumerate().map(|(index, change)| ChangeOutcome {
                change: index,
                outcome: outcome(old, new, change, self.disposition()),
            }));
        }
        Followed { text, outcomes }
    }
}

fn outcome(
    old: &Policy,
    new: &Policy,
    change: &InlineChange<'_>,
    disposition: Disposition,
) -> Outcome {
    let was_refused =
        || change.before.is_some_and(|before| old.permits(before, change.nonce).is_err());
    match (new.permits(change.after, change.nonce), disposition) {
        (Ok(_), _) => match (old.permits(change.after, change.nonce), change.before) {
            (Ok(by), _) => Outcome::Allowed(by),
            (Err(_), Some(_)) => Outcome::Followed,
            (Err(_), None) => Outcome::Added,
        },
        (Err(refusal), _) if was_refused() => Outcome::WasBlocked(refusal),
        (Err(refusal), Disposition::Enforce) => Outcome::Blocked(refusal),
        (Err(refusal), Disposition::Report) => Outcome::Reported(refusal),
    }
}

/// The digests of all texts, by one algorithm.
struct OneAlgorithm {
    /// Before and after each change.
    changes: Vec<(Option<String>, String)>,
    staying: BTreeSet<String>,
}

/// The digests of all texts, by the algorithms that a list uses.
struct Digests(BTreeMap<Algorithm, OneAlgorithm>);

impl Digests {
    fn of(list: &PolicyList, changes: &[InlineChange<'_>], staying: &BTreeSet<&str>) -> Self {
        let directives = list.policies().iter().flat_map(|policy| &policy.directives);
        let used: BTreeSet<Algorithm> = directives
            .flat_map(|directive| directive.hashes().map(|(_, hash)| hash.algorithm))
            .collect();
        let by_one = |algorithm| {
            let pair = |change: &InlineChange<'_>| {
                (change.before.map(|text| digest(text, algorithm)), digest(change.after, algorithm))
            };
            OneAlgorithm {
                changes: changes.iter().map(pair).collect(),
                staying: staying.iter().map(|text| digest(text, algorithm)).collect(),
            }
        };
        Self(used.into_iter().map(|algorithm| (algorithm, by_one(algorithm))).collect())
    }
}

impl OneAlgorithm {
    /// What comes in the place of the text with this digest.
    fn successors<'d>(&'d self, digest: &str) -> impl Iterator<Item = &'d String> {
        let gone = |(before, _): &&(Option<String>, String)| before.as_deref() == Some(digest);
        self.changes.iter().filter(gone).map(|(_, after)| after)
    }

    /// Whether a script with this digest is there after all changes.
    fn remains(&self, digest: &str) -> bool {
        self.staying.contains(digest) || self.changes.iter().any(|(_, after)| after == digest)
    }

    /// Whether a script with this digest was there before all changes.
    fn was_there(&self, digest: &str) -> bool {
        self.staying.contains(digest) || self.successors(digest).next().is_some()
    }
}

/// The edit of one source expression.
#[derive(Default)]
struct Replacement {
    /// The digests that come in its place, or behind it.
    added: Vec<String>,
    removes_old: bool,
}

type Edit = (Range<usize>, String);

/// What changes in one directive: source expressions and their new text.
fn edits(directive: &Directive, changes: &[InlineChange<'_>], digests: &Digests) -> Vec<Edit> {
    let mut replacements = followed(directive, digests);
    add_inserted(directive, changes, digests, &mut replacements);
    replacements
        .into_iter()
        .map(|(index, replacement)| {
            let span = directive.sources[index].span.clone();
            let text = replacement.added.iter().map(|digest| format!("'{digest}'"));
            let text = text.collect::<Vec<_>>().join(" ");
            match replacement.removes_old {
                true => (span, text),
                false => (span.end..span.end, format!(" {text}")),
            }
        })
        .collect()
}

/// The hashes of texts that go. One whose successors are all listed already stays: it does no harm.
fn followed(directive: &Directive, digests: &Digests) -> BTreeMap<usize, Replacement> {
    let mut replacements = BTreeMap::new();
    for (index, hash) in directive.hashes() {
        let texts = &digests.0[&hash.algorithm];
        let mut replacement =
            Replacement { removes_old: !texts.remains(&hash.digest), ..Replacement::default() };
        for after in texts.successors(&hash.digest) {
            if !lists(directive, after) && !replacement.added.contains(after) {
                replacement.added.push(after.clone());
            }
        }
        if !replacement.added.is_empty() {
            replacements.insert(index, replacement);
        }
    }
    replacements
}

/// A new script joins the last hash that belongs to a script of the pages, since only then is it
/// sure that inline scripts are listed by hash.
fn add_inserted(
    directive: &Directive,
    changes: &[InlineChange<'_>],
    digests: &Digests,
    replacements: &mut BTreeMap<usize, Replacement>,
) {
    let is_known = |(_, hash): &(usize, &Hash)| digests.0[&hash.algorithm].was_there(&hash.digest);
    let Some((index, hash)) = directive.hashes().rev().find(is_known) else { return };
    for (change, (_, after)) in changes.iter().zip(&digests.0[&hash.algorithm].changes) {
        let needs_hash = change.before.is_none()
            && directive.permits(change.after, change.nonce).is_err()
            && !replacements.values().any(|replacement| replacement.added.contains(after));
        if needs_hash {
            replacements.entry(index).or_default().added.push(after.clone());
        }
    }
}

fn lists(directive: &Directive, digest: &str) -> bool {
    directive.hashes().any(|(_, hash)| hash.digest == digest)
}

/// `text` with `edits`, which do not overlap.
pub(super) fn splice(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(span, _)| span.start);
    let mut spliced = String::with_capacity(text.len());
    let mut done = 0;
    for (span, replacement) in edits {
        spliced.push_str(&text[done..span.start]);
        spliced.push_str(&replacement);
        done = span.end;
    }
    spliced.push_str(&text[done..]);
    spliced
}
