//! Pages whose scripts load files beside themselves, in a real browser: before, with a loopback server
//! in the place of every CDN; after `inhouse vendor`, with the same; and with every other host
//! unreachable. None may be worse.
//!
//! The pages that are kept here need Chromium and the package registry (`INHOUSE_TEST_REGISTRY=1`).
//! Those that generators make need the generators as well, which are installed or found only with
//! `INHOUSE_TEST_GENERATORS=1`. Without them the tests say so and pass. `INHOUSE_REQUIRE_BROWSER=1`
//! makes a missing Chromium a failure.
#![cfg(unix)]

#[path = "support/browser.rs"]
mod browser;
#[path = "support/measured.rs"]
mod measured;
#[path = "generators/sites.rs"]
mod sites;
mod support;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use browser::{
    Browser, Missing, PageError, Visit, chromium_or_skip, say_skipped, serve_and_note_missing,
};
use measured::Project;
use serde_json::Value;
use sites::{GENERATORS, NoSite, Page};
use support::{
    cdn::Cdn,
    module_cdn::{self, published},
};

/// The expression that tells what scripts have made of a page.
const LOOK: &str = include_str!("generators/look.js");
/// How long a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// The packages that the pages kept here name, and those that their scripts ask for.
const PACKAGES: &[&str] = &[
    "@awesome.me/webawesome@3.1.0",
    "mathjax@2.7.1",
    "mathjax@2.7.7",
    "mathjax@3.2.2",
    "mathjax@4.1.3",
    "@mathjax/mathjax-mhchem-font-extension@4.1.3",
    "@mathjax/mathjax-newcm-font@4.1.3",
    "prismjs@1.29.0",
    "@shoelace-style/shoelace@2.20.1",
];

/// The pages kept here; without generators only the first few, which take less than a minute.
const PAGES: &[Page] = &[
    Page::new("mathjax-3.html").formulas(3),
    Page::new("mathjax-2.html").formulas(2),
    Page::new("prism.html").coloured(10),
    Page::new("mathjax-4.html").formulas(2),
    Page::new("latest.html").formulas(2),
    Page::new("shoelace.html").images(2).components(3),
    Page::new("web-awesome.html").components(2),
];

/// How many of the pages are looked at without generators.
const FEW: usize = 3;

#[test]
fn pages_do_the_same_without_any_other_host() {
    let Some(chromium) = chromium_and_registry() else { return };
    let cdn = module_cdn::start(published::library(PACKAGES));
    let project = project(&cdn);
    let pages = if with_generators() { PAGES } else { &PAGES[..FEW] };
    for page in pages {
        let html = fs::read(kept_pages().join(page.path)).unwrap();
        project.write(&format!("public/{}", page.path), html);
    }
    is_no_worse(&mut Browsers::start(&chromium, &cdn), &project, pages, OtherHosts::Dead);
}

#[test]
fn the_companions_of_a_page_with_mathjax_3_are_few_and_take_few_lines() {
    if !published::allowed() {
        return say_skipped(ASK_REGISTRY);
    }
    let cdn = module_cdn::start(published::library(PACKAGES));
    let page = fs::read(kept_pages().join("mathjax-3.html")).unwrap();
    let project = project(&cdn);
    project.write("public/index.html", page);
    project.vendor(&[]).assert_code(0);
    let lock = fs::read_to_string(project.path("vendor-cache/inhouse.lock")).unwrap();
    let (_, companions) = lock.split_once("\n[[companions]]").expect("companions are locked");
    assert!(companions.lines().count() <= 20, "{companions}");
    let size = companions.lines().find_map(|line| line.strip_prefix("size = ")).unwrap();
    assert!(size.parse::<u64>().unwrap() <= 1_500_000, "{size} bytes");
}

/// The test of the pages is worth only what it notices.
#[test]
fn a_missing_font_is_noticed() {
    let Some(chromium) = chromium_and_registry() else { return };
    let cdn = module_cdn::start(published::library(PACKAGES));
    let project = project(&cdn);
    let page = fs::read(kept_pages().join("mathjax-3.html")).unwrap();
    project.write("public/mathjax-3.html", page);
    let pages = &PAGES[..1];
    let mut browsers = Browsers::start(&chromium, &cdn);
    let before = browsers.looks_before(&project, pages);
    project.vendor(&[]).assert_code(0);
    let fonts = "public/vendor/cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/output/chtml/fonts";
    let fonts = project.path(fonts);
    assert!(fonts.is_dir(), "{}", fonts.display());
    fs::remove_dir_all(fonts).unwrap();

    let after = Look::at(&mut browsers.offline, &project, &pages[0], |look| look["formulas"] == 3);

    assert_ne!(after.seen, before[0].seen);
    assert!(after.missing.iter().any(|path| path.ends_with(".woff")), "{after:?}");
}

#[test]
fn what_generators_make_is_no_worse() {
    if !with_generators() {
        return say_skipped("set INHOUSE_TEST_GENERATORS=1 to install and run generators");
    }
    let Some(chromium) = chromium_and_registry() else { return };
    let python = sites::python_environment();
    let cdn = module_cdn::serve(sites::require_js(), published::library(sites::PACKAGES));
    let mut browsers = Browsers::start(&chromium, &cdn);
    for generator in GENERATORS {
        let project = project(&cdn);
        match generator.make(&python, &project.path("public")) {
            Ok(()) => {
                is_no_worse(&mut browsers, &project, generator.pages, OtherHosts::AllThenDead)
            }
            Err(NoSite::NotInstalled) => say_skipped(&format!("{} is not there", generator.name)),
            Err(NoSite::Failed(said)) => panic!("{}: {said}", generator.name),
        }
    }
}

/// Looks at the pages as they are, vendors the site, and looks again: with none of the other hosts, and
/// where `hosts` says so with all of them as well.
fn is_no_worse(browsers: &mut Browsers, project: &Project, pages: &[Page], hosts: OtherHosts) {
    let before = browsers.looks_before(project, pages);
    vendor_and_repeat(project);
    for (page, before) in pages.iter().zip(&before) {
        for browser in browsers.after(hosts) {
            let after = Look::at(browser, project, page, |look| *look == before.seen);
            after.assert_no_worse_than(before, page);
        }
    }
}

/// Vendors the site, and once more as it was built: the lockfile gives the same bytes.
fn vendor_and_repeat(project: &Project) {
    let built = project.snapshot();
    project.vendor(&[]).assert_code(0);
    project.run(&["check", "public"]).assert_code(0);
    let vendored = project.snapshot();
    fs::remove_dir_all(project.path("public")).unwrap();
    for (path, bytes) in &built {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    project.vendor(&["--frozen"]).assert_code(0);
    assert!(project.snapshot() == vendored, "a frozen run gives other bytes");
}

/// Which other hosts there are when a vendored page is looked at.
#[derive(Clone, Copy, Debug)]
enum OtherHosts {
    /// None. A page that does the same without them does not ask them.
    Dead,
    /// First all, then none: a page may load more than its scripts.
    AllThenDead,
}

/// One browser that finds the loopback server in the place of every CDN, and one that reaches the
/// site only.
struct Browsers {
    online: Browser,
    offline: Browser,
}

impl Browsers {
    fn start(chromium: &Path, cdn: &Cdn) -> Self {
        Self {
            online: Browser::start_reaching(chromium, cdn.address()).unwrap(),
            offline: Browser::start(chromium).unwrap(),
        }
    }

    /// Those that look at vendored pages.
    fn after(&mut self, hosts: OtherHosts) -> Vec<&mut Browser> {
        match hosts {
            OtherHosts::Dead => vec![&mut self.offline],
            OtherHosts::AllThenDead => vec![&mut self.online, &mut self.offline],
        }
    }

    /// How pages look that were not vendored yet.
    fn looks_before(&mut self, project: &Project, pages: &[Page]) -> Vec<Look> {
        let look = |page: &Page| {
            let look = Look::at(&mut self.online, project, page, |look| has_least(look, page));
            assert!(has_least(&look.seen, page), "{} before: {look:#?}", page.path);
            look
        };
        pages.iter().map(look).collect()
    }
}

/// What one visit showed.
#[derive(Debug)]
struct Look {
    /// The answer of the page.
    seen: Value,
    visit: Visit,
    /// What was asked of the site and is not there.
    missing: Vec<String>,
    origin: String,
}

impl Look {
    fn at(
        browser: &mut Browser,
        project: &Project,
        page: &Page,
        is_done: impl Fn(&Value) -> bool,
    ) -> Self {
        let missing = Missing::default();
        let folder = project.path("public");
        let origin = serve_and_note_missing(&folder, missing.clone()).unwrap();
        let url = format!("{origin}/{}", page.path);
        let (visit, seen) = browser.visit_until(&url, LOOK, is_done, PATIENCE);
        let mut missing = missing.lock().unwrap().clone();
        missing.retain(|path| path != "/favicon.ico");
        Self { seen, visit, missing, origin }
    }

    fn assert_no_worse_than(&self, before: &Self, page: &Page) {
        let path = page.path;
        assert_eq!(self.seen, before.seen, "{path}: {self:#?}");
        assert_eq!(self.missing, before.missing, "{path}: missing below the site");
        assert_eq!(self.scripts_of_others(), [] as [&str; 0], "{path}: scripts of other hosts");
        let known: Vec<_> = before.visit.errors.iter().map(|error| &error.text).collect();
        let is_new = |error: &&PageError| !known.contains(&&error.text) && !is_style(&error.url);
        let new: Vec<_> = self.visit.errors.iter().filter(is_new).collect();
        assert!(new.is_empty(), "{path}: {new:?}");
    }

    /// Requests to other hosts, but for stylesheets: those are not vendored.
    fn scripts_of_others(&self) -> Vec<&str> {
        let mut off = self.visit.requests_off(&self.origin);
        off.retain(|url| !is_style(url));
        off
    }
}

fn is_style(url: &str) -> bool {
    url.ends_with(".css") || url.starts_with("https://fonts.")
}

/// Whether scripts have made what a page shows at least; formulas have fonts.
fn has_least(look: &Value, page: &Page) -> bool {
    let has = |(member, least): &(&str, u64)| look[*member].as_u64() >= Some(*least);
    let [(formulas, count), ..] = page.least;
    let has_fonts = count == 0 || look["fonts"].as_array().is_some_and(|fonts| !fonts.is_empty());
    assert_eq!(formulas, "formulas");
    look["loaded"] == true && page.least.iter().all(has) && has_fonts
}

fn with_generators() -> bool {
    env::var("INHOUSE_TEST_GENERATORS").as_deref() == Ok("1")
}

fn kept_pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generators/pages")
}

/// A project whose site is empty.
fn project(cdn: &Cdn) -> Project {
    let (name, value) = module_cdn::registry_variable();
    let project = Project::with_page("").always(cdn.resolve_args()).variable(name, &value);
    fs::remove_file(project.path("public/index.html")).unwrap();
    project
}

const ASK_REGISTRY: &str =
    "the packages come from the package registry; set INHOUSE_TEST_REGISTRY=1 to allow that";

fn chromium_and_registry() -> Option<PathBuf> {
    if !published::allowed() {
        say_skipped(ASK_REGISTRY);
        return None;
    }
    chromium_or_skip()
}
