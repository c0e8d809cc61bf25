//! The vendored example site in a real browser that reaches no other host.
//!
//! Needs Chromium, and the package registry for the bytes of the libraries (`INHOUSE_TEST_REGISTRY=1`);
//! without them the tests say so and pass. `INHOUSE_REQUIRE_BROWSER=1` makes a missing Chromium a
//! failure, so that a build machine cannot lose these tests unnoticed.
#![cfg(unix)]

#[path = "support/browser.rs"]
mod browser;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use browser::{Browser, Visit, chromium_or_skip, say_skipped, serve};

/// The one script of the example that must come from its own host: a payment provider's.
const LIVE_SCRIPT: &str = "https://js.stripe.com/v3/";
const LIVE_PAGE: &str = "/support/";

/// Every page, and the libraries that must have run on it.
const PAGES: [(&str, &str); 8] = [
    ("/", "bootstrap,dayjs,htmx,jquery"),
    ("/charts/", "chart.js,jquery,lodash"),
    ("/maps/", "dayjs,jquery,leaflet"),
    ("/math/", "jquery,katex,katex-auto-render"),
    ("/about/", "bootstrap,dayjs,jquery"),
    (LIVE_PAGE, "jquery"),
    ("/404.html", "jquery,lodash"),
    // A host answers with 404.html at any depth, where a page-relative reference would be lost.
    ("/no/such/page/", "jquery,lodash"),
];

#[test]
fn every_page_of_the_vendored_example_works_with_all_other_hosts_unreachable() {
    let Some(chromium) = chromium_or_skip() else { return };
    let Some(site) = vendored_or_skip() else { return };
    let origin = serve(site).unwrap();
    let mut browser = Browser::start(&chromium).unwrap();

    for (page, libraries) in PAGES {
        let url = format!("{origin}{page}");
        let visit = browser.visit(&url, libraries);
        assert_eq!(visit.ready, libraries, "libraries at work on {page}; {visit:#?}");

        let live: &[&str] = if page == LIVE_PAGE { &[LIVE_SCRIPT] } else { &[] };
        assert_eq!(visit.requests_off(&origin), live, "requests to other hosts by {page}");
        assert_eq!(unexpected_errors(&visit, &url, live), [] as [String; 0], "errors on {page}");
        let twice: Vec<_> =
            visit.requested_twice().into_iter().filter(|url| url.ends_with(".js")).collect();
        assert_eq!(twice, [] as [&str; 0], "scripts loaded twice by {page}");
        let foreign_hint =
            visit.hints.iter().find(|hint| live.is_empty() || !LIVE_SCRIPT.starts_with(*hint));
        assert_eq!(foreign_hint, None, "hosts contacted ahead of time by {page}");
    }
}

#[test]
fn a_browser_refuses_a_vendored_script_with_one_flipped_bit() {
    let Some(chromium) = chromium_or_skip() else { return };
    let Some(site) = vendored_or_skip() else { return };
    let tampered = tempfile::tempdir().unwrap();
    copy_folder(site, tampered.path());
    let script =
        find_file(&tampered.path().join("vendor"), "leaflet.js").expect("leaflet.js is vendored");
    flip_a_bit_in_its_comment(&script);
    let origin = serve(tampered.path()).unwrap();
    let mut browser = Browser::start(&chromium).unwrap();

    let visit = browser.visit_with_limit(
        &format!("{origin}/maps/"),
        "dayjs,jquery",
        Duration::from_secs(15),
    );

    assert!(visit.errors.iter().any(is_integrity_error), "the console names the cause: {visit:#?}");
    assert!(visit.errors.iter().any(|e| e.text.contains("L is not defined")), "{visit:#?}");
    assert_eq!(visit.ready, "dayjs,jquery", "the page's other scripts still run");
}

/// The tests above rely on what a visit notices: this page does everything that has to be noticed.
#[test]
fn the_browser_shows_foreign_requests_errors_and_refused_scripts() {
    let Some(chromium) = chromium_or_skip() else { return };
    let site = tempfile::tempdir().unwrap();
    let wrong = "sha384-YvpcrYf0tY3lHB60NNkmXc5s9fDVZLESaAA55NDzOxhy9GkcIdslK1eN7N6jIeHz";
    let page = format!(
        r#"<!DOCTYPE html><title>Everything wrong</title>
           <link rel="preconnect" href="https://hint.example">
           <script src="https://cdn.example/far.js"></script>
           <script src="refused.js" integrity="{wrong}"></script>
           <script>console.error("said aloud"); fetch("twice.json"); fetch("twice.json?", {{cache: "no-store"}});</script>
           <script>fetch("twice.json"); setTimeout(() => {{ throw new Error("thrown late") }}, 50)</script>
           <script>document.documentElement.dataset.ready = "inline"</script>"#
    );
    fs::write(site.path().join("index.html"), page).unwrap();
    fs::write(site.path().join("refused.js"), "document.documentElement.dataset.ready = 'refused'")
        .unwrap();
    fs::write(site.path().join("twice.json"), "{}").unwrap();
    let origin = serve(site.path()).unwrap();

    let visit = Browser::start(&chromium).unwrap().visit(&format!("{origin}/"), "inline");

    assert_eq!(visit.ready, "inline");
    assert_eq!(visit.requests_off(&origin), ["https://cdn.example/far.js"]);
    assert_eq!(visit.hints, ["https://hint.example/"]);
    assert_eq!(visit.requested_twice(), [format!("{origin}/twice.json")]);
    assert!(visit.errors.iter().any(is_integrity_error), "{visit:#?}");
    for text in ["said aloud", "thrown late", "ERR_NAME_NOT_RESOLVED"] {
        assert!(visit.errors.iter().any(|e| e.text.contains(text)), "`{text}` in {visit:#?}");
    }
}

/// Errors other than the two that are expected: a script that stays external is unreachable, and a
/// page that does not exist has status 404.
fn unexpected_errors(visit: &Visit, page: &str, live: &[&str]) -> Vec<String> {
    let is_expected = |error: &&browser::PageError| {
        let unreachable =
            error.text.contains("ERR_NAME_NOT_RESOLVED") && live.contains(&error.url.as_str());
        let not_found = error.text.contains("status of 404")
            && error.url == page
            && page.ends_with("/no/such/page/");
        !(unreachable || not_found)
    };
    visit.errors.iter().filter(is_expected).map(ToString::to_string).collect()
}

fn is_integrity_error(error: &browser::PageError) -> bool {
    error.text.contains("integrity") && error.text.contains("blocked")
}

/// The example, vendored once for all tests of this file.
fn vendored_or_skip() -> Option<&'static Path> {
    static SITE: OnceLock<PathBuf> = OnceLock::new();
    if env::var("INHOUSE_TEST_REGISTRY").as_deref() != Ok("1") {
        say_skipped(
            "the libraries come from the package registry; set INHOUSE_TEST_REGISTRY=1 to allow that",
        );
        return None;
    }
    Some(SITE.get_or_init(vendor_the_example))
}

fn vendor_the_example() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let site = folder.join("site");
    let run = Command::new(env!("CARGO_BIN_EXE_inhouse"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["vendor", "examples/site", "--config", "examples/inhouse.toml", "--source", "npm"])
        .arg("--dest")
        .arg(&site)
        .arg("--cache")
        .arg(folder.join("cache"))
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(
        run.status.success(),
        "`inhouse vendor examples/site` failed ({}):\n{said}",
        run.status
    );
    site
}

/// The script stays valid and does the same: only its hash differs.
fn flip_a_bit_in_its_comment(script: &Path) {
    let mut bytes = fs::read(script).unwrap();
    let comment = bytes.windows(2).position(|pair| pair == b"/*").expect("a licence comment");
    bytes[comment + 4] ^= 1;
    fs::write(script, bytes).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn find_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).into_iter().flatten();
    entries
        .map(walkdir::DirEntry::into_path)
        .find(|path| path.file_name().is_some_and(|file| file == name))
}
