use super::*;

/// A version that npm's registry really signed, and the key it was signed with.
const VERSION: SignedVersion<'_> = SignedVersion {
    name: "@midas-ds/checkbox",
    version: "1.0.3",
    integrity: "sha512-SeURf24EoizN5/o2CdUnisZNeCya/KNqdAxAR0lNc842jPs8sGknhv+Woy8QTKswALTk0PrSP3Q/4MvdpFabNQ==",
    published: None,
};
const KEY_ID: &str = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA";
const SIGNATURE: &str = "MEUCIQDQJR84xvAX4KcEIR2HUjIZiSMiqnOBXNu9kx+eefUwPgIgCzdqT1+dzBwKuWSuM1IuCeo4ikBmi21hnIXLcK7dosY=";
const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==";

fn keys(id: &str, scheme: &str, key: &str, expires: &str) -> RegistryKeys {
    let text = format!(
        r#"{{"keys":[{{"expires":{expires},"keyid":"{id}","keytype":"ecdsa-sha2-nistp256","scheme":"{scheme}","key":"{key}"}}]}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn npm_keys() -> RegistryKeys {
    keys(KEY_ID, SCHEME, KEY, r#""2025-01-29T00:00:00.000Z""#)
}

fn entry(keyid: &str, sig: &str) -> SignatureEntry {
    SignatureEntry { keyid: keyid.to_owned(), sig: sig.to_owned() }
}

fn verify(version: SignedVersion<'_>) -> Signature {
    npm_keys().verify(&version, &[entry(KEY_ID, SIGNATURE)])
}

#[test]
fn a_real_signature_of_npm_verifies() {
    assert_eq!(verify(VERSION), Signature::Signed { key: KEY_ID.into() });
}

#[test]
fn a_key_is_named_by_its_fingerprint_and_not_by_what_the_registry_calls_it() {
    let keys = keys("SHA256:of-another-key", SCHEME, KEY, "null");
    let signature = entry("SHA256:of-another-key", SIGNATURE);
    assert_eq!(keys.verify(&VERSION, &[signature]), Signature::Signed { key: KEY_ID.into() });
}

#[test]
fn any_other_name_version_or_digest_makes_the_signature_bad() {
    let bad = Signature::Wrong { key: KEY_ID.into() };
    assert_eq!(verify(SignedVersion { name: "@midas-ds/checkboy", ..VERSION }), bad);
    assert_eq!(verify(SignedVersion { version: "1.0.4", ..VERSION }), bad);
    let integrity = VERSION.integrity.replace("SeURf", "SeURg");
    assert_eq!(verify(SignedVersion { integrity: &integrity, ..VERSION }), bad);
    for other in ["", "not base64", "AAAA", &SIGNATURE.replace("MEUCIQDQ", "MEUCIQDR")] {
        assert_eq!(npm_keys().verify(&VERSION, &[entry(KEY_ID, other)]), bad, "{other}");
    }
}

#[test]
fn a_bad_signature_beside_a_good_one_counts() {
    let both = [entry(KEY_ID, SIGNATURE), entry(KEY_ID, "AAAA")];
    assert_eq!(npm_keys().verify(&VERSION, &both), Signature::Wrong { key: KEY_ID.into() });
}

#[test]
fn no_signature_is_no_bad_signature() {
    assert_eq!(npm_keys().verify(&VERSION, &[]), Signature::NotSigned);
}

#[test]
fn a_key_that_is_missing_or_of_another_kind_leaves_it_open() {
    let expired = "null";
    for keys in [
        RegistryKeys::default(),
        keys("SHA256:other", SCHEME, KEY, expired),
        keys(KEY_ID, "ed25519", KEY, expired),
        keys(KEY_ID, SCHEME, "AAAA", expired),
    ] {
        let outcome = keys.verify(&VERSION, &[entry(KEY_ID, SIGNATURE)]);
        assert_eq!(outcome, Signature::KeysUnavailable, "{keys:?}");
    }
    // Of two signatures, the one whose key is known decides.
    let both = [entry("SHA256:other", "AAAA"), entry(KEY_ID, SIGNATURE)];
    assert_eq!(npm_keys().verify(&VERSION, &both), Signature::Signed { key: KEY_ID.into() });
}

#[test]
fn a_key_must_not_have_expired_when_the_version_was_published() {
    for (published, expected) in [
        ("2025-01-28T23:59:59.999Z", Signature::Signed { key: KEY_ID.into() }),
        ("2025-01-29T00:00:00.000Z", Signature::KeyExpired { key: KEY_ID.into() }),
        ("2026-05-01T10:00:00Z", Signature::KeyExpired { key: KEY_ID.into() }),
        ("last year", Signature::Signed { key: KEY_ID.into() }),
    ] {
        let version = SignedVersion { published: Some(published), ..VERSION };
        assert_eq!(verify(version), expected, "{published}");
    }
    let forged = SignedVersion { published: Some("2026-05-01T10:00:00Z"), name: "x", ..VERSION };
    assert_eq!(verify(forged), Signature::Wrong { key: KEY_ID.into() }, "bad comes first");
}

#[test]
fn an_unlimited_key_does_not_expire() {
    let keys = keys(KEY_ID, SCHEME, KEY, "null");
    let version = SignedVersion { published: Some("2099-01-01T00:00:00Z"), ..VERSION };
    let outcome = keys.verify(&version, &[entry(KEY_ID, SIGNATURE)]);
    assert_eq!(outcome, Signature::Signed { key: KEY_ID.into() });
}
