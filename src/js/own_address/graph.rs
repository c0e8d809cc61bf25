//! How values move through a script, as a graph: a node for each variable, property and
//! intermediate value, and what the code does between them.

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use super::{
    facts::{Call, Fact, Function, Load, Origin},
    steps::{Edge, Node, Owner, Property, Step},
};

/// The graph of a script.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub owners: Vec<Owner>,
    /// For the name of a variable in an inner scope: the node of the variable.
    outer: HashMap<Node, Node>,
    pub edges: Vec<Edge>,
    pub facts: Vec<Fact>,
    pub functions: Vec<Function>,
    pub calls: Vec<Call>,
    pub origins: Vec<Origin>,
    pub loads: Vec<Load>,
    /// Properties with names that many objects have.
    pub common: HashSet<Node>,
    names: HashMap<String, Property>,
    texts: Vec<String>,
}

impl Graph {
    pub fn new() -> Self {
        let mut graph = Self::default();
        for name in ["(read)", "(written)", "(called)"] {
            graph.property(name);
        }
        graph
    }

    pub fn node(&mut self, owner: Owner) -> Node {
        self.owners.push(owner);
        u32::try_from(self.owners.len() - 1).unwrap_or(u32::MAX)
    }

    pub fn property(&mut self, name: &str) -> Property {
        if let Some(property) = self.names.get(name) {
            return *property;
        }
        let property = Property(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(name.to_owned());
        self.names.insert(name.to_owned(), property);
        property
    }

    /// The property of this name, if the code has one.
    pub fn known_property(&self, name: &str) -> Option<Property> {
        self.names.get(name).copied()
    }

    pub fn text(&self, property: Property) -> &str {
        &self.texts[property.0 as usize]
    }

    /// The value moves as it is, and both hold the same object.
    pub fn copy(&mut self, from: Node, to: Node) {
        self.edge(from, to, Step::Same);
        self.facts.push(Fact::Alias(from, to));
    }

    pub fn edge(&mut self, from: Node, to: Node, step: Step) {
        self.edges.push(Edge { from, to, step });
    }

    pub fn read(&mut self, object: Node, property: Property, to: Node) {
        self.edge(object, to, Step::Read(property));
        self.facts.push(Fact::Read { object, property, to });
    }

    pub fn write(&mut self, object: Node, property: Property, from: Node) {
        self.facts.push(Fact::Write { object, property, from });
    }

    pub fn call(&mut self, callee: Node, call: Call) {
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.push(call);
        self.facts.push(Fact::Call(callee, index));
    }

    pub fn function(&mut self, value: Node, function: Function) {
        let index = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        self.functions.push(function);
        self.facts.push(Fact::Function(value, index));
    }

    /// `inner` turns out to be a name of the variable at `outer`.
    pub fn is_name_of(&mut self, inner: Node, outer: Node) {
        self.outer.insert(inner, outer);
    }

    /// Replaces every name by its variable.
    pub fn resolve_names(&mut self) {
        let outer = mem::take(&mut self.outer);
        for node in self.nodes() {
            while let Some(variable) = outer.get(node) {
                *node = *variable;
            }
        }
    }

    /// Every mention of a node.
    fn nodes(&mut self) -> impl Iterator<Item = &mut Node> {
        let edges = self.edges.iter_mut().flat_map(|edge| [&mut edge.from, &mut edge.to]);
        edges
            .chain(self.facts.iter_mut().flat_map(Fact::nodes))
            .chain(self.functions.iter_mut().flat_map(Function::nodes))
            .chain(self.calls.iter_mut().flat_map(Call::nodes))
            .chain(self.origins.iter_mut().map(|origin| &mut origin.node))
            .chain(self.loads.iter_mut().flat_map(Load::nodes))
    }
}
