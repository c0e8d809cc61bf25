//! Texts that are made of others: what of an address is in them, and which of them name files.

use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BinaryExpression, BinaryOperator, Expression,
    TemplateLiteral,
};

use super::{
    facts::When,
    reader::Reader,
    steps::{Node, Step},
    words,
};
use crate::js::expression::literal;

impl<'a> Reader<'a> {
    /// `left += right`
    pub fn appended(&mut self, it: &AssignmentExpression<'a>, right: Option<Node>) -> Option<Node> {
        let left = match &it.left {
            AssignmentTarget::AssignmentTargetIdentifier(it) => {
                Some(self.variable(it.name.as_str()))
            }
            AssignmentTarget::StaticMemberExpression(it) => {
                self.member(&it.object, it.property.name.as_str())
            }
            _ => None,
        };
        match literal(&it.right) {
            Some(text) if words::is_query(text) => return left,
            Some(text) if words::names_file(text) => self.load(left, it.span, When::Address),
            _ => {}
        }
        self.joined(left, right)
    }

    pub fn binary(&mut self, it: &BinaryExpression<'a>) -> Option<Node> {
        let (left, right) = (self.value(&it.left), self.value(&it.right));
        if it.operator != BinaryOperator::Addition {
            return None;
        }
        if last_text(&it.left).is_some_and(words::opens_load) {
            self.load(right, it.span, When::Derived);
        }
        match (literal(&it.left), literal(&it.right)) {
            (_, Some("")) => return left,
            (_, Some(text)) if words::is_query(text) => return left,
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

    pub fn template(&mut self, it: &TemplateLiteral<'a>) -> Option<Node> {
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
            let is_same = after.is_empty() || words::is_query(after);
            if it.expressions.len() == 1 && before.is_empty() && is_same {
                return value;
            }
            whole = self.joined(whole, value.filter(|_| words::may_precede_address(before)));
        }
        whole
    }
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
