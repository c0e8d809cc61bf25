//! What calls do: load, look up script elements, move values.

use oxc_ast::ast::{Argument, CallExpression, Expression, NewExpression};
use oxc_span::Span;

use super::{
    graph::{Call, Content, Fact, Made, Node, Property, SHARED, Step, When},
    reader::Reader,
    words,
};
use crate::js::{
    expression::{
        Address, address_beside_this_script, addresses, is_document, is_folder, is_global, literal,
        started_by_call,
    },
    loads::OwnAddress,
};

/// Arguments that were read.
struct Arguments {
    values: Vec<Option<Node>>,
    /// All from this index on come from this array.
    spread: Option<(usize, Node)>,
}

impl Arguments {
    fn get(&self, index: usize) -> Option<Node> {
        self.values.get(index).copied().flatten()
    }

    fn all(&self) -> impl Iterator<Item = Node> {
        self.values.iter().flatten().copied().chain(self.spread.map(|(_, array)| array))
    }
}

impl<'a> Reader<'a> {
    fn arguments(&mut self, arguments: &[Argument<'a>]) -> Arguments {
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

    /// The value of a call.
    pub fn call(&mut self, it: &CallExpression<'a>) -> Option<Node> {
        match it.callee.without_parentheses() {
            Expression::StaticMemberExpression(callee) => {
                let name = callee.property.name.as_str();
                self.method_call(it, &callee.object, name)
            }
            Expression::ComputedMemberExpression(callee) => match literal(&callee.expression) {
                Some(name) => {
                    let name = name.to_owned();
                    self.method_call(it, &callee.object, &name)
                }
                None => {
                    let callee =
                        self.computed_member(&callee.object, &callee.expression, Property::CALLED);
                    let arguments = self.arguments(&it.arguments);
                    callee.map(|callee| self.called(callee, None, arguments, ""))
                }
            },
            Expression::Super(_) => {
                let this = self.frame.this;
                let arguments = self.arguments(&it.arguments);
                self.class.map(|class| self.called(class, Some(this), arguments, "super"))
            }
            Expression::Identifier(callee) => {
                let name = callee.name.as_str();
                let is_jquery = name == "$" || name == "jQuery";
                let callee = self.variable(name);
                let arguments = self.arguments(&it.arguments);
                if is_jquery && first_text(it).is_some_and(words::selects_scripts) {
                    return Some(self.origin(Content::Element, OwnAddress::ScriptElements));
                }
                self.loads_by_call(name, it, &arguments);
                if name == "define" {
                    self.define(it, &arguments);
                }
                if name == "require" && first_text(it).is_some() {
                    let result = self.called(callee, None, arguments, name);
                    self.modules.required.push(result);
                    return Some(result);
                }
                Some(self.called(callee, None, arguments, name))
            }
            callee => {
                let callee = self.value(callee);
                let arguments = self.arguments(&it.arguments);
                callee.map(|callee| self.called(callee, None, arguments, ""))
            }
        }
    }

    /// The result of a call of something that may be a function of the script.
    fn called(
        &mut self,
        callee: Node,
        this: Option<Node>,
        arguments: Arguments,
        name: &str,
    ) -> Node {
        let result = self.node();
        let keeps_arguments = !words::forgets_arguments(name) && !words::loads(name);
        if words::is_conversion(name) {
            for from in arguments.all() {
                self.graph.edge(from, result, Step::Same);
            }
            return result;
        }
        let Arguments { values, spread } = arguments;
        let call = Call { this, arguments: values, spread, result, keeps_arguments };
        self.graph.call(callee, call);
        result
    }

    fn method_call(
        &mut self,
        it: &CallExpression<'a>,
        object: &Expression<'a>,
        name: &str,
    ) -> Option<Node> {
        let text = first_text(it);
        match name {
            "call" | "apply" => return self.call_with_this(it, object, name == "apply"),
            "bind" => {
                let function = self.value(object);
                self.arguments(&it.arguments);
                return function;
            }
            "getAttribute" | "attr" | "prop" if it.arguments.len() == 1 => {
                let object = self.value(object)?;
                let property = self.named(text.unwrap_or_default());
                return Some(self.property_of(object, property));
            }
            "getElementsByTagName"
                if text.is_some_and(|tag| tag.eq_ignore_ascii_case("script")) =>
            {
                self.value(object);
                return Some(self.origin(Content::Element, OwnAddress::ScriptElements));
            }
            "querySelector" | "querySelectorAll" if text.is_some_and(words::selects_scripts) => {
                self.value(object);
                return Some(self.origin(Content::Element, OwnAddress::ScriptElements));
            }
            "currentScript" => {
                self.value(object);
                return Some(self.origin(Content::Element, OwnAddress::CurrentScript));
            }
            "createElement" | "createElementNS" => return Some(self.made_element(it, object)),
            _ => {}
        }
        self.any_method_call(it, object, name)
    }

    fn any_method_call(
        &mut self,
        it: &CallExpression<'a>,
        object: &Expression<'a>,
        name: &str,
    ) -> Option<Node> {
        let this = self.value(object);
        let callee = self.member_of(object, this, name);
        let arguments = self.arguments(&it.arguments);
        self.loads_by_call(name, it, &arguments);
        self.loads_by_method(name, it, this, &arguments);
        if name == "get" && is_client(object) {
            self.load(arguments.get(0), it.span, When::Derived);
        }
        if name == "define" {
            self.define(it, &arguments);
        }
        self.moves_by_method(name, this, &arguments);
        let callee = match callee {
            Some(callee) => callee,
            // A method of a literal.
            None => self.node(),
        };
        let functions: Vec<_> = arguments.all().collect();
        let target = arguments.get(0).filter(|_| words::is_copying(name));
        let result = self.called(callee, this, arguments, name);
        if let Some(target) = target {
            self.graph.copy(target, result);
        }
        self.result_of_method(name, this, &functions, result);
        Some(result)
    }

    /// `function.call(this, …)`, `function.apply(this, […])`
    fn call_with_this(
        &mut self,
        it: &CallExpression<'a>,
        function: &Expression<'a>,
        is_apply: bool,
    ) -> Option<Node> {
        let name = match function.without_parentheses() {
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            Expression::Identifier(identifier) => identifier.name.as_str(),
            _ => "",
        };
        let callee = match function.without_parentheses() {
            Expression::ComputedMemberExpression(it) if literal(&it.expression).is_none() => {
                self.computed_member(&it.object, &it.expression, Property::CALLED)
            }
            function => self.value(function),
        };
        let mut read = self.arguments(&it.arguments);
        if read.values.is_empty() {
            return callee.map(|callee| self.called(callee, None, read, ""));
        }
        let this = read.values.remove(0);
        read.spread = match read.spread {
            _ if is_apply => read.values.pop().flatten().map(|array| (0, array)),
            spread => spread.map(|(index, array)| (index.saturating_sub(1), array)),
        };
        let result = self.called(callee?, this, read, name);
        self.result_of_method(name, this, &[], result);
        Some(result)
    }

    /// What a method does by its name with the text or the list that it is called on.
    fn result_of_method(
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
        if name == "sent" {
            self.graph.edge(self.frame.result, result, Step::Same);
        }
        if ["then", "catch", "finally"].contains(&name) {
            self.graph.edge(this, result, Step::Same);
        }
        if words::calls_with_items(name) {
            for function in arguments {
                self.call_with_items(this, *function, result);
            }
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

    fn moves_by_method(&mut self, name: &str, this: Option<Node>, arguments: &Arguments) {
        if let Some(this) = this.filter(|_| words::puts_in(name)) {
            for value in arguments.all() {
                self.graph.write(this, Property::WRITTEN, value);
                self.graph.edge(value, this, Step::Same);
            }
        }
        if let Some(target) = arguments.get(0).filter(|_| words::is_copying(name)) {
            for source in arguments.all().skip(1) {
                self.graph.copy(source, target);
            }
        }
    }

    /// Calls that load by the name of what is called, a function or a method.
    fn loads_by_call(&mut self, name: &str, it: &CallExpression<'a>, arguments: &Arguments) {
        if words::loads(name) {
            for argument in arguments.all() {
                self.load(Some(argument), it.span, When::Derived);
                for option in ["url", "src"] {
                    let option = self.graph.property(option);
                    let value = self.property_of(argument, option);
                    self.load(Some(value), it.span, When::Derived);
                }
            }
        }
    }

    fn loads_by_method(
        &mut self,
        name: &str,
        it: &CallExpression<'a>,
        this: Option<Node>,
        arguments: &Arguments,
    ) {
        let text = first_text(it).unwrap_or_default();
        let last = arguments.get(it.arguments.len().saturating_sub(1));
        match name {
            "open" if it.arguments.len() > 1 => {
                self.load(arguments.get(1), it.span, When::Derived);
            }
            "attr" | "prop" | "setAttribute" if words::is_loaded(text) => {
                self.load(last, it.span, When::Derived);
            }
            "setAttribute" if text == "href" => self.load_of_link(this, last, it.span),
            "setAttributeNS" if self.second_text(it).is_some_and(|name| name.ends_with("href")) => {
                self.load(last, it.span, When::Derived);
            }
            "config" if is_loader(it) => self.load_of_folder(arguments.get(0), it.span),
            "register" if started_by_call(it.callee.without_parentheses()).is_some() => {
                self.load(arguments.get(0), it.span, When::Derived);
            }
            "write" | "writeln" if is_method_of_document(it) => {
                self.load(arguments.get(0), it.span, When::Derived);
            }
            "replace" if self.second_text(it).is_some_and(words::names_file) => {
                self.load(this, it.span, When::Address);
            }
            _ => {}
        }
    }

    fn second_text<'b>(&self, it: &'b CallExpression<'a>) -> Option<&'b str> {
        it.arguments.get(1)?.as_expression().and_then(literal)
    }

    /// `require.config({ baseUrl, paths })`
    fn load_of_folder(&mut self, settings: Option<Node>, span: Span) {
        let Some(settings) = settings else { return };
        let [base, paths] = ["baseUrl", "paths"].map(|name| {
            let property = self.graph.property(name);
            self.property_of(settings, property)
        });
        let path = self.property_of(paths, Property::READ);
        self.load(Some(base), span, When::Derived);
        self.load(Some(path), span, When::Derived);
    }

    fn load_of_link(&mut self, element: Option<Node>, value: Option<Node>, span: Span) {
        if let Some(element) = element {
            self.load(value, span, When::DerivedForLink(element));
        }
    }

    /// `document.createElement(name)`
    fn made_element(&mut self, it: &CallExpression<'a>, object: &Expression<'a>) -> Node {
        self.value(object);
        let mut arguments = it.arguments.iter().filter_map(Argument::as_expression);
        let tag = arguments.find_map(|argument| {
            literal(argument).filter(|text| !text.contains("://")).map(str::to_ascii_lowercase)
        });
        self.arguments(&it.arguments);
        let made = match tag.as_deref() {
            Some("link") | None => Made::Link,
            Some(_) => Made::Other,
        };
        let element = self.node();
        self.graph.facts.push(Fact::Made(element, made));
        element
    }

    /// The value of `new …`.
    pub fn new_object(&mut self, it: &NewExpression<'a>) -> Option<Node> {
        let callee = it.callee.without_parentheses();
        if is_global(callee, "URL") {
            return self.new_url(it);
        }
        let name = match callee {
            Expression::Identifier(it) => it.name.as_str(),
            Expression::StaticMemberExpression(it) => it.property.name.as_str(),
            _ => "",
        };
        let function = self.value(callee);
        let arguments = self.arguments(&it.arguments);
        let first = arguments.get(0);
        if words::loads_when_made(name) {
            self.load(first, it.span, When::Derived);
        }
        if name == "FontFace" {
            self.load(arguments.get(1), it.span, When::Derived);
        }
        let result = self.node();
        if name == "Promise" {
            self.promise(first, result);
        }
        let function = function?;
        let keeps_arguments = !words::forgets_arguments(name);
        let Arguments { values, spread } = arguments;
        let this = Some(result);
        let call = Call { this, arguments: values, spread, result, keeps_arguments };
        self.graph.call(function, call);
        Some(result)
    }

    /// `new Promise(resolve => resolve(result))`
    fn promise(&mut self, executor: Option<Node>, result: Node) {
        let Some(executor) = executor else { return };
        let resolve = self.node();
        let (this, parameter, nothing) = (self.node(), self.node(), self.node());
        self.graph.copy(parameter, result);
        let parameters = vec![parameter];
        let function = super::graph::Function { this, parameters, rest: None, result: nothing };
        self.graph.function(resolve, function);
        let ignored = self.node();
        self.graph.call(executor, Call::of(None, vec![Some(resolve)], ignored));
    }

    /// `define(name, dependencies, factory)`, as AMD has it: the modules of one file share one object
    /// of exports.
    fn define(&mut self, it: &CallExpression<'a>, arguments: &Arguments) {
        let is_function = |argument: &Argument<'_>| {
            matches!(
                argument,
                Argument::FunctionExpression(_) | Argument::ArrowFunctionExpression(_)
            )
        };
        let Some(factory) = it.arguments.iter().position(is_function) else { return };
        let Some(factory) = arguments.get(factory) else { return };
        let names = it.arguments.iter().find_map(|argument| match argument {
            Argument::ArrayExpression(names) => Some(names),
            _ => None,
        });
        let names: Vec<&str> = match names {
            Some(names) => names
                .elements
                .iter()
                .map(|name| name.as_expression().and_then(literal).unwrap_or_default())
                .collect(),
            None => vec!["require", "exports", "module"],
        };
        let exports = self.exports();
        let values = names.iter().map(|name| match *name {
            "require" => None,
            "module" => Some(self.modules.module.unwrap_or(exports)),
            _ => Some(exports),
        });
        let values = values.collect();
        let result = self.node();
        self.graph.call(factory, Call::of(None, values, result));
        self.graph.copy(result, exports);
    }

    /// The object that all modules of the file export.
    fn exports(&mut self) -> Node {
        if let Some(exports) = self.modules.exports {
            return exports;
        }
        let (exports, module) = (self.graph.node(SHARED), self.graph.node(SHARED));
        let property = self.graph.property("exports");
        self.graph.write(module, property, exports);
        self.graph.read(module, property, exports);
        self.modules.exports = Some(exports);
        self.modules.module = Some(module);
        exports
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
        if let Some(address) = address {
            self.graph.edge(address, url, Step::Same);
        }
        if let Some(base) = base {
            self.graph.edge(base, url, Step::Derive);
        }
        Some(url)
    }

    /// `new URL(address, import.meta.url)`: literals are followed elsewhere.
    fn url_beside(&mut self, address: &Expression<'a>) -> Option<Node> {
        let value = self.value(address);
        let kind = match literal(address) {
            Some(text) if is_folder(text) => OwnAddress::OwnFolder,
            _ => OwnAddress::ImportMetaUrl,
        };
        let is_followed =
            addresses(address).iter().all(|address| matches!(address, Address::Literal { .. }));
        if is_followed && kind != OwnAddress::OwnFolder {
            return None;
        }
        let url = self.origin(Content::Derived, kind);
        if let Some(value) = value {
            self.graph.edge(value, url, Step::Same);
        }
        Some(url)
    }
}

/// Whether `object.get(address)` loads.
fn is_client(object: &Expression<'_>) -> bool {
    ["$", "jQuery", "axios"].iter().any(|name| is_global(object.without_parentheses(), name))
}

/// Whether the callee is `require.…`, as AMD has it.
fn is_loader(it: &CallExpression<'_>) -> bool {
    let Expression::StaticMemberExpression(method) = it.callee.without_parentheses() else {
        return false;
    };
    ["require", "requirejs"].iter().any(|name| is_global(&method.object, name))
}

/// Whether the callee is `document.…`, or `….document.…`.
fn is_method_of_document(it: &CallExpression<'_>) -> bool {
    let callee = it.callee.without_parentheses();
    matches!(callee, Expression::StaticMemberExpression(method) if is_document(&method.object))
}

/// The first argument, if it is a text.
fn first_text<'b>(it: &'b CallExpression<'_>) -> Option<&'b str> {
    it.arguments.first()?.as_expression().and_then(literal)
}
