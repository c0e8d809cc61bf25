//! The packages that a CDN has, and which version and file of them a request means.

use std::collections::BTreeMap;

use nodejs_semver::{Range, Version};
use serde_json::Value;

use super::Package;

/// What CDNs look for in `exports`, besides `default`.
const CONDITIONS: [&str; 4] = ["browser", "import", "module", "production"];

/// Packages by name.
#[derive(Clone, Debug, Default)]
pub struct Library(BTreeMap<String, Vec<Package>>);

impl Library {
    /// A library of these packages.
    pub fn of(packages: impl IntoIterator<Item = Package>) -> Self {
        let mut library = Self::default();
        for package in packages {
            library.0.entry(package.name().to_owned()).or_default().push(package);
        }
        library
    }

    /// All packages.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.0.values().flatten()
    }

    /// The package of exactly that version.
    pub fn exactly(&self, name: &str, version: &str) -> Option<&Package> {
        self.0.get(name)?.iter().find(|package| package.version() == version)
    }

    /// The newest package within a range; all are within `latest` and an empty one.
    pub fn newest(&self, name: &str, range: &str) -> Option<&Package> {
        let range = if range == "latest" { "*" } else { range };
        let range = Range::parse(range).ok()?;
        let parsed = |package: &&Package| Version::parse(package.version()).unwrap();
        let known = self.0.get(name)?.iter();
        known.filter(|package| parsed(package).satisfies(&range)).max_by_key(parsed)
    }
}

/// `/name@range/rest`: what the path of a request names. The range may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub name: String,
    pub range: String,
    pub rest: String,
}

impl Asked {
    /// Reads a path without its first `/`.
    pub fn parse(path: &str) -> Option<Self> {
        let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
        let scope = if path.starts_with('@') { path.find('/')? + 1 } else { 0 };
        let end = path[scope..].find('/').map_or(path.len(), |at| scope + at);
        let (name, range) = match path[scope..end].split_once('@') {
            Some((name, range)) => (&path[..scope + name.len()], range),
            None => (&path[..end], ""),
        };
        let rest = path[end..].trim_start_matches('/');
        Some(Self { name: name.to_owned(), range: range.to_owned(), rest: rest.to_owned() })
    }
}

/// A bare specifier: a package's name and a path in it, which is empty for its main entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bare {
    pub name: String,
    pub sub: String,
}

impl Bare {
    /// Reads a specifier, unless it is a URL or relative.
    pub fn parse(specifier: &str) -> Option<Self> {
        if specifier.starts_with(['.', '/', '#']) || specifier.contains(':') {
            return None;
        }
        let Asked { name, rest, .. } = Asked::parse(specifier)?;
        Some(Self { name, sub: rest })
    }

    /// `/sub`, or nothing.
    pub fn tail(&self) -> String {
        if self.sub.is_empty() { String::new() } else { format!("/{}", self.sub) }
    }
}

/// The file that `sub` of a package means to an importer; an empty `sub` is the main entry.
pub fn entry(package: &Package, sub: &str) -> Option<String> {
    let has = |path: String| package.get(&path).is_some().then_some(path);
    if let Some(path) = exported(&package.manifest()["exports"], sub).and_then(has) {
        return Some(path);
    }
    if sub.is_empty() {
        let fields = ["module", "main"].iter().map(|field| &package.manifest()[field]);
        let named = fields.filter_map(Value::as_str).map(clean).find_map(has);
        return named.or_else(|| has("index.js".to_owned()));
    }
    ["", ".js", ".mjs", "/index.js"].iter().find_map(|end| has(format!("{sub}{end}")))
}

/// The version range in which a package wants another.
pub fn wanted(package: &Package, name: &str) -> String {
    if name == package.name() {
        return package.version().to_owned();
    }
    let fields = ["dependencies", "peerDependencies"].iter();
    let mut ranges = fields.filter_map(|field| package.manifest()[field][name].as_str());
    ranges.next().unwrap_or("latest").to_owned()
}

fn clean(path: &str) -> String {
    path.trim_start_matches("./").to_owned()
}

/// The path that `exports` gives `sub`, as Node.js resolves it.
fn exported(exports: &Value, sub: &str) -> Option<String> {
    let key = if sub.is_empty() { ".".to_owned() } else { format!("./{sub}") };
    let by_path = exports.as_object().filter(|map| map.keys().any(|key| key.starts_with('.')));
    let Some(map) = by_path else {
        return sub.is_empty().then(|| target(exports))?.map(clean);
    };
    if let Some(value) = map.get(&key) {
        return target(value).map(clean);
    }
    let patterns = map.iter().filter_map(|(pattern, value)| {
        let (start, end) = pattern.split_once('*')?;
        let star = key.strip_prefix(start)?.strip_suffix(end)?;
        Some((start.len(), target(value)?.replace('*', star)))
    });
    patterns.max_by_key(|(length, _)| *length).map(|(_, path)| clean(&path))
}

/// What the conditions leave of a target.
fn target(value: &Value) -> Option<&str> {
    match value {
        Value::String(path) => Some(path),
        Value::Array(list) => list.iter().find_map(target),
        Value::Object(map) => map
            .iter()
            .filter(|(name, _)| *name == "default" || CONDITIONS.contains(&name.as_str()))
            .find_map(|(_, value)| target(value)),
        _ => None,
    }
}
