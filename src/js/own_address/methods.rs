//! What methods do by their names: find and make elements, and move what lists and texts hold.

use oxc_ast::ast::{Argument, CallExpression, Expression};

use super::{
    arguments::{Arguments, text_at},
    facts::{Call, Fact, Kind, When},
    origins,
    reader::Reader,
    steps::{Content, Node, Property, Step},
    words,
};
use crate::js::{expression::literal, loads::OwnAddress};

impl<'a> Reader<'a> {
    /// `object.name(…)`
    pub fn call_method(
        &mut self,
        it: &CallExpression<'a>,
        object: &Expression<'a>,
        name: &str,
    ) -> Option<Node> {
        match name {
            "call" | "apply" => self.call_with_this(it, object, name == "apply"),
            "bind" => self.bound(it, object),
            "getAttribute" | "attr" | "prop" if it.arguments.len() == 1 => {
                self.attribute(object, text_at(it, 0).unwrap_or_default())
            }
            "toUrl" if text_at(it, 0).is_some_and(words::names_file_beside) => {
                Some(self.file_beside_module(it, object))
            }
            "createElement" | "createElementNS" => Some(self.made_element(it, object)),
            _ => match origins::elements_found_by(name, text_at(it, 0)) {
                Some(kind) => {
                    self.value(object);
                    Some(self.origin(Content::Element, kind))
                }
                None => Some(self.call_any_method(it, object, name)),
            },
        }
    }

    /// `function.bind(…)`
    fn bound(&mut self, it: &CallExpression<'a>, function: &Expression<'a>) -> Option<Node> {
        let function = self.value(function);
        self.arguments(&it.arguments);
        function
    }

    /// `element.getAttribute(name)`
    fn attribute(&mut self, element: &Expression<'a>, name: &str) -> Option<Node> {
        let element = self.value(element)?;
        let property = self.named(name);
        Some(self.property_of(element, property))
    }

    /// `require.toUrl("./file")`, as AMD has it.
    fn file_beside_module(&mut self, it: &CallExpression<'a>, require: &Expression<'a>) -> Node {
        self.value(require);
        let file = self.origin(Content::Derived, OwnAddress::OwnFolder);
        self.load(Some(file), it.span, When::Derived);
        file
    }

    /// `document.createElement(name)`
    fn made_element(&mut self, it: &CallExpression<'a>, object: &Expression<'a>) -> Node {
        self.value(object);
        self.arguments(&it.arguments);
        let element = self.node();
        if tag_name(it).is_none_or(|name| name == "link") {
            self.graph.facts.push(Fact::Is(element, Kind::Link));
        }
        element
    }

    fn call_any_method(
        &mut self,
        it: &CallExpression<'a>,
        object: &Expression<'a>,
        name: &str,
    ) -> Node {
        let this = self.value(object);
        let callee = self.member_of(object, this, name);
        let arguments = self.arguments(&it.arguments);
        self.loads_by_call(name, it, &arguments);
        self.loads_by_method(name, it, this, &arguments);
        self.defines_by_call(name, it, &arguments);
        let copied_to = self.moves_by_method(name, this, &arguments);
        // A literal has methods too.
        let callee = callee.unwrap_or_else(|| self.node());
        let functions: Vec<_> = arguments.all().collect();
        let result = self.called(callee, this, arguments, name);
        copied_to.iter().for_each(|target| self.graph.copy(*target, result));
        self.result_of_method(name, this, &functions, result);
        result
    }

    /// Moves arguments into what a method is called on, or into the first of them, which is returned.
    fn moves_by_method(
        &mut self,
        name: &str,
        this: Option<Node>,
        arguments: &Arguments,
    ) -> Option<Node> {
        if let Some(this) = this.filter(|_| words::puts_in(name)) {
            for value in arguments.all() {
                self.graph.write(this, Property::WRITTEN, value);
                self.graph.edge(value, this, Step::Same);
            }
        }
        let target = arguments.get(0).filter(|_| words::is_copying(name))?;
        arguments.all().skip(1).for_each(|source| self.graph.copy(source, target));
        Some(target)
    }

    /// What a method does by its name with the text or the list that it is called on.
    pub fn result_of_method(
        &mut self,
        name: &str,
        this: Option<Node>,
        arguments: &[Node],
        result: Node,
    ) {
        let Some(this) = this else { return };
        if words::is_identity(name) {
            self.graph.edge(this, result, Step::Same);
        }
        if words::keeps_content(name) {
            self.graph.edge(this, result, Step::Derive);
            let item = self.property_of(this, Property::READ);
            self.graph.edge(item, result, Step::Derive);
        }
        // What a generator was sent is what it yielded, as compilers write `await`.
        if name == "sent" {
            self.graph.edge(self.frame.result, result, Step::Same);
        }
        if words::calls_with_items(name) {
            arguments.iter().for_each(|function| self.call_with_items(this, *function, result));
        }
    }

    /// Calls a function with each item of a list, and puts what it returns into the result.
    fn call_with_items(&mut self, list: Node, function: Node, result: Node) {
        let item = self.property_of(list, Property::READ);
        self.graph.edge(list, item, Step::Same);
        let returned = self.node();
        let arguments = vec![Some(item), Some(item)];
        self.graph.call(function, Call::of(None, arguments, returned));
        self.graph.edge(returned, result, Step::Same);
        self.graph.write(result, Property::WRITTEN, returned);
    }
}

/// The name of an element that is made: the first text that is no namespace.
fn tag_name(it: &CallExpression<'_>) -> Option<String> {
    let mut texts = it.arguments.iter().filter_map(Argument::as_expression).filter_map(literal);
    texts.find(|text| !text.contains("://")).map(str::to_ascii_lowercase)
}
