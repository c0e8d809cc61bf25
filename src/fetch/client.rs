//! The client: one URL in, one complete answer or one reason out.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Instant, SystemTime},
};

use reqwest::{
    StatusCode,
    blocking::Response as HttpResponse,
    header::{AUTHORIZATION, CONTENT_ENCODING, COOKIE, HeaderMap, LOCATION, PROXY_AUTHORIZATION},
};
use url::{Position, Url};

use super::{
    ClientError, ClientOptions, FetchError, HeaderName, HeaderValue, Limits, PlainHttp,
    PrivateAddress, Response, Trust, address,
    body::{self, BodyError},
    error::causes,
    options::{self, Ways},
    response::mime_essence,
    retry::Retry,
};

/// A blocking HTTPS client that every thread of a run shares.
#[derive(Debug)]
pub struct Client {
    limits: Limits,
    allow_private: bool,
    allow_http: PlainHttp,
    ways: Ways,
    /// Hosts that took no connection on any attempt, with the failure.
    down: Mutex<HashMap<String, FetchError>>,
    /// Where large bodies grow.
    room: body::Room,
    /// Bytes of all bodies so far.
    received: AtomicU64,
}

/// One failed attempt.
struct Failure {
    error: Box<FetchError>,
    retry: Retry,
    /// The host that took no connection.
    down: Option<String>,
}

impl Failure {
    fn new(error: FetchError, retry: Retry) -> Self {
        Self { error: Box::new(error), retry, down: None }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::new(error, Retry::Never)
    }
}

/// Asked before any URL is contacted; the error is the reason not to.
pub type Admit<'a> = &'a dyn Fn(&Url) -> Result<(), String>;

impl Client {
    /// Sets up TLS (at least 1.2, by rustls with ring) and the guard.
    ///
    /// # Errors
    /// [`ClientError`] if the certificates given cannot be used, or the system has none.
    #[cfg(feature = "internals")]
    pub fn new(options: &ClientOptions) -> Result<Self, ClientError> {
        Self::trusting(&Trust::load(options.ca_cert.as_deref())?, options)
    }

    /// The same with authorities that are read already, whatever `options` say of them.
    ///
    /// # Errors
    /// [`ClientError`] if the system has no thread for it.
    pub fn trusting(trust: &Trust, options: &ClientOptions) -> Result<Self, ClientError> {
        Ok(Self {
            limits: options.limits.clone(),
            allow_private: options.allow_private,
            allow_http: options.allow_http.clone(),
            ways: options::open(options, trust)?,
            down: Mutex::default(),
            room: body::Room::default(),
            received: AtomicU64::new(0),
        })
    }

    /// The limits this client keeps.
    #[cfg(feature = "internals")]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the environment names a proxy. A proxy resolves names itself, so keeping us away
    /// from private addresses is then its task; worth a line in the report.
    pub fn uses_proxy(&self) -> bool {
        !self.ways.proxy_hosts.is_empty()
    }

    /// Downloads `url`, following redirects and trying again where that may help.
    ///
    /// `admit` is asked about the URL of every hop before it is contacted. `headers` go along, but
    /// credentials among them (`Authorization`, `Cookie`, whatever is marked sensitive) only to the
    /// origin of `url`. An `http:` URL of a host not allowed is asked over https.
    ///
    /// # Errors
    /// [`FetchError`], for the last attempt. Blocks for at most `limits.total` an attempt.
    pub fn get(
        &self,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        admit: Admit<'_>,
    ) -> Result<Response, FetchError> {
        let first = self.secured(url)?;
        let mut attempt = 0;
        loop {
            let failure = match self.attempt(&first, headers, admit) {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let Some(wait) = failure.retry.wait(attempt, &self.limits) else {
                if let Some(host) = failure.down {
                    self.lock_down().insert(host, (*failure.error).clone());
                }
                return Err(*failure.error);
            };
            std::thread::sleep(wait);
            attempt += 1;
        }
    }

    /// The URL that is asked first: https wherever http is not allowed, and no fragment.
    fn secured(&self, url: &Url) -> Result<Url, FetchError> {
        let not_http = || FetchError::NotHttp {
            url: without_credentials(url.clone()).as_str().chars().take(200).collect(),
        };
        let mut url = match url.scheme() {
            "https" | "http" if url.has_host() => url.clone(),
            _ => return Err(not_http()),
        };
        url.set_fragment(None);
        if url.scheme() == "http" && !self.allow_http.allows(&url) {
            url.set_scheme("https").map_err(|()| not_http())?;
        }
        Ok(url)
    }

    /// One walk along the redirects, to the last byte, within one deadline.
    fn attempt(
        &self,
        first: &Url,
        headers: &[(HeaderName, HeaderValue)],
        admit: Admit<'_>,
    ) -> Result<Response, Failure> {
        let deadline = Instant::now() + self.limits.total;
        let mut redirects = Vec::new();
        let mut url = first.clone();
        loop {
            self.check(&url, admit)?;
            let headers = headers_for(&url, first, headers);
            let answer = self.ask(&url, headers, deadline)?;
            let Some(to) = redirect_target(&url, &answer)? else {
                return self.receive(url, redirects, answer, deadline);
            };
            if to.scheme() != "https" && !(to.scheme() == "http" && self.allow_http.allows(&to)) {
                let (from, to) = (Box::new(url), Box::new(without_credentials(to)));
                return Err(FetchError::InsecureRedirect { from, to }.into());
            }
            redirects.push(url);
            if redirects.contains(&to) {
                return Err(FetchError::RedirectLoop { url: to }.into());
            }
            if redirects.len() > self.limits.redirects {
                let limit = self.limits.redirects;
                return Err(FetchError::TooManyRedirects { url: first.clone(), limit }.into());
            }
            url = to;
        }
    }

    /// What must hold for every hop before anything is sent to it.
    fn check(&self, url: &Url, admit: Admit<'_>) -> Result<(), FetchError> {
        let host = || url.host_str().unwrap_or_default().to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Credentials { host: host() });
        }
        admit(url).map_err(|reason| FetchError::Denied { url: url.clone(), reason })?;
        if !self.allow_private {
            address::check_literal(url).map_err(private)?;
            if self.ways.proxy_hosts.contains(&host()) && !self.is_pinned(url) {
                let reason = "this host is the proxy".to_owned();
                return Err(FetchError::Denied { url: url.clone(), reason });
            }
        }
        match self.lock_down().get(authority(url)) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn is_pinned(&self, url: &Url) -> bool {
        url.host_str()
            .is_some_and(|host| self.ways.pinned_hosts.iter().any(|pinned| pinned == host))
    }

    fn lock_down(&self) -> MutexGuard<'_, HashMap<String, FetchError>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one request and waits for the headers.
    fn ask(
        &self,
        url: &Url,
        headers: HeaderMap,
        deadline: Instant,
    ) -> Result<HttpResponse, Failure> {
        // Without TLS there is no HTTP/2 to hope for.
        let host = url.host_str().filter(|_| url.scheme() == "https");
        let _first = host.and_then(|host| self.ways.introductions.begin(host, deadline));
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.timeout(url));
        }
        let pinned = self.ways.pinned.as_ref().filter(|_| self.is_pinned(url));
        let client = pinned.unwrap_or(&self.ways.web);
        // The timeout of a request, unlike that of a client, also covers the whole body.
        let request = client.get(url.clone()).headers(headers).timeout(left);
        request.send().map_err(|error| self.classify(url, error.without_url()))
    }

    fn timeout(&self, url: &Url) -> Failure {
        let error = FetchError::Timeout { url: url.clone(), after: self.limits.total };
        Failure::new(error, Retry::Once)
    }

    /// What a request without an answer failed of.
    fn classify(&self, url: &Url, error: reqwest::Error) -> Failure {
        let host = authority(url).to_owned();
        let causes = causes(&error);
        if let Some(refused) = causes.iter().find_map(|c| c.downcast_ref::<PrivateAddress>()) {
            return private(refused.clone()).into();
        }
        let tls = causes.iter().any(|cause| cause.is::<rustls::Error>());
        let malformed = causes
            .iter()
            .any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse));
        let no_name = error.is_dns();
        let no_connection = error.is_connect();
        let timed_out = error.is_timeout();
        let cause: super::Cause = Arc::new(error);
        if tls {
            return FetchError::Tls { host, cause }.into();
        }
        if malformed {
            return FetchError::Malformed { url: url.clone(), cause }.into();
        }
        if timed_out && !no_connection {
            return self.timeout(url);
        }
        let retry = if no_name { Retry::Once } else { Retry::Backoff };
        let down = no_connection.then(|| host.clone());
        Failure { down, ..Failure::new(FetchError::Unreachable { host, cause }, retry) }
    }

    /// Takes in the answer at the end of the redirects.
    fn receive(
        &self,
        url: Url,
        redirects: Vec<Url>,
        mut answer: HttpResponse,
        deadline: Instant,
    ) -> Result<Response, Failure> {
        let headers = answer.headers().clone();
        if answer.status() != StatusCode::OK {
            let retry = Retry::for_status(answer.status(), &headers, SystemTime::now());
            let error = FetchError::Status { url, code: answer.status().as_u16() };
            return Err(Failure::new(error, retry));
        }
        if let Some(encoding) = foreign_encoding(&headers) {
            return Err(FetchError::Encoding { url, encoding }.into());
        }
        let limit = self.limits.max_bytes;
        if answer.content_length().is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge { url, limit }.into());
        }
        match body::read(&mut answer, limit, deadline, &self.room) {
            Ok(bytes) => {
                let size = bytes.len() as u64;
                let total = self.received.fetch_add(size, Ordering::Relaxed) + size;
                if total > self.limits.max_total_bytes {
                    let limit = self.limits.max_total_bytes;
                    return Err(FetchError::TooMuch { url, limit }.into());
                }
                let content_type = mime_essence(&headers);
                Ok(Response { url, redirects, content_type, headers, bytes })
            }
            Err(BodyError::TooLarge) => Err(FetchError::TooLarge { url, limit }.into()),
            Err(BodyError::Timeout) => Err(self.timeout(&url)),
            Err(BodyError::Truncated(received, cause)) => {
                let error = FetchError::Truncated { url, received, cause: Arc::new(cause) };
                Err(Failure::new(error, Retry::Backoff))
            }
        }
    }
}

fn private(cause: PrivateAddress) -> FetchError {
    FetchError::PrivateAddress { host: cause.host.clone(), address: cause.address, cause }
}

/// Host, and port if it is not the scheme's.
fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

fn without_credentials(mut url: Url) -> Url {
    // Both fail only for URLs that cannot carry credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn headers_for(url: &Url, first: &Url, headers: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let same_origin = url.origin() == first.origin();
    let may_go = |(name, value): &&(HeaderName, HeaderValue)| {
        let secret = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name);
        same_origin || !(secret || value.is_sensitive())
    };
    headers.iter().filter(may_go).cloned().collect()
}

/// Where the answer sends us (RFC 9110, 15.4), without the fragment, or `None` if it does not.
fn redirect_target(from: &Url, answer: &HttpResponse) -> Result<Option<Url>, FetchError> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(LOCATION) else { return Ok(None) };
    let target = std::str::from_utf8(location.as_bytes()).ok().and_then(|to| from.join(to).ok());
    let mut target = target.ok_or_else(|| FetchError::BadRedirect { from: from.clone() })?;
    target.set_fragment(None);
    Ok(Some(target))
}

/// A `Content-Encoding` that the decoders have left in place because they do not know it.
fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let left = headers.get_all(CONTENT_ENCODING).iter();
    left.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .find(|value| !value.is_empty() && !value.eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn credentials_stay_with_the_first_origin() {
        let mut token = HeaderValue::from_static("t");
        token.set_sensitive(true);
        let headers = [
            (AUTHORIZATION, HeaderValue::from_static("Bearer t")),
            (HeaderName::from_static("x-token"), token),
            (reqwest::header::ACCEPT, HeaderValue::from_static("application/json")),
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

    #[test]
    fn an_authority_has_no_credentials() {
        assert_eq!(authority(&url("https://u:p@h.example:8443/a")), "h.example:8443");
        assert_eq!(
            without_credentials(url("https://u:p@h.example/")).as_str(),
            "https://h.example/"
        );
    }
}
