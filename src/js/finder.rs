//! Walks the syntax tree of a script and collects what it loads.

use std::ops::Range;

use oxc_ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression,
    ImportDeclaration, ImportExpression, ImportMeta, ModuleDeclaration, NewExpression, Program,
    StaticMemberExpression, StringLiteral, TemplateLiteral,
};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_span::{GetSpan, Span};

use super::{
    expression::{
        Address, Starts, address_beside_this_script, addresses, attributes, dynamic_attributes,
        is_folder, is_global, is_import_meta, literal, looks_up_scripts, phase, quote_of,
        started_by_call, url_object, worker_type,
    },
    loads::{
        Computed, Form, Loads, ModuleType, OwnAddress, Phase, Purpose, Sign, SignKind, Specifier,
        WorkerType,
    },
    own_address,
    scan::{BROKEN_BYTE, Literal, Quote, Scan, Source, SourceKind},
    url_in_string,
};

/// Module syntax in a classic script, at this offset of the text.
pub(super) struct Misplaced(pub usize);

/// Collects loads with their spans, in the order of the walk.
pub(super) struct Finder<'s> {
    source: &'s Source<'s>,
    specifiers: Vec<(Specifier, Literal)>,
    computed: Vec<(Computed, Range<usize>)>,
    signs: Vec<(Sign, Range<usize>)>,
    /// Module syntax in a classic script, which the parser lets pass and browsers do not.
    misplaced: Option<Span>,
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

impl<'s> Finder<'s> {
    /// Everything that `program` loads, in source order.
    pub fn find(source: &'s Source<'s>, program: &Program<'_>) -> Result<Scan, Misplaced> {
        let mut finder = Self {
            source,
            specifiers: Vec::new(),
            computed: Vec::new(),
            signs: Vec::new(),
            misplaced: None,
        };
        finder.visit_program(program);
        finder.find_loads_by_own_address(program);
        match finder.misplaced {
            Some(span) => Err(Misplaced(span.start as usize)),
            None => Ok(finder.into_scan()),
        }
    }

    fn find_loads_by_own_address(&mut self, program: &Program<'_>) {
        if !own_address::may_be_known(self.source.text) {
            return;
        }
        let is_worker = matches!(self.source.kind, SourceKind::Worker { .. });
        for (kind, span) in own_address::loads_by_own_address(program, is_worker) {
            self.add_sign(span, SignKind::LoadByOwnAddress(kind));
        }
    }

    fn into_scan(mut self) -> Scan {
        self.specifiers.sort_by_key(|(_, literal)| literal.span.start);
        self.computed.sort_by_key(|(_, span)| span.start);
        self.signs.sort_by_key(|(_, span)| span.start);
        let (specifiers, literals) = self.specifiers.into_iter().unzip();
        let (computed, computed_spans) = self.computed.into_iter().unzip();
        let (signs, sign_spans) = self.signs.into_iter().unzip();
        let loads = Loads { specifiers, computed, signs };
        Scan { loads, literals, computed: computed_spans, signs: sign_spans }
    }

    /// The bytes and the line of a span of the text.
    fn place(&self, span: Span) -> (Range<usize>, usize) {
        let start = self.source.start;
        let bytes = start + span.start as usize..start + span.end as usize;
        let line = self.source.lines.of(bytes.start);
        (bytes, line)
    }

    fn only_in_modules(&mut self, span: Span) {
        if !self.source.kind.is_module() {
            self.misplaced.get_or_insert(span);
        }
    }

    fn add(&mut self, text: &str, span: Span, quote: Quote, load: Load) {
        let Load { form, module_type, phase } = load;
        let text = text.replace(char::from(BROKEN_BYTE), "\u{FFFD}");
        let (span, line) = self.place(span);
        let specifier = Specifier { text, line, form, module_type, phase };
        self.specifiers.push((specifier, Literal { span, quote }));
    }

    fn add_string(&mut self, literal: &StringLiteral<'_>, load: Load) {
        if literal.lone_surrogates {
            self.add_computed(literal.span, load.form);
        } else {
            self.add(&literal.value, literal.span, quote_of(literal), load);
        }
    }

    fn add_computed(&mut self, span: Span, form: Form) {
        let (span, line) = self.place(span);
        self.computed.push((Computed { form, line }, span));
    }

    fn add_sign(&mut self, span: Span, kind: SignKind) {
        let (span, line) = self.place(span);
        self.signs.push((Sign { kind, line }, span));
    }

    /// Records every literal that `expression` can come to, and whether it can come to more.
    fn follow<'a>(&mut self, expression: &Expression<'a>, load: &Load) {
        let mut is_computed = false;
        for address in addresses(expression) {
            match address {
                Address::Literal { text, span, quote } => self.add(text, span, quote, load.clone()),
                Address::Computed(expression) => {
                    is_computed = true;
                    self.visit_expression(expression);
                }
            }
        }
        if is_computed {
            self.add_computed(expression.span(), load.form);
        }
    }

    fn follow_argument<'a>(&mut self, argument: &Argument<'a>, load: &Load) {
        match argument.as_expression() {
            Some(expression) => self.follow(expression, load),
            None => {
                self.add_computed(argument.span(), load.form);
                self.visit_argument(argument);
            }
        }
    }

    /// Follows `new URL("…", import.meta.url)`; `false` if it is another URL.
    fn follow_url(&mut self, new: &NewExpression<'_>, purpose: Purpose) -> bool {
        let Some(address) = address_beside_this_script(new) else { return false };
        if literal(address).is_some_and(is_folder) {
            self.add_sign(new.span, SignKind::OwnAddress(OwnAddress::OwnFolder));
        } else {
            self.follow(address, &Load::of(Form::NewUrl(purpose)));
        }
        true
    }

    /// Follows the script of a worker; `false` if there is no argument.
    fn follow_worker(&mut self, arguments: &[Argument<'_>], starts: Starts) -> bool {
        let Some((script, rest)) = arguments.split_first() else { return false };
        let r#type = match starts {
            Starts::Worklet => WorkerType::Module,
            Starts::Worker => worker_type(rest.first(), false),
            Starts::SharedWorker => worker_type(rest.first(), true),
        };
        let is_followed = match script.as_expression().map(url_object) {
            Some(Expression::NewExpression(url)) => self.follow_url(url, Purpose::Worker(r#type)),
            _ => false,
        };
        if !is_followed {
            self.follow_argument(script, &Load::of(starts.form(r#type)));
        }
        self.visit_all(rest);
        true
    }

    fn visit_all<'a>(&mut self, arguments: &[Argument<'a>]) {
        for argument in arguments {
            self.visit_argument(argument);
        }
    }

    fn note_text(&mut self, text: &str, span: Span, continues: bool) {
        for url in url_in_string::urls(text, continues) {
            self.add_sign(span, SignKind::Url(url));
        }
    }

    /// Follows a call that loads something; `false` if it is another call.
    fn follow_call(&mut self, it: &CallExpression<'_>, first: &Argument<'_>) -> bool {
        let callee = it.callee.without_parentheses();
        let in_classic_worker = self.source.kind == SourceKind::Worker { module: false };
        if is_import_meta(callee, "resolve") {
            self.follow_argument(first, &Load::of(Form::ImportMetaResolve));
            self.visit_all(&it.arguments[1..]);
        } else if in_classic_worker && is_global(callee, "importScripts") {
            for argument in &it.arguments {
                self.follow_argument(argument, &Load::of(Form::ImportScripts));
            }
        } else if let Some(starts) = started_by_call(callee) {
            self.visit_expression(callee);
            self.follow_worker(&it.arguments, starts);
        } else {
            return false;
        }
        true
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
        if let Some(first) = it.arguments.first() {
            if self.follow_call(it, first) {
                return;
            }
            if looks_up_scripts(it.callee.without_parentheses(), first) {
                self.add_sign(it.span, SignKind::OwnAddress(OwnAddress::ScriptElements));
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
            "currentScript" => Some(OwnAddress::CurrentScript),
            "scripts" if is_document => Some(OwnAddress::ScriptElements),
            "url" if matches!(it.object.without_parentheses(), Expression::ImportMeta(_)) => {
                Some(OwnAddress::ImportMetaUrl)
            }
            _ => None,
        };
        if let Some(sign) = sign {
            self.add_sign(it.span, SignKind::OwnAddress(sign));
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
