//! Packages of a fake npm registry: tarballs made in memory, and the metadata that describes them.

use std::{io::Read, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha512};

use super::http::{Answer, gzip};

/// One published version of a package.
#[derive(Clone, Debug)]
pub struct Package {
    name: String,
    version: String,
    files: Vec<(String, Vec<u8>)>,
    manifest: Value,
    lying: bool,
    integrity: bool,
    signatures: Signatures,
    /// The tarball, if it was published elsewhere.
    published: Option<Vec<u8>>,
}

impl Package {
    /// A package with nothing but its `package.json`.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            files: Vec::new(),
            manifest: json!({ "name": name, "version": version }),
            lying: false,
            integrity: true,
            signatures: Signatures::None,
            published: None,
        }
    }

    /// A package as somebody published it; its tarball is served as it is.
    pub fn from_tarball(bytes: Vec<u8>) -> Self {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
        let mut files = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path: std::path::PathBuf = entry.path().unwrap().components().skip(1).collect();
            if entry.header().entry_type().is_file() && path != Path::new("") {
                let mut body = Vec::new();
                entry.read_to_end(&mut body).unwrap();
                files.push((path.to_str().unwrap().to_owned(), body));
            }
        }
        let manifest = files.iter().find(|(path, _)| path == "package.json").unwrap();
        let manifest: Value = serde_json::from_slice(&manifest.1).unwrap();
        let text = |field: &str| manifest[field].as_str().unwrap().to_owned();
        Self {
            files,
            published: Some(bytes),
            manifest: manifest.clone(),
            ..Self::new(&text("name"), &text("version"))
        }
    }

    /// The package's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its `package.json`.
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// The paths of its files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(path, _)| path.as_str())
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        let file = self.files.iter().find(|(known, _)| known == path);
        file.map(|(_, bytes)| bytes.as_slice())
    }

    /// Adds a file, by its path inside the package.
    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), bytes.into()));
        self
    }

    /// Adds a field to `package.json`, such as `main` or `unpkg`.
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.manifest[name] = value;
        self
    }

    /// Serves a tarball other than the one that `dist.integrity` was made of.
    pub fn with_lying_tarball(mut self) -> Self {
        self.lying = true;
        self
    }

    /// Publishes only `dist.shasum`, as old packages do.
    pub fn without_integrity(mut self) -> Self {
        self.integrity = false;
        self
    }

    /// Has the registry sign it.
    pub fn signed(mut self, signatures: Signatures) -> Self {
        self.signatures = signatures;
        self
    }

    fn file_name(&self) -> String {
        let base = self.name.rsplit('/').next().unwrap_or_default();
        format!("{base}-{}.tgz", self.version)
    }

    /// The tarball as its author published it.
    pub fn tarball(&self) -> Vec<u8> {
        if let Some(published) = &self.published {
            return published.clone();
        }
        let mut tar = tar::Builder::new(Vec::new());
        let manifest = self.manifest.to_string().into_bytes();
        let own = [("package.json".to_owned(), manifest)];
        for (path, bytes) in own.iter().chain(&self.files) {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("package/{path}"), &bytes[..]).unwrap();
        }
        gzip(&tar.into_inner().unwrap())
    }

    fn served_tarball(&self) -> Vec<u8> {
        if self.lying {
            self.clone().file("not-published.js", "steal()").tarball()
        } else {
            self.tarball()
        }
    }

    fn metadata(&self, host: &str) -> Value {
        let tarball = self.tarball();
        let hex: String = Sha1::digest(&tarball).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut dist = json!({
            "tarball": format!("https://{host}/{}/-/{}", self.name, self.file_name()),
            "shasum": hex,
        });
        if self.integrity {
            let digest = BASE64_STANDARD.encode(Sha512::digest(&tarball));
            dist["integrity"] = json!(format!("sha512-{digest}"));
            dist["signatures"] = self.signature(&format!("sha512-{digest}"));
        }
        let mut metadata = self.manifest.clone();
        metadata["dist"] = dist;
        metadata
    }

    /// `dist.signatures`.
    fn signature(&self, integrity: &str) -> Value {
        let message = format!("{}@{}:{integrity}", self.name, self.version);
        let sig = match self.signatures {
            Signatures::None => return json!([]),
            Signatures::Good | Signatures::WithoutKeys => sign(&message),
            Signatures::Wrong => sign(&format!("{message} and more")),
        };
        json!([{ "keyid": KEY_ID, "sig": sig }])
    }
}

/// How a registry signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signatures {
    /// It does not.
    #[default]
    None,
    /// As it should.
    Good,
    /// It does not give its keys, as many mirrors.
    WithoutKeys,
    /// Its signatures are of something else.
    Wrong,
}

/// What the registry calls its key.
const KEY_ID: &str = "the-key";

/// The key pair whose private key is the number 1: the public key is the base point of P-256 (SEC 2, 2.4.2).
fn key_pair() -> EcdsaKeyPair {
    const BASE_POINT: &str =
        "BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=";
    let mut private = [0; 32];
    private[31] = 1;
    let public = BASE64_STANDARD.decode(BASE_POINT).unwrap();
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &private, &public, &random).unwrap()
}

/// A signature of `message`, as registries give it.
fn sign(message: &str) -> String {
    let signature = key_pair().sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    BASE64_STANDARD.encode(signature)
}

/// The answer of `/-/npm/v1/keys`.
fn keys() -> Value {
    const INFO: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
    let point = key_pair().public_key().as_ref().to_vec();
    let info = BASE64_STANDARD.decode(INFO).unwrap();
    // The constant ends with the first byte of the point.
    let key = BASE64_STANDARD.encode([&info, &point[1..]].concat());
    json!({ "keys": [{ "keyid": KEY_ID, "scheme": "ecdsa-sha2-nistp256", "key": key, "expires": null }] })
}

/// The packages of one host; the version added last is `latest`.
#[derive(Clone, Debug, Default)]
pub struct Registry(Vec<Package>);

impl Registry {
    /// Publishes a version.
    pub fn publish(&mut self, package: Package) {
        self.0.push(package);
    }

    /// Answers for `path`: `/name`, `/@scope%2fname`, `/name/-/name-1.0.0.tgz`.
    pub fn answer(&self, host: &str, path: &str) -> Option<Answer> {
        let path = path.replace("%2f", "/").replace("%2F", "/");
        let path = path.strip_prefix('/')?;
        if path == "-/npm/v1/keys" {
            return self.keys();
        }
        match path.split_once("/-/") {
            Some((name, file)) => {
                let package = self.0.iter().find(|p| p.name == name && p.file_name() == file)?;
                let answer = Answer::ok(package.served_tarball());
                Some(answer.content_type("application/octet-stream"))
            }
            None => {
                let answer = Answer::ok(self.packument(host, path)?.to_string());
                Some(answer.content_type("application/json"))
            }
        }
    }

    fn keys(&self) -> Option<Answer> {
        let gives =
            |package: &Package| matches!(package.signatures, Signatures::Good | Signatures::Wrong);
        let answer = || Answer::ok(keys().to_string()).content_type("application/json");
        self.0.iter().any(gives).then(answer)
    }

    fn packument(&self, host: &str, name: &str) -> Option<Value> {
        let published: Vec<_> = self.0.iter().filter(|package| package.name == name).collect();
        let latest = &published.last()?.version;
        let versions: Map<_, _> = published
            .iter()
            .map(|package| (package.version.clone(), package.metadata(host)))
            .collect();
        Some(json!({ "name": name, "dist-tags": { "latest": latest }, "versions": versions }))
    }
}
