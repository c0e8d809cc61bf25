//! What functions are: parameters, `this`, and a result.

use std::mem;

use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, FormalParameters, Function, Statement,
};
use oxc_ast_visit::VisitJs;

use super::{
    facts,
    reader::{Frame, Reader},
    steps::{Node, Owner},
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
        read: impl FnOnce(&mut Self, &mut facts::Function),
    ) {
        let result = self.graph.node(owner);
        let outer =
            mem::replace(&mut self.frame, Frame { owner, this, result, reads_stack: false });
        self.scopes.enter(owner, true);
        let mut signature = facts::Function { this, parameters: Vec::new(), rest: None, result };
        read(self, &mut signature);
        self.scopes.leave(&mut self.graph);
        self.frame = outer;
        self.graph.function(value, signature);
    }

    fn parameters(&mut self, parameters: &FormalParameters<'a>, signature: &mut facts::Function) {
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

    pub fn statements_of(&mut self, statements: &[Statement<'a>]) {
        for statement in statements {
            self.visit_statement(statement);
        }
    }
}
