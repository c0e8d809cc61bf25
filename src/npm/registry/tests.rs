use std::{collections::HashMap, sync::Mutex};

use sha1::{Digest as _, Sha1};

use super::{
    super::{
        npm_config::fixture::config, signature, tarball::fixture::tgz,
        tarball_integrity::ProofStrength,
    },
    *,
};
use crate::integrity::{Algorithm, Digest};

/// A registry in memory that remembers what it was asked.
#[derive(Default)]
struct Fake {
    answers: HashMap<String, Vec<u8>>,
    down: bool,
    asked: Mutex<Vec<Request>>,
}

/// URL and headers.
type Request = (String, Vec<(String, String)>);

impl Transport for Fake {
    fn get(&self, url: &Url, headers: &[(&str, String)]) -> Result<Vec<u8>, TransportError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.asked.lock().unwrap().push((url.to_string(), headers.collect()));
        if self.down {
            return Err(TransportError::Unreachable("no route".into()));
        }
        self.answers.get(url.as_str()).cloned().ok_or(TransportError::NotFound)
    }
}

impl Fake {
    fn with(mut self, url: &str, body: impl Into<Vec<u8>>) -> Self {
        self.answers.insert(url.to_owned(), body.into());
        self
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(url, _)| url.clone()).collect()
    }
}

const REGISTRY: &str = "http://registry.test:4873/npm/";

fn registry(fake: &Fake) -> Registry<&Fake> {
    let npmrc = "//registry.test:4873/npm/:_authToken=secret";
    Registry::new(config(Some(REGISTRY), npmrc).unwrap(), fake)
}

fn at(path: &str) -> String {
    format!("{REGISTRY}{path}")
}

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

/// The JSON of `"number": {…}`.
fn version(number: &str, tarball: &str, tgz: &[u8]) -> String {
    let integrity = Digest::of(tgz, Algorithm::Sha512);
    format!(r#""{number}":{{"dist":{{"tarball":"{tarball}","integrity":"{integrity}"}}}}"#)
}

fn packument(tags: &str, versions: &[String]) -> String {
    format!(r#"{{"dist-tags":{{{tags}}},"versions":{{{}}}}}"#, versions.join(","))
}

fn one_version() -> (Fake, Vec<u8>) {
    let tgz = tgz(&[("index.js", "1")]);
    let body = packument(r#""latest":"1.0.0""#, &[version("1.0.0", &at("p/-/p-1.0.0.tgz"), &tgz)]);
    (Fake::default().with(&at("p"), body).with(&at("p/-/p-1.0.0.tgz"), tgz.clone()), tgz)
}

#[test]
fn a_package_is_verified_and_asked_for_once() {
    let (fake, tgz) = one_version();
    let registry = registry(&fake);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| registry.package(&name("p"), &VersionSpec::None).unwrap());
        }
    });
    let package = registry.package(&name("p"), &VersionSpec::Exact("1.0.0".into())).unwrap();
    assert_eq!(package.version, "1.0.0");
    assert_eq!(package.tarball_integrity, Digest::of(&tgz, Algorithm::Sha512).to_string());
    assert_eq!(package.strength, ProofStrength::Strong);
    assert_eq!(fake.asked(), [at("p"), at("p/-/p-1.0.0.tgz")]);
}

#[test]
fn metadata_is_asked_for_in_its_short_form_and_with_credentials() {
    let (fake, _) = one_version();
    registry(&fake).package(&name("p"), &VersionSpec::None).unwrap();
    let asked = fake.asked.lock().unwrap();
    let authorization = ("authorization".to_owned(), "Bearer secret".to_owned());
    let accept = ("accept".to_owned(), "application/vnd.npm.install-v1+json".to_owned());
    assert_eq!(asked[0].1, [accept, authorization.clone()]);
    assert_eq!(asked[1].1, [authorization]);
}

#[test]
fn credentials_do_not_follow_a_tarball_to_another_host() {
    let tgz = tgz(&[("index.js", "1")]);
    let elsewhere = "https://files.test/p.tgz";
    let body = packument(r#""latest":"1.0.0""#, &[version("1.0.0", elsewhere, &tgz)]);
    let fake = Fake::default().with(&at("p"), body).with(elsewhere, tgz);
    registry(&fake).package(&name("p"), &VersionSpec::None).unwrap();
    assert_eq!(fake.asked.lock().unwrap()[1], (elsewhere.to_owned(), vec![]));
}

#[test]
fn a_plain_http_tarball_on_a_host_nobody_configured_is_not_asked_for() {
    let elsewhere = "http://files.test/p.tgz";
    let body = packument(r#""latest":"1.0.0""#, &[version("1.0.0", elsewhere, b"")]);
    let fake = Fake::default().with(&at("p"), body);
    let error = registry(&fake).package(&name("p"), &VersionSpec::None).unwrap_err();
    assert!(matches!(error, RegistryError::Refused { .. }), "{error:?}");
    assert_eq!(fake.asked(), [at("p")]);
}

#[test]
fn a_scope_is_part_of_one_path_segment() {
    let fake = Fake::default();
    let error = registry(&fake).package(&name("@s/p"), &VersionSpec::None).unwrap_err();
    assert!(matches!(error, RegistryError::NoSuchPackage { package } if package == name("@s/p")));
    assert_eq!(fake.asked(), [at("@s%2fp")]);
}

#[test]
fn another_tarball_than_the_published_one_is_an_error_before_it_is_read() {
    let (fake, tgz) = one_version();
    let fake = fake.with(&at("p/-/p-1.0.0.tgz"), b"not even gzip".to_vec());
    let error = registry(&fake).package(&name("p"), &VersionSpec::None).unwrap_err();
    let RegistryError::IntegrityMismatch { package, version, expected, received } = error else {
        panic!("{error:?}");
    };
    assert_eq!((package, version.as_str()), (name("p"), "1.0.0"));
    assert_eq!(expected, Digest::of(&tgz, Algorithm::Sha512).to_string());
    assert_eq!(received, Digest::of(b"not even gzip", Algorithm::Sha512).to_string());
}

#[test]
fn an_old_version_with_a_shasum_only_is_a_weaker_proof() {
    let tgz = tgz(&[("index.js", "1")]);
    let hex: String = Sha1::digest(&tgz).iter().map(|byte| format!("{byte:02x}")).collect();
    let tarball = at("p.tgz");
    let manifest = format!(r#""0.1.0":{{"dist":{{"tarball":"{tarball}","shasum":"{hex}"}}}}"#);
    let fake = Fake::default().with(&at("p"), packument("", &[manifest])).with(&tarball, tgz);
    let package = registry(&fake).package(&name("p"), &VersionSpec::Range("0".into())).unwrap();
    assert_eq!(package.strength, ProofStrength::Sha1);
    assert!(package.tarball_integrity.starts_with("sha1-"));
}

#[test]
fn a_version_without_any_digest_is_malformed() {
    let manifest = format!(r#""1.0.0":{{"dist":{{"tarball":"{}"}}}}"#, at("p.tgz"));
    let fake = Fake::default().with(&at("p"), packument("", &[manifest]));
    let error =
        registry(&fake).package(&name("p"), &VersionSpec::Exact("1.0.0".into())).unwrap_err();
    assert!(matches!(error, RegistryError::Malformed { .. }), "{error:?}");
}

#[test]
fn no_answer_is_told_apart_from_no() {
    let down = Fake { down: true, ..Fake::default() };
    let error = registry(&down).package(&name("p"), &VersionSpec::None).unwrap_err();
    assert!(error.is_unreachable());
    let malformed = Fake::default().with(&at("p"), "<html>");
    let error = registry(&malformed).package(&name("p"), &VersionSpec::None).unwrap_err();
    assert!(matches!(error, RegistryError::Malformed { .. }), "{error:?}");
    assert!(!error.is_unreachable());
}

/// A registry whose one package has the signature `sig` by the key `test`.
fn signed(sig: &str, integrity: &str, keys: Option<&str>) -> Fake {
    let (fake, _) = one_version();
    let body = format!(
        r#"{{"dist-tags":{{"latest":"1.0.0"}},"versions":{{"1.0.0":{{"dist":{{"tarball":"{}","integrity":"{integrity}","signatures":[{{"keyid":"test","sig":"{sig}"}}]}}}}}}}}"#,
        at("p/-/p-1.0.0.tgz")
    );
    let fake = fake.with(&at("p"), body);
    match keys {
        Some(keys) => fake.with(&at("-/npm/v1/keys"), keys),
        None => fake,
    }
}

/// Signs `p@1.0.0:integrity` with a new key; the signature, and the registry's answer about its keys.
fn sign(integrity: &str) -> (String, String) {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
    let random = ring::rand::SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let secret = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, secret.as_ref(), &random).unwrap();
    let signature = pair.sign(&random, format!("p@1.0.0:{integrity}").as_bytes()).unwrap();
    let der = [&signature::P256_PREFIX[..], pair.public_key().as_ref()].concat();
    let keys = format!(
        r#"{{"keys":[{{"expires":null,"keyid":"test","scheme":"ecdsa-sha2-nistp256","key":"{}"}}]}}"#,
        BASE64_STANDARD.encode(der)
    );
    (BASE64_STANDARD.encode(signature), keys)
}

fn integrity() -> String {
    Digest::of(&one_version().1, Algorithm::Sha512).to_string()
}

#[test]
fn a_signed_version_is_checked_with_keys_that_are_asked_for_once() {
    let (sig, keys) = sign(&integrity());
    let fake = signed(&sig, &integrity(), Some(&keys));
    let registry = registry(&fake);
    for _ in 0..2 {
        let package = registry.package(&name("p"), &VersionSpec::None).unwrap();
        let Signature::Signed { key } = &package.signature else { panic!("{package:?}") };
        assert!(key.starts_with("SHA256:"), "{key} is what the registry calls its key");
    }
    assert_eq!(fake.asked(), [at("p"), at("-/npm/v1/keys"), at("p/-/p-1.0.0.tgz")]);
}

#[test]
fn a_registry_without_keys_leaves_the_signature_open() {
    let (sig, _) = sign(&integrity());
    for keys in [None, Some("<html>"), Some(r#"{"keys":[]}"#)] {
        let fake = signed(&sig, &integrity(), keys);
        let package = registry(&fake).package(&name("p"), &VersionSpec::None).unwrap();
        assert_eq!(package.signature, Signature::KeysUnavailable);
    }
}

#[test]
fn a_digest_that_nobody_signed_is_an_error_before_the_tarball_is_asked_for() {
    let (sig, keys) = sign("sha512-of-another-tarball");
    let fake = signed(&sig, &integrity(), Some(&keys));
    let error = registry(&fake).package(&name("p"), &VersionSpec::None).unwrap_err();
    assert!(matches!(&error, RegistryError::BadSignature { key, .. } if key == "test"), "{error}");
    assert!(error.is_bad_signature());
    assert_eq!(fake.asked(), [at("p"), at("-/npm/v1/keys")]);
}

#[test]
fn a_signature_of_a_digest_that_the_tarball_is_not_held_against_does_not_count() {
    let (_, tgz) = one_version();
    let hex: String = Sha1::digest(&tgz).iter().map(|byte| format!("{byte:02x}")).collect();
    let sha1 = TarballIntegrity::strongest(None, Some(&hex)).unwrap().to_string();
    for integrity in ["md5-x", &sha1] {
        let (sig, keys) = sign(integrity);
        let fake = signed(&sig, &format!(r#"{integrity}","shasum":"{hex}"#), Some(&keys));
        let package = registry(&fake).package(&name("p"), &VersionSpec::None).unwrap();
        assert_eq!(package.strength, ProofStrength::Sha1);
        assert_eq!(package.signature, Signature::NoStrongDigest, "{integrity}");
    }
}

#[test]
fn a_version_without_signature_is_not_signed() {
    let (fake, _) = one_version();
    let package = registry(&fake).package(&name("p"), &VersionSpec::None).unwrap();
    assert_eq!(package.signature, Signature::NotSigned);
    assert!(!fake.asked().contains(&at("-/npm/v1/keys")), "no key is needed");
}

#[test]
fn a_failure_is_not_asked_for_again() {
    let fake = Fake::default();
    let registry = registry(&fake);
    for _ in 0..3 {
        assert!(registry.package(&name("p"), &VersionSpec::None).is_err());
    }
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn versions_are_chosen_as_unpkg_chooses_them() {
    // codemirror@6: 6.65.7 is a build of version 5 and yet satisfies the range.
    let numbers = ["6.0.0", "6.0.2", "6.65.7", "7.0.0-beta.1", "5.65.16"];
    let versions: Vec<_> =
        numbers.iter().map(|number| version(number, "https://x.test/", b"")).collect();
    let tags = r#""latest":"6.0.2","next":"7.0.0-beta.1","6":"6.0.0","gone":"9.9.9""#;
    let packument: Packument = serde_json::from_str(&packument(tags, &versions)).unwrap();
    let chosen = |spec: VersionSpec| packument.choose(&spec).map(|(number, _)| number);
    assert_eq!(chosen(VersionSpec::None), Some("6.0.2"));
    assert_eq!(chosen(VersionSpec::parse("6")), Some("6.0.0"), "a tag wins over a range");
    assert_eq!(chosen(VersionSpec::parse("^6.0.0")), Some("6.65.7"));
    assert_eq!(chosen(VersionSpec::parse("*")), Some("6.65.7"), "no prerelease");
    assert_eq!(chosen(VersionSpec::parse("next")), Some("7.0.0-beta.1"));
    assert_eq!(chosen(VersionSpec::parse("5.65.16")), Some("5.65.16"));
    assert_eq!(chosen(VersionSpec::parse("6.0.2+build")), Some("6.0.2"));
    for missing in ["6.0.1", "gone", "^8", "nonsense tag"] {
        assert_eq!(chosen(VersionSpec::parse(missing)), None, "{missing}");
    }
}
