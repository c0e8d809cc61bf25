//! The list of CDN URL forms and library names, as `src/data/cdn-url-patterns.toml` writes them.
//!
//! The file's header documents every key. It is parsed at the first question asked, and an
//! expression is compiled at the first URL of a host it can match, so that a run without
//! CDN URLs compiles none. `url_form` decides what the entries mean.

use std::sync::{LazyLock, OnceLock};

use nodejs_semver::{Range, Version};
use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::form_kind::FormKind;

const DATA: &str = include_str!("../data/cdn-url-patterns.toml");

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(DATA).expect("our own data file is read by every test"));

/// The parsed data file.
pub(super) fn table() -> &'static Table {
    &TABLE
}

/// The whole file.
#[derive(Deserialize)]
pub(super) struct Table {
    /// URL forms; the first that matches wins.
    pub pattern: Vec<Pattern>,
    library: Vec<Library>,
}

impl Table {
    /// What `cdn` means by the library `name` in `version`.
    pub fn library(&self, cdn: &str, name: &str, version: Option<&Version>) -> Option<&Library> {
        let named = |library: &&Library| library.cdn == cdn && library.pattern == name;
        self.library.iter().filter(named).find(|library| match (&library.versions, version) {
            (None, _) => true,
            (Some(range), Some(version)) => range.satisfies(version),
            (Some(_), None) => false,
        })
    }
}

/// One URL form.
#[derive(Deserialize)]
pub(super) struct Pattern {
    pub id: String,
    pub hosts: Vec<String>,
    pub pattern: Expression,
    pub unless: Option<Expression>,
    pub query: Option<String>,
    pub kind: FormKind,
    pub npm: String,
    pub path: OneOrMany,
    #[serde(default)]
    pub fixed: bool,
    #[serde(default)]
    pub minifies: bool,
    pub default_file: Option<DefaultFileRules>,
    pub libraries: Option<String>,
    pub pinned: Pinned,
    pub reason: String,
}

/// A library name of a CDN and the package it stands for.
#[derive(Deserialize)]
pub(super) struct Library {
    cdn: String,
    pattern: String,
    #[serde(default, deserialize_with = "semver_range")]
    versions: Option<Range>,
    pub npm: String,
    pub base_path: Vec<String>,
    pub version_pattern: Option<Expression>,
    pub version: Option<String>,
}

fn semver_range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Range>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Range::parse(text).map(Some).map_err(D::Error::custom)
}

/// A template, or several, best first.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// By whose rules a URL without a path finds its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DefaultFileRules {
    JsDelivr,
    Unpkg,
}

/// When a URL of the form fixes its bytes.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pinned {
    Always,
    Never,
    /// When its version is exact.
    Version,
    /// When every part of the bundle is.
    Parts,
    /// When host and path match.
    Matches(Expression),
    /// When its version is exact and the query has this key.
    VersionAndQuery(String),
}

/// A regular expression, compiled when first used.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Expression {
    text: String,
    compiled: OnceLock<Regex>,
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl Expression {
    fn regex(&self) -> &Regex {
        // A parsed URL is ASCII, and Unicode classes are what makes compiling slow.
        self.compiled.get_or_init(|| {
            let built = RegexBuilder::new(&self.text).unicode(false).build();
            built.expect("a test compiles every expression of our own data file")
        })
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_match(text.as_bytes())
    }

    pub fn captures<'t>(&self, text: &'t str) -> Option<Groups<'_, 't>> {
        let captures = self.regex().captures(text.as_bytes())?;
        Some(Groups { captures, text, regex: self.regex() })
    }
}

/// What the named groups of an expression matched.
pub(super) struct Groups<'r, 't> {
    captures: Captures<'t>,
    text: &'t str,
    regex: &'r Regex,
}

impl<'t> Groups<'_, 't> {
    /// The text of a group; a group that took no part, or no part worth the name, is `None`.
    pub fn get(&self, name: &str) -> Option<&'t str> {
        self.text.get(self.span(name)?).filter(|text| !text.is_empty())
    }

    /// Where a group matched, in bytes of the text.
    pub fn span(&self, name: &str) -> Option<std::ops::Range<usize>> {
        self.captures.name(name).map(|group| group.range())
    }

    /// Fills in `{name}` for every group of the expression; those that took no part are empty.
    pub fn render(&self, template: &str) -> String {
        let names = self.regex.capture_names().flatten();
        names.fold(template.to_owned(), |text, name| {
            text.replace(&format!("{{{name}}}"), self.get(name).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_of_the_data_compiles() {
        for pattern in &table().pattern {
            pattern.pattern.regex();
            if let Some(unless) = &pattern.unless {
                unless.regex();
            }
            if let Pinned::Matches(expression) = &pattern.pinned {
                expression.regex();
            }
        }
        for expression in table().library.iter().filter_map(|it| it.version_pattern.as_ref()) {
            expression.regex();
        }
    }

    #[test]
    fn every_key_of_the_data_is_one_we_read_or_document() {
        const KNOWN: &str = "id hosts pattern unless query kind npm path fixed minifies \
            default_file libraries pinned reason bytes source date example example_pkg \
            example_ver cdn versions base_path version_pattern version evidence";
        let data: toml::Table = toml::from_str(DATA).unwrap();
        for entry in ["pattern", "library"].iter().flat_map(|list| data[*list].as_array().unwrap())
        {
            for key in entry.as_table().unwrap().keys() {
                assert!(KNOWN.split_whitespace().any(|known| known == key), "{key} in {entry}");
            }
        }
    }

    #[test]
    fn every_list_of_libraries_that_a_form_names_exists() {
        for cdn in table().pattern.iter().filter_map(|pattern| pattern.libraries.as_ref()) {
            assert!(table().library.iter().any(|library| library.cdn == *cdn), "{cdn}");
        }
    }
}
