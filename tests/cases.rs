//! What happens when: every folder of `tests/cases/` is a test of its name.
//!
//! Each folder shows one thing the tool does, with a small site, a CDN played on the loopback
//! interface, the result and what was printed. How to read and write one: `tests/support/case.rs`.
//! `SNAPSHOTS=overwrite cargo test --test cases` accepts what is seen; look at the diff afterwards.

use std::{collections::BTreeSet, fs, path::Path};

mod support;

macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test] fn $name() { support::case::play(stringify!($name)); })*
        const CASES: &[&str] = &[$(stringify!($name)),*];
    };
}

cases! {
    a_missing_script_fails_and_changes_nothing
}

#[test]
fn every_case_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let folders: BTreeSet<_> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let listed: BTreeSet<_> = CASES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed, folders);
}
