//! What cdnjs means by the names of its libraries: which npm package it copies, if it copies one.
//!
//! Two thirds of cdnjs come from npm, half of that under another name than the package's. The rest comes
//! from Git repositories, and the npm package of the same name may be somebody else's. The header
//! of the data file documents its format; it is read at the first question asked.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

const DATA: &str = include_str!("../data/cdnjs-libraries.txt");

static LIBRARIES: LazyLock<HashMap<Cow<'static, str>, Origin>> =
    LazyLock::new(|| entries(DATA).collect());

/// Where cdnjs copies a library from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From an npm package, says the configuration of cdnjs.
    Npm {
        package: &'static str,
        /// The folders of the package that it copies from, separated by `|`.
        folders: &'static str,
    },
    /// From elsewhere. This package may be the same library.
    Guess { package: &'static str },
    /// From elsewhere, and no package is known to be the same library.
    NotNpm,
}

/// Where the library `name` comes from; `None` for names that are not listed.
pub(super) fn origin(name: &str) -> Option<Origin> {
    LIBRARIES.get(name).copied()
}

/// Every line of the data with the section it stands in.
fn entries(data: &'static str) -> impl Iterator<Item = (Cow<'static, str>, Origin)> {
    let mut section = "";
    data.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => {
                section = name;
                None
            }
            None => Some(entry(section, line)),
        }
    })
}

fn entry(section: &'static str, line: &'static str) -> (Cow<'static, str>, Origin) {
    let (library, package) = match line.split_once(' ') {
        Some((library, package)) => (Cow::Borrowed(library), package),
        None => (default_name(line), line),
    };
    let origin = match section {
        "guess" => Origin::Guess { package },
        "none" => Origin::NotNpm,
        folders => Origin::Npm { package, folders },
    };
    (library, origin)
}

/// The library's name where the data has the package's alone.
fn default_name(package: &'static str) -> Cow<'static, str> {
    match package.strip_prefix('@') {
        Some(scoped) => scoped.replacen('/', "-", 1).into(),
        None => package.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::package_name::PackageName, *};

    fn npm(package: &'static str, folders: &'static str) -> Option<Origin> {
        Some(Origin::Npm { package, folders })
    }

    #[test]
    fn a_library_has_the_package_that_cdnjs_copies() {
        for (library, expected) in [
            ("Chart.js", npm("chart.js", "dist")),
            ("twitter-bootstrap", npm("bootstrap", "dist|")),
            ("FileSaver.js", npm("file-saver", "dist")),
            ("zonos-elements", npm("@zonos/elements", "")),
            ("jquery", npm("jquery", "dist")),
            ("TypeWriter.js", npm("@vishwas.r/typewriter.js", "dist")),
            ("PapaParse", None),
            ("1000hz-bootstrap-validator", Some(Origin::Guess { package: "bootstrap-validator" })),
            ("BigVideo.js", Some(Origin::NotNpm)),
            ("chart.js", None),
        ] {
            assert_eq!(origin(library), expected, "{library}");
        }
    }

    #[test]
    fn no_library_is_listed_twice() {
        assert_eq!(entries(DATA).count(), LIBRARIES.len());
    }

    #[test]
    fn every_package_of_the_data_has_a_name_that_npm_allows() {
        for (library, origin) in LIBRARIES.iter() {
            let (Origin::Npm { package, .. } | Origin::Guess { package }) = origin else {
                continue;
            };
            assert!(package.parse::<PackageName>().is_ok(), "{library}: {package}");
        }
    }
}
