//! What a module takes from other files of its package, and what it gives them: an address that
//! passes from one to the other is loaded there.

use oxc_ast::ast::{
    Declaration, ExportSpecifier, ImportDeclaration, ModuleExportName, VariableDeclaration,
};
use oxc_span::Span;

use super::{
    arguments::Arguments,
    facts::{Call, Fact, Kind, When},
    reader::Reader,
    steps::{Node, Property},
};

impl<'a> Reader<'a> {
    /// Declares the names that an import brings.
    pub fn import_names(&mut self, it: &ImportDeclaration<'a>) {
        let is_of_package = it.source.value.starts_with('.');
        for specifier in it.specifiers.iter().flatten() {
            let name = specifier.local().name.as_str();
            self.scopes.declare(name);
            if is_of_package {
                self.imports_files = true;
                let variable = self.variable(name);
                self.graph.facts.push(Fact::Is(variable, Kind::Imported));
            }
        }
    }

    /// Calls of what another file of the package exports: that file loads what it is given.
    pub fn loads_by_import(&mut self, callee: Node, span: Span, arguments: &Arguments) {
        if !self.imports_files {
            return;
        }
        for argument in arguments.all() {
            let part = self.property_of(argument, Property::READ);
            for given in [argument, part] {
                self.load(Some(given), span, When::DerivedIf(callee, Kind::Imported));
            }
        }
    }

    /// `export { variable }`
    pub fn export_variable(&mut self, it: &ExportSpecifier<'a>) {
        if let ModuleExportName::IdentifierReference(local) = &it.local {
            self.export(local.name.as_str(), it.span);
        }
    }

    /// `export function name() {}`, `export const name = …`
    pub fn export_declared(&mut self, it: &Declaration<'a>) {
        match it {
            Declaration::FunctionDeclaration(function) => {
                function.id.iter().for_each(|id| self.export(id.name.as_str(), function.span));
            }
            Declaration::VariableDeclaration(variables) => self.export_variables(variables),
            _ => {}
        }
    }

    fn export_variables(&mut self, it: &VariableDeclaration<'a>) {
        for declarator in &it.declarations {
            if let Some(id) = declarator.id.get_binding_identifier() {
                self.export(id.name.as_str(), declarator.span);
            }
        }
    }

    /// What importers get: the address itself, or a function that returns it.
    fn export(&mut self, name: &'a str, span: Span) {
        let (variable, result) = (self.variable(name), self.node());
        self.graph.call(variable, Call::of(None, Vec::new(), result));
        self.load(Some(variable), span, When::Derived);
        self.load(Some(result), span, When::Derived);
    }
}
