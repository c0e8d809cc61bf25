//! `inhouse::internals::fetch` against a server that behaves badly in every way we know of.
//!
//! Each fault must end in the right error, in time, and after the right number of requests.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use inhouse::internals::{
    fetch::{
        Client, ClientError, ClientOptions, FetchError, Header, Limits, PlainHttp, Response,
        Wanted, WrongContent, inspect, pool,
    },
    integrity::{Algorithm, Integrity},
    reference::SubresourceUrl,
};
use support::{
    cdn::Cdn,
    http::{Answer, BROTLI_ALERT, Encoding, gzip},
    npm::Package,
    static_site::StaticSite,
};
use url::Url;

mod support;

const HOST: &str = "cdn.example";
const JS: &str = "alert(1)\n";

/// Limits so short that a test fails instead of hanging.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        total: Duration::from_secs(5),
        max_bytes: 1 << 20,
        redirects: 3,
        retries: 2,
        backoff: Duration::from_millis(1),
        longest_wait: Duration::from_secs(1),
        ..Limits::default()
    }
}

fn options(cdn: &Cdn) -> ClientOptions {
    ClientOptions { limits: limits(), ..cdn.options() }
}

fn client(cdn: &Cdn) -> Client {
    Client::new(&options(cdn)).unwrap()
}

fn url(path: &str) -> Url {
    Url::parse(&format!("https://{HOST}{path}")).unwrap()
}

fn get_with(client: &Client, url: &Url) -> Result<Response, FetchError> {
    client.get(url, &[], &|_| Ok(()))
}

fn get(cdn: &Cdn, path: &str) -> Result<Response, FetchError> {
    get_with(&client(cdn), &url(path))
}

/// An address where nobody listens: a low port, so that no other test is given it by chance.
fn nobody() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

/// The error of a URL that must not be downloadable.
fn error(cdn: &Cdn, path: &str) -> FetchError {
    get(cdn, path).expect_err("this must not succeed")
}

macro_rules! assert_matches {
    ($value:expr, $pattern:pat $(if $guard:expr)?) => {
        let value = $value;
        assert!(matches!(&value, $pattern $(if $guard)?), "{value:?}");
    };
}

// What works.

#[test]
fn a_script_arrives_whole_with_its_type_and_headers() {
    let answer = Answer::ok(JS).header("x-jsd-version", "3.7.1").header("vary", "User-Agent");
    let cdn = Cdn::start().answer(HOST, "/a.js", answer);
    let response = get(&cdn, "/a.js?x=1#part").unwrap();
    assert_eq!(response.bytes, JS.as_bytes());
    assert_eq!(response.url.as_str(), "https://cdn.example/a.js?x=1");
    assert_eq!(response.content_type.as_deref(), Some("text/javascript"));
    assert_eq!(response.header("x-jsd-version"), Some("3.7.1"));
    assert!(response.varies_by_user_agent());
    assert!(inspect(&response, Wanted::Script).is_ok());
    let log = cdn.log();
    assert!(log[0].header("user-agent").unwrap().starts_with("inhouse/"));
    assert_eq!(log[0].header("referer"), None);
}

#[test]
fn compressed_bodies_are_decoded() {
    let compressed =
        |bytes: &[u8], encoding| Answer::ok(bytes).header("content-encoding", encoding);
    let cdn = Cdn::start()
        .answer(HOST, "/gzip.js", compressed(&gzip(JS.as_bytes()), "gzip"))
        .answer(HOST, "/brotli.js", compressed(&BROTLI_ALERT, "br"));
    for path in ["/gzip.js", "/brotli.js"] {
        assert_eq!(get(&cdn, path).unwrap().bytes, JS.as_bytes(), "{path}");
    }
}

#[test]
fn connections_are_reused() {
    let cdn = Cdn::start().file(HOST, "/a.js", JS).file(HOST, "/b.js", JS);
    let client = client(&cdn);
    for path in ["/a.js", "/b.js", "/a.js"] {
        get_with(&client, &url(path)).unwrap();
    }
    assert_eq!(cdn.log().len(), 3);
    assert_eq!(cdn.connections(), 1);
}

// Redirects.

#[test]
fn redirects_are_followed_and_recorded() {
    let cdn = Cdn::start()
        .redirect(HOST, "/lib@3", "/lib@3.7")
        .answer(HOST, "/lib@3.7", Answer::redirect(308, "https://other.example/lib@3.7.1/lib.js#x"))
        .file("other.example", "/lib@3.7.1/lib.js", JS);
    let response = get(&cdn, "/lib@3").unwrap();
    assert_eq!(response.url.as_str(), "https://other.example/lib@3.7.1/lib.js");
    let chain: Vec<_> = response.redirects.iter().map(Url::as_str).collect();
    assert_eq!(chain, ["https://cdn.example/lib@3", "https://cdn.example/lib@3.7"]);
}

#[test]
fn a_circle_of_redirects_ends_at_once() {
    let cdn = Cdn::start().redirect(HOST, "/a", "/b").redirect(HOST, "/b", "/a#again");
    assert_matches!(error(&cdn, "/a"), FetchError::RedirectLoop { url } if url.path() == "/a");
    assert_eq!((cdn.requests(HOST, "/a"), cdn.requests(HOST, "/b")), (1, 1));
}

#[test]
fn redirects_have_a_limit() {
    let cdn = Cdn::start().answer_with(HOST, "/a", |request, _| {
        Answer::redirect(302, &format!("{}x", request.target.replace("/a", "/a?")))
    });
    assert_matches!(error(&cdn, "/a"), FetchError::TooManyRedirects { limit: 3, .. });
    assert_eq!(cdn.requests(HOST, "/a"), 4);
}

#[test]
fn as_many_redirects_as_the_limit_are_followed() {
    let cdn = Cdn::start()
        .redirect(HOST, "/1", "/2")
        .redirect(HOST, "/2", "/3")
        .redirect(HOST, "/3", "/4")
        .file(HOST, "/4", JS);
    assert_eq!(get(&cdn, "/1").unwrap().redirects.len(), 3);
}

#[test]
fn a_redirect_away_from_https_is_an_error() {
    for to in ["http://cdn.example/b", "file:///hosts.js", "data:text/javascript,1", "ftp://u:p@h/"]
    {
        let cdn = Cdn::start().redirect(HOST, "/a", to).file(HOST, "/b", JS);
        let error = error(&cdn, "/a");
        assert_matches!(&error, FetchError::InsecureRedirect { .. });
        assert!(!error.to_string().contains("u:p"), "{error}");
        assert_eq!(cdn.log().len(), 1);
    }
}

#[test]
fn a_redirect_to_a_private_address_is_an_error() {
    for to in
        ["https://169.254.169.254/latest", "https://[::1]/", "https://0x7f000001/", "//10.0.0.1/"]
    {
        let cdn = Cdn::start().redirect(HOST, "/a", to);
        assert_matches!(error(&cdn, "/a"), FetchError::PrivateAddress { .. });
    }
}

#[test]
fn a_redirect_to_a_denied_host_never_reaches_it() {
    let cdn = Cdn::start().redirect(HOST, "/a", "https://denied.example/b.js").file(
        "denied.example",
        "/b.js",
        JS,
    );
    let admit = |url: &Url| match url.host_str() {
        Some("denied.example") => Err("sold to somebody else".to_owned()),
        _ => Ok(()),
    };
    let result = client(&cdn).get(&url("/a"), &[], &admit);
    assert_matches!(result, Err(FetchError::Denied { reason, .. }) if reason == "sold to somebody else");
    assert_eq!(cdn.requests("denied.example", "/b.js"), 0);
}

#[test]
fn redirects_with_credentials_or_nonsense_are_errors() {
    let cdn = Cdn::start()
        .redirect(HOST, "/credentials", "https://user:secret@cdn.example/")
        .redirect(HOST, "/nonsense", "https://[nonsense")
        .answer(HOST, "/nowhere", Answer::status(302));
    let credentials = error(&cdn, "/credentials");
    assert_matches!(&credentials, FetchError::Credentials { .. });
    assert!(!format!("{credentials} {credentials:?}").contains("secret"));
    assert_matches!(error(&cdn, "/nonsense"), FetchError::BadRedirect { .. });
    assert_matches!(error(&cdn, "/nowhere"), FetchError::Status { code: 302, .. });
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_host() {
    let cdn = Cdn::start().redirect(HOST, "/a", "https://other.example/b").file(
        "other.example",
        "/b",
        JS,
    );
    let headers = [
        Header::new("authorization", "Bearer secret").unwrap(),
        Header::new("accept", "application/json").unwrap(),
    ];
    client(&cdn).get(&url("/a"), &headers, &|_| Ok(())).unwrap();
    let log = cdn.log();
    let sent = |name| log.iter().map(|request| request.header(name)).collect::<Vec<_>>();
    assert_eq!(sent("authorization"), [Some("Bearer secret"), None]);
    assert_eq!(sent("accept"), [Some("application/json"); 2]);
}

// Which addresses are contacted.

#[test]
fn an_http_url_is_fetched_over_https() {
    let cdn = Cdn::start().file(HOST, "/a.js", JS);
    let plain = Url::parse("http://cdn.example/a.js").unwrap();
    assert_eq!(get_with(&client(&cdn), &plain).unwrap().url, url("/a.js"));
}

#[test]
fn an_http_url_of_an_allowed_host_is_fetched_as_it_is() {
    let cdn = Cdn::start().file(HOST, "/a.js", JS).redirect(
        "other.example",
        "/",
        "http://cdn.example/a.js",
    );
    let allow_http = PlainHttp::Hosts(vec![HOST.into()]);
    let client = Client::new(&ClientOptions { allow_http, ..options(&cdn) }).unwrap();
    for from in ["http://cdn.example/a.js", "http://other.example/"] {
        let response = get_with(&client, &Url::parse(from).unwrap()).unwrap();
        assert_eq!(response.url.as_str(), "http://cdn.example/a.js");
    }
}

#[test]
fn other_schemes_are_never_fetched() {
    let cdn = Cdn::start();
    for text in
        ["file:///hosts.js", "data:text/javascript,1", "ftp://u:secret@h/", "blob:https://h/1"]
    {
        let error = get_with(&client(&cdn), &Url::parse(text).unwrap()).unwrap_err();
        assert_matches!(&error, FetchError::NotHttp { .. });
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn a_private_address_is_refused_however_it_is_spelled() {
    let cdn = Cdn::start();
    let port = cdn.address().port();
    // `localhost` goes through the resolver, the others never reach it.
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"] {
        let target = Url::parse(&format!("https://{host}:{port}/")).unwrap();
        let error = get_with(&client(&cdn), &target).unwrap_err();
        assert_matches!(&error, FetchError::PrivateAddress { .. });
        assert!(error.remedy().unwrap().contains("--allow-private"));
    }
    assert_eq!(cdn.connections(), 0);
}

#[test]
fn a_private_address_is_reached_if_allowed() {
    let cdn = Cdn::start().file("127.0.0.1", "/a.js", JS).file("localhost", "/a.js", JS);
    let options = ClientOptions {
        allow_private: true,
        allow_http: PlainHttp::Any,
        limits: limits(),
        ..ClientOptions::default()
    };
    let client = Client::new(&options).unwrap();
    for host in ["127.0.0.1", "localhost"] {
        let target = format!("http://{host}:{}/a.js", cdn.address().port());
        assert!(get_with(&client, &Url::parse(&target).unwrap()).is_ok(), "{host}");
    }
}

#[test]
fn a_url_with_credentials_is_refused() {
    let cdn = Cdn::start().file(HOST, "/a.js", JS);
    let target = Url::parse("https://user:secret@cdn.example/a.js").unwrap();
    let error = get_with(&client(&cdn), &target).unwrap_err();
    assert_matches!(&error, FetchError::Credentials { .. });
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert!(cdn.log().is_empty());
}

// Hosts that do not answer.

#[test]
fn a_host_that_refuses_connections_is_remembered() {
    let nobody = nobody();
    let slow = Limits { backoff: Duration::from_millis(200), ..limits() };
    let resolve = vec![(HOST.to_owned(), nobody)];
    let client = Client::new(&ClientOptions { limits: slow, resolve, ..ClientOptions::default() });
    let client = client.unwrap();
    let start = Instant::now();
    let first = get_with(&client, &url("/a.js")).unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(300), "two waits of at least 100 and 200 ms");
    let start = Instant::now();
    let second = get_with(&client, &url("/b.js")).unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    for error in [first, second] {
        assert_matches!(&error, FetchError::Unreachable { host, .. } if host == HOST);
        assert!(error.is_unreachable());
        assert!(error.root_cause().unwrap().contains("refused"), "{:?}", error.root_cause());
    }
}

#[test]
fn a_name_that_does_not_resolve_is_unreachable() {
    let cdn = Cdn::start();
    // Reserved by RFC 6761 never to resolve.
    let target = Url::parse("https://nowhere.invalid/a.js").unwrap();
    assert_matches!(get_with(&client(&cdn), &target), Err(FetchError::Unreachable { .. }));
}

#[test]
fn a_host_that_never_shakes_hands_is_unreachable() {
    // The operating system accepts the connection, and no byte is ever sent.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let resolve = vec![(HOST.to_owned(), mute.local_addr().unwrap())];
    let limits = Limits { connect: Duration::from_millis(100), ..limits() };
    let client =
        Client::new(&ClientOptions { limits, resolve, ..ClientOptions::default() }).unwrap();
    let start = Instant::now();
    assert_matches!(get_with(&client, &url("/a.js")), Err(FetchError::Unreachable { .. }));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_connection_that_ends_without_an_answer_is_tried_again() {
    let cdn = Cdn::start()
        .answers(HOST, "/late.js", [Answer::silence(), Answer::silence(), Answer::ok(JS)])
        .answer(HOST, "/never.js", Answer::silence());
    let client = client(&cdn);
    assert_matches!(get_with(&client, &url("/never.js")), Err(FetchError::Unreachable { .. }));
    assert_eq!(cdn.requests(HOST, "/never.js"), 3);
    assert!(get_with(&client, &url("/late.js")).is_ok(), "one bad URL does not condemn its host");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let cdn = Cdn::start().file(HOST, "/a.js", JS);
    let client = Client::new(&ClientOptions { ca_cert: None, ..options(&cdn) }).unwrap();
    let error = get_with(&client, &url("/a.js")).unwrap_err();
    assert_matches!(&error, FetchError::Tls { .. });
    assert!(error.remedy().unwrap().contains("--ca-cert"));
    assert!(!error.is_unreachable(), "a forged certificate must not be passed over in silence");
    assert_eq!((cdn.log().len(), cdn.connections()), (0, 1));
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let cdn = Cdn::start().wrongly_named(HOST);
    assert_matches!(error(&cdn, "/a.js"), FetchError::Tls { .. });
    assert!(cdn.log().is_empty());
}

#[test]
fn a_server_without_tls_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let resolve = vec![(HOST.to_owned(), listener.local_addr().unwrap())];
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        let _ = stream.read(&mut [0; 1024]);
    });
    let client =
        Client::new(&ClientOptions { limits: limits(), resolve, ..ClientOptions::default() });
    assert_matches!(get_with(&client.unwrap(), &url("/a.js")), Err(FetchError::Tls { .. }));
}

#[test]
fn a_useless_certificate_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let client =
        || Client::new(&ClientOptions { ca_cert: Some(path.clone()), ..ClientOptions::default() });
    assert_matches!(client(), Err(ClientError::CaCert { .. }));
    std::fs::write(&path, "no certificate").unwrap();
    assert_matches!(client(), Err(ClientError::NoCertificate { .. }));
}

// Statuses.

#[test]
fn a_server_error_is_asked_again_until_it_passes() {
    let cdn = Cdn::start().answers(
        HOST,
        "/a.js",
        [Answer::status(500), Answer::status(503), Answer::ok(JS)],
    );
    assert_eq!(get(&cdn, "/a.js").unwrap().bytes, JS.as_bytes());
    assert_eq!(cdn.requests(HOST, "/a.js"), 3);
}

#[test]
fn a_lasting_server_error_is_given_up() {
    let cdn = Cdn::start().answer(HOST, "/a.js", Answer::status(502));
    let error = error(&cdn, "/a.js");
    assert_matches!(&error, FetchError::Status { code: 502, .. });
    assert!(error.is_unreachable());
    assert_eq!(cdn.requests(HOST, "/a.js"), 3);
}

#[test]
fn what_will_not_change_is_asked_once() {
    for code in [204, 206, 300, 304, 400, 401, 403, 404, 410] {
        let cdn = Cdn::start().answer(HOST, "/a.js", Answer::status(code));
        let error = error(&cdn, "/a.js");
        assert_matches!(&error, FetchError::Status { code: c, .. } if *c == code);
        assert!(!error.is_unreachable());
        assert_eq!(cdn.requests(HOST, "/a.js"), 1, "{code}");
    }
}

#[test]
fn retry_after_is_honoured_up_to_a_point() {
    let busy = |wait: &str| Answer::status(429).header("retry-after", wait);
    let cdn = Cdn::start().answers(HOST, "/soon.js", [busy("1"), Answer::ok(JS)]).answers(
        HOST,
        "/next-year.js",
        [busy("31536000"), Answer::ok(JS)],
    );
    for path in ["/soon.js", "/next-year.js"] {
        let start = Instant::now();
        assert!(get(&cdn, path).is_ok());
        let waited = start.elapsed();
        assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(3), "{waited:?}");
    }
}

#[test]
fn retries_start_over_at_the_first_url() {
    let cdn = Cdn::start().redirect(HOST, "/a", "/b").answers(
        HOST,
        "/b",
        [Answer::status(500), Answer::ok(JS)],
    );
    assert_eq!(get(&cdn, "/a").unwrap().redirects.len(), 1);
    assert_eq!((cdn.requests(HOST, "/a"), cdn.requests(HOST, "/b")), (2, 2));
}

// Bodies.

#[test]
fn a_body_cut_short_is_asked_again() {
    let cut = Answer::ok(JS).cut_after(4);
    let cdn = Cdn::start().answers(HOST, "/once.js", [cut.clone(), Answer::ok(JS)]).answer(
        HOST,
        "/always.js",
        cut,
    );
    assert_eq!(get(&cdn, "/once.js").unwrap().bytes, JS.as_bytes());
    assert_matches!(error(&cdn, "/always.js"), FetchError::Truncated { received: 4, .. });
    assert_eq!(cdn.requests(HOST, "/always.js"), 3);
}

#[test]
fn a_compressed_body_cut_short_is_truncated_too() {
    let whole = gzip(JS.repeat(100).as_bytes());
    let answer = |bytes: &[u8]| Answer::ok(bytes).header("content-encoding", "gzip");
    let cdn = Cdn::start()
        .answer(HOST, "/stream.js", answer(&whole[..whole.len() / 2]))
        .answer(HOST, "/connection.js", answer(&whole).cut_after(whole.len() / 2))
        .answer(HOST, "/checksum.js", answer(&whole[..whole.len() - 4]));
    for path in ["/stream.js", "/connection.js", "/checksum.js"] {
        assert_matches!(error(&cdn, path), FetchError::Truncated { .. });
    }
}

#[test]
fn a_body_without_length_that_tls_does_not_close_is_truncated() {
    let cdn = Cdn::start().answer(HOST, "/a.js", Answer::ok(JS).until_close());
    assert_matches!(error(&cdn, "/a.js"), FetchError::Truncated { .. });
}

#[test]
fn an_announced_size_over_the_limit_is_not_even_begun() {
    let cdn = Cdn::start().answer(HOST, "/a.js", Answer::ok(vec![b' '; 8 << 20]));
    assert_matches!(error(&cdn, "/a.js"), FetchError::TooLarge { limit, .. } if *limit == 1 << 20);
    assert_eq!(cdn.requests(HOST, "/a.js"), 1);
}

#[test]
fn an_endless_body_is_left() {
    let cdn = Cdn::start().answer(HOST, "/a.js", Answer::endless(vec![b' '; 64 << 10]));
    assert_matches!(error(&cdn, "/a.js"), FetchError::TooLarge { .. });
    assert_eq!(cdn.requests(HOST, "/a.js"), 1);
    // When the client closed the connection, the buffers of both sockets held bytes as well.
    assert!(cdn.bytes_sent() < 16 << 20, "{} bytes sent", cdn.bytes_sent());
}

#[test]
fn a_body_as_large_as_the_limit_is_taken() {
    let cdn = Cdn::start().answer(HOST, "/fits.js", Answer::ok(vec![b' '; 1 << 20])).answer(
        HOST,
        "/over.js",
        Answer::ok(vec![b' '; (1 << 20) + 1]),
    );
    assert_eq!(get(&cdn, "/fits.js").unwrap().bytes.len(), 1 << 20);
    assert_matches!(error(&cdn, "/over.js"), FetchError::TooLarge { .. });
}

#[test]
fn bombs_are_counted_as_they_unfold() {
    for encoding in [Encoding::Gzip, Encoding::Brotli, Encoding::Zstd] {
        let cdn = Cdn::start().answer(HOST, "/bomb.js", Answer::bomb(encoding, 16 << 20)).answer(
            HOST,
            "/bomb-with-fuse.js",
            Answer::bomb(encoding, 16 << 20),
        );
        assert!(encoding.zeros(16 << 20).len() < 64 << 10, "{encoding:?} is no bomb");
        assert_matches!(error(&cdn, "/bomb.js"), FetchError::TooLarge { .. });
        assert_eq!(cdn.requests(HOST, "/bomb.js"), 1);
        // With a higher limit the same body is accepted.
        let room = Limits { max_bytes: 16 << 20, ..limits() };
        let client = Client::new(&ClientOptions { limits: room, ..options(&cdn) }).unwrap();
        let whole = get_with(&client, &url("/bomb.js")).unwrap();
        assert_eq!(whole.bytes.len(), 16 << 20, "{encoding:?}");
    }
}

#[test]
fn an_encoding_nobody_asked_for_is_refused() {
    for encoding in ["deflate", "gzip, br", "x-unknown"] {
        let cdn =
            Cdn::start().answer(HOST, "/a.js", Answer::ok(JS).header("content-encoding", encoding));
        assert_matches!(error(&cdn, "/a.js"), FetchError::Encoding { encoding: e, .. } if e == encoding);
    }
}

#[test]
fn too_many_headers_and_what_is_not_http_are_malformed() {
    let cdn = Cdn::start()
        .answer(HOST, "/many.js", Answer::ok(JS).flood(500))
        .answer(HOST, "/huge.js", Answer::ok(JS).header("x-huge", &"h".repeat(1 << 20)))
        .answer(HOST, "/noise.js", Answer::raw("220 mail.example ready\r\n\r\n"));
    for path in ["/many.js", "/huge.js", "/noise.js"] {
        let error = error(&cdn, path);
        assert_matches!(&error, FetchError::Malformed { .. });
        assert_eq!(cdn.requests(HOST, path), 1);
    }
}

// The same over HTTP/2, which is what real CDNs speak.

#[test]
fn http2_downloads_and_its_faults_end_alike() {
    let cdn = Cdn::start_http2()
        .redirect(HOST, "/old.js", "/a.js")
        .file(HOST, "/a.js", JS)
        .answer(HOST, "/cut.js", Answer::ok(JS).cut_after(4))
        .answer(HOST, "/endless.js", Answer::endless(vec![b' '; 64 << 10]))
        .answer(HOST, "/bomb.js", Answer::bomb(Encoding::Gzip, 16 << 20))
        .answer(HOST, "/drip.js", Answer::ok(JS.repeat(99)).dripping(Duration::from_millis(50)))
        .answer(HOST, "/many.js", Answer::ok(JS).flood(5000));
    let limits = Limits { total: Duration::from_secs(1), ..limits() };
    let client = Client::new(&ClientOptions { limits, ..options(&cdn) }).unwrap();
    let get = |path| get_with(&client, &url(path));
    assert_eq!(get("/old.js").unwrap().redirects.len(), 1);
    assert_matches!(get("/cut.js"), Err(FetchError::Truncated { received: 4, .. }));
    assert_matches!(get("/endless.js"), Err(FetchError::TooLarge { .. }));
    assert_matches!(get("/bomb.js"), Err(FetchError::TooLarge { .. }));
    assert_matches!(get("/drip.js"), Err(FetchError::Timeout { .. }));
    assert!(get("/many.js").is_err());
    assert!(get("/a.js").is_ok(), "the connection survives what its neighbours did");
    assert!(cdn.log().iter().all(|request| request.version == "HTTP/2.0"));
}

// Time.

#[test]
fn slow_servers_meet_the_deadline() {
    let total = Duration::from_millis(300);
    let cdn = Cdn::start()
        .answer(HOST, "/late.js", Answer::ok(JS).delayed(Duration::from_secs(60)))
        .answer(HOST, "/drip.js", Answer::ok(JS.repeat(9)).dripping(Duration::from_millis(50)))
        .answer(HOST, "/tar-pit.js", Answer::endless(" ").delayed(Duration::from_millis(100)));
    let options = ClientOptions {
        limits: Limits { total, retries: 5, max_bytes: u64::MAX, ..limits() },
        ..options(&cdn)
    };
    let client = Client::new(&options).unwrap();
    for path in ["/late.js", "/drip.js", "/tar-pit.js"] {
        let start = Instant::now();
        let error = get_with(&client, &url(path)).unwrap_err();
        assert_matches!(&error, FetchError::Timeout { after, .. } if *after == total);
        assert!(error.is_unreachable());
        assert!(start.elapsed() < Duration::from_secs(3), "{path}: {:?}", start.elapsed());
        assert_eq!(cdn.requests(HOST, path), 2, "{path}: a timeout is worth one more attempt");
    }
}

#[test]
fn a_chain_of_slow_redirects_meets_one_deadline() {
    let slow = Duration::from_millis(150);
    let cdn = Cdn::start()
        .answer(HOST, "/1", Answer::redirect(302, "/2").delayed(slow))
        .answer(HOST, "/2", Answer::redirect(302, "/3").delayed(slow))
        .answer(HOST, "/3", Answer::ok(JS).delayed(slow));
    let limits = Limits { total: Duration::from_millis(300), retries: 0, ..limits() };
    let client = Client::new(&ClientOptions { limits, ..options(&cdn) }).unwrap();
    assert_matches!(get_with(&client, &url("/1")), Err(FetchError::Timeout { .. }));
}

// Wrong content.

#[test]
fn error_pages_that_say_200_are_recognized() {
    let cdn = Cdn::start()
        .answer(
            HOST,
            "/captcha.js",
            Answer::ok("<!doctype html>Are you human?").content_type("text/html"),
        )
        .answer(HOST, "/disguised.js", Answer::ok("\n<html><body>404"))
        .answer(HOST, "/empty.js", Answer::ok(""))
        .answer(HOST, "/error.js", Answer::ok(r#"{"error":"no"}"#))
        .answer(HOST, "/octets.js", Answer::ok(JS).content_type("application/octet-stream"))
        .answer(
            HOST,
            "/+esm",
            Answer::ok("throw new Error('Failed to bundle using Rollup v2: no');"),
        );
    let wrong = |path| inspect(&get(&cdn, path).unwrap(), Wanted::Script).unwrap_err();
    assert_matches!(wrong("/captcha.js"), WrongContent::HtmlPage { .. });
    assert_matches!(wrong("/disguised.js"), WrongContent::HtmlPage { .. });
    assert_matches!(wrong("/empty.js"), WrongContent::Empty { .. });
    assert_matches!(wrong("/error.js"), WrongContent::Json { .. });
    assert_matches!(wrong("/octets.js"), WrongContent::WrongType { .. });
    assert_matches!(wrong("/+esm"), WrongContent::FailedBuild { service: "jsDelivr", .. });
}

// Many at once.

#[test]
fn a_pool_downloads_each_url_once_and_follows_what_it_opens() {
    let cdn = Cdn::start()
        .answer_with(HOST, "/module.js", |request, _| Answer::ok(request.target.clone()));
    let client = client(&cdn);
    let module =
        |n: usize| -> SubresourceUrl { format!("https://{HOST}/module.js?n={n}").parse().unwrap() };
    let results = pool::run([module(0), module(0)], client.limits(), |url| {
        let response = get_with(&client, url.as_url());
        // Every module imports the same thirty modules.
        (response.map(|r| r.bytes.len()), (0..30).map(module).collect())
    });
    assert_eq!(results.len(), 30);
    assert!(results.values().all(Result::is_ok));
    assert_eq!(cdn.requests(HOST, "/module.js"), 30);
    assert_eq!(cdn.requests(HOST, "/module.js?n=7"), 1);
}

/// Downloads `/0.js` to `/39.js` side by side, as many at once as the defaults say.
fn forty(cdn: &Cdn, limits: Limits) {
    let client = Client::new(&ClientOptions { limits, ..options(cdn) }).unwrap();
    let urls = (0..40).map(|n| format!("https://{HOST}/{n}.js").parse().unwrap());
    let results = pool::run(urls, client.limits(), |url: &SubresourceUrl| {
        (get_with(&client, url.as_url()), Vec::new())
    });
    assert_eq!(results.len(), 40);
    results.into_values().for_each(|result| drop(result.unwrap()));
}

#[test]
fn http2_needs_one_connection_for_all() {
    let cdn = Cdn::start_http2();
    let cdn = (0..40).fold(cdn, |cdn, n| cdn.file(HOST, &format!("/{n}.js"), JS));
    forty(&cdn, limits());
    assert_eq!((cdn.log().len(), cdn.connections()), (40, 1));
}

#[test]
fn http11_requests_go_side_by_side_on_connections_of_their_own() {
    let slow = Answer::ok(JS).delayed(Duration::from_millis(200));
    let cdn =
        (0..40).fold(Cdn::start(), |cdn, n| cdn.answer(HOST, &format!("/{n}.js"), slow.clone()));
    let start = Instant::now();
    forty(&cdn, limits());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert!((2..=40).contains(&cdn.connections()), "{} connections", cdn.connections());
}

#[test]
fn large_bodies_that_share_a_connection_do_not_stop_each_other() {
    let large = Answer::ok(vec![b' '; 5 << 20]);
    let cdn = Cdn::start_http2();
    let cdn = (0..40).fold(cdn, |cdn, n| cdn.answer(HOST, &format!("/{n}.js"), large.clone()));
    let total = Duration::from_secs(30);
    forty(&cdn, Limits { max_bytes: 5 << 20, retries: 0, total, ..limits() });
    assert_eq!(cdn.log().len(), 40);
}

#[test]
fn a_pool_does_not_wait_for_a_dead_host_again_and_again() {
    let nobody = nobody();
    let limits = Limits { backoff: Duration::from_millis(100), per_host: 4, ..limits() };
    let resolve = vec![(HOST.to_owned(), nobody)];
    let options = ClientOptions { limits: limits.clone(), resolve, ..ClientOptions::default() };
    let client = Client::new(&options).unwrap();
    let urls = (0..200).map(|n| format!("https://{HOST}/{n}.js").parse().unwrap());
    let start = Instant::now();
    let results = pool::run(urls, &limits, |url: &SubresourceUrl| {
        (get_with(&client, url.as_url()).is_err(), Vec::new())
    });
    assert!(results.len() == 200 && results.values().all(|failed| *failed));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

// The environment is read once in a process, so these tests run themselves again in a child.

const CHILD: &str = "FETCHING_TEST_CHILD";

/// Runs the test `name` in a child process, where [`CHILD`] holds `argument`.
fn in_a_child(name: &str, argument: &str, variables: &[(&str, String)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(proxy);
    }
    command.args(["--exact", name, "--nocapture"]).env(CHILD, argument);
    let output = command.envs(variables.iter().cloned()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("1 passed"), "there is no test `{name}`");
}

#[test]
fn ssl_cert_file_names_the_roots() {
    if let Ok(address) = std::env::var(CHILD) {
        let resolve = vec![(HOST.to_owned(), address.parse().unwrap())];
        let options = ClientOptions { limits: limits(), resolve, ..ClientOptions::default() };
        get_with(&Client::new(&options).unwrap(), &url("/a.js")).unwrap();
        return;
    }
    let cdn = Cdn::start().file(HOST, "/a.js", JS);
    let ca = cdn.ca_cert().to_str().unwrap().to_owned();
    in_a_child(
        "ssl_cert_file_names_the_roots",
        &cdn.address().to_string(),
        &[("SSL_CERT_FILE", ca)],
    );
    assert_eq!(cdn.requests(HOST, "/a.js"), 1);
}

#[test]
fn https_proxy_is_honoured_and_known() {
    if let Ok(ca) = std::env::var(CHILD) {
        let ca_cert = Some(ca.into());
        let options = ClientOptions { limits: limits(), ca_cert, ..ClientOptions::default() };
        let client = Client::new(&options).unwrap();
        assert!(client.uses_proxy());
        // The name resolves nowhere but at the proxy, which itself is at a private address.
        get_with(&client, &url("/a.js")).unwrap();
        let literal = Url::parse("https://127.0.0.1/a.js").unwrap();
        assert_matches!(get_with(&client, &literal), Err(FetchError::PrivateAddress { .. }));
        let itself = Url::parse("https://localhost/a.js").unwrap();
        assert_matches!(get_with(&client, &itself), Err(FetchError::Denied { .. }));
        return;
    }
    let cdn = Cdn::start().file(HOST, "/a.js", JS);
    let proxy = format!("http://localhost:{}", tunnel_to(cdn.address()).port());
    let ca = cdn.ca_cert().to_str().unwrap().to_owned();
    in_a_child("https_proxy_is_honoured_and_known", &ca, &[("HTTPS_PROXY", proxy)]);
    assert_eq!(cdn.requests(HOST, "/a.js"), 1);
}

#[test]
fn no_proxy_and_given_addresses_go_past_the_proxy() {
    if let Ok(argument) = std::env::var(CHILD) {
        let (address, ca) = argument.split_once(' ').unwrap();
        let ca_cert = Some(ca.into());
        let resolve = vec![(HOST.to_owned(), address.parse().unwrap())];
        let options =
            ClientOptions { limits: limits(), ca_cert, resolve, ..ClientOptions::default() };
        let client = Client::new(&options).unwrap();
        get_with(&client, &url("/a.js")).unwrap();
        // Through the proxy, where nobody listens, this would be unreachable.
        let direct = Url::parse("https://localhost/a.js").unwrap();
        assert_matches!(get_with(&client, &direct), Err(FetchError::PrivateAddress { .. }));
        return;
    }
    let cdn = Cdn::start().file(HOST, "/a.js", JS);
    let nobody = nobody();
    let argument = format!("{} {}", cdn.address(), cdn.ca_cert().to_str().unwrap());
    let variables =
        [("HTTPS_PROXY", format!("http://{nobody}")), ("NO_PROXY", "localhost".to_owned())];
    in_a_child("no_proxy_and_given_addresses_go_past_the_proxy", &argument, &variables);
    assert_eq!(cdn.requests(HOST, "/a.js"), 1);
}

/// A proxy that answers every CONNECT with a tunnel to `target`.
fn tunnel_to(target: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let tunnel = move |mut client: TcpStream| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"CONNECT cdn.example:443 "), "{head:?}");
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        let mut back = (server.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
        let _ = std::io::copy(&mut client, &mut server);
    };
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || tunnel(client.unwrap()));
        }
    });
    address
}

// The test server itself.

#[test]
fn a_folder_plays_the_cdn() {
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().join(HOST);
    for (name, text) in [
        ("npm/d3@7@file", "d3"),
        ("npm/d3@7/+esm", "esm"),
        ("style.css@q=v_1", "one"),
        ("style.css", "any"),
        ("old.js@headers", "Status: 301\nLocation: /npm/d3@7\n"),
    ] {
        let path = host.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let cdn = Cdn::start().folder(folder.path());
    for (path, text, kind) in [
        ("/npm/d3@7", "d3", "text/javascript"),
        ("/npm/d3@7/+esm", "esm", "text/javascript"),
        ("/style.css?v/1", "one", "text/css"),
        ("/style.css?other", "any", "text/css"),
        ("/old.js", "d3", "text/javascript"),
    ] {
        let response = get(&cdn, path).unwrap();
        assert_eq!(response.bytes, text.as_bytes(), "{path}");
        assert_eq!(response.content_type.as_deref(), Some(kind), "{path}");
    }
    assert_matches!(error(&cdn, "/missing.js"), FetchError::Status { code: 404, .. });
}

#[test]
fn a_registry_serves_what_its_metadata_promises() {
    let host = "registry.example";
    let honest = Package::new("@scope/lib", "1.0.0").file("lib.js", JS);
    let liar = Package::new("liar", "1.0.0").with_lying_tarball();
    let cdn = Cdn::start().package(host, honest).package(host, liar);
    let client = client(&cdn);
    let document = |path: &str| {
        let target = Url::parse(&format!("https://{host}{path}")).unwrap();
        get_with(&client, &target).unwrap()
    };
    for (path, holds) in [("/@scope%2flib", true), ("/@scope/lib", true), ("/liar", false)] {
        let packument = document(path);
        inspect(&packument, Wanted::Json).unwrap();
        let packument: serde_json::Value = serde_json::from_slice(&packument.bytes).unwrap();
        assert_eq!(packument["dist-tags"]["latest"], "1.0.0");
        let dist = &packument["versions"]["1.0.0"]["dist"];
        let integrity: Integrity = dist["integrity"].as_str().unwrap().parse().unwrap();
        assert_eq!(integrity.digests()[0].algorithm(), Algorithm::Sha512);
        let tarball = Url::parse(dist["tarball"].as_str().unwrap()).unwrap();
        assert_eq!(integrity.verify(&document(tarball.path()).bytes).is_ok(), holds, "{path}");
    }
}

#[test]
fn resolve_args_lead_every_host_to_the_server() {
    let cdn = Cdn::start().host("a.example").host("b.example");
    let args = cdn.resolve_args();
    assert_eq!(args[..2], ["--resolve".to_owned(), format!("a.example={}", cdn.address())]);
    assert_eq!((args.len(), args[4].as_str()), (6, "--ca-cert"));
}

#[test]
fn a_static_site_is_served_with_its_types() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>").unwrap();
    std::fs::write(folder.path().join("a b.mjs"), JS).unwrap();
    let site = StaticSite::serve_with(folder.path(), &[("x-policy", "strict")]);
    let options = ClientOptions {
        allow_private: true,
        allow_http: PlainHttp::Any,
        limits: limits(),
        ..ClientOptions::default()
    };
    let client = Client::new(&options).unwrap();
    let get = |path| get_with(&client, &Url::parse(&site.url(path)).unwrap());
    let page = get("/").unwrap();
    assert_eq!(page.content_type.as_deref(), Some("text/html"));
    assert_eq!(page.header("x-policy"), Some("strict"));
    assert_eq!(get("/a%20b.mjs?v=1").unwrap().content_type.as_deref(), Some("text/javascript"));
    assert_matches!(get("/none.js"), Err(FetchError::Status { code: 404, .. }));
    assert_matches!(get("/%2e%2e/secret.js"), Err(FetchError::Status { code: 404, .. }));
    assert_eq!(site.requested()[..2], ["/", "/a%20b.mjs?v=1"]);
}
