//! What import maps say, what specifiers mean by them, and how maps are changed in place.

use inhouse::internals::graph::{
    import_map::{ImportMap, ImportMapError, ImportMapText, MapWarning, Part, integrity_map},
    specifier::{By, Unresolved, as_specifier, relative, resolve},
    url_like,
};
use url::Url;

const PAGE: &str = "https://site.example/blog/index.html";
const CDN: &str = "https://cdn.example/npm/a@1/dist/a.js";

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn meaning(text: &str) -> ImportMap {
    ImportMapText::parse(text).unwrap().meaning(&url(PAGE)).0
}

fn warnings(text: &str) -> Vec<MapWarning> {
    ImportMapText::parse(text).unwrap().meaning(&url(PAGE)).1
}

#[track_caller]
fn leads(specifier: &str, base: &str, map: &ImportMap) -> String {
    match resolve(specifier, &url(base), map) {
        Ok(resolution) => resolution.url.into(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn plain(specifier: &str) -> String {
    leads(specifier, CDN, &ImportMap::default())
}

// Resolution without a map.

#[test]
fn relative_and_absolute_specifiers_are_urls() {
    for (specifier, expected) in [
        ("./b.js", "https://cdn.example/npm/a@1/dist/b.js"),
        ("../b.js", "https://cdn.example/npm/a@1/b.js"),
        ("../../../../../b.js", "https://cdn.example/b.js"),
        ("/b.js", "https://cdn.example/b.js"),
        ("//other.example/b.js", "https://other.example/b.js"),
        ("https://cdn.example/b.js", "https://cdn.example/b.js"),
        ("https://other.example/b.js", "https://other.example/b.js"),
        ("./b.js?v=1#x", "https://cdn.example/npm/a@1/dist/b.js?v=1#x"),
        ("./%62.js", "https://cdn.example/npm/a@1/dist/%62.js"),
        ("./b c.js", "https://cdn.example/npm/a@1/dist/b%20c.js"),
        ("./", "https://cdn.example/npm/a@1/dist/"),
        ("../", "https://cdn.example/npm/a@1/"),
        ("data:text/javascript,1", "data:text/javascript,1"),
        ("blob:https://x.example/1", "blob:https://x.example/1"),
        ("node:fs", "node:fs"),
    ] {
        assert_eq!(plain(specifier), expected, "{specifier}");
    }
}

#[test]
fn names_are_bare() {
    for specifier in
        ["lit", "@lit/reactive-element", "three/addons/x.js", "b.js", "#imports", "", "?x", "."]
    {
        let error = resolve(specifier, &url(CDN), &ImportMap::default());
        assert_eq!(error, Err(Unresolved::Bare(specifier.into())));
    }
}

#[test]
fn a_default_file_without_a_folder_resolves_against_the_package_folder() {
    let base = "https://cdn.example/npm/preact";
    assert_eq!(leads("./vdom.js", base, &ImportMap::default()), "https://cdn.example/npm/vdom.js");
}

#[test]
fn a_fragment_is_part_of_a_modules_identity() {
    assert_ne!(plain("./x.js#y"), plain("./x.js"));
}

// Resolution by a map.

#[test]
fn exact_keys_and_the_longest_prefix_win() {
    let map = meaning(
        r#"{"imports": {"a/": "/short/", "a/b/": "/long/", "a": "/exact.js", "a/b/c.js": "/one.js"}}"#,
    );
    let leads = |specifier| leads(specifier, CDN, &map);
    assert_eq!(leads("a"), "https://site.example/exact.js");
    assert_eq!(leads("a/x.js"), "https://site.example/short/x.js");
    assert_eq!(leads("a/b/x.js"), "https://site.example/long/x.js");
    assert_eq!(leads("a/b/c.js"), "https://site.example/one.js");
    assert!(leads("ab").contains("bare"));
}

#[test]
fn what_led_to_a_url_is_told() {
    let map = meaning(
        r#"{"imports": {"t/": "https://cdn.example/t/"}, "scopes": {"/blog/": {"u": "/u.js"}}}"#,
    );
    let by = |specifier, base| resolve(specifier, &url(base), &map).unwrap().by;
    assert_eq!(by("t/x.js", CDN), By::Map { scope: None, key: "t/".into() });
    let scope = Some("https://site.example/blog/".into());
    assert_eq!(by("u", PAGE), By::Map { scope, key: "u".into() });
    assert_eq!(by("./x.js", CDN), By::Itself);
}

#[test]
fn scopes_go_by_the_referrer_longest_prefix_first() {
    let map = meaning(
        r#"{"imports": {"x": "/top.js", "y": "/y.js"}, "scopes": {
            "https://cdn.example/": {"x": "/wide.js"},
            "https://cdn.example/npm/a@1/": {"x": "/narrow.js"},
            "https://cdn.example/npm/b.js": {"x": "/only-b.js"},
            "https://cdn.example/npm/c": {"x": "/never.js"}}}"#,
    );
    assert_eq!(leads("x", CDN, &map), "https://site.example/narrow.js");
    assert_eq!(leads("x", "https://cdn.example/z.js", &map), "https://site.example/wide.js");
    assert_eq!(leads("x", "https://cdn.example/npm/b.js", &map), "https://site.example/only-b.js");
    assert_eq!(leads("x", "https://cdn.example/npm/cc.js", &map), "https://site.example/wide.js");
    assert_eq!(leads("x", PAGE, &map), "https://site.example/top.js");
    assert_eq!(leads("y", CDN, &map), "https://site.example/y.js");
}

#[test]
fn urls_are_remapped_too() {
    let map = meaning(
        r#"{"imports": {"https://cdn.example/npm/a@1/dist/b.js": "/b.js", "/rel.js": "/c.js", "https://old.example/": "https://new.example/"}}"#,
    );
    assert_eq!(leads("./b.js", CDN, &map), "https://site.example/b.js");
    assert_eq!(leads("../rel.js", PAGE, &map), "https://site.example/c.js");
    assert_eq!(leads("https://old.example/x.js", CDN, &map), "https://new.example/x.js");
    assert_eq!(leads("./b.js#f", CDN, &map), "https://cdn.example/npm/a@1/dist/b.js#f");
}

#[test]
fn a_prefix_does_not_apply_to_urls_that_are_not_hierarchical() {
    let map = meaning(r#"{"imports": {"node:": "/n.js", "data:text/": "/data/"}}"#);
    assert_eq!(leads("data:text/javascript,1", CDN, &map), "data:text/javascript,1");
}

#[test]
fn null_and_invalid_addresses_block() {
    let map =
        meaning(r#"{"imports": {"a": null, "b": 1, "c": "bare", "d/": "/no-slash", "e/": null}}"#);
    for specifier in ["a", "b", "c", "d/x.js", "e/x.js"] {
        let result = resolve(specifier, &url(CDN), &map);
        assert!(matches!(result, Err(Unresolved::Blocked { .. })), "{specifier}: {result:?}");
    }
    assert_eq!(
        warnings(r#"{"imports": {"a": null, "b": 1, "d/": "/no-slash"}}"#),
        [MapWarning::InvalidAddress("b".into()), MapWarning::AddressWithoutSlash("d/".into())]
    );
}

#[test]
fn what_leaves_a_prefix_folder_is_an_error() {
    let map = meaning(r#"{"imports": {"a/": "/folder/"}}"#);
    assert_eq!(leads("a/../folder/x.js", CDN, &map), "https://site.example/folder/x.js");
    for specifier in ["a/../x.js", "a/../../x.js", "a//other.example/x.js", "a/%2e%2e/x.js"] {
        let result = resolve(specifier, &url(CDN), &map);
        assert!(matches!(result, Err(Unresolved::Backtracks { .. })), "{specifier}: {result:?}");
    }
}

// The map itself.

#[test]
fn a_map_that_is_none_is_an_error() {
    for text in ["", "{", "{,}", "// x", "{'imports': {}}", r#"{"imports": {},}"#] {
        assert!(matches!(ImportMapText::parse(text), Err(ImportMapError::Json(_))), "{text}");
    }
    assert_eq!(ImportMapText::parse("[]").unwrap_err(), ImportMapError::NotAnObject);
    for (text, name) in [
        (r#"{"imports": []}"#, "imports"),
        (r#"{"scopes": 1}"#, "scopes"),
        (r#"{"integrity": null}"#, "integrity"),
        (r#"{"scopes": {"/a/": []}}"#, "/a/"),
    ] {
        let error = ImportMapError::MemberNotAnObject(name.into());
        assert_eq!(ImportMapText::parse(text).unwrap_err(), error);
    }
}

#[test]
fn empty_keys_unknown_members_and_odd_scopes_are_passed_over() {
    let text = r#"{"x": [1, {"y": "}"}], "imports": {"": "/a.js"}, "scopes": {"https://[": {}}, "integrity": {"bare": "sha384-x", "/a.js": 1}}"#;
    assert_eq!(meaning(text), ImportMap::default());
    assert_eq!(
        warnings(text),
        [
            MapWarning::EmptyKey,
            MapWarning::InvalidScope("https://[".into()),
            MapWarning::InvalidIntegrity("bare".into()),
            MapWarning::InvalidIntegrity("/a.js".into()),
            MapWarning::UnknownKey("x".into()),
        ]
    );
}

#[test]
fn the_last_of_two_members_counts() {
    let map = meaning(r#"{"imports": {"a": "/1.js"}, "imports": {"b": "/2.js", "b": "/3.js"}}"#);
    assert_eq!(leads("b", CDN, &map), "https://site.example/3.js");
    assert!(leads("a", CDN, &map).contains("bare"));
}

#[test]
fn of_two_maps_the_earlier_wins() {
    let mut map = meaning(
        r#"{"imports": {"a": "/1.js"}, "scopes": {"/s/": {"x": "/1.js"}}, "integrity": {"/1.js": "sha384-1"}}"#,
    );
    map.merge(meaning(
        r#"{"imports": {"a": "/2.js", "b": "/2.js"}, "scopes": {"/s/": {"x": "/2.js", "y": "/2.js"}, "/t/": {"x": "/2.js"}}, "integrity": {"/1.js": "sha384-2", "/2.js": "sha384-2"}}"#,
    ));
    assert_eq!(leads("a", CDN, &map), "https://site.example/1.js");
    assert_eq!(leads("b", CDN, &map), "https://site.example/2.js");
    assert_eq!(leads("x", "https://site.example/s/a.js", &map), "https://site.example/1.js");
    assert_eq!(leads("y", "https://site.example/s/a.js", &map), "https://site.example/2.js");
    assert_eq!(leads("x", "https://site.example/t/a.js", &map), "https://site.example/2.js");
    assert_eq!(map.integrity()["https://site.example/1.js"], "sha384-1");
    assert_eq!(map.integrity().len(), 2);
}

#[test]
fn addresses_are_listed_with_their_place() {
    let text = r#"{"scopes": {"/s/": {"b": "https:\/\/cdn.example\/b.js"}}, "imports": {"a/": "./a/", "n": null}}"#;
    let map = ImportMapText::parse(text).unwrap();
    let found = map.addresses(&url(PAGE));
    let found: Vec<_> =
        found.iter().map(|a| (a.scope, a.key, a.url.as_str(), &text[a.span.clone()])).collect();
    assert_eq!(
        found,
        [
            (Some("/s/"), "b", "https://cdn.example/b.js", r#""https:\/\/cdn.example\/b.js""#),
            (None, "a/", "https://site.example/blog/a/", r#""./a/""#),
        ]
    );
}

#[test]
fn a_prefix_can_be_spelled_out() {
    let entries =
        [("d/a".to_owned(), "./a.js".to_owned()), ("d/b".to_owned(), "./b.js".to_owned())];
    for (text, expected) in [
        (
            r#"{"imports": {"x": "/x.js", "d/": "https://cdn.example/d/"}}"#,
            r#"{"imports": {"x": "/x.js", "d/a": "./a.js", "d/b": "./b.js"}}"#,
        ),
        (
            "{\r\n \"imports\": {\r\n  \"d/\" : \"https://cdn.example/d/\",\r\n  \"x\": \"/x.js\"}}",
            "{\r\n \"imports\": {\r\n  \"d/a\": \"./a.js\",\r\n  \"d/b\": \"./b.js\",\r\n  \"x\": \"/x.js\"}}",
        ),
    ] {
        let map = ImportMapText::parse(text).unwrap();
        let addresses = map.addresses(&url(PAGE));
        let address = addresses.iter().find(|address| address.key == "d/").unwrap();
        assert_eq!(map.apply(&[map.replace(address, &entries)]), expected);
    }
}

#[test]
fn rewriting_changes_urls_and_nothing_else() {
    let text = "{\r\n\t\"x\" : 1 ,\"imports\":{ \"lit\" :\"https://cdn.example/lit.js\",\n  \"https://cdn.example/k.js\" : \"/own.js\", \"t/\": \"https:\\/\\/cdn.example/t/\" },\n\"scopes\":{\"https://cdn.example/\":{\"d\":\"https://other.example/d.js\"}}, \"integrity\": {\"https://cdn.example/lit.js\":\"sha384-x\"}}\n";
    let map = ImportMapText::parse(text).unwrap();
    let edits = map.rewrite(&url(PAGE), |_, url| {
        let local = format!("../vendor/{}{}", url.host_str()?, url.path());
        (url.host_str() == Some("cdn.example")).then_some(local)
    });
    let expected = text
        .replace("https:\\/\\/", "https://")
        .replace("https://cdn.example", "../vendor/cdn.example");
    assert_eq!(map.apply(&edits), expected);
    assert_eq!(map.apply(&[]), text);
}

#[test]
fn the_parts_of_a_map_can_be_told_apart() {
    let text = r#"{"imports": {"/k.js": "/a.js", "t/": "/t/"}, "scopes": {"/s/": {}}, "integrity": {"/i.js": "x"}}"#;
    let map = ImportMapText::parse(text).unwrap();
    let edits = map.rewrite(&url(PAGE), |part, url| {
        let name = match part {
            Part::Address { key } => format!("address of {key}"),
            Part::Key => "key".to_owned(),
            Part::Scope => "scope".to_owned(),
            Part::Integrity => "integrity".to_owned(),
        };
        Some(format!("{name} {}", url.path()))
    });
    let edits: Vec<_> = edits.iter().map(|edit| edit.json.as_str()).collect();
    assert_eq!(
        edits,
        [
            r#""key /k.js""#,
            r#""address of /k.js /a.js""#,
            r#""address of t/ /t/""#,
            r#""scope /s/""#,
            r#""integrity /i.js""#
        ]
    );
}

#[test]
fn what_is_written_into_a_map_cannot_end_its_script() {
    let text = r#"{"imports": {"a": "https://cdn.example/a.js"}}"#;
    let map = ImportMapText::parse(text).unwrap();
    let edits = map.rewrite(&url(PAGE), |_, _| Some("./</script>\"\\".to_owned()));
    let edited = map.apply(&edits);
    assert!(!edited.contains('<'), "{edited}");
    let value: serde_json::Value = serde_json::from_str(&edited).unwrap();
    assert_eq!(value["imports"]["a"], "./</script>\"\\");
}

fn with_integrity(text: &str) -> String {
    let entries =
        ["./v/b.js", "./v/a.js"].map(|address| (address.to_owned(), "sha384-x".to_owned()));
    let map = ImportMapText::parse(text).unwrap();
    let edit = map.add_integrity(&url(PAGE), &entries);
    let edited = map.apply(&edit.into_iter().collect::<Vec<_>>());
    let now = meaning(&edited);
    assert!(now.integrity().contains_key("https://site.example/blog/v/a.js"), "{edited}");
    assert!(now.integrity().contains_key("https://site.example/blog/v/b.js"), "{edited}");
    edited
}

#[test]
fn integrity_is_added_in_the_style_of_the_map() {
    assert_eq!(
        with_integrity(r#"{"imports":{"a":"/a.js"}}"#),
        r#"{"imports":{"a":"/a.js"}, "integrity": {"./v/b.js": "sha384-x", "./v/a.js": "sha384-x"}}"#
    );
    assert_eq!(
        with_integrity("  {\n    \"imports\": {\n      \"a\": \"/a.js\"\n    }\n  }\n"),
        "  {\n    \"imports\": {\n      \"a\": \"/a.js\"\n    },\n    \"integrity\": {\n      \"./v/b.js\": \"sha384-x\",\n      \"./v/a.js\": \"sha384-x\"\n    }\n  }\n"
    );
    assert_eq!(
        with_integrity("{\r\n\t\"integrity\": {\r\n\t\t\"/x.js\": \"sha384-y\"\r\n\t}\r\n}"),
        "{\r\n\t\"integrity\": {\r\n\t\t\"/x.js\": \"sha384-y\",\r\n\t\t\"./v/b.js\": \"sha384-x\",\r\n\t\t\"./v/a.js\": \"sha384-x\"\r\n\t}\r\n}"
    );
    assert_eq!(
        with_integrity("{\n  \"integrity\": {}\n}"),
        "{\n  \"integrity\": {\n    \"./v/b.js\": \"sha384-x\",\n    \"./v/a.js\": \"sha384-x\"\n  }\n}"
    );
    assert_eq!(
        with_integrity("{}"),
        r#"{"integrity": {"./v/b.js": "sha384-x", "./v/a.js": "sha384-x"}}"#
    );
}

#[test]
fn integrity_that_is_there_stays() {
    let text = r#"{"integrity": {"/blog/v/a.js": "sha384-author"}}"#;
    let edited = with_integrity(text);
    assert_eq!(meaning(&edited).integrity()["https://site.example/blog/v/a.js"], "sha384-author");
    let map = ImportMapText::parse(&edited).unwrap();
    let again = [("/blog/v/b.js".to_owned(), "sha384-z".to_owned())];
    assert_eq!(map.add_integrity(&url(PAGE), &again), None);
}

#[test]
fn a_new_map_says_what_it_was_given() {
    let entries = [("./v/a.js".to_owned(), "sha384-x".to_owned())];
    let text = integrity_map(&entries);
    assert_eq!(text, "{\n  \"integrity\": {\n    \"./v/a.js\": \"sha384-x\"\n  }\n}");
    assert_eq!(meaning(&text).integrity().len(), 1);
}

// Writing specifiers.

#[test]
fn relative_specifiers_lead_where_they_should() {
    let base = "https://site.example/vendor/cdn.example/npm/a@1/a.js";
    for (target, expected) in [
        ("https://site.example/vendor/cdn.example/npm/a@1/b.js", "./b.js"),
        ("https://site.example/vendor/cdn.example/npm/b@2/b.js#f", "../b@2/b.js#f"),
        ("https://site.example/vendor/x/npm:lit/c%20d.js?q", "../../../x/npm:lit/c%20d.js?q"),
        ("https://site.example/vendor/cdn.example/npm/a@1/npm:b.js", "./npm:b.js"),
        ("https://site.example/vendor/cdn.example/npm/a@1/a.js", "./a.js"),
        ("https://site.example/vendor/cdn.example/npm/a@1/a.js?x#y", "./a.js?x#y"),
        ("https://site.example/vendor/cdn.example/npm/a@1/", "./"),
        ("https://other.example/b.js", "https://other.example/b.js"),
    ] {
        let specifier = relative(&url(base), &url(target));
        assert_eq!(specifier, expected);
        assert_eq!(url_like(&specifier, &url(base)), Some(url(target)));
    }
}

#[test]
fn a_reference_becomes_a_specifier_by_a_dot() {
    for (reference, specifier) in [
        ("vendor/x.js", "./vendor/x.js"),
        ("../vendor/x.js", "../vendor/x.js"),
        ("/repo/x.js", "/repo/x.js"),
        ("https://me.example/x.js", "https://me.example/x.js"),
        ("npm:lit/x.js", "./npm:lit/x.js"),
    ] {
        assert_eq!(as_specifier(reference), specifier);
    }
}
