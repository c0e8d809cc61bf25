//! Reads the values that a script gives to a library's configuration, as far as they are literals.
//!
//! [`constants`] finds `MathJax = {…}`, `window.MathJax.tex = {…}` and the arguments of
//! `MathJax.Hub.Config({…})`, and folds each value to a [`Constant`]. Nothing is evaluated: where a
//! value is computed the answer is [`Constant::Unknown`], and where it is one of several, all of them
//! ([`Constant::AnyOf`]). Scopes are not followed: a local variable of that name counts too.

use std::collections::BTreeMap;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, AssignmentExpression, AssignmentTarget, BindingPattern,
    CallExpression, Expression, MemberExpression, ObjectExpression, ObjectPropertyKind, Program,
    UnaryExpression, UnaryOperator, VariableDeclarator,
};
use oxc_ast_visit::{VisitJs, walk_js};

use super::{
    expression::literal,
    parse::{ParseFailure, read_tree},
};

/// How the objects are called that hold the global variables.
const GLOBALS: [&str; 3] = ["window", "self", "globalThis"];
/// A value nested more deeply is not read. Configurations are far below.
const DEPTH_MAX: usize = 64;

/// A value that a script's text determines, as far as it does.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `null` and `undefined`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Constant>),
    /// An object.
    Object {
        /// What is known of its members.
        members: BTreeMap<String, Constant>,
        /// Whether it may have other members too.
        open: bool,
    },
    /// One of these, or all of them merged.
    AnyOf(Vec<Constant>),
    /// A value that is computed.
    Unknown,
}

impl Constant {
    /// Everything that the member at `path`, names joined by dots, can be. Empty if there is none.
    pub fn at(&self, path: &str) -> Vec<&Constant> {
        let start = vec![self];
        path.split('.').fold(start, |found, name| {
            found.into_iter().flat_map(|constant| constant.member(name)).collect()
        })
    }

    fn member(&self, name: &str) -> Vec<&Constant> {
        match self {
            Self::Object { members, open } => match members.get(name) {
                Some(member) => vec![member],
                None if *open => vec![&Self::Unknown],
                None => Vec::new(),
            },
            Self::AnyOf(several) => several.iter().flat_map(|one| one.member(name)).collect(),
            Self::Unknown => vec![&Self::Unknown],
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => {
                Vec::new()
            }
        }
    }

    /// Every string in the value, in lists and objects too, and `true` and `false` as such; `None`
    /// stands for each unknown part.
    pub fn texts(&self) -> Vec<Option<&str>> {
        match self {
            Self::Text(text) => vec![Some(text)],
            Self::Bool(value) => vec![Some(if *value { "true" } else { "false" })],
            Self::List(items) | Self::AnyOf(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Object { members, open } => {
                let unknown = open.then_some(None);
                members.values().flat_map(Self::texts).chain(unknown).collect()
            }
            Self::Unknown => vec![None],
            Self::Null | Self::Number(_) => Vec::new(),
        }
    }

    /// An object whose only member, at `path`, is `self`.
    fn below(self, path: &[String]) -> Self {
        path.iter().rev().fold(self, |inner, name| Self::Object {
            members: BTreeMap::from([(name.clone(), inner)]),
            open: false,
        })
    }
}

/// The values that the script `source` gives to any of `names`, in source order and with the index of
/// the name: to the variable or member (`MathJax`), or, if the name ends in `()`, as arguments to the
/// function (`MathJax.Hub.Config()`).
///
/// A value given to a member of a name is wrapped in objects, so that paths stay true.
///
/// # Errors
/// [`ParseFailure`] if the text is neither a classic script nor a module.
pub fn constants(source: &[u8], names: &[&str]) -> Result<Vec<(usize, Constant)>, ParseFailure> {
    let names: Vec<Name> = names.iter().map(|name| Name::parse(name)).collect();
    read_tree(source, |program| Reader::read(&names, program))
}

/// What values are given to.
struct Name {
    path: Vec<String>,
    is_function: bool,
}

impl Name {
    fn parse(text: &str) -> Self {
        let (path, is_function) = match text.strip_suffix("()") {
            Some(function) => (function, true),
            None => (text, false),
        };
        Self { path: path.split('.').map(str::to_owned).collect(), is_function }
    }
}

struct Reader<'n> {
    names: &'n [Name],
    found: Vec<(usize, Constant)>,
}

impl<'n> Reader<'n> {
    fn read(names: &'n [Name], program: &Program<'_>) -> Vec<(usize, Constant)> {
        let mut reader = Self { names, found: Vec::new() };
        reader.visit_program(program);
        reader.found
    }

    fn assigned(&mut self, target: &[String], value: &Expression<'_>) {
        for (index, name) in self.names.iter().enumerate().filter(|(_, name)| !name.is_function) {
            if let Some(rest) = target.strip_prefix(name.path.as_slice()) {
                self.found.push((index, fold(value, 0).below(rest)));
            }
        }
    }

    fn called(&mut self, callee: &[String], arguments: &[Argument<'_>]) {
        for (index, name) in self.names.iter().enumerate() {
            if name.is_function && name.path == callee {
                let values = arguments.iter().map(|argument| argument_value(argument, 0));
                self.found.extend(values.map(|value| (index, value)));
            }
        }
    }
}

impl<'a> VisitJs<'a> for Reader<'_> {
    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if let Some(target) = target_path(&it.left) {
            self.assigned(&target, &it.right);
        }
        walk_js::walk_assignment_expression(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(name), Some(value)) = (&it.id, &it.init) {
            self.assigned(&[name.name.to_string()], value);
        }
        walk_js::walk_variable_declarator(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if let Some(callee) = path_of(&it.callee) {
            self.called(&callee, &it.arguments);
        }
        walk_js::walk_call_expression(self, it);
    }
}

fn target_path(target: &AssignmentTarget<'_>) -> Option<Vec<String>> {
    match target {
        AssignmentTarget::AssignmentTargetIdentifier(name) => Some(vec![name.name.to_string()]),
        target => member_path(target.as_member_expression()?),
    }
}

/// The names in `a.b["c"]`, without a leading global object.
fn path_of(expression: &Expression<'_>) -> Option<Vec<String>> {
    match expression.without_parentheses() {
        Expression::Identifier(name) => Some(vec![name.name.to_string()]),
        expression => member_path(expression.as_member_expression()?),
    }
}

fn member_path(member: &MemberExpression<'_>) -> Option<Vec<String>> {
    let name = member.static_property_name()?.to_string();
    let mut path = path_of(member.object())?;
    if matches!(path.as_slice(), [first] if GLOBALS.contains(&first.as_str())) {
        path.clear();
    }
    path.push(name);
    Some(path)
}

fn fold(expression: &Expression<'_>, depth: usize) -> Constant {
    if depth > DEPTH_MAX {
        return Constant::Unknown;
    }
    if let Some(text) = literal(expression) {
        return Constant::Text(text.to_owned());
    }
    let inner = |expression| fold(expression, depth + 1);
    match expression.without_parentheses() {
        Expression::BooleanLiteral(value) => Constant::Bool(value.value),
        Expression::NullLiteral(_) => Constant::Null,
        Expression::NumericLiteral(number) => Constant::Number(number.value),
        Expression::Identifier(name) if name.name == "undefined" => Constant::Null,
        Expression::UnaryExpression(unary) => fold_unary(unary, depth),
        Expression::ArrayExpression(array) => {
            Constant::List(array.elements.iter().map(|item| fold_element(item, depth)).collect())
        }
        Expression::ObjectExpression(object) => fold_object(object, depth),
        Expression::LogicalExpression(choice) => {
            either(inner(&choice.left), inner(&choice.right), path_of(&choice.left).is_some())
        }
        Expression::ConditionalExpression(choice) => {
            Constant::AnyOf(vec![inner(&choice.consequent), inner(&choice.alternate)])
        }
        Expression::AssignmentExpression(assignment) => inner(&assignment.right),
        Expression::BinaryExpression(sum) if sum.operator.as_str() == "+" => {
            concatenated(inner(&sum.left), inner(&sum.right))
        }
        Expression::CallExpression(call) => fold_call(call, depth),
        _ => Constant::Unknown,
    }
}

fn fold_unary(unary: &UnaryExpression<'_>, depth: usize) -> Constant {
    match (unary.operator, fold(&unary.argument, depth + 1)) {
        (UnaryOperator::LogicalNot, Constant::Number(number)) => Constant::Bool(number == 0.0),
        (UnaryOperator::LogicalNot, Constant::Bool(value)) => Constant::Bool(!value),
        (UnaryOperator::UnaryNegation, Constant::Number(number)) => Constant::Number(-number),
        (UnaryOperator::Void, _) => Constant::Null,
        _ => Constant::Unknown,
    }
}

fn fold_element(element: &ArrayExpressionElement<'_>, depth: usize) -> Constant {
    match element {
        ArrayExpressionElement::SpreadElement(spread) => fold(&spread.argument, depth + 1),
        ArrayExpressionElement::Elision(_) => Constant::Null,
        element => element.as_expression().map_or(Constant::Unknown, |item| fold(item, depth + 1)),
    }
}

fn fold_object(object: &ObjectExpression<'_>, depth: usize) -> Constant {
    let mut members = BTreeMap::new();
    let mut open = false;
    let mut spread = Vec::new();
    for property in &object.properties {
        match property {
            ObjectPropertyKind::SpreadProperty(other) => {
                spread.push(fold(&other.argument, depth + 1))
            }
            ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                Some(name) => {
                    members.insert(name.into_owned(), fold(&property.value, depth + 1));
                }
                None => open = true,
            },
        }
    }
    let own = Constant::Object { members, open };
    if spread.is_empty() {
        return own;
    }
    spread.push(own);
    Constant::AnyOf(spread)
}

/// `Object.assign(…)` is any of its arguments; what other calls return is not known.
fn fold_call(call: &CallExpression<'_>, depth: usize) -> Constant {
    match path_of(&call.callee) {
        Some(callee) if callee == ["Object", "assign"] => Constant::AnyOf(
            call.arguments.iter().map(|argument| argument_value(argument, depth + 1)).collect(),
        ),
        _ => Constant::Unknown,
    }
}

fn argument_value(argument: &Argument<'_>, depth: usize) -> Constant {
    argument.as_expression().map_or(Constant::Unknown, |value| fold(value, depth))
}

/// `a || b`. In `window.MathJax || {…}` the left side is the variable itself or another one, whose
/// own values are found where they are assigned.
fn either(left: Constant, right: Constant, left_is_name: bool) -> Constant {
    if left_is_name { right } else { Constant::AnyOf(vec![left, right]) }
}

fn concatenated(left: Constant, right: Constant) -> Constant {
    match (left, right) {
        (Constant::Text(left), Constant::Text(right)) => Constant::Text(left + &right),
        _ => Constant::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str, name: &str, path: &str) -> Vec<Option<String>> {
        let found = constants(source.as_bytes(), &[name]).unwrap();
        let texts = found.iter().flat_map(|(_, constant)| constant.at(path));
        texts.flat_map(Constant::texts).map(|text| text.map(str::to_owned)).collect()
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn a_variable_may_be_written_in_any_way() {
        for source in [
            "MathJax = { loader: { load: ['ui/safe'] } }",
            "window.MathJax = { 'loader': { load: [`ui/safe`] } }",
            "window['MathJax'] = { loader: { load: 'ui/' + 'safe' } }",
            "var MathJax = { loader: { ['load']: ['ui/safe'] } }",
            "globalThis.MathJax = globalThis.MathJax || { loader: { load: ['ui/safe'] } }",
            "export let x; window.MathJax = { loader: { load: ['ui/safe'] } }",
            "MathJax.loader = { load: ['ui/safe'] }",
            "if (a) (function () { window.MathJax.loader.load = ['ui/safe'] })()",
            "window.MathJax = Object.assign({}, { loader: { load: ['ui/safe'] } })",
        ] {
            assert_eq!(texts(source, "MathJax", "loader.load"), some(&["ui/safe"]), "{source}");
        }
    }

    #[test]
    fn arguments_are_read_where_the_function_is_called() {
        let source =
            "MathJax.Hub.Config({ jax: ['input/TeX', 'output/SVG'] }); Other({ jax: 'x' })";
        let jax = texts(source, "MathJax.Hub.Config()", "jax");
        assert_eq!(jax, some(&["input/TeX", "output/SVG"]));
    }

    #[test]
    fn what_is_computed_is_unknown_and_nothing_else_is() {
        let source = "MathJax = { a: ['x', ...more, f()], b: { c: 1 }, d: `${x}` }";
        assert_eq!(texts(source, "MathJax", "a"), [Some("x".to_owned()), None, None]);
        assert_eq!(texts(source, "MathJax", "b"), []);
        assert_eq!(texts(source, "MathJax", "missing"), []);
        assert_eq!(texts(source, "MathJax", "d"), [None]);
    }

    #[test]
    fn an_object_with_members_from_elsewhere_may_have_any_member() {
        for source in ["MathJax = { ...defaults }", "MathJax = { [key]: 1 }", "MathJax = make()"] {
            assert_eq!(texts(source, "MathJax", "loader.load"), [None], "{source}");
        }
    }

    #[test]
    fn every_side_of_a_choice_counts() {
        let source = "MathJax = { load: big ? ['a'] : ['b'] }";
        assert_eq!(texts(source, "MathJax", "load"), some(&["a", "b"]));
    }

    #[test]
    fn several_names_are_read_at_once() {
        let source = "A = 'a'; B.f('b', 'c'); A.d = 'd'";
        let found = constants(source.as_bytes(), &["B.f()", "A", "A.d"]).unwrap();
        let texts = found.iter().flat_map(|(index, constant)| {
            constant.texts().into_iter().flatten().map(|text| (*index, text))
        });
        let all = [(1, "a"), (0, "b"), (0, "c"), (1, "d"), (2, "d")];
        assert_eq!(texts.collect::<Vec<_>>(), all);
    }

    #[test]
    fn code_that_does_not_parse_is_an_error() {
        assert!(constants(b"MathJax = {", &["MathJax"]).is_err());
    }

    #[test]
    fn a_value_nested_without_end_is_unknown() {
        let source = format!("MathJax = {}1{}", "[".repeat(500), "]".repeat(500));
        let found = constants(source.as_bytes(), &["MathJax"]).unwrap();
        let texts = found.iter().flat_map(|(_, constant)| constant.texts());
        assert_eq!(texts.collect::<Vec<_>>(), [None]);
    }
}
