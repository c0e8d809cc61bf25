//! Which specifiers must change when scripts move, and the proof that all lead where they should.
//!
//! A specifier is edited only if, read in the script's new place, it leads elsewhere than to the
//! new place of what it led to. Bare names are never edited: they belong to the page's import map.
//! Import maps apply to URLs as well, but after a specifier has become one (HTML, "resolve a module
//! specifier"), so that they do not matter here.

use url::Url;

use super::{ModuleScan, Rule, Specifier, literal::Edit, specifier::url_like};

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

/// The edits of a script that moves, to be made by [`literal::rewrite`](super::literal::rewrite).
///
/// `settings` is the worker, or the page, that runs the script: what `importScripts` and
/// `new Worker("…")` are relative to. Without it, as for a module that many pages share, those are
/// left. `local` gives the new place of a URL (without fragment), if it has one; what has none is
/// from now on named absolutely.
#[cfg(feature = "internals")]
pub fn edits(
    scan: &ModuleScan,
    script: Move<'_>,
    settings: Option<Move<'_>>,
    local: impl Fn(&Url) -> Option<Url>,
) -> Vec<Edit> {
    edits_spelled(scan, script, settings, local, super::specifier::relative)
}

/// As `edits`, with `spell(base, target)` to say how an address is written. For the inline scripts
/// of pages that cannot use relative addresses.
pub fn edits_spelled(
    scan: &ModuleScan,
    script: Move<'_>,
    settings: Option<Move<'_>>,
    local: impl Fn(&Url) -> Option<Url>,
    spell: impl Fn(&Url, &Url) -> String,
) -> Vec<Edit> {
    let edit = |specifier: &Specifier| {
        let base = base_of(specifier, script, settings)?;
        let url = fetched(specifier, base.from)?;
        let target = moved(&url, &local);
        let leads_there = fetched(specifier, base.to).as_ref() == Some(&target);
        let edit = || Edit::new(specifier.span.clone(), spell(base.to, &target));
        (!leads_there).then(edit)
    };
    scan.specifiers.iter().filter_map(edit).collect()
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
pub struct Unproved {
    /// The specifier.
    pub specifier: Specifier,
    /// Where it leads.
    pub url: Url,
    /// What is wrong with that.
    pub flaw: Flaw,
}

/// Holds every specifier of a script that now lies `at` a URL against `judge`, which says what is
/// wrong with a URL (without fragment), if anything.
///
/// `scan` is of the script as it will be served. For bare names, [`trace`](super::closure::trace)
/// the rewritten page: its frontier must be empty.
pub fn prove(
    scan: &ModuleScan,
    at: &Url,
    settings: Option<&Url>,
    judge: impl Fn(&Url) -> Option<Flaw>,
) -> Vec<Unproved> {
    let check = |specifier: &Specifier| {
        let base = base_of(specifier, Move::stays(at), settings.map(Move::stays))?;
        let mut url = fetched(specifier, base.to)?;
        url.set_fragment(None);
        let flaw = judge(&url)?;
        Some(Unproved { specifier: specifier.clone(), url, flaw })
    };
    scan.specifiers.iter().filter_map(check).collect()
}
