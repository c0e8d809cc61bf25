//! The arguments of a call: as values that move, and as texts.

use oxc_ast::ast::{Argument, CallExpression};

use super::{reader::Reader, steps::Node};
use crate::js::expression::literal;

/// Arguments that were read.
pub(super) struct Arguments {
    /// `None` for what holds nothing of interest.
    pub values: Vec<Option<Node>>,
    /// All from this index on come from this array.
    pub spread: Option<(usize, Node)>,
}

impl Arguments {
    pub fn get(&self, index: usize) -> Option<Node> {
        self.values.get(index).copied().flatten()
    }

    pub fn last(&self) -> Option<Node> {
        self.values.last().copied().flatten()
    }

    pub fn all(&self) -> impl Iterator<Item = Node> {
        self.values.iter().flatten().copied().chain(self.spread.map(|(_, array)| array))
    }

    /// For `apply`: all but `this`, which come as an array.
    pub fn of_apply(mut self) -> Self {
        self.spread = self.values.pop().flatten().map(|array| (0, array));
        self
    }

    /// For `call`: all but `this`.
    pub fn without_this(mut self) -> (Option<Node>, Self) {
        let this = self.values.remove(0);
        self.spread = self.spread.map(|(index, array)| (index.saturating_sub(1), array));
        (this, self)
    }
}

impl<'a> Reader<'a> {
    pub fn arguments(&mut self, arguments: &[Argument<'a>]) -> Arguments {
        let mut read = Arguments { values: Vec::new(), spread: None };
        for (index, argument) in arguments.iter().enumerate() {
            let value = match argument {
                Argument::SpreadElement(spread) => {
                    let array = self.value(&spread.argument);
                    read.spread = read.spread.or(array.map(|array| (index, array)));
                    None
                }
                argument => argument.as_expression().and_then(|value| self.value(value)),
            };
            read.values.push(value);
        }
        read
    }
}

/// The argument at `index`, if it is a text.
pub(super) fn text_at<'b>(it: &'b CallExpression<'_>, index: usize) -> Option<&'b str> {
    it.arguments.get(index)?.as_expression().and_then(literal)
}
