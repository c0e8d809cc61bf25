use std::{collections::BTreeMap, path::Path};

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    mirror::Mirror,
    name::{is_reserved, looks_like_hash_folder},
    *,
};
use crate::integrity::{Algorithm, Digest};

fn stored(url: &str) -> Stored {
    Stored { url: url.parse().unwrap(), content: None, extension: Extension::Js }
}

fn path(url: &str) -> String {
    candidate(&stored(url)).to_string()
}

/// Splits off the hash folder, and insists on its form.
fn hashed(url: &str) -> (String, String) {
    let path = path(url);
    let parts: Vec<&str> = path.splitn(3, '/').collect();
    assert!(looks_like_hash_folder(parts[1]), "{path}");
    (parts[1].to_owned(), format!("{}/{}", parts[0], parts[2]))
}

fn assigned(urls: &[&str]) -> Vec<String> {
    let paths = assign(urls.iter().map(|url| stored(url)), &BTreeMap::new());
    urls.iter().map(|url| paths[&stored(url).key()].to_string()).collect()
}

#[test]
fn a_plain_url_is_mirrored() {
    for plain in [
        "cdn.jsdelivr.net/npm/jquery@3.7.1/dist/jquery.min.js",
        "cdn.jsdelivr.net/npm/@popperjs/core@2.11.8/dist/umd/popper.min.js",
        "cdn.jsdelivr.net/combine/npm/a@1.0.0,npm/b@1.0.0/x.js",
        "esm.sh/_virtual/~x/v=1/react+dom.mjs",
        "127.0.0.1/A.JS",
    ] {
        assert_eq!(path(&format!("https://{plain}")), plain);
    }
}

#[test]
fn what_has_no_usable_extension_gets_one_by_its_type() {
    assert_eq!(path("https://unpkg.com/lit@3.2.1"), "unpkg.com/lit@3.2.1.js");
    assert_eq!(path("https://cdn.test/npm/d3@7.8.5/+esm"), "cdn.test/npm/d3@7.8.5/+esm.js");
    assert_eq!(path("https://cdn.test/script.php"), "cdn.test/script.php.js");
    let css = Stored { extension: Extension::Css, ..stored("https://cdn.test/css2") };
    assert_eq!(candidate(&css).as_str(), "cdn.test/css2.css");
}

#[test]
fn an_extension_that_tells_servers_another_type_is_not_the_last() {
    assert_eq!(hashed("https://esm.test/a.css?module").1, "esm.test/a.css.js");
    assert_eq!(path("https://cdn.test/a.json"), "cdn.test/a.json.js");
    assert_eq!(path("https://cdn.test/A.MJS"), "cdn.test/A.MJS");
    for (extension, expected) in [
        (Extension::Css, "cdn.test/a.js.css"),
        (Extension::Wasm, "cdn.test/a.js.wasm"),
        (Extension::Plain, "cdn.test/a.js"),
        (Extension::None, "cdn.test/a.js"),
    ] {
        let stored = Stored { extension, ..stored("https://cdn.test/a.js") };
        assert_eq!(candidate(&stored).as_str(), expected);
    }
    let plain = Stored { extension: Extension::Plain, ..stored("https://raw.test/a.wasm") };
    assert_eq!(candidate(&plain).as_str(), "raw.test/a.wasm");
}

#[test]
fn a_trailing_slash_gets_an_index() {
    assert_eq!(path("https://js.test/v3/"), "js.test/v3/index.js");
    assert_eq!(path("https://js.test"), "js.test/index.js");
}

#[test]
fn a_port_is_part_of_the_host_folder() {
    assert_eq!(path("https://localhost:8443/a.js"), "localhost+8443/a.js");
    assert_eq!(path("https://localhost:443/a.js"), "localhost/a.js");
    assert_eq!(hashed("https://a+8443/a.js").1, "a_8443/a.js");
    assert_eq!(hashed("https://[::1]:8443/a.js").1, "x-___1_+8443/a.js");
}

#[test]
fn a_query_is_a_hash_folder_above_the_mirrored_path() {
    let (one, mirrored) = hashed("https://cdn.test/lib/a.js?v=1");
    let (two, same) = hashed("https://cdn.test/lib/a.js?v=2");
    let (empty, _) = hashed("https://cdn.test/lib/a.js?");
    assert_eq!((mirrored.as_str(), same.as_str()), ("cdn.test/lib/a.js", "cdn.test/lib/a.js"));
    assert!(one != two && two != empty && one != empty);
}

#[test]
fn the_form_of_a_hash_folder_is_a_promise_to_lockfiles() {
    let promised = "cdn.test/h~6633b346db9b/a.js";
    assert_eq!(path("https://cdn.test/a.js?v=1"), promised);
}

#[test]
fn content_and_scheme_count_where_the_path_cannot_say_them() {
    let of = |bytes: &[u8]| Stored {
        content: Some(Digest::of(bytes, Algorithm::Sha384)),
        ..stored("https://cdn.test/a.js")
    };
    let (one, two) = (candidate(&of(b"1")), candidate(&of(b"2")));
    assert_ne!(one, two);
    assert!(one.as_str().ends_with("/a.js"));
    assert_eq!(hashed("http://cdn.test/a.js").1, "cdn.test/a.js");
}

#[test]
fn siblings_below_an_odd_folder_share_their_hash_folder() {
    let (one, mirrored) = hashed("https://ga.jspm.io/npm:lit@3.2.1/index.js");
    let (two, _) = hashed("https://ga.jspm.io/npm:lit@3.2.1/lib/decorators.js");
    let (other, _) = hashed("https://ga.jspm.io/npm:lit@3.2.2/index.js");
    assert_eq!(mirrored, "ga.jspm.io/npm_lit@3.2.1/index.js");
    assert_eq!(one, two);
    assert_ne!(one, other);
}

#[test]
fn escapes_of_safe_characters_are_decoded_others_are_replaced() {
    assert_eq!(path("https://cdn.test/npm/%40scope/a.js"), "cdn.test/npm/@scope/a.js");
    assert_eq!(hashed("https://cdn.test/a%2Fb%00%5C%C3%A9.js").1, "cdn.test/a_b____.js");
    assert_eq!(hashed("https://cdn.test/..%2f..%2fa.js").1, "cdn.test/x-.._.._a.js");
    assert_eq!(path("https://cdn.test/a/%2e%2e/b.js"), "cdn.test/b.js");
}

#[test]
fn reserved_names_get_a_prefix() {
    for (raw, name) in [
        ("con.js", "x-con.js"),
        ("COM1.min.js", "x-COM1.min.js"),
        ("aux/a.js", "x-aux/a.js"),
        ("co%6E.js", "x-con.js"),
        ("git~1/a.js", "x-git~1/a.js"),
        (".git/a.js", "x-.git/a.js"),
        ("inhouse.lock/a.js", "x-inhouse.lock/a.js"),
        ("/a.js", "x-/a.js"),
        ("a./b.js", "a_/b.js"),
        (":a.js", "x-_a.js"),
        ("h~0123456789aB/a.js", "x-h~0123456789aB/a.js"),
    ] {
        assert_eq!(hashed(&format!("https://cdn.test/{raw}")).1, format!("cdn.test/{name}"));
    }
    assert_eq!(path("https://cdn.test/console.js"), "cdn.test/console.js");
    assert_eq!(hashed("https://inhouse.lock/a.js").1, "x-inhouse.lock/a.js");
}

#[test]
fn long_segments_are_cut_and_keep_their_extension() {
    let long = "a".repeat(150);
    let (_, cut) = hashed(&format!("https://cdn.test/{long}.min.js"));
    assert_eq!(cut, format!("cdn.test/{}.js", "a".repeat(97)));
}

#[test]
fn a_long_path_collapses_to_its_file_name() {
    let folders = "folder/".repeat(40);
    let (one, collapsed) = hashed(&format!("https://cdn.test/{folders}chart.min.js"));
    let (two, _) = hashed(&format!("https://cdn.test/x/{folders}chart.min.js"));
    assert_eq!(collapsed, "cdn.test/chart.min.js");
    assert_ne!(one, two);
}

#[test]
fn what_collides_is_parted_and_keeps_its_name() {
    for urls in [
        ["https://cdn.test/A.js", "https://cdn.test/a.js"],
        ["https://cdn.test/lit", "https://cdn.test/lit.js"],
        ["https://cdn.test/v3/", "https://cdn.test/v3/index.js"],
        ["https://cdn.test/Lib/a.js", "https://cdn.test/lib/b.js"],
    ] {
        let paths = assigned(&urls);
        assert_ne!(paths[0].to_lowercase(), paths[1].to_lowercase());
        assert!(paths.iter().all(|path| path.contains("/h~")), "{paths:?}");
    }
}

#[test]
fn of_a_file_and_a_folder_the_file_moves() {
    let paths = assigned(&[
        "https://cdn.test/npm/chart.js",
        "https://cdn.test/npm/chart.js/dist/chart.js",
        "https://cdn.test/npm/chart.js/dist/helpers.js",
    ]);
    assert!(paths[0].starts_with("cdn.test/h~") && paths[0].ends_with("/npm/chart.js"));
    assert_eq!(paths[1], "cdn.test/npm/chart.js/dist/chart.js");
    assert_eq!(paths[2], "cdn.test/npm/chart.js/dist/helpers.js");
}

#[test]
fn the_lockfile_keeps_its_places() {
    let (old, new) = (stored("https://cdn.test/A.js"), stored("https://cdn.test/a.js"));
    let taken = BTreeMap::from([(old.key(), candidate(&old))]);
    let paths = assign([new.clone(), old.clone()], &taken);
    assert_eq!(paths[&old.key()].as_str(), "cdn.test/A.js");
    assert!(paths[&new.key()].as_str().starts_with("cdn.test/h~"));
    let file = stored("https://cdn.test/chart.js");
    let inside = stored("https://cdn.test/chart.js/a.js");
    let taken = BTreeMap::from([(file.key(), candidate(&file))]);
    let paths = assign([inside.clone()], &taken);
    assert_eq!(paths.len(), 1, "only what was asked for");
    assert!(paths[&inside.key()].as_str().starts_with("cdn.test/h~"));
}

#[test]
fn a_taken_hash_folder_does_not_stop_the_search() {
    let (one, two) = (stored("https://cdn.test/A.js"), stored("https://cdn.test/a.js"));
    let first = assign([one.clone(), two.clone()], &BTreeMap::new());
    let squatter = |n| stored(&format!("https://squatter.test/{n}.js")).key();
    let taken: BTreeMap<_, _> =
        first.values().cloned().enumerate().map(|(n, path)| (squatter(n), path)).collect();
    let second = assign([one.clone(), two.clone()], &taken);
    assert!(second.values().all(|path| !first.values().any(|other| other == path)));
    assert_ne!(second[&one.key()], second[&two.key()]);
}

#[test]
fn hostile_paths_are_refused() {
    for hostile in [
        "",
        "/",
        "a",
        "/etc/passwd",
        "a//b.js",
        "a/b/",
        "../b.js",
        "a/../b.js",
        "a/./b.js",
        "a/.git/b.js",
        "a/b.",
        "a\\b/c.js",
        "c:/b.js",
        "a/b c.js",
        "a/b\0.js",
        "a/é.js",
        "a/con",
        "a/NUL.tar.js",
        "a/lpt9.js",
        "a/GIT~1/b.js",
        "inhouse.lock/b.js",
        "A.test/b.js",
        "a/b:c.js",
        "a/CONIN$",
    ] {
        assert!(hostile.parse::<VendorPath>().is_err(), "{hostile:?}");
    }
    assert!(format!("a/{}.js", "b".repeat(98)).parse::<VendorPath>().is_err());
    assert!(format!("a/{}c.js", "b/".repeat(99)).parse::<VendorPath>().is_err());
    let error = "a/\u{1b}[2J".parse::<VendorPath>().unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn a_path_is_written_for_disks_and_for_urls() {
    let path: VendorPath = "a.test+8443/@s/b@1,c=~.js".parse().unwrap();
    assert_eq!(path.url_path(), "a.test%2B8443/@s/b@1,c=~.js");
    assert_eq!(
        path.to_path(Path::new("v")),
        Path::new("v").join("a.test+8443").join("@s").join("b@1,c=~.js")
    );
    assert_eq!(path.folders().collect::<Vec<_>>(), ["a.test+8443", "a.test+8443/@s"]);
}

#[test]
fn media_types_give_extensions() {
    for (media_type, extension) in [
        ("text/javascript; charset=utf-8", Extension::Js),
        ("application/x-javascript", Extension::Js),
        ("APPLICATION/JSON", Extension::Json),
        ("application/manifest+json", Extension::Json),
        ("text/css;charset=utf-8", Extension::Css),
        ("application/wasm", Extension::Wasm),
        ("image/svg+xml", Extension::None),
        ("font/woff2", Extension::None),
        ("text/plain", Extension::Plain),
        ("", Extension::Plain),
    ] {
        assert_eq!(Extension::of_media_type(media_type), extension);
    }
}

/// Pieces of paths that mapped carelessly would meet, or leave the folder.
fn segment() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "",
        "..",
        ".",
        "%2e%2e",
        "..%2f..",
        "%5c",
        "%00",
        "%2F",
        "con",
        "CON.js",
        "nul.",
        "com1",
        "lpt0.css",
        "a",
        "A",
        "a.js",
        "A.js",
        "a.js.js",
        "lit",
        "lit.js",
        "index",
        "index.js",
        "%61.js",
        "a%2ejs",
        "npm:lit",
        "npm_lit",
        "h~0123456789ab",
        "H~0123456789AB",
        "x-",
        "x-con",
        ".git",
        "git~1",
        "_a",
        "~",
        "é",
        "e\u{301}",
        "%C3%A9",
        "日本",
        "a b",
        "a+b",
        "a%2Bb",
        "@s",
        "%40s",
        "+esm",
        "a|b",
        "*",
        "'",
        "..\\..",
        "a~",
        "a.",
        "a_",
        "inhouse.lock",
    ])
    .prop_map(str::to_owned);
    let long =
        (select(vec!["a", "b.", "é"]), 30_usize..120, select(vec!["", ".js", ".min.js", "."]))
            .prop_map(|(piece, times, end)| piece.repeat(times) + end);
    prop_oneof![8 => odd, 1 => long, 1 => "[a-bA-B.%~_-]{0,4}", 1 => "\\PC{0,6}"]
}

fn any_stored() -> impl Strategy<Value = Stored> {
    let scheme = prop_oneof![5 => Just("https://"), 1 => Just("http://")];
    let host = select(vec![
        "a.test",
        "A.test",
        "a.test.",
        "a.test:8443",
        "a.test+8443",
        "a+b",
        "a_b",
        "con",
        "[::1]",
        "127.0.0.1",
        "0x7f.1",
        "bücher.test",
        "xn--bcher-kva.test",
        "inhouse.lock",
        ".git",
        "h~0123456789ab",
        "a.test:80",
    ])
    .prop_map(str::to_owned);
    let host = prop_oneof![9 => host, 1 => "[a-z]{60,120}\\.test(:1)?"];
    let query = prop_oneof![4 => Just(String::new()), 1 => "\\?[ab=&/é]{0,3}"];
    let content = prop_oneof![4 => Just(None), 1 => select(vec!["1", "2"]).prop_map(Some)];
    let extension = select(vec![Extension::Js, Extension::Css]);
    let segments = prop_oneof![9 => vec(segment(), 0..4), 1 => vec(segment(), 30..40)];
    (scheme, host, segments, query, content, extension).prop_filter_map(
        "not a URL",
        |(scheme, host, segments, query, content, extension)| {
            let text = format!("{scheme}{host}/{}{query}", segments.join("/"));
            let content = content.map(|bytes| Digest::of(bytes.as_bytes(), Algorithm::Sha384));
            Some(Stored { url: text.parse().ok()?, content, extension })
        },
    )
}

/// The laws of a finished set of paths.
fn check(paths: &BTreeMap<StorageKey, VendorPath>) -> Result<(), TestCaseError> {
    let mut files = BTreeMap::new();
    let mut folders: BTreeMap<String, &str> = BTreeMap::new();
    for (key, path) in paths {
        prop_assert_eq!(path.as_str().parse::<VendorPath>(), Ok(path.clone()), "portable");
        let on_disk = path.to_path(Path::new("vendor"));
        prop_assert!(
            on_disk
                .components()
                .skip(1)
                .all(|part| matches!(part, std::path::Component::Normal(_)))
        );
        prop_assert!(on_disk.starts_with("vendor"), "contained");
        let other = files.insert(path.folded(), key);
        prop_assert!(other.is_none(), "{:?} and {:?} share {}", other, key, path);
        for folder in path.folders() {
            let spelling = *folders.entry(folder.to_ascii_lowercase()).or_insert(folder);
            prop_assert_eq!(spelling, folder, "one spelling for a folder");
        }
    }
    for folder in folders.keys() {
        prop_assert!(!files.contains_key(folder), "{} is file and folder", folder);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_set_is_contained_portable_injective_and_order_independent(
        set in vec(any_stored(), 1..25), rotation in 0_usize..25,
    ) {
        let paths = assign(set.clone(), &BTreeMap::new());
        check(&paths)?;
        let mut other = set;
        let rotation = rotation % other.len();
        other.rotate_left(rotation);
        other.reverse();
        prop_assert_eq!(assign(other, &BTreeMap::new()), paths);
    }

    #[test]
    fn what_is_locked_stays_where_it_is(
        old in vec(any_stored(), 0..12), new in vec(any_stored(), 0..12),
    ) {
        let taken = assign(old.clone(), &BTreeMap::new());
        let mut paths = assign(old.into_iter().chain(new), &taken);
        for (key, path) in &taken {
            prop_assert_eq!(&paths[key], path);
        }
        paths.extend(taken);
        check(&paths)?;
    }

    #[test]
    fn a_usable_plain_name_is_kept(
        stored in any_stored(), name in "[a-z0-9@+=,~_-][A-Za-z0-9._@+=,~-]{0,80}\\.(js|mjs|cjs|json|css|wasm)",
    ) {
        prop_assume!(!is_reserved(&name));
        let url = stored.url.as_url().join(&format!("./{name}")).unwrap();
        let extension = if stored.extension.fits(&name) { stored.extension } else { Extension::Plain };
        let stored = Stored { url: url.try_into().unwrap(), extension, ..stored };
        let path = candidate(&stored);
        prop_assert_eq!(path.segments().last(), Some(name.as_str()));
        let apart = Mirror::of(&stored.key(), stored.extension).path_apart(1);
        prop_assert_eq!(apart.segments().last(), Some(name.as_str()));
    }

    #[test]
    fn any_text_that_is_a_path_stays_in_the_folder(text in "\\PC{0,40}|([a./\\\\~:]|\\.\\.|con){0,9}") {
        if let Ok(path) = text.parse::<VendorPath>() {
            prop_assert_eq!(path.as_str(), text);
            prop_assert!(path.segments().all(|segment| !matches!(segment, "" | "." | "..")));
        }
    }
}
