//! A folder as a value: everything in it by name, and how two of them differ.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Everything below a folder, by its `/`-separated path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Node>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    kind: Kind,
    modified: Option<SystemTime>,
    mode: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

impl Tree {
    pub fn of(root: &Path) -> Self {
        let nodes = walkdir::WalkDir::new(root).into_iter().map(|entry| {
            let entry = entry.unwrap();
            let metadata = fs::symlink_metadata(entry.path()).unwrap();
            let kind = if entry.path_is_symlink() {
                Kind::Link(fs::read_link(entry.path()).unwrap())
            } else if metadata.is_dir() {
                Kind::Folder
            } else {
                Kind::File(fs::read(entry.path()).unwrap())
            };
            let name = entry.path().strip_prefix(root).unwrap().components();
            let name: Vec<_> = name.map(|part| part.as_os_str().to_string_lossy()).collect();
            let modified = (!entry.path_is_symlink()).then(|| metadata.modified().unwrap());
            (name.join("/"), Node { kind, modified, mode: mode(&metadata) })
        });
        Self(nodes.collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub fn files(&self) -> Files {
        let file = |(name, node): (&String, &Node)| match &node.kind {
            Kind::File(bytes) => Some((name.clone(), bytes.clone())),
            Kind::Folder | Kind::Link(_) => None,
        };
        self.0.iter().filter_map(file).collect()
    }

    pub fn same_bytes(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(a, b)| a.0 == b.0 && a.1.kind == b.1.kind)
    }

    pub fn what_differs<'a>(&'a self, other: &'a Self) -> Vec<&'a String> {
        let names: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        names.into_iter().filter(|name| self.0.get(*name) != other.0.get(*name)).collect()
    }

    pub fn assert_untouched(&self, after: &Self, by: &str) {
        let touched = self.what_differs(after);
        assert!(touched.is_empty(), "`{by}` must change nothing, but touched {touched:?}");
    }

    pub fn assert_same_files(&self, after: &Self, by: &str) {
        assert!(self.same_bytes(after), "`{by}` changed {:?}", self.what_differs(after));
    }

    pub fn assert_same_modes(&self, after: &Self, by: &str) {
        for (name, node) in &self.0 {
            if let Some(there) = after.0.get(name) {
                assert_eq!(there.mode, node.mode, "`{by}` changed the mode of {name}");
            }
        }
    }
}

/// The files that are not as expected.
pub fn differences(expected: &Files, found: &Files) -> Vec<String> {
    let names: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let difference = |name: &String| match (expected.get(name), found.get(name)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) => {
            Some(format!("{name} differs:\n{}", line_differences(&text(a), &text(b))))
        }
        (Some(_), None) => Some(format!("{name} is missing")),
        (None, Some(b)) => Some(format!("{name} is not expected:\n{}", text(b))),
        (None, None) => None,
    };
    names.into_iter().filter_map(difference).collect()
}

pub fn line_differences(expected: &str, found: &str) -> String {
    let (a, b): (Vec<_>, Vec<_>) = (expected.split('\n').collect(), found.split('\n').collect());
    let mut text = String::new();
    for index in 0..a.len().max(b.len()) {
        match (a.get(index), b.get(index)) {
            (Some(a), Some(b)) if a == b => text.push_str(&format!("   {a}\n")),
            (a, b) => {
                text.extend(a.map(|line| format!(" - {line}\n")));
                text.extend(b.map(|line| format!(" + {line}\n")));
            }
        }
    }
    text
}

pub fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = match entry.path().strip_prefix(from).unwrap() {
            path if path == Path::new("") => to.to_owned(),
            path => to.join(path),
        };
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[cfg(unix)]
pub fn symlink(to: &Path, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

#[cfg(not(unix))]
pub fn symlink(_: &Path, _: &Path) {
    unreachable!("cases with links are played on Unix");
}

#[cfg(unix)]
pub fn set_mode(path: &Path, octal: &str) {
    use std::os::unix::fs::PermissionsExt;
    let mode = u32::from_str_radix(octal, 8).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub fn set_mode(_: &Path, _: &str) {}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}
