//! What expressions come to.

use oxc_ast::ast::{
    AssignmentExpression, AssignmentOperator, AssignmentTarget, ChainElement,
    ConditionalExpression, Expression, IdentifierReference, ImportExpression, LogicalExpression,
    LogicalOperator, YieldExpression,
};

use super::{facts::When, reader::Reader, steps::Node};

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
            Expression::ComputedMemberExpression(it) => self.member_by_key(it),
            Expression::PrivateFieldExpression(it) => self.private_field(it),
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
            Expression::ConditionalExpression(it) => self.conditional(it),
            Expression::SequenceExpression(it) => {
                it.expressions.iter().fold(None, |_, expression| self.value(expression))
            }
            Expression::AwaitExpression(it) => self.value(&it.argument),
            Expression::YieldExpression(it) => self.r#yield(it),
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

    fn conditional(&mut self, it: &ConditionalExpression<'a>) -> Option<Node> {
        self.value(&it.test);
        let (yes, no) = (self.value(&it.consequent), self.value(&it.alternate));
        self.either(&[yes, no])
    }

    fn r#yield(&mut self, it: &YieldExpression<'a>) -> Option<Node> {
        let value = it.argument.as_ref().and_then(|value| self.value(value))?;
        self.graph.copy(value, self.frame.result);
        Some(value)
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
            ChainElement::ComputedMemberExpression(it) => self.member_by_key(it),
            ChainElement::PrivateFieldExpression(it) => self.private_field(it),
            ChainElement::TSNonNullExpression(_) => None,
        }
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
}
