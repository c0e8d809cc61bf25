//! A loopback server for any number of hosts, over TLS and without, which can misbehave.
//!
//! ```ignore
//! let cdn = Cdn::start()
//!     .file("cdn.example", "/npm/jquery@3.7.1/dist/jquery.min.js", "alert(1)")
//!     .redirect("cdn.example", "/npm/jquery@3", "/npm/jquery@3.7.1/dist/jquery.min.js")
//!     .answers("cdn.example", "/flaky.js", [Answer::status(500), Answer::ok("alert(1)")]);
//! command.args(cdn.resolve_args());
//! assert_eq!(cdn.requests("cdn.example", "/flaky.js"), 2);
//! ```
//!
//! A certificate for each host is issued when it is asked for, by an authority made at start.
//!
//! A folder given to [`Cdn::folder`] is served as `<folder>/<host>/<path>`:
//! - what is both file and folder (`/npm/d3@7` beside `/npm/d3@7/+esm`) is the file `d3@7@file`;
//! - the query is ignored, unless there is a file `<name>@q=<query>`, in which every byte of the
//!   query but `A-Z a-z 0-9 . _ = -` is written as `_`;
//! - `<name>@headers` holds headers, one `name: value` a line, which replace those of the same
//!   name; `status: 302` sets the status. It needs no file beside it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use inhouse::internals::fetch::ClientOptions;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::PrivateKeyDer,
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};

use super::{
    http::{self, Answer, Request, mime_type},
    http2,
    npm::{Package, Registry},
};

/// The server; it stops when dropped.
pub struct Cdn {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    sent: Arc<AtomicU64>,
    ca: tempfile::TempDir,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct State {
    routes: BTreeMap<(String, String), Route>,
    registries: BTreeMap<String, Registry>,
    players: BTreeMap<String, Player>,
    folder: Option<PathBuf>,
    hosts: BTreeSet<String>,
    wrongly_named: BTreeSet<String>,
    log: Vec<Request>,
    connections: usize,
}

/// The answer to the n-th request of one URL; the first is 0.
type Route = Arc<dyn Fn(&Request, usize) -> Answer + Send + Sync>;

/// The answer of a host to any request; it has none for what it does not know.
type Player = Arc<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

impl Cdn {
    /// A server without hosts, which speaks HTTP/1.1.
    pub fn start() -> Self {
        Self::speaking(&[])
    }

    /// A server without hosts, which speaks HTTP/2 to those who can.
    pub fn start_http2() -> Self {
        Self::speaking(&["h2", "http/1.1"])
    }

    fn speaking(protocols: &[&str]) -> Self {
        let runtime = Runtime::new().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let certificates = Certificates::new(state.clone());
        let ca = tempfile::tempdir().unwrap();
        fs::write(ca.path().join("ca.pem"), &certificates.ca_pem).unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::default();
        let tls = TlsAcceptor::from(Arc::new(server_config(certificates, protocols)));
        runtime.spawn(accept(listener, tls, state.clone(), Arc::clone(&sent)));
        Self { address, state, sent, ca, runtime: Some(runtime) }
    }

    /// Serves `<folder>/<host>/<path>`; every folder in it becomes a host.
    pub fn folder(self, folder: &Path) -> Self {
        let hosts = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let hosts: Vec<_> = hosts.map(|host| host.into_string().unwrap()).collect();
        let mut state = self.state();
        state.hosts.extend(hosts);
        state.folder = Some(folder.to_owned());
        drop(state);
        self
    }

    /// Serves a file with the MIME type of its name.
    pub fn file(self, host: &str, path: &str, body: impl Into<Vec<u8>>) -> Self {
        self.answer(host, path, Answer::ok(body).content_type(mime_type(path)))
    }

    /// Redirects (302) to `location`.
    pub fn redirect(self, host: &str, path: &str, location: &str) -> Self {
        self.answer(host, path, Answer::redirect(302, location))
    }

    /// Always answers so. A path with a query is for that query, one without is for every query.
    pub fn answer(self, host: &str, path: &str, answer: Answer) -> Self {
        self.answer_with(host, path, move |_, _| answer.clone())
    }

    /// Answers one after the other; the last one is repeated.
    pub fn answers<const N: usize>(self, host: &str, path: &str, answers: [Answer; N]) -> Self {
        self.answer_with(host, path, move |_, nth| answers[nth.min(N - 1)].clone())
    }

    /// Answers by who asks, or by how often.
    pub fn answer_with(
        self,
        host: &str,
        path: &str,
        answer: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let mut state = self.state();
        state.hosts.insert(host.to_owned());
        state.routes.insert((host.to_owned(), path.to_owned()), Arc::new(answer));
        drop(state);
        self
    }

    /// Publishes a package on `host`, which answers as an npm registry does.
    pub fn package(self, host: &str, package: Package) -> Self {
        let mut state = self.state();
        state.hosts.insert(host.to_owned());
        state.registries.entry(host.to_owned()).or_default().publish(package);
        drop(state);
        self
    }

    /// A host that knows by itself what to answer; `None` is a 404.
    pub fn play(
        self,
        host: &str,
        player: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        self.state().players.insert(host.to_owned(), Arc::new(player));
        self.host(host)
    }

    /// A host that answers everything with 404, so that it resolves at all.
    pub fn host(self, host: &str) -> Self {
        self.state().hosts.insert(host.to_owned());
        self
    }

    /// Lets `host` show the certificate of another host.
    pub fn wrongly_named(self, host: &str) -> Self {
        self.state().wrongly_named.insert(host.to_owned());
        self.host(host)
    }

    /// Where it listens, for TLS and for plain HTTP alike.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The PEM file of its authority.
    pub fn ca_cert(&self) -> PathBuf {
        self.ca.path().join("ca.pem")
    }

    /// The flags that lead every host here: `--resolve HOST=ADDR:PORT …`, `--ca-cert FILE`.
    pub fn resolve_args(&self) -> Vec<String> {
        let pins = self.state().hosts.clone().into_iter();
        let pins = pins.flat_map(|host| ["--resolve".into(), format!("{host}={}", self.address)]);
        pins.chain(["--ca-cert".into(), self.ca_cert().to_str().unwrap().into()]).collect()
    }

    /// The same for a client in this process.
    pub fn options(&self) -> ClientOptions {
        let hosts = self.state().hosts.clone().into_iter();
        ClientOptions {
            ca_cert: Some(self.ca_cert()),
            resolve: hosts.map(|host| (host, self.address)).collect(),
            ..ClientOptions::default()
        }
    }

    /// How often a URL was asked for, whatever the query, unless `path` has one.
    pub fn requests(&self, host: &str, path: &str) -> usize {
        let by_query = path.contains('?');
        let is_it = |request: &&Request| {
            request.host == host
                && if by_query { request.target == path } else { request.path() == path }
        };
        self.state().log.iter().filter(is_it).count()
    }

    /// Every request so far, in order.
    pub fn log(&self) -> Vec<Request> {
        self.state().log.clone()
    }

    /// How many TCP connections were made.
    pub fn connections(&self) -> usize {
        self.state().connections
    }

    /// Bytes that the operating system took from us, headers included; HTTP/1.1 only.
    pub fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Cdn {
    fn drop(&mut self) {
        // Answers that never end are still being written.
        self.runtime.take().unwrap().shutdown_background();
    }
}

async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    state: Arc<Mutex<State>>,
    sent: Arc<AtomicU64>,
) {
    let connected = state.clone();
    let answer = move |request: &Request| answer(&state, request);
    let http2 = http2::serve(answer.clone());
    while let Ok((stream, _)) = listener.accept().await {
        connected.lock().unwrap().connections += 1;
        // Head and body are written one after the other, and would wait for each other.
        let _ = stream.set_nodelay(true);
        let (tls, sent, answer, http2) = (tls.clone(), sent.clone(), answer.clone(), http2.clone());
        tokio::spawn(async move {
            if !speaks_tls(&stream).await {
                return http::serve(stream, sent, answer).await;
            }
            let stream = tls.accept(stream).await?;
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                return http2.send(stream).await.map_err(std::io::Error::other);
            }
            http::serve(stream, sent, answer).await
        });
    }
}

/// A TLS connection starts with a handshake record, and no HTTP method starts with that byte.
async fn speaks_tls(stream: &TcpStream) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)) && first == [0x16]
}

fn answer(state: &Mutex<State>, request: &Request) -> Answer {
    let mut state = state.lock().unwrap();
    let nth = state.log.iter().filter(|r| r.host == request.host && r.target == request.target);
    let nth = nth.count();
    state.log.push(request.clone());
    let key = |target: &str| (request.host.clone(), target.to_owned());
    let route = state.routes.get(&key(&request.target));
    let route = route.or_else(|| state.routes.get(&key(request.path()))).cloned();
    if let Some(route) = route {
        return route(request, nth);
    }
    let from_folder = state.folder.as_ref().and_then(|folder| from_folder(folder, request));
    let registry = state.registries.get(&request.host);
    let known = from_folder.or_else(|| registry?.answer(&request.host, request.path()));
    let player = state.players.get(&request.host).cloned();
    // An answer may take its time.
    drop(state);
    known
        .or_else(|| player?(request))
        .unwrap_or_else(|| Answer::status(404).body("<h1>404</h1>").content_type("text/html"))
}

fn from_folder(folder: &Path, request: &Request) -> Option<Answer> {
    let path = request.path();
    let base = format!("{}{path}", folder.join(&request.host).to_str()?);
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._=-".contains(c) { c } else { '_' };
    let query = request.target.split_once('?');
    let by_query =
        query.map(|(_, query)| format!("{base}@q={}", query.chars().map(safe).collect::<String>()));
    let names = by_query.into_iter().chain([base.clone(), format!("{base}@file")]);
    let body =
        names.map(PathBuf::from).find(|name| name.is_file()).map(|name| fs::read(name).unwrap());
    let headers = fs::read_to_string(format!("{base}@headers")).ok();
    if body.is_none() && headers.is_none() {
        return None;
    }
    let mut answer = Answer::ok(body.unwrap_or_default()).content_type(mime_type(path));
    for line in headers.unwrap_or_default().lines() {
        let (name, value) = line.split_once(':').expect("a line of @headers is `name: value`");
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        answer = match name.as_str() {
            "status" => answer.with_status(value.parse().expect("a status is a number")),
            _ => answer.without(&name).header(&name, value),
        };
    }
    Some(answer)
}

/// Issues a certificate for whatever host a client asks for.
struct Certificates {
    issuer: Issuer<'static, KeyPair>,
    ca_pem: String,
    issued: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    state: Arc<Mutex<State>>,
}

impl Certificates {
    fn new(state: Arc<Mutex<State>>) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, "Loopback test authority");
        let key = KeyPair::generate().unwrap();
        let ca_pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), ca_pem, issued: Mutex::default(), state }
    }

    fn issue(&self, host: &str) -> Arc<CertifiedKey> {
        let wrong = self.state.lock().unwrap().wrongly_named.contains(host);
        let name = if wrong { "somebody-else.example" } else { host };
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = ring::sign::any_supported_type(&key).unwrap();
        Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name()?.to_owned();
        let mut issued = self.issued.lock().unwrap();
        Some(issued.entry(host.clone()).or_insert_with(|| self.issue(&host)).clone())
    }
}

fn server_config(certificates: Certificates, protocols: &[&str]) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}
