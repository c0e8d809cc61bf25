//! Every dependency has a licence that `deny.toml` allows, comes from a registry, and is not banned:
//! what `cargo deny` checks, without the network and without another tool.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

/// The packages that are built here, tests included.
fn packages() -> Vec<Value> {
    let cargo = env!("CARGO");
    let output = |arguments: &[&str]| {
        let output = Command::new(cargo).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = output(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // Other platforms' packages need not have been downloaded.
    let metadata = output(&[
        "metadata",
        "--offline",
        "--format-version",
        "1",
        "--filter-platform",
        host,
        "--manifest-path",
        manifest,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let used = metadata["resolve"]["nodes"].as_array().unwrap();
    let used: BTreeSet<_> = used.iter().map(|node| node["id"].as_str().unwrap()).collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.filter(|package| used.contains(package["id"].as_str().unwrap())).cloned().collect()
}

fn rules() -> toml::Table {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    fs::read_to_string(file).unwrap().parse().unwrap()
}

fn allowed_licences() -> BTreeSet<String> {
    let rules = rules();
    let allowed = rules["licenses"]["allow"].as_array().unwrap().clone();
    allowed.into_iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Whether an SPDX expression can be met with the licences in `allowed`. Old manifests write `/` for
/// `OR`; `AND` binds tighter, and no package needs an exception of `WITH`.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    assert_eq!(words.next(), None, "{expression}");
    met
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    match words.next().expect("an expression does not end with an operator") {
        "(" => {
            let met = any(words, allowed);
            assert_eq!(words.next(), Some(")"));
            met
        }
        licence if words.next_if_eq(&"WITH").is_some() => {
            let exception = words.next().expect("WITH names an exception");
            allowed.contains(&format!("{licence} WITH {exception}"))
        }
        licence => allowed.contains(licence),
    }
}

#[test]
fn every_licence_is_allowed() {
    let (packages, allowed) = (packages(), allowed_licences());
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let foreign: Vec<_> = packages
        .iter()
        .map(|package| (package["name"].as_str().unwrap(), package["license"].as_str()))
        .filter(|(_, licence)| !licence.is_some_and(|licence| is_met(licence, &allowed)))
        .collect();
    assert!(foreign.is_empty(), "not allowed by deny.toml: {foreign:?}");
}

#[test]
fn no_licence_is_allowed_that_nothing_needs() {
    let (packages, allowed) = (packages(), allowed_licences());
    for name in &allowed {
        let others: BTreeSet<_> = allowed.iter().filter(|other| *other != name).cloned().collect();
        let needs = |package: &Value| !is_met(package["license"].as_str().unwrap(), &others);
        assert!(packages.iter().any(needs), "{name} is needed by nothing");
    }
}

#[test]
fn nothing_is_banned_or_from_elsewhere() {
    let rules = rules();
    let banned = rules["bans"]["deny"].as_array().unwrap();
    let banned: BTreeSet<_> = banned.iter().map(|ban| ban["name"].as_str().unwrap()).collect();
    let packages = packages();
    let sources: BTreeSet<_> =
        packages.iter().filter_map(|package| package["source"].as_str()).collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        assert!(!banned.contains(name), "{name} is banned by deny.toml");
        assert!(package["source"].is_string() || name == "inhouse", "{name} is a path");
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed: BTreeSet<_> = ["MIT", "ISC"].map(str::to_owned).into();
    for met in [
        "MIT",
        "GPL-3.0 OR MIT",
        "GPL-3.0/MIT",
        "MIT AND ISC",
        "(X OR MIT) AND ISC",
        "X AND Y OR MIT",
    ] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in ["X", "MIT AND X", "(X OR Y) AND MIT", "MIT WITH X", "X OR Y AND MIT"] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}
