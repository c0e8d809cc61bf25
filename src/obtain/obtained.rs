//! Bytes that passed every check, and what is known about them.

use std::sync::Arc;

use crate::{
    lockfile::{Proof, Source},
    npm::{self, Licence, Package, RegistryError, Signature},
    reference::SubresourceUrl,
    vendor_path::Stored,
};

/// Bytes that passed every check, and what is known about them.
#[derive(Clone, Debug)]
pub struct Obtained {
    /// The bytes, as upstream served them.
    pub bytes: Vec<u8>,
    /// Where the redirects led, if anywhere else.
    pub final_url: Option<SubresourceUrl>,
    /// The MIME type's essence.
    pub media_type: String,
    /// What decides the path in the vendor folder.
    pub stored: Stored,
    /// Whether the URL fixes the bytes by itself.
    pub floating: bool,
    /// Where the bytes came from.
    pub source: Source,
    /// What npm says about them.
    pub evidence: Evidence,
    /// The request headers the server says its answer depends on.
    pub varies: Option<String>,
}

/// What npm says about bytes.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// `name@version`.
    pub package: Option<String>,
    /// Proved or not.
    pub proof: Proof,
    /// The file of the package that has the same bytes.
    pub file: Option<String>,
    /// The digest of the package's tarball.
    pub tarball: Option<String>,
    /// What the package says of its licence.
    pub licence: Option<Arc<Licence>>,
    /// The key of the registry that signed that digest.
    pub signed_by: Option<String>,
    /// Why no signature counts, where there is a proof.
    pub unsigned: Option<String>,
    /// Why there is no proof.
    pub reason: Option<String>,
    /// A registry that should have answered did not.
    pub registry_failed: Option<String>,
}

impl Obtained {
    /// Whether npm has the same bytes under exactly the path that the URL names.
    pub(super) fn is_what_its_address_names(&self, asked: &SubresourceUrl) -> bool {
        let form = npm::classify(self.final_url.as_ref().unwrap_or(asked));
        form.zip(self.evidence.file.as_ref()).is_some_and(|(form, file)| form.paths.contains(file))
    }
}

impl Evidence {
    pub(super) fn unproved(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::default() }
    }

    /// The registry did not give the package.
    pub(super) fn without_registry(error: &RegistryError) -> Self {
        Self {
            registry_failed: error.is_unreachable().then(|| error.to_string()),
            ..Self::unproved(error.to_string())
        }
    }

    /// The package has no file with these bytes; `own` comes nearest.
    pub(super) fn unprovable(package: &Package, reason: &str, own: Option<&str>) -> Self {
        let hint = own.map(|path| format!("; its own file is `{path}`")).unwrap_or_default();
        let (package, licence) = (Some(package.id()), Some(package.licence()));
        Self { package, licence, ..Self::unproved(format!("{reason}{hint}")) }
    }

    fn of_signature(signature: &Signature) -> Self {
        let (signed_by, unsigned) = match signature {
            Signature::Signed { key } => (Some(key.clone()), None),
            no_signature => (None, Some(no_signature.to_string())),
        };
        Self { signed_by, unsigned, ..Self::default() }
    }

    /// `path` of the package has these bytes.
    pub(super) fn of_file(package: &Package, path: String) -> Self {
        Self {
            package: Some(package.id()),
            proof: Proof::Npm,
            file: Some(path),
            tarball: Some(package.tarball_integrity.clone()),
            licence: Some(package.licence()),
            ..Self::of_signature(&package.signature)
        }
    }
}
