//! What expressions come to.

use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, AssignmentExpression, AssignmentOperator,
    AssignmentTarget, BinaryExpression, BinaryOperator, ChainElement, Expression,
    IdentifierReference, ImportExpression, LogicalExpression, LogicalOperator, ObjectExpression,
    ObjectProperty, ObjectPropertyKind, PropertyKind, TemplateLiteral,
};

use super::{
    graph::{Content, Node, Property, Step, When},
    reader::Reader,
    words,
};
use crate::js::{
    expression::{is_document, literal},
    loads::OwnAddress,
};

impl<'a> Reader<'a> {
    /// Reads an expression; `None` if its value can hold nothing of the script's address.
    pub fn value(&mut self, expression: &Expression<'a>) -> Option<Node> {
        match expression {
            Expression::Identifier(it) => self.identifier(it),
            Expression::ThisExpression(_) | Expression::Super(_) => Some(self.frame.this),
            Expression::ParenthesizedExpression(it) => self.value(&it.expression),
            Expression::StaticMemberExpression(it) => {
                self.member(&it.object, it.property.name.as_str())
            }
            Expression::ComputedMemberExpression(it) => match literal(&it.expression) {
                Some(name) => self.member(&it.object, name),
                None => self.computed_member(&it.object, &it.expression, Property::READ),
            },
            Expression::PrivateFieldExpression(it) => {
                let property = self.graph.property(&format!("#{}", it.field.name));
                self.value(&it.object).map(|object| self.property_of(object, property))
            }
            Expression::CallExpression(it) => self.call(it),
            Expression::NewExpression(it) => self.new_object(it),
            Expression::ChainExpression(it) => self.chain(&it.expression),
            Expression::BinaryExpression(it) => self.binary(it),
            Expression::LogicalExpression(it) => self.logical(it),
            Expression::AssignmentExpression(it) => self.assignment(it),
            Expression::FunctionExpression(it) => Some(self.function(it)),
            Expression::ArrowFunctionExpression(it) => Some(self.arrow(it)),
            Expression::ClassExpression(it) => Some(self.class(it)),
            Expression::ObjectExpression(it) => Some(self.object(it)),
            Expression::ArrayExpression(it) => Some(self.array(it)),
            Expression::TemplateLiteral(it) => self.template(it),
            _ => self.other_value(expression),
        }
    }

    fn other_value(&mut self, expression: &Expression<'a>) -> Option<Node> {
        match expression {
            Expression::ConditionalExpression(it) => {
                self.value(&it.test);
                let (yes, no) = (self.value(&it.consequent), self.value(&it.alternate));
                self.either(&[yes, no])
            }
            Expression::SequenceExpression(it) => {
                it.expressions.iter().fold(None, |_, expression| self.value(expression))
            }
            Expression::AwaitExpression(it) => self.value(&it.argument),
            Expression::YieldExpression(it) => {
                let value = it.argument.as_ref().and_then(|value| self.value(value))?;
                self.graph.copy(value, self.frame.result);
                Some(value)
            }
            Expression::ImportExpression(it) => self.import(it),
            Expression::UnaryExpression(it) => {
                self.value(&it.argument);
                None
            }
            Expression::PrivateInExpression(it) => {
                self.value(&it.right);
                None
            }
            Expression::TaggedTemplateExpression(it) => {
                self.value(&it.tag);
                self.template(&it.quasi)
            }
            _ => None,
        }
    }

    fn identifier(&mut self, identifier: &IdentifierReference<'a>) -> Option<Node> {
        match identifier.name.as_str() {
            "undefined" => None,
            name => Some(self.variable(name)),
        }
    }

    fn chain(&mut self, element: &ChainElement<'a>) -> Option<Node> {
        match element {
            ChainElement::CallExpression(it) => self.call(it),
            ChainElement::StaticMemberExpression(it) => {
                self.member(&it.object, it.property.name.as_str())
            }
            ChainElement::ComputedMemberExpression(it) => match literal(&it.expression) {
                Some(name) => self.member(&it.object, name),
                None => self.computed_member(&it.object, &it.expression, Property::READ),
            },
            ChainElement::PrivateFieldExpression(it) => {
                let property = self.graph.property(&format!("#{}", it.field.name));
                self.value(&it.object).map(|object| self.property_of(object, property))
            }
            ChainElement::TSNonNullExpression(_) => None,
        }
    }

    /// `object.name`
    pub fn member(&mut self, object: &Expression<'a>, name: &str) -> Option<Node> {
        let value = self.value(object);
        self.member_of(object, value, name)
    }

    /// `object.name`, where `value` is the object's.
    pub fn member_of(
        &mut self,
        object: &Expression<'a>,
        value: Option<Node>,
        name: &str,
    ) -> Option<Node> {
        let object = object.without_parentheses();
        let origin = match name {
            "url" if matches!(object, Expression::ImportMeta(_)) => {
                Some((Content::Address, OwnAddress::ImportMetaUrl))
            }
            "location" if self.is_worker && is_global_object(object) => {
                Some((Content::Address, OwnAddress::WorkerLocation))
            }
            "currentScript" => Some((Content::Element, OwnAddress::CurrentScript)),
            "scripts" if is_document(object) => {
                Some((Content::Element, OwnAddress::ScriptElements))
            }
            _ => None,
        };
        if let Some((content, kind)) = origin {
            return Some(self.origin(content, kind));
        }
        let property = match self.named(name) {
            Property::WRITTEN => Property::READ,
            property => property,
        };
        value.map(|object| self.property_of(object, property))
    }

    pub fn computed_member(
        &mut self,
        object: &Expression<'a>,
        key: &Expression<'a>,
        property: Property,
    ) -> Option<Node> {
        let object = self.value(object);
        self.value(key);
        object.map(|object| self.property_of(object, property))
    }

    fn import(&mut self, it: &ImportExpression<'a>) -> Option<Node> {
        let source = self.value(&it.source);
        self.load(source, it.span, When::Derived);
        if let Some(options) = &it.options {
            self.value(options);
        }
        None
    }

    fn logical(&mut self, it: &LogicalExpression<'a>) -> Option<Node> {
        let left = self.value(&it.left);
        if it.operator == LogicalOperator::Or && self.asks_for_data(&it.left) {
            return left;
        }
        let right = self.value(&it.right);
        match it.operator {
            // On the left is what decides, or what is no address.
            LogicalOperator::And => right,
            LogicalOperator::Or | LogicalOperator::Coalesce => self.either(&[left, right]),
        }
    }

    /// Whether `call` asks if a variable holds a `data:` address, and it does: its other value, an
    /// address beside the script, is never used.
    pub fn asks_for_data(&self, call: &Expression<'a>) -> bool {
        let Expression::CallExpression(call) = call.without_parentheses() else { return false };
        let variable = match call.callee.without_parentheses() {
            Expression::StaticMemberExpression(method) if method.property.name == "startsWith" => {
                Some(&method.object)
            }
            Expression::Identifier(_) => call.arguments.first().and_then(|it| it.as_expression()),
            _ => None,
        };
        match variable.map(Expression::without_parentheses) {
            Some(Expression::Identifier(it)) => self.data.contains(it.name.as_str()),
            Some(Expression::AssignmentExpression(it)) => literal(&it.right).is_some_and(is_data),
            _ => false,
        }
    }

    fn assignment(&mut self, it: &AssignmentExpression<'a>) -> Option<Node> {
        let right = self.value(&it.right);
        let value = match it.operator {
            AssignmentOperator::Addition => self.appended(it, right),
            _ => right,
        };
        if let AssignmentTarget::AssignmentTargetIdentifier(variable) = &it.left {
            self.note_data(variable.name.as_str(), &it.right);
        }
        self.assign(&it.left, value);
        value
    }

    /// Remembers which variables hold `data:` addresses.
    pub fn note_data(&mut self, variable: &'a str, value: &Expression<'a>) {
        if literal(value).is_some_and(is_data) {
            self.data.insert(variable);
        }
    }

    /// `left += right`
    fn appended(&mut self, it: &AssignmentExpression<'a>, right: Option<Node>) -> Option<Node> {
        let left = match &it.left {
            AssignmentTarget::AssignmentTargetIdentifier(it) => {
                Some(self.variable(it.name.as_str()))
            }
            AssignmentTarget::StaticMemberExpression(it) => {
                self.member(&it.object, it.property.name.as_str())
            }
            _ => None,
        };
        if literal(&it.right).is_some_and(words::names_file) {
            self.load(left, it.span, When::Address);
        }
        self.joined(left, right)
    }

    fn binary(&mut self, it: &BinaryExpression<'a>) -> Option<Node> {
        let (left, right) = (self.value(&it.left), self.value(&it.right));
        if it.operator != BinaryOperator::Addition {
            return None;
        }
        if last_text(&it.left).is_some_and(words::opens_load) {
            self.load(right, it.span, When::Derived);
        }
        match (literal(&it.left), literal(&it.right)) {
            (_, Some("")) => return left,
            (Some(""), _) => return right,
            (_, Some(text)) if words::names_file(text) => {
                self.load(left, it.span, When::Address);
            }
            _ => {}
        }
        let precedes = last_text(&it.left).is_none_or(words::may_precede_address);
        self.joined(left, right.filter(|_| precedes))
    }

    /// A text that is made of both.
    pub fn joined(&mut self, left: Option<Node>, right: Option<Node>) -> Option<Node> {
        if left.is_none() && right.is_none() {
            return None;
        }
        let to = self.node();
        for from in [left, right].into_iter().flatten() {
            self.graph.edge(from, to, Step::Derive);
        }
        Some(to)
    }

    fn template(&mut self, it: &TemplateLiteral<'a>) -> Option<Node> {
        let mut whole = None;
        for (index, expression) in it.expressions.iter().enumerate() {
            let value = self.value(expression);
            let text = |index: usize| {
                let text = it.quasis.get(index).and_then(|text| text.value.cooked.as_ref());
                text.map_or("", |text| text.as_str())
            };
            let (before, after) = (text(index), text(index + 1));
            if words::opens_load(before) {
                self.load(value, it.span, When::Derived);
            }
            if words::names_file(after) {
                self.load(value, it.span, When::Address);
            }
            if it.expressions.len() == 1 && before.is_empty() && after.is_empty() {
                return value;
            }
            whole = self.joined(whole, value.filter(|_| words::may_precede_address(before)));
        }
        whole
    }

    fn array(&mut self, it: &ArrayExpression<'a>) -> Node {
        let array = self.node();
        for element in &it.elements {
            let (value, is_spread) = match element {
                ArrayExpressionElement::SpreadElement(spread) => {
                    (self.value(&spread.argument), true)
                }
                element => (element.as_expression().and_then(|value| self.value(value)), false),
            };
            let Some(value) = value else { continue };
            let item = if is_spread { self.property_of(value, Property::READ) } else { value };
            self.graph.write(array, Property::WRITTEN, item);
            self.graph.edge(value, array, Step::Same);
        }
        array
    }

    fn object(&mut self, it: &ObjectExpression<'a>) -> Node {
        let object = self.node();
        for property in &it.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    if let Some(from) = self.value(&spread.argument) {
                        self.graph.copy(from, object);
                    }
                }
                ObjectPropertyKind::ObjectProperty(property) => self.property(object, property),
            }
        }
        object
    }

    fn property(&mut self, object: Node, property: &ObjectProperty<'a>) {
        let key = self.key(&property.key);
        let Some(value) = self.value(&property.value) else { return };
        match property.kind {
            PropertyKind::Init => {
                self.put(object, key, value);
                self.graph.edge(value, object, Step::Hold);
            }
            PropertyKind::Get => self.getter(object, key, value),
            PropertyKind::Set => self.setter(object, key, value),
        }
        if property.key.static_name().is_some_and(|name| name == "src") {
            self.load(Some(value), property.span, When::Derived);
        }
    }
}

/// Whether an expression is the global object: by its names, or by that of a bundler's runtime.
fn is_global_object(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::Identifier(it) => {
            ["global", "globalThis", "self", "window"].contains(&it.name.as_str())
        }
        Expression::StaticMemberExpression(it) => it.property.name == "g",
        _ => false,
    }
}

fn is_data(address: &str) -> bool {
    address.starts_with("data:")
}

/// The text at the end of an expression.
fn last_text<'b>(expression: &'b Expression<'_>) -> Option<&'b str> {
    match expression.without_parentheses() {
        Expression::BinaryExpression(it) if it.operator == BinaryOperator::Addition => {
            literal(&it.right)
        }
        expression => literal(expression),
    }
}
