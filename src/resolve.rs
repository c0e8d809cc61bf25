//! Resolving: what becomes of every URL that pages and modules ask for.
//!
//! Deciding about a URL ([`plan`]), following what a file loads, and downloading that file depend on each
//! other: a downloaded module names new URLs. The [`resolver`] holds that loop as a value that does no
//! input and output. It asks for files in steps; [`drive`] answers from the [`source`]s, which read the
//! site, the vendor cache and the network.

pub mod companions;
pub mod download;
pub mod drive;
pub mod file_scan;
pub mod licences;
mod notices;
pub mod plan;
pub mod resolver;
pub mod source;

pub use self::notices::needs_network;
