//! Graphs: what a page loads, which files that takes, and what must change when they move.

use std::collections::{BTreeMap, BTreeSet};

use inhouse::internals::{
    graph::{
        closure::{Closure, Found, Module, Page, Reach, Request, Root, Use, trace},
        import_map::{ImportMap, ImportMapText},
        relocation::{Flaw, Move, edits, prove},
        specifier::Unresolved,
    },
    js::{self, ModuleType, SourceKind, WorkerType, literal::rewrite},
    reference::SubresourceUrl,
};
use url::Url;

const JS: Use = Use::Module(ModuleType::JavaScriptOrWasm);
const PAGE: &str = "https://site.example/index.html";

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn request(text: &str, r#use: Use) -> Request {
    Request { url: text.parse::<SubresourceUrl>().unwrap(), r#use }
}

/// A CDN: code by address, and addresses that lead to another.
#[derive(Default)]
struct Cdn {
    files: BTreeMap<String, String>,
    redirects: BTreeMap<String, String>,
}

impl Cdn {
    fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(name, code)| (at(name), (*code).to_owned())).collect();
        Self { files, redirects: BTreeMap::new() }
    }

    fn redirect(mut self, from: &str, to: &str) -> Self {
        self.redirects.insert(at(from), at(to));
        self
    }

    fn get(&self, request: &Request) -> Option<Module> {
        let asked = request.url.as_str().to_owned();
        let address = self.redirects.get(&asked).unwrap_or(&asked);
        let code = self.files.get(address)?;
        Some(Module {
            response_url: url(address),
            loads: request.r#use.scan(code.as_bytes()).unwrap().loads,
        })
    }
}

/// Short names are files of one CDN.
fn at(name: &str) -> String {
    if name.contains("://") { name.to_owned() } else { format!("https://cdn.example/{name}") }
}

/// Fetches and traces in turns, as the tool does; what the CDN does not have is left.
fn load(page: &Page<'_>, cdn: &Cdn) -> (Closure, usize) {
    let mut fetched: BTreeMap<Request, Option<Module>> = BTreeMap::new();
    for turn in 0.. {
        let closure = trace(page, |request| match fetched.get(request) {
            None => Found::NotYet,
            Some(None) => Found::Left,
            Some(Some(module)) => Found::Module(module),
        });
        if closure.frontier.is_empty() {
            return (closure, turn);
        }
        for request in &closure.frontier {
            assert!(!fetched.contains_key(request), "{request:?} is fetched twice");
            fetched.insert(request.clone(), cdn.get(request));
        }
    }
    unreachable!("the frontier becomes empty")
}

fn page<'a>(base: &'a Url, map: &'a ImportMap, roots: &'a [Root<'a>]) -> Page<'a> {
    Page { base, map, roots }
}

/// The closure of a module on the CDN.
fn closure_of(entry: &str, cdn: &Cdn) -> Closure {
    let (base, map) = (url(PAGE), ImportMap::default());
    load(&page(&base, &map, &[Root::External(request(&at(entry), JS))]), cdn).0
}

/// (file, reach) of every request for a module.
fn reached(closure: &Closure) -> Vec<(String, Reach)> {
    let name = |request: &Request| request.url.as_str().replace("https://cdn.example/", "");
    closure.reached.iter().map(|(request, how)| (name(request), how.reach)).collect()
}

fn all_static(names: &[&str]) -> Vec<(String, Reach)> {
    names.iter().map(|name| ((*name).to_owned(), Reach::Static)).collect()
}

#[test]
fn circles_diamonds_and_a_module_that_imports_itself_end() {
    let cdn = Cdn::new(&[
        ("a.js", "import './b.js'; import './c.js'; import './a.js'"),
        ("b.js", "import './d.js'"),
        ("c.js", "export * from './d.js'"),
        ("d.js", "import './a.js'"),
    ]);
    let closure = closure_of("a.js", &cdn);
    assert_eq!(reached(&closure), all_static(&["a.js", "b.js", "c.js", "d.js"]));
    assert_eq!(closure.broken, []);
}

#[test]
fn what_only_lazy_code_needs_is_lazy() {
    let cdn = Cdn::new(&[
        ("a.js", "import './b.js'; import('./lazy.js'); import('./c.js')"),
        ("b.js", "import './c.js'"),
        ("c.js", ""),
        ("lazy.js", "import './deep.js'; import './c.js'"),
        ("deep.js", ""),
    ]);
    let expected = ["a.js", "b.js", "c.js"].map(|name| (name.to_owned(), Reach::Static));
    let lazy = ["deep.js", "lazy.js"].map(|name| (name.to_owned(), Reach::Lazy));
    assert_eq!(reached(&closure_of("a.js", &cdn)), [&expected[..], &lazy].concat());
}

#[test]
fn stubs_are_followed_against_the_responses_url() {
    let cdn = Cdn::new(&[
        ("pkg@1.2.3/index.js", "import '/dep@^1?target=es2022'; export * from './es2022/pkg.mjs'"),
        ("dep@1.9.0/dep.js", "import './inner.js'"),
        ("pkg@1.2.3/es2022/pkg.mjs", ""),
        ("dep@1.9.0/inner.js", ""),
    ])
    .redirect("pkg", "pkg@1.2.3/index.js")
    .redirect("dep@^1?target=es2022", "dep@1.9.0/dep.js");
    let names: Vec<_> =
        reached(&closure_of("pkg", &cdn)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["dep@1.9.0/inner.js", "dep@^1?target=es2022", "pkg", "pkg@1.2.3/es2022/pkg.mjs"]
    );
}

#[test]
fn two_versions_lie_side_by_side() {
    let cdn = Cdn::new(&[
        ("a.js", "import '/x@1/x.js'; import './b.js'"),
        ("b.js", "import '/x@2/x.js'"),
        ("x@1/x.js", ""),
        ("x@2/x.js", ""),
    ]);
    assert_eq!(
        reached(&closure_of("a.js", &cdn)),
        all_static(&["a.js", "b.js", "x@1/x.js", "x@2/x.js"])
    );
}

#[test]
fn a_fragment_makes_no_second_request_and_a_type_does() {
    let cdn = Cdn::new(&[
        (
            "a.js",
            "import './b.js#1'; import './b.js#2'; import d from './d' with {type:'json'}; import('./d')",
        ),
        ("b.js", ""),
        ("d", ""),
    ]);
    let closure = closure_of("a.js", &cdn);
    let d = |r#type| request(&at("d"), Use::Module(r#type));
    let requests: BTreeSet<_> = closure.reached.keys().cloned().collect();
    let expected = [
        request(&at("a.js"), JS),
        request(&at("b.js"), JS),
        d(ModuleType::Json),
        d(ModuleType::JavaScriptOrWasm),
    ];
    assert_eq!(requests, BTreeSet::from(expected));
}

#[test]
fn what_is_not_fetched_from_anywhere_is_left() {
    let cdn = Cdn::new(&[(
        "a.js",
        "import 'data:text/javascript,1'; import 'node:fs'; import('blob:x')",
    )]);
    assert_eq!(reached(&closure_of("a.js", &cdn)), all_static(&["a.js"]));
}

#[test]
fn what_cannot_be_had_is_reached_all_the_same() {
    let cdn = Cdn::new(&[("a.js", "import './gone.js'; import('./lazy-gone.js')")]);
    let expected =
        [("a.js", Reach::Static), ("gone.js", Reach::Static), ("lazy-gone.js", Reach::Lazy)];
    let expected: Vec<_> = expected.map(|(name, reach)| (name.to_owned(), reach)).into();
    assert_eq!(reached(&closure_of("a.js", &cdn)), expected);
}

#[test]
fn an_inline_module_is_an_entry_and_uses_the_pages_map_and_base() {
    let text =
        r#"{"imports": {"lit": "https://cdn.example/lit.js", "t/": "https://cdn.example/t/"}}"#;
    let base = url(PAGE);
    let (map, _) = ImportMapText::parse(text).unwrap().meaning(&base);
    let inline =
        js::scan(b"import 'lit';\nimport './own.js'; import 'none'", SourceKind::Module).unwrap();
    let inline = inline.loads;
    let cdn = Cdn::new(&[("lit.js", "import 't/x.js'"), ("t/x.js", "")]);
    let (closure, turns) = load(&page(&base, &map, &[Root::Inline(&inline)]), &cdn);
    assert_eq!(reached(&closure), all_static(&["lit.js", "t/x.js", "https://site.example/own.js"]));
    assert_eq!(turns, 2);
    assert_eq!(closure.broken.len(), 1);
    assert_eq!(closure.broken[0].why, Unresolved::Bare("none".into()));
    assert_eq!((closure.broken[0].line, closure.broken[0].in_worker), (2, false));
}

#[test]
fn pages_with_different_maps_share_a_module_and_not_its_meaning() {
    let cdn = Cdn::new(&[("a.js", "import 'x'"), ("x1.js", ""), ("x2.js", "")]);
    let base = url(PAGE);
    for name in ["x1.js", "x2.js"] {
        let text = format!(r#"{{"imports": {{"x": "https://cdn.example/{name}"}}}}"#);
        let (map, _) = ImportMapText::parse(&text).unwrap().meaning(&base);
        let roots = [Root::External(request(&at("a.js"), JS))];
        let (closure, _) = load(&page(&base, &map, &roots), &cdn);
        assert_eq!(reached(&closure), all_static(&["a.js", name]));
    }
}

#[test]
fn a_module_that_is_also_a_classic_script_is_two_requests() {
    let cdn = Cdn::new(&[("a.js", "import('./b.js')"), ("b.js", "")]);
    let (base, map) = (url(PAGE), ImportMap::default());
    let roots = [JS, Use::Classic].map(|r#use| Root::External(request(&at("a.js"), r#use)));
    let (closure, _) = load(&page(&base, &map, &roots), &cdn);
    assert_eq!(closure.reached.len(), 3);
}

#[test]
fn a_worker_has_no_import_map_and_its_own_base() {
    let cdn = Cdn::new(&[
        (
            "a.js",
            "import 'x'; new Worker(new URL('./w/worker.js', import.meta.url), {type: 'module'})",
        ),
        ("x.js", ""),
        ("w/worker.js", "import './part.js'; import 'x'; new Worker('./nested.js')"),
        ("w/part.js", ""),
        ("w/nested.js", "importScripts('lib/a.js', '/b.js')"),
        ("w/lib/a.js", "importScripts('c.js')"),
        ("b.js", ""),
        ("w/c.js", ""),
    ]);
    let base = url(PAGE);
    let text = r#"{"imports": {"x": "https://cdn.example/x.js"}}"#;
    let (map, _) = ImportMapText::parse(text).unwrap().meaning(&base);
    let roots = [Root::External(request(&at("a.js"), JS))];
    let (closure, _) = load(&page(&base, &map, &roots), &cdn);
    let names: BTreeSet<_> = reached(&closure).into_iter().map(|(name, _)| name).collect();
    let expected =
        ["a.js", "b.js", "w/c.js", "w/lib/a.js", "w/nested.js", "w/part.js", "w/worker.js", "x.js"];
    assert_eq!(names, expected.map(str::to_owned).into());
    let [broken] = closure.broken.as_slice() else { panic!("{:?}", closure.broken) };
    assert!(broken.in_worker);
    assert_eq!(broken.reach, Reach::Lazy);
    assert!(!closure.reached[&request(&at("w/part.js"), JS)].in_document);
    assert!(closure.reached[&request(&at("x.js"), JS)].in_document);
}

#[test]
fn wasm_beside_a_module_and_style_modules_are_fetched_and_not_read() {
    let cdn = Cdn::new(&[
        (
            "a.js",
            "fetch(new URL('./a.wasm', import.meta.url)); import s from './a.css' with {type:'css'}; await 0",
        ),
        ("a.css", "@import 'x'"),
        ("a.wasm", ""),
    ]);
    let closure = closure_of("a.js", &cdn);
    assert!(closure.reached.contains_key(&request(&at("a.wasm"), Use::Asset)));
    assert!(closure.reached.contains_key(&request(&at("a.css"), Use::Module(ModuleType::Css))));
}

#[test]
fn a_script_of_unknown_use_is_read_as_either() {
    let classic = Use::Worker(WorkerType::Unknown).scan(b"with (a) importScripts('b.js')").unwrap();
    assert_eq!(classic.loads.specifiers[0].text, "b.js");
    let module = Use::Worker(WorkerType::Unknown).scan(b"import 'b.js'").unwrap();
    assert_eq!(module.loads.specifiers[0].text, "b.js");
    assert!(Use::Asset.scan(b"<html>import").is_err());
    assert_eq!(
        Use::Module(ModuleType::Json).scan(b"not json import").unwrap().loads.specifiers,
        []
    );
}

// Moving.

/// A mirror of the CDN below `/vendor/`, except for `/kept/`; a final `+esm` gets an extension.
fn local(url: &Url) -> Option<Url> {
    let is_vendored = url.host_str() == Some("cdn.example") && !url.path().starts_with("/kept/");
    let path = url.path().replace("+esm", "%2Besm.js");
    is_vendored
        .then(|| Url::parse(&format!("https://site.example/vendor/cdn.example{path}")).unwrap())
}

fn relocate(name: &str, code: &str) -> String {
    let from = url(&at(name));
    let to = local(&from).unwrap();
    let scan = js::scan(code.as_bytes(), SourceKind::Module).unwrap();
    let script = Move { from: &from, to: &to };
    let edited = rewrite(code.as_bytes(), &edits(&scan, script, None, local)).unwrap();
    let rescan = js::scan(&edited, SourceKind::Module).unwrap();
    let judge = |url: &Url| match url.host_str() {
        Some("cdn.example") => local(url).map(|_| Flaw::StillRemote),
        Some("site.example") if !url.path().starts_with("/vendor/") => Some(Flaw::Dangling),
        _ => None,
    };
    assert_eq!(prove(&rescan.loads, &to, None, judge), []);
    String::from_utf8(edited).unwrap()
}

#[test]
fn a_mirrored_module_needs_no_edit() {
    for code in [
        "import './b.js'",
        "import '../c.js#f'; import('bare'); import 'data:,1'",
        "import 'https://other.example/x.js'",
    ] {
        assert_eq!(relocate("npm/a@1/a.js", code), code);
    }
}

#[test]
fn specifiers_that_would_lead_elsewhere_are_edited() {
    for (code, expected) in [
        ("import '/npm/b@2/b.js'", "import '../b@2/b.js'"),
        ("export*from\"https://cdn.example/npm/b@2/b.js\"", "export*from\"../b@2/b.js\""),
        ("import '//cdn.example/x.js#f'", "import '../../x.js#f'"),
        ("import('/npm/b/+esm')", "import('../b/%2Besm.js')"),
        ("import '../../../../x.js'", "import '../../x.js'"),
        ("import './a.js?v=1'", "import './a.js'"),
        ("import '/kept/k.js'", "import 'https://cdn.example/kept/k.js'"),
        ("new URL('/a.wasm', import.meta.url)", "new URL('../../a.wasm', import.meta.url)"),
        ("new Worker('/w.js')", "new Worker('/w.js')"),
    ] {
        assert_eq!(relocate("npm/a@1/a.js", code), expected, "{code}");
    }
}

#[test]
fn import_scripts_moves_with_its_worker() {
    let (from, to) =
        (url("https://cdn.example/w/lib/a.js"), url("https://site.example/vendor/x/a.js"));
    let (old, new) =
        (url("https://cdn.example/w/w.js"), url("https://site.example/vendor/cdn.example/w/w.js"));
    let code = b"importScripts('c.js', '/b.js')";
    let scan = js::scan(code, SourceKind::Worker { module: false }).unwrap();
    let settings = Some(Move { from: &old, to: &new });
    let edits = edits(&scan, Move { from: &from, to: &to }, settings, local);
    assert_eq!(rewrite(code, &edits).unwrap(), b"importScripts('c.js', '../b.js')");
}

#[test]
fn flaws_are_found() {
    let scan = js::scan(
        b"import './gone.js'; import 'https://cdn.example/a.js'; import 'bare'",
        SourceKind::Module,
    )
    .unwrap();
    let at = url("https://site.example/vendor/a.js");
    let found = prove(&scan.loads, &at, None, |url| {
        Some(if url.host_str() == Some("cdn.example") { Flaw::StillRemote } else { Flaw::Dangling })
    });
    let found: Vec<_> =
        found.iter().map(|found| (found.specifier.text.as_str(), found.flaw)).collect();
    assert_eq!(
        found,
        [("./gone.js", Flaw::Dangling), ("https://cdn.example/a.js", Flaw::StillRemote)]
    );
}
