//! What a registry says the tarball of a version must hash to.
//!
//! Reads `dist.integrity` (SRI's syntax, usually sha512) and, for versions published before it
//! existed, `dist.shasum` (hexadecimal SHA-1). SHA-1 is no algorithm of SRI and can be forged,
//! so it is used only where there is nothing better, and the result says so.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest as _, Sha1};

use crate::integrity::{Digest, Mismatch};

/// How much a matching tarball proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofStrength {
    /// SHA-256 or better.
    Strong,
    /// SHA-1: all that old versions have.
    Sha1,
}

/// The digest of a tarball, as the registry gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TarballIntegrity {
    /// A digest of SRI's algorithms.
    Sri(Digest),
    /// A SHA-1 digest: 20 bytes.
    Sha1([u8; 20]),
}

impl TarballIntegrity {
    /// The strongest digest that `dist.integrity` and `dist.shasum` offer; `None` if neither holds
    /// a complete one.
    pub fn strongest(integrity: Option<&str>, shasum: Option<&str>) -> Option<Self> {
        let text = integrity.unwrap_or_default();
        let expressions = || {
            let items = text.split_ascii_whitespace();
            items.map(|item| item.split_once('?').map_or(item, |(expression, _options)| expression))
        };
        let sri = expressions().filter_map(|item| item.parse::<Digest>().ok());
        if let Some(digest) = sri.max_by_key(Digest::algorithm) {
            return Some(Self::Sri(digest));
        }
        let base64 = expressions().find_map(|item| {
            BASE64_STANDARD.decode(item.strip_prefix("sha1-")?).ok()?.try_into().ok()
        });
        base64.or_else(|| from_hex(shasum?)).map(Self::Sha1)
    }

    /// Checks a tarball against the digest.
    ///
    /// # Errors
    /// [`Mismatch`] with both digests.
    pub fn verify(&self, tgz: &[u8]) -> Result<(), Mismatch> {
        let received = match self {
            Self::Sri(digest) => Self::Sri(Digest::of(tgz, digest.algorithm())),
            Self::Sha1(_) => Self::Sha1(Sha1::digest(tgz).into()),
        };
        if received == *self {
            return Ok(());
        }
        let (expected, received) = (self.to_string(), received.to_string());
        Err(Mismatch { expected, received, size: tgz.len() })
    }

    /// How much a tarball with this digest proves.
    pub fn strength(&self) -> ProofStrength {
        match self {
            Self::Sri(_) => ProofStrength::Strong,
            Self::Sha1(_) => ProofStrength::Sha1,
        }
    }
}

fn from_hex(text: &str) -> Option<[u8; 20]> {
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<_>>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

impl fmt::Display for TarballIntegrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sri(digest) => fmt::Display::fmt(digest, f),
            Self::Sha1(bytes) => write!(f, "sha1-{}", BASE64_STANDARD.encode(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::Algorithm;

    const TGZ: &[u8] = b"abc";
    // The SHA-1 example of FIPS 180, "abc".
    const SHASUM: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";

    #[test]
    fn sha512_wins_over_whatever_stands_beside_it() {
        let sha512 = Digest::of(TGZ, Algorithm::Sha512).to_string();
        let text = format!("sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0= {sha512}?opt md5-x");
        let integrity = TarballIntegrity::strongest(Some(&text), Some("00")).unwrap();
        assert_eq!(integrity.to_string(), sha512);
        assert_eq!(integrity.strength(), ProofStrength::Strong);
        assert!(integrity.verify(TGZ).is_ok());
        assert!(integrity.verify(b"abd").is_err());
    }

    #[test]
    fn an_old_version_is_held_against_its_shasum_and_says_so() {
        for (integrity, shasum) in
            [(None, Some(SHASUM)), (Some("sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0="), None)]
        {
            let integrity = TarballIntegrity::strongest(integrity, shasum).unwrap();
            assert_eq!(integrity.strength(), ProofStrength::Sha1);
            assert_eq!(integrity.to_string(), "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
            assert!(integrity.verify(TGZ).is_ok());
            let mismatch = integrity.verify(b"abd").unwrap_err();
            assert_eq!(mismatch.expected, integrity.to_string());
        }
    }

    #[test]
    fn an_incomplete_digest_is_none() {
        for (integrity, shasum) in
            [(None, None), (Some("sha512-AAAA"), None), (Some(""), Some("a999")), (None, Some("é"))]
        {
            assert_eq!(TarballIntegrity::strongest(integrity, shasum), None);
        }
    }
}
