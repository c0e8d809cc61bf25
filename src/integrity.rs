//! Subresource Integrity: what a digest is, how it is written, how bytes are checked against it.
//!
//! Two types, because trust differs. [`Integrity`] is ours: it exists only by hashing bytes or by
//! parsing complete, well-formed digests. [`IntegrityMetadata`] is what a page's author wrote in an
//! `integrity` attribute, read the way browsers read it: unknown algorithms are ignored, the strongest
//! known one counts, and a known algorithm with a nonsensical value matches nothing.

mod digest;
mod metadata;

pub use self::{
    digest::{Algorithm, Digest, DigestError},
    metadata::IntegrityMetadata,
};

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

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

    /// Checks `bytes` against every digest.
    ///
    /// # Errors
    /// [`Mismatch`] names the first digest that `bytes` do not have, and the one they have.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), Mismatch> {
        for digest in &self.0 {
            let received = Digest::of(bytes, digest.algorithm());
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
