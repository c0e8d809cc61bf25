//! What a client is made of: whom it trusts, whom it may ask, which way it goes.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use reqwest::{
    blocking::{Client as HttpClient, ClientBuilder},
    redirect,
};
use rustls::ClientConfig;
use url::Url;

use super::{
    Cause, ClientError, Limits, Trust, address::GuardedResolver, introduction::Introductions,
};

/// Bytes of an HTTP/2 answer that may be on their way before we have read them.
const STREAM_WINDOW: u32 = 512 << 10;
/// The largest window that HTTP/2 knows (RFC 9113, 6.9.1).
const LARGEST_WINDOW: u32 = (1 << 31) - 1;

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
    /// How much time, space and company a download may have.
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
    /// How we introduce ourselves. Must not start with `ES/`, `Deno/`, `Node/`, `Bun/` or `undici`,
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

/// The two ways out, and who lives where; see [`open`].
#[derive(Debug)]
pub(super) struct Ways {
    /// For every host but the pinned ones; honours `HTTPS_PROXY` and `NO_PROXY`.
    pub web: HttpClient,
    /// For hosts whose address the user gave.
    pub pinned: Option<HttpClient>,
    /// The hosts whose address the user gave.
    pub pinned_hosts: Vec<String>,
    /// The hosts of the proxies that the environment names.
    pub proxy_hosts: Vec<String>,
    /// The hosts that either way has led to.
    pub introductions: Arc<Introductions>,
}

/// Makes the clients that `options` describe.
pub(super) fn open(options: &ClientOptions, trust: &Trust) -> Result<Ways, ClientError> {
    fn setup(cause: impl std::error::Error + Send + Sync + 'static) -> ClientError {
        ClientError::Setup { cause: Arc::new(cause) as Cause }
    }
    let introductions = Arc::new(Introductions::default());
    let tls = trust.tls(introductions.clone()).map_err(setup)?;
    let proxy_hosts = proxy_hosts(&options.allow_http, |name| std::env::var(name).ok());
    let build = |builder: ClientBuilder| {
        configure(builder, options, tls.clone(), &proxy_hosts).build().map_err(setup)
    };
    let web = build(HttpClient::builder())?;
    let pins = by_host(&options.resolve);
    let pin = |builder: ClientBuilder, (host, addresses): (&String, &Vec<_>)| {
        builder.resolve_to_addrs(host, addresses)
    };
    let pinned = match pins.len() {
        0 => None,
        _ => Some(build(pins.iter().fold(HttpClient::builder().no_proxy(), pin))?),
    };
    let pinned_hosts = pins.into_keys().collect();
    Ok(Ways { web, pinned, pinned_hosts, proxy_hosts, introductions })
}

fn configure(
    builder: ClientBuilder,
    options: &ClientOptions,
    tls: ClientConfig,
    proxy_hosts: &[String],
) -> ClientBuilder {
    // Every answer to one host has room at the same time: large bodies wait for their turn unread,
    // and must not stop the one whose turn it is.
    let per_host = u32::try_from(options.limits.per_host).unwrap_or(u32::MAX).max(1);
    let connection_window = STREAM_WINDOW.saturating_mul(per_host).min(LARGEST_WINDOW);
    let builder = builder
        .user_agent(&options.user_agent)
        .https_only(options.allow_http == PlainHttp::Never)
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(options.limits.connect)
        .timeout(None::<Duration>)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(connection_window)
        .tls_backend_preconfigured(tls);
    if options.allow_private {
        return builder;
    }
    builder.dns_resolver(Arc::new(GuardedResolver { exempt: proxy_hosts.to_vec() }))
}

/// Groups the pins, because a host may have several addresses; hosts in the spelling of URLs.
fn by_host(pins: &[(String, SocketAddr)]) -> HashMap<String, Vec<SocketAddr>> {
    let mut grouped: HashMap<_, Vec<_>> = HashMap::new();
    for (host, address) in pins {
        grouped.entry(host.to_ascii_lowercase()).or_default().push(*address);
    }
    grouped
}

/// The hosts of the proxies that the environment names, for the schemes we may use.
///
/// The names of the variables are curl's, as reqwest reads them.
fn proxy_hosts(allow_http: &PlainHttp, variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut names = vec!["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    if *allow_http != PlainHttp::Never {
        names.extend(["HTTP_PROXY", "http_proxy"]);
    }
    let values = names.into_iter().filter_map(variable).filter(|value| !value.trim().is_empty());
    values.filter_map(|value| proxy_host(value.trim())).collect()
}

fn proxy_host(value: &str) -> Option<String> {
    let with_scheme =
        if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let url = Url::parse(&with_scheme).ok()?;
    url.host_str().map(str::to_ascii_lowercase)
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

    #[test]
    fn proxies_are_read_as_curl_reads_them() {
        let https_only = |name: &str| (name == "https_proxy").then(|| "proxy.corp:3128".to_owned());
        assert_eq!(proxy_hosts(&PlainHttp::Never, https_only), ["proxy.corp"]);
        let with_password =
            |name: &str| (name == "ALL_PROXY").then(|| "http://u:p@Proxy:1".to_owned());
        assert_eq!(proxy_hosts(&PlainHttp::Never, with_password), ["proxy"]);
        let http_only = |name: &str| (name == "http_proxy").then(|| "http://p".to_owned());
        assert!(proxy_hosts(&PlainHttp::Never, http_only).is_empty());
        assert_eq!(proxy_hosts(&PlainHttp::Any, http_only), ["p"]);
        assert!(proxy_hosts(&PlainHttp::Any, |_| Some(" ".to_owned())).is_empty());
    }
}
