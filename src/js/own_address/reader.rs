//! Reads a syntax tree into a [`Graph`]; what each kind of code means is told in the other files.

use std::collections::{HashMap, HashSet};

use oxc_ast::ast::Program;
use oxc_ast_visit::VisitJs;

use super::{
    facts::{Fact, Origin},
    graph::Graph,
    scopes::Scopes,
    steps::{Content, Node, Owner, Property, Step},
    words,
};
use crate::js::loads::OwnAddress;

/// The owner of the script's own variables.
const SCRIPT: Owner = 1;

/// A function that is being read.
pub(super) struct Frame {
    pub owner: Owner,
    pub this: Node,
    pub result: Node,
    /// Whether the function throws an error to itself, to read its stack.
    pub reads_stack: bool,
}

/// The modules that a script defines for a loader of its own.
#[derive(Default)]
pub(super) struct Modules {
    pub exports: Option<Node>,
    /// The object with the exports as a property, `module`.
    pub module: Option<Node>,
    /// What `require("…")` returns.
    pub required: Vec<Node>,
}

/// Reads the code of one script.
pub(super) struct Reader<'a> {
    pub graph: Graph,
    pub scopes: Scopes<'a>,
    pub frame: Frame,
    /// The class whose methods are being read.
    pub class: Option<Node>,
    /// Whether the code is that of a worker, whose `location` is its own address.
    pub is_worker: bool,
    /// What `this` is in each function that is no arrow function.
    pub this_in: HashMap<Node, Node>,
    pub modules: Modules,
    /// Whether the script imports other files of its package.
    pub imports_files: bool,
    /// Variables that got a `data:` address.
    pub data: HashSet<&'a str>,
    owners: Owner,
}

impl<'a> Reader<'a> {
    /// Reads all of `program`.
    pub fn read(program: &Program<'a>, is_worker: bool) -> Graph {
        let mut reader = Self::new(is_worker);
        let this = reader.frame.this;
        reader.visit_program(program);
        reader.link_globals(this);
        reader.link_modules();
        reader.graph.resolve_names();
        reader.graph
    }

    fn new(is_worker: bool) -> Self {
        let mut graph = Graph::new();
        let (this, result) = (graph.node(SCRIPT), graph.node(SCRIPT));
        Self {
            graph,
            scopes: Scopes::new(SCRIPT),
            frame: Frame { owner: SCRIPT, this, result, reads_stack: false },
            class: None,
            is_worker,
            this_in: HashMap::new(),
            modules: Modules::default(),
            imports_files: false,
            data: HashSet::new(),
            owners: SCRIPT,
        }
    }

    /// Global variables are properties of the global object, which has many names.
    fn link_globals(&mut self, this: Node) {
        let window = self.node();
        self.graph.facts.push(Fact::Alias(window, this));
        for (name, variable) in self.scopes.globals() {
            if name == "location" && self.is_worker {
                let location = self.origin(Content::Address, OwnAddress::WorkerLocation);
                self.graph.edge(location, variable, Step::Same);
            } else if words::is_global_object(name) {
                self.graph.facts.push(Fact::Alias(window, variable));
            } else if let Some(property) = self.graph.known_property(name) {
                self.graph.write(window, property, variable);
                self.graph.read(window, property, variable);
            }
        }
    }

    /// An owner for a function that is read next.
    pub fn next_owner(&mut self) -> Owner {
        self.owners += 1;
        self.owners
    }

    /// A node for a value of the function that is being read.
    pub fn node(&mut self) -> Node {
        self.graph.node(self.frame.owner)
    }

    /// The variable that a name means here.
    pub fn variable(&mut self, name: &'a str) -> Node {
        self.scopes.variable(name, &mut self.graph)
    }

    /// Reads something in a block scope of its own.
    pub fn in_block(&mut self, read: impl FnOnce(&mut Self)) {
        self.scopes.enter(self.frame.owner, false);
        read(self);
        self.scopes.leave(&mut self.graph);
    }

    /// What all of `from` can be, as it is.
    pub fn either(&mut self, from: &[Option<Node>]) -> Option<Node> {
        match from.iter().flatten().copied().collect::<Vec<_>>().as_slice() {
            [] => None,
            [node] => Some(*node),
            nodes => {
                let to = self.node();
                nodes.iter().for_each(|from| self.graph.copy(*from, to));
                Some(to)
            }
        }
    }

    /// A property of `object`.
    pub fn property_of(&mut self, object: Node, property: Property) -> Node {
        let to = self.node();
        self.graph.read(object, property, to);
        to
    }

    /// `object.property = value`
    pub fn put(&mut self, object: Node, property: Property, value: Node) {
        self.graph.write(object, property, value);
        if let Some(this) = self.this_in.get(&value) {
            self.graph.facts.push(Fact::Alias(object, *this));
        }
    }

    /// A value that is, or holds, the script's address.
    pub fn origin(&mut self, content: Content, kind: OwnAddress) -> Node {
        let node = self.node();
        self.graph.origins.push(Origin { node, content, kind });
        node
    }
}
