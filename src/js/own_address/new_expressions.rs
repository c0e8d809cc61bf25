//! What `new` makes: workers and requests that load, addresses, promises, instances of classes.

use oxc_ast::ast::{Argument, Expression, NewExpression};

use super::{
    arguments::Arguments,
    calls::name_of,
    facts::{Call, Function, When},
    reader::Reader,
    steps::{Content, Node, Step},
    words,
};
use crate::js::{
    expression::{Address, address_beside_this_script, addresses, is_folder, is_global, literal},
    loads::OwnAddress,
};

impl<'a> Reader<'a> {
    /// The value of `new …`.
    pub fn new_object(&mut self, it: &NewExpression<'a>) -> Option<Node> {
        let class = it.callee.without_parentheses();
        if is_global(class, "URL") {
            return self.new_url(it);
        }
        let name = name_of(class);
        let function = self.value(class);
        let arguments = self.arguments(&it.arguments);
        let loaded = words::loaded_when_made(name).and_then(|index| arguments.get(index));
        self.load(loaded, it.span, When::Derived);
        let result = self.node();
        if name == "Promise" {
            self.promise(arguments.get(0), result);
        }
        self.constructed(function?, arguments, name, result);
        Some(result)
    }

    /// Calls a class for a new instance.
    fn constructed(&mut self, class: Node, arguments: Arguments, name: &str, instance: Node) {
        let keeps_arguments = !words::forgets_arguments(name);
        let Arguments { values, spread } = arguments;
        let (this, result) = (Some(instance), instance);
        self.graph.call(class, Call { this, arguments: values, spread, result, keeps_arguments });
    }

    /// `new Promise(resolve => resolve(result))`
    fn promise(&mut self, executor: Option<Node>, result: Node) {
        let Some(executor) = executor else { return };
        let resolve = self.node();
        let (this, parameter, nothing) = (self.node(), self.node(), self.node());
        self.graph.copy(parameter, result);
        let parameters = vec![parameter];
        let function = Function { this, parameters, rest: None, result: nothing };
        self.graph.function(resolve, function);
        let ignored = self.node();
        self.graph.call(executor, Call::of(None, vec![Some(resolve)], ignored));
    }

    /// `new URL(address, base)`
    fn new_url(&mut self, it: &NewExpression<'a>) -> Option<Node> {
        if let Some(address) = address_beside_this_script(it) {
            return self.url_beside(address);
        }
        let read = self.arguments(&it.arguments);
        let (address, base) = (read.get(0), read.get(1));
        let text = it.arguments.first().and_then(Argument::as_expression).and_then(literal);
        if text.is_some_and(words::names_file) {
            self.load(base, it.span, When::Address);
        }
        let url = self.node();
        address.iter().for_each(|address| self.graph.edge(*address, url, Step::Same));
        base.iter().for_each(|base| self.graph.edge(*base, url, Step::Derive));
        Some(url)
    }

    /// `new URL(address, import.meta.url)`: literals are followed elsewhere.
    fn url_beside(&mut self, address: &Expression<'a>) -> Option<Node> {
        let value = self.value(address);
        let kind = match literal(address) {
            Some(text) if is_folder(text) => OwnAddress::OwnFolder,
            _ if is_literal(address) => return None,
            _ => OwnAddress::ImportMetaUrl,
        };
        let url = self.origin(Content::Derived, kind);
        value.iter().for_each(|value| self.graph.edge(*value, url, Step::Same));
        Some(url)
    }
}

/// Whether an expression comes to nothing but literals.
fn is_literal(expression: &Expression<'_>) -> bool {
    addresses(expression).iter().all(|address| matches!(address, Address::Literal { .. }))
}
