//! The absolute URLs among the string literals of a script, and what can replace each.
//!
//! Found by their beginning, `http:`, `https:` or `//`. What they name is for others to say. The addresses
//! that a script resolves in its page, `new URL("…", document.baseURI)`, are found as well, whether
//! absolute or not: they are what other literals are replaced by.

use std::ops::Range;

use oxc_ast::ast::{
    BinaryExpression, BinaryOperator, Expression, NewExpression, PropertyKey, StringLiteral,
    TemplateLiteral,
};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_span::{GetSpan, Span};

use super::{
    expression::{is_global, literal},
    parse::{ParseFailure, read_tree_as},
    scan::SourceKind,
};

/// A string literal that is an absolute URL, or begins with one, or is an address in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlLiteral {
    /// Its value; of a template with substitutions the part before the first.
    pub text: String,
    /// Its bytes in the source, quotes included.
    pub span: Range<usize>,
    /// What can replace it.
    pub role: LiteralRole,
}

/// What a literal is in the grammar, as far as that decides what can replace it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiteralRole {
    /// An expression: any other expression can replace it.
    Expression,
    /// The beginning of a longer string: a template or a sum adds the rest.
    Beginning,
    /// What `new URL(…, document.baseURI)` resolves: any address can replace it.
    InPage,
    /// The name of a property, a directive, or what an `import` declaration names.
    NoExpression,
}

/// Every literal of the script `source` that is an absolute URL or an address in the page, in source order.
///
/// # Errors
/// [`ParseFailure`] if the text is not a script of that kind.
pub fn url_literals(source: &[u8], kind: SourceKind) -> Result<Vec<UrlLiteral>, ParseFailure> {
    read_tree_as(source, kind, |program, start| {
        let mut reader = Reader { start, found: Vec::new() };
        reader.visit_program(program);
        reader.found.sort_by_key(|literal| literal.span.start);
        reader.found
    })
}

struct Reader {
    /// Where in the source the text starts that was parsed.
    start: usize,
    found: Vec<UrlLiteral>,
}

impl Reader {
    fn add(&mut self, text: &str, span: Span, role: LiteralRole) {
        if is_absolute(text) {
            self.push(text, span, role);
        }
    }

    fn push(&mut self, text: &str, span: Span, role: LiteralRole) {
        let span = self.start + span.start as usize..self.start + span.end as usize;
        self.found.push(UrlLiteral { text: text.to_owned(), span, role });
    }

    /// Adds a template, of which only the beginning is a literal, and reads its substitutions.
    fn add_template(&mut self, template: &TemplateLiteral<'_>, role: LiteralRole) {
        let role = if template.expressions.is_empty() { role } else { LiteralRole::Beginning };
        if let Some(text) = template.quasis.first().and_then(|first| first.value.cooked.as_ref()) {
            self.add(text, template.span, role);
        }
        for expression in &template.expressions {
            self.visit_expression(expression);
        }
    }
}

impl<'a> VisitJs<'a> for Reader {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        match it {
            Expression::StringLiteral(string) => {
                self.add(&string.value, string.span, LiteralRole::Expression);
            }
            Expression::TemplateLiteral(template) => {
                self.add_template(template, LiteralRole::Expression);
            }
            _ => walk_js::walk_expression(self, it),
        }
    }

    fn visit_binary_expression(&mut self, it: &BinaryExpression<'a>) {
        match literal(&it.left).filter(|left| continues(left, it)) {
            Some(text) => self.add(text, it.left.span(), LiteralRole::Beginning),
            None => self.visit_expression(&it.left),
        }
        self.visit_expression(&it.right);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        match address_in_page(it) {
            Some((text, span)) => self.push(text, span, LiteralRole::InPage),
            None => walk_js::walk_new_expression(self, it),
        }
    }

    fn visit_property_key(&mut self, it: &PropertyKey<'a>) {
        match it.as_expression().and_then(literal) {
            Some(text) => self.add(text, it.span(), LiteralRole::NoExpression),
            None => walk_js::walk_property_key(self, it),
        }
    }

    /// Strings that are no expressions.
    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        self.add(&it.value, it.span, LiteralRole::NoExpression);
    }

    /// Templates with a tag, which is called with their text.
    fn visit_template_literal(&mut self, it: &TemplateLiteral<'a>) {
        self.add_template(it, LiteralRole::NoExpression);
    }
}

/// Whether the sum may add to the last name in the path of `left`, which is its left side.
fn continues(left: &str, sum: &BinaryExpression<'_>) -> bool {
    let begins_anew = || literal(&sum.right).is_some_and(|text| text.starts_with(['/', '?', '#']));
    sum.operator == BinaryOperator::Addition && !left.ends_with('/') && !begins_anew()
}

/// The address in `new URL("…", document.baseURI)`.
fn address_in_page<'b>(new: &'b NewExpression<'_>) -> Option<(&'b str, Span)> {
    let [address, base] = new.arguments.as_slice() else { return None };
    let (address, base) = (address.as_expression()?, base.as_expression()?);
    let is_url = is_global(new.callee.without_parentheses(), "URL");
    let is_base = match base.without_parentheses() {
        Expression::StaticMemberExpression(member) => {
            member.property.name == "baseURI" && is_global(&member.object, "document")
        }
        _ => false,
    };
    literal(address).filter(|_| is_url && is_base).map(|text| (text, address.span()))
}

/// Whether a literal is an absolute URL, with or without its scheme.
pub fn is_absolute(text: &str) -> bool {
    let has_scheme = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    has_scheme("https://") || has_scheme("http://") || text.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::{LiteralRole::*, *};

    fn roles(source: &str) -> Vec<(String, LiteralRole)> {
        let found = url_literals(source.as_bytes(), SourceKind::Module).unwrap();
        found.into_iter().map(|it| (source[it.span].to_owned(), it.role)).collect()
    }

    fn role_of(source: &str) -> LiteralRole {
        let roles = roles(source);
        assert_eq!(roles.len(), 1, "{source}: {roles:?}");
        roles[0].1
    }

    #[test]
    fn a_value_is_an_expression() {
        for source in [
            "f('https://cdn.example/a')",
            "x = { paths: { vs: \"//cdn.example/a\" } }",
            "x = [`https://cdn.example/a`]",
            "y = 'https:\\/\\/cdn.example\\x2fa'",
            "z = 'HTTPS://cdn.example/a/' + name",
            "z = 'https://cdn.example/a' + '/b'",
            "z = 'https://cdn.example/a' == b",
            "z = b + ('https://cdn.example/a')",
            "z = o['https://cdn.example/a']",
            "import('https://cdn.example/a')",
        ] {
            assert_eq!(role_of(source), Expression, "{source}");
        }
    }

    #[test]
    fn what_code_completes_is_a_beginning() {
        for source in [
            "x = `https://cdn.example/a/${b}`",
            "x = 'https://cdn.example/a' + b",
            "x = 'https://cdn.example/a' + 'b'",
            "x = tag`https://cdn.example/${b}`",
        ] {
            assert_eq!(role_of(source), Beginning, "{source}");
        }
    }

    #[test]
    fn what_only_a_literal_can_be_is_no_expression() {
        for source in [
            "x = { 'https://cdn.example/a': 1 }",
            "x = { ['https://cdn.example/a']: 1 }",
            "class A { 'https://cdn.example/a' = 1 }",
            "'https://cdn.example/a'; f()",
            "import 'https://cdn.example/a'",
            "export * from 'https://cdn.example/a'",
            "x = tag`https://cdn.example/a`",
        ] {
            assert_eq!(role_of(source), NoExpression, "{source}");
        }
    }

    #[test]
    fn what_a_script_resolves_in_its_page_is_found_whether_absolute_or_not() {
        for source in [
            "new URL('vendor/a', document.baseURI).href",
            "new window.URL(`https://cdn.example/a`, window.document.baseURI)",
        ] {
            assert_eq!(role_of(source), InPage, "{source}");
        }
        for source in ["new URL('vendor/a', base)", "new Url('a', document.baseURI)"] {
            assert_eq!(roles(source), [], "{source}");
        }
        assert_eq!(role_of("new URL('https://cdn.example/a', base)"), Expression);
    }

    #[test]
    fn spans_are_in_source_order_and_count_a_byte_order_mark() {
        let source = "\u{FEFF}f('é', 'https://b.example/', `${'https://a.example/'}`)";
        let expected = ["'https://b.example/'", "'https://a.example/'"];
        assert_eq!(roles(source), expected.map(|text| (text.to_owned(), Expression)));
    }

    #[test]
    fn other_strings_are_not_found() {
        assert_eq!(roles("f('a//b', 'ftp://a.example/', 'https:/a', 'é', '')"), []);
    }
}
