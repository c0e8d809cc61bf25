//! Laws that hold for every page of html5lib-tests: what the scanner reports is what a conforming
//! parser builds, and what the splicer changes is what it was asked to change.
//!
//! The pages are taken as they are and in two variants: with an address on every script, because
//! the suite's scripts rarely have one, and with one more script at the end, because a parser that is
//! in a wrong state reads that one wrong.

use std::collections::BTreeMap;

use inhouse::html::{Change, Dialect, Edit, Place, ScanError, Tag, TagKind, apply, scan};
use oracle::{Script, both, scanned, script, variants, with_addresses};

#[path = "support/html5lib.rs"]
mod html5lib;
#[path = "support/oracle.rs"]
mod oracle;

/// What the suite's own trees say, in its notation.
fn expected(tree: &str) -> Vec<Script> {
    let mut scripts = Vec::new();
    let mut lines = tree.lines().map(|line| line.trim_start_matches(['|', ' '])).peekable();
    while let Some(line) = lines.next() {
        let namespace = match line {
            "<script>" => "http://www.w3.org/1999/xhtml",
            "<svg script>" => "http://www.w3.org/2000/svg",
            _ => continue,
        };
        let mut attributes = BTreeMap::new();
        while let Some((name, value)) = lines.peek().and_then(|line| attribute_line(line)) {
            attributes.insert(name.replace("xlink ", "xlink:"), value.to_owned());
            lines.next();
        }
        scripts.extend(script(namespace, |name| attributes.get(name).cloned()));
    }
    scripts.sort();
    scripts
}

fn attribute_line(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_suffix('"')?.split_once("=\"")?;
    (!name.starts_with(['"', '<'])).then_some((name, value))
}

/// Why a page is refused: its tags alone do not say which scripts it has, and lol_html finds others
/// than a conforming parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// In and after `<frameset>` every script start tag is ignored.
    Frameset,
    /// In a template that starts with `<col>`, almost every start tag is ignored.
    ColumnTemplate,
    /// `<svg/>` and `<math/>` end at once; lol_html stays inside.
    SelfClosingRoot,
    /// An end tag of HTML closes the SVG or MathML inside it; lol_html stays inside, or it has
    /// left too early.
    OpenForeignContent,
}

impl Cause {
    fn of(html: &str) -> Self {
        let html = html.to_ascii_lowercase();
        if html.contains("<frameset") {
            Self::Frameset
        } else if html.contains("<template") && html.contains("<col>") {
            Self::ColumnTemplate
        } else if html.contains("<svg/>") || html.contains("<math/>") {
            Self::SelfClosingRoot
        } else {
            assert!(html.contains("<svg") || html.contains("<math"), "no known cause: {html:?}");
            Self::OpenForeignContent
        }
    }
}

/// How many pages of which file are refused, and why. None of them is a page that
/// conforms to HTML.
const REFUSED: &[(&str, Cause, usize)] = &[
    ("tree-construction/adoption01.dat", Cause::OpenForeignContent, 1),
    ("tree-construction/domjs-unsafe.dat", Cause::Frameset, 3),
    ("tree-construction/foreign-fragment.dat", Cause::Frameset, 1),
    ("tree-construction/pending-spec-changes.dat", Cause::Frameset, 1),
    ("tree-construction/pending-spec-changes.dat", Cause::OpenForeignContent, 2),
    ("tree-construction/plain-text-unsafe.dat", Cause::Frameset, 8),
    ("tree-construction/template.dat", Cause::Frameset, 1),
    ("tree-construction/template.dat", Cause::ColumnTemplate, 7),
    ("tree-construction/tests1.dat", Cause::Frameset, 2),
    ("tree-construction/tests10.dat", Cause::Frameset, 2),
    ("tree-construction/tests10.dat", Cause::OpenForeignContent, 12),
    ("tree-construction/tests18.dat", Cause::Frameset, 2),
    ("tree-construction/tests19.dat", Cause::Frameset, 17),
    ("tree-construction/tests19.dat", Cause::SelfClosingRoot, 2),
    ("tree-construction/tests2.dat", Cause::Frameset, 4),
    ("tree-construction/tests6.dat", Cause::Frameset, 12),
    ("tree-construction/tests9.dat", Cause::Frameset, 2),
    ("tree-construction/tests9.dat", Cause::OpenForeignContent, 1),
    ("tree-construction/tests_innerHTML_1.dat", Cause::Frameset, 4),
    ("tree-construction/webkit01.dat", Cause::Frameset, 2),
    ("tree-construction/webkit01.dat", Cause::OpenForeignContent, 1),
];

#[test]
fn the_scanner_reports_the_scripts_that_a_conforming_parser_finds() {
    let Some(pages) = html5lib::pages() else { return };
    let mut compared = 0;
    let mut with_scripts = 0;
    let mut refused: BTreeMap<(String, Cause), usize> = BTreeMap::new();
    for page in &pages {
        for html in variants(&page.html) {
            match scan(html.as_bytes(), Dialect::Html) {
                Ok(found) => {
                    let (scripts, expected) = both(&html, &found);
                    assert_eq!(scripts, expected, "{}: {html:?}", page.name);
                    compared += 1;
                    with_scripts += usize::from(!scripts.is_empty());
                }
                Err(ScanError::Ambiguous { .. }) => {
                    let file = page.name.split(':').next().unwrap_or_default().to_owned();
                    *refused.entry((file, Cause::of(&html))).or_default() += 1;
                }
                Err(other) => panic!("{}: {other} {html:?}", page.name),
            }
        }
    }
    assert!(compared > 20_000, "only {compared} pages compared");
    assert!(with_scripts > 7_000, "only {with_scripts} pages with scripts compared");
    let named: BTreeMap<_, _> =
        REFUSED.iter().map(|(file, cause, count)| (((*file).to_owned(), *cause), *count)).collect();
    assert_eq!(refused, named);
}

#[test]
fn the_scanner_reports_the_scripts_of_the_trees_that_the_suite_expects() {
    let Some(pages) = html5lib::pages() else { return };
    let mut compared = 0;
    for page in &pages {
        let (Some(tree), Ok(found)) = (&page.tree, scan(page.html.as_bytes(), Dialect::Html))
        else {
            continue;
        };
        assert_eq!(scanned(&found), expected(tree), "{}: {:?}", page.name, page.html);
        compared += 1;
    }
    assert!(compared > 1_500, "only {compared} trees compared");
}

#[test]
fn a_page_without_changes_keeps_every_byte() {
    let Some(pages) = html5lib::pages() else { return };
    for html in pages.iter().flat_map(|page| variants(&page.html)) {
        let Ok(found) = scan(html.as_bytes(), Dialect::Html) else { continue };
        assert_eq!(apply(html.as_bytes(), &found, &[]).unwrap(), html.as_bytes());
        let same = |(tag, found): (usize, &Tag)| {
            let attributes =
                found.attributes().iter().filter(|attribute| attribute.value.is_some());
            let names = attributes.map(|attribute| attribute.name.clone());
            let first = |name: String| Change::Set {
                value: found.text(&name).unwrap_or_default().to_owned(),
                attribute: name,
            };
            Edit { tag, changes: names.map(first).collect() }
        };
        let edits: Vec<_> = found.tags.iter().enumerate().map(same).collect();
        if found.tags.iter().all(|tag| tag.attributes().iter().all(is_plainly_named)) {
            assert_eq!(
                apply(html.as_bytes(), &found, &edits).unwrap(),
                html.as_bytes(),
                "{html:?}"
            );
        }
    }
}

fn is_plainly_named(attribute: &inhouse::html::Attribute) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b':';
    attribute.value.is_some() && attribute.name.bytes().all(plain)
}

#[test]
fn integrity_on_every_script_is_exactly_what_a_second_scan_finds() {
    const INTEGRITY: &str =
        "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
    let Some(pages) = html5lib::pages() else { return };
    let mut edited_scripts = 0;
    for html in pages.iter().flat_map(|page| variants(&page.html)) {
        let Ok(found) = scan(html.as_bytes(), Dialect::Html) else { continue };
        let set = Change::Set { attribute: "integrity".into(), value: INTEGRITY.into() };
        let edits: Vec<_> =
            (0..found.tags.len()).map(|tag| Edit { tag, changes: vec![set.clone()] }).collect();
        let edited = apply(html.as_bytes(), &found, &edits).unwrap();
        let again = scan(&edited, Dialect::Html).unwrap();
        assert_eq!(scanned(&again), scanned(&found), "{html:?}");
        assert!(again.tags.iter().all(|tag| tag.text("integrity") == Some(INTEGRITY)), "{html:?}");
        let inserted = format!(" integrity=\"{INTEGRITY}\"");
        let edited = String::from_utf8(edited).unwrap();
        assert_eq!(edited.matches(&inserted).count(), found.tags.len());
        assert_eq!(edited.replace(&inserted, ""), html);
        edited_scripts += found.tags.len();
    }
    assert!(edited_scripts > 7_000, "only {edited_scripts} scripts edited");
}

/// Gives every plain `<script>` code that loads a module.
fn with_imports(html: &str) -> String {
    html.replace("<script>", "<script>import('a');").replace("<SCRIPT>", "<SCRIPT>import('a');")
}

#[test]
fn a_new_part_of_an_inline_script_leaves_every_byte_around_it() {
    let Some(pages) = html5lib::pages() else { return };
    let mut edited_scripts = 0;
    for html in pages.iter().map(|page| with_imports(&page.html)) {
        let Ok(found) = scan(html.as_bytes(), Dialect::Html) else { continue };
        for (tag, script) in found.tags.iter().enumerate() {
            let TagKind::InlineScript { content, text, .. } = &script.kind else { continue };
            let in_text = text.find("'a'").expect("every inline script here begins with an import");
            let in_page = content.start + html[content.clone()].find("'a'").unwrap();
            let change = Change::Splice { span: in_text..in_text + 3, text: "'./b.js'".into() };
            let edited =
                apply(html.as_bytes(), &found, &[Edit { tag, changes: vec![change] }]).unwrap();
            let expected = format!("{}'./b.js'{}", &html[..in_page], &html[in_page + 3..]);
            assert_eq!(String::from_utf8(edited).unwrap(), expected);
            edited_scripts += 1;
        }
    }
    assert!(edited_scripts > 50, "only {edited_scripts} scripts edited");
}

#[test]
fn an_import_map_that_is_inserted_and_removed_leaves_the_page_as_it_was() {
    let Some(pages) = html5lib::pages() else { return };
    let mut inserted = 0;
    for html in pages.iter().flat_map(|page| variants(&page.html)) {
        let Ok(found) = scan(html.as_bytes(), Dialect::Html) else { continue };
        let takes_one =
            |tag: &Tag| tag.place == Place::Document && !matches!(tag.kind, TagKind::SvgScript(_));
        let Some(tag) = found.tags.iter().position(takes_one) else { continue };
        let map = Change::InsertImportMap { nonce: Some("n".into()), text: "{}".into() };
        let edited = apply(html.as_bytes(), &found, &[Edit { tag, changes: vec![map] }])
            .unwrap_or_else(|error| panic!("{error}: {html:?}"));
        let again = scan(&edited, Dialect::Html).unwrap();
        let remove = Edit { tag, changes: vec![Change::RemoveElement] };
        let restored = String::from_utf8(apply(&edited, &again, &[remove]).unwrap()).unwrap();
        // The line break before it stays.
        let at = found.tags[tag].span.start;
        let line = restored.strip_prefix(&html[..at]).and_then(|r| r.strip_suffix(&html[at..]));
        assert!(line.is_some_and(|line| line.trim_ascii().is_empty()), "{html:?}\n{restored:?}");
        inserted += 1;
    }
    assert!(inserted > 3_000, "only {inserted} import maps inserted");
}

#[test]
fn no_prefix_of_a_page_makes_the_scanner_panic() {
    let Some(pages) = html5lib::pages() else { return };
    let mut read = 0;
    for page in &pages {
        let html = with_addresses(&page.html);
        for end in (0..html.len()).rev().take(400) {
            read += usize::from(scan(&html.as_bytes()[..end], Dialect::Xhtml).is_ok());
        }
    }
    assert!(read > 50_000, "only {read} prefixes read");
}
