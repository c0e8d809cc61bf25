//! Import maps that generators write: every bare name that a page's modules use, as an entry.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Bare, Library, Package, library, relative_path, specifiers};

/// The entries for `names` and for all that their modules import: (those names, what they need).
pub fn entries(
    library: &Library,
    names: &[&str],
    address: impl Fn(&Package, &str) -> String,
) -> (Map<String, Value>, Map<String, Value>) {
    let mut asked = Map::new();
    let mut needed = BTreeMap::new();
    let mut open = Vec::new();
    for name in names {
        let bare = Bare::parse(name).unwrap();
        let package = library.newest(&bare.name, "*").unwrap_or_else(|| panic!("no {name}"));
        let file = library::entry(package, &bare.sub).unwrap_or_else(|| panic!("no {name}"));
        asked.insert((*name).to_owned(), address(package, &file).into());
        open.push((package, file));
    }
    let mut seen = BTreeSet::new();
    while let Some((package, file)) = open.pop() {
        if !seen.insert((package.name(), file.clone())) {
            continue;
        }
        for specifier in specifiers(package.get(&file).unwrap()) {
            if let Some(path) = relative_path(&file, &specifier) {
                open.extend(library::entry(package, &path).map(|path| (package, path)));
            } else if let Some(bare) = Bare::parse(&specifier) {
                let wanted = library::wanted(package, &bare.name);
                let Some(dependency) = library.newest(&bare.name, &wanted) else { continue };
                let Some(entry) = library::entry(dependency, &bare.sub) else { continue };
                needed.insert(specifier, address(dependency, &entry));
                open.push((dependency, entry));
            }
        }
    }
    let needed = needed.into_iter().map(|(name, address)| (name, address.into()));
    (asked, needed.collect())
}

/// All of it as imports, from jsDelivr.
pub fn jsdelivr(library: &Library, names: &[&str]) -> Value {
    let (mut imports, needed) = entries(library, names, |package, file| {
        format!("https://cdn.jsdelivr.net/npm/{}@{}/{file}", package.name(), package.version())
    });
    imports.extend(needed);
    json!({ "imports": imports })
}

/// As jspm's generator does it: what the names need is in the scope of the CDN.
pub fn jspm(library: &Library, names: &[&str]) -> Value {
    let (imports, scope) = entries(library, names, |package, file| {
        format!("https://ga.jspm.io/npm:{}@{}/{file}", package.name(), package.version())
    });
    json!({ "imports": imports, "scopes": { "https://ga.jspm.io/": scope } })
}
