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
    header::{CONTENT_ENCODING, HeaderMap},
};
use url::Url;

use super::{
    ClientError, ClientOptions, FetchError, Header, Limits, PlainHttp, Response, RootStore,
    address,
    body::{self, BodyError},
    failure::{Failure, authority, private},
    header::headers_for,
    http::HttpClients,
    redirect::{redirect_target, without_credentials},
    response::mime_essence,
    retry::Retry,
};

/// A blocking HTTPS client that every thread of a run shares.
#[derive(Debug)]
pub struct Client {
    limits: Limits,
    allow_private: bool,
    allow_http: PlainHttp,
    http: HttpClients,
    /// Hosts that took no connection on any attempt, with the failure.
    down: Mutex<HashMap<String, FetchError>>,
    /// Where large bodies grow.
    buffer: body::SharedBuffer,
    /// Bytes of all bodies so far.
    received: AtomicU64,
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
        Self::with_roots(&RootStore::load(options.ca_cert.as_deref())?, options)
    }

    /// The same with certificate authorities that are read already, whatever `options` say of them.
    ///
    /// # Errors
    /// [`ClientError`] if the system has no thread for it.
    pub fn with_roots(roots: &RootStore, options: &ClientOptions) -> Result<Self, ClientError> {
        Ok(Self {
            limits: options.limits.clone(),
            allow_private: options.allow_private,
            allow_http: options.allow_http.clone(),
            http: HttpClients::open(options, roots)?,
            down: Mutex::default(),
            buffer: body::SharedBuffer::default(),
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
        !self.http.proxy_hosts.is_empty()
    }

    /// Downloads `url`, following redirects and trying again where that may help.
    ///
    /// `admit` is asked about the URL of every hop before it is contacted. `headers` go along, but
    /// credentials among them (`Authorization`, `Cookie`, whatever is marked secret) only to the
    /// origin of `url`. An `http:` URL of a host not allowed is asked over https.
    ///
    /// # Errors
    /// [`FetchError`], for the last attempt. Blocks for at most `limits.total` an attempt.
    pub fn get(
        &self,
        url: &Url,
        headers: &[Header],
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
        headers: &[Header],
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
            if self.http.proxy_hosts.contains(&host()) && !self.is_pinned(url) {
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
            .is_some_and(|host| self.http.pinned_hosts.iter().any(|pinned| pinned == host))
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
        let _first = host.and_then(|host| self.http.first_connections.begin(host, deadline));
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::timeout(url, &self.limits));
        }
        let pinned = self.http.pinned.as_ref().filter(|_| self.is_pinned(url));
        let client = pinned.unwrap_or(&self.http.web);
        // The timeout of a request, unlike that of a client, also covers the whole body.
        let request = client.get(url.clone()).headers(headers).timeout(left);
        request.send().map_err(|error| Failure::of_request(url, error.without_url(), &self.limits))
    }

    /// Takes in the answer at the end of the redirects.
    fn receive(
        &self,
        url: Url,
        redirects: Vec<Url>,
        mut answer: HttpResponse,
        deadline: Instant,
    ) -> Result<Response, Failure> {
        self.check_headers(&url, &answer)?;
        let headers = answer.headers().clone();
        let limit = self.limits.max_bytes;
        match body::read(&mut answer, limit, deadline, &self.buffer) {
            Ok(bytes) => {
                self.count(&url, bytes.len() as u64)?;
                let content_type = mime_essence(&headers);
                Ok(Response { url, redirects, content_type, headers, bytes })
            }
            Err(BodyError::TooLarge) => Err(FetchError::TooLarge { url, limit }.into()),
            Err(BodyError::Timeout) => Err(Failure::timeout(&url, &self.limits)),
            Err(BodyError::Truncated(received, cause)) => {
                let error = FetchError::Truncated { url, received, cause: Arc::new(cause) };
                Err(Failure::new(error, Retry::Backoff))
            }
        }
    }

    /// What can be refused before the body is read.
    fn check_headers(&self, url: &Url, answer: &HttpResponse) -> Result<(), Failure> {
        if answer.status() != StatusCode::OK {
            let retry = Retry::for_status(answer.status(), answer.headers(), SystemTime::now());
            let error = FetchError::Status { url: url.clone(), code: answer.status().as_u16() };
            return Err(Failure::new(error, retry));
        }
        if let Some(encoding) = foreign_encoding(answer.headers()) {
            return Err(FetchError::Encoding { url: url.clone(), encoding }.into());
        }
        let limit = self.limits.max_bytes;
        if answer.content_length().is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge { url: url.clone(), limit }.into());
        }
        Ok(())
    }

    /// Adds a body to the sum of this run.
    fn count(&self, url: &Url, size: u64) -> Result<(), FetchError> {
        let limit = self.limits.max_total_bytes;
        let total = self.received.fetch_add(size, Ordering::Relaxed) + size;
        if total > limit {
            return Err(FetchError::TooMuch { url: url.clone(), limit });
        }
        Ok(())
    }
}

/// A `Content-Encoding` that the decoders have left in place because they do not know it.
fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let left = headers.get_all(CONTENT_ENCODING).iter();
    left.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .find(|value| !value.is_empty() && !value.eq_ignore_ascii_case("identity"))
}
