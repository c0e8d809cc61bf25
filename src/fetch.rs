//! Downloads over HTTPS: one blocking client and a small pool of threads.
//!
//! Decides *how* files are requested and which answers are accepted: https unless a host is allowed by
//! name, public addresses only, redirects with every hop checked, limits on time, size, hops and
//! requests in flight, retries where a failure may be temporary, and a check for error pages with
//! status 200. Leaves to others *what* is requested (`plan`, `policy`) and whether
//! the bytes are the right ones (`integrity`, `npm`). Follows HTTP (RFC 9110: redirects 15.4,
//! `Retry-After` 10.2.3), the Fetch Standard on MIME types, and IANA's special-purpose address
//! registries (RFC 6890).

mod address;
mod body;
mod client;
mod client_error;
mod content;
mod error;
mod failure;
mod first_connection;
mod header;
mod http;
mod limits;
mod options;
pub mod pool;
mod redirect;
mod response;
mod retry;
mod root_store;

pub use address::PrivateAddress;
pub use client::Client;
pub use client_error::ClientError;
pub use content::{Wanted, WrongContent, inspect};
pub use error::{Cause, FetchError};
pub use header::Header;
pub use limits::Limits;
pub use options::{ClientOptions, PlainHttp};
pub use response::Response;
pub use root_store::RootStore;
