//! Questions to expressions of a script, each answered from its syntax alone.

use oxc_ast::ast::{
    Argument, Expression, ImportPhase, NewExpression, ObjectExpression, ObjectPropertyKind,
    StringLiteral, TemplateLiteral, WithClause,
};
use oxc_span::Span;

use super::{
    loads::{Form, ModuleType, Phase, WorkerType},
    scan::Quote,
};

/// What an expression that gives an address can come to.
pub(super) enum Address<'a, 'b> {
    Literal { text: &'b str, span: Span, quote: Quote },
    Computed(&'b Expression<'a>),
}

/// What code starts, in a global scope of its own.
#[derive(Clone, Copy)]
pub(super) enum Starts {
    Worker,
    SharedWorker,
    Worklet,
}

impl Starts {
    /// How the address of its script is given.
    pub fn form(self, r#type: WorkerType) -> Form {
        match self {
            Self::Worker => Form::Worker(r#type),
            Self::SharedWorker => Form::SharedWorker(r#type),
            Self::Worklet => Form::Worklet,
        }
    }
}

/// Everything that `expression` can come to.
pub(super) fn addresses<'a, 'b>(expression: &'b Expression<'a>) -> Vec<Address<'a, 'b>> {
    let mut addresses = Vec::new();
    collect(expression, &mut addresses);
    addresses
}

fn collect<'a, 'b>(expression: &'b Expression<'a>, addresses: &mut Vec<Address<'a, 'b>>) {
    match expression {
        Expression::ParenthesizedExpression(inner) => collect(&inner.expression, addresses),
        Expression::ConditionalExpression(choice) => {
            collect(&choice.consequent, addresses);
            collect(&choice.alternate, addresses);
        }
        _ => addresses.push(address(expression)),
    }
}

fn address<'a, 'b>(expression: &'b Expression<'a>) -> Address<'a, 'b> {
    let (text, span, quote) = match expression {
        Expression::StringLiteral(string) if !string.lone_surrogates => {
            (Some(string.value.as_str()), string.span, quote_of(string))
        }
        Expression::TemplateLiteral(template) => {
            (plain_template(template), template.span, Quote::Template)
        }
        _ => return Address::Computed(expression),
    };
    text.map_or(Address::Computed(expression), |text| Address::Literal { text, span, quote })
}

/// How a string is delimited.
pub(super) fn quote_of(string: &StringLiteral<'_>) -> Quote {
    let is_single = string.raw.is_some_and(|raw| raw.starts_with('\''));
    if is_single { Quote::Single } else { Quote::Double }
}

/// The text of a template without substitutions.
fn plain_template<'b>(template: &'b TemplateLiteral<'_>) -> Option<&'b str> {
    match template.quasis.as_slice() {
        [quasi] if !quasi.lone_surrogates => quasi.value.cooked.as_ref().map(|text| text.as_str()),
        _ => None,
    }
}

/// The value of a string literal, or of a template without substitutions.
pub(super) fn literal<'b>(expression: &'b Expression<'_>) -> Option<&'b str> {
    match expression.without_parentheses() {
        Expression::StringLiteral(string) => Some(string.value.as_str()),
        Expression::TemplateLiteral(template) => plain_template(template),
        _ => None,
    }
}

/// Whether an address is that of a folder.
pub(super) fn is_folder(address: &str) -> bool {
    matches!(address, "" | "." | "..") || address.ends_with('/') || address.ends_with("/..")
}

/// Whether `expression` is the global `name`, written plainly or as a member of the global object.
pub(super) fn is_global(expression: &Expression<'_>, name: &str) -> bool {
    match expression {
        Expression::Identifier(identifier) => identifier.name == name,
        Expression::StaticMemberExpression(member) if member.property.name == name => {
            let globals = ["self", "window", "globalThis"];
            matches!(&member.object, Expression::Identifier(object)
                if globals.iter().any(|global| object.name == *global))
        }
        _ => false,
    }
}

/// Whether `expression` is the document of the page.
pub(super) fn is_document(expression: &Expression<'_>) -> bool {
    match expression.without_parentheses() {
        Expression::StaticMemberExpression(member) => member.property.name == "document",
        expression => is_global(expression, "document"),
    }
}

/// Whether `expression` is `import.meta.property`.
pub(super) fn is_import_meta(expression: &Expression<'_>, property: &str) -> bool {
    matches!(expression, Expression::StaticMemberExpression(member)
        if member.property.name == property
            && matches!(member.object.without_parentheses(), Expression::ImportMeta(_)))
}

/// What `….serviceWorker.register(…)` and `….audioWorklet.addModule(…)` start.
pub(super) fn started_by_call(callee: &Expression<'_>) -> Option<Starts> {
    let Expression::StaticMemberExpression(method) = callee else { return None };
    let object = match method.object.without_parentheses() {
        Expression::StaticMemberExpression(object) => object.property.name.as_str(),
        Expression::Identifier(object) => object.name.as_str(),
        _ => return None,
    };
    match method.property.name.as_str() {
        "register" if object == "serviceWorker" => Some(Starts::Worker),
        "addModule" if object.ends_with("Worklet") => Some(Starts::Worklet),
        _ => None,
    }
}

/// Whether a call looks up the script elements of the page.
pub(super) fn looks_up_scripts(callee: &Expression<'_>, argument: &Argument<'_>) -> bool {
    let Expression::StaticMemberExpression(callee) = callee else { return false };
    let selector = argument.as_expression().and_then(literal).unwrap_or_default();
    match callee.property.name.as_str() {
        "getElementsByTagName" => selector.eq_ignore_ascii_case("script"),
        "querySelector" | "querySelectorAll" => {
            let after = selector.trim_start().strip_prefix("script");
            after.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        }
        _ => false,
    }
}

/// The address of `new URL(address, import.meta.url)`.
pub(super) fn address_beside_this_script<'a, 'b>(
    new: &'b NewExpression<'a>,
) -> Option<&'b Expression<'a>> {
    let [address, base] = new.arguments.as_slice() else { return None };
    let is_url = is_global(new.callee.without_parentheses(), "URL");
    let base = base.as_expression()?.without_parentheses();
    (is_url && is_import_meta(base, "url")).then(|| address.as_expression())?
}

/// The URL object in `url`, `url.href` and `url.toString()`.
pub(super) fn url_object<'a, 'b>(expression: &'b Expression<'a>) -> &'b Expression<'a> {
    let object = |member: &'b Expression<'a>, name| match member {
        Expression::StaticMemberExpression(member) if member.property.name == name => {
            Some(member.object.without_parentheses())
        }
        _ => None,
    };
    let expression = expression.without_parentheses();
    let called = match expression {
        Expression::CallExpression(call) => object(&call.callee, "toString"),
        _ => None,
    };
    called.or_else(|| object(expression, "href")).unwrap_or(expression)
}

/// The type of the worker that these options start.
pub(super) fn worker_type(options: Option<&Argument<'_>>, shared: bool) -> WorkerType {
    let Some(options) = options else { return WorkerType::Classic };
    match options.as_expression().map(Expression::without_parentheses) {
        // The second argument of `SharedWorker` can be a mere name.
        Some(Expression::StringLiteral(_) | Expression::TemplateLiteral(_)) if shared => {
            WorkerType::Classic
        }
        Some(Expression::ObjectExpression(options)) => match member(options, "type") {
            Member::Missing => WorkerType::Classic,
            Member::Value(value) => match literal(value) {
                Some("module") => WorkerType::Module,
                Some(_) => WorkerType::Classic,
                None => WorkerType::Unknown,
            },
            Member::Unclear => WorkerType::Unknown,
        },
        _ => WorkerType::Unknown,
    }
}

/// What an object literal says about a member.
enum Member<'a, 'b> {
    Missing,
    Value(&'b Expression<'a>),
    /// It is computed, or spread from another object.
    Unclear,
}

fn member<'a, 'b>(object: &'b ObjectExpression<'a>, name: &str) -> Member<'a, 'b> {
    let mut found = Member::Missing;
    for property in &object.properties {
        match property {
            ObjectPropertyKind::SpreadProperty(_) => found = Member::Unclear,
            ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                Some(key) if key == name => found = Member::Value(&property.value),
                Some(_) => {}
                None => found = Member::Unclear,
            },
        }
    }
    found
}

/// The module type that import attributes ask for.
pub(super) fn attributes(clause: Option<&WithClause<'_>>) -> ModuleType {
    let entries = clause.map(|clause| clause.with_entries.iter()).into_iter().flatten();
    let mut types = entries.filter(|entry| entry.key.as_arena_str() == "type");
    types.next().map_or_else(ModuleType::default, |entry| ModuleType::named(&entry.value.value))
}

/// The module type that `options`, the second argument of `import()`, ask for.
pub(super) fn dynamic_attributes(options: &Expression<'_>) -> ModuleType {
    let Expression::ObjectExpression(options) = options.without_parentheses() else {
        return ModuleType::Unknown;
    };
    let clause = match (member(options, "with"), member(options, "assert")) {
        (Member::Missing, Member::Missing) => return ModuleType::default(),
        (Member::Value(clause), _) | (Member::Missing, Member::Value(clause)) => clause,
        _ => return ModuleType::Unknown,
    };
    let Expression::ObjectExpression(clause) = clause.without_parentheses() else {
        return ModuleType::Unknown;
    };
    match member(clause, "type") {
        Member::Missing => ModuleType::default(),
        Member::Value(value) => literal(value).map_or(ModuleType::Unknown, ModuleType::named),
        Member::Unclear => ModuleType::Unknown,
    }
}

/// The phase of an import.
pub(super) fn phase(phase: Option<ImportPhase>) -> Phase {
    match phase {
        None => Phase::Evaluation,
        Some(ImportPhase::Defer) => Phase::Defer,
        Some(ImportPhase::Source) => Phase::Source,
    }
}
