//! Pages as records, for `inhouse rewrite` and `inhouse scan --batch`.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// A page: its path below the site's root, and its bytes.
pub type Page = (String, Vec<u8>);

/// The pages of a site, in the order of their paths, also those that `globs` name; none of its vendor
/// folder, and none behind links.
pub fn pages(site: &Path, globs: &[&str]) -> Vec<Page> {
    let glob = |glob: &&str| {
        let glob = globset::GlobBuilder::new(glob).literal_separator(true).build();
        glob.unwrap().compile_matcher()
    };
    let globs: Vec<_> = globs.iter().map(glob).collect();
    let files = walkdir::WalkDir::new(site).sort_by_file_name().into_iter().map(Result::unwrap);
    let is_page = |name: &str| {
        let (name, extension) = name.rsplit_once('.').unwrap_or_default();
        let extension = extension.to_ascii_lowercase();
        ["html", "htm", "xhtml"].contains(&&*extension) && !name.contains("/vendor/")
    };
    let page = |file: walkdir::DirEntry| {
        let path = file.path().strip_prefix(site).unwrap().to_str().unwrap().to_owned();
        let is_page = is_page(&format!("/{path}")) || globs.iter().any(|glob| glob.is_match(&path));
        let is_page = is_page && file.file_type().is_file();
        is_page.then(|| (path, fs::read(file.path()).unwrap()))
    };
    files.filter_map(page).collect()
}

/// One JSON object a line.
pub fn records(pages: &[Page]) -> Vec<u8> {
    let record = |(path, page): &Page| match std::str::from_utf8(page) {
        Ok(text) => json!({ "path": path, "page": text }),
        Err(_) => json!({ "path": path, "page-base64": BASE64_STANDARD.encode(page) }),
    };
    pages.iter().flat_map(|page| format!("{}\n", record(page)).into_bytes()).collect()
}

/// Every line of an output.
pub fn lines(output: &[u8]) -> Vec<Value> {
    output
        .split_inclusive(|b| *b == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// The pages of an output, none of which was refused.
pub fn served(output: &[u8]) -> Vec<Page> {
    let page = |record: Value| {
        assert!(record.get("problems").is_none(), "{record:#}");
        let page = match record["page"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => BASE64_STANDARD.decode(record["page-base64"].as_str().unwrap()).unwrap(),
        };
        (record["path"].as_str().unwrap().to_owned(), page)
    };
    lines(output).into_iter().map(page).collect()
}

/// Runs a command with something on its stdin.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A command that fails may not read to the end.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    })
}

/// Fails the test at the first page that is another one.
pub fn assert_same(found: &[Page], expected: &[Page]) {
    let text = |page: &[u8]| String::from_utf8_lossy(page).into_owned();
    for ((path, found), (name, expected)) in found.iter().zip(expected) {
        assert_eq!(path, name);
        assert_eq!(text(found), text(expected), "{path}");
        assert!(found == expected, "{path} differs in bytes that are no UTF-8");
    }
    assert_eq!(found.len(), expected.len(), "another number of pages");
}
