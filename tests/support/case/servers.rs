//! The CDN and the npm registry of a case.

use std::{collections::BTreeMap, path::Path};

use super::{file::Case, tree::Tree};
use crate::support::{cdn::Cdn, http::Answer, npm::Package};

/// The host that plays the npm registry.
pub const REGISTRY: &str = "packages.example";

/// Starts the CDN and the registry of the case in `folder`.
pub fn start(folder: &Path, case: &Case) -> Cdn {
    let mut cdn = Cdn::start().host(REGISTRY);
    if folder.join("cdn").is_dir() {
        cdn = cdn.folder(&folder.join("cdn"));
    }
    let mut answers: BTreeMap<_, Vec<Answer>> = BTreeMap::new();
    for canned in &case.answer {
        answers.entry((&canned.host, &canned.path)).or_default().push(canned.answer());
    }
    for ((host, path), answers) in answers {
        cdn =
            cdn.answer_with(host, path, move |_, nth| answers[nth.min(answers.len() - 1)].clone());
    }
    packages(&folder.join("npm"))
        .into_iter()
        .map(|package| package.signed(case.signatures))
        .fold(cdn, |cdn, package| cdn.package(REGISTRY, package))
}

/// The packages in `npm/`, in the order of their names: the last version is the latest.
fn packages(folder: &Path) -> Vec<Package> {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    if !folder.is_dir() {
        return Vec::new();
    }
    for (name, bytes) in Tree::of(folder).files() {
        let after_scope = if name.starts_with('@') { name.find('/').unwrap() + 1 } else { 0 };
        let end = after_scope + name[after_scope..].find('/').expect("a file of a package");
        let (id, file) = (&name[..end], &name[end + 1..]);
        let (package, version) = id.rsplit_once('@').expect("name@version");
        let known = packages.remove(id).unwrap_or_else(|| Package::new(package, version));
        let known = match file {
            "package.json" => serde_json::from_slice::<serde_json::Map<_, _>>(&bytes)
                .expect("package.json is an object")
                .into_iter()
                .fold(known, |package, (name, value)| package.field(&name, value)),
            _ => known.file(file, bytes),
        };
        packages.insert(id.to_owned(), known);
    }
    packages.into_values().collect()
}
