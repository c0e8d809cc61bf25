//! The walk through a graph that can stop where a file is not known yet, and go on from there.
//!
//! A walk goes breadth first. First it follows what the page waits for, then what it may load later.
//! Every file is visited once for each realm that runs it, so that circles end. A walk that goes on
//! may find that the page waits for a file after all; then that file is visited a second time, and
//! never again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use url::Url;

use super::{
    import_map::ImportMap,
    reached::{Broken, Closure, Found, Module, Reached, Referrer, Root},
    request::{Entry, Reach, Request, Use},
    specifier::{self, Unresolved},
};
use crate::{
    js::{Form, Loads, Purpose, Rule, Specifier, WorkerType},
    reference::{SubresourceUrl, is_same_origin},
};

/// What specifiers mean on a page.
pub(super) struct Context<'a> {
    /// The document's base URL.
    pub base: &'a Url,
    /// What all its import maps mean together.
    pub map: &'a ImportMap,
}

/// Where a script runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Realm {
    Document,
    /// A worker, by the URL of its script.
    Worker(Url),
    /// A worker whose script is this request's response.
    NewWorker,
}

/// One edge to be followed.
#[derive(Debug)]
struct Step {
    request: Request,
    realm: Realm,
    by: (Referrer, usize),
    by_code: bool,
}

impl Step {
    fn enter(entry: Entry) -> Self {
        let realm = match entry.request.r#use {
            Use::Worker(_) => Realm::NewWorker,
            _ => Realm::Document,
        };
        Self { request: entry.request, realm, by: (Referrer::Page, 0), by_code: entry.by_code }
    }
}

/// A script that is visited: what decides where its specifiers lead.
struct Visited<'v> {
    url: &'v Url,
    realm: &'v Realm,
    by: &'v Referrer,
    reach: Reach,
}

/// A realm that waits for a file.
#[derive(Debug)]
struct Waiting {
    realm: Realm,
    /// When it was found: what is found first goes on first.
    turn: usize,
}

/// A walk through the graph of a page, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Walk {
    closure: Closure,
    /// What has been visited, and whether the page waits for it.
    visited: BTreeMap<(Request, Realm), Reach>,
    waiting: BTreeMap<Request, Vec<Waiting>>,
    /// What the page waits for.
    now: VecDeque<Step>,
    /// What the page may load later.
    later: VecDeque<Step>,
    /// What has become known of that: it follows what is found newly.
    resumed: VecDeque<Step>,
    /// What the walk has come to wait for since it last stopped.
    asked: Vec<Request>,
    has_resumed: bool,
    steps: usize,
}

impl Walk {
    /// A walk that stands at its beginning.
    pub fn begin(context: &Context<'_>, roots: &[Root<'_>]) -> Self {
        let mut walk = Self::default();
        for (index, root) in roots.iter().enumerate() {
            match root {
                Root::Inline(loads) => {
                    let by = &Referrer::Inline(index);
                    let (realm, reach) = (&Realm::Document, Reach::Static);
                    walk.read(context, loads, &Visited { url: context.base, realm, by, reach });
                }
                Root::External(request) => walk.now.push_back(Step::enter(Entry {
                    request: request.clone(),
                    reach: Reach::Static,
                    by_code: false,
                })),
                Root::Entry(entry) => {
                    walk.queue(entry.reach).push_back(Step::enter(entry.clone()));
                }
            }
        }
        walk
    }

    /// What is known so far. The order of findings is that of one walk only if the walk never
    /// [had to wait](Self::has_resumed).
    pub fn closure(&self) -> &Closure {
        &self.closure
    }

    /// The same, if nothing is to follow.
    pub fn into_closure(self) -> Closure {
        self.closure
    }

    /// Whether the walk stopped and went on.
    pub fn has_resumed(&self) -> bool {
        self.has_resumed
    }

    /// How many edges have been followed: what the walk costs.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Has the walk visit those of `requests` once more that it waits for: they are known now.
    pub fn resume<'r>(&mut self, requests: impl IntoIterator<Item = &'r Request>) {
        let mut steps = Vec::new();
        for request in requests {
            self.closure.frontier.remove(request);
            for Waiting { realm, turn } in self.waiting.remove(request).unwrap_or_default() {
                let key = (request.clone(), realm);
                let Some(reach) = self.visited.remove(&key) else { continue };
                let (request, realm) = key;
                let by = self.closure.reached[&request].by.clone();
                steps.push((turn, reach, Step { request, realm, by, by_code: false }));
            }
        }
        steps.sort_by_key(|(turn, ..)| *turn);
        for (_, reach, step) in steps {
            self.has_resumed = true;
            match reach {
                Reach::Static => self.now.push_back(step),
                Reach::Lazy => self.resumed.push_back(step),
            }
        }
    }

    /// Goes on until only what `find` does not know yet stands in the way. Returns what it has newly
    /// come to wait for.
    pub fn follow<'m>(
        &mut self,
        context: &Context<'_>,
        find: &impl Fn(&Request) -> Found<'m>,
    ) -> Vec<Request> {
        while let Some(step) = self.now.pop_front() {
            self.visit(context, step, Reach::Static, find);
        }
        let mut resumed = std::mem::take(&mut self.resumed);
        self.later.append(&mut resumed);
        while let Some(step) = self.later.pop_front() {
            self.visit(context, step, Reach::Lazy, find);
        }
        std::mem::take(&mut self.asked)
    }

    fn queue(&mut self, reach: Reach) -> &mut VecDeque<Step> {
        match reach {
            Reach::Static => &mut self.now,
            Reach::Lazy => &mut self.later,
        }
    }

    fn visit<'m>(
        &mut self,
        context: &Context<'_>,
        step: Step,
        reach: Reach,
        find: &impl Fn(&Request) -> Found<'m>,
    ) {
        self.steps += 1;
        let found = find(&step.request);
        let request = step.request.clone();
        let realm = self.note(step, reach, found);
        let key = (request, realm);
        if self.visited.get(&key).is_some_and(|known| *known <= reach) {
            return;
        }
        self.visited.insert(key.clone(), reach);
        let (request, realm) = key;
        match found {
            Found::Left => {}
            Found::NotYet => self.wait(request, realm),
            Found::Module(Module { response_url: url, loads }) => {
                let by = &Referrer::File(request);
                self.read(context, loads, &Visited { url, realm: &realm, by, reach });
            }
        }
    }

    /// Notes how a request is reached; where its script runs, as far as that is known.
    fn note(&mut self, step: Step, reach: Reach, found: Found<'_>) -> Realm {
        let Step { request, realm, by, by_code } = step;
        let in_document = realm == Realm::Document;
        let realm = match (realm, found) {
            (Realm::NewWorker, Found::Module(module)) => Realm::Worker(module.response_url.clone()),
            (realm, _) => realm,
        };
        let new = Reached { reach, by, in_document, by_code, workers: BTreeSet::new() };
        let reached = self.closure.reached.entry(request).or_insert_with(|| new.clone());
        if reach < reached.reach {
            (reached.reach, reached.by) = (reach, new.by);
        }
        reached.in_document |= in_document;
        reached.by_code |= by_code;
        if let Realm::Worker(url) = &realm {
            reached.workers.insert(url.clone());
        }
        realm
    }

    /// Notes that the walk can go on here when the request is known.
    fn wait(&mut self, request: Request, realm: Realm) {
        let turn = self.steps;
        let waiting = self.waiting.entry(request.clone()).or_default();
        waiting.retain(|known| known.realm != realm);
        waiting.push(Waiting { realm, turn });
        if self.closure.frontier.insert(request.clone()) {
            self.asked.push(request);
        }
    }

    /// Queues what a script names. What it imports statically comes before what it may load later.
    fn read(&mut self, context: &Context<'_>, loads: &Loads, script: &Visited<'_>) {
        let mut lazy = VecDeque::new();
        for specifier in &loads.specifiers {
            let is_lazy = specifier.form.is_lazy();
            match script.step(context, specifier) {
                Ok(None) => {}
                Ok(Some(step)) if is_lazy => lazy.push_back(step),
                Ok(Some(step)) => self.queue(script.reach).push_back(step),
                Err(why) => self.closure.broken.push(Broken {
                    by: script.by.clone(),
                    line: specifier.line,
                    why,
                    reach: if is_lazy { Reach::Lazy } else { script.reach },
                    in_worker: *script.realm != Realm::Document,
                }),
            }
        }
        self.later.append(&mut lazy);
    }
}

impl Visited<'_> {
    /// The edge that a specifier of the script makes; `None` if nothing is followed there.
    fn step(
        &self,
        context: &Context<'_>,
        specifier: &Specifier,
    ) -> Result<Option<Step>, Unresolved> {
        let url = self.resolve(context, specifier)?;
        // `data:`, `blob:`, `node:` and their like are not fetched from anywhere.
        let Some(url) = url.and_then(|url| SubresourceUrl::try_from(url).ok()) else {
            return Ok(None);
        };
        let is_shared = *self.realm == Realm::Document && matches!(self.by, Referrer::File(_));
        if is_shared && foreign_worker(specifier, context.base).is_some() {
            return Ok(None); // no page could be given another address for it
        }
        let (r#use, realm) = destination(specifier, self.realm);
        let by = (self.by.clone(), specifier.line);
        Ok(Some(Step { request: Request { url, r#use }, realm, by, by_code: true }))
    }

    /// Where a specifier leads; `None` if it is no URL that could be loaded.
    fn resolve(
        &self,
        context: &Context<'_>,
        specifier: &Specifier,
    ) -> Result<Option<Url>, Unresolved> {
        let text = &specifier.text;
        let settings = match self.realm {
            Realm::Document => context.base,
            Realm::Worker(url) => url,
            Realm::NewWorker => self.url,
        };
        match specifier.form.rule() {
            Rule::AgainstScript => Ok(self.url.join(text).ok()),
            Rule::AgainstSettings => Ok(settings.join(text).ok()),
            Rule::ModuleSpecifier => {
                let none = ImportMap::default();
                let map = if *self.realm == Realm::Document { context.map } else { &none };
                specifier::resolve(text, self.url, map).map(|resolution| Some(resolution.url))
            }
        }
    }
}

/// The script of a worker or a worklet on another origin than `page`. Scripts that many pages share
/// cannot be given a local address for it, so that it is not followed from there.
pub fn foreign_worker(specifier: &Specifier, page: &Url) -> Option<Url> {
    let (Form::Worker(_) | Form::SharedWorker(_) | Form::Worklet) = specifier.form else {
        return None;
    };
    let url = page.join(&specifier.text).ok()?;
    let is_fetched = matches!(url.scheme(), "https" | "http");
    (is_fetched && !is_same_origin(&url, page)).then_some(url)
}

/// As what a specifier's target is loaded, and where it runs.
fn destination(specifier: &Specifier, realm: &Realm) -> (Use, Realm) {
    match specifier.form {
        Form::StaticImport | Form::ExportFrom | Form::DynamicImport => {
            (Use::Module(specifier.module_type.clone()), realm.clone())
        }
        Form::ImportMetaResolve | Form::NewUrl(Purpose::Unknown) => (Use::Asset, realm.clone()),
        Form::NewUrl(Purpose::Worker(r#type))
        | Form::Worker(r#type)
        | Form::SharedWorker(r#type) => (Use::Worker(r#type), Realm::NewWorker),
        // A global of its own, without import map, that takes modules only.
        Form::Worklet => (Use::Worker(WorkerType::Module), Realm::NewWorker),
        Form::ImportScripts => (Use::Worker(WorkerType::Classic), realm.clone()),
    }
}
