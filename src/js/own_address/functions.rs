//! What functions and classes are: parameters, `this`, a result, methods.

use std::mem;

use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, Class, ClassElement, FormalParameters, Function,
    MethodDefinition, MethodDefinitionKind, PropertyDefinition, Statement,
};
use oxc_ast_visit::VisitJs;

use super::{
    graph::{self, Node, Owner, Property},
    reader::{Frame, Reader},
};

impl<'a> Reader<'a> {
    /// A function declaration.
    pub fn declare_function(&mut self, function: &Function<'a>) {
        let value = self.function(function);
        if let Some(id) = &function.id {
            let name = id.name.as_str();
            self.scopes.declare_in_function(name);
            let variable = self.variable(name);
            self.graph.copy(value, variable);
        }
    }

    /// The value of a function.
    pub fn function(&mut self, function: &Function<'a>) -> Node {
        let value = self.node();
        let owner = self.next_owner();
        let this = self.graph.node(owner);
        self.this_in.insert(value, this);
        self.in_function(owner, this, value, |reader, signature| {
            if let Some(id) = &function.id
                && function.is_expression()
            {
                reader.scopes.declare(id.name.as_str());
                let variable = reader.variable(id.name.as_str());
                reader.graph.copy(value, variable);
            }
            reader.scopes.declare("arguments");
            reader.parameters(&function.params, signature);
            if let Some(body) = &function.body {
                reader.statements_of(&body.statements);
            }
            if signature.rest.is_none() {
                signature.rest = reader.scopes.known("arguments").map(|node| (0, node));
            }
        });
        value
    }

    /// The value of an arrow function.
    pub fn arrow(&mut self, function: &ArrowFunctionExpression<'a>) -> Node {
        let value = self.node();
        let owner = self.next_owner();
        let this = self.frame.this;
        self.in_function(owner, this, value, |reader, signature| {
            signature.this = reader.graph.node(owner);
            reader.parameters(&function.params, signature);
            match &function.body {
                ArrowFunctionBody::FunctionBody(body) => reader.statements_of(&body.statements),
                body => {
                    let result = body.as_expression().and_then(|body| reader.value(body));
                    if let Some(result) = result {
                        reader.graph.copy(result, reader.frame.result);
                    }
                }
            }
        });
        value
    }

    fn in_function(
        &mut self,
        owner: Owner,
        this: Node,
        value: Node,
        read: impl FnOnce(&mut Self, &mut graph::Function),
    ) {
        let result = self.graph.node(owner);
        let outer = mem::replace(&mut self.frame, Frame { owner, this, result });
        self.scopes.enter(owner, true);
        let mut signature = graph::Function { this, parameters: Vec::new(), rest: None, result };
        read(self, &mut signature);
        self.scopes.leave(&mut self.graph);
        self.frame = outer;
        self.graph.function(value, signature);
    }

    fn parameters(&mut self, parameters: &FormalParameters<'a>, signature: &mut graph::Function) {
        for parameter in &parameters.items {
            let node = self.node();
            signature.parameters.push(node);
            let default = parameter.initializer.as_ref().and_then(|value| self.value(value));
            let value = self.either(&[Some(node), default]);
            self.bind(&parameter.pattern, value, false);
        }
        if let Some(rest) = &parameters.rest {
            let node = self.node();
            signature.rest = Some((parameters.items.len(), node));
            self.bind(&rest.rest.argument, Some(node), false);
        }
    }

    fn statements_of(&mut self, statements: &[Statement<'a>]) {
        for statement in statements {
            self.visit_statement(statement);
        }
    }

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
            self.graph.facts.push(graph::Fact::Alias(object, *this));
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
        let call = graph::Call::of(Some(object), Vec::new(), result);
        self.graph.call(function, call);
        self.graph.write(object, key, result);
    }

    /// What is put into the property is the argument of the setter.
    pub fn setter(&mut self, object: Node, key: Property, function: Node) {
        let (value, result) = (self.property_of(object, key), self.node());
        let call = graph::Call::of(Some(object), vec![Some(value)], result);
        self.graph.call(function, call);
    }
}
