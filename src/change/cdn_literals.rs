//! The literals of inline scripts that name a folder of a CDN whose files came along with a script of the
//! page: which become local addresses, and which stay.

use std::collections::BTreeSet;

use memchr::memmem;

use super::{error::RewriteError, resolution::Style};
use crate::{
    findings::Use,
    graph::closure::Module,
    js::{
        self, LiteralRole, ParseFailure, SignKind, SourceKind, UrlLiteral,
        literal::{self, Writes},
    },
    layout::cdn_folders::{CdnFolder, CdnFolders, Named},
    read::page_record::ReadPage,
    reference::{ForeignBase, PageAddress, SubresourceUrl},
    resolve::resolver::{Resolution, import},
    site_urls::SiteUrls,
};

/// An address of a CDN that stays in code, though files came along from there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StayingLiteral {
    /// Its value.
    pub url: String,
    /// The host that it names.
    pub host: String,
    /// Why it stays.
    pub cause: Cause,
}

impl StayingLiteral {
    /// The address `url` in a script of the site, if it names something of a folder that came along.
    fn in_own_script(url: &str, folders: &CdnFolders) -> Option<Self> {
        let mut folders = folders.all().filter(|folder| folder.named(url) != Named::Other);
        let host = folders.next()?.host().to_owned();
        Some(Self { url: url.to_owned(), host, cause: Cause::OwnScript })
    }

    /// Whatever the unread scripts of a page name of `folder`.
    pub(super) fn unread(folder: &CdnFolder) -> Self {
        let (url, host) = (folder.url().to_string(), folder.host().to_owned());
        Self { url, host, cause: Cause::Unread }
    }
}

/// Why a literal stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Code adds something to it.
    Beginning,
    /// It is no expression.
    NoExpression,
    /// What it names did not come along, or not all of it.
    Missing,
    /// The page cannot be read to its end.
    Unread,
    /// It stands in a script of the site, which several pages may load.
    OwnScript,
    /// A `<base>` that follows the script changes what relative addresses mean.
    LaterBase,
}

impl Cause {
    /// The cause, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Beginning => "code adds something to it, so that what it names is not known",
            Self::NoExpression => "it stands where only a literal can stand",
            Self::Missing => "not all of what it names came along with vendored scripts",
            Self::Unread => "not all scripts of the page can be read with certainty",
            Self::OwnScript => "scripts of the site itself are not edited for it",
            Self::LaterBase => "a <base> that follows the script gives addresses another meaning",
        }
    }
}

/// The addresses of CDNs in modules of the site that pages load, of folders whose files came along. They
/// stay: pages that lie in different folders load the same module.
pub(super) fn in_modules(
    site: &SiteUrls,
    resolution: &Resolution,
    folders: &CdnFolders,
) -> Vec<(StayingLiteral, Use)> {
    let modules = resolution.graphs.modules().filter(|(request, _)| is_of_site(site, &request.url));
    let staying = modules.flat_map(|(request, module)| {
        let literals = in_module(module, folders);
        literals.map(|(line, literal)| ((&request.url, line), literal))
    });
    // One file may be a module in several ways.
    let once: BTreeSet<_> = staying.collect();
    let place = |url, line| import(site.name(url), line);
    once.into_iter().map(|((url, line), literal)| (literal, place(url, line))).collect()
}

fn in_module<'m>(
    module: &'m Module,
    folders: &'m CdnFolders,
) -> impl Iterator<Item = (usize, StayingLiteral)> + 'm {
    module.loads.signs.iter().filter_map(|sign| {
        let SignKind::Url(url) = &sign.kind else { return None };
        Some((sign.line, StayingLiteral::in_own_script(url.text(), folders)?))
    })
}

/// Whether a file is the site's own and not a vendored one.
fn is_of_site(site: &SiteUrls, url: &SubresourceUrl) -> bool {
    site.url_path(url).is_some_and(|path| site.vendored(&path).is_none())
}

/// Whether the inline scripts of a page may name a folder of the scripts that its tags load.
pub(super) fn may_be_there(page: &ReadPage<'_>, folders: &CdnFolders) -> bool {
    let mut folders = folders.of_scripts(page.references.urls()).into_iter();
    folders.any(|folder| is_named_elsewhere(folder.host(), page))
}

/// Whether a page names `host` anywhere but in tags that load scripts.
pub(super) fn is_named_elsewhere(host: &str, page: &ReadPage<'_>) -> bool {
    let source = page.scan.source(page.bytes);
    let tags = page.references.external.iter().map(|found| &page.scan.tags[found.tag]);
    let spans = tags.filter_map(|tag| Some(tag.address_attribute()?.span.clone()));
    let in_tags: usize = spans.map(|span| memmem::find_iter(&source[span], host).count()).sum();
    page.scan.mentions(page.bytes, host) > in_tags
}

/// What becomes of the literals of a script.
#[derive(Debug, Default)]
pub(super) struct Literals {
    pub edits: Vec<literal::Edit>,
    pub staying: Vec<StayingLiteral>,
}

/// How the literals of a script are written.
pub(super) struct LiteralWriter<'a> {
    pub folders: &'a [&'a CdnFolder],
    pub address: &'a PageAddress,
    /// The `<base href>` in force at the script.
    pub base: Option<&'a str>,
    /// Whether another one is in force later.
    pub has_later_base: bool,
    pub style: &'a Style<'a>,
}

impl LiteralWriter<'_> {
    /// What becomes of `found`, the literals of a script.
    pub fn literals(&self, found: Vec<UrlLiteral>) -> Result<Literals, ForeignBase> {
        let mut literals = Literals::default();
        for literal in found {
            match self.outcome(&literal)? {
                Outcome::Local(address) => literals.edits.push(edit(literal, address)),
                Outcome::Stays(host, cause) => {
                    literals.staying.push(StayingLiteral { url: literal.text, host, cause });
                }
                Outcome::Other => {}
            }
        }
        Ok(literals)
    }

    /// What a text names of the folders, if anything: best something that came along.
    fn named(&self, text: &str) -> Option<(&CdnFolder, Named)> {
        let named = self.folders.iter().map(|folder| (*folder, folder.named(text)));
        let named = named.filter(|(_, named)| *named != Named::Other);
        named.min_by_key(|(_, named)| !matches!(named, Named::Local { .. }))
    }

    fn outcome(&self, literal: &UrlLiteral) -> Result<Outcome, ForeignBase> {
        let Some((folder, named)) = self.named(&literal.text) else { return Ok(Outcome::Other) };
        let stays = |cause| Ok(Outcome::Stays(folder.host().to_owned(), cause));
        match (literal.role, &named) {
            (LiteralRole::Beginning, _) | (_, Named::Above) => stays(Cause::Beginning),
            (_, Named::Missing | Named::Other) => stays(Cause::Missing),
            (LiteralRole::NoExpression, Named::Local { .. }) => stays(Cause::NoExpression),
            (_, Named::Local { .. }) if self.has_later_base => stays(Cause::LaterBase),
            (LiteralRole::Expression | LiteralRole::InPage, Named::Local { path, rest }) => {
                Ok(Outcome::Local(self.style.address(self.address, self.base, path)? + rest))
            }
        }
    }
}

/// The edit that gives a literal, which an expression can replace, this address.
fn edit(literal: UrlLiteral, address: String) -> literal::Edit {
    match literal.role {
        LiteralRole::InPage => literal::Edit::new(literal.span, address),
        _ => literal::Edit::to_url_in_page(literal.span, address),
    }
}

/// What becomes of a literal.
enum Outcome {
    /// It becomes this address.
    Local(String),
    Stays(String, Cause),
    Other,
}

/// Verifies that `after`, read again, has the literals that it should: those of `before` with `edits`.
pub(super) fn verify(
    before: &[UrlLiteral],
    edits: &[literal::Edit],
    (after, kind): (&[u8], SourceKind),
) -> Result<(), RewriteError> {
    let unread = |failure: ParseFailure| RewriteError::Code(failure.to_string());
    let found = js::url_literals(after, kind).map_err(unread)?;
    let found = found.iter().map(|literal| (literal.role, literal.text.as_str()));
    let expected = before.iter().filter_map(|literal| expected(literal, edits));
    match found.eq(expected) {
        true => Ok(()),
        false => Err(RewriteError::Code("it has other addresses than it should".to_owned())),
    }
}

/// What is found of a literal after the edits; `None` if it is no absolute URL any more.
fn expected<'l>(
    literal: &'l UrlLiteral,
    edits: &'l [literal::Edit],
) -> Option<(LiteralRole, &'l str)> {
    let Some(edit) = edits.iter().find(|edit| edit.start == literal.span.start) else {
        return Some((literal.role, &literal.text));
    };
    let role = match edit.writes {
        Writes::UrlInPage => LiteralRole::InPage,
        Writes::Literal => literal.role,
    };
    let is_found = role == LiteralRole::InPage || js::is_absolute(&edit.text);
    is_found.then_some((role, &edit.text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const STYLE: Style<'_> = Style { out: "vendor", public_path: None, crossorigin: false };
    const CODE: &str = "f('https://cdn.example/lib@1/vs', `https://cdn.example/lib@1/${x}`)";

    fn folder() -> CdnFolder {
        let files = Arc::new(["cdn.example/lib@1/vs/a.js".to_owned()].into());
        let url = "https://cdn.example/lib@1/".parse().unwrap();
        CdnFolder::new(url, "cdn.example/lib@1".to_owned(), files)
    }

    fn found(code: &str) -> Vec<UrlLiteral> {
        js::url_literals(code.as_bytes(), SourceKind::Classic).unwrap()
    }

    fn literals(code: &str, style: &Style<'_>, has_later_base: bool) -> Literals {
        let address = &PageAddress::new("a/b.html", None);
        let folders = &[&folder()];
        let writer = LiteralWriter { folders, address, base: None, has_later_base, style };
        writer.literals(found(code)).unwrap()
    }

    fn edited(code: &str, style: &Style<'_>) -> String {
        let literals = literals(code, style, false);
        let after = literal::rewrite(code.as_bytes(), &literals.edits).unwrap();
        verify(&found(code), &literals.edits, (&after, SourceKind::Classic)).unwrap();
        String::from_utf8(after).unwrap()
    }

    fn causes(code: &str, has_later_base: bool) -> Vec<Cause> {
        let literals = literals(code, &STYLE, has_later_base);
        literals.staying.iter().map(|literal| literal.cause).collect()
    }

    #[test]
    fn an_expression_becomes_the_local_address() {
        let local = "new URL('../vendor/cdn.example/lib@1/vs', document.baseURI).href";
        let expected = format!("f({local}, `https://cdn.example/lib@1/${{x}}`)");
        assert_eq!(edited(CODE, &STYLE), expected);
        assert_eq!(edited(&expected, &STYLE), expected, "twice is as once");
        let own = "new URL('https://cdn.example/lib@1/vs', document.baseURI)";
        assert_eq!(format!("{}.href", edited(own, &STYLE)), local);
    }

    #[test]
    fn an_address_with_a_public_path_is_resolved_in_the_page_as_well() {
        let style = Style { public_path: Some("https://static.example/v/"), ..STYLE };
        let expected =
            "x = new URL('https://static.example/v/cdn.example/lib@1/vs', document.baseURI).href";
        assert_eq!(edited("x = 'https://cdn.example/lib@1/vs'", &style), expected);
    }

    #[test]
    fn what_stays_has_its_cause() {
        assert_eq!(causes(CODE, false), [Cause::Beginning]);
        assert_eq!(causes(CODE, true), [Cause::LaterBase, Cause::Beginning]);
        assert_eq!(
            causes("f({ 'https://cdn.example/lib@1/vs': 1 })", false),
            [Cause::NoExpression]
        );
        assert_eq!(causes("f('https://cdn.example/lib@1/esm')", false), [Cause::Missing]);
        assert_eq!(causes("f('https://cdn.example/')", false), [Cause::Beginning]);
        assert_eq!(causes("f('https://cdn.example/other', 'https://b.example/')", false), []);
    }

    #[test]
    fn code_with_other_addresses_than_meant_does_not_verify() {
        let edits = literals(CODE, &STYLE, false).edits;
        let verify =
            |after: &str| verify(&found(CODE), &edits, (after.as_bytes(), SourceKind::Classic));
        assert!(verify(CODE).is_err());
        assert!(verify("f(").is_err());
        assert!(verify("f(new URL('../vendor/x', document.baseURI).href)").is_err());
    }
}
