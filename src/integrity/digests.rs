//! The digests that we write, into `integrity` attributes and into the lockfile.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::digest::{Algorithm, Digest, DigestError};

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

impl From<Digest> for Integrity {
    fn from(digest: Digest) -> Self {
        Self(vec![digest])
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
