//! Which variable a name means (ECMA-262, 8.2): by function and by block.
//!
//! Declarations may follow their uses, so a name is settled where its scope ends. Functions declared
//! in a block count as declared in the function around it, as old browsers had it.

use std::collections::{BTreeMap, HashSet};

use super::{
    graph::Graph,
    steps::{Node, Owner},
};

/// A scope that is being read.
struct Scope<'a> {
    owner: Owner,
    is_function: bool,
    declared: HashSet<&'a str>,
    names: BTreeMap<&'a str, Node>,
}

/// The scopes around the code that is being read, outermost first.
pub(super) struct Scopes<'a>(Vec<Scope<'a>>);

impl<'a> Scopes<'a> {
    /// The scope of the script.
    pub fn new(owner: Owner) -> Self {
        let mut scopes = Self(Vec::new());
        scopes.enter(owner, true);
        scopes
    }

    pub fn enter(&mut self, owner: Owner, is_function: bool) {
        let (declared, names) = Default::default();
        self.0.push(Scope { owner, is_function, declared, names });
    }

    /// Ends a scope: names that it does not declare are those of the scope around it.
    pub fn leave(&mut self, graph: &mut Graph) {
        let Some(scope) = self.0.pop() else { return };
        for (name, inner) in scope.names {
            if !scope.declared.contains(name) {
                let outer = self.variable(name, graph);
                graph.is_name_of(inner, outer);
            }
        }
    }

    /// The variable that `name` means here.
    pub fn variable(&mut self, name: &'a str, graph: &mut Graph) -> Node {
        match self.0.last_mut() {
            Some(scope) => scope.variable(name, graph),
            None => graph.node(0),
        }
    }

    /// The variables of the script's scope.
    pub fn globals(&self) -> Vec<(&'a str, Node)> {
        let names = self.0.first().map(|scope| scope.names.iter()).into_iter().flatten();
        names.map(|(name, node)| (*name, *node)).collect()
    }

    /// The variable that `name` means here, if it is already known that it means one.
    pub fn known(&self, name: &str) -> Option<Node> {
        self.0.last().and_then(|scope| scope.names.get(name).copied())
    }

    /// Declares a variable of the innermost block.
    pub fn declare(&mut self, name: &'a str) {
        if let Some(scope) = self.0.last_mut() {
            scope.declared.insert(name);
        }
    }

    /// Declares a variable of the innermost function.
    pub fn declare_in_function(&mut self, name: &'a str) {
        if let Some(scope) = self.0.iter_mut().rev().find(|scope| scope.is_function) {
            scope.declared.insert(name);
        }
    }
}

impl<'a> Scope<'a> {
    fn variable(&mut self, name: &'a str, graph: &mut Graph) -> Node {
        *self.names.entry(name).or_insert_with(|| graph.node(self.owner))
    }
}
