//! The HTTP clients: TLS, proxies, HTTP/2 windows, and hosts whose addresses are given.

use std::{collections::HashMap, error::Error, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    blocking::{Client as HttpClient, ClientBuilder},
    redirect,
};
use rustls::ClientConfig;
use url::Url;

use super::{
    ClientError, ClientOptions, PlainHttp, RootStore, address::GuardedResolver,
    first_connection::FirstConnections,
};

/// Bytes of an HTTP/2 answer that may be on their way before we have read them.
const STREAM_WINDOW: u32 = 512 << 10;
/// The largest window that HTTP/2 knows (RFC 9113, 6.9.1).
const LARGEST_WINDOW: u32 = (1 << 31) - 1;

/// The HTTP clients below a [`Client`](super::Client), and which of them is for which host.
#[derive(Debug)]
pub(super) struct HttpClients {
    /// For every host but the pinned ones; honours `HTTPS_PROXY` and `NO_PROXY`.
    pub web: HttpClient,
    /// For hosts whose address the user gave.
    pub pinned: Option<HttpClient>,
    /// The hosts whose address the user gave.
    pub pinned_hosts: Vec<String>,
    /// The hosts of the proxies that the environment names.
    pub proxy_hosts: Vec<String>,
    /// Which hosts have a connection.
    pub first_connections: Arc<FirstConnections>,
}

impl HttpClients {
    /// Makes the clients that `options` describe.
    pub(super) fn open(options: &ClientOptions, roots: &RootStore) -> Result<Self, ClientError> {
        let first_connections = Arc::new(FirstConnections::default());
        let tls = roots.tls(first_connections.clone()).map_err(setup)?;
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
        Ok(Self { web, pinned, pinned_hosts, proxy_hosts, first_connections })
    }
}

fn setup(cause: impl Error + Send + Sync + 'static) -> ClientError {
    ClientError::Setup { cause: Arc::new(cause) }
}

fn configure(
    builder: ClientBuilder,
    options: &ClientOptions,
    tls: ClientConfig,
    proxy_hosts: &[String],
) -> ClientBuilder {
    // The window holds every answer of one host at the same time: large bodies wait unread for the
    // shared buffer, and must not block the one that is being read.
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
