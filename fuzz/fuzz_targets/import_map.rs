//! Import maps are JSON where another reader of JSON says so; no edit, no changed byte; addresses that are
//! put elsewhere are found there, and integrity that is added is what the map then means.
#![no_main]

use inhouse::internals::graph::import_map::{ImportMapError, ImportMapText, Part};
use libfuzzer_sys::fuzz_target;
use url::Url;

fn seeds() {
    inhouse_fuzz::plant([
        r#"{"imports":{"three":"https://cdn.example/three@0.180.0/three.module.js","three/addons/":"https://cdn.example/three@0.180.0/jsm/"}}"#,
        "{\n  \"scopes\": { \"https://cdn.example/\": { \"a\": \"./a.js\", \"\": null } },\n  \"integrity\": {}\n}",
        r#"{"imports":{"a":"/a.js","\\u0061":"//h/\\ud83d\\ude00.js"},"imports":{},"integrity":{"https://h/a.js":"sha384-A"},"x":[1e5,-0.5,true]}"#,
    ]);
}

fuzz_target!(init: seeds(), |text: &[u8]| {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let parsed = ImportMapText::parse(text);
    if let Some(is_object) = is_object(text) {
        match &parsed {
            Ok(_) | Err(ImportMapError::MemberNotAnObject(_)) => assert!(is_object, "{text:?}"),
            Err(ImportMapError::NotAnObject) => assert!(!is_object, "{text:?}"),
            // Nesting, where every reader has limits of its own.
            Err(ImportMapError::Json(_)) => assert!(text.len() > 64, "{text:?}"),
        }
    }
    let Ok(map) = parsed else { return };
    let base = Url::parse("https://site.example/page/").expect("a URL");
    assert_eq!(map.apply(&[]), text);
    let (meaning, _) = map.meaning(&base);
    // A key like `https://host` would gain a slash, and with it another meaning.
    let moved = map.rewrite(&base, |part, url| (part != Part::Key).then(|| url.as_str().to_owned()));
    let absolute = map.apply(&moved);
    let again = ImportMapText::parse(&absolute).expect("what is written is an import map");
    assert_eq!(again.meaning(&base).0, meaning, "{text:?} {absolute:?}");
    let entry = ("https://new.example/a.js".to_owned(), "sha384-\u{e9}\"".to_owned());
    if let Some(edit) = map.add_integrity(&base, std::slice::from_ref(&entry)) {
        let added = map.apply(&[edit]);
        let again = ImportMapText::parse(&added).expect("what is written is an import map");
        let (again, _) = again.meaning(&base);
        assert_eq!(again.integrity().get(&entry.0), Some(&entry.1), "{added:?}");
        assert_eq!((again.imports(), again.scopes()), (meaning.imports(), meaning.scopes()));
    }
});

/// Whether the text is a JSON object, by another reader; `None` where that one is too strict: about
/// numbers that no `f64` holds, halves of surrogate pairs, and nesting.
fn is_object(text: &str) -> Option<bool> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => Some(value.is_object()),
        Err(error) => {
            let message = error.to_string();
            let strict = ["number out of range", "surrogate", "hex escape", "recursion limit"];
            // What is no JSON must not be an import map.
            let is_strict = strict.iter().any(|words| message.contains(words));
            assert!(is_strict || ImportMapText::parse(text).is_err(), "{message}: {text:?}");
            None
        }
    }
}
