//! What the code says of places: which functions they hold, what is called with what, what is loaded.

use oxc_span::Span;

use super::steps::{Content, Node, Property};
use crate::js::loads::OwnAddress;

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
    /// The node holds something of this kind.
    Is(Node, Kind),
}

/// What something is, as far as it says whether a load is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An element whose `href` is loaded: `link`, or one whose name is computed. The `href` of others
    /// is mostly set to resolve an address.
    Link,
    /// What another file of the package exports.
    Imported,
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
    /// As `Derived`, if this node holds something of this kind.
    DerivedIf(Node, Kind),
}

impl When {
    /// Whether a load of this is one of another file.
    pub fn is_met_by(self, content: Content) -> bool {
        match self {
            Self::Derived | Self::DerivedIf(..) => content == Content::Derived,
            Self::Address => matches!(content, Content::Address | Content::Derived),
        }
    }
}

impl Function {
    /// Every mention of a node.
    pub fn nodes(&mut self) -> impl Iterator<Item = &mut Node> {
        let own = [&mut self.this, &mut self.result].into_iter();
        own.chain(&mut self.parameters).chain(self.rest.iter_mut().map(|(_, rest)| rest))
    }
}

impl Load {
    /// Every mention of a node.
    pub fn nodes(&mut self) -> impl Iterator<Item = &mut Node> {
        let other = match &mut self.when {
            When::DerivedIf(node, _) => Some(node),
            When::Derived | When::Address => None,
        };
        [&mut self.node].into_iter().chain(other)
    }
}

impl Fact {
    /// The object and the property, if the code reads or writes one.
    pub fn property(&self) -> Option<(Node, Property)> {
        match *self {
            Self::Read { object, property, .. } | Self::Write { object, property, .. } => {
                Some((object, property))
            }
            Self::Alias(..) | Self::Function(..) | Self::Call(..) | Self::Is(..) => None,
        }
    }

    /// Every mention of a node.
    pub fn nodes(&mut self) -> Vec<&mut Node> {
        match self {
            Self::Alias(a, b) => vec![a, b],
            Self::Read { object, to: other, .. } | Self::Write { object, from: other, .. } => {
                vec![object, other]
            }
            Self::Function(node, _) | Self::Call(node, _) | Self::Is(node, _) => vec![node],
        }
    }
}

impl Call {
    /// A call with these arguments.
    pub fn of(this: Option<Node>, arguments: Vec<Option<Node>>, result: Node) -> Self {
        Self { this, arguments, spread: None, result, keeps_arguments: false }
    }

    /// Every mention of a node.
    pub fn nodes(&mut self) -> impl Iterator<Item = &mut Node> {
        let own = [&mut self.result].into_iter().chain(&mut self.this);
        let spread = self.spread.iter_mut().map(|(_, array)| array);
        own.chain(self.arguments.iter_mut().flatten()).chain(spread)
    }
}
