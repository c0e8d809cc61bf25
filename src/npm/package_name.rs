//! The name of an npm package, checked so that it can be part of a registry's URL.
//!
//! Follows npm's rules for names (`validate-npm-package-name`), including the capital letters that
//! packages older than the rule against them still carry.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A package name: `lit`, `@popperjs/core`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(String);

/// Text that no npm package can have as its name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` cannot be the name of an npm package")]
pub struct InvalidPackageName(String);

/// The longest name npm accepts, in characters.
const MAX_LENGTH: usize = 214;

impl PackageName {
    /// The name, with its scope.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as one path segment of a registry URL: the slash after a scope is `%2f`.
    pub fn as_segment(&self) -> String {
        self.0.replacen('/', "%2f", 1)
    }
}

/// One side of the slash: URL-safe characters, and nothing a path would read as a folder.
fn is_part(part: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !part.is_empty() && part.bytes().all(safe) && !part.starts_with('.')
}

impl FromStr for PackageName {
    type Err = InvalidPackageName;

    fn from_str(text: &str) -> Result<Self, InvalidPackageName> {
        let valid = match text.strip_prefix('@') {
            Some(scoped) => {
                scoped.split_once('/').is_some_and(|(scope, name)| is_part(scope) && is_part(name))
            }
            None => is_part(text),
        };
        if valid && text.len() <= MAX_LENGTH {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidPackageName(text.chars().take(MAX_LENGTH).collect()))
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_scope_are_taken() {
        for name in ["lit", "htmx.org", "@popperjs/core", "JSONStream", "q"] {
            assert_eq!(name.parse::<PackageName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_would_leave_the_registry_path_is_refused() {
        for name in ["", ".", "..", "a/b", "@a", "@a/..", "@a/b/c", "a b", "a%2fb", "a?b", "é"] {
            assert!(name.parse::<PackageName>().is_err(), "{name}");
        }
        assert!("a".repeat(215).parse::<PackageName>().is_err());
    }

    #[test]
    fn a_scoped_name_is_one_path_segment() {
        let name: PackageName = "@popperjs/core".parse().unwrap();
        assert_eq!(name.as_segment(), "@popperjs%2fcore");
    }
}
