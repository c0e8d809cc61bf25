//! Which specifiers must change when scripts move, and the proof that all of them lead where they
//! should.
//!
//! A specifier changes only if, resolved against the script's new URL, it leads elsewhere than to
//! the new URL of its target. Bare names never change: they belong to the page's import map. Import
//! maps apply to URLs as well, but only after a specifier has become one (HTML, "resolve a module
//! specifier"), so that they do not matter here.

use thiserror::Error;
use url::Url;

use super::url_like::url_like;
use crate::js::{Loads, Rule, Scan, Specifier, literal::Edit};

/// A URL before and after the move.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    /// Where it was: the response's URL.
    pub from: &'a Url,
    /// Where it is now.
    pub to: &'a Url,
}

impl<'a> Move<'a> {
    /// What has not moved, such as a page.
    pub fn stays(at: &'a Url) -> Self {
        Self { from: at, to: at }
    }
}

/// A specifier that must change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSpecifier {
    /// Its index in [`Loads::specifiers`].
    pub index: usize,
    /// The new text.
    pub text: String,
}

/// The specifiers that must change when a script moves.
///
/// `settings` is the worker, or the page, that runs the script: what `importScripts` and
/// `new Worker("…")` are relative to. Without it, as for a module that many pages share, those are
/// left. `local` gives the new place of a URL (without fragment), if it has one; what has none is
/// from now on named absolutely. `spell(base, target)` says how an address is written.
pub fn new_specifiers(
    loads: &Loads,
    script: Move<'_>,
    settings: Option<Move<'_>>,
    local: impl Fn(&Url) -> Option<Url>,
    spell: impl Fn(&Url, &Url) -> String,
) -> Vec<NewSpecifier> {
    let new = |(index, specifier): (usize, &Specifier)| {
        let base = base_of(specifier, script, settings)?;
        let url = fetched(specifier, base.from)?;
        let target = moved(&url, &local);
        let leads_there = fetched(specifier, base.to).as_ref() == Some(&target);
        (!leads_there).then(|| NewSpecifier { index, text: spell(base.to, &target) })
    };
    loads.specifiers.iter().enumerate().filter_map(new).collect()
}

/// The source does not load what it is said to load, so that it is not known what to change in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the file does not load what is on record for it")]
pub struct OtherLoads;

/// The edits that make `changes`, which were worked out for `loads`, in the source that was scanned.
/// [`literal::rewrite`](crate::js::literal::rewrite) makes them.
///
/// # Errors
/// [`OtherLoads`] if the source loads anything else.
pub fn place(
    changes: Vec<NewSpecifier>,
    loads: &Loads,
    scan: &Scan,
) -> Result<Vec<Edit>, OtherLoads> {
    if scan.loads.specifiers != loads.specifiers {
        return Err(OtherLoads);
    }
    let edits = changes.into_iter().map(|change| scan.edit(change.index, change.text));
    edits.collect::<Option<_>>().ok_or(OtherLoads)
}

/// The edits of a script that moves, with relative addresses: see [`new_specifiers`].
#[cfg(feature = "internals")]
pub fn edits(
    scan: &Scan,
    script: Move<'_>,
    settings: Option<Move<'_>>,
    local: impl Fn(&Url) -> Option<Url>,
) -> Vec<Edit> {
    edits_spelled(scan, script, settings, local, super::specifier::relative)
}

/// As `edits`, with `spell(base, target)` to say how an address is written. For the inline scripts
/// of pages that cannot use relative addresses.
pub fn edits_spelled(
    scan: &Scan,
    script: Move<'_>,
    settings: Option<Move<'_>>,
    local: impl Fn(&Url) -> Option<Url>,
    spell: impl Fn(&Url, &Url) -> String,
) -> Vec<Edit> {
    let changes = new_specifiers(&scan.loads, script, settings, local, spell);
    changes.into_iter().filter_map(|change| scan.edit(change.index, change.text)).collect()
}

/// What a specifier is relative to.
fn base_of<'a>(
    specifier: &Specifier,
    script: Move<'a>,
    settings: Option<Move<'a>>,
) -> Option<Move<'a>> {
    match specifier.form.rule() {
        Rule::ModuleSpecifier | Rule::AgainstScript => Some(script),
        Rule::AgainstSettings => settings,
    }
}

/// The URL a specifier is, before any import map; `None` for bare names and what is not fetched.
fn fetched(specifier: &Specifier, base: &Url) -> Option<Url> {
    let url = match specifier.form.rule() {
        Rule::ModuleSpecifier => url_like(&specifier.text, base),
        Rule::AgainstScript | Rule::AgainstSettings => base.join(&specifier.text).ok(),
    };
    url.filter(|url| matches!(url.scheme(), "https" | "http"))
}

fn moved(url: &Url, local: impl Fn(&Url) -> Option<Url>) -> Url {
    let mut key = url.clone();
    key.set_fragment(None);
    match local(&key) {
        None => url.clone(),
        Some(mut target) => {
            target.set_fragment(url.fragment());
            target
        }
    }
}

/// Where a specifier must not lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// To no file.
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "made by tests"))]
    Dangling,
    /// To where the file was, though it was vendored.
    StillRemote,
}

/// A specifier with a [`Flaw`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misdirected {
    /// The specifier.
    pub specifier: Specifier,
    /// Where it leads.
    pub url: Url,
    /// What is wrong with that.
    pub flaw: Flaw,
}

/// Checks every specifier of a script that now lies `at` a URL with `judge`, which says what is
/// wrong with a URL (without fragment), if anything.
///
/// `loads` is of the script as it will be served. For bare names,
/// [`trace`](super::closure::trace) the rewritten page: its frontier must be empty.
pub fn prove(
    loads: &Loads,
    at: &Url,
    settings: Option<&Url>,
    judge: impl Fn(&Url) -> Option<Flaw>,
) -> Vec<Misdirected> {
    let check = |specifier: &Specifier| {
        let base = base_of(specifier, Move::stays(at), settings.map(Move::stays))?;
        let mut url = fetched(specifier, base.to)?;
        url.set_fragment(None);
        let flaw = judge(&url)?;
        Some(Misdirected { specifier: specifier.clone(), url, flaw })
    };
    loads.specifiers.iter().filter_map(check).collect()
}
