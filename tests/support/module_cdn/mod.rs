//! A loopback server that plays the CDNs which serve modules, in the forms that each has of its own.
//!
//! The packages of a [`Library`] are served under the CDNs' real host names and URL shapes: as they
//! are (jsDelivr, unpkg, cdnjs) or with their specifiers changed as each CDN changes them (`+esm`,
//! `?module`, esm.sh, jspm, Skypack). What a form looks like is told where it is made. The same
//! packages are published on [`REGISTRY`], which answers as an npm registry does.

mod esm_sh;
pub mod import_maps;
mod jsdelivr;
mod jspm;
mod library;
pub mod pages;
pub mod published;
pub mod real;
mod skypack;
mod unpkg;

use std::sync::Arc;

use inhouse::internals::js::{self, Rule, SourceKind, literal};

pub use library::Library;
use library::{Asked, Bare};

use super::{
    cdn::Cdn,
    http::{Answer, Request, mime_type},
    npm::Package,
};

/// The host that plays the npm registry.
pub const REGISTRY: &str = "packages.example";

/// The hosts of the CDNs.
pub const HOSTS: [&str; 7] = [
    "cdn.jsdelivr.net",
    "cdn.skypack.dev",
    "cdnjs.cloudflare.com",
    "esm.sh",
    "ga.jspm.io",
    "jspm.dev",
    "unpkg.com",
];

/// The flags and the variable that lead `inhouse` to the registry: its name and value.
pub fn registry_variable() -> (&'static str, String) {
    ("npm_config_registry", format!("https://{REGISTRY}/"))
}

/// Starts a server that plays all [`HOSTS`].
pub fn start(library: Library) -> Cdn {
    serve(Cdn::start(), library)
}

/// Adds all [`HOSTS`] and the registry to a server.
pub fn serve(cdn: Cdn, library: Library) -> Cdn {
    let cdn = library.packages().fold(cdn, |cdn, package| cdn.package(REGISTRY, package.clone()));
    let library = Arc::new(library);
    HOSTS.into_iter().fold(cdn, |cdn, host| {
        let library = Arc::clone(&library);
        cdn.play(host, move |request| answer(host, &library, request))
    })
}

fn answer(host: &str, library: &Library, request: &Request) -> Option<Answer> {
    let answer = match host {
        "cdn.jsdelivr.net" => jsdelivr::answer(library, request),
        "cdn.skypack.dev" => skypack::answer(library, request),
        "cdnjs.cloudflare.com" => cdnjs(library, request),
        "esm.sh" => esm_sh::answer(library, request),
        "ga.jspm.io" => jspm::build(library, request),
        "jspm.dev" => jspm::entry(library, request),
        "unpkg.com" => unpkg::answer(library, request),
        other => panic!("{other} plays no CDN"),
    };
    // Without it no browser runs a module of another origin.
    Some(answer?.header("access-control-allow-origin", "*"))
}

/// cdnjs: `/ajax/libs/<library>/<version>/<file>`, where `file` is a path in one of the package's
/// folders: cdnjs keeps its own tree.
fn cdnjs(library: &Library, request: &Request) -> Option<Answer> {
    let path = request.path().strip_prefix("/ajax/libs/")?;
    let [name, version, file] = path.splitn(3, '/').collect::<Vec<_>>()[..] else { return None };
    let package = library.exactly(name, version)?;
    let suffix = format!("/{file}");
    let known = package.paths().find(|path| *path == file || path.ends_with(&suffix))?;
    Some(forever(file_of(package, known)?))
}

/// A file as it is.
fn file_of(package: &Package, path: &str) -> Option<Answer> {
    Some(Answer::ok(package.get(path)?).content_type(mime_type(path)))
}

fn script(body: impl Into<Vec<u8>>) -> Answer {
    Answer::ok(body).content_type("application/javascript; charset=utf-8")
}

fn forever(answer: Answer) -> Answer {
    answer.header("cache-control", "public, max-age=31536000, immutable")
}

fn for_a_while(answer: Answer) -> Answer {
    answer.header("cache-control", "public, max-age=600")
}

/// `code` with another specifier wherever `rename` gives one; what `new URL` has is relative.
fn respell(code: &[u8], rename: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let scan = js::scan(code, SourceKind::Module).expect("packages hold valid modules");
    let edits = scan.specifiers().filter_map(|(found, literal)| {
        let is_relative = !found.text.starts_with('/') && !found.text.contains(':');
        let text = match found.form.rule() {
            Rule::ModuleSpecifier => rename(&found.text)?,
            Rule::AgainstScript if is_relative => {
                rename(&format!("./{}", found.text.trim_start_matches("./")))?
            }
            Rule::AgainstScript | Rule::AgainstSettings => return None,
        };
        Some(literal::Edit::new(literal.span.clone(), text))
    });
    literal::rewrite(code, &edits.collect::<Vec<_>>()).expect("the edits are of this code")
}

/// The module specifiers of `code`, in order.
fn specifiers(code: &[u8]) -> Vec<String> {
    let scan = js::scan(code, SourceKind::Module).expect("packages hold valid modules");
    let specifiers = scan.loads.specifiers.into_iter();
    let specifiers = specifiers.filter(|found| found.form.rule() == Rule::ModuleSpecifier);
    specifiers.map(|found| found.text).collect()
}

/// The bare names that `code` imports, in order.
fn bare_names(code: &[u8]) -> Vec<Bare> {
    let mut names: Vec<Bare> = Vec::new();
    for name in specifiers(code).iter().filter_map(|specifier| Bare::parse(specifier)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a stub for `code` has to export a default as well.
fn has_default(code: &[u8]) -> bool {
    let text = String::from_utf8_lossy(code);
    ["export default", "as default"].iter().any(|words| text.contains(words))
}

/// A stub that exports all that the module at `path` does.
fn stub(banner: &str, imports: &[String], path: &str, code: &[u8]) -> Answer {
    let mut body = format!("{banner}\n");
    for import in imports {
        body.push_str(&format!("import \"{import}\";\n"));
    }
    body.push_str(&format!("export * from \"{path}\";\n"));
    if has_default(code) {
        body.push_str(&format!("export {{ default }} from \"{path}\";\n"));
    }
    script(body)
}

/// The path in the package that the relative specifier of the file `from` names.
fn relative_path(from: &str, specifier: &str) -> Option<String> {
    let is_relative = specifier.starts_with("./") || specifier.starts_with("../");
    let base = url::Url::parse(&format!("https://package.example/{from}")).unwrap();
    let path = is_relative.then(|| base.join(specifier).unwrap().path()[1..].to_owned())?;
    Some(percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned())
}
