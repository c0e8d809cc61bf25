//! What statements do: declare, return, repeat.

use oxc_ast::ast::{
    ArrowFunctionExpression, BindingPattern, BlockStatement, CatchClause, Class, Declaration,
    ExportDeclaration, ExportDefaultDeclaration, ExportDefaultDeclarationKind,
    ExportNamedDeclaration, Expression, ForInStatement, ForOfStatement, ForStatement,
    ForStatementLeft, IfStatement, ImportDeclaration, ReturnStatement, Statement, SwitchStatement,
    TryStatement, UnaryOperator, VariableDeclaration, VariableDeclarationKind,
};
use oxc_ast_visit::{VisitJs, walk_js};

use super::{
    reader::Reader,
    steps::{Node, Property},
};
use crate::js::expression::is_global;

impl<'a> VisitJs<'a> for Reader<'a> {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        self.value(it);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.arrow(it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        self.declare_class(it);
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        match it {
            Statement::FunctionDeclaration(function) => self.declare_function(function),
            _ => walk_js::walk_statement(self, it),
        }
    }

    fn visit_declaration(&mut self, it: &Declaration<'a>) {
        match it {
            Declaration::FunctionDeclaration(function) => self.declare_function(function),
            _ => walk_js::walk_declaration(self, it),
        }
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        match &it.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                self.declare_function(function);
            }
            _ => walk_js::walk_export_default_declaration(self, it),
        }
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        self.import_names(it);
    }

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        walk_js::walk_export_declaration(self, it);
        self.export_declared(&it.declaration);
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        it.specifiers.iter().for_each(|specifier| self.export_variable(specifier));
    }

    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'a>) {
        let is_var = it.kind == VariableDeclarationKind::Var;
        for declarator in &it.declarations {
            let value = declarator.init.as_ref().and_then(|value| self.value(value));
            if let (BindingPattern::BindingIdentifier(variable), Some(value)) =
                (&declarator.id, &declarator.init)
            {
                self.note_data(variable.name.as_str(), value);
            }
            self.bind(&declarator.id, value, is_var);
        }
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        match &it.test {
            Expression::UnaryExpression(test)
                if test.operator == UnaryOperator::LogicalNot
                    && self.asks_for_data(&test.argument) =>
            {
                it.alternate.iter().for_each(|alternate| self.visit_statement(alternate));
            }
            _ => walk_js::walk_if_statement(self, it),
        }
    }

    fn visit_return_statement(&mut self, it: &ReturnStatement<'a>) {
        if let Some(value) = it.argument.as_ref().and_then(|value| self.value(value)) {
            self.graph.copy(value, self.frame.result);
        }
    }

    fn visit_block_statement(&mut self, it: &BlockStatement<'a>) {
        self.in_block(|reader| walk_js::walk_block_statement(reader, it));
    }

    fn visit_switch_statement(&mut self, it: &SwitchStatement<'a>) {
        self.in_block(|reader| walk_js::walk_switch_statement(reader, it));
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        self.in_block(|reader| walk_js::walk_for_statement(reader, it));
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.in_block(|reader| {
            reader.value(&it.right);
            reader.repeat(&it.left, None);
            reader.visit_statement(&it.body);
        });
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.in_block(|reader| {
            let items = reader.value(&it.right);
            let item = items.map(|items| reader.property_of(items, Property::READ));
            reader.repeat(&it.left, item);
            reader.visit_statement(&it.body);
        });
    }

    fn visit_try_statement(&mut self, it: &TryStatement<'a>) {
        self.visit_block_statement(&it.block);
        if let Some(handler) = &it.handler {
            self.frame.reads_stack |= is_thrown_for_its_stack(&it.block);
            self.catch(handler);
        }
        it.finalizer.iter().for_each(|finalizer| self.visit_block_statement(finalizer));
    }
}

impl<'a> Reader<'a> {
    /// Gives the variable of a loop its value.
    fn repeat(&mut self, left: &ForStatementLeft<'a>, item: Option<Node>) {
        match left {
            ForStatementLeft::VariableDeclaration(declaration) => {
                let is_var = declaration.kind == VariableDeclarationKind::Var;
                for declarator in &declaration.declarations {
                    self.bind(&declarator.id, item, is_var);
                }
            }
            left => {
                if let Some(target) = left.as_assignment_target() {
                    self.assign(target, item);
                }
            }
        }
    }

    fn catch(&mut self, it: &CatchClause<'a>) {
        self.in_block(|reader| {
            if let Some(parameter) = &it.param {
                reader.bind(&parameter.pattern, None, false);
            }
            reader.visit_block_statement(&it.body);
        });
    }
}

/// Whether a block does nothing but throw an error without a message: all that the error has to say is
/// its stack, and in the stack the address of the script.
fn is_thrown_for_its_stack(block: &BlockStatement<'_>) -> bool {
    let [Statement::ThrowStatement(throw)] = block.body.as_slice() else { return false };
    let (class, arguments) = match throw.argument.without_parentheses() {
        Expression::NewExpression(it) => (&it.callee, &it.arguments),
        Expression::CallExpression(it) => (&it.callee, &it.arguments),
        _ => return false,
    };
    arguments.is_empty() && is_global(class.without_parentheses(), "Error")
}
