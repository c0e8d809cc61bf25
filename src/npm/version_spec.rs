//! Versions as npm reads them: an exact version, a semver range, or a dist-tag.

use std::fmt;

use nodejs_semver::{Range, Version};

/// Which version of the package a URL asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VersionSpec {
    /// One version: `3.7.1`.
    Exact(String),
    /// A semver range: `3`, `^1.2`.
    Range(String),
    /// A dist-tag (`next`), or a name of the CDN's own that npm may not know.
    Tag(String),
    /// None given: npm reads it as the tag `latest`.
    None,
}

impl VersionSpec {
    /// Reads the text between `@` and the next slash, percent-decoded.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::None;
        }
        let number = text.trim_start_matches(['v', '=']);
        if exact(number).is_some() {
            return Self::Exact(number.to_owned());
        }
        match Range::parse(text) {
            Ok(_) => Self::Range(text.to_owned()),
            Err(_) => Self::Tag(text.to_owned()),
        }
    }

    /// The version, where there is exactly one.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(version) => Some(version),
            Self::Range(_) | Self::Tag(_) | Self::None => None,
        }
    }
}

impl fmt::Display for VersionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) | Self::Range(text) | Self::Tag(text) => f.write_str(text),
            Self::None => f.write_str("latest"),
        }
    }
}

/// The version `text` spells in full. npm's parser is lenient, CDN paths are not.
pub(super) fn exact(text: &str) -> Option<Version> {
    Version::parse(text).ok().filter(|version| version.to_string() == text)
}
