//! How the network may be used.

use std::{net::SocketAddr, path::PathBuf};

use url::Url;

use super::Limits;

/// The hosts that may be asked over plain `http`, where anyone on the way can change the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// None: `http:` URLs are asked over https.
    #[default]
    Never,
    /// These, by their exact names.
    Hosts(Vec<String>),
    /// Any host.
    Any,
}

impl PlainHttp {
    pub(super) fn allows(&self, url: &Url) -> bool {
        match self {
            Self::Never => false,
            Self::Hosts(hosts) => url
                .host_str()
                .is_some_and(|host| hosts.iter().any(|h| h.eq_ignore_ascii_case(host))),
            Self::Any => true,
        }
    }
}

impl FromIterator<String> for PlainHttp {
    /// Hosts as given to `--allow-http`; `*` is any host.
    fn from_iter<I: IntoIterator<Item = String>>(hosts: I) -> Self {
        let hosts: Vec<_> = hosts.into_iter().collect();
        match &hosts[..] {
            [] => Self::Never,
            hosts if hosts.iter().any(|host| host == "*") => Self::Any,
            _ => Self::Hosts(hosts),
        }
    }
}

/// What a [`Client`](super::Client) is made of.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Time, size and concurrency.
    pub limits: Limits,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub ca_cert: Option<PathBuf>,
    /// Whether hosts outside the public internet may be asked.
    pub allow_private: bool,
    /// The hosts that may be asked without TLS.
    pub allow_http: PlainHttp,
    /// Hosts whose address is given, like curl's `--resolve`. The address is taken as it is (the
    /// user has said so), without a proxy, and its port stands in for the scheme's default port.
    pub resolve: Vec<(String, SocketAddr)>,
    /// What is sent as `User-Agent`. Must not start with `ES/`, `Deno/`, `Node/`, `Bun/` or `undici`,
    /// which make some CDNs answer with another build.
    pub user_agent: String,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            ca_cert: None,
            allow_private: false,
            allow_http: PlainHttp::Never,
            resolve: Vec::new(),
            user_agent: concat!("inhouse/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn plain_http_is_never_allowed_by_silence() {
        let given = |hosts: &[&str]| hosts.iter().map(ToString::to_string).collect::<PlainHttp>();
        assert_eq!(given(&[]), PlainHttp::Never);
        assert_eq!(given(&["a.example"]), PlainHttp::Hosts(vec!["a.example".into()]));
        assert_eq!(given(&["a.example", "*"]), PlainHttp::Any);
    }

    #[test]
    fn the_user_agent_never_starts_with_a_word_that_changes_the_build() {
        let agent = ClientOptions::default().user_agent;
        assert!(agent.starts_with("inhouse/"), "{agent}");
    }

    #[test]
    fn plain_http_is_allowed_by_exact_name() {
        let hosts = PlainHttp::Hosts(vec!["Intranet.example".into()]);
        assert!(hosts.allows(&url("http://intranet.example/a.js")));
        assert!(!hosts.allows(&url("http://sub.intranet.example/a.js")));
        assert!(!PlainHttp::Never.allows(&url("http://intranet.example/a.js")));
        assert!(PlainHttp::Any.allows(&url("http://anything.example/a.js")));
    }
}
