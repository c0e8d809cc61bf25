//! Calls: which function is called, with which `this` and arguments, and what comes of it.

use oxc_ast::ast::{CallExpression, Expression};

use super::{
    arguments::{Arguments, text_at},
    facts::Call,
    reader::Reader,
    steps::{Content, Node, Property, Step},
    words,
};
use crate::js::{expression::literal, loads::OwnAddress};

impl<'a> Reader<'a> {
    /// The value of a call.
    pub fn call(&mut self, it: &CallExpression<'a>) -> Option<Node> {
        match it.callee.without_parentheses() {
            Expression::StaticMemberExpression(callee) => {
                self.call_method(it, &callee.object, callee.property.name.as_str())
            }
            Expression::ComputedMemberExpression(callee) => match literal(&callee.expression) {
                Some(name) => self.call_method(it, &callee.object, name),
                None => {
                    let key = &callee.expression;
                    let callee = self.computed_member(&callee.object, key, Property::CALLED);
                    self.call_value(it, callee)
                }
            },
            Expression::Super(_) => self.call_super(it),
            Expression::Identifier(callee) => self.call_variable(it, callee.name.as_str()),
            callee => {
                let callee = self.value(callee);
                self.call_value(it, callee)
            }
        }
    }

    /// The call of a function without a name.
    fn call_value(&mut self, it: &CallExpression<'a>, callee: Option<Node>) -> Option<Node> {
        let arguments = self.arguments(&it.arguments);
        Some(self.called(callee?, None, arguments, ""))
    }

    fn call_super(&mut self, it: &CallExpression<'a>) -> Option<Node> {
        let this = self.frame.this;
        let arguments = self.arguments(&it.arguments);
        self.class.map(|class| self.called(class, Some(this), arguments, "super"))
    }

    fn call_variable(&mut self, it: &CallExpression<'a>, name: &'a str) -> Option<Node> {
        let callee = self.variable(name);
        let arguments = self.arguments(&it.arguments);
        if words::is_jquery(name) && text_at(it, 0).is_some_and(words::selects_scripts) {
            return Some(self.origin(Content::Element, OwnAddress::ScriptElements));
        }
        self.loads_by_call(name, it, &arguments);
        self.loads_by_import(callee, it.span, &arguments);
        self.defines_by_call(name, it, &arguments);
        let result = self.called(callee, None, arguments, name);
        if name == "require" && text_at(it, 0).is_some() {
            self.modules.required.push(result);
        }
        Some(result)
    }

    /// `function.call(this, …)`, `function.apply(this, […])`
    pub fn call_with_this(
        &mut self,
        it: &CallExpression<'a>,
        function: &Expression<'a>,
        is_apply: bool,
    ) -> Option<Node> {
        let function = function.without_parentheses();
        let callee = self.called_value(function);
        let read = self.arguments(&it.arguments);
        if read.values.is_empty() {
            return callee.map(|callee| self.called(callee, None, read, ""));
        }
        let (this, read) = read.without_this();
        let read = if is_apply { read.of_apply() } else { read };
        let name = name_of(function);
        let result = self.called(callee?, this, read, name);
        self.result_of_method(name, this, &[], result);
        Some(result)
    }

    /// The value of an expression that is called.
    fn called_value(&mut self, callee: &Expression<'a>) -> Option<Node> {
        match callee {
            Expression::ComputedMemberExpression(it) if literal(&it.expression).is_none() => {
                self.computed_member(&it.object, &it.expression, Property::CALLED)
            }
            callee => self.value(callee),
        }
    }

    /// The result of a call of something that may be a function of the script.
    pub fn called(
        &mut self,
        callee: Node,
        this: Option<Node>,
        arguments: Arguments,
        name: &str,
    ) -> Node {
        let result = self.node();
        if words::is_conversion(name) {
            arguments.all().for_each(|from| self.graph.edge(from, result, Step::Same));
            return result;
        }
        let keeps_arguments = !words::forgets_arguments(name) && !words::loads(name);
        let Arguments { values, spread } = arguments;
        let call = Call { this, arguments: values, spread, result, keeps_arguments };
        self.graph.call(callee, call);
        result
    }
}

/// The name by which something is called, or empty.
pub(super) fn name_of<'b>(callee: &Expression<'b>) -> &'b str {
    match callee {
        Expression::StaticMemberExpression(member) => member.property.name.as_str(),
        Expression::Identifier(identifier) => identifier.name.as_str(),
        _ => "",
    }
}
