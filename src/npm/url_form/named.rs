//! What a URL that matches a form names: a package, a version, and the paths that may be meant.

use percent_encoding::percent_decode_str;

use super::super::{
    cdnjs::{self, Origin},
    form_kind::FormKind,
    package_name::PackageName,
    patterns::{self, Expression, Groups, Library, Pattern, Pinned},
    version_spec::{VersionSpec, exact},
};

/// What the groups of a match name.
pub(super) struct Named {
    pub package: Option<PackageName>,
    /// Whether `package` is only the CDN's own name for the library.
    pub is_guess: bool,
    pub version: VersionSpec,
    pub paths: Vec<String>,
    /// What is known about this URL, where the form's own reason says less.
    pub reason: Option<&'static str>,
}

impl Named {
    pub fn of(pattern: &Pattern, groups: &Groups<'_, '_>) -> Self {
        match &pattern.libraries {
            Some(cdn) => library_file(pattern, cdn, groups),
            None => package_file(pattern, groups),
        }
    }
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
        reason: None,
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
    match (patterns::table().library(cdn, &lib, number.as_ref()), pattern.kind) {
        (Some(library), _) => Named {
            package: library.npm.parse().ok(),
            is_guess: false,
            version: translated(library, &version).unwrap_or(spec),
            paths: in_folders(library.base_path.iter().map(String::as_str), &path),
            reason: None,
        },
        (None, FormKind::Cdnjs) => cdnjs_file(&lib, spec, path),
        // What the other catalogues mean by an unlisted name is open.
        (None, _) => {
            Named { package: None, is_guess: false, version: spec, paths: vec![path], reason: None }
        }
    }
}

/// A file of cdnjs, by what its own configuration says of the library.
fn cdnjs_file(lib: &str, version: VersionSpec, path: String) -> Named {
    let (package, is_guess, folders, reason) = match cdnjs::origin(lib) {
        Some(Origin::Npm { package, folders }) => (package.parse().ok(), false, folders, None),
        Some(Origin::Guess { package }) => (package.parse().ok(), true, "", None),
        Some(Origin::NotNpm) => (None, false, "", Some(NOT_FROM_NPM)),
        // Most names that cdnjs has are npm's, in small letters.
        None => (lib.to_ascii_lowercase().parse().ok(), true, "", None),
    };
    let is_guess = is_guess && package.is_some();
    Named { package, is_guess, version, paths: in_folders(folders.split('|'), &path), reason }
}

const NOT_FROM_NPM: &str = "cdnjs does not take this library from npm";

/// `path` in each of the `folders` of a package; the root folder is the empty text.
fn in_folders<'a>(folders: impl Iterator<Item = &'a str>, path: &str) -> Vec<String> {
    distinct(folders.map(|folder| match folder.trim_matches('/') {
        "" => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }))
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
