//! Whether the registry's own key signed a version of a package.
//!
//! A registry that signs (npm's does) signs the text `name@version:integrity` with ECDSA on P-256 over
//! SHA-256, and publishes its keys. A good signature binds the tarball's digest to a key. That the key is the
//! registry's own, and not one of a mirror in between, can be seen by its fingerprint, which is worked out here and not
//! taken from the registry. Nothing here touches the network: [`registry`](super::registry) fetches the keys.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;

/// What the signatures of a version are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Signed by a key of the registry.
    Signed {
        /// The key's fingerprint: `SHA256:…`. npm's registry uses it as the key's id.
        key: String,
    },
    /// What is signed is no digest by SHA-2 of the tarball.
    NoStrongDigest,
    /// The registry gives no signature of this version.
    NotSigned,
    /// A key of the registry did not make the signature that bears its id.
    Wrong {
        /// The key's id.
        key: String,
    },
    /// The registry gives no keys, or none of those that signed.
    KeysUnavailable,
    /// Signed by a key that had expired when the version was published.
    KeyExpired {
        /// The key's id.
        key: String,
    },
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed { key } => write!(f, "signed by {key}"),
            Self::NoStrongDigest => f.write_str("it is signed, but by no digest better than SHA-1"),
            Self::NotSigned => f.write_str("the registry gives no signature"),
            Self::Wrong { key } => write!(f, "the key {key} did not make its signature"),
            Self::KeysUnavailable => {
                f.write_str("it is signed, but the registry does not give the key")
            }
            Self::KeyExpired { key } => write!(f, "the key {key} had expired when it was signed"),
        }
    }
}

/// One signature of a version, in `dist.signatures`.
#[derive(Clone, Debug, Deserialize)]
pub struct SignatureEntry {
    /// The id of the key that signed.
    pub keyid: String,
    /// The signature: ASN.1 in base64.
    pub sig: String,
}

/// The answer of `/-/npm/v1/keys`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RegistryKeys {
    keys: Vec<RegistryKey>,
}

#[derive(Clone, Debug, Deserialize)]
struct RegistryKey {
    keyid: String,
    #[serde(default)]
    scheme: String,
    /// The public key: `SubjectPublicKeyInfo` in base64.
    key: String,
    /// Until when it signs. Absent or null: still.
    expires: Option<String>,
}

/// What a registry says about one version.
#[derive(Clone, Copy, Debug)]
pub struct SignedVersion<'a> {
    /// The package's name.
    pub name: &'a str,
    /// The exact version.
    pub version: &'a str,
    /// `dist.integrity`, as it is written.
    pub integrity: &'a str,
    /// When it was published, as the registry writes it (`2025-01-13T16:00:00.000Z`). The short form of a
    /// packument does not say, and then no key counts as expired.
    pub published: Option<&'a str>,
}

const SCHEME: &str = "ecdsa-sha2-nistp256";

/// Everything of a P-256 key's `SubjectPublicKeyInfo` that comes before the point.
pub(super) const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

impl RegistryKeys {
    /// Checks `signatures` of `version` with these keys. Signatures by keys that are not among them are
    /// left out: a registry may add algorithms that we do not know.
    pub fn verify(&self, version: &SignedVersion<'_>, signatures: &[SignatureEntry]) -> Signature {
        if signatures.is_empty() {
            return Signature::NotSigned;
        }
        let outcomes = signatures.iter().filter_map(|entry| self.verify_one(version, entry));
        // The worst of them counts.
        let rank = |outcome: &Signature| match outcome {
            Signature::Wrong { .. } => 0,
            Signature::KeyExpired { .. } => 1,
            _ => 2,
        };
        outcomes.min_by_key(rank).unwrap_or(Signature::KeysUnavailable)
    }

    /// `None`: the key is not known, or is no key we can use.
    fn verify_one(&self, version: &SignedVersion<'_>, entry: &SignatureEntry) -> Option<Signature> {
        let known = self.keys.iter().find(|key| key.keyid == entry.keyid)?;
        let public_key = known.public_key()?;
        let key = known.keyid.clone();
        let SignedVersion { name, version: number, integrity, published } = version;
        let message = format!("{name}@{number}:{integrity}");
        let signed = BASE64_STANDARD
            .decode(&entry.sig)
            .is_ok_and(|signature| public_key.verify(message.as_bytes(), &signature).is_ok());
        Some(match signed {
            false => Signature::Wrong { key },
            true if known.had_expired(*published) => Signature::KeyExpired { key },
            true => Signature::Signed { key: fingerprint(public_key.as_ref()) },
        })
    }
}

impl RegistryKey {
    fn public_key(&self) -> Option<UnparsedPublicKey<Vec<u8>>> {
        if self.scheme != SCHEME {
            return None;
        }
        let der = BASE64_STANDARD.decode(&self.key).ok()?;
        let point = der.strip_prefix(&P256_PREFIX)?;
        Some(UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.to_vec()))
    }

    fn had_expired(&self, published: Option<&str>) -> bool {
        let times = self.expires.as_deref().and_then(utc).zip(published.and_then(utc));
        times.is_some_and(|(expires, published)| published >= expires)
    }
}

/// The fingerprint of a P-256 key, as OpenSSH works it out (RFC 4253 6.6, RFC 5656 3.1) and npm names its keys.
fn fingerprint(point: &[u8]) -> String {
    let mut blob = Vec::new();
    for part in [SCHEME.as_bytes(), b"nistp256", point] {
        blob.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        blob.extend(part);
    }
    let hash = ring::digest::digest(&ring::digest::SHA256, &blob);
    format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(hash))
}

/// A time in UTC to the second, in a form whose order as text is the order of time.
fn utc(text: &str) -> Option<&str> {
    let is_template = |(byte, wanted): (u8, u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        _ => byte == wanted,
    };
    let seconds = text.get(..19)?;
    let fits = seconds.bytes().zip(*b"0000-00-00T00:00:00").all(is_template);
    (fits && text.ends_with('Z')).then_some(seconds)
}

#[cfg(test)]
mod tests;
