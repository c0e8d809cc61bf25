//! Why a client could not be made.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::Cause;

/// A client that could not be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The file of certificates cannot be read.
    #[error("cannot read the certificates in `{}`", path.display())]
    CaCert {
        /// The file given as `--ca-cert`.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The file holds no usable certificate.
    #[error("`{}` holds no usable PEM certificate", path.display())]
    NoCertificate {
        /// The file given as `--ca-cert`.
        path: PathBuf,
        /// What is wrong, if it holds one at all.
        #[source]
        cause: Option<rustls::pki_types::pem::Error>,
    },
    /// The system gave us no certificates, or no thread to work on.
    #[error("the HTTPS client could not be set up")]
    Setup {
        /// Why not.
        #[source]
        cause: Cause,
    },
}
