//! Modules that a script defines for a loader of its own (AMD: `define`, `require`).
//!
//! The modules of one file share one object of exports: which of them a name means is not told
//! apart.

use oxc_ast::ast::{Argument, ArrayExpression, CallExpression};

use super::{
    arguments::Arguments,
    facts::Call,
    reader::Reader,
    steps::{Node, SHARED},
};
use crate::js::expression::literal;

impl<'a> Reader<'a> {
    /// `define(name, dependencies, factory)`
    pub fn defines_by_call(&mut self, name: &str, it: &CallExpression<'a>, arguments: &Arguments) {
        let factory = it.arguments.iter().position(is_function);
        let factory = factory.filter(|_| name == "define").and_then(|at| arguments.get(at));
        let Some(factory) = factory else { return };
        let exports = self.exports();
        let dependencies = it.arguments.iter().find_map(|argument| match argument {
            Argument::ArrayExpression(names) => Some(texts(names)),
            _ => None,
        });
        let dependencies = dependencies.unwrap_or_else(|| vec!["require", "exports", "module"]);
        let values = dependencies.iter().map(|name| match *name {
            "require" => None,
            "module" => Some(self.modules.module.unwrap_or(exports)),
            _ => Some(exports),
        });
        let values = values.collect();
        let result = self.node();
        self.graph.call(factory, Call::of(None, values, result));
        self.graph.copy(result, exports);
    }

    /// The object that all modules of the file export.
    fn exports(&mut self) -> Node {
        if let Some(exports) = self.modules.exports {
            return exports;
        }
        let (exports, module) = (self.graph.node(SHARED), self.graph.node(SHARED));
        let property = self.graph.property("exports");
        self.graph.write(module, property, exports);
        self.graph.read(module, property, exports);
        self.modules.exports = Some(exports);
        self.modules.module = Some(module);
        exports
    }

    /// Gives what was required the exports of the file's modules.
    pub fn link_modules(&mut self) {
        let Some(exports) = self.modules.exports else { return };
        for required in std::mem::take(&mut self.modules.required) {
            self.graph.copy(exports, required);
        }
    }
}

fn is_function(argument: &Argument<'_>) -> bool {
    matches!(argument, Argument::FunctionExpression(_) | Argument::ArrowFunctionExpression(_))
}

/// The texts of a list; empty for what is none.
fn texts<'b>(list: &'b ArrayExpression<'_>) -> Vec<&'b str> {
    let elements = list.elements.iter();
    elements.map(|it| it.as_expression().and_then(literal).unwrap_or_default()).collect()
}
