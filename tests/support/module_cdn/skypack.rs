//! Skypack: `/name@range` is a stub for `/-/name@v1.2.3-<hash>/dist=es2019,mode=imports/optimized/name.js`,
//! whose path has `=` and `,` in its segments. A package's inner files are below `unoptimized/`.

use sha2::{Digest, Sha256};

use super::{
    Answer, Asked, Bare, Library, Package, Request, for_a_while, forever, library, relative_path,
    respell, script, stub,
};

pub fn answer(library: &Library, request: &Request) -> Option<Answer> {
    let path = request.path().strip_prefix('/')?;
    if let Some(path) = path.strip_prefix("-/") {
        return Some(forever(built(library, &Asked::parse(path)?)?));
    }
    let asked = Asked::parse(path)?;
    let package = library.newest(&asked.name, &asked.range)?;
    let file = library::entry(package, &asked.rest)?;
    let path = address(package, &file);
    let banner = format!(
        "/*\n * Skypack CDN - {}@{}\n * https://www.skypack.dev/\n */",
        package.name(),
        package.version()
    );
    let answer = stub(&banner, &[], &path, package.get(&file)?).header("x-import-url", &path);
    Some(for_a_while(answer))
}

/// `name@v1.2.3-<hash>/dist=es2019,mode=imports/…`
fn built(library: &Library, asked: &Asked) -> Option<Answer> {
    let (version, hash) = asked.range.strip_prefix('v')?.rsplit_once('-')?;
    let package = library.exactly(&asked.name, version)?;
    if hash != self::hash(package) {
        return None;
    }
    let path = asked.rest.strip_prefix("dist=es2019,mode=imports/")?;
    let file = match path.strip_prefix("unoptimized/") {
        Some(file) => file.to_owned(),
        None => library::entry(package, "")?,
    };
    let code = respell(package.get(&file)?, |specifier| {
        if let Some(path) = relative_path(&file, specifier) {
            return Some(address(package, &library::entry(package, &path)?));
        }
        let bare = Bare::parse(specifier)?;
        let dependency = library.newest(&bare.name, &library::wanted(package, &bare.name))?;
        Some(address(dependency, &library::entry(dependency, &bare.sub)?))
    });
    Some(script(code))
}

fn address(package: &Package, file: &str) -> String {
    let (name, version) = (package.name(), package.version());
    let start = format!("/-/{name}@v{version}-{}/dist=es2019,mode=imports", hash(package));
    let main = library::entry(package, "").is_some_and(|main| main == file);
    match main {
        true => format!("{start}/optimized/{name}.js"),
        false => format!("{start}/unoptimized/{file}"),
    }
}

fn hash(package: &Package) -> String {
    let text = format!("{}@{}", package.name(), package.version());
    let letters = Sha256::digest(text).into_iter().take(20);
    letters
        .map(|byte| char::from(b"0123456789abcdefghijABCDEFGHIJKL"[usize::from(byte % 32)]))
        .collect()
}
