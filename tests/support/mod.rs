//! What the integration tests share: a loopback CDN, a fake npm registry, a static site.
//!
//! No test needs the internet: `--resolve HOST=ADDR:PORT` and `--ca-cert FILE` lead the real host
//! names of a page to the server that a test has started.
#![allow(dead_code)] // every test binary compiles all of this and uses its own part

pub mod case;
pub mod cdn;
pub mod filter;
pub mod http;
mod http2;
#[cfg(unix)]
pub mod inject;
pub mod module_cdn;
pub mod npm;
#[cfg(unix)]
pub mod sandbox;
pub mod static_site;
pub mod walk;
