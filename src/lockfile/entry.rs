//! One locked file, key by key.

use serde::{Deserialize, Serialize};

use super::{FileKind, LockedLoads, toml_string::quoted};
use crate::{integrity::Integrity, reference::SubresourceUrl, vendor_path::VendorPath};

/// What is known of one locked file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the bytes are.
    pub kind: FileKind,
    /// Where redirects led, if they led anywhere.
    pub final_url: Option<SubresourceUrl>,
    /// Where the bytes lie, in the vendor cache and in the site's vendor folder.
    pub path: VendorPath,
    /// How many bytes are served.
    pub size: u64,
    /// The media type the CDN sent. Its key is `type`.
    pub media_type: String,
    /// The digests of the bytes that are served.
    pub integrity: Integrity,
    /// The digests of the bytes as the CDN sent them, if ours are edited.
    pub upstream_integrity: Option<Integrity>,
    /// Whether a page's own `integrity` named the bytes when they were locked, or later.
    pub declared: bool,
    /// The npm package, `name@1.2.3`.
    pub package: Option<String>,
    /// Whether the bytes are the ones the package's author published.
    pub proof: Proof,
    /// The file of the package with the same bytes.
    pub proof_file: Option<String>,
    /// Why there is no proof.
    pub proof_reason: Option<String>,
    /// `sha512-…` of the package's tarball, as the registry publishes it.
    pub tarball: Option<String>,
    /// The key of the registry that signed that digest, by its fingerprint `SHA256:…`.
    pub signed_by: Option<String>,
    /// Who sent the bytes.
    pub source: Source,
    /// Whether the URL names no exact version, so that an update may bring other bytes.
    pub floating: bool,
    /// Whether the script reads the query of its own `src`, so that pages must keep it.
    pub keep_query: bool,
    /// The request headers that the answer depends on (`Vary`).
    pub varies: Option<String>,
    /// What the file loads, where it is a script. Its keys are `read-as` and `loads`.
    pub(crate) loads: LockedLoads,
}

/// What the bytes were held against.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// A file of the npm package's tarball has the same bytes.
    Npm,
    /// Nothing: the lock alone fixes them.
    #[default]
    None,
}

impl Proof {
    fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::None => "none",
        }
    }
}

/// Where the bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The URL itself.
    Cdn,
    /// The tarball of the npm package.
    Npm,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cdn => "cdn",
            Self::Npm => "npm",
        }
    }
}

impl Entry {
    /// The digests of the bytes as the CDN sent them.
    pub fn upstream(&self) -> &Integrity {
        self.upstream_integrity.as_ref().unwrap_or(&self.integrity)
    }

    /// Every key in the file's order, with its value as TOML; `None` is not written.
    pub(super) fn fields(&self) -> [(&'static str, Option<String>); 20] {
        let text = |value: &Option<String>| value.as_deref().map(quoted);
        let flag = |value: bool| value.then(|| "true".to_owned());
        let final_url = self.final_url.as_ref().map(ToString::to_string);
        let upstream_integrity = self.upstream_integrity.as_ref().map(ToString::to_string);
        [
            ("kind", Some(quoted(self.kind.as_str()))),
            ("final-url", text(&final_url)),
            ("path", Some(quoted(self.path.as_str()))),
            ("size", Some(self.size.to_string())),
            ("type", Some(quoted(&self.media_type))),
            ("integrity", Some(quoted(&self.integrity.to_string()))),
            ("upstream-integrity", text(&upstream_integrity)),
            ("declared", flag(self.declared)),
            ("package", text(&self.package)),
            ("proof", Some(quoted(self.proof.as_str()))),
            ("proof-file", text(&self.proof_file)),
            ("proof-reason", text(&self.proof_reason)),
            ("tarball", text(&self.tarball)),
            ("signed-by", text(&self.signed_by)),
            ("source", Some(quoted(self.source.as_str()))),
            ("floating", flag(self.floating)),
            ("keep-query", flag(self.keep_query)),
            ("varies", text(&self.varies)),
            ("read-as", self.loads.read_as(self.kind)),
            ("loads", self.loads.to_toml()),
        ]
    }
}
