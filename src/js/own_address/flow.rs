//! Follows the script's address through the graph, to the places where it is loaded.
//!
//! Calls are told apart (Reps, Horwitz and Sagiv, "Precise Interprocedural Dataflow Analysis via
//! Graph Reachability", 1995): what one call of a function puts in comes out of that call only,
//! unless it is kept in something that outlives the call.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry as MapEntry},
    mem,
    ops::Range,
};

use super::{
    graph::Graph,
    steps::{Content, Edge, Node, Property, Step},
};
use crate::js::loads::OwnAddress;

/// The script's address, in some form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Found {
    content: Content,
    kind: OwnAddress,
}

/// Through which argument the address came into a function: an index of [`Flow::entries`]. The first
/// stands for none: the address is there whoever calls.
type Entry = u32;

const ANY_CALL: Entry = 0;

/// So many calls and properties the address is followed through. Loaders take few to come to their load;
/// longer ways are found where functions or properties only have a name in common.
const JUMPS_MAX: usize = 8;

/// After so many arrivals calls are not told apart any more: time grows with the square of them.
const ARRIVALS_MAX: usize = 300_000;

/// An address at a node.
type Arrival = (Entry, Node, Found);

pub(super) struct Flow<'g> {
    graph: &'g Graph,
    /// Where the edges of each node start in `edges`.
    starts: Vec<usize>,
    edges: Vec<Edge>,
    /// Whether what one call puts into a function comes out of that call only.
    tells_calls_apart: bool,
    /// What arrived, after how many jumps.
    arrived: HashMap<Arrival, usize>,
    /// What arrived and was not followed yet.
    pending: Vec<Arrival>,
    /// What arrives after one more call or property, and after two.
    next: Vec<Arrival>,
    after_next: Vec<Arrival>,
    entries: HashMap<(Node, Found), Entry>,
    /// By which calls each entry was taken, and after which entry each of them was made.
    callers: Vec<HashMap<u32, HashSet<Entry>>>,
    /// What comes out of a function after an entry.
    results: Vec<Vec<(Node, Found)>>,
}

/// An address that arrives where something is loaded.
pub(super) struct LoadedAddress {
    pub content: Content,
    pub kind: OwnAddress,
    /// Through how many calls and properties it came.
    pub jumps: usize,
}

/// Every address that arrives at each of the nodes that are loaded.
pub(super) fn loaded_addresses(graph: &Graph) -> HashMap<Node, Vec<LoadedAddress>> {
    let arrived = Flow::follow(graph, true).or_else(|| Flow::follow(graph, false));
    let loaded: HashSet<Node> = graph.loads.iter().map(|load| load.node).collect();
    let mut addresses: HashMap<Node, Vec<_>> = HashMap::new();
    for ((_, node, Found { content, kind }), jumps) in arrived.into_iter().flatten() {
        if loaded.contains(&node) {
            addresses.entry(node).or_default().push(LoadedAddress { content, kind, jumps });
        }
    }
    addresses
}

impl<'g> Flow<'g> {
    /// All arrivals; `None` if telling calls apart takes too long.
    fn follow(graph: &'g Graph, tells_calls_apart: bool) -> Option<HashMap<Arrival, usize>> {
        let mut flow = Self::new(graph, tells_calls_apart);
        for origin in &graph.origins {
            let found = Found { content: origin.content, kind: origin.kind };
            flow.pending.push((ANY_CALL, origin.node, found));
        }
        for jumps in 0..JUMPS_MAX {
            while let Some(arrival) = flow.pending.pop() {
                if tells_calls_apart && flow.arrived.len() > ARRIVALS_MAX {
                    return None;
                }
                if flow.is_new(arrival, jumps) {
                    flow.go_on(arrival);
                }
            }
            flow.pending = mem::take(&mut flow.next);
            flow.next = mem::take(&mut flow.after_next);
        }
        Some(flow.arrived)
    }

    fn new(graph: &'g Graph, tells_calls_apart: bool) -> Self {
        let mut edges = graph.edges.clone();
        edges.sort_by_key(|edge| edge.from);
        Self {
            graph,
            starts: starts(&edges, graph.owners.len()),
            edges,
            tells_calls_apart,
            arrived: HashMap::new(),
            pending: Vec::new(),
            next: Vec::new(),
            after_next: Vec::new(),
            entries: HashMap::new(),
            callers: vec![HashMap::new()],
            results: vec![Vec::new()],
        }
    }

    fn is_new(&mut self, arrival: Arrival, jumps: usize) -> bool {
        let (_, node, found) = arrival;
        if self.arrived.contains_key(&(ANY_CALL, node, found)) {
            return false;
        }
        match self.arrived.entry(arrival) {
            MapEntry::Occupied(_) => false,
            MapEntry::Vacant(place) => {
                place.insert(jumps);
                true
            }
        }
    }

    /// The address arrives in another call, or by a property.
    fn jump(&mut self, entry: Entry, node: Node, found: Found) {
        self.next.push((entry, node, found));
    }

    fn go_on(&mut self, (entry, node, found): Arrival) {
        let mut is_result = false;
        for at in self.edges_of(node) {
            let Edge { to, step, .. } = self.edges[at];
            match step {
                Step::Enter(call) => self.enter(call, entry, to, found),
                Step::Leave(call) => {
                    is_result = true;
                    self.leave(call, entry, to, found);
                }
                Step::Same | Step::Derive | Step::Hold | Step::Read(_) => {
                    if let Some(found) = self.after(step, found) {
                        self.step(entry, node, to, found);
                    }
                }
            }
        }
        if is_result && entry != ANY_CALL {
            self.results[entry as usize].push((node, found));
        }
    }

    /// The indexes of the edges from `node`.
    fn edges_of(&self, node: Node) -> Range<usize> {
        self.starts[node as usize]..self.starts[node as usize + 1]
    }

    /// From one node to the next, in one function or through what outlives a call.
    fn step(&mut self, entry: Entry, from: Node, to: Node, found: Found) {
        if self.owner(from) == self.owner(to) {
            self.pending.push((entry, to, found));
        } else if self.graph.common.contains(&from) {
            // A name that many objects have tells less.
            self.after_next.push((ANY_CALL, to, found));
        } else {
            self.jump(ANY_CALL, to, found);
        }
    }

    fn owner(&self, node: Node) -> u32 {
        self.graph.owners[node as usize]
    }

    fn enter(&mut self, call: u32, from: Entry, parameter: Node, found: Found) {
        if !self.tells_calls_apart {
            return self.jump(ANY_CALL, parameter, found);
        }
        let next = u32::try_from(self.callers.len()).unwrap_or(u32::MAX);
        let entry = *self.entries.entry((parameter, found)).or_insert(next);
        if entry == next {
            self.callers.push(HashMap::new());
            self.results.push(Vec::new());
        }
        if self.callers[entry as usize].entry(call).or_default().insert(from) {
            for (result, found) in self.results[entry as usize].clone() {
                self.leave_to(result, call, from, found);
            }
        }
        self.jump(entry, parameter, found);
    }

    /// After a call that was found late: everything that its function is known to return.
    fn leave_to(&mut self, result: Node, call: u32, to: Entry, found: Found) {
        for at in self.edges_of(result) {
            let edge = self.edges[at];
            if edge.step == Step::Leave(call) {
                self.jump(to, edge.to, found);
            }
        }
    }

    fn leave(&mut self, call: u32, entry: Entry, to: Node, found: Found) {
        if entry == ANY_CALL {
            return self.jump(ANY_CALL, to, found);
        }
        let callers = self.callers[entry as usize].get(&call);
        for from in callers.into_iter().flatten().copied().collect::<Vec<_>>() {
            self.jump(from, to, found);
        }
    }

    /// What is left of the address after a step.
    fn after(&self, step: Step, found: Found) -> Option<Found> {
        let content = match (step, found.content) {
            (Step::Read(property), content) => self.property(property, content, found.kind)?,
            (Step::Derive, Content::Holder) | (Step::Hold, Content::Element) => return None,
            (Step::Hold, _) => Content::Holder,
            (Step::Derive, Content::Address) => Content::Derived,
            (_, content) => content,
        };
        Some(Found { content, ..found })
    }

    /// What a property of an element, of an address or of its parts has of the address.
    fn property(&self, property: Property, content: Content, kind: OwnAddress) -> Option<Content> {
        match content {
            Content::Holder if property.is_computed() => return Some(Content::Derived),
            Content::Holder => return None,
            _ if property.is_computed() => return Some(content),
            _ => {}
        }
        match (content, self.graph.text(property)) {
            (Content::Element, "src" | "href") => Some(Content::Address),
            (Content::Element, _) => None,
            (content, "href" | "pathname" | "value" | "groups") => Some(content),
            (_, "origin" | "host" | "hostname") if kind != OwnAddress::WorkerLocation => {
                Some(Content::Derived)
            }
            _ => None,
        }
    }
}

/// Where the edges of each node start, and behind them where they end.
fn starts(edges: &[Edge], nodes: usize) -> Vec<usize> {
    let mut starts = vec![0; nodes + 1];
    for edge in edges {
        starts[edge.from as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    starts
}
