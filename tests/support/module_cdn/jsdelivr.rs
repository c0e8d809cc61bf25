//! jsDelivr: `/npm/name@range/file` as it is, and `/npm/name@range/+esm`, a bundle.
//!
//! A floating version is answered in place, and `x-jsd-version` says which it is. Bundles import
//! other packages as `/npm/dep@exact/+esm`. Where a package is of several files, ours import each
//! other so too (`/npm/name@1.2.3/file/+esm`, which jsDelivr has for every file): a real bundle has
//! fewer modules, but not of another form.

use super::{
    Answer, Asked, Bare, Library, Package, Request, file_of, for_a_while, forever, library,
    relative_path, respell, script,
};

pub fn answer(library: &Library, request: &Request) -> Option<Answer> {
    let asked = Asked::parse(request.path().strip_prefix("/npm/")?)?;
    let package = library.newest(&asked.name, &asked.range)?;
    let answer = match asked.rest.strip_suffix("+esm") {
        Some(sub) => bundle(library, package, sub.trim_end_matches('/'))?,
        None if asked.rest.is_empty() => file_of(package, &default_file(package)?)?,
        None => file_of(package, &asked.rest)?,
    };
    let exact = asked.range == package.version();
    let answer = if exact { forever(answer) } else { for_a_while(answer) };
    let answer = answer.header("x-jsd-version", package.version());
    Some(answer.header("x-jsd-version-type", "version"))
}

/// What `/npm/name@range` is, without a redirect; a minified sibling is preferred.
fn default_file(package: &Package) -> Option<String> {
    let fields = ["jsdelivr", "browser", "main"].iter();
    let path = fields.filter_map(|field| package.manifest()[field].as_str()).next()?;
    let path = path.trim_start_matches("./");
    let minified = path.strip_suffix(".js").map(|stem| format!("{stem}.min.js"));
    let minified = minified.filter(|path| package.get(path).is_some());
    Some(minified.unwrap_or_else(|| path.to_owned()))
}

fn bundle(library: &Library, package: &Package, sub: &str) -> Option<Answer> {
    let file = library::entry(package, sub)?;
    let here = format!("/npm/{}@{}", package.name(), package.version());
    let code = respell(package.get(&file)?, |specifier| {
        if let Some(path) = relative_path(&file, specifier) {
            let path = library::entry(package, &path)?;
            let is_main = library::entry(package, "").is_some_and(|main| main == path);
            let path = if is_main { String::new() } else { format!("/{path}") };
            return Some(format!("{here}{path}/+esm"));
        }
        let bare = Bare::parse(specifier)?;
        let dependency = library.newest(&bare.name, &library::wanted(package, &bare.name))?;
        let version = dependency.version();
        Some(format!("/npm/{}@{version}{}/+esm", bare.name, bare.tail()))
    });
    let mut body = format!(
        "/**\n * Bundled by jsDelivr using Rollup v2.79.2 and Terser v5.39.0.\n * Original file: {here}/{file}\n */\n"
    )
    .into_bytes();
    body.extend(code);
    Some(script(body))
}
