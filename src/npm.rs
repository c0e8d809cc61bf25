//! What npm knows about a script from a CDN: as a proof of its bytes, and as another source of them.
//!
//! [`url_form`] reads a CDN URL as "this file of this package", [`registry`] fetches that package
//! (the only room here that touches the network, through a [`registry::Transport`] it is given),
//! [`tarball`] reads it in memory, [`provenance`] compares the CDN's bytes with the author's, and
//! [`mod@serve`] takes the author's bytes instead. Which form a URL has is data, in
//! `src/data/cdn-url-patterns.toml`; which package a library of cdnjs is, in
//! `src/data/cdnjs-libraries.txt`.

mod cdnjs;
mod default_file;
mod form_kind;
mod licence;
pub mod npm_config;
pub mod package_name;
mod patterns;
pub mod provenance;
pub mod registry;
pub mod serve;
pub mod signature;
pub mod tarball;
pub mod tarball_integrity;
pub mod url_form;
mod version_spec;

pub use licence::Licence;
pub use provenance::{Contradiction, Proof, prove};
pub use registry::{Registry, RegistryError, Transport, TransportError};
pub use serve::{ServeError, serve};
pub use signature::Signature;
pub use tarball::Package;
pub use url_form::{Pinning, UrlForm, classify};
pub use version_spec::VersionSpec;
