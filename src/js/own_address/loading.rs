//! Calls and properties that load what they are given.

use oxc_ast::ast::{CallExpression, Expression};
use oxc_span::Span;

use super::{
    arguments::{Arguments, text_at},
    facts::{Kind, Load, When},
    reader::Reader,
    steps::{Node, Property},
    words,
};
use crate::js::expression::{is_document, is_global, started_by_call};

impl<'a> Reader<'a> {
    /// The script loads what `node` names.
    pub fn load(&mut self, node: Option<Node>, span: Span, when: When) {
        self.graph.loads.extend(node.map(|node| Load { node, span, when }));
    }

    /// Calls that load by the name of what is called, a function or a method.
    pub fn loads_by_call(&mut self, name: &str, it: &CallExpression<'a>, arguments: &Arguments) {
        if !words::loads(name) {
            return;
        }
        for argument in arguments.all() {
            self.load(Some(argument), it.span, When::Derived);
            self.load_properties(argument, ["url", "src"], it.span);
        }
    }

    /// Loads what these properties of an object name.
    fn load_properties(&mut self, object: Node, names: [&str; 2], span: Span) {
        for name in names {
            let property = self.graph.property(name);
            let value = self.property_of(object, property);
            self.load(Some(value), span, When::Derived);
        }
    }

    /// Methods that load, by their name and by the texts among their arguments.
    pub fn loads_by_method(
        &mut self,
        name: &str,
        it: &CallExpression<'a>,
        this: Option<Node>,
        arguments: &Arguments,
    ) {
        let sets = words::sets_attribute(name).then(|| text_at(it, 0).unwrap_or_default());
        match (name, sets) {
            ("setAttribute", Some("href")) => self.load_of_link(this, arguments.last(), it.span),
            (_, Some(attribute)) if words::is_loaded(attribute) => {
                self.load(arguments.last(), it.span, When::Derived);
            }
            ("config", _) if is_loader(it) => self.load_folders(arguments.get(0), it.span),
            ("replace", _) if text_at(it, 1).is_some_and(words::names_file) => {
                self.load(this, it.span, When::Address);
            }
            _ => {
                if let Some(index) = loaded_argument(name, it) {
                    self.load(arguments.get(index), it.span, When::Derived);
                }
            }
        }
    }

    /// `require.config({ baseUrl, paths })`
    fn load_folders(&mut self, settings: Option<Node>, span: Span) {
        let Some(settings) = settings else { return };
        let [base, paths] = ["baseUrl", "paths"].map(|name| {
            let property = self.graph.property(name);
            self.property_of(settings, property)
        });
        let path = self.property_of(paths, Property::READ);
        self.load(Some(base), span, When::Derived);
        self.load(Some(path), span, When::Derived);
    }

    /// Sets the `href` of something that may be a link.
    pub fn load_of_link(&mut self, element: Option<Node>, value: Option<Node>, span: Span) {
        if let Some(element) = element {
            self.load(value, span, When::DerivedIf(element, Kind::Link));
        }
    }
}

/// Which argument a method loads, if it loads one.
fn loaded_argument(name: &str, it: &CallExpression<'_>) -> Option<usize> {
    match name {
        "get" if is_client(it) => Some(0),
        "open" if it.arguments.len() > 1 => Some(1),
        "register" if started_by_call(it.callee.without_parentheses()).is_some() => Some(0),
        "setAttributeNS" if text_at(it, 1).is_some_and(|name| name.ends_with("href")) => Some(2),
        "write" | "writeln" if receiver(it).is_some_and(is_document) => Some(0),
        _ => None,
    }
}

/// The object whose method is called.
fn receiver<'b, 'a>(it: &'b CallExpression<'a>) -> Option<&'b Expression<'a>> {
    match it.callee.without_parentheses() {
        Expression::StaticMemberExpression(method) => Some(method.object.without_parentheses()),
        _ => None,
    }
}

/// Whether the callee is `axios.…`, or the like.
fn is_client(it: &CallExpression<'_>) -> bool {
    let names = ["$", "jQuery", "axios"];
    receiver(it).is_some_and(|object| names.iter().any(|name| is_global(object, name)))
}

/// Whether the callee is `require.…`, as AMD has it.
fn is_loader(it: &CallExpression<'_>) -> bool {
    let names = ["require", "requirejs"];
    receiver(it).is_some_and(|object| names.iter().any(|name| is_global(object, name)))
}
