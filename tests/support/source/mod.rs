//! The library's own source as text: its files, what each of them uses, and its functions.
//!
//! No parser: comments, literals and test code are blanked out, which leaves few enough shapes that
//! words and brackets can be counted. Only the tests over the source's layout and face need this.
#![allow(dead_code, unused_imports)] // each of the two uses its own part

mod blank;
mod functions;
mod uses;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

pub use self::{
    blank::blank,
    functions::{Function, functions},
    uses::{paths_of_tree, uses},
};

/// The names of a module from the crate's root down.
pub type ModulePath = Vec<String>;

/// One file of the library.
pub struct SourceFile {
    /// Its path below `src/`, `/`-separated.
    pub name: String,
    /// The module it holds.
    pub module: ModulePath,
    /// Its text without comments, literals and test code; every byte is where it was.
    pub code: String,
    /// How many lines the file has, tests included.
    pub lines: usize,
}

impl SourceFile {
    /// Reads the text of `src/<name>`.
    pub fn new(name: &str, text: &str) -> Self {
        let module = module_path(name);
        Self { name: name.to_owned(), module, code: blank(text), lines: text.lines().count() }
    }

    /// The room it belongs to: the module just below the crate's root.
    pub fn room(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }
}

/// The files of the library by module, without the command (`main.rs`) and without tests.
pub fn library() -> BTreeMap<ModulePath, SourceFile> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    gather(&src, &mut files);
    let named = files.into_iter().map(|path| (name_below(&src, &path), path));
    let wanted = named.filter(|(name, _)| name != "main.rs" && !name.ends_with("tests.rs"));
    let read = wanted.map(|(name, path)| {
        let file = SourceFile::new(&name, &fs::read_to_string(path).unwrap());
        (file.module.clone(), file)
    });
    read.collect()
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn name_below(src: &Path, path: &Path) -> String {
    path.strip_prefix(src).unwrap().to_str().unwrap().replace('\\', "/")
}

fn module_path(name: &str) -> ModulePath {
    let stem = name.trim_end_matches(".rs");
    let names = stem.split('/').filter(|name| !matches!(*name, "mod" | "lib"));
    names.map(str::to_owned).collect()
}
