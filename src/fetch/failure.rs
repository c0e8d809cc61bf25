//! One attempt that failed: why, and whether another may succeed.

use std::sync::Arc;

use url::{Position, Url};

use super::{Cause, FetchError, Limits, PrivateAddress, error::causes, retry::Retry};

/// One failed attempt.
pub(super) struct Failure {
    pub error: Box<FetchError>,
    pub retry: Retry,
    /// The host that took no connection.
    pub down: Option<String>,
}

impl Failure {
    pub fn new(error: FetchError, retry: Retry) -> Self {
        Self { error: Box::new(error), retry, down: None }
    }
}

impl Failure {
    /// There was no complete answer in time.
    pub fn timeout(url: &Url, limits: &Limits) -> Self {
        let error = FetchError::Timeout { url: url.clone(), after: limits.total };
        Self::new(error, Retry::Once)
    }

    /// What a request without an answer failed of.
    pub fn of_request(url: &Url, error: reqwest::Error, limits: &Limits) -> Self {
        let host = authority(url).to_owned();
        let causes = causes(&error);
        if let Some(refused) = causes.iter().find_map(|c| c.downcast_ref::<PrivateAddress>()) {
            return private(refused.clone()).into();
        }
        let is_tls = causes.iter().any(|cause| cause.is::<rustls::Error>());
        let is_malformed = causes
            .iter()
            .any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse));
        let retry = if error.is_dns() { Retry::Once } else { Retry::Backoff };
        let (is_connection, is_timeout) = (error.is_connect(), error.is_timeout());
        let cause: Cause = Arc::new(error);
        if is_tls {
            return FetchError::Tls { host, cause }.into();
        }
        if is_malformed {
            return FetchError::Malformed { url: url.clone(), cause }.into();
        }
        if is_timeout && !is_connection {
            return Self::timeout(url, limits);
        }
        let down = is_connection.then(|| host.clone());
        Self { down, ..Self::new(FetchError::Unreachable { host, cause }, retry) }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::new(error, Retry::Never)
    }
}

pub(super) fn private(cause: PrivateAddress) -> FetchError {
    FetchError::PrivateAddress { host: cause.host.clone(), address: cause.address, cause }
}

/// Host, and port if it is not the scheme's.
pub(super) fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_has_no_credentials() {
        let url = Url::parse("https://u:p@h.example:8443/a").unwrap();
        assert_eq!(authority(&url), "h.example:8443");
    }
}
