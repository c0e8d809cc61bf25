//! Pages that import modules, in a real browser: before they are vendored, with a loopback server in
//! the place of every CDN, and afterwards, with every other host unreachable.
//!
//! Needs Chromium, and for real packages the package registry (`INHOUSE_TEST_REGISTRY=1`); without
//! them the tests say so and pass. `INHOUSE_REQUIRE_BROWSER=1` makes a missing Chromium a failure.
#![cfg(unix)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use browser::{Browser, PageError, Visit, chromium_or_skip, say_skipped, serve};
use measured::Project;
use support::{
    cdn::Cdn,
    module_cdn::{
        self,
        pages::{self, Form},
        published,
        real::{self, RealPage},
    },
    walk::{Walk, walk},
};

#[path = "support/browser.rs"]
mod browser;
#[path = "support/measured.rs"]
mod measured;
mod support;

/// For pages that must never become ready.
const PATIENCE: Duration = Duration::from_secs(8);
/// The same for small ones.
const BRIEFLY: Duration = Duration::from_secs(2);

#[test]
fn every_form_runs_before_and_after() {
    let Some(chromium) = chromium_or_skip() else { return };
    let cdn = module_cdn::start(pages::library());
    let mut online = Browser::start_reaching(&chromium, cdn.address()).unwrap();
    let mut offline = Browser::start(&chromium).unwrap();
    for form in pages::all() {
        let project = project(&form.html, &cdn);
        let origin = serve(&project.path("public")).unwrap();
        let visit = online.visit_with_limit(&format!("{origin}/"), &form.ready_before(), PATIENCE);
        assert_eq!(visit.ready, form.ready_before(), "{} before; {visit:#?}", form.name);
        assert!(!visit.requests_off(&origin).is_empty(), "{} loads nothing", form.name);

        project.vendor(&[]).assert_code(0);
        let visit = offline.visit_with_limit(&format!("{origin}/"), form.ready(), PATIENCE);
        assert_works(&visit, &origin, form.ready(), form.name);
    }
}

/// Which modules of a small graph `integrity` guards, for each `--integrity-map`. Needs no registry.
#[test]
fn a_tampered_module_is_refused_as_far_as_the_map_goes() {
    let Some(chromium) = chromium_or_skip() else { return };
    let cdn = module_cdn::start(pages::library());
    let form = Form::named("esm.sh");
    let mut browser = Browser::start(&chromium).unwrap();
    for (map, inner, lazy) in [
        ("all", Tampered::Refused, Tampered::Refused),
        ("static", Tampered::Refused, Tampered::Runs),
        ("off", Tampered::Runs, Tampered::Runs),
    ] {
        for (module, expected) in [("names.mjs", inner), ("lazy.mjs", lazy)] {
            let project = project(&form.html, &cdn);
            project.vendor(&["--integrity-map", map]).assert_code(0);
            let site = project.path("public");
            flip_a_bit(&find_file(&site, module));
            let origin = serve(&site).unwrap();
            let limit = if expected == Tampered::Runs { PATIENCE } else { BRIEFLY };
            let visit = browser.visit_with_limit(&format!("{origin}/"), form.ready(), limit);
            let refused = visit.errors.iter().any(is_integrity_error);
            let seen = if refused { Tampered::Refused } else { Tampered::Runs };
            assert_eq!(seen, expected, "{module}, --integrity-map {map}; {visit:#?}");
            let ready = if refused { "" } else { form.ready() };
            assert_eq!(visit.ready, ready, "{module}, --integrity-map {map}");
        }
    }
}

/// What a browser does with a module whose bytes have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tampered {
    Refused,
    Runs,
}

fn find_file(folder: &Path, name: &str) -> PathBuf {
    let mut entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    entries.find(|entry| entry.file_name() == name).expect("the file is there").into_path()
}

#[test]
fn mermaid_draws_diagrams_with_lazy_chunks() {
    works(&real::MERMAID);
}

#[test]
fn lit_renders_through_an_import_map_with_prefixes() {
    works(&real::LIT);
}

#[test]
fn preact_and_htm_from_esm_sh_count() {
    works(&real::PREACT);
}

#[test]
fn three_and_its_add_ons_draw_a_cube() {
    works(&real::THREE);
}

#[test]
fn d3_from_bundles_draws_a_chart() {
    works(&real::D3_BUNDLES);
}

#[test]
fn d3_through_thirty_names_draws_a_chart() {
    works(&real::D3_MAP);
}

#[test]
fn codemirror_edits_and_colours() {
    works(&real::CODEMIRROR);
}

#[test]
fn monaco_from_esm_sh_edits_and_colours() {
    works(&real::MONACO);
}

#[test]
fn shiki_colours_through_hundreds_of_names() {
    works(&real::SHIKI);
}

/// A real page before and after, and with one byte of a module changed.
fn works(page: &RealPage) {
    if !published::allowed() {
        return say_skipped(
            "the libraries come from the package registry; set INHOUSE_TEST_REGISTRY=1 to allow that",
        );
    }
    let Some(chromium) = chromium_or_skip() else { return };
    let library = page.library();
    let html = page.html(&library);
    let cdn = module_cdn::start(library);
    let project = project(&html, &cdn);
    let site = project.path("public");
    let origin = serve(&site).unwrap();
    let address = format!("{origin}/");

    let visit =
        Browser::start_reaching(&chromium, cdn.address()).unwrap().visit(&address, page.ready);
    assert_eq!(visit.ready, page.ready, "before it is vendored; {visit:#?}");
    assert!(!visit.requests_off(&origin).is_empty(), "{visit:#?}");

    project.vendor(&[]).assert_code(0);
    let walk = walk(&site, "index.html");
    let mut browser = Browser::start(&chromium).unwrap();
    assert_works(&browser.visit(&address, page.ready), &origin, page.ready, "vendored");

    let module = an_inner_module(&site, &walk);
    flip_a_bit(&module);
    let visit = browser.visit_with_limit(&address, page.ready, PATIENCE);
    assert_ne!(visit.ready, page.ready, "a tampered module ran: {}", module.display());
    assert!(visit.errors.iter().any(is_integrity_error), "the console names the cause: {visit:#?}");
}

fn assert_works(visit: &Visit, origin: &str, ready: &str, what: &str) {
    assert_eq!(visit.ready, ready, "{what}; {visit:#?}");
    assert_eq!(visit.requests_off(origin), [] as [&str; 0], "{what}: requests to other hosts");
    assert_eq!(visit.errors, [], "{what}");
    let scripts: Vec<_> =
        visit.requested_twice().into_iter().filter(|url| url.ends_with("js")).collect();
    assert_eq!(scripts, [] as [&str; 0], "{what}: loaded twice");
}

/// A module that the page loads and that another module names: only the import map can guard it.
fn an_inner_module(site: &Path, walk: &Walk) -> PathBuf {
    let page = fs::read_to_string(site.join("index.html")).unwrap();
    let (_, code) = page.rsplit_once("<script type=\"module\">").unwrap();
    let is_inner = |path: &&String| !code.contains(path.rsplit('/').next().unwrap());
    site.join(walk.r#static.iter().rfind(is_inner).expect("modules import others"))
}

/// The code does the same as before, so that only its hash differs.
fn flip_a_bit(module: &Path) {
    let mut bytes = fs::read(module).unwrap();
    let last = bytes.last_mut().unwrap();
    *last = if *last == b'\n' { b' ' } else { b'\n' };
    fs::write(module, bytes).unwrap();
}

fn is_integrity_error(error: &PageError) -> bool {
    error.text.contains("integrity") && error.text.contains("blocked")
}

fn project(html: &str, cdn: &Cdn) -> Project {
    let (name, value) = module_cdn::registry_variable();
    Project::with_page(html).always(cdn.resolve_args()).variable(name, &value)
}
