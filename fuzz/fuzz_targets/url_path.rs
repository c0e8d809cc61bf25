//! Every URL gets a path inside the vendor folder, of a form that every system can hold, and no two
//! URLs get the same; a URL that names an npm package names an exact version or none.
#![no_main]

use std::collections::BTreeMap;

use inhouse::internals::{
    npm,
    reference::SubresourceUrl,
    vendor_path::{self, Extension, Stored, VendorPath},
};
use libfuzzer_sys::fuzz_target;

fn seeds() {
    inhouse_fuzz::plant([
        "https://cdn.jsdelivr.net/npm/@scope/a@1.2.3/dist/a.min.js\nhttps://unpkg.com/a@^1\nhttps://esm.sh/v135/a@1.0.0/es2022/a.mjs",
        "https://a.test/..%2f..%2fetc/passwd\nhttps://a.test/con.js\nhttps://a.test/NUL\nhttps://a.test/a%00b",
        "https://a.test/A.js\nhttps://a.test/a.js\nhttps://a.test/a\nhttps://a.test/a/\nhttps://a.test/a?b",
        "https://[::1]:8443/x\nhttps://0x7f.1/\nhttps://\u{fc}.test/\nhttps://cdnjs.cloudflare.com/ajax/libs/a/1.0.0/a.js",
    ]);
}

fuzz_target!(init: seeds(), |text: &[u8]| {
    let text = String::from_utf8_lossy(text);
    if let Ok(path) = text.parse::<VendorPath>() {
        contained(&path);
    }
    let urls: Vec<SubresourceUrl> = text.lines().filter_map(|line| line.parse().ok()).collect();
    for form in urls.iter().filter_map(npm::classify) {
        let _ = form.pinned_url("1.2.3");
    }
    let stored = |url: SubresourceUrl| Stored { url, content: None, extension: Extension::Js };
    let paths = vendor_path::assign(urls.into_iter().map(stored), &BTreeMap::new());
    let mut seen = BTreeMap::new();
    for (key, path) in &paths {
        assert_eq!(path.as_str().parse().as_ref(), Ok(path), "of a form that a lockfile may have");
        contained(path);
        if let Some(other) = seen.insert(path.folded(), key) {
            panic!("{key:?} and {other:?} share {path}");
        }
    }
    for path in paths.values() {
        for folder in path.folders() {
            assert!(!seen.contains_key(&folder.to_ascii_lowercase()), "{folder} is file and folder");
        }
    }
});

fn contained(path: &VendorPath) {
    let on_disk = path.to_path(std::path::Path::new("vendor"));
    assert!(on_disk.starts_with("vendor"));
    for part in on_disk.components() {
        assert!(matches!(part, std::path::Component::Normal(_)), "{path}");
    }
}
