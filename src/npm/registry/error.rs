//! Requests without a usable answer, and packages that cannot be had.

use std::{error::Error as StdError, sync::Arc};

use thiserror::Error;

use super::super::{npm_config::NpmConfigError, package_name::PackageName, tarball::TarballError};

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
    /// The registry's metadata of the version is not what its own key signed.
    #[error(
        "the npm registry's signature of {package}@{version} is wrong: the key {key} did not make it"
    )]
    BadSignature {
        /// The name.
        package: PackageName,
        /// The exact version.
        version: String,
        /// The id of the key that the signature names.
        key: String,
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

    /// Whether what the registry says of a version is not what its own key signed.
    pub fn is_bad_signature(&self) -> bool {
        matches!(self, Self::BadSignature { .. })
    }

    pub(super) fn config(error: NpmConfigError) -> Self {
        Self::Config(Arc::new(error))
    }

    /// `package` could not be asked for, or was refused.
    pub(super) fn unanswered(package: &PackageName, error: TransportError) -> Self {
        let (package, source) = (package.clone(), Arc::new(error));
        match *source {
            TransportError::Unreachable(_) => Self::Unreachable { package, source },
            TransportError::NotFound | TransportError::Other(_) => {
                Self::Refused { package, source }
            }
        }
    }
}
