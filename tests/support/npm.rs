//! Packages of a fake npm registry: tarballs made in memory, and the metadata that describes them.

use std::{io::Read, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
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
        }
        let mut metadata = self.manifest.clone();
        metadata["dist"] = dist;
        metadata
    }
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
