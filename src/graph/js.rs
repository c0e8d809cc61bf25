//! Reads scripts, as ECMA-262 has them, for what they load. The only room that knows the parser.
//!
//! Answers for exact spans, and for never guessing: a file that does not parse, as a module or as a
//! script just as the page uses it, is an error. Names are taken at their word (a local `Worker` is
//! a `Worker`). What is not UTF-8 is read as browsers read it, as replacement characters.

use std::{borrow::Cow, ops::Range, thread};

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression,
    ImportDeclaration, ImportExpression, ImportMeta, ImportPhase, ModuleDeclaration, NewExpression,
    ObjectExpression, ObjectPropertyKind, StaticMemberExpression, StringLiteral, TemplateLiteral,
    WithClause,
};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};

use super::{
    module_scan::{
        Form, ModuleScan, ModuleType, ParseFailure, Phase, Purpose, Quote, Residual, SelfLocating,
        Sign, SourceKind, Specifier, Unfollowed, WorkerType,
    },
    nesting, residual, worth,
};
use crate::html::Positions;

const BYTE_ORDER_MARK: &str = "\u{FEFF}";
/// Stands for a byte that is no UTF-8 while we parse: one byte, so that spans stay true, and as
/// meaningless to a script as U+FFFD.
const BROKEN_BYTE: u8 = 0x1A;
/// The most a script may nest, in the unit of [`nesting::bound`]. The deepest of 5,281 published
/// files came to 717. The parser takes memory by the square of it: at worst 200 MB here.
const NESTING_MAX: usize = 10_000;
/// Stack for each unit of nesting: twice what the parser was seen to take.
const STACK_PER_LEVEL: usize = 2 << 10;
const STACK_LEAST: usize = 1 << 20;

/// Finds what the script `source` loads, and what it may load besides.
///
/// # Errors
/// [`ParseFailure`] if the text is not a script of that kind, or nests too deeply to be read.
pub fn scan(source: &[u8], kind: SourceKind) -> Result<ModuleScan, ParseFailure> {
    if worth::is_worth_parsing(source) { parse(source, kind) } else { Ok(ModuleScan::default()) }
}

/// [`scan`], also of what is not worth it.
pub(super) fn parse(source: &[u8], kind: SourceKind) -> Result<ModuleScan, ParseFailure> {
    let text = decode(source);
    let (start, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => (BYTE_ORDER_MARK.len(), text),
        None => (0, &*text),
    };
    let fail = |offset: usize, message: String| {
        let position = Positions::new(source).of(start + offset);
        ParseFailure { line: position.line, column: position.column, message }
    };
    if u32::try_from(source.len()).is_err() {
        return Err(fail(0, "the file is larger than 4 GiB".to_owned()));
    }
    let nesting = nesting::bound(text);
    if nesting > NESTING_MAX {
        return Err(fail(0, "the code may nest too deeply to be read safely".to_owned()));
    }
    let lines = Lines::new(source);
    let read = || read(text, start, kind, &lines);
    thread::scope(|scope| {
        let stack = STACK_LEAST + nesting * STACK_PER_LEVEL;
        let reader = thread::Builder::new().stack_size(stack).spawn_scoped(scope, read);
        let reader = reader.map_err(|error| fail(0, format!("no thread to read it: {error}")))?;
        let result = reader.join().unwrap_or_else(|_| Err((0, "the parser gave up".to_owned())));
        result.map_err(|(offset, message)| fail(offset, message))
    })
}

/// The text as the parser can take it, byte for byte.
fn decode(source: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(source) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::with_capacity(source.len());
            for chunk in source.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| char::from(BROKEN_BYTE)));
            }
            Cow::Owned(text)
        }
    }
}

fn read(
    text: &str,
    start: usize,
    kind: SourceKind,
    lines: &Lines,
) -> Result<ModuleScan, (usize, String)> {
    let allocator = Allocator::default();
    let source_type = if kind.is_module() { SourceType::mjs() } else { SourceType::script() };
    let parsed = Parser::new(&allocator, text, source_type).parse();
    if let Some(error) = parsed.diagnostics.errors().next() {
        let offset = error.labels.iter().next().map_or(0, |label| label.offset() as usize);
        return Err((offset, error.message.to_string()));
    }
    if parsed.panicked {
        return Err((0, "the parser gave up".to_owned()));
    }
    let found = ModuleScan::default();
    let mut finder = Finder { text, start, kind, lines, found, misplaced: None };
    finder.visit_program(&parsed.program);
    if let Some(span) = finder.misplaced {
        return Err((span.start as usize, "module syntax in a classic script".to_owned()));
    }
    let mut found = finder.found;
    found.specifiers.sort_by_key(|specifier| specifier.span.start);
    found.unfollowed.sort_by_key(|unfollowed| unfollowed.span.start);
    found.residual.sort_by_key(|residual| residual.span.start);
    Ok(found)
}

/// Where lines end.
struct Lines(Vec<usize>);

impl Lines {
    fn new(source: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', source).collect())
    }

    fn of(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

/// What an address expression comes to.
enum Address<'a, 'b> {
    Literal { text: &'b str, span: Span, quote: Quote },
    Computed(&'b Expression<'a>),
}

struct Finder<'s> {
    text: &'s str,
    /// The length of the byte order mark before `text`.
    start: usize,
    kind: SourceKind,
    lines: &'s Lines,
    found: ModuleScan,
    /// Module syntax where the parser lets it pass and browsers do not.
    misplaced: Option<Span>,
}

/// What code starts, in a global of its own.
#[derive(Clone, Copy)]
enum Starts {
    Worker,
    SharedWorker,
    Worklet,
}

/// What a specifier is besides its text.
#[derive(Clone)]
struct Load {
    form: Form,
    module_type: ModuleType,
    phase: Phase,
}

impl Load {
    fn of(form: Form) -> Self {
        Self { form, module_type: ModuleType::default(), phase: Phase::default() }
    }
}

impl Finder<'_> {
    fn span(&self, span: Span) -> Range<usize> {
        self.start + span.start as usize..self.start + span.end as usize
    }

    fn only_in_modules(&mut self, span: Span) {
        if !self.kind.is_module() {
            self.misplaced.get_or_insert(span);
        }
    }

    fn add(&mut self, text: &str, span: Span, quote: Quote, load: Load) {
        let Load { form, module_type, phase } = load;
        let text = text.replace(char::from(BROKEN_BYTE), "\u{FFFD}");
        let span = self.span(span);
        let line = self.lines.of(span.start);
        let specifier = Specifier { text, span, line, quote, form, module_type, phase };
        self.found.specifiers.push(specifier);
    }

    fn add_string(&mut self, literal: &StringLiteral<'_>, load: Load) {
        let quote = if self.text.as_bytes().get(literal.span.start as usize) == Some(&b'\'') {
            Quote::Single
        } else {
            Quote::Double
        };
        if literal.lone_surrogates {
            self.add_unfollowed(literal.span, load.form);
        } else {
            self.add(&literal.value, literal.span, quote, load);
        }
    }

    fn add_unfollowed(&mut self, span: Span, form: Form) {
        let span = self.span(span);
        let line = self.lines.of(span.start);
        self.found.unfollowed.push(Unfollowed { form, span, line });
    }

    fn add_sign(&mut self, span: Span, sign: Sign) {
        let span = self.span(span);
        let line = self.lines.of(span.start);
        self.found.residual.push(Residual { sign, span, line });
    }

    /// Records every literal that `expression` can come to, and what remains computed.
    fn follow<'a>(&mut self, expression: &Expression<'a>, load: &Load) {
        let mut addresses = Vec::new();
        collect(expression, &mut addresses);
        let mut computed = false;
        for address in addresses {
            match address {
                Address::Literal { text, span, quote } => self.add(text, span, quote, load.clone()),
                Address::Computed(expression) => {
                    computed = true;
                    self.visit_expression(expression);
                }
            }
        }
        if computed {
            self.add_unfollowed(expression.span(), load.form);
        }
    }

    fn follow_argument<'a>(&mut self, argument: &Argument<'a>, load: &Load) {
        match argument.as_expression() {
            Some(expression) => self.follow(expression, load),
            None => {
                self.add_unfollowed(argument.span(), load.form);
                self.visit_argument(argument);
            }
        }
    }

    fn follow_url(&mut self, new: &NewExpression<'_>, purpose: Purpose) -> bool {
        let Some(address) = address_beside_this_script(new) else { return false };
        let form = Form::NewUrl(purpose);
        let folder = literal(address).is_some_and(is_folder);
        if folder {
            self.add_sign(new.span, Sign::SelfLocating(SelfLocating::OwnFolder));
        } else {
            self.follow(address, &Load::of(form));
        }
        true
    }

    fn follow_worker(&mut self, arguments: &[Argument<'_>], starts: Starts) -> bool {
        let Some((script, rest)) = arguments.split_first() else { return false };
        let r#type = match starts {
            Starts::Worklet => WorkerType::Module,
            Starts::Worker => worker_type(rest.first(), false),
            Starts::SharedWorker => worker_type(rest.first(), true),
        };
        if let Some(Expression::NewExpression(url)) = script.as_expression().map(url_object)
            && self.follow_url(url, Purpose::Worker(r#type))
        {
            self.visit_all(rest);
            return true;
        }
        let form = match starts {
            Starts::Worker => Form::Worker(r#type),
            Starts::SharedWorker => Form::SharedWorker(r#type),
            Starts::Worklet => Form::Worklet,
        };
        self.follow_argument(script, &Load::of(form));
        self.visit_all(rest);
        true
    }

    fn visit_all<'a>(&mut self, arguments: &[Argument<'a>]) {
        for argument in arguments {
            self.visit_argument(argument);
        }
    }

    fn note_text(&mut self, text: &str, span: Span, goes_on: bool) {
        for sign in residual::urls(text, goes_on) {
            self.add_sign(span, sign);
        }
    }
}

impl<'a> VisitJs<'a> for Finder<'_> {
    fn visit_module_declaration(&mut self, it: &ModuleDeclaration<'a>) {
        self.only_in_modules(it.span());
        walk_js::walk_module_declaration(self, it);
    }

    fn visit_import_meta(&mut self, it: &ImportMeta) {
        self.only_in_modules(it.span);
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let load = Load {
            form: Form::StaticImport,
            module_type: attributes(it.with_clause.as_deref()),
            phase: phase(it.phase),
        };
        self.add_string(&it.source, load);
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        let module_type = attributes(it.with_clause.as_deref());
        self.add_string(&it.source, Load { module_type, ..Load::of(Form::ExportFrom) });
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        let module_type = attributes(it.with_clause.as_deref());
        self.add_string(&it.source, Load { module_type, ..Load::of(Form::ExportFrom) });
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        let load = Load {
            form: Form::DynamicImport,
            module_type: it.options.as_ref().map_or_else(ModuleType::default, dynamic_attributes),
            phase: phase(it.phase),
        };
        self.follow(&it.source, &load);
        if let Some(options) = &it.options {
            self.visit_expression(options);
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let callee = it.callee.without_parentheses();
        if let Some(first) = it.arguments.first() {
            if is_import_meta(callee, "resolve") {
                self.follow_argument(first, &Load::of(Form::ImportMetaResolve));
                return self.visit_all(&it.arguments[1..]);
            }
            let in_classic_worker = self.kind == SourceKind::Worker { module: false };
            if in_classic_worker && is_global(callee, "importScripts") {
                for argument in &it.arguments {
                    self.follow_argument(argument, &Load::of(Form::ImportScripts));
                }
                return;
            }
            if let Some(starts) = started_by_call(callee) {
                self.visit_expression(callee);
                self.follow_worker(&it.arguments, starts);
                return;
            }
            if looks_up_scripts(callee, first) {
                self.add_sign(it.span, Sign::SelfLocating(SelfLocating::ScriptElements));
            }
        }
        walk_js::walk_call_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        let callee = it.callee.without_parentheses();
        let done = if is_global(callee, "Worker") {
            self.follow_worker(&it.arguments, Starts::Worker)
        } else if is_global(callee, "SharedWorker") {
            self.follow_worker(&it.arguments, Starts::SharedWorker)
        } else if is_global(callee, "URL") {
            self.follow_url(it, Purpose::Unknown)
        } else {
            false
        };
        if !done {
            walk_js::walk_new_expression(self, it);
        }
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        let is_document = is_global(it.object.without_parentheses(), "document");
        let sign = match it.property.name.as_str() {
            "currentScript" => Some(SelfLocating::CurrentScript),
            "scripts" if is_document => Some(SelfLocating::ScriptElements),
            "url" if matches!(it.object.without_parentheses(), Expression::ImportMeta(_)) => {
                Some(SelfLocating::ImportMetaUrl)
            }
            _ => None,
        };
        if let Some(sign) = sign {
            self.add_sign(it.span, Sign::SelfLocating(sign));
        }
        walk_js::walk_static_member_expression(self, it);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        self.note_text(&it.value, it.span, false);
    }

    fn visit_template_literal(&mut self, it: &TemplateLiteral<'a>) {
        for (index, quasi) in it.quasis.iter().enumerate() {
            if let Some(text) = &quasi.value.cooked {
                // What follows a substitution does not start an address.
                let text = if index == 0 { text.as_str() } else { text.trim_start_matches('/') };
                self.note_text(text, quasi.span, !quasi.tail);
            }
        }
        for expression in &it.expressions {
            self.visit_expression(expression);
        }
    }
}

/// The expressions that `expression` can come to.
fn collect<'a, 'b>(expression: &'b Expression<'a>, addresses: &mut Vec<Address<'a, 'b>>) {
    match expression {
        Expression::ParenthesizedExpression(inner) => collect(&inner.expression, addresses),
        Expression::ConditionalExpression(choice) => {
            collect(&choice.consequent, addresses);
            collect(&choice.alternate, addresses);
        }
        Expression::StringLiteral(string) if !string.lone_surrogates => {
            let is_single = string.raw.is_some_and(|raw| raw.starts_with('\''));
            let quote = if is_single { Quote::Single } else { Quote::Double };
            let text = string.value.as_str();
            addresses.push(Address::Literal { text, span: string.span, quote });
        }
        Expression::TemplateLiteral(template) => {
            addresses.push(match plain_template(template) {
                Some(text) => {
                    Address::Literal { text, span: template.span, quote: Quote::Template }
                }
                None => Address::Computed(expression),
            });
        }
        _ => addresses.push(Address::Computed(expression)),
    }
}

fn plain_template<'b>(template: &'b TemplateLiteral<'_>) -> Option<&'b str> {
    match template.quasis.as_slice() {
        [quasi] if !quasi.lone_surrogates => quasi.value.cooked.as_ref().map(|text| text.as_str()),
        _ => None,
    }
}

fn literal<'b>(expression: &'b Expression<'_>) -> Option<&'b str> {
    match expression.without_parentheses() {
        Expression::StringLiteral(string) => Some(string.value.as_str()),
        Expression::TemplateLiteral(template) => plain_template(template),
        _ => None,
    }
}

fn is_folder(address: &str) -> bool {
    matches!(address, "" | "." | "..") || address.ends_with('/') || address.ends_with("/..")
}

/// Whether `expression` is the global `name`, written plainly or as a member of the global object.
fn is_global(expression: &Expression<'_>, name: &str) -> bool {
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

/// Whether `expression` is `import.meta.property`.
fn is_import_meta(expression: &Expression<'_>, property: &str) -> bool {
    matches!(expression, Expression::StaticMemberExpression(member)
        if member.property.name == property
            && matches!(member.object.without_parentheses(), Expression::ImportMeta(_)))
}

/// What `….serviceWorker.register(…)` and `….audioWorklet.addModule(…)` start.
fn started_by_call(callee: &Expression<'_>) -> Option<Starts> {
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

fn looks_up_scripts(callee: &Expression<'_>, argument: &Argument<'_>) -> bool {
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
fn address_beside_this_script<'a, 'b>(new: &'b NewExpression<'a>) -> Option<&'b Expression<'a>> {
    let [address, base] = new.arguments.as_slice() else { return None };
    let is_url = is_global(new.callee.without_parentheses(), "URL");
    let base = base.as_expression()?.without_parentheses();
    (is_url && is_import_meta(base, "url")).then(|| address.as_expression())?
}

/// The URL object in `url`, `url.href` and `url.toString()`.
fn url_object<'a, 'b>(expression: &'b Expression<'a>) -> &'b Expression<'a> {
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

fn worker_type(options: Option<&Argument<'_>>, shared: bool) -> WorkerType {
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

enum Member<'a, 'b> {
    Missing,
    Value(&'b Expression<'a>),
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

fn attributes(clause: Option<&WithClause<'_>>) -> ModuleType {
    let entries = clause.map(|clause| clause.with_entries.iter()).into_iter().flatten();
    let mut types = entries.filter(|entry| entry.key.as_arena_str() == "type");
    types.next().map_or_else(ModuleType::default, |entry| ModuleType::named(&entry.value.value))
}

/// The module type that `options`, the second argument of `import()`, ask for.
fn dynamic_attributes(options: &Expression<'_>) -> ModuleType {
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

fn phase(phase: Option<ImportPhase>) -> Phase {
    match phase {
        None => Phase::Evaluation,
        Some(ImportPhase::Defer) => Phase::Defer,
        Some(ImportPhase::Source) => Phase::Source,
    }
}
