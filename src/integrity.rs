//! Subresource Integrity: what a digest is, how it is written, how bytes are held against it.
//!
//! Two types, because trust differs. [`Integrity`] is ours: it exists only by hashing bytes or by
//! parsing complete, well-formed digests. [`IntegrityMetadata`] is what a page's author wrote in an
//! `integrity` attribute, read the way browsers read it (SRI, section 3.3 "Parse metadata" and
//! "Do bytes match metadataList?"): unknown algorithms are ignored, the strongest known one counts,
//! and a known algorithm with a nonsensical value matches nothing.

use std::{collections::BTreeSet, fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
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
    fn from_name(name: &str) -> Option<Self> {
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
        write!(f, "{}-{}", self.algorithm.name(), BASE64_STANDARD.encode(&self.bytes))
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

/// The algorithms, weakest first and each once; SHA-384 if there are none.
fn in_order(algorithms: &[Algorithm]) -> BTreeSet<Algorithm> {
    match algorithms {
        [] => BTreeSet::from([Algorithm::Sha384]),
        some => some.iter().copied().collect(),
    }
}

/// One or more digests of the same bytes: the value we write into `integrity` and the lockfile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integrity(Vec<Digest>);

impl Integrity {
    /// Hashes `bytes` with each of `algorithms`, weakest first whatever the order given.
    ///
    /// With no algorithm at all the result still guards: it falls back to SHA-384.
    pub fn of(bytes: &[u8], algorithms: &[Algorithm]) -> Self {
        Self(in_order(algorithms).iter().map(|algorithm| Digest::of(bytes, *algorithm)).collect())
    }

    /// Whether its digests are those that [`of`](Self::of) makes with `algorithms`.
    pub fn is_by(&self, algorithms: &[Algorithm]) -> bool {
        self.0.iter().map(Digest::algorithm).eq(in_order(algorithms).iter().copied())
    }

    /// The digests, weakest algorithm first.
    pub fn digests(&self) -> &[Digest] {
        &self.0
    }

    /// Holds `bytes` against every digest.
    ///
    /// # Errors
    /// [`Mismatch`] names the first digest that `bytes` do not have, and the one they have.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), Mismatch> {
        for digest in &self.0 {
            let received = Digest::of(bytes, digest.algorithm);
            if received != *digest {
                return Err(Mismatch {
                    expected: digest.to_string(),
                    received: received.to_string(),
                    size: bytes.len(),
                });
            }
        }
        Ok(())
    }
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, digest) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Integrity {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mut digests =
            text.split_ascii_whitespace().map(Digest::from_str).collect::<Result<Vec<_>, _>>()?;
        if digests.is_empty() {
            return Err(DigestError::Empty);
        }
        digests.sort();
        digests.dedup();
        Ok(Self(digests))
    }
}

impl Serialize for Integrity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Integrity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Bytes that are not the bytes a digest was made of.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("expected {expected}, received {received} ({size} bytes)")]
pub struct Mismatch {
    /// The digest, or the alternatives, that was asked for.
    pub expected: String,
    /// The digest the bytes have, by the same algorithm.
    pub received: String,
    /// How many bytes there were.
    pub size: usize,
}

/// The value of an `integrity` attribute, as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntegrityMetadata {
    text: String,
    /// (algorithm, base64 as written), known algorithms only.
    items: Vec<(Algorithm, String)>,
}

impl Serialize for IntegrityMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for IntegrityMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

impl IntegrityMetadata {
    /// Reads an attribute value. Never fails: what browsers ignore is ignored here too.
    pub fn parse(text: &str) -> Self {
        let items = text
            .split_ascii_whitespace()
            .filter_map(|item| {
                let (expression, _options) = item.split_once('?').unwrap_or((item, ""));
                let (name, value) = expression.split_once('-')?;
                Some((Algorithm::from_name(name)?, value.to_owned()))
            })
            .collect();
        Self { text: text.to_owned(), items }
    }

    /// The attribute's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a browser would check anything. `integrity="md5-…"` and `integrity=""` guard nothing.
    pub fn guards(&self) -> bool {
        !self.items.is_empty()
    }

    /// Holds a file of which only the digests are known, and its size, against the strongest
    /// algorithm present; `None` if that is not among the digests.
    pub fn compare(&self, known: &Integrity, size: usize) -> Option<Result<(), Mismatch>> {
        let strongest = self.items.iter().map(|(algorithm, _)| *algorithm).max()?;
        let actual = known.digests().iter().find(|digest| digest.algorithm == strongest)?;
        let actual = BASE64_STANDARD.encode(&actual.bytes);
        Some(self.hold(strongest, &actual, size))
    }

    /// Holds `bytes` against the strongest algorithm present, any of whose values may match.
    ///
    /// # Errors
    /// [`Mismatch`] if there is a known algorithm and none of its values is right.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), Mismatch> {
        let Some(strongest) = self.items.iter().map(|(algorithm, _)| *algorithm).max() else {
            return Ok(());
        };
        self.hold(strongest, &BASE64_STANDARD.encode(strongest.hash(bytes)), bytes.len())
    }

    fn hold(&self, strongest: Algorithm, actual: &str, size: usize) -> Result<(), Mismatch> {
        let values = self.items.iter().filter(|(algorithm, _)| *algorithm == strongest);
        if values.clone().any(|(_, value)| *value == actual) {
            return Ok(());
        }
        let expected: Vec<_> =
            values.map(|(_, value)| format!("{}-{value}", strongest.name())).collect();
        Err(Mismatch {
            expected: expected.join(" or "),
            received: format!("{}-{actual}", strongest.name()),
            size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = b"alert('Hello, world.');";
    // The example of the SRI specification, section 1.2.
    const SHA384: &str = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";

    #[test]
    fn the_example_of_the_specification_verifies() {
        assert_eq!(Integrity::of(BYTES, &[Algorithm::Sha384]).to_string(), SHA384);
        assert!(IntegrityMetadata::parse(SHA384).verify(BYTES).is_ok());
    }

    #[test]
    fn unknown_algorithm_is_ignored() {
        let metadata = IntegrityMetadata::parse("md5-abc foo666-x");
        assert!(!metadata.guards());
        assert!(metadata.verify(BYTES).is_ok());
    }

    #[test]
    fn known_algorithm_with_a_nonsensical_value_fails_closed() {
        assert!(IntegrityMetadata::parse("sha256-%").verify(BYTES).is_err());
        assert!(IntegrityMetadata::parse("sha256-").verify(BYTES).is_err());
    }

    #[test]
    fn only_the_strongest_algorithm_counts() {
        let wrong_sha512 = format!("{SHA384} sha512-AAAA");
        assert!(IntegrityMetadata::parse(&wrong_sha512).verify(BYTES).is_err());
        let wrong_sha256 = format!("sha256-AAAA {SHA384}");
        assert!(IntegrityMetadata::parse(&wrong_sha256).verify(BYTES).is_ok());
    }

    #[test]
    fn any_value_of_the_strongest_algorithm_may_match() {
        let two = format!("sha384-AAAA SHA{}?ct=text/javascript", &SHA384[3..]);
        assert!(IntegrityMetadata::parse(&two).verify(BYTES).is_ok());
    }

    #[test]
    fn our_own_integrity_takes_complete_digests_only() {
        assert_eq!(
            "sha384-AAAA".parse::<Integrity>(),
            Err(DigestError::Encoding("sha384-AAAA".into()))
        );
        assert_eq!("md5-AAAA".parse::<Integrity>(), Err(DigestError::Algorithm("md5-AAAA".into())));
        assert_eq!(" ".parse::<Integrity>(), Err(DigestError::Empty));
        assert_eq!(SHA384.parse::<Integrity>().unwrap().to_string(), SHA384);
    }

    #[test]
    fn every_digest_of_our_own_integrity_must_match() {
        let integrity = Integrity::of(BYTES, &[Algorithm::Sha512, Algorithm::Sha256]);
        assert_eq!(integrity.digests().len(), 2);
        assert!(integrity.verify(BYTES).is_ok());
        assert!(integrity.verify(b"something else").is_err());
    }
}
