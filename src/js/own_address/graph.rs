//! How values move through a script, as a graph: a node for each variable, property and
//! intermediate value, and what the code does between them.

use std::collections::{HashMap, HashSet};

use oxc_span::Span;

use crate::js::loads::OwnAddress;

/// A place that a value can be in.
pub(super) type Node = u32;

/// The function that a node belongs to.
pub(super) type Owner = u32;

/// The owner of what outlives a call: properties, and all that is shared by functions.
pub(super) const SHARED: Owner = 0;

/// The name of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Property(pub u32);

impl Property {
    /// A property whose name is computed or a number, where it is read.
    pub const READ: Self = Self(0);
    /// The same, where it is written.
    pub const WRITTEN: Self = Self(1);
    /// The same, where it is called.
    pub const CALLED: Self = Self(2);
    /// Whether the name is computed, or a number.
    pub fn is_computed(self) -> bool {
        [Self::READ, Self::WRITTEN, Self::CALLED].contains(&self)
    }
}

/// What is known of the script's address in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Content {
    /// The script's element, or a list of such elements.
    Element,
    /// The script's address, as it is: what it names is this script.
    Address,
    /// An address made from the script's address.
    Derived,
    /// An object that was made with an address in one of its properties.
    Holder,
}

/// What happens to a value on its way from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It stays as it is.
    Same,
    /// It becomes part of another text.
    Derive,
    /// It becomes a property of an object that is made.
    Hold,
    /// It is an argument of a call.
    Enter(u32),
    /// It is what a call returns.
    Leave(u32),
    /// One of its properties is read.
    Read(Property),
}

/// A step of values from one node to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub from: Node,
    pub to: Node,
    pub step: Step,
}

/// What the code does with the objects in nodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    /// Both hold the same object.
    Alias(Node, Node),
    /// `to = object.property`
    Read { object: Node, property: Property, to: Node },
    /// `object.property = from`
    Write { object: Node, property: Property, from: Node },
    /// The node holds this function.
    Function(Node, u32),
    /// The node is called.
    Call(Node, u32),
    /// The node holds an element of this kind, made by the script.
    Made(Node, Made),
}

/// An element that the script makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// Its `href` is loaded: `link`, or an element whose name is computed.
    Link,
    /// Its `href` is not loaded: `a`, mostly made to resolve an address.
    Other,
}

/// A function of the script, as its callers see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Function {
    pub this: Node,
    pub parameters: Vec<Node>,
    /// All arguments from this index on, as one array.
    pub rest: Option<(usize, Node)>,
    pub result: Node,
}

/// A call of something.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub this: Option<Node>,
    /// `None` for what holds nothing of interest.
    pub arguments: Vec<Option<Node>>,
    /// All arguments from this index on come from this array.
    pub spread: Option<(usize, Node)>,
    pub result: Node,
    /// Whether something of the arguments is in the result, should nobody know the function.
    pub keeps_arguments: bool,
}

/// Where the script learns its address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub node: Node,
    pub content: Content,
    pub kind: OwnAddress,
}

/// Where the script loads what a node names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub node: Node,
    pub span: Span,
    pub when: When,
}

/// What must be in a node for a load to be one of another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// An address made from the script's: by itself that address only names the script.
    Derived,
    /// The script's address: what is appended names another file.
    Address,
    /// As `Derived`, if this node is an element whose `href` is loaded.
    DerivedForLink(Node),
}

impl When {
    /// Whether a load of this is one of another file.
    pub fn is_met_by(self, content: Content) -> bool {
        match self {
            Self::Derived | Self::DerivedForLink(_) => content == Content::Derived,
            Self::Address => matches!(content, Content::Address | Content::Derived),
        }
    }
}

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
        let node = |node: &mut Node| {
            while let Some(outer) = self.outer.get(node) {
                *node = *outer;
            }
        };
        for edge in &mut self.edges {
            node(&mut edge.from);
            node(&mut edge.to);
        }
        for fact in &mut self.facts {
            fact.nodes().into_iter().for_each(node);
        }
        for function in &mut self.functions {
            node(&mut function.this);
            node(&mut function.result);
            function.parameters.iter_mut().for_each(node);
            function.rest.iter_mut().for_each(|(_, rest)| node(rest));
        }
        for call in &mut self.calls {
            node(&mut call.result);
            call.this.iter_mut().for_each(node);
            call.arguments.iter_mut().flatten().for_each(node);
            call.spread.iter_mut().for_each(|(_, array)| node(array));
        }
        self.origins.iter_mut().for_each(|origin| node(&mut origin.node));
        for load in &mut self.loads {
            node(&mut load.node);
            if let When::DerivedForLink(element) = &mut load.when {
                node(element);
            }
        }
    }
}

impl Fact {
    fn nodes(&mut self) -> Vec<&mut Node> {
        match self {
            Self::Alias(a, b) => vec![a, b],
            Self::Read { object, to: other, .. } | Self::Write { object, from: other, .. } => {
                vec![object, other]
            }
            Self::Function(node, _) | Self::Call(node, _) | Self::Made(node, _) => vec![node],
        }
    }
}

impl Call {
    /// A call with these arguments.
    pub fn of(this: Option<Node>, arguments: Vec<Option<Node>>, result: Node) -> Self {
        Self { this, arguments, spread: None, result, keeps_arguments: false }
    }
}
