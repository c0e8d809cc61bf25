//! Laws that hold for every page of html5lib-tests: what the scanner reports is what a conforming
//! parser builds, and what the splicer changes is what it was asked to change.
//!
//! The pages are taken as they are and in two variants: with an address on every script, because
//! the suite's scripts rarely have one, and with a last script behind everything, because a parser
//! that has lost its way reads that one wrong.

use std::collections::BTreeMap;

use html5ever::{ParseOpts, parse_document, tendril::TendrilSink};
use inhouse::html::{
    Change, Dialect, Edit, Place, Remark, Scan, ScanError, Tag, TagKind, apply, scan,
};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

#[path = "support/html5lib.rs"]
mod html5lib;

/// A script element with an address: (namespace, type, address).
type Script = (&'static str, Option<String>, String);

fn variants(html: &str) -> [String; 3] {
    [html.to_owned(), with_addresses(html), format!("{html}<script src=probe></script>")]
}

/// Gives every `<script` an address of its own.
fn with_addresses(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut page = String::new();
    let mut at = 0;
    for (number, (start, word)) in lower.match_indices("<script").enumerate() {
        let end = start + word.len();
        page.push_str(&html[at..end]);
        if html[end..].starts_with([' ', '>', '/', '\n', '\t']) {
            page.push_str(&format!(" src='a{number}&amp;' href=b{number}"));
        }
        at = end;
    }
    page + &html[at..]
}

/// The scripts a scan reports in the document itself; parked ones are told apart by their type.
fn scanned(scan: &Scan) -> Vec<Script> {
    let tag = |tag: &Tag| {
        let namespace = match &tag.kind {
            TagKind::Script(_) => "html",
            TagKind::SvgScript(_) => "svg",
            TagKind::Link(_) | TagKind::MetaCsp | TagKind::InlineScript { .. } => return None,
        };
        let address = tag.address()?.to_owned();
        Some((namespace, tag.text("type").map(str::to_owned), address))
            .filter(|_| tag.place == Place::Document)
    };
    let parked = |remark: &Remark| match remark {
        Remark::ParkedScript { src, r#type, .. } => {
            Some(("parked", Some(r#type.clone()), src.clone()))
        }
        Remark::InlineBuilt { .. } | Remark::SrcdocNotRead { .. } => None,
    };
    let mut scripts: Vec<_> = scan.tags.iter().filter_map(tag).collect();
    scripts.extend(scan.remarks.iter().filter_map(parked));
    scripts.sort();
    scripts
}

/// The scripts that a conforming parser's tree holds.
fn parsed(html: &str) -> Vec<Script> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let mut scripts = Vec::new();
    collect(&dom.document, &mut scripts);
    scripts.sort();
    scripts
}

fn collect(node: &Handle, scripts: &mut Vec<Script>) {
    if let NodeData::Element { name, attrs, template_contents, .. } = &node.data {
        if &*name.local == "script" {
            let attributes = attrs.borrow();
            let value = |wanted: &str| {
                let found = attributes.iter().find(|attribute| &*attribute.name.local == wanted);
                found.map(|attribute| attribute.value.to_string())
            };
            scripts.extend(script(&name.ns, value));
        }
        if let Some(contents) = &*template_contents.borrow() {
            collect(contents, scripts);
        }
    }
    for child in node.children.borrow().iter() {
        collect(child, scripts);
    }
}

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
            attributes.insert(name.trim_start_matches("xlink ").to_owned(), value.to_owned());
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

/// The few types that occur in the suite, judged independently of the scanner.
fn script(namespace: &str, value: impl Fn(&str) -> Option<String>) -> Option<Script> {
    let r#type = value("type");
    let runs = match r#type.as_deref() {
        None => value("language").is_none(),
        Some(r#type) => ["", "module", "text/javascript"].contains(&r#type),
    };
    let (name, address) = match namespace {
        "http://www.w3.org/1999/xhtml" => ("html", value("src")?),
        "http://www.w3.org/2000/svg" => ("svg", value("href")?),
        _ => return None,
    };
    Some(if runs { (name, r#type, address) } else { ("parked", r#type, address) })
}

/// Pages the scanner refuses rather than report other scripts than a conforming parser finds.
const REFUSED: [(&str, usize, &str); 0] = [];

#[test]
fn the_scanner_reports_the_scripts_that_a_conforming_parser_finds() {
    let Some(pages) = html5lib::pages() else { return };
    let mut compared = 0;
    let mut with_scripts = 0;
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for page in &pages {
        for html in variants(&page.html) {
            match scan(html.as_bytes(), Dialect::Html) {
                Ok(found) => {
                    let scripts = scanned(&found);
                    assert_eq!(scripts, parsed(&html), "{}: {html:?}", page.name);
                    compared += 1;
                    with_scripts += usize::from(!scripts.is_empty());
                }
                Err(ScanError::Ambiguous { .. }) => {
                    eprintln!("refused {}: {html:?}", page.name);
                    let file = page.name.split(':').next().unwrap_or_default();
                    *refused.entry(file.to_owned()).or_default() += 1;
                }
                Err(other) => panic!("{}: {other} {html:?}", page.name),
            }
        }
    }
    eprintln!("compared {compared} pages, {with_scripts} of them with scripts");
    assert!(compared > 20_000 && with_scripts > 7_000, "{compared}, {with_scripts}");
    let named: BTreeMap<String, usize> =
        REFUSED.iter().map(|(file, count, _)| ((*file).to_owned(), *count)).collect();
    assert_eq!(refused, named);
}
