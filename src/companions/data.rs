//! The format of `src/data/companions.toml`; the file's header documents every key.

use std::{collections::BTreeMap, str::FromStr, sync::OnceLock};

use globset::{Glob, GlobBuilder, GlobMatcher};
use nodejs_semver::Range;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::integrity::Digest;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub recipe: Vec<Entry>,
}

/// A recipe as the file writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Entry {
    pub id: String,
    pub npm: String,
    #[serde(deserialize_with = "semver_range")]
    pub versions: Range,
    pub trigger: Vec<Pattern>,
    #[serde(default)]
    pub base: String,
    #[serde(default)]
    pub need: Vec<Need>,
    #[serde(default)]
    pub package: Vec<Package>,
    #[serde(default)]
    pub edit: Vec<Edit>,
    #[serde(default)]
    pub external: Vec<String>,
    #[serde(default)]
    pub knob: String,
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "read by people and tests"))]
    pub reason: String,
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "read by people and tests"))]
    pub source: Vec<String>,
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "read by people and tests"))]
    pub date: toml::value::Datetime,
}

/// Files that are needed together, for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Need {
    /// The triggers that need them; empty for all.
    #[serde(default)]
    pub scripts: Vec<Pattern>,
    pub files: Vec<String>,
    #[serde(default)]
    pub names: Vec<NameSource>,
    #[serde(default)]
    pub default: Vec<String>,
    #[serde(default)]
    pub brings: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub prefixes: BTreeMap<String, String>,
    #[serde(default)]
    pub mentioned: Vec<String>,
    #[serde(default)]
    pub except: Vec<Pattern>,
}

/// Where the values of `{name}` come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum NameSource {
    Tokens { tokens: String },
    Attribute { attribute: String, element: String },
    Setting { setting: String, key: String },
    Query { query: String },
}

/// Another package that companions come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Package {
    pub npm: String,
    #[serde(deserialize_with = "semver_range")]
    pub versions: Range,
    /// The folder, inside that of the script's own package, in which its files lie.
    pub place: String,
    pub need: Vec<Need>,
}

/// A literal in the package's code that names another host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    pub files: Vec<Pattern>,
    pub literal: String,
    /// What stands in its place, where `{address:PATH}` is the address of a file of the package.
    pub with: String,
    pub known: Vec<KnownFile>,
}

/// A file whose bytes were seen to hold the literal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownFile {
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "read by people and tests"))]
    pub version: String,
    pub file: String,
    pub digest: Digest,
}

/// A glob over paths inside a package, in which `*` does not match a `/`.
#[derive(Clone, Debug)]
pub struct Pattern {
    glob: Glob,
    /// Made when it is first needed: of all recipes a run uses few.
    matcher: OnceLock<GlobMatcher>,
}

impl Pattern {
    /// Whether it matches the path.
    pub fn is_match(&self, path: &str) -> bool {
        self.matcher.get_or_init(|| self.glob.compile_matcher()).is_match(path)
    }

    /// The one path that it matches, if it is no more than that.
    pub fn as_path(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.contains(['*', '?', '[', '{', '\\']))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.glob.glob()
    }
}

impl FromStr for Pattern {
    type Err = globset::Error;

    fn from_str(text: &str) -> Result<Self, globset::Error> {
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build()?;
        Ok(Self { glob, matcher: OnceLock::new() })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn semver_range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Range, D::Error> {
    let text = String::deserialize(deserializer)?;
    Range::parse(&text).map_err(D::Error::custom)
}
