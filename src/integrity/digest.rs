//! A digest: an algorithm of SRI and the hash of some bytes by it.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use thiserror::Error;

/// The hash algorithms of SRI, weakest first, so that `Ord` is "stronger than".
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384, the usual choice and our default.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, weakest first.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name as `integrity` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn digest_size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// Algorithm names are compared without regard to ASCII case (SRI 3.3.3).
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

/// One digest: an algorithm and exactly as many bytes as it yields.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8], algorithm: Algorithm) -> Self {
        Self { algorithm, bytes: algorithm.hash(bytes) }
    }

    /// The algorithm that made this digest.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The base64 text after the algorithm's name.
    pub(super) fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.bytes)
    }

    /// The first `digits` hexadecimal digits: a short name for the content, not a guard.
    pub fn short_hex(&self, digits: usize) -> String {
        self.bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .take(digits)
            .filter_map(|nibble| char::from_digit(nibble.into(), 16))
            .collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.algorithm.name(), self.base64())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not a digest.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DigestError {
    /// The part before `-` names none of the three algorithms.
    #[error("`{0}` does not start with sha256-, sha384- or sha512-")]
    Algorithm(String),
    /// The part after `-` is not the base64 of as many bytes as the algorithm yields.
    #[error("`{0}` is not a complete base64 digest")]
    Encoding(String),
    /// Nothing where at least one digest must be.
    #[error("no digest given")]
    Empty,
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let unknown = || DigestError::Algorithm(text.to_owned());
        let (name, encoded) = text.split_once('-').ok_or_else(unknown)?;
        let algorithm = Algorithm::from_name(name).ok_or_else(unknown)?;
        BASE64_STANDARD
            .decode(encoded)
            .ok()
            .filter(|bytes| bytes.len() == algorithm.digest_size())
            .map(|bytes| Self { algorithm, bytes })
            .ok_or_else(|| DigestError::Encoding(text.to_owned()))
    }
}
