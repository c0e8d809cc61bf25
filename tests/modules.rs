//! Pages that import modules from CDNs, in every form that CDNs serve them.
//!
//! A loopback server answers as the CDNs do (`support/module_cdn`). Whatever a CDN does with
//! specifiers, ranges and redirects, a vendored page has all its modules in the site, guarded by
//! `integrity`, and nothing in it names the CDN.

use std::{collections::BTreeSet, fs, path::Path};

use inhouse::internals::{
    fetch::Client,
    graph::{
        closure::{Found, Module, Page, Root, trace},
        import_map::{ImportMap, ImportMapText},
    },
    js::{self, SourceKind},
};
use measured::Project;
use support::{
    cdn::Cdn,
    module_cdn::{
        self,
        pages::{self, Form},
        published, real,
    },
    walk,
};
use url::Url;
use walkdir::WalkDir;

#[path = "support/measured.rs"]
mod measured;
mod support;

fn project(html: &str, cdn: &Cdn) -> Project {
    let (name, value) = module_cdn::registry_variable();
    Project::with_page(html).always(cdn.resolve_args()).variable(name, &value)
}

/// What was asked for, `host/path?query`, with percent signs decoded.
fn asked(cdn: &Cdn) -> BTreeSet<String> {
    let decode =
        |text: String| percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
    let log = cdn.log().into_iter();
    log.map(|request| decode(format!("{}{}", request.host, request.target))).collect()
}

/// Vendors the page of this form, and checks everything that holds for all forms.
fn vendors(name: &str) {
    let form = Form::named(name);
    let cdn = module_cdn::start(pages::library());
    let project = project(&form.html, &cdn);
    project.vendor(&[]).assert_code(0);

    let asked = asked(&cdn);
    for url in form.peculiar {
        assert!(asked.contains(*url), "{url} was not asked for; {asked:#?}");
    }
    let walk = walk::walk(&project.path("public"), "index.html");
    assert!(!walk.lazy.is_empty(), "{walk:#?}");
    let files = scripts(&project.path("public"));
    assert_eq!(walk.files(), files.iter().collect(), "files that nothing loads");
    assert_names_nobody(&project.path("public"), form.hosts);
    assert_settled(&project, &cdn, &form.html);
}

/// Everything in the site but its page, and the licences that nothing loads.
fn scripts(site: &Path) -> BTreeSet<String> {
    let files = WalkDir::new(site).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    let paths = files.map(|file| file.path().strip_prefix(site).unwrap().to_owned());
    let paths = paths.map(|path| path.to_str().unwrap().to_owned());
    let others = ["index.html", "vendor/THIRD-PARTY-NOTICES.txt"];
    paths.filter(|path| !others.contains(&path.as_str())).collect()
}

/// No file of the site holds an address of a host, but for the licences, which say where files come from.
fn assert_names_nobody(site: &Path, hosts: &[&str]) {
    for entry in WalkDir::new(site).into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() && entry.file_name() != "THIRD-PARTY-NOTICES.txt" {
            let text = fs::read_to_string(entry.path()).unwrap();
            for host in hosts {
                let address = format!("//{host}");
                assert!(
                    !text.contains(&address),
                    "{address} in {}:\n{text}",
                    entry.path().display()
                );
            }
        }
    }
}

/// A second run changes nothing and makes no request, also on a site built anew; `check` succeeds.
fn assert_settled(project: &Project, cdn: &Cdn, html: &str) {
    let (done, asked) = (project.snapshot(), cdn.log().len());
    project.vendor(&["--frozen"]).assert_code(0);
    assert!(project.snapshot() == done, "a second run changes something");
    fs::remove_dir_all(project.path("public/vendor")).unwrap();
    project.write("public/index.html", html);
    project.vendor(&["--frozen"]).assert_code(0);
    assert!(project.snapshot() == done, "a site built anew becomes another");
    assert_eq!(cdn.log().len(), asked, "{:#?}", &cdn.log()[asked..]);
    project.run(&["check", "public"]).assert_code(0);
}

macro_rules! forms {
    ($($test:ident: $name:literal,)*) => {
        $(#[test] fn $test() { vendors($name) })*

        #[test]
        fn every_form_has_its_test() {
            let tested = [$($name),*];
            assert_eq!(tested.to_vec(), pages::all().iter().map(|form| form.name).collect::<Vec<_>>());
        }
    };
}

forms! {
    files_of_jsdelivr: "jsDelivr, plain file",
    files_of_jsdelivr_with_a_floating_version: "jsDelivr, plain file of a floating version",
    esm_bundles_of_jsdelivr: "jsDelivr, +esm",
    files_of_jsdelivr_through_an_import_map: "jsDelivr, import map",
    files_of_jsdelivr_through_a_prefix: "jsDelivr, import map with prefixes, plain",
    files_of_unpkg_by_redirect: "unpkg, plain file by redirect",
    modules_of_unpkg: "unpkg, ?module",
    stubs_of_esm_sh: "esm.sh",
    esm_sh_with_fixed_dependencies: "esm.sh, ?deps",
    esm_sh_with_an_external_dependency: "esm.sh, ?external",
    esm_sh_with_all_dependencies_external: "esm.sh, all external",
    development_builds_of_esm_sh: "esm.sh, &dev",
    jspm_through_an_import_map_with_a_scope: "jspm, import map with a scope",
    jspm_with_absolute_paths: "jspm, absolute paths",
    stubs_of_skypack: "Skypack",
    files_of_cdnjs: "cdnjs, plain file",
    several_cdns_on_one_page: "several CDNs at once",
}

/// The tests above rely on the test CDN: on it, the graph of every page is complete.
#[test]
fn every_form_is_whole_on_the_cdn() {
    let cdn = module_cdn::start(pages::library());
    let client = Client::new(&cdn.options()).unwrap();
    for form in pages::all() {
        let base = Url::parse("https://site.example/").unwrap();
        let map = between(&form.html, "<script type=\"importmap\">");
        let map = map.map_or_else(ImportMap::default, |text| {
            let (map, warnings) = ImportMapText::parse(text).unwrap().meaning(&base);
            assert_eq!(warnings, [], "{}", form.name);
            map
        });
        let code = between(&form.html, "<script type=\"module\">").unwrap();
        let scan = js::scan(code.as_bytes(), SourceKind::Module).unwrap();
        let page = Page { base: &base, map: &map, roots: &[Root::Inline(&scan.loads)] };
        let mut modules = std::collections::BTreeMap::new();
        let closure = loop {
            let closure = trace(&page, |request| match modules.get(request) {
                Some(module) => Found::Module(module),
                None => Found::NotYet,
            });
            if closure.frontier.is_empty() {
                break closure;
            }
            for request in closure.frontier {
                let url = Url::parse(request.url.as_str()).unwrap();
                let response = client.get(&url, &[], &|_| Ok(()));
                let response = response.unwrap_or_else(|e| panic!("{}: {url}: {e}", form.name));
                let loads = request.r#use.scan(&response.bytes).unwrap().loads;
                modules.insert(request, Module { response_url: response.url, loads });
            }
        };
        assert_eq!(closure.broken, [], "{}", form.name);
        let asked = asked(&cdn);
        for url in form.peculiar {
            assert!(asked.contains(*url), "{}: {url}; {asked:#?}", form.name);
        }
    }
}

/// Prints time and memory. For figures to quote: `INHOUSE_TEST_REGISTRY=1 cargo test --release
/// --test modules -- --ignored --nocapture`.
///
/// Monaco's own files import style sheets as scripts, which browsers refuse, and so do we: it is
/// esm.sh's form that works.
#[test]
#[ignore = "measures graphs of over a thousand modules"]
fn large_graphs_are_vendored_whole() {
    if !published::allowed() {
        return eprintln!("skipped: set INHOUSE_TEST_REGISTRY=1 to fetch the packages");
    }
    for (name, page, source, least) in [
        ("Monaco, esm.sh", real::MONACO, "cdn", 1_300),
        ("Monaco, esm.sh", real::MONACO, "auto", 1_300),
        ("Shiki, jsDelivr", real::SHIKI, "cdn", 400),
        ("Shiki, jsDelivr", real::SHIKI, "auto", 400),
    ] {
        let library = page.library();
        let html = page.html(&library);
        let cdn = module_cdn::start(library);
        let project = project(&html, &cdn);
        let first = project.vendor(&["--source", source, "--quiet"]);
        first.assert_code(0);
        let asked = cdn.log().len();
        let again = project.vendor(&["--source", source, "--frozen", "--quiet"]);
        again.assert_code(0);
        project.write("public/index.html", &html);
        let anew = project.vendor(&["--source", source, "--frozen", "--quiet"]);
        anew.assert_code(0);
        assert_eq!(cdn.log().len(), asked);

        let site = project.path("public");
        let walk = walk::walk(&site, "index.html");
        let bytes =
            walk.files().into_iter().map(|file| fs::metadata(site.join(file)).unwrap().len());
        println!(
            "{name}, --source {source}: {} modules with the page, {} later, {:.1} MB, {asked} requests",
            walk.r#static.len(),
            walk.lazy.len(),
            bytes.sum::<u64>() as f64 / 1e6,
        );
        for (what, run) in [("first", &first), ("again", &again), ("built anew", &anew)] {
            println!("  {what}: {:.2} s, {} MiB", run.took.as_secs_f64(), run.peak >> 20);
        }
        assert!(walk.files().len() > least);
    }
}

fn between<'t>(html: &'t str, start: &str) -> Option<&'t str> {
    html.split_once(start)?.1.split("</script>").next()
}
