//! `THREATS.md` cannot go stale: every test it names exists, and no row is without one.

use std::{collections::BTreeSet, fs, path::Path};

use walkdir::WalkDir;

const TABLE: &str = include_str!("THREATS.md");

/// (threat, behaviour, tests) of every row.
fn rows() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [threat, behaviour, tests] = cells[..] else { panic!("three cells in {row}") };
        (threat, behaviour, tests.split('`').skip(1).step_by(2).collect())
    })
    .collect()
}

/// The functions marked as tests, of the library and of these tests, and the cases, without their theme.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    for folder in ["src", "tests"] {
        for entry in WalkDir::new(root.join(folder)).into_iter().map(|entry| entry.unwrap()) {
            if entry.path().extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(entry.path()).unwrap();
                names.extend(tests_of(&text).into_iter().map(str::to_owned));
            }
        }
    }
    let cases = WalkDir::new(root.join("tests/cases")).min_depth(2).max_depth(2);
    let cases = cases.into_iter().map(|entry| entry.unwrap());
    names.extend(cases.map(|entry| entry.file_name().to_str().unwrap().to_owned()));
    names
}

/// The functions that come after `#[test]`, attributes and comments between them or not.
fn tests_of(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        match line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
            Some((name, _)) if is_test => names.push(name),
            _ => {}
        }
        is_test = line == "#[test]" || is_test && (line.starts_with('#') || line.starts_with("//"));
    }
    names
}

#[test]
fn every_test_that_the_table_names_exists() {
    let known = tests();
    assert!(known.len() > 300, "only {} tests found", known.len());
    let missing: Vec<_> = rows()
        .into_iter()
        .flat_map(|(_, _, tests)| tests)
        .filter(|name| !known.contains(*name))
        .collect();
    assert!(missing.is_empty(), "THREATS.md names tests that are not there: {missing:#?}");
}

#[test]
fn no_threat_is_without_a_behaviour_and_a_test() {
    let rows = rows();
    assert!(rows.len() >= 40, "only {} rows", rows.len());
    for (threat, behaviour, tests) in &rows {
        assert!(!threat.is_empty() && !behaviour.is_empty() && !tests.is_empty(), "{threat}");
    }
    let threats: BTreeSet<_> = rows.iter().map(|(threat, ..)| threat).collect();
    assert_eq!(threats.len(), rows.len(), "a threat is listed twice");
}

#[test]
fn only_functions_marked_as_tests_are_tests() {
    let text = "#[test]\nfn one() {}\nfn two() {}\n    #[cfg(unix)]\n    #[test]\n    // why\n    fn three(x: u8) {}";
    assert_eq!(tests_of(text), ["one", "three"]);
}
