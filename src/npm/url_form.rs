//! A CDN URL read as what it names: a file of an npm package, or the reason why it is none.
//!
//! Pure, and driven by `src/data/cdn-url-patterns.toml`. What comes out is a candidate, never a
//! proof: URLs are other people's text, and only bytes prove (`proof`). Versions are read as npm
//! reads them (exact version, dist-tag or semver range).

use std::ops::Range as Span;

use nodejs_semver::{Range, Version};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::{
    package_name::PackageName,
    patterns::{self, DefaultFileRules, Expression, Groups, Library, Pattern, Pinned},
};
use crate::reference::SubresourceUrl;

/// What kind of answer a URL form gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormKind {
    /// A file of a package, named by its path.
    NpmFile,
    /// The main file of a package.
    NpmDefault,
    /// cdnjs: a library of its own catalogue, mostly copied from npm.
    Cdnjs,
    /// An older catalogue of libraries under names of its own.
    LegacyLib,
    /// A file of a Git repository.
    GitFile,
    /// A file of a Subversion repository.
    SvnFile,
    /// Several files in one answer.
    Bundle,
    /// Built by the CDN; no package has these bytes.
    Generated,
    /// A short address that leads to another one.
    Redirect,
    /// Depends on who asks.
    Dynamic,
    /// About files, not one of them.
    Metadata,
}

/// Which version of the package a URL asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VersionSpec {
    /// One version: `3.7.1`.
    Exact(String),
    /// A semver range: `3`, `^1.2`.
    Range(String),
    /// A dist-tag (`next`), or a name of the CDN's own that npm may not know.
    Tag(String),
    /// None given: npm reads it as the tag `latest`.
    None,
}

impl VersionSpec {
    /// Reads the text between `@` and the next slash, percent-decoded.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::None;
        }
        let number = text.trim_start_matches(['v', '=']);
        if exact(number).is_some() {
            return Self::Exact(number.to_owned());
        }
        match Range::parse(text) {
            Ok(_) => Self::Range(text.to_owned()),
            Err(_) => Self::Tag(text.to_owned()),
        }
    }

    /// The version, where there is exactly one.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(version) => Some(version),
            Self::Range(_) | Self::Tag(_) | Self::None => None,
        }
    }
}

impl std::fmt::Display for VersionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(text) | Self::Range(text) | Self::Tag(text) => f.write_str(text),
            Self::None => f.write_str("latest"),
        }
    }
}

/// The version `text` spells in full. npm's parser is lenient, CDN paths are not.
fn exact(text: &str) -> Option<Version> {
    Version::parse(text).ok().filter(|version| version.to_string() == text)
}

/// Whether the URL itself fixes the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinning {
    /// The same URL always means the same bytes.
    Exact,
    /// The CDN may answer with other bytes tomorrow.
    Floating {
        /// What to write instead, as a sentence without a final stop.
        advice: String,
    },
    /// The form does not tell.
    Unknown,
}

/// What a CDN URL names.
#[derive(Clone)]
pub struct UrlForm {
    /// The data entry that matched.
    pub id: &'static str,
    /// What kind of answer to expect.
    pub kind: FormKind,
    /// The npm package, if the form leads to one.
    pub package: Option<PackageName>,
    /// Whether `package` is only the CDN's own name for the library, which may be another package's
    /// name on npm: good enough to be proved by bytes, not to be served unproved.
    pub package_is_guess: bool,
    /// The version asked for.
    pub version: VersionSpec,
    /// Candidate paths in the tarball, best first.
    pub paths: Vec<String>,
    /// The form promises the package's own file at `paths[0]`: other bytes there are tampering.
    pub path_is_fixed: bool,
    /// Whether the URL fixes the bytes.
    pub pinned: Pinning,
    /// What is known about the form, for people.
    pub reason: &'static str,
    pattern: &'static Pattern,
    address: Address,
}

impl UrlForm {
    /// The URL that names `version` instead of a range, a tag or nothing: what to write in place of
    /// a floating URL, and where its bytes belong once the CDN has told the version it answered
    /// with. `version` is an exact version or a full commit hash; anything else gives `None`, as
    /// does a form without a place for it.
    pub fn pinned_url(&self, version: &str) -> Option<SubresourceUrl> {
        let commit = version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        if exact(version).is_none() && !(commit && self.kind == FormKind::GitFile) {
            return None;
        }
        if self.version.exact() == Some(version) && self.pinned == Pinning::Exact {
            return Some(self.address.url.clone());
        }
        self.address.with_version(version)?.parse().ok()
    }

    /// By whose rules the package's main file is found.
    pub(super) fn default_file_rules(&self) -> Option<DefaultFileRules> {
        self.pattern.default_file
    }

    /// Whether this CDN minifies by itself what the package does not have minified.
    pub(super) fn cdn_minifies(&self) -> bool {
        self.pattern.minifies
    }
}

impl std::fmt::Debug for UrlForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UrlForm")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("package", &self.package)
            .field("version", &self.version)
            .field("paths", &self.paths)
            .field("path_is_fixed", &self.path_is_fixed)
            .field("pinned", &self.pinned)
            .finish_non_exhaustive()
    }
}

/// Reads `url`. `None`: no CDN form we know.
pub fn classify(url: &SubresourceUrl) -> Option<UrlForm> {
    classify_among(url, |_| true)
}

fn classify_among(url: &SubresourceUrl, admit: impl Fn(&Pattern) -> bool) -> Option<UrlForm> {
    let subject = url.host_and_path().replace("%40", "@");
    let host = url.host();
    let patterns = patterns::table().pattern.iter();
    patterns
        .filter(|pattern| pattern.hosts.iter().any(|known| known == host) && admit(pattern))
        .find_map(|pattern| read(pattern, url, &subject))
}

/// Reads `url` as one form, if it has that form.
fn read(pattern: &'static Pattern, url: &SubresourceUrl, subject: &str) -> Option<UrlForm> {
    if pattern.unless.as_ref().is_some_and(|unless| unless.is_match(subject)) {
        return None;
    }
    let subject = match &pattern.query {
        Some(key) => format!("{subject}{}", has_query(url, key).then(|| format!("?{key}"))?),
        None => subject.to_owned(),
    };
    let groups = pattern.pattern.captures(&subject)?;
    let named = match &pattern.libraries {
        Some(cdn) => library_file(pattern, cdn, &groups),
        None => package_file(pattern, &groups),
    };
    let address = Address::new(url, &subject, &groups);
    let pinned = pinning(pattern, url, &subject, &named.version, &groups, &address);
    let kind = match pattern.kind {
        FormKind::NpmDefault if groups.get("path").is_some() => FormKind::NpmFile,
        kind => kind,
    };
    Some(UrlForm {
        id: &pattern.id,
        kind,
        path_is_fixed: pattern.fixed && named.version.exact().is_some(),
        package: named.package,
        package_is_guess: named.is_guess,
        version: named.version,
        paths: named.paths,
        pinned,
        reason: &pattern.reason,
        pattern,
        address,
    })
}

fn has_query(url: &SubresourceUrl, key: &str) -> bool {
    url.as_url().query_pairs().any(|(name, _)| name == key)
}

/// What the groups of a match name.
struct Named {
    package: Option<PackageName>,
    is_guess: bool,
    version: VersionSpec,
    paths: Vec<String>,
}

/// Forms that spell the package's own name: `npm` and `path` are templates.
fn package_file(pattern: &Pattern, groups: &Groups<'_, '_>) -> Named {
    // `@scope/name@version`: the last `@` splits, unless it is the scope's.
    let (name, version) = match pattern.npm.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (name, version),
        _ => (pattern.npm.as_str(), "{ver}"),
    };
    let version = decode(&groups.render(version)).unwrap_or_default();
    let names_a_file = groups.get("path").is_none_or(|path| !path.ends_with('/'));
    let needs_path =
        |template: &&String| !template.contains("{path}") || groups.get("path").is_some();
    let templates = pattern.path.as_slice().iter().filter(needs_path).filter(|_| names_a_file);
    Named {
        package: groups.render(name).parse().ok(),
        is_guess: false,
        version: VersionSpec::parse(&version),
        paths: distinct(templates.filter_map(|template| decode(&groups.render(template)))),
    }
}

/// Forms that use a catalogue's library names.
fn library_file(pattern: &Pattern, cdn: &str, groups: &Groups<'_, '_>) -> Named {
    let lib = groups.get("lib").and_then(decode).unwrap_or_default();
    let path = groups.get("path").and_then(decode).unwrap_or_default();
    let (version, path) = match groups.get("ver").and_then(decode) {
        Some(version) => (version, path),
        None => split_version(&path),
    };
    let spec = catalogue_version(&version, &pattern.pinned);
    let number = spec.exact().and_then(exact);
    let Some(library) = patterns::table().library(cdn, &lib, number.as_ref()) else {
        // Only cdnjs takes names from npm; what the others mean by an unlisted name is open.
        let guess = match pattern.kind {
            FormKind::Cdnjs => lib.to_ascii_lowercase().parse().ok(),
            _ => None,
        };
        return Named {
            is_guess: guess.is_some(),
            package: guess,
            version: spec,
            paths: vec![path],
        };
    };
    let folders = library.base_path.iter().map(|folder| folder.trim_matches('/'));
    Named {
        package: library.npm.parse().ok(),
        is_guess: false,
        version: translated(library, &version).unwrap_or(spec),
        paths: distinct(folders.map(|folder| match folder {
            "" => path.clone(),
            folder => format!("{folder}/{path}"),
        })),
    }
}

/// A catalogue that fixes versions by folder writes `2.4` where npm must write `2.4.0`.
fn catalogue_version(text: &str, pinned: &Pinned) -> VersionSpec {
    let full = format!("{text}.0");
    match VersionSpec::parse(text) {
        VersionSpec::Range(_) if matches!(pinned, Pinned::Always) && exact(&full).is_some() => {
            VersionSpec::Exact(full)
        }
        spec => spec,
    }
}

/// npm's version for one that the CDN spells in its own way (`r128`).
fn translated(library: &Library, version: &str) -> Option<VersionSpec> {
    let groups = library.version_pattern.as_ref()?.captures(version)?;
    Some(VersionSpec::parse(&groups.render(library.version.as_ref()?)))
}

/// Takes the version out of a path that carries it: `2.1.1/jquery.min.js`, `knockout-3.4.2.js`.
fn split_version(path: &str) -> (String, String) {
    static NUMBER: std::sync::LazyLock<Expression> = std::sync::LazyLock::new(|| {
        Expression::from(r"(?P<ver>[0-9]+\.[0-9]+\.[0-9]+)".to_owned())
    });
    let Some(version) = NUMBER.captures(path).and_then(|groups| groups.get("ver")) else {
        return (String::new(), path.to_owned());
    };
    let folder = path.strip_prefix(version).and_then(|rest| rest.strip_prefix('/'));
    let rest = match folder {
        Some(rest) => rest.to_owned(),
        None => path.replacen(&format!("-{version}"), "", 1),
    };
    (version.to_owned(), rest)
}

/// Percent-decodes one captured text; the slash that a group may start with is not part of a path.
fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text.trim_start_matches('/')).decode_utf8().ok()?;
    Some(decoded.into_owned()).filter(|text| !text.is_empty())
}

fn distinct(paths: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for path in paths {
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
    seen
}

fn pinning(
    pattern: &Pattern,
    url: &SubresourceUrl,
    subject: &str,
    version: &VersionSpec,
    groups: &Groups<'_, '_>,
    address: &Address,
) -> Pinning {
    let is_exact = version.exact().is_some();
    match &pattern.pinned {
        Pinned::Always => Pinning::Exact,
        Pinned::Version if is_exact => Pinning::Exact,
        Pinned::VersionAndQuery(key) if is_exact && has_query(url, key) => Pinning::Exact,
        Pinned::Matches(expression) if expression.is_match(subject) => Pinning::Exact,
        Pinned::VersionAndQuery(_) | Pinned::Matches(_) if is_exact => Pinning::Unknown,
        Pinned::Parts => bundle_pinning(url, groups),
        Pinned::Never | Pinned::Version | Pinned::VersionAndQuery(_) | Pinned::Matches(_) => {
            Pinning::Floating { advice: advice(pattern.kind, address) }
        }
    }
}

/// A bundle is as pinned as the loosest of its parts.
fn bundle_pinning(url: &SubresourceUrl, groups: &Groups<'_, '_>) -> Pinning {
    let mut loosest = Pinning::Exact;
    for part in groups.get("path").unwrap_or_default().split(',') {
        let Ok(part) = format!("https://{}/{part}", url.host()).parse::<SubresourceUrl>() else {
            return Pinning::Unknown;
        };
        // A bundle has no bundles in it; without this a URL could nest them as deep as it is long.
        match classify_among(&part, |pattern| pattern.kind != FormKind::Bundle) {
            Some(form) if form.pinned == Pinning::Exact => {}
            Some(UrlForm { pinned: Pinning::Floating { .. }, .. }) => {
                let advice = format!("write an exact version for the part `{part}`");
                return Pinning::Floating { advice };
            }
            Some(_) | None => loosest = Pinning::Unknown,
        }
    }
    loosest
}

fn advice(kind: FormKind, address: &Address) -> String {
    if kind == FormKind::Dynamic {
        return "the answer depends on the browser that asks: no version of it can be pinned"
            .into();
    }
    match address.with_version("<version>") {
        Some(text) => format!("write an exact version: `{text}`"),
        None => "the address has no place for a version: use one that has".into(),
    }
}

/// A URL with the place where its version stands.
#[derive(Clone)]
struct Address {
    url: SubresourceUrl,
    /// Host and path as matched.
    subject: String,
    version: Option<VersionPlace>,
}

#[derive(Clone)]
enum VersionPlace {
    Written(Span<usize>),
    /// Missing: `@version` belongs here.
    After(usize),
}

impl Address {
    fn new(url: &SubresourceUrl, subject: &str, groups: &Groups<'_, '_>) -> Self {
        let anchor = || groups.span("pkg").or_else(|| groups.span("repo"));
        let version = match groups.span("ver") {
            Some(span) => Some(VersionPlace::Written(span)),
            None => anchor().map(|span| VersionPlace::After(span.end)),
        };
        Self { url: url.clone(), subject: subject.to_owned(), version }
    }

    /// The URL's text with `version` in its place; scheme, port and query stay.
    fn with_version(&self, version: &str) -> Option<String> {
        let (before, after) = match self.version.clone()? {
            VersionPlace::Written(span) => {
                (self.subject.get(..span.start)?.to_owned(), self.subject.get(span.end..)?)
            }
            VersionPlace::After(end) => {
                (format!("{}@", self.subject.get(..end)?), self.subject.get(end..)?)
            }
        };
        let after = after.split('?').next().unwrap_or_default();
        let path = before.strip_prefix(self.url.host())?;
        let url = self.url.as_url();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{}://{}{port}{path}{version}{after}{query}", url.scheme(), self.url.host()))
    }
}

#[cfg(test)]
#[path = "url_form_tests.rs"]
mod tests;
