//! What a file uses of the same crate: its `use` lines, and paths inside its code.

use std::collections::{BTreeMap, BTreeSet};

use super::{ModulePath, SourceFile};

/// A use of one module by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// The module that holds what is used.
    pub module: ModulePath,
    /// The line that says so, from 1.
    pub line: usize,
    /// The path as it is written.
    pub path: String,
}

type Files = BTreeMap<ModulePath, SourceFile>;

/// Every use of another file by `file`. What a module only re-exports, or uses itself,
/// is used of the module that holds it.
pub fn uses(file: &SourceFile, files: &Files) -> Vec<Used> {
    let mut found = BTreeSet::new();
    for (line, path) in written(file, files) {
        let target = absolute(file, &path, files).and_then(|path| resolve(&path, files, 8));
        if let Some(module) = target.filter(|module| *module != file.module) {
            found.insert(Used { module, line, path });
        }
    }
    found.into_iter().collect()
}

/// The paths of all `use` declarations, and those in the code that begin with a module's name.
fn written(file: &SourceFile, files: &Files) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut rest = file.code.clone();
    for (at, tree) in declarations(&file.code) {
        let line = 1 + file.code[..at].matches('\n').count();
        all.extend(paths_of_tree(tree).into_iter().map(|path| (line, path)));
        rest.replace_range(at..at + tree.len(), &" ".repeat(tree.len()));
    }
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let lines = rest.lines().zip(1..);
    let words =
        lines.flat_map(|(text, line)| text.split(|c| !is_path(c)).map(move |word| (line, word)));
    let own =
        words.filter(|(_, word)| word.contains("::") && absolute(file, word, files).is_some());
    all.extend(own.map(|(line, word)| (line, word.to_owned())));
    all
}

/// The trees of the `use` declarations, each with its place.
fn declarations(code: &str) -> Vec<(usize, &str)> {
    let starts = code.match_indices("use ").map(|(at, _)| at);
    let starts = starts
        .filter(|at| code[..*at].ends_with(|c: char| c.is_whitespace() || c == ')') || *at == 0);
    let trees = starts.filter_map(|at| {
        let tree = &code[at + 4..];
        Some((at + 4, &tree[..tree.find(';')?]))
    });
    trees.collect()
}

/// `a::{b, c::d as e}` → `a::b`, `a::c::d`.
pub fn paths_of_tree(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        return vec![tree.split_whitespace().next().unwrap_or_default().to_owned()];
    };
    let inner = &tree[open + 1..tree.rfind('}').unwrap()];
    let paths = split(inner).into_iter().flat_map(paths_of_tree).filter(|path| !path.is_empty());
    let whole = paths.map(|path| format!("{}{path}", &tree[..open]));
    whole.map(|path| path.trim_end_matches("::self").to_owned()).collect()
}

/// Splits at the commas outside braces.
fn split(list: &str) -> Vec<&str> {
    let mut depth = 0;
    list.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

/// A path from the crate's root; `None` for what is no path of this crate.
fn absolute(file: &SourceFile, path: &str, files: &Files) -> Option<Vec<String>> {
    let mut names: Vec<_> = path.split("::").map(str::to_owned).collect();
    let mut base = file.module.clone();
    match names[0].as_str() {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
        }
        child => {
            let child: Vec<_> = base.iter().cloned().chain([child.to_owned()]).collect();
            return files.contains_key(&child).then(|| base.into_iter().chain(names).collect());
        }
    }
    names.remove(0);
    while names.first().is_some_and(|name| name == "super") {
        names.remove(0);
        base.pop();
    }
    Some(base.into_iter().chain(names).collect())
}

/// The module that holds the item at `path`, through the `use` lines on the way.
fn resolve(path: &[String], files: &Files, turns: usize) -> Option<ModulePath> {
    let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
    let holder = &files[&path[..length]];
    let Some(item) = path.get(length).filter(|_| turns > 0) else {
        return Some(path[..length].to_vec());
    };
    let mut paths =
        declarations(&holder.code).into_iter().flat_map(|(_, tree)| paths_of_tree(tree));
    let from = paths.find(|path| path.rsplit("::").next() == Some(item));
    match from {
        // What comes from another crate is held by no file of this one.
        Some(path) => resolve(&absolute(holder, &path, files)?, files, turns - 1),
        None => Some(holder.module.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_of_uses_are_read_to_their_leaves() {
        let paths = paths_of_tree("crate::{\n    a::{self, b, c as d},\n    e,\n}");
        assert_eq!(paths, ["crate::a", "crate::a::b", "crate::a::c", "crate::e"]);
    }

    #[test]
    fn uses_lead_to_the_file_that_holds_what_is_used() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod c; mod d; pub use c::C; use std::io; struct A;"),
            ("a/c.rs", "use super::{A, d::D}; fn f() { crate::b::g() }"),
            ("a/d.rs", "use super::{C, io}; use std::fmt;"),
            ("b.rs", "use crate::a::C;"),
        ];
        let files: Files = files
            .map(|(name, text)| SourceFile::new(name, text))
            .map(|file| (file.module.clone(), file))
            .into();
        let used = |name: &str| -> Vec<String> {
            let file = files.values().find(|file| file.name == name).unwrap();
            uses(file, &files).into_iter().map(|used| used.module.join("::")).collect()
        };
        assert_eq!(used("a.rs"), ["a::c"]);
        assert_eq!(used("a/c.rs"), ["a", "a::d", "b"]);
        assert_eq!(used("a/d.rs"), ["a::c"]);
        assert_eq!(used("b.rs"), ["a::c"]);
    }
}
