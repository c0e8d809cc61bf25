//! Reads html5lib-tests, the outside suite that HTML parsers hold themselves against.
//!
//! The folder is `INHOUSE_HTML5LIB`, or else `../shared/html5lib-tests` beside this package. It is
//! not part of the repository: where it is missing, the tests that need it say so and pass.
//! `INHOUSE_REQUIRE_HTML5LIB=1` makes that a failure.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A page of the suite.
pub struct Page {
    /// `file:number`, counted from 1.
    pub name: String,
    /// The markup.
    pub html: String,
    /// The tree it becomes, as the suite writes trees; only for whole documents.
    pub tree: Option<String>,
}

/// Every page of the suite: tree construction first, then what tokenizers are fed.
///
/// `None`, and a line on stderr, where the suite is missing.
pub fn pages() -> Option<Vec<Page>> {
    let folder = std::env::var_os("INHOUSE_HTML5LIB").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/html5lib-tests"),
        PathBuf::from,
    );
    if !is_there(&folder) {
        return None;
    }
    let mut pages = Vec::new();
    for folder in [folder.join("tree-construction"), folder.join("tree-construction/scripted")] {
        for (name, text) in files(&folder, "dat") {
            pages.extend(tree_construction(&name, &text));
        }
    }
    for (name, text) in files(&folder.join("tokenizer"), "test") {
        pages.extend(tokenizer(&name, &text));
    }
    Some(pages)
}

fn is_there(folder: &Path) -> bool {
    let there = folder.is_dir();
    let required = std::env::var_os("INHOUSE_REQUIRE_HTML5LIB").is_some_and(|value| value == "1");
    let folder = folder.display();
    assert!(there || !required, "INHOUSE_REQUIRE_HTML5LIB=1, but there is no folder {folder}");
    if !there {
        eprintln!("SKIPPED: no html5lib-tests in {folder}; set INHOUSE_HTML5LIB");
    }
    there
}

/// Files by name, in a stable order.
fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).expect("the suite has this folder");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let parent = path.parent().and_then(Path::file_name).unwrap_or_default();
        let file = path.file_name().unwrap_or_default();
        let name = Path::new(parent).join(file).display().to_string();
        (name, fs::read_to_string(path).expect("the suite is UTF-8"))
    };
    paths.iter().map(read).collect()
}

/// One page for each `#data` section.
fn tree_construction(file: &str, text: &str) -> Vec<Page> {
    let text = format!("\n{text}");
    let tests = text.split("\n#data\n").skip(1).enumerate();
    tests
        .map(|(index, test)| {
            let (html, rest) = test.split_once("\n#errors").unwrap_or_else(|| {
                let rest = test.strip_prefix("#errors").expect("a test has an errors section");
                ("", rest)
            });
            let whole = !rest.contains("\n#document-fragment\n") && !rest.contains("\n#script-off");
            let tree = rest.split_once("\n#document\n").filter(|_| whole);
            Page {
                name: format!("{file}:{}", index + 1),
                html: html.to_owned(),
                tree: tree.map(|(_, tree)| tree.to_owned()),
            }
        })
        .collect()
}

/// One page for each `input`; lone surrogates cannot be in a page, so those tests stay out.
fn tokenizer(file: &str, text: &str) -> Vec<Page> {
    let suite: serde_json::Value = match serde_json::from_str(text) {
        Ok(suite) => suite,
        Err(_) => serde_json::from_str(&without_surrogates(text)).expect("the suite is JSON"),
    };
    let tests = suite.get("tests").or(suite.get("xmlViolationTests"));
    let tests = tests.and_then(|tests| tests.as_array()).expect("a suite has tests");
    tests
        .iter()
        .enumerate()
        .filter_map(|(index, test)| {
            let input = test.get("input")?.as_str()?;
            let html = if test.get("doubleEscaped").is_some() {
                serde_json::from_str(&format!("\"{}\"", without_surrogates(input))).ok()?
            } else {
                input.to_owned()
            };
            Some(Page { name: format!("{file}:{}", index + 1), html, tree: None })
        })
        .collect()
}

/// JSON text with the escapes of lone surrogates taken out, which Rust's strings cannot hold.
fn without_surrogates(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find("\\u") {
        let escape = rest.get(at..at + 6).unwrap_or(&rest[at..]);
        let number = escape.get(2..).and_then(|hex| u16::from_str_radix(hex, 16).ok());
        let pair = rest.get(at + 6..at + 8) == Some("\\u");
        let surrogate = number.is_some_and(|number| (0xD800..=0xDFFF).contains(&number));
        let high = number.is_some_and(|number| (0xD800..=0xDBFF).contains(&number));
        kept.push_str(&rest[..at]);
        let length = if high && pair { (at + 12).min(rest.len()) - at } else { escape.len() };
        if !surrogate || (high && pair) {
            kept.push_str(&rest[at..at + length]);
        }
        rest = &rest[at + length..];
    }
    kept + rest
}
