//! What a page loads, as far as it is known.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{
    request::{Entry, Reach, Request},
    specifier::Unresolved,
};
use crate::js::Loads;

/// Where a page's graph begins.
#[derive(Clone, Debug)]
pub enum Root<'a> {
    /// An inline script.
    Inline(&'a Loads),
    /// A script with a `src`, or a `modulepreload`.
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "made by tests"))]
    External(Request),
    /// A request that was found before, with how it is made.
    Entry(Entry),
}

/// A file that has been fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The URL of the response, after redirects: what specifiers are relative to.
    pub response_url: Url,
    /// What the file loads; nothing if it is no script, or does not parse.
    pub loads: Loads,
}

/// What is known of a request.
#[derive(Clone, Copy, Debug)]
pub enum Found<'m> {
    /// It was fetched.
    Module(&'m Module),
    /// It is still to be fetched.
    NotYet,
    /// It is not followed: it stays where it is, or could not be fetched.
    Left,
}

/// The script that names another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Referrer {
    /// The page itself, by a tag.
    Page,
    /// An inline script: its index in [`Page::roots`](super::closure::Page::roots).
    Inline(usize),
    /// A file.
    File(Request),
}

/// How a file is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Whether the page waits for it.
    pub reach: Reach,
    /// Who named it first, and on which line.
    pub by: (Referrer, usize),
    /// Whether the page's own realm loads it, so that the import map's `integrity` counts.
    pub in_document: bool,
    /// Whether code names it, and not only tags, which carry its `integrity` themselves.
    pub by_code: bool,
    /// The workers that load it, by the URL of their script: what `importScripts` and `new Worker`
    /// are relative to there.
    pub workers: BTreeSet<Url>,
}

/// A specifier that leads nowhere, in browsers too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Who has it.
    pub by: Referrer,
    /// The line.
    pub line: usize,
    /// Why.
    pub why: Unresolved,
    /// Whether the page waits for it.
    pub reach: Reach,
    /// Whether it runs in a worker, where the page's import map does not count.
    pub in_worker: bool,
}

/// All that a page loads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// Every request that was followed, the ones still to be fetched and the ones left included.
    pub reached: BTreeMap<Request, Reached>,
    /// What is still to be fetched.
    pub frontier: BTreeSet<Request>,
    /// Specifiers that lead nowhere, in the order in which they were met.
    pub broken: Vec<Broken>,
}
