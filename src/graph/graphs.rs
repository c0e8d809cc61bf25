//! All graphs of a site together: which files are known, and which are still to be found.
//!
//! Values only. Finding a file, on the disk or elsewhere, is for the stages: the graphs say which files
//! they need, take them in, and are followed on until they need no more.
//!
//! A graph that waits for files keeps its walk and goes on from there, so that the cost is that of
//! the files and edges, however many turns it takes to find the files.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use url::Url;

use super::{
    closure::{Broken, Closure, Found, Module, Reached, Root},
    document::Start,
    request::{Request, Use},
    walk::{Context, Walk},
};
use crate::reference::SubresourceUrl;

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
    /// Every start, with the index of its graph.
    starts: BTreeMap<Arc<Start>, usize>,
    graphs: Vec<Graph>,
    files: BTreeMap<Request, Known>,
    /// The graphs that wait for a request.
    waiting: HashMap<Request, Vec<usize>>,
    /// The graphs that can go on, and what has become known for each.
    ready: BTreeMap<usize, Vec<Request>>,
    steps: usize,
}

/// What one start leads to.
#[derive(Debug)]
struct Graph {
    start: Arc<Start>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It is followed up to what is not known yet.
    Walk(Box<Walk>),
    /// Everything is known.
    Done(Closure),
}

impl Graphs {
    /// Of a site with this root, none yet.
    pub fn new(root: Url) -> Self {
        Self {
            root,
            starts: BTreeMap::new(),
            graphs: Vec::new(),
            files: BTreeMap::new(),
            waiting: HashMap::new(),
            ready: BTreeMap::new(),
            steps: 0,
        }
    }

    /// Adds what a document starts with.
    pub fn begin(&mut self, start: Start) {
        if start.entries.is_empty() || self.starts.contains_key(&start) {
            return;
        }
        let (index, start) = (self.graphs.len(), Arc::new(start));
        let walk = Walk::begin(&start.context(&self.root), &start.roots());
        self.starts.insert(Arc::clone(&start), index);
        self.graphs.push(Graph { start, state: State::Walk(Box::new(walk)) });
        self.ready.insert(index, Vec::new());
    }

    /// Everything that must be known to go on, and how it is reached; nothing once all is known.
    #[cfg(test)]
    pub fn frontier(&mut self) -> BTreeMap<Request, Reached> {
        self.new_requests();
        let mut frontier = BTreeMap::new();
        for index in self.starts.values() {
            if let State::Walk(walk) = &self.graphs[*index].state {
                for request in &walk.closure().frontier {
                    join(&mut frontier, request, &walk.closure().reached[request]);
                }
            }
        }
        frontier
    }

    /// What must be known to go on, without what this has answered before; nothing once all is known.
    pub fn new_requests(&mut self) -> BTreeMap<Request, Reached> {
        let mut new = BTreeMap::new();
        let ready = std::mem::take(&mut self.ready);
        let mut ready: Vec<_> = ready.into_iter().collect();
        ready.sort_by(|(a, _), (b, _)| self.graphs[*a].start.cmp(&self.graphs[*b].start));
        for (index, known) in ready {
            self.go_on(index, &known, &mut new);
        }
        new
    }

    /// Follows one graph, for which these requests have become known.
    fn go_on(&mut self, index: usize, known: &[Request], new: &mut BTreeMap<Request, Reached>) {
        let Graph { start, state: State::Walk(walk) } = &mut self.graphs[index] else { return };
        let before = walk.steps();
        walk.resume(known);
        let asked = walk.follow(&start.context(&self.root), &|request| find(&self.files, request));
        self.steps += walk.steps() - before;
        for request in asked {
            let graphs = self.waiting.entry(request.clone()).or_default();
            if graphs.is_empty() || new.contains_key(&request) {
                join(new, &request, &walk.closure().reached[&request]);
            }
            if graphs.last() != Some(&index) {
                graphs.push(index);
            }
        }
        if walk.closure().frontier.is_empty() {
            let walk = std::mem::take(walk);
            let closure =
                if walk.has_resumed() { self.retrace(index) } else { walk.into_closure() };
            self.graphs[index].state = State::Done(closure);
        }
    }

    /// The closure of a graph in which everything is known, in the order of one walk.
    fn retrace(&mut self, index: usize) -> Closure {
        let start = &self.graphs[index].start;
        let context = start.context(&self.root);
        let mut walk = Walk::begin(&context, &start.roots());
        walk.follow(&context, &|request| find(&self.files, request));
        self.steps += walk.steps();
        walk.into_closure()
    }

    /// Takes in what was asked for.
    pub fn learn(&mut self, request: Request, known: Known) {
        for graph in self.waiting.remove(&request).unwrap_or_default() {
            self.ready.entry(graph).or_default().push(request.clone());
        }
        self.files.insert(request, known);
    }

    /// How many edges were followed so far: what the graphs cost.
    #[cfg(test)]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Every file that was read, by request.
    pub fn modules(&self) -> impl Iterator<Item = (&Request, &Module)> {
        self.files.iter().filter_map(|(request, known)| match known {
            Known::Module(module) => Some((request, module)),
            Known::Left => None,
        })
    }

    /// The requests for one URL whose file was read.
    pub fn modules_of(&self, url: &SubresourceUrl) -> impl Iterator<Item = (&Request, &Module)> {
        let requests = self
            .files
            .range(Request::first(url)..)
            .take_while(move |(request, _)| request.url == *url);
        requests.filter_map(|(request, known)| match known {
            Known::Module(module) => Some((request, module)),
            Known::Left => None,
        })
    }

    /// What is not followed.
    pub fn left(&self) -> impl Iterator<Item = &Request> {
        let left = self.files.iter().filter(|(_, known)| matches!(known, Known::Left));
        left.map(|(request, _)| request)
    }

    /// What every start leads to, as far as that is known to its end.
    pub fn closures(&self) -> impl Iterator<Item = (&Start, &Closure)> {
        self.starts.iter().filter_map(|(start, index)| match &self.graphs[*index].state {
            State::Done(closure) => Some((&**start, closure)),
            State::Walk(_) => None,
        })
    }

    /// Everything that any document reaches, as far as that is known.
    pub fn reached(&self) -> BTreeMap<Request, Reached> {
        let mut all = BTreeMap::new();
        for (_, closure) in self.closures() {
            for (request, reached) in &closure.reached {
                join(&mut all, request, reached);
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

impl Start {
    fn context<'a>(&'a self, root: &'a Url) -> Context<'a> {
        Context { base: root, map: &self.map }
    }

    fn roots(&self) -> Vec<Root<'_>> {
        self.entries.iter().cloned().map(Root::Entry).collect()
    }
}

fn find<'f>(files: &'f BTreeMap<Request, Known>, request: &Request) -> Found<'f> {
    match files.get(request) {
        Some(Known::Module(module)) => Found::Module(module),
        Some(Known::Left) => Found::Left,
        None => Found::NotYet,
    }
}

/// Notes one more way to reach a file: the most urgent one counts.
fn join(all: &mut BTreeMap<Request, Reached>, request: &Request, reached: &Reached) {
    let Some(known) = all.get_mut(request) else {
        all.insert(request.clone(), reached.clone());
        return;
    };
    if reached.reach < known.reach {
        known.by = reached.by.clone();
    }
    known.reach = known.reach.min(reached.reach);
    known.in_document |= reached.in_document;
    known.by_code |= reached.by_code;
    known.workers.extend(reached.workers.iter().cloned());
}
