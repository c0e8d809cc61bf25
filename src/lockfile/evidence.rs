//! How much speaks for the bytes of a locked file, beside the lockfile itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Entry, Proof};

/// What speaks for the bytes of a locked file. Each level is worth more than those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceLevel {
    /// Nothing: they are what the CDN served on first use.
    #[default]
    None,
    /// A page's own `integrity` names them.
    Declared,
    /// They are a file of an npm package whose tarball has the digest that the registry gives.
    Npm,
    /// And the registry has signed that digest.
    Signed,
}

impl EvidenceLevel {
    /// The level, as the user writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Declared => "declared",
            Self::Npm => "npm",
            Self::Signed => "signed",
        }
    }
}

impl fmt::Display for EvidenceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Entry {
    /// What speaks for the bytes.
    pub fn evidence(&self) -> EvidenceLevel {
        match self.evidence_of_npm() {
            EvidenceLevel::None if self.declared => EvidenceLevel::Declared,
            level => level,
        }
    }

    fn evidence_of_npm(&self) -> EvidenceLevel {
        match (self.proof, &self.signed_by) {
            (Proof::None, _) => EvidenceLevel::None,
            (Proof::Npm, None) => EvidenceLevel::Npm,
            (Proof::Npm, Some(_)) => EvidenceLevel::Signed,
        }
    }

    /// This entry with what `locked`, an entry of the same bytes, knows and this one does not: what has once
    /// been proved of bytes stays true, also when the registry does not answer.
    #[must_use]
    pub(crate) fn keeping_evidence(self, locked: &Self) -> Self {
        let declared = self.declared || locked.declared;
        if self.evidence_of_npm() >= locked.evidence_of_npm() {
            return Self { declared, ..self };
        }
        let Self { package, proof, proof_file, proof_reason, tarball, signed_by, .. } =
            locked.clone();
        Self { declared, package, proof, proof_file, proof_reason, tarball, signed_by, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(keys: &str) -> Entry {
        let text = format!(
            "version = 2\n[[asset]]\nurl = \"https://a.test/a.js\"\nkind = \"script\"\npath = \"a.test/a.js\"\n\
             size = 1\ntype = \"text/javascript\"\nintegrity = \"sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO\"\n\
             source = \"cdn\"\n{keys}"
        );
        let lockfile = super::super::Lockfile::parse(&text, "inhouse.lock".as_ref()).unwrap();
        lockfile.iter().next().unwrap().1.clone()
    }

    const UNPROVED: &str = "proof = \"none\"\nproof-reason = \"the URL names no npm package\"\n";
    const PROVED: &str = "proof = \"npm\"\nproof-file = \"a.js\"\ntarball = \"sha512-x\"\n";
    const SIGNED: &str = "signed-by = \"SHA256:k\"\n";
    const DECLARED: &str = "declared = true\n";

    #[test]
    fn the_level_is_the_highest_that_the_keys_say() {
        for (keys, level) in [
            (UNPROVED.to_owned(), EvidenceLevel::None),
            ([UNPROVED, DECLARED].concat(), EvidenceLevel::Declared),
            (PROVED.to_owned(), EvidenceLevel::Npm),
            ([PROVED, DECLARED].concat(), EvidenceLevel::Npm),
            ([PROVED, SIGNED].concat(), EvidenceLevel::Signed),
        ] {
            assert_eq!(entry(&keys).evidence(), level, "{keys}");
        }
    }

    #[test]
    fn a_signature_counts_only_for_a_file_that_npm_proves() {
        assert_eq!(entry(&[UNPROVED, SIGNED].concat()).evidence(), EvidenceLevel::None);
    }

    #[test]
    fn levels_are_in_order_and_written_as_the_user_writes_them() {
        use EvidenceLevel::{Declared, None, Npm, Signed};
        assert!([None, Declared, Npm, Signed].is_sorted());
        for level in [None, Declared, Npm, Signed] {
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
    }

    #[test]
    fn what_was_proved_once_is_kept_and_more_is_added() {
        let unproved = || entry(UNPROVED);
        let signed = entry(&[PROVED, SIGNED].concat());
        assert_eq!(unproved().keeping_evidence(&signed), signed);
        assert_eq!(signed.clone().keeping_evidence(&unproved()), signed);
        assert_eq!(signed.clone().keeping_evidence(&entry(PROVED)), signed);
        let declared = entry(&[UNPROVED, DECLARED].concat());
        assert_eq!(unproved().keeping_evidence(&declared), declared);
        let both = Entry { declared: true, ..signed.clone() };
        assert_eq!(signed.keeping_evidence(&declared), both);
    }
}
