//! Which file of a package a CDN answers with when the URL names none.
//!
//! jsDelivr: `jsdelivr`, else `browser` when it is a string, else `main`, and of that the `.min.js`
//! sibling. unpkg: `unpkg`, else `exports` under the conditions `unpkg` and `default`, else `main`,
//! with `.js` and `/index.js` tried on what is not a file. Both are read from the `package.json`
//! inside the tarball.

use serde_json::Value;

use super::{patterns::DefaultFileRules, tarball::Package};

/// The outcome.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DefaultFile {
    /// This file of the package.
    File(String),
    /// What the CDN minifies out of this file.
    MinifiedFrom(String),
    /// The package has no main file.
    Missing,
}

/// Finds the default file by the rules of one CDN.
pub(super) fn default_file(rules: DefaultFileRules, package: &Package) -> DefaultFile {
    match rules {
        DefaultFileRules::JsDelivr => jsdelivr(package),
        DefaultFileRules::Unpkg => unpkg(package),
    }
}

fn jsdelivr(package: &Package) -> DefaultFile {
    let manifest = package.manifest();
    let named = ["jsdelivr", "browser", "main"].into_iter().find_map(|key| manifest[key].as_str());
    let Some(path) = existing(package, named.unwrap_or("index.js")) else {
        return DefaultFile::Missing;
    };
    match minified_sibling(&path) {
        Some(minified) if package.files.contains_key(&minified) => DefaultFile::File(minified),
        Some(_) => DefaultFile::MinifiedFrom(path),
        None => DefaultFile::File(path),
    }
}

fn unpkg(package: &Package) -> DefaultFile {
    let manifest = package.manifest();
    let exported = || resolve(root_export(&manifest["exports"])?);
    let named = manifest["unpkg"].as_str().or_else(exported).or_else(|| manifest["main"].as_str());
    match existing(package, named.unwrap_or("index.js")) {
        Some(path) => DefaultFile::File(path),
        None => DefaultFile::Missing,
    }
}

/// The file that `exports` gives for a path of the package which is no file itself.
pub(super) fn exported_path(package: &Package, path: &str) -> Option<String> {
    let target = resolve(package.manifest()["exports"].get(format!("./{path}"))?)?;
    existing(package, target)
}

/// What `exports` says about the package itself: all of it, or its `.` key.
fn root_export(exports: &Value) -> Option<&Value> {
    match exports.as_object() {
        Some(keys) if keys.keys().any(|key| key.starts_with('.')) => keys.get("."),
        _ => Some(exports),
    }
}

/// Follows conditions in the order they are written, as Node.js does. Nesting is limited by the
/// JSON parser.
fn resolve(target: &Value) -> Option<&str> {
    match target {
        Value::String(path) => Some(path),
        Value::Array(alternatives) => alternatives.iter().find_map(resolve),
        Value::Object(conditions) => conditions
            .iter()
            .filter(|(condition, _)| matches!(condition.as_str(), "unpkg" | "default"))
            .find_map(|(_, target)| resolve(target)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The file that a `main`-like value means: itself, or with the endings Node.js adds.
fn existing(package: &Package, named: &str) -> Option<String> {
    let path = named.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
    let spellings = [path.to_owned(), format!("{path}.js"), format!("{path}/index.js")];
    spellings.into_iter().find(|path| package.files.contains_key(path))
}

/// `a.js` → `a.min.js`; `None` for what is minified already.
fn minified_sibling(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".js")?;
    (!stem.ends_with(".min")).then(|| format!("{stem}.min.js"))
}

/// `a.min.js` → `a.js`, for scripts and stylesheets; `None` for what has no `.min`.
pub(super) fn unminified(path: &str) -> Option<String> {
    let (stem, extension) = path.rsplit_once('.')?;
    stem.strip_suffix(".min").map(|stem| format!("{stem}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::{super::tarball::fixture::package, *};

    fn file(path: &str) -> DefaultFile {
        DefaultFile::File(path.into())
    }

    #[test]
    fn jsdelivr_reads_its_own_key_then_browser_then_main() {
        for (manifest, expected) in [
            (r#"{"jsdelivr":"./j.min.js","browser":"b.js","main":"m.js"}"#, file("j.min.js")),
            (r#"{"browser":"b.js","main":"m.js"}"#, file("b.min.js")),
            (r#"{"browser":{"m.js":"b.js"},"main":"m"}"#, DefaultFile::MinifiedFrom("m.js".into())),
            ("{}", DefaultFile::Missing),
            ("not json", DefaultFile::Missing),
        ] {
            let package = package(&[
                ("package.json", manifest),
                ("j.min.js", ""),
                ("b.js", ""),
                ("b.min.js", ""),
                ("m.js", ""),
            ]);
            assert_eq!(default_file(DefaultFileRules::JsDelivr, &package), expected, "{manifest}");
        }
    }

    #[test]
    fn unpkg_reads_its_own_key_then_exports_then_main() {
        for (manifest, expected) in [
            (r#"{"unpkg":"u.js","exports":"./e.js","main":"m.js"}"#, file("u.js")),
            (r#"{"exports":"./e.js","main":"m.js"}"#, file("e.js")),
            (r#"{"exports":{"import":"./m.js","default":"./e.js"}}"#, file("e.js")),
            (
                r#"{"exports":{".":{"import":"./m.js","unpkg":{"default":["./u.js"]}}}}"#,
                file("u.js"),
            ),
            (r#"{"exports":{".":{"import":"./e.js"}},"main":"m"}"#, file("m.js")),
            (r#"{"exports":{"./sub":"./e.js"},"main":"./lib"}"#, file("lib/index.js")),
            (r#"{"main":"gone.js"}"#, DefaultFile::Missing),
        ] {
            let package = package(&[
                ("package.json", manifest),
                ("u.js", ""),
                ("e.js", ""),
                ("m.js", ""),
                ("lib/index.js", ""),
            ]);
            assert_eq!(default_file(DefaultFileRules::Unpkg, &package), expected, "{manifest}");
        }
    }

    #[test]
    fn a_path_that_exports_names_is_followed() {
        let manifest = r#"{"exports":{"./hooks":{"default":"./hooks/dist/hooks.js"}}}"#;
        let package = package(&[("package.json", manifest), ("hooks/dist/hooks.js", "")]);
        assert_eq!(exported_path(&package, "hooks").as_deref(), Some("hooks/dist/hooks.js"));
        assert_eq!(exported_path(&package, "other"), None);
    }
}
