//! Why a download did not happen, as sentences for the person who owns the site.

use std::{error::Error, io, net::IpAddr, sync::Arc, time::Duration};

use thiserror::Error as ThisError;
use url::Url;

use super::address::PrivateAddress;

/// The cause of a failure; shared, because one host that is down fails many URLs.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// One URL that could not be downloaded.
///
/// The text is one sentence without secrets. The cause is in [`Error::source`], the innermost one in
/// [`FetchError::root_cause`], and what to do about it in [`FetchError::remedy`].
#[derive(Clone, Debug, ThisError)]
pub enum FetchError {
    /// The name does not resolve, nobody listens, or the connection broke before an answer.
    #[error("`{host}` could not be reached")]
    Unreachable {
        /// Host, and port if it is not the usual one.
        host: String,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// The host's certificate or its TLS is not acceptable.
    #[error("no secure connection to `{host}`")]
    Tls {
        /// Host, and port if it is not the usual one.
        host: String,
        /// What is wrong with it.
        #[source]
        cause: Cause,
    },
    /// Anything but 200 at the end of the redirects.
    #[error("`{url}` answered with status {code}")]
    Status {
        /// The URL that answered.
        url: Url,
        /// The HTTP status code.
        code: u16,
    },
    /// The body, decompressed, is over the limit.
    #[error("`{url}` is larger than {limit} bytes")]
    TooLarge {
        /// The URL that answered.
        url: Url,
        /// The limit in bytes.
        limit: u64,
    },
    /// All bodies of the run together are over the limit.
    #[error("with `{url}`, the downloads of this run are larger than {limit} bytes")]
    TooMuch {
        /// The URL whose body was one too many.
        url: Url,
        /// The limit in bytes.
        limit: u64,
    },
    /// The body ended before its end.
    #[error("`{url}` broke off after {received} bytes")]
    Truncated {
        /// The URL that answered.
        url: Url,
        /// Bytes received, decompressed.
        received: u64,
        /// How it broke.
        #[source]
        cause: Cause,
    },
    /// The body is compressed in a way we did not ask for.
    #[error("`{url}` is encoded as `{encoding}`, which was not asked for")]
    Encoding {
        /// The URL that answered.
        url: Url,
        /// The value of `Content-Encoding`.
        encoding: String,
    },
    /// What answered does not speak HTTP, or its headers are over every limit.
    #[error("the answer to `{url}` is not proper HTTP")]
    Malformed {
        /// The URL asked for.
        url: Url,
        /// What is wrong with it.
        #[source]
        cause: Cause,
    },
    /// No complete answer in time.
    #[error("`{url}` did not answer completely within {after:?}")]
    Timeout {
        /// The URL waited for.
        url: Url,
        /// How long.
        after: Duration,
    },
    /// More hops than allowed.
    #[error("`{url}` redirects more than {limit} times")]
    TooManyRedirects {
        /// The URL asked for.
        url: Url,
        /// The limit.
        limit: usize,
    },
    /// A chain of redirects that leads back to itself.
    #[error("`{url}` redirects in a circle")]
    RedirectLoop {
        /// The URL that came up twice.
        url: Url,
    },
    /// A redirect to something that is not https.
    #[error("`{from}` redirects to `{to}`, which is not https")]
    InsecureRedirect {
        /// The URL that redirects.
        from: Box<Url>,
        /// Where to, without credentials.
        to: Box<Url>,
    },
    /// A redirect whose `Location` is no URL.
    #[error("`{from}` redirects to something that is no URL")]
    BadRedirect {
        /// The URL that redirects.
        from: Url,
    },
    /// Not a URL that is fetched over a network.
    #[error("`{url}` is neither https nor http")]
    NotHttp {
        /// The URL, as far as it is worth showing.
        url: String,
    },
    /// The policy does not let us contact this host.
    #[error("`{url}` may not be contacted: {reason}")]
    Denied {
        /// The URL, perhaps reached by a redirect.
        url: Url,
        /// The policy's words.
        reason: String,
    },
    /// The host is not on the public internet.
    #[error("`{host}` is at {address}, which is not an address of the public internet")]
    PrivateAddress {
        /// The host as the URL names it.
        host: String,
        /// Where it is.
        address: IpAddr,
        /// Which range that is.
        #[source]
        cause: PrivateAddress,
    },
    /// The URL, or one it redirects to, carries a user name or a password.
    #[error("a URL of `{host}` carries credentials")]
    Credentials {
        /// The host they are for.
        host: String,
    },
}

/// What a failure means for further attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No usable answer from the host at this time: another source may serve the file.
    Unreachable,
    /// We did not ask, or stopped asking, because a rule forbids it.
    Refused,
    /// The host gave a wrong answer.
    WrongAnswer,
}

impl FetchError {
    /// What kind of failure this is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => FailureKind::Unreachable,
            Self::Status { code, .. } if *code >= 500 => FailureKind::Unreachable,
            Self::InsecureRedirect { .. }
            | Self::NotHttp { .. }
            | Self::Denied { .. }
            | Self::PrivateAddress { .. }
            | Self::Credentials { .. } => FailureKind::Refused,
            Self::Tls { .. }
            | Self::Status { .. }
            | Self::TooLarge { .. }
            | Self::TooMuch { .. }
            | Self::Truncated { .. }
            | Self::Encoding { .. }
            | Self::Malformed { .. }
            | Self::TooManyRedirects { .. }
            | Self::RedirectLoop { .. }
            | Self::BadRedirect { .. } => FailureKind::WrongAnswer,
        }
    }

    /// Whether the host could not be reached, so that the same file may be taken from elsewhere.
    ///
    /// A wrong answer is not that: falling back silently would hide it.
    pub fn is_unreachable(&self) -> bool {
        self.kind() == FailureKind::Unreachable
    }

    /// The innermost cause, which says most.
    pub fn root_cause(&self) -> Option<String> {
        causes(self).last().map(ToString::to_string)
    }

    /// What the owner of the site can do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { .. } => {
                "check the host's name and your connection; behind a proxy, set HTTPS_PROXY"
            }
            Self::Tls { .. } => {
                "if this host's certificate comes from your own authority, pass it with `--ca-cert FILE`"
            }
            Self::Status { code: 404 | 410, .. } => {
                "check the URL: the file is not there, for browsers neither"
            }
            Self::Status { code: 401 | 403, .. } => {
                "the host wants credentials or refuses tools like this one; \
                 take the file from another host, or keep it live by a rule"
            }
            Self::Status { code: 429 | 500.., .. } | Self::Timeout { .. } => "try again later",
            Self::Truncated { .. } => "try again; a proxy in between may cut long answers",
            Self::PrivateAddress { .. } => "pass `--allow-private` if this is your intranet",
            Self::InsecureRedirect { .. } => {
                "point the page at a URL that stays on https, or pass `--allow-http HOST`"
            }
            Self::Credentials { .. } => "remove the user name and password from the URL",
            Self::TooLarge { .. } => "if the file is meant to be so large, raise the size limit",
            Self::TooMuch { .. } => {
                "if the scripts are meant to be so large, raise `max-total-bytes`"
            }
            Self::TooManyRedirects { .. } | Self::RedirectLoop { .. } => {
                "point the page at the URL where the file really is"
            }
            Self::Denied { .. } => "remove the tag, or point it at a host you trust",
            Self::Status { .. } | Self::BadRedirect { .. } => {
                "open the URL in a browser and point the page at the file's real address"
            }
            Self::Encoding { .. } | Self::Malformed { .. } | Self::NotHttp { .. } => return None,
        })
    }
}

/// Every cause beneath `error`, outermost first, also those that `io::Error` keeps to itself.
pub(super) fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        // `io::Error::source` skips the error it wraps.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| cause.source());
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://cdn.example/a.js").unwrap()
    }

    #[test]
    fn only_a_host_that_gives_no_answer_may_be_replaced_by_another() {
        let cause: Cause = Arc::new(io::Error::other("connection refused"));
        let unreachable = FetchError::Unreachable { host: "cdn.example".into(), cause };
        assert!(unreachable.is_unreachable());
        assert!(FetchError::Timeout { url: url(), after: Duration::from_secs(1) }.is_unreachable());
        assert!(FetchError::Status { url: url(), code: 503 }.is_unreachable());
        assert!(!FetchError::Status { url: url(), code: 404 }.is_unreachable());
        assert!(!FetchError::TooLarge { url: url(), limit: 1 }.is_unreachable());
    }

    #[test]
    fn the_root_cause_is_found_through_io_errors() {
        let inner = io::Error::new(
            io::ErrorKind::InvalidData,
            Box::new(PrivateAddress {
                host: "h".into(),
                address: [10, 0, 0, 1].into(),
                range: super::super::address::Range::Private,
            }),
        );
        let cause: Cause = Arc::new(io::Error::other(inner));
        let error = FetchError::Unreachable { host: "h".into(), cause };
        assert_eq!(error.root_cause().as_deref(), Some("`h` is at 10.0.0.1, a private address"));
    }
}
