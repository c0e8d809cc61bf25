//! All graphs of a site together: which files are known, and which are still to be found.
//!
//! Values only. Finding a file, on the disk or elsewhere, is for the stages; this room asks, is
//! told, and follows the graphs on until there is nothing left to ask.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{
    closure::{Broken, Closure, Found, Module, Page, Reached, Request, Root, Use, trace},
    document::Start,
};

/// What is known of a file.
#[derive(Clone, Debug)]
pub enum Known {
    /// It was found and read.
    Module(Module),
    /// It is not followed.
    Left,
}

/// The graphs of a site.
#[derive(Debug)]
pub struct Graphs {
    /// What workers are relative to that a shared module starts: the site's root.
    root: Url,
    starts: BTreeMap<Start, Option<Closure>>,
    files: BTreeMap<Request, Known>,
}

impl Graphs {
    /// Of a site with this root, none yet.
    pub fn new(root: Url) -> Self {
        Self { root, starts: BTreeMap::new(), files: BTreeMap::new() }
    }

    /// Adds what a document starts with.
    pub fn begin(&mut self, start: Start) {
        if !start.entries.is_empty() {
            self.starts.entry(start).or_default();
        }
    }

    /// Forgets the documents, and which files are not followed; keeps what was read.
    pub fn begin_anew(&mut self) {
        self.starts.clear();
        self.files.retain(|_, known| matches!(known, Known::Module(_)));
    }

    /// What must be known to go on, and how it is reached; nothing once all is known.
    pub fn frontier(&mut self) -> BTreeMap<Request, Reached> {
        let mut frontier = BTreeMap::new();
        for (start, closure) in self.starts.iter_mut().filter(|(_, closure)| closure.is_none()) {
            let mut traced = trace_from(start, &self.root, &self.files);
            if traced.frontier.is_empty() {
                *closure = Some(traced);
                continue;
            }
            for request in std::mem::take(&mut traced.frontier) {
                if let Some(reached) = traced.reached.remove(&request) {
                    join(&mut frontier, request, &reached);
                }
            }
        }
        frontier
    }

    /// Takes in what was asked for.
    pub fn learn(&mut self, request: Request, known: Known) {
        self.files.insert(request, known);
    }

    /// Every file that was read, by request.
    pub fn modules(&self) -> impl Iterator<Item = (&Request, &Module)> {
        self.files.iter().filter_map(|(request, known)| match known {
            Known::Module(module) => Some((request, module)),
            Known::Left => None,
        })
    }

    /// What is not followed.
    pub fn left(&self) -> impl Iterator<Item = &Request> {
        self.files
            .iter()
            .filter(|(_, known)| matches!(known, Known::Left))
            .map(|(request, _)| request)
    }

    /// What every start leads to, as far as that is known to its end.
    pub fn closures(&self) -> impl Iterator<Item = (&Start, &Closure)> {
        self.starts.iter().filter_map(|(start, closure)| Some((start, closure.as_ref()?)))
    }

    /// Everything that any document reaches, as far as that is known.
    pub fn reached(&self) -> BTreeMap<Request, Reached> {
        let mut all = BTreeMap::new();
        for closure in self.starts.values().flatten() {
            for (request, reached) in &closure.reached {
                join(&mut all, request.clone(), reached);
            }
        }
        all
    }

    /// Specifiers of files that lead nowhere, each once. Of files that no document is known to load
    /// nothing can be said: some import map may give their names a meaning.
    pub fn broken(&self) -> BTreeSet<Broken> {
        let is_document =
            |start: &Start| start.entries.iter().any(|entry| entry.request.r#use != Use::Asset);
        let closures = self.closures().filter(|(start, _)| is_document(start));
        closures.flat_map(|(_, closure)| closure.broken.iter().cloned()).collect()
    }
}

/// Follows `start` through `files`.
pub fn trace_from(start: &Start, root: &Url, files: &BTreeMap<Request, Known>) -> Closure {
    let roots: Vec<_> = start.entries.iter().cloned().map(Root::Entry).collect();
    let page = Page { base: root, map: &start.map, roots: &roots };
    trace(&page, |request| match files.get(request) {
        Some(Known::Module(module)) => Found::Module(module),
        Some(Known::Left) => Found::Left,
        None => Found::NotYet,
    })
}

/// Notes one more way to reach a file: the most urgent one counts.
fn join(all: &mut BTreeMap<Request, Reached>, request: Request, reached: &Reached) {
    let known = all.entry(request).or_insert_with(|| reached.clone());
    if reached.reach < known.reach {
        known.by = reached.by.clone();
    }
    known.reach = known.reach.min(reached.reach);
    known.in_document |= reached.in_document;
    known.by_code |= reached.by_code;
    known.workers.extend(reached.workers.iter().cloned());
}
