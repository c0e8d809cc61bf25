//! Subresource Integrity: what a digest is, how it is written, how bytes are checked against it.
//!
//! Two types, because trust differs. [`Integrity`] is ours: it exists only by hashing bytes or by
//! parsing complete, well-formed digests. [`IntegrityMetadata`] is what a page's author wrote in an
//! `integrity` attribute, read the way browsers read it: unknown algorithms are ignored, the strongest
//! known one counts, and a known algorithm with a nonsensical value matches nothing.

mod digest;
mod digests;
mod metadata;

pub use self::{
    digest::{Algorithm, Digest, DigestError},
    digests::{Integrity, Mismatch},
    metadata::IntegrityMetadata,
};

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
