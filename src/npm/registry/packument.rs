//! A packument: what the registry says about all versions of a package.
//!
//! Versions are chosen as unpkg chooses them: dist-tags first, then the highest version that satisfies
//! the range.

use std::collections::BTreeMap;

use nodejs_semver::{Range, Version};
use serde::Deserialize;

use super::super::{signature::SignatureEntry, version_spec::VersionSpec};

/// What a registry says about a package, as far as we need it.
#[derive(Debug, Deserialize)]
pub(super) struct Packument {
    #[serde(default, rename = "dist-tags")]
    dist_tags: BTreeMap<String, String>,
    #[serde(default)]
    versions: BTreeMap<String, Manifest>,
    /// When each version was published. Only the long form has it.
    #[serde(default)]
    time: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    dist: Dist,
}

/// A version's tarball and its digests.
#[derive(Debug, Deserialize)]
pub(super) struct Dist {
    pub tarball: String,
    pub integrity: Option<String>,
    pub shasum: Option<String>,
    #[serde(default)]
    pub signatures: Vec<SignatureEntry>,
}

impl Packument {
    /// The version that `spec` stands for.
    pub fn choose(&self, spec: &VersionSpec) -> Option<(&str, &Dist)> {
        let number = match spec {
            // npm drops build metadata when it publishes.
            VersionSpec::Exact(number) if !self.versions.contains_key(number) => {
                number.split('+').next()
            }
            VersionSpec::Exact(number) => Some(number.as_str()),
            VersionSpec::None => self.dist_tags.get("latest").map(String::as_str),
            VersionSpec::Tag(text) | VersionSpec::Range(text) => {
                let tagged = self.dist_tags.get(text).map(String::as_str);
                tagged.or_else(|| self.highest(&Range::parse(text).ok()?))
            }
        };
        let (number, manifest) = self.versions.get_key_value(number?)?;
        Some((number, &manifest.dist))
    }

    /// When `version` was published, if the registry says so.
    pub fn published(&self, version: &str) -> Option<&str> {
        self.time.get(version)?.as_str()
    }

    fn highest(&self, range: &Range) -> Option<&str> {
        let parsed =
            self.versions.keys().filter_map(|text| Some((Version::parse(text).ok()?, text)));
        let satisfying = parsed.filter(|(version, _)| range.satisfies(version));
        satisfying.max_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, text)| text.as_str())
    }
}
