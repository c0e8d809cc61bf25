//! Which functions a call may mean, and where what is put into a property is read.
//!
//! Functions move through the graph as other values do (Feldthaus and others, "Efficient Construction
//! of Approximate Call Graphs for JavaScript", 2013). Properties of one name are one place, whatever
//! the object, as long as the name says something. Other names are told apart by the variable, or by
//! the function, that they are properties of.

use std::collections::{HashMap, HashSet};

use super::{
    facts::{Call, Fact, Function, Kind, Load, When},
    graph::Graph,
    steps::{Edge, Node, Property, SHARED, Step},
    words,
};

/// More functions than these are not told apart at one place.
const FUNCTIONS_MAX: usize = 16;

/// Something that moves: a function, by its index, or an element whose `href` is loaded.
type Token = u32;

/// A thing of this kind.
fn token_of(kind: Kind) -> Token {
    match kind {
        Kind::Link => u32::MAX,
        Kind::Imported => u32::MAX - 1,
    }
}

/// What waits for tokens at a node.
#[derive(Clone, Copy)]
enum Wait {
    Call(u32),
    Read(Property, Node),
    Write(Property, Node),
}

/// Follows functions through the graph.
pub(super) struct Resolver<'g> {
    graph: &'g mut Graph,
    /// For each node another that is the same variable or a copy of it.
    parents: Vec<Node>,
    next: Vec<Vec<Node>>,
    /// In the order of their arrival, so that every run has the same ones.
    tokens: HashMap<Node, Vec<Token>>,
    waiting: HashMap<Node, Vec<Wait>>,
    places: HashMap<(Option<Node>, Property), Node>,
    /// The node that each function was made at.
    made_at: HashMap<Token, Node>,
    known_calls: HashSet<u32>,
    links: HashSet<(u32, Token)>,
    pending: Vec<(Node, Token)>,
}

impl<'g> Resolver<'g> {
    /// Adds to `graph` the edges that follow from its facts.
    pub fn resolve(graph: &'g mut Graph) -> Self {
        let mut resolver = Self {
            parents: (0..).take(graph.owners.len()).collect(),
            next: vec![Vec::new(); graph.owners.len()],
            tokens: HashMap::new(),
            waiting: HashMap::new(),
            places: HashMap::new(),
            made_at: HashMap::new(),
            known_calls: HashSet::new(),
            links: HashSet::new(),
            pending: Vec::new(),
            graph,
        };
        let facts = resolver.graph.facts.clone();
        resolver.join_copies(&facts);
        resolver.follow_edges();
        facts.iter().for_each(|fact| resolver.apply(*fact));
        resolver.relate_computed_properties(&facts);
        while let Some((node, token)) = resolver.pending.pop() {
            resolver.go_on(node, token);
        }
        resolver.answer_unknown_calls();
        resolver
    }

    /// The loads, without those that need something of a kind that is not there.
    pub fn loads(&self) -> Vec<Load> {
        let is_of = |node: &Node, kind| {
            self.tokens.get(node).is_some_and(|held| held.contains(&token_of(kind)))
        };
        let is_load = |load: &&Load| match load.when {
            When::DerivedIf(node, kind) => is_of(&node, kind),
            When::Derived | When::Address => true,
        };
        self.graph.loads.iter().filter(is_load).copied().collect()
    }

    fn join_copies(&mut self, facts: &[Fact]) {
        for fact in facts {
            if let Fact::Alias(a, b) = *fact {
                let (a, b) = (self.group(a), self.group(b));
                self.parents[a as usize] = b;
            }
        }
    }

    /// The variable of a node, as one of its copies.
    fn group(&mut self, mut node: Node) -> Node {
        while self.parents[node as usize] != node {
            let next = self.parents[self.parents[node as usize] as usize];
            self.parents[node as usize] = next;
            node = next;
        }
        node
    }

    fn follow_edges(&mut self) {
        for edge in &self.graph.edges {
            if edge.step == Step::Same
                || matches!(edge.step, Step::Read(name) if name.is_computed())
            {
                self.next[edge.from as usize].push(edge.to);
            }
        }
    }

    fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Read { object, property, to } if !property.is_computed() => {
                self.read(object, property, to);
            }
            Fact::Write { object, property, from } if !property.is_computed() => {
                self.write(object, property, from);
            }
            Fact::Write { object, from, .. } => self.edge(from, object),
            Fact::Function(node, index) => {
                self.made_at.insert(index, node);
                self.arrive(node, index);
            }
            Fact::Call(node, index) => self.wait(node, Wait::Call(index)),
            Fact::Is(node, kind) => self.arrive(node, token_of(kind)),
            Fact::Alias(..) | Fact::Read { .. } => {}
        }
    }

    fn read(&mut self, object: Node, property: Property, to: Node) {
        let group = words::is_minified(self.graph.text(property)).then(|| self.group(object));
        let place = self.place(group, property);
        self.edge(place, to);
        if group.is_some() {
            self.wait(object, Wait::Read(property, to));
        }
    }

    fn write(&mut self, object: Node, property: Property, from: Node) {
        let group = words::is_minified(self.graph.text(property)).then(|| self.group(object));
        let place = self.place(group, property);
        self.edge(from, place);
        if group.is_some() {
            self.wait(object, Wait::Write(property, from));
        }
    }

    /// The place of a property: of this variable, or of any object.
    fn place(&mut self, group: Option<Node>, property: Property) -> Node {
        if let Some(place) = self.places.get(&(group, property)) {
            return *place;
        }
        let place = self.new_node();
        self.places.insert((group, property), place);
        if words::is_common(self.graph.text(property)) {
            self.graph.common.insert(place);
        }
        place
    }

    fn new_node(&mut self) -> Node {
        let node = self.graph.node(SHARED);
        self.parents.push(node);
        self.next.push(Vec::new());
        node
    }

    /// Where names are computed, any property of the same variable may be meant.
    fn relate_computed_properties(&mut self, facts: &[Fact]) {
        let computed: HashSet<_> = facts
            .iter()
            .filter_map(Fact::property)
            .filter(|(_, property)| property.is_computed())
            .map(|(object, _)| self.group(object))
            .collect();
        for fact in facts {
            let Some((object, _)) = fact.property() else { continue };
            let group = self.group(object);
            if computed.contains(&group) {
                self.relate_to_computed(group, *fact);
            }
        }
    }

    /// Relates a property of a variable to those of its properties whose names are computed.
    fn relate_to_computed(&mut self, variable: Node, fact: Fact) {
        let read = self.place(Some(variable), Property::READ);
        let written = self.place(Some(variable), Property::WRITTEN);
        match fact {
            Fact::Read { to, property, .. } => {
                self.edge(written, to);
                if property.is_computed() {
                    self.edge(read, to);
                }
            }
            Fact::Write { from, property, .. } => {
                self.edge(from, if property.is_computed() { written } else { read });
            }
            _ => {}
        }
    }

    fn edge(&mut self, from: Node, to: Node) {
        self.step(from, to, Step::Same);
    }

    fn step(&mut self, from: Node, to: Node, step: Step) {
        if from == to {
            return;
        }
        self.graph.edges.push(Edge { from, to, step });
        if !matches!(step, Step::Derive | Step::Hold) {
            self.next[from as usize].push(to);
            let held = self.tokens.get(&from).cloned().unwrap_or_default();
            held.into_iter().for_each(|token| self.arrive(to, token));
        }
    }

    fn arrive(&mut self, node: Node, token: Token) {
        let held = self.tokens.entry(node).or_default();
        if held.len() < FUNCTIONS_MAX && !held.contains(&token) {
            held.push(token);
            self.pending.push((node, token));
        }
    }

    fn wait(&mut self, node: Node, wait: Wait) {
        self.waiting.entry(node).or_default().push(wait);
        let held = self.tokens.get(&node).cloned().unwrap_or_default();
        self.pending.extend(held.into_iter().map(|token| (node, token)));
    }

    fn go_on(&mut self, node: Node, token: Token) {
        for next in self.next[node as usize].clone() {
            self.arrive(next, token);
        }
        let Some(made_at) = self.made_at.get(&token).copied() else { return };
        for wait in self.waiting.get(&node).cloned().unwrap_or_default() {
            match wait {
                Wait::Call(call) => self.link(call, token),
                Wait::Read(property, to) => {
                    let place = self.place_of(made_at, property);
                    self.edge(place, to);
                }
                Wait::Write(property, from) => {
                    let place = self.place_of(made_at, property);
                    self.edge(from, place);
                }
            }
        }
    }

    /// The place of a property of this function.
    fn place_of(&mut self, made_at: Node, property: Property) -> Node {
        let group = self.group(made_at);
        self.place(Some(group), property)
    }

    /// This call may mean this function.
    fn link(&mut self, index: u32, function: Token) {
        if !self.links.insert((index, function)) {
            return;
        }
        self.known_calls.insert(index);
        let call = self.graph.calls[index as usize].clone();
        let function = self.graph.functions[function as usize].clone();
        self.link_arguments(index, &call, &function);
        if let Some(this) = call.this {
            self.step(this, function.this, Step::Enter(index));
        }
        self.step(function.result, call.result, Step::Leave(index));
    }

    fn link_arguments(&mut self, index: u32, call: &Call, function: &Function) {
        let enter = Step::Enter(index);
        for (at, argument) in call.arguments.iter().enumerate() {
            let Some(argument) = argument else { continue };
            if let Some(parameter) = function.parameters.get(at) {
                self.step(*argument, *parameter, enter);
            }
            if let Some((_, rest)) = function.rest.filter(|(from, _)| at >= *from) {
                self.step(*argument, rest, enter);
            }
        }
        if let Some((from, array)) = call.spread {
            for parameter in function.parameters.iter().skip(from) {
                self.step(array, *parameter, enter);
            }
            if let Some((_, rest)) = function.rest {
                self.step(array, rest, enter);
            }
        }
    }

    /// What nobody knows may return something of its arguments.
    fn answer_unknown_calls(&mut self) {
        for index in 0..self.graph.calls.len() {
            let call = self.graph.calls[index].clone();
            let is_known = u32::try_from(index).is_ok_and(|it| self.known_calls.contains(&it));
            if is_known || !call.keeps_arguments {
                continue;
            }
            let spread = call.spread.map(|(_, array)| array);
            for argument in call.arguments.into_iter().flatten().chain(spread) {
                self.step(argument, call.result, Step::Derive);
                self.return_results_of(argument, call.result);
            }
        }
    }

    /// A function among the arguments may be called for its result.
    fn return_results_of(&mut self, argument: Node, to: Node) {
        for token in self.tokens.get(&argument).into_iter().flatten() {
            if let Some(function) = self.graph.functions.get(*token as usize) {
                self.graph.edges.push(Edge { from: function.result, to, step: Step::Same });
            }
        }
    }
}
