use proptest::prelude::*;

use super::*;

fn form(text: &str) -> UrlForm {
    let address: SubresourceUrl = format!("https://{text}").parse().unwrap();
    classify(&address).unwrap_or_else(|| panic!("{text} has no form"))
}

fn names(text: &str) -> (Option<String>, String, Vec<String>) {
    let form = form(text);
    (form.package.map(|name| name.to_string()), form.version.to_string(), form.paths)
}

fn named(package: &str, version: &str, paths: &[&str]) -> (Option<String>, String, Vec<String>) {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    (Some(package.to_owned()), version.to_owned(), paths)
}

#[test]
fn every_example_of_the_data_is_read_by_its_own_entry() {
    let data: toml::Table =
        toml::from_str(include_str!("../../data/cdn-url-patterns.toml")).unwrap();
    let mut examples = 0;
    for entry in data["pattern"].as_array().unwrap() {
        let text = |key: &str| entry.get(key).and_then(|value| value.as_str());
        let Some(example) = text("example") else { continue };
        examples += 1;
        let form = form(example);
        assert_eq!(Some(form.id), text("id"), "{example}");
        if let Some(package) = text("example_pkg").filter(|_| text("npm") != Some("")) {
            assert_eq!(form.package.as_ref().map(PackageName::as_str), Some(package), "{example}");
        }
        if let Some(version) = text("example_ver") {
            assert_eq!(form.version.to_string(), version, "{example}");
        }
    }
    assert!(examples > 30, "{examples}");
}

#[test]
fn an_exact_jsdelivr_or_unpkg_file_promises_its_path() {
    for (url, path) in [
        (
            "cdn.jsdelivr.net/npm/@popperjs/core@2.11.8/dist/umd/popper.min.js",
            "dist/umd/popper.min.js",
        ),
        ("cdn.jsdelivr.net/npm/%40popperjs/core@2.11.8/a%20b.js", "a b.js"),
        ("unpkg.com/leaflet@1.9.4/dist/leaflet.js?v=2", "dist/leaflet.js"),
    ] {
        let form = form(url);
        assert_eq!(form.paths[0], path);
        assert!(form.path_is_fixed, "{url}");
        assert_eq!(form.pinned, Pinning::Exact);
    }
    for url in [
        "cdn.jsdelivr.net/npm/jquery@3/dist/jquery.min.js",
        "unpkg.com/leaflet@1/dist/leaflet.js",
        "cdnjs.cloudflare.com/ajax/libs/jquery/3.7.1/jquery.min.js",
        "code.jquery.com/jquery-3.7.1.min.js",
    ] {
        assert!(!form(url).path_is_fixed, "{url}");
    }
}

#[test]
fn names_and_paths_are_those_of_npm() {
    for (url, expected) in [
        (
            "code.jquery.com/jquery-3.7.1.slim.min.js",
            named("jquery", "3.7.1", &["dist/jquery.slim.min.js"]),
        ),
        ("code.jquery.com/jquery-latest.js", named("jquery", "1.11.1", &["dist/jquery.js"])),
        (
            "ajax.aspnetcdn.com/ajax/bootstrap/4.6.0/bootstrap.min.js",
            named("bootstrap", "4.6.0", &["dist/bootstrap.min.js", "dist/js/bootstrap.min.js"]),
        ),
        (
            "ajax.aspnetcdn.com/ajax/jquery.validate/1.19.3/jquery.validate.min.js",
            named("jquery-validation", "1.19.3", &["dist/jquery.validate.min.js"]),
        ),
        (
            "ajax.aspnetcdn.com/ajax/knockout/knockout-3.4.2.js",
            named("knockout", "3.4.2", &["build/output/knockout.js"]),
        ),
        (
            "use.fontawesome.com/releases/v5.15.4/js/all.js",
            named("@fortawesome/fontawesome-free", "5.15.4", &["js/all.min.js"]),
        ),
        (
            "cdnjs.cloudflare.com/ajax/libs/moment.js/2.29.4/moment.min.js",
            named("moment", "2.29.4", &["moment.min.js", "min/moment.min.js"]),
        ),
        (
            "cdnjs.cloudflare.com/ajax/libs/three.js/r128/three.min.js",
            named("three", "0.128.0", &["build/three.min.js"]),
        ),
        (
            "cdnjs.cloudflare.com/ajax/libs/popper.js/1.16.1/umd/popper.min.js",
            named("popper.js", "1.16.1", &["dist/umd/popper.min.js"]),
        ),
        (
            "cdnjs.cloudflare.com/ajax/libs/popper.js/2.11.8/umd/popper.min.js",
            named("@popperjs/core", "2.11.8", &["dist/umd/popper.min.js"]),
        ),
        (
            "cdnjs.cloudflare.com/ajax/libs/Foo/1.4/foo.min.js",
            named("foo", "1.4.0", &["foo.min.js"]),
        ),
        (
            "libs.baidu.com/jquery/2.1.1/jquery.min.js",
            named("jquery", "2.1.1", &["dist/jquery.min.js"]),
        ),
        (
            "unpkg.com/preact@10.5.0/hooks",
            named("preact", "10.5.0", &["hooks", "hooks.js", "hooks/index.js"]),
        ),
        ("unpkg.com/htmx.org@1.9.12", named("htmx.org", "1.9.12", &[])),
        ("unpkg.com/vue@%5E3.0.0", named("vue", "^3.0.0", &[])),
    ] {
        assert_eq!(names(url), expected, "{url}");
    }
}

#[test]
fn a_library_of_cdnjs_is_the_package_that_cdnjs_copies() {
    for (url, expected, is_guess) in [
        (
            "Chart.js/4.4.1/chart.umd.min.js",
            named("chart.js", "4.4.1", &["dist/chart.umd.min.js"]),
            false,
        ),
        (
            "FileSaver.js/2.0.5/FileSaver.min.js",
            named("file-saver", "2.0.5", &["dist/FileSaver.min.js"]),
            false,
        ),
        (
            "twitter-bootstrap/5.3.3/js/bootstrap.min.js",
            named("bootstrap", "5.3.3", &["dist/js/bootstrap.min.js", "js/bootstrap.min.js"]),
            false,
        ),
        ("jquery/3.7.1/jquery.min.js", named("jquery", "3.7.1", &["dist/jquery.min.js"]), false),
        ("Turf.js/6.5.0/turf.min.js", named("@turf/turf", "6.5.0", &["turf.min.js"]), false),
        (
            "PapaParse/5.4.1/papaparse.min.js",
            named("papaparse", "5.4.1", &["papaparse.min.js"]),
            true,
        ),
        ("jquery.caret.js/1.0/a.js", named("jquery.caret.js", "1.0.0", &["a.js"]), true),
    ] {
        let url = format!("cdnjs.cloudflare.com/ajax/libs/{url}");
        assert_eq!((names(&url), form(&url).package_is_guess), (expected, is_guess), "{url}");
    }
}

#[test]
fn a_library_that_cdnjs_takes_from_elsewhere_has_no_package() {
    let form = form("cdnjs.cloudflare.com/ajax/libs/BigVideo.js/1.1.5/lib/bigvideo.min.js");
    assert_eq!((form.package, form.package_is_guess), (None, false));
    assert_eq!(form.reason, "cdnjs does not take this library from npm");
}

#[test]
fn hosts_of_one_project_name_its_package() {
    for (url, expected) in [
        ("d3js.org/d3.v3.js", named("d3", "3.5.17", &["d3.js"])),
        ("d3js.org/d3.v7.min.js", named("d3", "7", &["dist/d3.min.js"])),
        (
            "d3js.org/d3-array.v3.js",
            named("d3-array", "3", &["dist/d3-array.js", "build/d3-array.js"]),
        ),
        (
            "cdn.plot.ly/plotly-3.0.1.min.js",
            named("plotly.js-dist-min", "3.0.1", &["plotly.min.js"]),
        ),
        (
            "cdn.plot.ly/plotly-gl2d-2.35.2.min.js",
            named("plotly.js-gl2d-dist-min", "2.35.2", &["plotly-gl2d.min.js"]),
        ),
        ("cdn.plot.ly/plotly-2.35.2.js", named("plotly.js-dist", "2.35.2", &["plotly.js"])),
        (
            "cdn.bokeh.org/bokeh/release/bokeh-3.4.1.min.js",
            named("@bokeh/bokehjs", "3.4.1", &["build/js/bokeh.min.js"]),
        ),
        (
            "cdn.bokeh.org/bokeh/release/bokeh-tables-2.4.3.esm.min.js",
            named("@bokeh/bokehjs", "2.4.3", &["build/js/bokeh-tables.esm.min.js"]),
        ),
        (
            "cdn.redocly.com/redoc/v2.5.3/bundles/redoc.standalone.js",
            named("redoc", "2.5.3", &["bundles/redoc.standalone.js"]),
        ),
        ("vjs.zencdn.net/8.10.0/lang/de.js", named("video.js", "8.10.0", &["dist/lang/de.js"])),
        ("vjs.zencdn.net/10.0.0/video.js", named("video.js", "10.0.0", &["dist/video.js"])),
        (
            "cdn.datatables.net/1.11.5/js/jquery.dataTables.min.js",
            named("datatables.net", "1.11.5", &["js/jquery.dataTables.min.js"]),
        ),
        (
            "cdn.datatables.net/1.11.5/js/dataTables.bootstrap.min.js",
            named("datatables.net-bs", "1.11.5", &["js/dataTables.bootstrap.min.js"]),
        ),
        (
            "cdn.datatables.net/buttons/3.2.3/js/buttons.html5.min.js",
            named("datatables.net-buttons", "3.2.3", &["js/buttons.html5.min.js"]),
        ),
        (
            "cdn.datatables.net/responsive/2.5.0/js/responsive.bootstrap5.min.js",
            named("datatables.net-responsive-bs5", "2.5.0", &["js/responsive.bootstrap5.min.js"]),
        ),
        (
            "code.highcharts.com/11.4.1/highcharts.js",
            named("highcharts", "11.4.1", &["highcharts.js"]),
        ),
        (
            "code.highcharts.com/maps/modules/map.js",
            named("highcharts", "latest", &["modules/map.js"]),
        ),
        ("cdn.quilljs.com/1.3.6/quill.js", named("quill", "1.3.6", &["dist/quill.js"])),
        (
            "cdn.jsdelivr.net/pyodide/v0.26.1/full/pyodide.mjs",
            named("pyodide", "0.26.1", &["pyodide.mjs"]),
        ),
        (
            "cdn.jsdelivr.net/gh/highlightjs/cdn-release@11/build/es/core.min.js",
            named("@highlightjs/cdn-assets", "11", &["es/core.min.js"]),
        ),
    ] {
        assert_eq!(names(url), expected, "{url}");
        assert!(!form(url).path_is_fixed, "{url}: other bytes there are no forgery");
    }
}

#[test]
fn what_a_host_alters_is_built_by_it() {
    for url in [
        "vjs.zencdn.net/5.20.4/video.min.js",
        "cdn.plyr.io/3.7.8/plyr.js",
        "cdn.datatables.net/v/dt/dt-2.0.8/datatables.min.js",
    ] {
        assert_eq!(form(url).kind, FormKind::Generated, "{url}");
    }
}

#[test]
fn a_commit_of_the_highlight_builds_is_a_file_of_git() {
    let commit = "1234567890abcdef1234567890abcdef12345678";
    let url =
        format!("cdn.jsdelivr.net/gh/highlightjs/cdn-release@{commit}/build/highlight.min.js");
    assert_eq!((form(&url).kind, form(&url).pinned), (FormKind::GitFile, Pinning::Exact));
}

#[test]
fn only_a_cdnjs_library_from_elsewhere_is_a_guess() {
    assert!(form("cdnjs.cloudflare.com/ajax/libs/foo/1.0.0/foo.js").package_is_guess);
    assert!(!form("cdnjs.cloudflare.com/ajax/libs/gsap/3.6.1/gsap.min.js").package_is_guess);
    let unknown = form("ajax.googleapis.com/ajax/libs/foo/1.0.0/foo.js");
    assert_eq!((unknown.package, unknown.package_is_guess), (None, false));
}

#[test]
fn a_query_can_change_what_a_url_is() {
    assert_eq!(form("unpkg.com/lit@3.0.0/index.js?module").kind, FormKind::Generated);
    assert_eq!(form("unpkg.com/lit?a=1&module").kind, FormKind::Generated);
    assert_eq!(form("unpkg.com/lit@3.0.0/?meta").kind, FormKind::Metadata);
    assert_eq!(form("unpkg.com/lit@3.0.0/index.js?modules").kind, FormKind::NpmFile);
    assert_eq!(form("unpkg.com/lit@3.0.0/index.js?modules").id, "unpkg-file");
}

#[test]
fn the_old_jsdelivr_namespace_does_not_swallow_the_new_ones() {
    assert_eq!(form("cdn.jsdelivr.net/jquery/2.1.1/jquery.min.js").id, "jsdelivr-v1");
    let combined: SubresourceUrl = "https://cdn.jsdelivr.net/g/1.0/x.js".parse().unwrap();
    assert!(classify(&combined).is_none());
}

#[test]
fn hosts_of_others_have_no_form() {
    for url in
        ["https://example.test/npm/jquery@3.7.1/a.js", "https://unpkg.com.evil.test/a@1.0.0/b.js"]
    {
        assert!(classify(&url.parse().unwrap()).is_none(), "{url}");
    }
}

#[test]
fn a_floating_url_says_what_to_write() {
    let Pinning::Floating { advice } =
        form("cdn.jsdelivr.net/npm/jquery@3/dist/jquery.min.js").pinned
    else {
        panic!();
    };
    assert_eq!(
        advice,
        "write an exact version: `https://cdn.jsdelivr.net/npm/jquery@<version>/dist/jquery.min.js`"
    );
}

#[test]
fn pinning_follows_the_form() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let exact = |url: &str| form(url).pinned == Pinning::Exact;
    let floating = |url: &str| matches!(form(url).pinned, Pinning::Floating { .. });
    assert!(exact("unpkg.com/htmx.org@1.9.12"));
    assert!(floating("unpkg.com/htmx.org"));
    assert!(exact(&format!("cdn.jsdelivr.net/gh/u/r@{commit}/a.js")));
    assert_eq!(form("cdn.jsdelivr.net/gh/u/r@1.0.0/a.js").pinned, Pinning::Unknown);
    assert!(floating("cdn.jsdelivr.net/gh/u/r@main/a.js"));
    assert!(exact("esm.sh/react@18.2.0?target=es2022"));
    assert_eq!(form("esm.sh/react@18.2.0").pinned, Pinning::Unknown);
    assert!(floating("esm.sh/react"));
    assert!(exact("cdn.jsdelivr.net/combine/npm/a@1.0.0/a.js,npm/b@2.0.0/b.js"));
    assert!(floating("cdn.jsdelivr.net/combine/npm/a@1.0.0/a.js,npm/b@2/b.js"));
    assert!(!exact("cdn.jsdelivr.net/combine/combine/npm/a@1.0.0/a.js"));
    assert!(floating("cdnjs.cloudflare.com/polyfill/v3/polyfill.min.js"));
    assert!(floating("ajax.googleapis.com/ajax/libs/d3js/7/d3.min.js"));
}

#[test]
fn a_pinned_url_names_the_version_in_the_urls_own_words() {
    for (url, version, expected) in [
        (
            "cdn.jsdelivr.net/npm/jquery@3/dist/jquery.min.js?x=1",
            "3.7.1",
            Some("cdn.jsdelivr.net/npm/jquery@3.7.1/dist/jquery.min.js?x=1"),
        ),
        ("unpkg.com/@s/p", "1.0.0", Some("unpkg.com/@s/p@1.0.0")),
        ("cdn.jsdelivr.net/npm/d3/+esm", "7.8.5", Some("cdn.jsdelivr.net/npm/d3@7.8.5/+esm")),
        ("unpkg.com/lit@3?module", "3.1.0", Some("unpkg.com/lit@3.1.0?module")),
        ("unpkg.com/lit@3.1.0/a.js", "3.1.0", Some("unpkg.com/lit@3.1.0/a.js")),
        ("cdn.jsdelivr.net/gh/u/r/a.js", "1.0.0", Some("cdn.jsdelivr.net/gh/u/r@1.0.0/a.js")),
        ("code.jquery.com/jquery-latest.js", "1.11.1", Some("code.jquery.com/jquery-latest.js")),
        ("code.jquery.com/jquery-latest.js", "3.7.1", None),
        ("unpkg.com/lit", "latest", None),
        ("unpkg.com/lit", "1.0.0/../../x", None),
    ] {
        let pinned = form(url).pinned_url(version).map(|url| url.to_string());
        assert_eq!(pinned, expected.map(|url| format!("https://{url}")), "{url}");
    }
}

fn hosts() -> impl Strategy<Value = String> {
    let hosts: Vec<_> =
        patterns::table().pattern.iter().flat_map(|pattern| pattern.hosts.clone()).collect();
    prop::sample::select(hosts)
}

proptest! {
    #[test]
    fn no_url_panics(host in hosts(), path in "\\PC{0,60}", version in "\\PC{0,12}") {
        if let Ok(url) = format!("https://{host}/{path}").parse::<SubresourceUrl>()
            && let Some(form) = classify(&url)
        {
            let _ = form.pinned_url(&version);
        }
    }

    #[test]
    fn a_pinned_url_is_pinned_at_that_version(
        host in prop::sample::select(vec!["cdn.jsdelivr.net/npm", "unpkg.com", "esm.sh"]),
        package in "(@[a-z]{1,5}/)?[a-z][a-z0-9.-]{0,8}",
        range in "(@[0-9^~x.]{0,5})?",
        path in "(/[a-z]{1,5}){0,2}(/[a-z]{1,5}\\.js)?",
    ) {
        let url: SubresourceUrl = format!("https://{host}/{package}{range}{path}").parse().unwrap();
        let Some(form) = classify(&url) else { return Ok(()) };
        let Some(pinned) = form.pinned_url("1.2.3") else { return Ok(()) };
        let again = classify(&pinned).unwrap();
        prop_assert_eq!(again.version, VersionSpec::Exact("1.2.3".into()));
        prop_assert_eq!(again.package, form.package);
        prop_assert_eq!(again.paths, form.paths);
    }
}
