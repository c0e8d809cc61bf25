//! What a case expects: the project afterwards, and what was printed.

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    file::Case,
    project::{Printed, Project},
    tree::{Files, Tree, differences, line_differences},
};

/// Compares what is seen with what the case expects, or writes it there with `SNAPSHOTS=overwrite`.
pub fn compare(project: &Project, before: &Tree, printed: &Printed, case: &Case) {
    let after = project.tree();
    let seen = if before.same_bytes(&after) { Files::new() } else { shown(project, &after) };
    let folder = project.case.join("expected");
    let streams = [("stdout", &printed.stdout), ("stderr", &printed.stderr)];
    let streams = streams.map(|(name, text)| (project.case.join(name), text_of(text)));
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        overwrite(&folder, &seen);
        streams.iter().for_each(|(path, text)| overwrite_text(path, text));
        return;
    }
    let expected = if folder.is_dir() { Tree::of(&folder).files() } else { Files::new() };
    let mut problems = differences(&expected, &seen);
    problems.extend(streams.iter().filter_map(|(path, text)| text_difference(path, text)));
    let problems = problems.join("\n");
    assert!(problems.is_empty(), "{}\n\n{problems}\nSNAPSHOTS=overwrite accepts this", case.about);
}

/// What was printed; nothing if it is the commands alone.
fn text_of(printed: &str) -> &str {
    if printed.lines().all(|line| line.starts_with("$ ")) { "" } else { printed }
}

fn overwrite(folder: &Path, files: &Files) {
    let _ = fs::remove_dir_all(folder);
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn overwrite_text(path: &Path, text: &str) {
    let _ = fs::remove_file(path);
    if !text.is_empty() {
        fs::write(path, text).unwrap();
    }
}

fn text_difference(path: &Path, text: &str) -> Option<String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    let name = path.file_name().unwrap().to_string_lossy();
    (expected != text).then(|| format!("{name}:\n{}", line_differences(&expected, text)))
}

/// The files of the project that `expected/` shows: all but the configuration, and the bytes in the
/// vendor cache that lie in the site vendor folder too.
fn shown(project: &Project, after: &Tree) -> Files {
    let mut files = after.files();
    let given = Tree::of(&project.case).files();
    files.retain(|name, bytes| name.contains('/') || given.get(name) != Some(bytes));
    let lockfile = files.keys().find(|name| name.ends_with("/inhouse.lock")).cloned();
    match lockfile.as_deref().and_then(|name| name.strip_suffix("inhouse.lock")) {
        Some(cache) => without_cached(files, cache),
        None => files,
    }
}

fn without_cached(files: Files, cache: &str) -> Files {
    let (cached, mut rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files.into_iter().partition(|(name, _)| name.starts_with(cache));
    for (name, bytes) in cached {
        let path = &name[cache.len()..];
        let is_vendored = |rest: &Files| {
            let mut rest = rest.iter();
            rest.any(|(name, there)| name.ends_with(&format!("/{path}")) && *there == bytes)
        };
        if path == ".gitattributes" {
            assert_eq!(bytes, b"* -text\n");
        } else if path.starts_with("+packages/") {
            // The lists of packages' files: the lockfile has their digests.
        } else if path == "inhouse.lock" || !is_vendored(&rest) {
            rest.insert(name, bytes);
        }
    }
    rest
}
