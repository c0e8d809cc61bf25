use super::*;

fn page(path: &str) -> PageAddress {
    PageAddress::new(path, None)
}

fn external(target: Target) -> String {
    match target {
        Target::External { url, .. } => url.to_string(),
        other => panic!("not external: {other:?}"),
    }
}

#[test]
fn every_spelling_of_an_address_is_understood() {
    for value in [
        "https://h/y.js",
        "  //h/y.js\n",
        "https:\\\\h\\y.js",
        "ht\ttps://h/y.js",
        "/\\h/y.js",
        "///h/y.js",
        "https:///h/y.js",
        "HTTPS://H:443/y.js",
        "https://user:secret@h/y.js#top",
    ] {
        assert_eq!(external(page("a/b.html").resolve(value, None)), "https://h/y.js", "{value:?}");
    }
}

#[test]
fn a_relative_address_is_external_under_a_foreign_base() {
    let base = Some("https://cdn.example/lib/");
    assert_eq!(external(page("a.html").resolve("x.js", base)), "https://cdn.example/lib/x.js");
    assert_eq!(external(page("a.html").resolve("/x.js", base)), "https://cdn.example/x.js");
}

#[test]
fn the_sites_own_absolute_address_is_not_external() {
    let site = Url::parse("https://me.example/docs").unwrap();
    let page = PageAddress::new("a.html", Some(&site));
    let own = |path: &str| Target::OwnSite { path: path.to_owned() };
    assert_eq!(page.resolve("https://me.example/docs/js/x.js", None), own("js/x.js"));
    assert_eq!(page.resolve("js/x.js", None), own("js/x.js"));
}

#[test]
fn what_cannot_be_fetched_is_told_apart() {
    let resolve = |value| page("a.html").resolve(value, None);
    assert_eq!(resolve(" \n"), Target::Nothing);
    assert_eq!(resolve("https://"), Target::Nothing);
    assert_eq!(resolve("data:,1"), Target::NotFetchable { scheme: "data".into() });
    assert_eq!(resolve("https://x/{{ v }}/a.js"), Target::Placeholder);
    assert_eq!(resolve("https://x/lib@[VERSION]/a.js"), Target::Placeholder);
    assert_eq!(external(resolve("https://x/a[0].js")), "https://x/a[0].js");
}

#[test]
fn local_addresses_are_relative_to_the_page() {
    assert_eq!(page("index.html").local("vendor/h/x.js", None).unwrap(), "vendor/h/x.js");
    assert_eq!(page("a/b/c.html").local("vendor/h/x.js", None).unwrap(), "../../vendor/h/x.js");
}

#[test]
fn an_error_page_gets_a_root_relative_address() {
    assert_eq!(page("404.html").local("vendor/x.js", None).unwrap(), "/vendor/x.js");
    let site = Url::parse("https://me.example/repo/").unwrap();
    let page = PageAddress::new("fr/404.html", Some(&site));
    assert_eq!(page.local("vendor/x.js", None).unwrap(), "/repo/vendor/x.js");
}

#[test]
fn a_base_decides_what_relative_means() {
    let local = |path, base| page(path).local("vendor/x.js", Some(base)).unwrap();
    assert_eq!(local("a/b.html", "/"), "vendor/x.js");
    assert_eq!(local("a/b.html", "../"), "vendor/x.js");
    assert_eq!(local("docs/a.html", "/docs/"), "../vendor/x.js");
    assert_eq!(local("404.html", "/repo/"), "vendor/x.js");
    assert_eq!(local("a/b.html", "data:,x"), "../vendor/x.js");
}

#[test]
fn a_base_that_is_no_folder_above_the_page_is_where_the_site_will_be() {
    let own = |path: &str| Target::OwnSite { path: path.to_owned() };
    assert_eq!(page("a/b.html").resolve("js/x.js", Some("/repo/")), own("js/x.js"));
    assert_eq!(page("a/b.html").resolve("js/x.js", Some("/a/")), own("a/js/x.js"));
    let site = Url::parse("https://me.example/").unwrap();
    let known = PageAddress::new("a/b.html", Some(&site));
    assert_eq!(known.resolve("js/x.js", Some("/repo/")), own("repo/js/x.js"));
}

#[test]
fn a_base_that_is_a_folder_of_the_site_is_that_folder() {
    let folders = Arc::new(BTreeSet::from(["my assets".to_owned()]));
    let page = page("index.html").among(&folders);
    let base = Some("/my%20assets/img/");
    assert_eq!(page.local("vendor/x.js", base).unwrap(), "../../vendor/x.js");
    let own = Target::OwnSite { path: "my%20assets/img/x.js".to_owned() };
    assert_eq!(page.resolve("x.js", base), own);
    assert_eq!(page.local("vendor/x.js", Some("/repo/")).unwrap(), "vendor/x.js");
}

#[test]
fn a_foreign_base_needs_the_sites_own_url() {
    let base = Some("https://cdn.example/");
    assert!(page("a.html").local("vendor/x.js", base).is_err());
    let site = Url::parse("https://me.example/").unwrap();
    let page = PageAddress::new("a.html", Some(&site));
    assert_eq!(page.local("vendor/x.js", base).unwrap(), "https://me.example/vendor/x.js");
}

#[test]
fn what_local_writes_resolves_to_the_file() {
    for path in ["index.html", "a/b/c.html", "404.html", "a b/ü.html"] {
        let page = page(path);
        let value = page.local("vendor/h/x.js", None).unwrap();
        let own = Target::OwnSite { path: "vendor/h/x.js".into() };
        assert_eq!(page.resolve(&value, None), own, "{path}");
    }
}
