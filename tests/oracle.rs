//! A comparison with a second parser: on every page, our scan finds the scripts of html5ever's tree.
//! html5lib-tests are compared in `laws.rs`; here are pages of real sites and our own: `examples/site`, the sites of `tests/cases`, and any folder that `INHOUSE_CORPUS` names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use encoding_rs::Encoding;
use inhouse::html::{Dialect, scan};
use oracle::both;
use walkdir::WalkDir;

#[path = "support/oracle.rs"]
mod oracle;

/// The result for a folder of pages.
#[derive(Debug, Default)]
struct Comparison {
    compared: usize,
    scripts: usize,
    /// The pages that cannot be read with certainty, below the corpus' folder.
    refused: BTreeSet<PathBuf>,
    /// The pages on which the two parsers differ.
    differing: Vec<PathBuf>,
}

fn is_page(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["html", "htm", "xhtml"].iter().any(|page| extension.eq_ignore_ascii_case(page))
}

fn compare(folder: &Path) -> Comparison {
    let mut comparison = Comparison::default();
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_type().is_file() && is_page(entry.path())) {
        let bytes = fs::read(entry.path()).unwrap();
        let name = entry.path().strip_prefix(folder).unwrap().to_owned();
        let Ok(found) = scan(&bytes, Dialect::Html) else {
            comparison.refused.insert(name);
            continue;
        };
        let encoding = Encoding::for_label(found.encoding.as_bytes()).unwrap();
        let (ours, theirs) = both(&encoding.decode(&bytes).0, &found);
        comparison.compared += 1;
        comparison.scripts += theirs.len();
        if ours != theirs {
            eprintln!("{}:\n  ours   {ours:?}\n  theirs {theirs:?}", entry.path().display());
            comparison.differing.push(name);
        }
    }
    println!(
        "{}: {} pages compared, {} scripts, {} refused",
        folder.display(),
        comparison.compared,
        comparison.scripts,
        comparison.refused.len()
    );
    comparison
}

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_scripts_of_the_example_site_are_those_of_a_conforming_parser() {
    let comparison = compare(&package("examples/site"));
    assert!(comparison.compared > 5 && comparison.scripts > 5, "{comparison:?}");
    assert!(comparison.differing.is_empty() && comparison.refused.is_empty(), "{comparison:?}");
}

#[test]
fn the_scripts_of_every_case_are_those_of_a_conforming_parser() {
    let comparison = compare(&package("tests/cases"));
    assert!(comparison.differing.is_empty(), "{:?}", comparison.differing);
    // What is refused is refused on purpose, and the name of the case or the page says so.
    for page in &comparison.refused {
        let case = page.to_string_lossy().into_owned();
        assert!(
            ["ambiguous", "encoding", "parsers", "closes_itself"]
                .iter()
                .any(|it| case.contains(it)),
            "{page:?} cannot be read"
        );
    }
}

#[test]
fn the_scripts_of_a_corpus_are_those_of_a_conforming_parser() {
    let Some(folder) = std::env::var_os("INHOUSE_CORPUS") else {
        eprintln!("SKIPPED: no folder of pages; set INHOUSE_CORPUS");
        return;
    };
    let comparison = compare(Path::new(&folder));
    for page in &comparison.refused {
        println!("refused: {}", page.display());
    }
    assert!(comparison.compared > 0);
    assert!(comparison.differing.is_empty(), "{:?}", comparison.differing);
}
