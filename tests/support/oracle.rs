//! The scripts of a page by two independent readers: our scanner, and html5ever's tree judged by
//! HTML's own rules for what a script is (HTML 4.12.1.1), written down here a second time.
#![allow(dead_code)] // every test binary compiles all of this and uses its own part

use html5ever::{ParseOpts, parse_document, tendril::TendrilSink};
use inhouse::html::{Place, Remark, Scan, Tag, TagKind};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// A script element with an address: (namespace, type, address). The namespace of one that browsers
/// do not run is `parked`.
pub type Script = (&'static str, Option<String>, String);

/// A page as it is, with an address on every script, and with one more script at the end: a parser
/// that is in a wrong state reads that one wrong.
pub fn variants(html: &str) -> [String; 3] {
    [html.to_owned(), with_addresses(html), format!("{html}<script src=probe></script>")]
}

/// Gives every `<script` an address of its own.
pub fn with_addresses(html: &str) -> String {
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

/// What both readers make of a page, ours first. A remark on a parked script does not say where it
/// stands, so those count only in pages without pages inside.
pub fn both(html: &str, scan: &Scan) -> (Vec<Script>, Vec<Script>) {
    let (mut scanned, mut parsed) = (scanned(scan), parsed(html));
    let lower = html.to_ascii_lowercase();
    if lower.contains("srcdoc") || lower.contains("<!--[if") {
        scanned.retain(|(namespace, ..)| *namespace != "parked");
        parsed.retain(|(namespace, ..)| *namespace != "parked");
    }
    // A late `<frameset>` throws the body out of the tree (HTML 13.2.6.4.7), but scripts in it have
    // run by then, and the tree does not show them.
    if lower.contains("<frameset") {
        scanned.retain(|script| parsed.contains(script));
    }
    (scanned, parsed)
}

/// The scripts a scan reports in the document itself; parked ones are told apart by their type.
pub fn scanned(scan: &Scan) -> Vec<Script> {
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
        Remark::InlineBuilt { .. } | Remark::SvgInline { .. } | Remark::SrcdocNotRead { .. } => {
            None
        }
    };
    let mut scripts: Vec<_> = scan.tags.iter().filter_map(tag).collect();
    scripts.extend(scan.remarks.iter().filter_map(parked));
    scripts.sort();
    scripts
}

/// The scripts that a conforming parser's tree holds.
pub fn parsed(html: &str) -> Vec<Script> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let mut scripts = Vec::new();
    // Not recursive: a page may be deeper than the stack.
    let mut nodes: Vec<Handle> = vec![dom.document.clone()];
    while let Some(node) = nodes.pop() {
        if let NodeData::Element { name, attrs, template_contents, .. } = &node.data {
            if &*name.local == "script" {
                let attributes = attrs.borrow();
                let value = |wanted: &str| {
                    let found = attributes.iter().find(|attribute| {
                        let name = &attribute.name;
                        match &name.prefix {
                            Some(prefix) if !prefix.is_empty() => {
                                format!("{prefix}:{}", name.local) == wanted
                            }
                            _ => &*name.local == wanted,
                        }
                    });
                    found.map(|attribute| attribute.value.to_string())
                };
                scripts.extend(script(&name.ns, value));
            }
            nodes.extend(template_contents.borrow().clone());
        }
        nodes.extend(node.children.borrow().iter().cloned());
    }
    scripts.sort();
    scripts
}

/// A script element of this namespace and these attributes, if it has an address.
pub fn script(namespace: &str, value: impl Fn(&str) -> Option<String>) -> Option<Script> {
    let (name, address) = match namespace {
        "http://www.w3.org/1999/xhtml" => ("html", value("src")?),
        "http://www.w3.org/2000/svg" => ("svg", value("href").or_else(|| value("xlink:href"))?),
        _ => return None,
    };
    match parked_as(name, &value) {
        None => Some((name, value("type"), address)),
        Some(reason) => Some(("parked", Some(reason), address)),
    }
}

/// What keeps browsers from running a script: steps 8 to 12 and 19 of "prepare the script element".
fn parked_as(namespace: &str, value: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let (r#type, language) = match namespace {
        "html" => (value("type"), value("language")),
        _ => (value("type"), None),
    };
    let text = match (r#type, language) {
        (Some(r#type), _) if !r#type.is_empty() => r#type,
        (None, Some(language)) if !language.is_empty() => format!("text/{language}"),
        _ => "text/javascript".to_owned(),
    };
    let space = |c: char| c.is_ascii_whitespace();
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "module" => return None,
        "importmap" | "speculationrules" => return Some(lower),
        _ if !is_javascript(lower.trim_matches(space)) => return Some(text),
        _ => {}
    }
    let (target, event) = (value("for")?, value("event")?);
    let onload = event.trim_matches(space).to_ascii_lowercase();
    let window = target.trim_matches(space).eq_ignore_ascii_case("window");
    let runs = namespace == "svg" || window && (onload == "onload" || onload == "onload()");
    (!runs).then(|| format!("for={target} event={event}"))
}

/// "JavaScript MIME type essence match", for text in lower case. Without a `type`, a `language` with
/// outer spaces is none: `text/ javascript`.
fn is_javascript(essence: &str) -> bool {
    match essence.split_once('/') {
        Some(("application", subtype)) => {
            ["ecmascript", "javascript"].contains(&subtype.strip_prefix("x-").unwrap_or(subtype))
        }
        Some(("text", "jscript" | "livescript")) => true,
        Some(("text", subtype)) => {
            let version = subtype.strip_prefix("javascript1.");
            version.is_some_and(|minor| ["0", "1", "2", "3", "4", "5"].contains(&minor))
                || ["ecmascript", "javascript"]
                    .contains(&subtype.strip_prefix("x-").unwrap_or(subtype))
        }
        _ => false,
    }
}
