//! Headers of a request, and which of them go to which origin.

use reqwest::header::{
    AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
};
use thiserror::Error;
use url::Url;

/// A header of a request.
#[derive(Clone, Debug)]
pub struct Header {
    name: HeaderName,
    value: HeaderValue,
}

/// Text that is no name or no value of a header.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct HeaderError(String);

impl Header {
    /// The header `name: value`.
    ///
    /// # Errors
    /// [`HeaderError`] if HTTP does not allow such a name or value.
    pub fn new(name: &str, value: &str) -> Result<Self, HeaderError> {
        let name = HeaderName::try_from(name).map_err(|error| HeaderError(error.to_string()))?;
        let value = HeaderValue::try_from(value).map_err(|error| HeaderError(error.to_string()))?;
        Ok(Self { name, value })
    }

    /// The same header, sent to the first origin only. `Authorization` and `Cookie` always are.
    #[cfg(test)]
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.value.set_sensitive(true);
        self
    }

    fn is_secret(&self) -> bool {
        [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(&self.name)
            || self.value.is_sensitive()
    }
}

/// The headers that go to `url` if `first` was asked first.
pub(super) fn headers_for(url: &Url, first: &Url, headers: &[Header]) -> HeaderMap {
    let same_origin = url.origin() == first.origin();
    let may_go = |header: &&Header| same_origin || !header.is_secret();
    let pair = |header: &Header| (header.name.clone(), header.value.clone());
    headers.iter().filter(may_go).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn credentials_stay_with_the_first_origin() {
        let header = |name, value| Header::new(name, value).unwrap();
        let headers = [
            header("Authorization", "Bearer t"),
            header("x-token", "t").secret(),
            header("accept", "application/json"),
        ];
        let first = url("https://registry.example/a");
        assert_eq!(headers_for(&url("https://registry.example/b"), &first, &headers).len(), 3);
        for other in
            ["https://cdn.example/", "https://registry.example:8443/", "http://registry.example/"]
        {
            let sent = headers_for(&url(other), &first, &headers);
            assert_eq!(sent.keys().collect::<Vec<_>>(), ["accept"], "{other}");
        }
    }
}
