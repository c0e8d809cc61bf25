//! What a page of a finished site loads, followed from file to file as a browser does.
//!
//! The page is read by html5ever, not by the scanner of the tool, and modules are found by their
//! URLs in the site's folder: whatever leads out of it, or to no file, fails the test, and so does a
//! module that loads with the page but that no integrity guards.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use html5ever::{ParseOpts, parse_document, tendril::TendrilSink};
use inhouse::internals::{
    graph::{
        closure::{Closure, Found, Module, Page, Reach, Request, Root, Use, trace},
        import_map::{ImportMap, ImportMapText},
    },
    integrity::IntegrityMetadata,
    js::{self, Loads, ModuleType, SourceKind},
    reference::SubresourceUrl,
};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use url::Url;

const MODULE: Use = Use::Module(ModuleType::JavaScriptOrWasm);

/// What a page loads.
#[derive(Debug, Default)]
pub struct Walk {
    /// The files that load with the page, by their paths in the site.
    pub r#static: BTreeSet<String>,
    /// The files that code may load later.
    pub lazy: BTreeSet<String>,
    /// The files that the page's import map names, whether anything imports them or not.
    pub named: BTreeSet<String>,
    /// The integrity that the page states, by path.
    pub integrity: BTreeMap<String, String>,
}

/// An element that loads a script, or an inline script.
#[derive(Debug, Default)]
struct Element {
    kind: String,
    address: Option<String>,
    integrity: Option<String>,
    text: String,
}

/// Follows `page`, a path in `site`, and holds it to what is said above.
pub fn walk(site: &Path, page: &str) -> Walk {
    let base = Url::parse(&format!("https://site.example/{page}")).unwrap();
    let html = fs::read_to_string(site.join(page)).unwrap();
    let elements = elements(&html);
    let map = import_map(&elements, &base);
    let inline: Vec<_> = elements.iter().filter_map(inline_scan).collect();
    let mut roots: Vec<Root<'_>> = inline.iter().map(Root::Inline).collect();
    let mut integrity = BTreeMap::new();
    for element in &elements {
        let Some(address) = &element.address else { continue };
        let url = base.join(address).unwrap();
        if let Some(text) = &element.integrity {
            integrity.insert(path_of(&url, page), text.clone());
        }
        let r#use = if element.kind == "classic" { Use::Classic } else { MODULE };
        roots.push(Root::External(Request { url: SubresourceUrl::try_from(url).unwrap(), r#use }));
    }
    for (url, text) in map.integrity() {
        integrity.insert(path_of(&Url::parse(url).unwrap(), page), text.clone());
    }
    let closure = follow(site, &Page { base: &base, map: &map, roots: &roots });
    assert_eq!(closure.broken, [], "{page}");
    let scopes = map.scopes().iter().map(|(_, entries)| entries);
    let named = scopes.chain([map.imports()]).flatten().filter_map(|(key, address)| {
        let address = address.as_ref().filter(|_| !key.ends_with('/'))?;
        Some(path_of(address, page))
    });
    let mut walk = Walk { integrity, named: named.collect(), ..Walk::default() };
    for (request, reached) in &closure.reached {
        let path = path_of(&Url::parse(request.url.as_str()).unwrap(), page);
        let to = if reached.reach == Reach::Static { &mut walk.r#static } else { &mut walk.lazy };
        to.insert(path);
    }
    walk.assert_guarded(site, page);
    walk
}

impl Walk {
    /// All files.
    pub fn files(&self) -> BTreeSet<&String> {
        self.r#static.iter().chain(&self.lazy).chain(&self.named).collect()
    }

    fn assert_guarded(&self, site: &Path, page: &str) {
        let unguarded: Vec<_> =
            self.r#static.iter().filter(|path| !self.integrity.contains_key(*path)).collect();
        assert_eq!(unguarded, [] as [&String; 0], "modules that {page} loads without integrity");
        for (path, text) in &self.integrity {
            let bytes = fs::read(site.join(path)).unwrap_or_else(|e| panic!("{page}: {path}: {e}"));
            let verified = IntegrityMetadata::parse(text).verify(&bytes);
            assert!(verified.is_ok(), "{page}: {path} has another integrity than {text}");
        }
    }
}

/// Reads modules from the site's folder until nothing is missing.
fn follow(site: &Path, page: &Page<'_>) -> Closure {
    let mut modules: BTreeMap<Request, Module> = BTreeMap::new();
    loop {
        let closure = trace(page, |request| match modules.get(request) {
            Some(module) => Found::Module(module),
            None => Found::NotYet,
        });
        if closure.frontier.is_empty() {
            return closure;
        }
        for request in &closure.frontier {
            let url = Url::parse(request.url.as_str()).unwrap();
            let path = site.join(path_of(&url, &format!("{:?}", closure.reached[request].by)));
            let bytes = fs::read(&path).unwrap_or_else(|error| {
                panic!("{url}: {error}, named by {:?}", closure.reached[request].by)
            });
            let loads = match is_script(&path) {
                true => request.r#use.scan(&bytes).unwrap().loads,
                false => Default::default(),
            };
            modules.insert(request.clone(), Module { response_url: url, loads });
        }
    }
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["js", "mjs", "cjs"].iter().any(|e| *e == extension))
}

/// The path in the site that a URL leads to.
fn path_of(url: &Url, by: &str) -> String {
    assert_eq!(url.host_str(), Some("site.example"), "{url} leads elsewhere, in {by}");
    percent_encoding::percent_decode_str(&url.path()[1..]).decode_utf8().unwrap().into_owned()
}

fn inline_scan(element: &Element) -> Option<Loads> {
    let kind = match (element.kind.as_str(), &element.address) {
        ("module", None) => SourceKind::Module,
        ("classic", None) => SourceKind::Classic,
        _ => return None,
    };
    Some(js::scan(element.text.as_bytes(), kind).unwrap().loads)
}

fn import_map(elements: &[Element], base: &Url) -> ImportMap {
    let mut map = ImportMap::default();
    for element in elements.iter().filter(|element| element.kind == "importmap") {
        let (meaning, warnings) = ImportMapText::parse(&element.text).unwrap().meaning(base);
        assert_eq!(warnings, []);
        map.merge(meaning);
    }
    map
}

/// The page's scripts and module preloads, in document order.
fn elements(html: &str) -> Vec<Element> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let mut elements = Vec::new();
    collect(&dom.document, &mut elements);
    elements
}

fn collect(node: &Handle, elements: &mut Vec<Element>) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let value = |wanted: &str| {
            let attributes = attrs.borrow();
            let found = attributes.iter().find(|attribute| &*attribute.name.local == wanted);
            found.map(|attribute| attribute.value.to_string())
        };
        let kind = match &*name.local {
            "script" => match value("type").as_deref() {
                None | Some("" | "text/javascript") => "classic".to_owned(),
                Some(r#type) => r#type.to_owned(),
            },
            "link" if value("rel").as_deref() == Some("modulepreload") => "preload".to_owned(),
            _ => String::new(),
        };
        if !kind.is_empty() {
            let address = value("src").or_else(|| value("href"));
            let integrity = value("integrity");
            elements.push(Element { kind, address, integrity, text: text(node) });
        }
    }
    for child in node.children.borrow().iter() {
        collect(child, elements);
    }
}

fn text(node: &Handle) -> String {
    let children = node.children.borrow();
    let texts = children.iter().map(|child| match &child.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => String::new(),
    });
    texts.collect()
}
