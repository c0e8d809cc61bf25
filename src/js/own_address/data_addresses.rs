//! Files that a script carries in itself, as `data:` addresses: code beside them that would load a
//! file of their name never runs.

use oxc_ast::ast::Expression;

use super::reader::Reader;
use crate::js::expression::literal;

impl<'a> Reader<'a> {
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

    /// Remembers which variables hold `data:` addresses.
    pub fn note_data(&mut self, variable: &'a str, value: &Expression<'a>) {
        if literal(value).is_some_and(is_data) {
            self.data.insert(variable);
        }
    }
}

fn is_data(address: &str) -> bool {
    address.starts_with("data:")
}
