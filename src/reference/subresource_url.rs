//! The URL of a file on another origin.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

/// The absolute URL of a file on another origin: `https` (or `http`, only ever asked for
/// where a host is allowed by name), without fragment and without credentials.
///
/// Values compare and sort by their text, which makes every listing stable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Url", into = "Url")]
pub struct SubresourceUrl(Url);

/// A URL that cannot be fetched as a subresource.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not an absolute https URL")]
pub struct NotFetchable(String);

impl SubresourceUrl {
    /// The URL itself.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The URL's text, as the lockfile and every message spell it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host, lower-case, without a final dot: the form that host lists are compared with.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_end_matches('.')
    }

    /// Host and path, lower-case host, no scheme and no port: the form URL patterns match.
    pub fn host_and_path(&self) -> String {
        format!("{}{}", self.host(), self.0.path())
    }
}

impl TryFrom<Url> for SubresourceUrl {
    type Error = NotFetchable;

    /// Drops the fragment (it never reaches a server) and any credentials (we do not send what
    /// other people's HTML tells us to, and never print it).
    fn try_from(mut url: Url) -> Result<Self, NotFetchable> {
        let refuse = |url: &Url| NotFetchable(url.as_str().chars().take(200).collect());
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(refuse(&url));
        }
        url.set_fragment(None);
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| refuse(&url))?;
        Ok(Self(url))
    }
}

impl From<SubresourceUrl> for Url {
    fn from(url: SubresourceUrl) -> Self {
        url.0
    }
}

impl FromStr for SubresourceUrl {
    type Err = NotFetchable;

    fn from_str(text: &str) -> Result<Self, NotFetchable> {
        Url::parse(text).map_err(|_| NotFetchable(text.to_owned()))?.try_into()
    }
}

impl fmt::Display for SubresourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SubresourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
