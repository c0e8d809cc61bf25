//! The client of an npm registry: a package name and a version in, a verified [`Package`] out.
//!
//! Answers for choosing the version, for holding the tarball against `dist.integrity` before it is
//! read, and for asking at most once per package and version in a run. How bytes travel is left to
//! a [`Transport`]; where to and as whom, to [`NpmConfig`]. Versions are chosen as unpkg chooses
//! them: dist-tags first, then the highest version that satisfies the range.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error as StdError,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use nodejs_semver::{Range, Version};
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use super::{
    npm_config::{NpmConfig, NpmConfigError},
    package_name::PackageName,
    tarball::{Package, TarballError},
    tarball_integrity::TarballIntegrity,
    url_form::VersionSpec,
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

type AnyError = Box<dyn StdError + Send + Sync>;

/// A request without a usable answer.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The server has nothing there (404, 410).
    #[error("not found")]
    NotFound,
    /// No answer: no network, no server, no time left.
    #[error("unreachable")]
    Unreachable(#[source] AnyError),
    /// An answer that is an error, or is not to be used.
    #[error("request failed")]
    Other(#[source] AnyError),
}

/// A package that the registry did not give us.
///
/// Cloned for everyone who asked for the same package, which is why causes are shared.
#[derive(Clone, Debug, Error)]
pub enum RegistryError {
    /// npm's configuration names no usable registry.
    #[error("cannot tell which npm registry to ask")]
    Config(#[source] Arc<NpmConfigError>),
    /// The registry does not know the name.
    #[error("the npm registry has no package `{package}`")]
    NoSuchPackage {
        /// The name.
        package: PackageName,
    },
    /// No version of the package is what was asked for.
    #[error("the npm package `{package}` has no version `{version}`")]
    NoSuchVersion {
        /// The name.
        package: PackageName,
        /// The version, range or tag asked for.
        version: String,
    },
    /// Nobody answered.
    #[error("the npm registry cannot be reached for `{package}`")]
    Unreachable {
        /// The name.
        package: PackageName,
        /// Why.
        source: Arc<TransportError>,
    },
    /// The registry answered with an error.
    #[error("the npm registry refused `{package}`")]
    Refused {
        /// The name.
        package: PackageName,
        /// Why.
        source: Arc<TransportError>,
    },
    /// The tarball is not the one that was published.
    #[error(
        "the tarball of {package}@{version} is not the published one: expected {expected}, received {received}"
    )]
    IntegrityMismatch {
        /// The name.
        package: PackageName,
        /// The exact version.
        version: String,
        /// As the registry's metadata says.
        expected: String,
        /// As downloaded.
        received: String,
    },
    /// The registry's metadata cannot be used.
    #[error("the npm registry's answer about `{package}` is malformed: {reason}")]
    Malformed {
        /// The name.
        package: PackageName,
        /// What is wrong.
        reason: String,
    },
    /// The tarball has the right digest and still cannot be read.
    #[error("the tarball of {package}@{version} cannot be read")]
    Tarball {
        /// The name.
        package: PackageName,
        /// The exact version.
        version: String,
        /// Why.
        source: Arc<TarballError>,
    },
}

impl RegistryError {
    /// Whether nobody answered, so that asking later may help.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// A registry client. Shared by many threads; each package is asked for once.
pub struct Registry<T> {
    config: NpmConfig,
    transport: T,
    packuments: OncePerKey<PackageName, Arc<Packument>>,
    packages: OncePerKey<(PackageName, String), Arc<Package>>,
}

impl<T: Transport> Registry<T> {
    /// A client with a configuration already read.
    pub fn new(config: NpmConfig, transport: T) -> Self {
        let (packuments, packages) = (OncePerKey::default(), OncePerKey::default());
        Self { config, transport, packuments, packages }
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
        self.packages.get(key, || self.fetch_package(name, number, dist))
    }

    fn fetch_packument(&self, name: &PackageName) -> Result<Arc<Packument>, RegistryError> {
        let malformed = |reason| RegistryError::Malformed { package: name.clone(), reason };
        let registry = self.config.registry_for(name).map_err(config_error)?;
        let url =
            registry.join(&name.as_segment()).map_err(|error| malformed(error.to_string()))?;
        // The full document of a popular package has megabytes of readmes.
        let accept = ("accept", "application/vnd.npm.install-v1+json".to_owned());
        let body = self.get(name, &registry, &url, vec![accept]).map_err(|error| match error {
            TransportError::NotFound => RegistryError::NoSuchPackage { package: name.clone() },
            error => unanswered(name, error),
        })?;
        let packument = serde_json::from_slice(&body);
        packument.map(Arc::new).map_err(|error| malformed(error.to_string()))
    }

    fn fetch_package(
        &self,
        name: &PackageName,
        version: &str,
        dist: &Dist,
    ) -> Result<Arc<Package>, RegistryError> {
        let malformed = |reason: &str| RegistryError::Malformed {
            package: name.clone(),
            reason: format!("version {version} {reason}"),
        };
        let integrity =
            TarballIntegrity::strongest(dist.integrity.as_deref(), dist.shasum.as_deref())
                .ok_or_else(|| malformed("has no digest of its tarball"))?;
        let registry = self.config.registry_for(name).map_err(config_error)?;
        let named = Url::parse(&dist.tarball).map_err(|_| malformed("has no tarball URL"))?;
        let url = self.config.tarball_url(&registry, named);
        let tgz = self.get(name, &registry, &url, Vec::new()).map_err(|it| unanswered(name, it))?;
        integrity.verify(&tgz).map_err(|Mismatch { expected, received, .. }| {
            let (package, version) = (name.clone(), version.to_owned());
            RegistryError::IntegrityMismatch { package, version, expected, received }
        })?;
        let package = Package::read(name.clone(), version.to_owned(), &integrity, tgz);
        package.map(Arc::new).map_err(|source| RegistryError::Tarball {
            package: name.clone(),
            version: version.to_owned(),
            source: Arc::new(source),
        })
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

fn config_error(error: NpmConfigError) -> RegistryError {
    RegistryError::Config(Arc::new(error))
}

fn unanswered(name: &PackageName, error: TransportError) -> RegistryError {
    let (package, source) = (name.clone(), Arc::new(error));
    match *source {
        TransportError::Unreachable(_) => RegistryError::Unreachable { package, source },
        TransportError::NotFound | TransportError::Other(_) => {
            RegistryError::Refused { package, source }
        }
    }
}

/// What a registry says about a package, as far as we need it.
#[derive(Debug, Deserialize)]
struct Packument {
    #[serde(default, rename = "dist-tags")]
    dist_tags: BTreeMap<String, String>,
    #[serde(default)]
    versions: BTreeMap<String, Manifest>,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    dist: Dist,
}

#[derive(Debug, Deserialize)]
struct Dist {
    tarball: String,
    integrity: Option<String>,
    shasum: Option<String>,
}

impl Packument {
    /// The version that `spec` stands for.
    fn choose(&self, spec: &VersionSpec) -> Option<(&str, &Dist)> {
        let number = match spec {
            // npm drops build metadata when it publishes.
            VersionSpec::Exact(number) if !self.versions.contains_key(number) => {
                number.split('+').next()
            }
            VersionSpec::Exact(number) => Some(number.as_str()),
            VersionSpec::None => self.dist_tags.get("latest").map(String::as_str),
            VersionSpec::Tag(text) | VersionSpec::Range(text) => {
                let tagged = self.dist_tags.get(text).map(String::as_str);
                tagged.or_else(|| self.highest(&Range::parse(text).ok()?))
            }
        };
        let (number, manifest) = self.versions.get_key_value(number?)?;
        Some((number, &manifest.dist))
    }

    fn highest(&self, range: &Range) -> Option<&str> {
        let parsed =
            self.versions.keys().filter_map(|text| Some((Version::parse(text).ok()?, text)));
        let satisfying = parsed.filter(|(version, _)| range.satisfies(version));
        satisfying.max_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, text)| text.as_str())
    }
}

/// Answers that are asked for once, however many threads want them.
struct OncePerKey<K, V> {
    answers: Mutex<HashMap<K, Arc<Answer<V>>>>,
}

type Answer<V> = OnceLock<Result<V, RegistryError>>;

impl<K, V> Default for OncePerKey<K, V> {
    fn default() -> Self {
        Self { answers: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Clone> OncePerKey<K, V> {
    /// The answer for `key`; `ask` runs at most once for it, without holding up other keys.
    fn get(
        &self,
        key: K,
        ask: impl FnOnce() -> Result<V, RegistryError>,
    ) -> Result<V, RegistryError> {
        let cell = {
            // Nothing inside can be left half done, so a panic elsewhere does not spoil the map.
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.entry(key).or_default().clone()
        };
        cell.get_or_init(ask).clone()
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
