//! The npm registry over our own HTTPS client.
//!
//! The registry is the user's own configuration, not something a page asks for: it may be private
//! and may speak plain http. Packages are larger than scripts, so the size limit is npm's, not the
//! one for scripts.

use std::path::Path;

use url::Url;

use crate::{
    fetch::{Client, ClientOptions, FetchError, HeaderName, HeaderValue, Limits, PlainHttp},
    npm::{Registry, Transport, TransportError},
};

/// The largest answer a registry may give, in bytes.
const MAX_BYTES: u64 = 512 << 20;

/// An npm registry that is asked over HTTPS.
pub type NpmRegistry = Registry<HttpTransport>;

/// Requests to a registry.
pub struct HttpTransport(Client);

/// The registry that npm would use in `project_root`.
///
/// # Errors
/// A sentence: npm's configuration or the client's certificates cannot be used.
pub fn npm_registry(project_root: &Path, options: &ClientOptions) -> Result<NpmRegistry, String> {
    let options = ClientOptions {
        allow_private: true,
        allow_http: PlainHttp::Any,
        limits: Limits { max_bytes: MAX_BYTES, ..options.limits.clone() },
        ..options.clone()
    };
    let client = Client::new(&options).map_err(|error| error.to_string())?;
    Registry::from_npm_config(project_root, HttpTransport(client))
        .map_err(|error| error.to_string())
}

impl Transport for HttpTransport {
    fn get(&self, url: &Url, headers: &[(&str, String)]) -> Result<Vec<u8>, TransportError> {
        let headers = headers
            .iter()
            .map(|(name, value)| Ok((HeaderName::try_from(*name)?, HeaderValue::try_from(value)?)))
            .collect::<Result<Vec<_>, Box<dyn std::error::Error + Send + Sync>>>()
            .map_err(TransportError::Other)?;
        match self.0.get(url, &headers, &|_| Ok(())) {
            Ok(response) => Ok(response.bytes),
            Err(FetchError::Status { code: 404 | 410, .. }) => Err(TransportError::NotFound),
            Err(error) if error.is_unreachable() => Err(TransportError::Unreachable(error.into())),
            Err(error) => Err(TransportError::Other(error.into())),
        }
    }
}
