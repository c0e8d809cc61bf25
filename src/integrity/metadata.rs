//! Integrity metadata: what a page's author wrote, read the way browsers read it.
//!
//! SRI, section 3.3, "Parse metadata" and "Do bytes match metadataList?".

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    digest::{Algorithm, Digest},
    digests::{Integrity, Mismatch},
};

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

    fn strongest(&self) -> Option<Algorithm> {
        self.items.iter().map(|(algorithm, _)| *algorithm).max()
    }

    /// Checks a file of which only the digests and the size are known against the strongest algorithm
    /// present; `None` if that is not among the digests.
    pub fn compare(&self, known: &Integrity, size: usize) -> Option<Result<(), Mismatch>> {
        let strongest = self.strongest()?;
        let actual = known.digests().iter().find(|digest| digest.algorithm() == strongest)?;
        Some(self.hold(actual, size))
    }

    /// Checks `bytes` against the strongest algorithm present, any of whose values may match.
    ///
    /// # Errors
    /// [`Mismatch`] if there is a known algorithm and none of its values is right.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), Mismatch> {
        let Some(strongest) = self.strongest() else {
            return Ok(());
        };
        self.hold(&Digest::of(bytes, strongest), bytes.len())
    }

    /// Checks the digest of a file against the values of its algorithm.
    fn hold(&self, actual: &Digest, size: usize) -> Result<(), Mismatch> {
        let values = self.items.iter().filter(|(algorithm, _)| *algorithm == actual.algorithm());
        let encoded = actual.base64();
        if values.clone().any(|(_, value)| *value == encoded) {
            return Ok(());
        }
        let expected: Vec<_> =
            values.map(|(algorithm, value)| format!("{}-{value}", algorithm.name())).collect();
        let (expected, received) = (expected.join(" or "), actual.to_string());
        Err(Mismatch { expected, received, size })
    }
}
