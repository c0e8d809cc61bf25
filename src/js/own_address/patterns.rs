//! What gets a value: variables, properties, and patterns of them.

use oxc_ast::ast::{
    ArrayAssignmentTarget, ArrayPattern, AssignmentTarget, AssignmentTargetMaybeDefault,
    AssignmentTargetProperty, BindingPattern, ComputedMemberExpression, Expression,
    ObjectAssignmentTarget, ObjectPattern, PropertyKey,
};
use oxc_span::Span;

use super::{
    facts::{Kind, When},
    reader::Reader,
    steps::{Node, Property},
    words,
};
use crate::js::expression::literal;

impl<'a> Reader<'a> {
    /// Declares the variables of `pattern` and gives them what `value` holds for them.
    pub fn bind(&mut self, pattern: &BindingPattern<'a>, value: Option<Node>, is_var: bool) {
        match pattern {
            BindingPattern::BindingIdentifier(identifier) => {
                let name = identifier.name.as_str();
                if is_var {
                    self.scopes.declare_in_function(name)
                } else {
                    self.scopes.declare(name)
                }
                self.set_variable(name, value);
            }
            BindingPattern::ObjectPattern(object) => self.bind_object(object, value, is_var),
            BindingPattern::ArrayPattern(array) => self.bind_array(array, value, is_var),
            BindingPattern::AssignmentPattern(pattern) => {
                let default = self.value(&pattern.right);
                let value = self.either(&[value, default]);
                self.bind(&pattern.left, value, is_var);
            }
        }
    }

    fn bind_object(&mut self, pattern: &ObjectPattern<'a>, value: Option<Node>, is_var: bool) {
        for property in &pattern.properties {
            let key = self.key(&property.key);
            let part = value.map(|value| self.property_of(value, key));
            self.bind(&property.value, part, is_var);
        }
        if let Some(rest) = &pattern.rest {
            self.bind(&rest.argument, value, is_var);
        }
    }

    fn bind_array(&mut self, pattern: &ArrayPattern<'a>, value: Option<Node>, is_var: bool) {
        for element in pattern.elements.iter().flatten() {
            let item = value.map(|value| self.property_of(value, Property::READ));
            self.bind(element, item, is_var);
        }
        if let Some(rest) = &pattern.rest {
            self.bind(&rest.argument, value, is_var);
        }
    }

    fn set_variable(&mut self, name: &'a str, value: Option<Node>) {
        let variable = self.variable(name);
        if let Some(value) = value {
            self.graph.copy(value, variable);
        }
    }

    /// The name of a property, whose expression is read if it is computed.
    pub fn key(&mut self, key: &PropertyKey<'a>) -> Property {
        if let PropertyKey::PrivateIdentifier(private) = key {
            return self.graph.property(&format!("#{}", private.name));
        }
        if let Some(expression) = key.as_expression() {
            self.value(expression);
        }
        match key.static_name() {
            Some(name) => self.named(&name),
            None => Property::WRITTEN,
        }
    }

    /// The property of this name; numbers are not told apart.
    pub fn named(&mut self, name: &str) -> Property {
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Property::WRITTEN } else { self.graph.property(name) }
    }

    /// Gives `value` to what is on the left of an assignment.
    pub fn assign(&mut self, target: &AssignmentTarget<'a>, value: Option<Node>) {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(identifier) => {
                self.set_variable(identifier.name.as_str(), value);
            }
            AssignmentTarget::ArrayAssignmentTarget(array) => self.assign_array(array, value),
            AssignmentTarget::ObjectAssignmentTarget(object) => self.assign_object(object, value),
            AssignmentTarget::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                self.assign_property(&member.object, name, value, member.span);
            }
            AssignmentTarget::PrivateFieldExpression(member) => {
                let property = self.graph.property(&format!("#{}", member.field.name));
                let object = self.value(&member.object);
                self.write(object, property, value);
            }
            AssignmentTarget::ComputedMemberExpression(it) => self.assign_computed(it, value),
            _ => {}
        }
    }

    /// `object[key] = value`
    fn assign_computed(&mut self, it: &ComputedMemberExpression<'a>, value: Option<Node>) {
        if let Some(name) = literal(&it.expression) {
            return self.assign_property(&it.object, name, value, it.span);
        }
        let object = self.value(&it.object);
        self.value(&it.expression);
        self.write(object, Property::WRITTEN, value);
    }

    fn write(&mut self, object: Option<Node>, property: Property, value: Option<Node>) {
        if let (Some(object), Some(value)) = (object, value) {
            self.put(object, property, value);
        }
    }

    /// `object.name = value`: a load, if it is the address of an element.
    fn assign_property(
        &mut self,
        object: &Expression<'a>,
        name: &str,
        value: Option<Node>,
        span: Span,
    ) {
        let is_this = matches!(object.without_parentheses(), Expression::ThisExpression(_));
        let object = self.value(object);
        if words::is_loaded(name) && !is_this {
            self.load(value, span, When::Derived);
        }
        if let (Some(object), "href") = (object, name) {
            self.load(value, span, When::DerivedIf(object, Kind::Link));
        }
        let property = self.named(name);
        self.write(object, property, value);
    }

    fn assign_array(&mut self, target: &ArrayAssignmentTarget<'a>, value: Option<Node>) {
        for element in target.elements.iter().flatten() {
            let item = value.map(|value| self.property_of(value, Property::READ));
            self.assign_or_default(element, item);
        }
        if let Some(rest) = &target.rest {
            self.assign(&rest.target, value);
        }
    }

    fn assign_object(&mut self, target: &ObjectAssignmentTarget<'a>, value: Option<Node>) {
        for property in &target.properties {
            match property {
                AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                    let name = property.binding.name.as_str();
                    let key = self.named(name);
                    let part = value.map(|value| self.property_of(value, key));
                    let default = property.init.as_ref().and_then(|value| self.value(value));
                    let part = self.either(&[part, default]);
                    self.set_variable(name, part);
                }
                AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                    let key = self.key(&property.name);
                    let part = value.map(|value| self.property_of(value, key));
                    self.assign_or_default(&property.binding, part);
                }
            }
        }
        if let Some(rest) = &target.rest {
            self.assign(&rest.target, value);
        }
    }

    fn assign_or_default(
        &mut self,
        target: &AssignmentTargetMaybeDefault<'a>,
        value: Option<Node>,
    ) {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(target) => {
                let default = self.value(&target.init);
                let value = self.either(&[value, default]);
                self.assign(&target.binding, value);
            }
            target => {
                if let Some(target) = target.as_assignment_target() {
                    self.assign(target, value);
                }
            }
        }
    }
}
