//! Objects and arrays: what they are made of, and what their properties hold.

use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, ComputedMemberExpression, Expression,
    ObjectExpression, ObjectProperty, ObjectPropertyKind, PrivateFieldExpression, PropertyKind,
};

use super::{
    facts::When,
    origins,
    reader::Reader,
    steps::{Content, Node, Property, Step},
};
use crate::js::{expression::literal, loads::OwnAddress};

impl<'a> Reader<'a> {
    /// `object[key]`
    pub fn member_by_key(&mut self, it: &ComputedMemberExpression<'a>) -> Option<Node> {
        match literal(&it.expression) {
            Some(name) => self.member(&it.object, name),
            None => self.computed_member(&it.object, &it.expression, Property::READ),
        }
    }

    /// `object.#name`
    pub fn private_field(&mut self, it: &PrivateFieldExpression<'a>) -> Option<Node> {
        let property = self.graph.property(&format!("#{}", it.field.name));
        self.value(&it.object).map(|object| self.property_of(object, property))
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
        if let Some((content, kind)) = origins::of_member(object, name, self.is_worker) {
            return Some(self.origin(content, kind));
        }
        // The file in a line of the stack, as parsers of stacks call it.
        if name == "fileName" && self.frame.reads_stack {
            return Some(self.origin(Content::Address, OwnAddress::ErrorStack));
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

    pub fn array(&mut self, it: &ArrayExpression<'a>) -> Node {
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

    pub fn object(&mut self, it: &ObjectExpression<'a>) -> Node {
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
