//! Places of values, what is known of the script's address in them, and the steps between them.

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
