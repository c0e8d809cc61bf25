//! The client of an npm registry: a package name and a version in, a verified [`Package`] out.
//!
//! Answers for choosing the version, for holding the tarball against `dist.integrity` before it is
//! read and against the registry's signature, and for asking at most once per package and version in
//! a run. How bytes travel is left to
//! a [`Transport`]; where to and as whom, to [`NpmConfig`].

mod error;
mod once;
mod packument;

pub use self::error::{RegistryError, TransportError};

use std::sync::Arc;

use url::Url;

use self::{
    once::OncePerKey,
    packument::{Dist, Packument},
};
use super::{
    npm_config::NpmConfig,
    package_name::PackageName,
    signature::{RegistryKeys, Signature, SignedVersion},
    tarball::Package,
    tarball_integrity::TarballIntegrity,
    version_spec::VersionSpec,
};
use crate::integrity::Mismatch;

/// What a GET request needs to reach a registry.
///
/// Whoever implements it follows redirects, takes `authorization` along to the same origin only,
/// limits sizes and times, and admits plain http and private addresses for no more than
/// [`NpmConfig::is_registry_origin`] says.
pub trait Transport: Sync {
    /// Asks `url` with `headers` and gives the decoded body of a successful answer.
    ///
    /// # Errors
    /// [`TransportError`] tells whether the server said no, or nobody answered.
    fn get(&self, url: &Url, headers: &[(&str, String)]) -> Result<Vec<u8>, TransportError>;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn get(&self, url: &Url, headers: &[(&str, String)]) -> Result<Vec<u8>, TransportError> {
        (**self).get(url, headers)
    }
}

/// A registry client. Shared by many threads; each package is asked for once.
pub struct Registry<T> {
    config: NpmConfig,
    transport: T,
    packuments: OncePerKey<PackageName, Arc<Packument>>,
    packages: OncePerKey<(PackageName, String), Arc<Package>>,
    /// By registry: a scope may have one of its own.
    keys: OncePerKey<Url, Arc<RegistryKeys>>,
}

impl<T: Transport> Registry<T> {
    /// A client of the registry that `config` names.
    pub fn new(config: NpmConfig, transport: T) -> Self {
        let (packuments, packages) = (OncePerKey::default(), OncePerKey::default());
        Self { config, transport, packuments, packages, keys: OncePerKey::default() }
    }

    /// The package in the version that `version` stands for, verified and read. Which one that was
    /// is in [`Package::version`].
    ///
    /// # Errors
    /// [`RegistryError`], the same one for everybody who asks for the same package again.
    pub fn package(
        &self,
        name: &PackageName,
        version: &VersionSpec,
    ) -> Result<Arc<Package>, RegistryError> {
        let packument = self.packuments.get(name.clone(), || self.fetch_packument(name))?;
        let Some((number, dist)) = packument.choose(version) else {
            let (package, version) = (name.clone(), version.to_string());
            return Err(RegistryError::NoSuchVersion { package, version });
        };
        let key = (name.clone(), number.to_owned());
        let published = packument.published(number);
        self.packages.get(key, || self.fetch_package(name, number, dist, published))
    }

    fn fetch_packument(&self, name: &PackageName) -> Result<Arc<Packument>, RegistryError> {
        let malformed = |reason| RegistryError::Malformed { package: name.clone(), reason };
        let registry = self.config.registry_for(name).map_err(RegistryError::config)?;
        let url =
            registry.join(&name.as_segment()).map_err(|error| malformed(error.to_string()))?;
        // The full document of a popular package has megabytes of readmes.
        let accept = ("accept", "application/vnd.npm.install-v1+json".to_owned());
        let body = self.get(name, &registry, &url, vec![accept]).map_err(|error| match error {
            TransportError::NotFound => RegistryError::NoSuchPackage { package: name.clone() },
            error => RegistryError::unanswered(name, error),
        })?;
        let packument = serde_json::from_slice(&body);
        packument.map(Arc::new).map_err(|error| malformed(error.to_string()))
    }

    fn fetch_package(
        &self,
        name: &PackageName,
        version: &str,
        dist: &Dist,
        published: Option<&str>,
    ) -> Result<Arc<Package>, RegistryError> {
        let malformed = |reason: &str| RegistryError::Malformed {
            package: name.clone(),
            reason: format!("version {version} {reason}"),
        };
        let integrity =
            TarballIntegrity::strongest(dist.integrity.as_deref(), dist.shasum.as_deref())
                .ok_or_else(|| malformed("has no digest of its tarball"))?;
        let registry = self.config.registry_for(name).map_err(RegistryError::config)?;
        let signature = self.signature(name, version, dist, published, &registry)?;
        let named = Url::parse(&dist.tarball).map_err(|_| malformed("has no tarball URL"))?;
        let url = self.config.tarball_url(&registry, named);
        let tgz = self
            .get(name, &registry, &url, Vec::new())
            .map_err(|it| RegistryError::unanswered(name, it))?;
        integrity.verify(&tgz).map_err(|Mismatch { expected, received, .. }| {
            let (package, version) = (name.clone(), version.to_owned());
            RegistryError::IntegrityMismatch { package, version, expected, received }
        })?;
        let package = Package::read(name.clone(), version.to_owned(), &integrity, tgz);
        package.map(|package| Arc::new(package.with_signature(signature))).map_err(|source| {
            RegistryError::Tarball {
                package: name.clone(),
                version: version.to_owned(),
                source: Arc::new(source),
            }
        })
    }

    /// What the registry's signature says of a version; a bad one is an error.
    fn signature(
        &self,
        name: &PackageName,
        version: &str,
        dist: &Dist,
        published: Option<&str>,
        registry: &Url,
    ) -> Result<Signature, RegistryError> {
        let Some(integrity) = dist.integrity.as_deref().filter(|_| !dist.signatures.is_empty())
        else {
            return Ok(Signature::NotSigned);
        };
        let keys = self.keys.get(registry.clone(), || Ok(self.fetch_keys(name, registry)))?;
        let signed = SignedVersion { name: name.as_str(), version, integrity, published };
        match keys.verify(&signed, &dist.signatures) {
            Signature::Wrong { key } => {
                let (package, version) = (name.clone(), version.to_owned());
                Err(RegistryError::BadSignature { package, version, key })
            }
            signature => Ok(signature),
        }
    }

    /// The keys of `registry`; none if it does not give any, since many mirrors do not.
    fn fetch_keys(&self, name: &PackageName, registry: &Url) -> Arc<RegistryKeys> {
        let url = registry.join("-/npm/v1/keys").ok();
        let body = url.and_then(|url| self.get(name, registry, &url, Vec::new()).ok());
        Arc::new(body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default())
    }

    fn get(
        &self,
        name: &PackageName,
        registry: &Url,
        url: &Url,
        mut headers: Vec<(&'static str, String)>,
    ) -> Result<Vec<u8>, TransportError> {
        // A tarball may lie anywhere, but only what the user configured may be private or plain.
        if url.scheme() != "https" && !self.config.is_registry_origin(url) {
            let reason = format!("`{url}`, the tarball of `{name}`, is not an https URL");
            return Err(TransportError::Other(reason.into()));
        }
        if let Some(value) = self.config.authorization(registry, url) {
            headers.push(("authorization", value));
        }
        self.transport.get(url, &headers)
    }
}

#[cfg(test)]
mod tests;
