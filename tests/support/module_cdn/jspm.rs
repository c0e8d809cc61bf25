//! jspm: `ga.jspm.io/npm:name@1.2.3/file` is built package by package, with a package's inner files
//! as `../_/<hash>.js`, and with other packages' names left for an import map, in which they are
//! scoped to `https://ga.jspm.io/`; see
//! [`import_maps::jspm`](super::import_maps::jspm).
//!
//! `jspm.dev/npm:name@range` is a stub, and other packages are absolute paths there,
//! `/npm:dep@exact/file`.

use sha2::{Digest, Sha256};

use super::{
    Answer, Asked, Bare, Library, Package, Request, forever, library, relative_path, respell,
    script, stub,
};

/// `ga.jspm.io`
pub fn build(library: &Library, request: &Request) -> Option<Answer> {
    let (package, place) = exact(library, request)?;
    let code = package.get(&place.file)?;
    Some(forever(script(respell(code, |specifier| place.inner(package, specifier)))))
}

/// `jspm.dev`
pub fn entry(library: &Library, request: &Request) -> Option<Answer> {
    let asked = Asked::parse(request.path().strip_prefix("/npm:")?)?;
    let package = library.newest(&asked.name, &asked.range)?;
    if asked.range != package.version() || asked.rest.is_empty() {
        let file = library::entry(package, &asked.rest)?;
        let path = format!("/npm:{}@{}/{file}", package.name(), package.version());
        return Some(stub("// jspm.dev", &[], &path, package.get(&file)?));
    }
    let (package, place) = exact(library, request)?;
    let code = respell(package.get(&place.file)?, |specifier| {
        place.inner(package, specifier).or_else(|| {
            let bare = Bare::parse(specifier)?;
            let dependency = library.newest(&bare.name, &library::wanted(package, &bare.name))?;
            let entry = library::entry(dependency, &bare.sub)?;
            Some(format!("/npm:{}@{}/{entry}", bare.name, dependency.version()))
        })
    });
    Some(forever(script(code)))
}

/// A file of a package, and the path at which it was asked for.
struct Place {
    file: String,
    path: String,
}

/// What a request of an exact version names.
fn exact<'l>(library: &'l Library, request: &Request) -> Option<(&'l Package, Place)> {
    let asked = Asked::parse(request.path().strip_prefix("/npm:")?)?;
    let package = library.exactly(&asked.name, &asked.range)?;
    let file = match asked.rest.strip_prefix("_/") {
        Some(chunk) => package.paths().find(|path| chunk == format!("{}.js", hash(path)))?,
        None => asked.rest.as_str(),
    };
    Some((package, Place { file: file.to_owned(), path: asked.rest.clone() }))
}

impl Place {
    /// A specifier of one of the package's own files, as seen from here.
    fn inner(&self, package: &Package, specifier: &str) -> Option<String> {
        let file = library::entry(package, &relative_path(&self.file, specifier)?)?;
        let is_main = library::entry(package, "").is_some_and(|main| main == file);
        let path = if is_main { file } else { format!("_/{}.js", hash(&file)) };
        let url = |path: &str| url::Url::parse(&format!("https://package.example/{path}")).unwrap();
        let reference = url(&self.path).make_relative(&url(&path))?;
        Some(if reference.starts_with("../") { reference } else { format!("./{reference}") })
    }
}

fn hash(path: &str) -> String {
    Sha256::digest(path)[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}
