//! `inhouse` as a filter, for engines that keep pages elsewhere than in a folder: pages and records
//! from stdin to stdout by the lockfile alone, and plans from scans of parts of a site.
//!
//! That a page by itself becomes what `vendor` makes of it, and that scans of two halves plan the same
//! files, is checked for every case (`support/case/filters.rs`); here is what the filters do besides.

use std::{fs, path::Path, process::Output};

use filter::Page;
use measured::Project;
use serde_json::{Value, json};
use support::{cdn::Cdn, filter, module_cdn};

#[path = "support/measured.rs"]
mod measured;
mod support;

const CLASSIC: &str = r#"<script src="https://cdn.example/1.2.3/a.js"></script>"#;
const MODULE: &str = r#"<script type="module" src="https://cdn.example/1.2.3/m.js"></script>"#;

fn cdn() -> Cdn {
    Cdn::start()
        .file("cdn.example", "/1.2.3/a.js", "alert(1)")
        .file("cdn.example", "/1.2.3/b.js", "alert(2)")
        .file("cdn.example", "/1.2.3/m.js", "import './n.js'")
        .file("cdn.example", "/1.2.3/n.js", "alert(3)")
}

/// A project with a vendored page, and the pages as they were.
fn vendored(cdn: &Cdn, page: &str, more: &[(&str, &str)]) -> (Project, Vec<Page>) {
    let project = Project::with_page(page).always(cdn.resolve_args());
    for (path, page) in more {
        project.write(&format!("public/{path}"), page);
    }
    let pages = filter::pages(&project.path("public"), &[]);
    project.vendor(&[]).assert_code(0);
    (project, pages)
}

fn inhouse(project: &Project, arguments: &[&str], input: &[u8]) -> Output {
    filter::run(&mut project.command(arguments), input)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_served(output: &Output, expected: &[Page]) {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    filter::assert_same(&filter::served(&output.stdout), expected);
}

#[test]
fn a_page_of_classic_scripts_needs_the_lockfile_and_nothing_else() {
    let (project, pages) = vendored(&cdn(), CLASSIC, &[]);
    let expected = filter::pages(&project.path("public"), &[]);
    fs::remove_dir_all(project.path("vendor-cache/cdn.example")).unwrap();
    fs::remove_dir_all(project.path("public")).unwrap();
    assert_served(&inhouse(&project, &["rewrite", "--batch"], &filter::records(&pages)), &expected);
}

#[test]
fn a_page_of_modules_needs_their_bytes_too() {
    let (project, pages) = vendored(&cdn(), MODULE, &[]);
    let expected = filter::pages(&project.path("public"), &[]);
    assert!(String::from_utf8_lossy(&expected[0].1).contains(r#""integrity": {"#));
    assert_served(&inhouse(&project, &["rewrite", "--batch"], &filter::records(&pages)), &expected);
    fs::remove_file(project.path("vendor-cache/cdn.example/1.2.3/n.js")).unwrap();
    let output = inhouse(&project, &["rewrite", "--page-path", "index.html"], &pages[0].1);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("n.js` is not in the cache"), "{}", said(&output));
    assert!(output.stdout.is_empty(), "a page that cannot be rewritten must not come out");
}

#[test]
fn a_script_with_less_evidence_than_a_rule_requires_stops_its_page() {
    let (project, pages) = vendored(&cdn(), CLASSIC, &[]);
    project.write("inhouse.toml", "rule = [{ pattern = \"*\", require-proof = \"npm\" }]\n");
    let output = inhouse(&project, &["rewrite", "--page-path", "index.html"], &pages[0].1);
    assert_eq!(output.status.code(), Some(1));
    let expected = "a.js` has the evidence level `none`, and your rule `*` requires `npm`";
    assert!(said(&output).contains(expected), "{}", said(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn what_the_lockfile_does_not_have_stops_the_page_that_needs_it_and_no_other() {
    let (project, pages) = vendored(&cdn(), CLASSIC, &[]);
    let strange = r#"<script src="https://cdn.example/1.2.3/new.js"></script>"#;
    let output = inhouse(&project, &["rewrite", "--page-path", "a.html"], strange.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("new.js` is not in the lockfile"), "{}", said(&output));
    assert!(output.stdout.is_empty());

    let records = [
        json!({ "id": 1, "path": "index.html", "page": String::from_utf8_lossy(&pages[0].1) }),
        json!({ "id": 2, "path": "a.html", "page": strange }),
        json!({ "id": 3, "path": "b.html", "page": "<p>nothing</p>" }),
        json!({ "id": 4, "path": "c.html" }),
        json!({ "id": 5, "path": "deep/d.html", "page": CLASSIC }),
    ];
    let input: String = records.iter().map(|record| format!("{record}\n")).collect();
    let output = inhouse(&project, &["rewrite", "--batch"], input.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("2 of 5 pages were not rewritten"), "{}", said(&output));
    let lines = filter::lines(&output.stdout);
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    let changed: Vec<_> = lines.iter().map(|line| line["changed"].as_bool()).collect();
    assert_eq!(changed, [Some(true), None, Some(false), None, Some(true)]);
    let code = |line: &Value| line["problems"][0]["code"].as_str().map(str::to_owned);
    assert_eq!(code(&lines[1]).unwrap(), "not-locked");
    assert_eq!(code(&lines[3]).unwrap(), "bad-record");
    assert!(lines[1].get("page").is_none(), "the page as it was is not one to be served");
    assert!(
        lines[4]["page"].as_str().unwrap().contains(r#"src="../vendor/cdn.example/1.2.3/a.js""#)
    );
}

#[test]
fn without_a_lockfile_there_is_nothing_to_go_by() {
    let project = Project::with_page(CLASSIC);
    let output = inhouse(&project, &["rewrite", "--page-path", "a.html"], CLASSIC.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("there is no lockfile"), "{}", said(&output));
    let output = inhouse(&project, &["rewrite", "--page-path", "a.html"], b"<p>nothing</p>");
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"<p>nothing</p>"[..]));
}

#[test]
fn an_integrity_that_the_locked_file_does_not_have_is_refused() {
    let (project, _) = vendored(&cdn(), CLASSIC, &[]);
    let digest = |algorithm| inhouse::integrity::Digest::of(b"alert(1)", algorithm).to_string();
    let (same, other) = ("sha384-AAAA", digest(inhouse::integrity::Algorithm::Sha256));
    let page = |integrity: &str| {
        CLASSIC.replace("></script>", &format!(" integrity=\"{integrity}\"></script>"))
    };
    let filter = |integrity: &str| {
        let arguments = ["rewrite", "--page-path", "a.html"];
        let output = inhouse(&project, &arguments, page(integrity).as_bytes());
        (output.status.code(), said(&output))
    };
    let (code, said) = filter(same);
    assert_eq!(code, Some(1));
    assert!(said.contains("integrity mismatch"), "{said}");
    // Another algorithm than the lockfile's is compared with the bytes, if they are in the cache.
    assert_eq!(filter(&other).0, Some(0));
    assert_eq!(filter("sha256-AAAA").0, Some(1));
    fs::remove_file(project.path("vendor-cache/cdn.example/1.2.3/a.js")).unwrap();
    let (code, said) = filter(&other);
    assert_eq!(code, Some(1));
    assert!(said.contains("is not in the cache"), "{said}");
}

#[test]
fn a_preload_follows_the_script_of_another_page() {
    let preload = r#"<link rel="preload" as="script" href="https://cdn.example/1.2.3/a.js">"#;
    let (project, pages) = vendored(&cdn(), CLASSIC, &[("b.html", preload)]);
    let expected = filter::pages(&project.path("public"), &[]);
    assert!(String::from_utf8_lossy(&expected[0].1).contains(r#"href="vendor/"#));
    let records = filter::records(&pages[..1]);
    assert_eq!(pages[0].0, "b.html");
    assert_served(&inhouse(&project, &["rewrite", "--batch"], &records), &expected[..1]);
}

#[test]
fn modules_of_the_site_are_told_of_once_or_read_where_they_are() {
    let page = r#"<script type="module" src="own.js"></script>"#;
    let own = "import 'https://cdn.example/1.2.3/m.js'";
    let cdn = cdn();
    let (project, pages) = vendored(&cdn, page, &[("own.js", own), ("b.html", page)]);
    let expected = filter::pages(&project.path("public"), &[]);
    project.write("before/own.js", own);
    let records = filter::records(&pages);
    let with_site = inhouse(&project, &["rewrite", "--batch", "--site", "before"], &records);
    assert_served(&with_site, &expected);
    assert_eq!(said(&with_site), "");
    let without = inhouse(&project, &["rewrite", "--batch"], &records);
    assert_served(&without, &pages);
    assert_eq!(said(&without).matches("modules of the site itself").count(), 1);
}

#[test]
fn the_filter_writes_nothing_and_asks_nobody() {
    let cdn = cdn();
    let (project, pages) = vendored(&cdn, &format!("{CLASSIC}{MODULE}"), &[]);
    let (before, asked) = (project.snapshot(), cdn.connections());
    for arguments in [&["rewrite", "--batch"][..], &["scan", "--batch"]] {
        let output = inhouse(&project, arguments, &filter::records(&pages));
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert!(project.snapshot() == before);
    assert_eq!(cdn.connections(), asked);
}

#[test]
fn thousands_of_records_come_out_in_the_order_they_went_in() {
    let (project, _) = vendored(&cdn(), CLASSIC, &[("b.html", MODULE)]);
    let page = |number: usize| {
        let script = [CLASSIC, MODULE, ""][number % 3];
        (format!("{number}.html"), format!("<p>{number}</p>{script}").into_bytes())
    };
    let pages: Vec<_> = (0..5000).map(page).collect();
    let output = inhouse(&project, &["rewrite", "--batch"], &filter::records(&pages));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for (number, (path, page)) in filter::served(&output.stdout).into_iter().enumerate() {
        assert_eq!(path, format!("{number}.html"));
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains(&format!("<p>{number}</p>")), "{page}");
        assert!(!page.contains("https://cdn.example"), "{page}");
    }
}

#[test]
fn pages_that_all_need_something_else_do_not_get_in_each_others_way() {
    let (project, _) = vendored(&cdn(), CLASSIC, &[("b.html", MODULE)]);
    let page = |number: usize| {
        let map = json!({ "imports": { "x": "https://cdn.example/1.2.3/m.js", format!("y{number}"): "/y.js" } });
        let map =
            format!("<script type=importmap>{map}</script><script type=module>import 'x'</script>");
        (format!("page-{number}.html"), map.into_bytes())
    };
    let pages: Vec<_> = (0..3000).map(page).collect();
    let command = ["rewrite", "--batch", "--jobs", "8"];
    let output = inhouse(&project, &command, &filter::records(&pages));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for (path, page) in filter::served(&output.stdout) {
        let page = String::from_utf8(page).unwrap();
        let name = format!("\"y{}\"", path.trim_start_matches("page-").trim_end_matches(".html"));
        assert!(page.contains(&name) && page.contains("./vendor/cdn.example/1.2.3/m.js"), "{page}");
    }
}

/// A site whose pages ask for different things, module graphs of several CDNs among them.
fn rich_site() -> (Cdn, Vec<Page>) {
    let forms = module_cdn::pages::all();
    let names = ["esm.sh", "jsDelivr, import map with prefixes, plain", "unpkg, ?module"];
    let forms = forms.iter().filter(|form| names.contains(&form.name));
    let mut pages: Vec<_> = forms
        .enumerate()
        .map(|(index, form)| (format!("graph-{index}/index.html"), form.html.clone().into_bytes()))
        .collect();
    assert_eq!(pages.len(), names.len());
    let b = CLASSIC.replace("a.js", "b.js");
    let hash = inhouse::integrity::Integrity::of(b"alert(2)", &[]).to_string();
    let guarded = b.replace("></script>", &format!(" integrity=\"{hash}\"></script>"));
    for (path, page) in [
        ("a.html", CLASSIC.to_owned()),
        ("b.html", b),
        ("c.html", guarded),
        ("d.html", format!("{CLASSIC}{MODULE}")),
        ("e.html", CLASSIC.replace("<script", "<script data-inhouse=\"skip\"")),
        ("f.html", "<p>Nothing.</p>".to_owned()),
        (
            "g.html",
            r#"<link rel=preload as=script href="https://cdn.example/1.2.3/b.js">"#.to_owned(),
        ),
    ] {
        pages.push((path.to_owned(), page.into_bytes()));
    }
    let cdn = module_cdn::start(module_cdn::pages::library())
        .file("cdn.example", "/1.2.3/a.js", "alert(1)")
        .file("cdn.example", "/1.2.3/b.js", "alert(2)")
        .file("cdn.example", "/1.2.3/m.js", "import './n.js'")
        .file("cdn.example", "/1.2.3/n.js", "alert(3)");
    pages.sort();
    (cdn, pages)
}

fn project(cdn: &Cdn) -> Project {
    let (name, value) = module_cdn::registry_variable();
    Project::with_page("").always(cdn.resolve_args()).variable(name, &value)
}

fn with_pages(cdn: &Cdn, pages: &[Page]) -> Project {
    let project = project(cdn);
    fs::remove_dir_all(project.path("public")).unwrap();
    pages.iter().for_each(|(path, page)| project.write(&format!("public/{path}"), page));
    project
}

fn files(folder: &Path) -> Vec<Page> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|file| file.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    files.map(|file| (name(file.path()), fs::read(file.path()).unwrap())).collect()
}

#[test]
fn scans_of_parts_plan_what_the_whole_site_would() {
    let (cdn, pages) = rich_site();
    let alone = with_pages(&cdn, &pages);
    alone.vendor(&[]).assert_code(0);

    // Three parts of the site: a folder each, then records; merged in another order.
    for in_folders in [true, false] {
        let engine = project(&cdn);
        fs::remove_dir_all(engine.path("public")).unwrap();
        let mut scans = Vec::new();
        for part in 0..3 {
            let pages: Vec<_> = pages.iter().skip(part).step_by(3).cloned().collect();
            let output = if in_folders {
                let worker = with_pages(&cdn, &pages);
                inhouse(&worker, &["scan", "public", "--format", "json"], b"")
            } else {
                inhouse(&engine, &["scan", "--batch"], &filter::records(&pages))
            };
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            scans.push(output.stdout);
        }
        engine.write("scans/late", &scans[2]);
        engine.write("scans/early", [&scans[1][..], &scans[0]].concat());
        engine.vendor(&["--from-scan", "scans/late", "scans/early"]).assert_code(0);
        filter::assert_same(
            &files(&engine.path("vendor-cache")),
            &files(&alone.path("vendor-cache")),
        );
        filter::assert_same(
            &files(&engine.path("public/vendor")),
            &files(&alone.path("public/vendor")),
        );
        let rewritten = inhouse(&engine, &["rewrite", "--batch"], &filter::records(&pages));
        let expected = filter::pages(&alone.path("public"), &[]);
        let mut rewritten_pages = filter::served(&rewritten.stdout);
        rewritten_pages.sort();
        let mut expected = expected;
        expected.sort();
        filter::assert_same(&rewritten_pages, &expected);
    }
}

#[test]
fn what_keeps_a_page_from_being_read_keeps_a_plan_from_being_drawn() {
    let project = Project::with_page("");
    let ambiguous = "<div><svg></div><script src=https://cdn.example/1.2.3/a.js></script>";
    let records = filter::records(&[("a.html".to_owned(), ambiguous.as_bytes().to_vec())]);
    let output = inhouse(&project, &["scan", "--batch"], &records);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    project.write("scan", &output.stdout);
    project.vendor(&["--from-scan", "scan"]).assert_code(1).assert_says("a.html");
    let output = inhouse(&project, &["scan", "--batch", "--ambiguous", "skip"], &records);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_is_no_scan_of_this_site_is_not_taken_for_one() {
    let project = Project::with_page("");
    let records = filter::records(&[("a.html".to_owned(), CLASSIC.as_bytes().to_vec())]);
    let scan = inhouse(&project, &["scan", "--batch"], &records).stdout;
    let lines: Vec<_> = scan.split_inclusive(|b| *b == b'\n').collect();
    let other = String::from_utf8_lossy(&scan).replace("\"version\":1", "\"version\":2");
    for (bytes, why) in [
        (b"".to_vec(), "no scan, or not a whole one"),
        (lines[..lines.len() - 1].concat(), "no scan, or not a whole one"),
        (b"nonsense\n".to_vec(), "line 1 of"),
        (other.into_bytes(), "version 2"),
    ] {
        project.write("scan", &bytes);
        project.vendor(&["--from-scan", "scan"]).assert_code(2).assert_says(why);
    }
    project.write("scan", &scan);
    let outcome = project.vendor(&["--from-scan", "scan", "--site-url", "https://site.example/"]);
    outcome.assert_code(2).assert_says("site-url = none");
    project.vendor(&["--from-scan", "gone"]).assert_code(2).assert_says("cannot read the scan");
}
