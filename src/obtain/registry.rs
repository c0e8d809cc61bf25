//! The npm registry over our own HTTPS client.
//!
//! The user configured the registry, so it may have a private address and may use plain http. A URL that
//! it redirects to is not the user's choice, and the usual rules hold for it. Packages are larger than
//! scripts, so the size limits are others.

use std::{path::Path, sync::Mutex};

use url::Url;

use crate::{
    fetch::{Client, ClientOptions, FetchError, Header, Limits, PlainHttp, RootStore},
    npm::{Registry, Transport, TransportError, npm_config::NpmConfig},
};

/// The largest answer a registry may give, in bytes: no package of scripts comes near it.
const MAX_BYTES: u64 = 128 << 20;
/// All answers of a run together, in bytes: tarballs are kept until it ends.
const MAX_TOTAL_BYTES: u64 = 512 << 20;

/// An npm registry that is asked over HTTPS.
pub type NpmRegistry = Registry<HttpTransport>;

/// Requests to a registry.
pub struct HttpTransport {
    config: NpmConfig,
    /// For the configured registries.
    trusted: Client,
    /// For where they redirect to.
    guarded: Client,
}

/// The registry that npm would use in `project_root`.
///
/// # Errors
/// A sentence: npm's configuration cannot be used, or a client cannot be set up.
pub fn npm_registry(
    project_root: &Path,
    roots: &RootStore,
    options: &ClientOptions,
) -> Result<NpmRegistry, String> {
    let (trusted, guarded) = client_options(options);
    let client = |options: &ClientOptions| {
        Client::with_roots(roots, options).map_err(|error| error.to_string())
    };
    let config = NpmConfig::load(project_root).map_err(|error| error.to_string())?;
    let transport = HttpTransport {
        config: config.clone(),
        trusted: client(&trusted)?,
        guarded: client(&guarded)?,
    };
    Ok(Registry::new(config, transport))
}

/// The options for the configured registries, and those for where they redirect to.
fn client_options(options: &ClientOptions) -> (ClientOptions, ClientOptions) {
    let limits =
        Limits { max_bytes: MAX_BYTES, max_total_bytes: MAX_TOTAL_BYTES, ..options.limits.clone() };
    let guarded = ClientOptions { limits, ..options.clone() };
    let trusted =
        ClientOptions { allow_private: true, allow_http: PlainHttp::Any, ..guarded.clone() };
    (trusted, guarded)
}

impl Transport for HttpTransport {
    fn get(&self, url: &Url, headers: &[(&str, String)]) -> Result<Vec<u8>, TransportError> {
        let headers = headers.iter().map(|(name, value)| Header::new(name, value));
        let headers = headers.collect::<Result<Vec<_>, _>>();
        let headers = headers.map_err(|error| TransportError::Other(error.into()))?;
        self.fetch(url, &headers).map_err(transport_error)
    }
}

fn transport_error(error: FetchError) -> TransportError {
    match error {
        FetchError::Status { code: 404 | 410, .. } => TransportError::NotFound,
        error if error.is_unreachable() => TransportError::Unreachable(error.into()),
        error => TransportError::Other(error.into()),
    }
}

impl HttpTransport {
    fn fetch(&self, url: &Url, headers: &[Header]) -> Result<Vec<u8>, FetchError> {
        match self.config.is_registry_origin(url) {
            true => self.fetch_from_registry(url, headers),
            false => Ok(self.guarded.get(url, headers, &|_| Ok(()))?.bytes),
        }
    }

    fn fetch_from_registry(&self, url: &Url, headers: &[Header]) -> Result<Vec<u8>, FetchError> {
        let leads_away = Mutex::new(None);
        let stay = |hop: &Url| {
            if self.config.is_registry_origin(hop) {
                return Ok(());
            }
            if let Ok(mut elsewhere) = leads_away.lock() {
                *elsewhere = Some(hop.clone());
            }
            Err("it is not the configured registry".to_owned())
        };
        let answer = self.trusted.get(url, headers, &stay);
        match leads_away.into_inner() {
            // Without the headers: credentials are for the registry.
            Ok(Some(elsewhere)) => Ok(self.guarded.get(&elsewhere, &[], &|_| Ok(()))?.bytes),
            _ => Ok(answer?.bytes),
        }
    }
}
