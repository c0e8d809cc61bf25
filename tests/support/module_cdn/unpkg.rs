//! unpkg: what is no exact version of a file redirects there (302), the query included.
//!
//! With `?module`, bare specifiers become `https://unpkg.com/dep@range?module`, and relative ones
//! get the query too.

use super::{Answer, Asked, Bare, Library, Request, file_of, forever, library, respell, script};

pub fn answer(library: &Library, request: &Request) -> Option<Answer> {
    let asked = Asked::parse(request.path().strip_prefix('/')?)?;
    let package = library.newest(&asked.name, &asked.range)?;
    let is_module = request.target.contains("?module");
    let file = match asked.rest.as_str() {
        "" if is_module => library::entry(package, "")?,
        "" => package.manifest()["unpkg"]
            .as_str()
            .map(|path| path.trim_start_matches("./").to_owned())
            .or_else(|| library::entry(package, ""))?,
        path if package.get(path).is_some() => path.to_owned(),
        path => library::entry(package, path)?,
    };
    if (asked.range.as_str(), asked.rest.as_str()) != (package.version(), file.as_str()) {
        let query = if is_module { "?module" } else { "" };
        let exact = format!("/{}@{}/{file}{query}", asked.name, package.version());
        return Some(Answer::redirect(302, &exact).header("cache-control", "public, max-age=60"));
    }
    if !is_module || !file.ends_with("js") {
        return Some(forever(file_of(package, &file)?));
    }
    let code = respell(package.get(&file)?, |specifier| match Bare::parse(specifier) {
        Some(bare) => {
            let range = library::wanted(package, &bare.name);
            Some(format!("https://unpkg.com/{}@{range}{}?module", bare.name, bare.tail()))
        }
        None if specifier.contains("://") => None,
        None => Some(format!("{specifier}?module")),
    });
    Some(forever(script(code)))
}
