//! What classes are: methods, fields, getters and setters, and what they take from their parents.

use std::mem;

use oxc_ast::ast::{
    Class, ClassElement, MethodDefinition, MethodDefinitionKind, PropertyDefinition,
};

use super::{
    facts,
    reader::Reader,
    steps::{Node, Property},
};

impl<'a> Reader<'a> {
    /// A class declaration.
    pub fn declare_class(&mut self, class: &Class<'a>) {
        let value = self.class(class);
        if let Some(id) = &class.id {
            self.scopes.declare(id.name.as_str());
            let variable = self.variable(id.name.as_str());
            self.graph.copy(value, variable);
        }
    }

    /// The value of a class.
    pub fn class(&mut self, class: &Class<'a>) -> Node {
        let (value, instance) = (self.node(), self.node());
        let parent = class.heritage.as_ref().and_then(|parent| self.value(&parent.expression));
        if let Some(parent) = parent {
            self.graph.copy(parent, value);
        }
        let outer = self.class.replace(value);
        self.in_block(|reader| {
            if let Some(id) = &class.id {
                reader.scopes.declare(id.name.as_str());
                let variable = reader.variable(id.name.as_str());
                reader.graph.copy(value, variable);
            }
            for element in &class.body.body {
                reader.class_element(element, value, instance);
            }
        });
        self.class = outer;
        value
    }

    fn class_element(&mut self, element: &ClassElement<'a>, class: Node, instance: Node) {
        match element {
            ClassElement::StaticBlock(block) => {
                let outer = mem::replace(&mut self.frame.this, class);
                self.in_block(|reader| reader.statements_of(&block.body));
                self.frame.this = outer;
            }
            ClassElement::MethodDefinition(method) => self.method(method, class, instance),
            ClassElement::PropertyDefinition(property) => self.field(property, class, instance),
            ClassElement::AccessorProperty(_) | ClassElement::TSIndexSignature(_) => {}
        }
    }

    fn method(&mut self, method: &MethodDefinition<'a>, class: Node, instance: Node) {
        let object = if method.r#static { class } else { instance };
        let key = self.key(&method.key);
        let function = self.function(&method.value);
        if let Some(this) = self.this_in.get(&function) {
            self.graph.facts.push(facts::Fact::Alias(object, *this));
        }
        match method.kind {
            MethodDefinitionKind::Constructor => self.graph.copy(function, class),
            MethodDefinitionKind::Method => self.graph.write(object, key, function),
            MethodDefinitionKind::Get => self.getter(object, key, function),
            MethodDefinitionKind::Set => self.setter(object, key, function),
        }
    }

    fn field(&mut self, property: &PropertyDefinition<'a>, class: Node, instance: Node) {
        let object = if property.r#static { class } else { instance };
        let key = self.key(&property.key);
        let outer = mem::replace(&mut self.frame.this, object);
        let value = property.value.as_ref().and_then(|value| self.value(value));
        self.frame.this = outer;
        if let Some(value) = value {
            self.graph.write(object, key, value);
        }
    }

    /// What a getter returns is the property.
    pub fn getter(&mut self, object: Node, key: Property, function: Node) {
        let result = self.node();
        let call = facts::Call::of(Some(object), Vec::new(), result);
        self.graph.call(function, call);
        self.graph.write(object, key, result);
    }

    /// What is put into the property is the argument of the setter.
    pub fn setter(&mut self, object: Node, key: Property, function: Node) {
        let (value, result) = (self.property_of(object, key), self.node());
        let call = facts::Call::of(Some(object), vec![Some(value)], result);
        self.graph.call(function, call);
    }
}
