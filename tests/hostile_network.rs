//! The binary and a CDN that misbehaves: every run must end in time, with little memory, with the
//! faulty URL named, and with site, vendor cache and lockfile as they were.
//!
//! Which error the client makes of each fault, and after how many requests, is shown by
//! `fetching.rs`; here only the result is looked at.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use measured::{Outcome, Project, watch};
use support::{
    cdn::Cdn,
    http::{Answer, Encoding},
    npm::Package,
};

#[path = "support/measured.rs"]
mod measured;
mod support;

const HOST: &str = "cdn.example";
const JSDELIVR: &str = "cdn.jsdelivr.net";
const REGISTRY: &str = "registry.example";
const JS: &str = "alert(1)\n";
/// The largest file that is taken unless `max-bytes` says otherwise. Large bodies grow one at a time.
const LARGEST: u64 = 64 << 20;
/// Limits that every fault below can reach without the test taking long.
const LIMITS: &str = "[limits]\nconnect-seconds = 2\ntotal-seconds = 2\nretries = 1\n";
/// Two attempts of two seconds and the time it takes to start, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn script(url: &str) -> String {
    format!("<script src=\"{url}\"></script>\n")
}

fn project(cdn: &Cdn, urls: &[&str]) -> Project {
    let page: String = urls.iter().map(|url| script(url)).collect();
    let project = Project::with_page(page).always(cdn.resolve_args());
    project.write("inhouse.toml", LIMITS);
    project
}

/// A project with one good script vendored, to which a second page with `urls` has come: there are
/// a page, a lockfile, a cache and a vendored file that a run could damage.
fn with_new_page(cdn: &Cdn, urls: &[&str]) -> Project {
    let project = project(cdn, &["https://good.example/1.0.0/good.js"]);
    project.vendor(&[]).assert_code(0);
    let page: String = urls.iter().map(|url| script(url)).collect();
    project.write("public/next.html", page);
    project
}

fn good() -> Cdn {
    Cdn::start().file("good.example", "/1.0.0/good.js", JS)
}

/// What a run that vendors one small script has at its worst.
fn ordinary() -> u64 {
    static PEAK: OnceLock<u64> = OnceLock::new();
    *PEAK.get_or_init(|| {
        let cdn = good();
        project(&cdn, &["https://good.example/1.0.0/good.js"]).vendor(&[]).assert_code(0).peak
    })
}

/// Runs `vendor`, and checks what every fault must lead to.
fn assert_survives(project: &Project, arguments: &[&str]) -> Outcome {
    let before = project.snapshot();
    let outcome = project.vendor(arguments);
    assert!(matches!(outcome.code, Some(1 | 2)), "{outcome:?}");
    outcome.assert_peak_within(ordinary(), LARGEST * 3 / 2).assert_within(SOON);
    assert!(project.snapshot() == before, "files have changed\n{}", outcome.text());
    outcome
}

/// Runs `vendor` with one URL that is answered so.
fn vendor_with(answer: Answer) -> Outcome {
    let cdn = good().answer(HOST, "/1.0.0/a.js", answer);
    let outcome = assert_survives(&with_new_page(&cdn, &["https://cdn.example/1.0.0/a.js"]), &[]);
    outcome.assert_says("https://cdn.example/1.0.0/a.js").assert_says("next.html:1:1");
    outcome
}

#[test]
fn bombs_of_every_encoding_are_left_at_the_limit() {
    for (encoding, size) in [(Encoding::Gzip, 256 << 20), (Encoding::Zstd, 10 << 30)] {
        vendor_with(Answer::bomb(encoding, size)).assert_code(1).assert_says("larger than");
    }
}

#[test]
fn a_brotli_bomb_is_left_at_the_limit() {
    let bomb = Answer::bomb(Encoding::Brotli, 16 << 20);
    let cdn = good().answer(HOST, "/1.0.0/a.js", bomb);
    let project = with_new_page(&cdn, &["https://cdn.example/1.0.0/a.js"]);
    project.write("inhouse.toml", format!("{LIMITS}max-bytes = 8388608\n"));
    assert_survives(&project, &[]).assert_code(1).assert_says("larger than 8388608 bytes");
}

#[test]
fn many_bombs_at_once_need_no_more_memory_than_one() {
    let bomb = Answer::bomb(Encoding::Zstd, 10 << 30);
    let cdn = good().answer_with(HOST, "/1.0.0/a.js", move |_, _| bomb.clone());
    let urls: Vec<_> = (0..40).map(|n| format!("https://cdn.example/1.0.0/a.js?{n}")).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    assert_survives(&with_new_page(&cdn, &urls), &[]).assert_code(1);
}

#[test]
fn downloads_that_are_too_large_together_fail_the_run() {
    let body = vec![b'/'; 3 << 20];
    let cdn = good().answer_with(HOST, "/1.0.0/a.js", move |_, _| Answer::ok(body.clone()));
    let urls: Vec<_> = (0..4).map(|n| format!("https://cdn.example/1.0.0/a.js?{n}")).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let project = with_new_page(&cdn, &urls);
    project.write("inhouse.toml", format!("{LIMITS}max-total-bytes = 10485760\n"));
    for mode in [&[][..], &["--on-error", "keep"]] {
        assert_survives(&project, mode)
            .assert_code(1)
            .assert_says("the downloads of this run are larger than 10485760 bytes");
    }
}

#[test]
fn an_endless_body_is_left_at_the_limit() {
    vendor_with(Answer::endless(vec![b'/'; 1 << 16])).assert_code(1).assert_says("larger than");
}

#[test]
fn a_body_that_drips_meets_the_deadline() {
    let drip = Answer::ok(vec![b'/'; 10_000]).dripping(Duration::from_millis(200));
    vendor_with(drip).assert_code(2).assert_says("did not answer completely within 2s");
}

#[test]
fn a_flood_of_headers_is_not_proper_http() {
    vendor_with(Answer::ok(JS).flood(100_000)).assert_code(1).assert_says("not proper HTTP");
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'y'; 50 << 20]].concat();
    vendor_with(Answer::raw(endless)).assert_code(1).assert_says("not proper HTTP");
}

#[test]
fn ten_thousand_redirects_are_ten() {
    let cdn = good().answer_with(HOST, "/1.0.0/a.js", |request, _| {
        let hop: u32 = request.target.split_once('?').map_or(0, |(_, n)| n.parse().unwrap());
        if hop == 10_000 { Answer::ok(JS) } else { Answer::redirect(302, &format!("?{}", hop + 1)) }
    });
    let project = with_new_page(&cdn, &["https://cdn.example/1.0.0/a.js"]);
    assert_survives(&project, &[]).assert_code(1).assert_says("redirects more than 10 times");
    assert_eq!(cdn.requests(HOST, "/1.0.0/a.js"), 11);
}

#[test]
fn every_fault_at_once_is_named_and_nothing_is_stored() {
    let html = "<!doctype html><title>Just a moment...</title>";
    let faults = [
        ("status", Answer::status(404).body("gone")),
        ("server", Answer::status(503)),
        ("cut", Answer::ok(vec![b'/'; 5000]).cut_after(2000)),
        ("tls-cut", Answer::ok(JS).until_close()),
        ("silence", Answer::silence()),
        ("garbage", Answer::raw("SSH-2.0-OpenSSH_9.9\r\n")),
        ("captcha", Answer::ok(html).content_type("text/html")),
        ("html-as-js", Answer::ok(html)),
        ("empty", Answer::ok("")),
        ("json", Answer::ok("{\"error\":\"quota\"}").content_type("application/json")),
        ("image", Answer::ok(JS).content_type("image/png")),
        ("partial", Answer::ok(JS).with_status(206)),
        ("no-content", Answer::status(204)),
        ("encoding", Answer::ok(JS).header("content-encoding", "compress")),
        ("broken-gzip", Answer::ok(JS).header("content-encoding", "gzip")),
        ("downgrade", Answer::redirect(301, "http://cdn.example/1.0.0/good.js")),
        ("file", Answer::redirect(301, "file:///etc/passwd")),
        ("inward", Answer::redirect(302, "https://169.254.169.254/latest/meta-data/")),
        ("circle", Answer::redirect(302, "https://cdn.example/1.0.0/circle.js")),
        ("nowhere", Answer::redirect(302, "https://[")),
        ("denied", Answer::redirect(302, "https://polyfill.io/v3/polyfill.min.js")),
        ("credentials", Answer::redirect(302, "https://user:secret@cdn.example/1.0.0/good.js")),
        ("huge", Answer::ok(JS).without("content-length").header("content-length", "99999999999")),
    ];
    let count = faults.len();
    let urls: Vec<_> =
        faults.iter().map(|(name, _)| format!("https://cdn.example/1.0.0/{name}.js")).collect();
    let cdn =
        faults.into_iter().fold(good().file(HOST, "/1.0.0/good.js", JS), |cdn, (name, answer)| {
            cdn.answer(HOST, &format!("/1.0.0/{name}.js"), answer)
        });
    let mut all: Vec<_> = urls.iter().map(String::as_str).collect();
    all.push("https://cdn.example/1.0.0/good.js");
    let outcome = assert_survives(&with_new_page(&cdn, &all), &[]);
    outcome.assert_code(1);
    for url in &urls {
        outcome.assert_says(url);
    }
    assert!(!outcome.text().contains("secret"), "{}", outcome.text());
    outcome.assert_says(&format!("{count} errors"));
}

// The same URL, other bytes.

#[test]
fn a_url_with_other_bytes_on_each_request_cannot_change_what_is_locked() {
    let cdn =
        Cdn::start().answer_with(HOST, "/1.0.0/a.js", |_, nth| Answer::ok(format!("v({nth})")));
    let project = project(&cdn, &["https://cdn.example/1.0.0/a.js"]);
    let page = std::fs::read(project.path("public/index.html")).unwrap();
    project.vendor(&[]).assert_code(0);
    assert_eq!(cdn.requests(HOST, "/1.0.0/a.js"), 1);
    // A fresh clone: a lockfile without bytes, and the page as the generator built it.
    std::fs::remove_dir_all(project.path("vendor-cache/cdn.example")).unwrap();
    std::fs::remove_dir_all(project.path("public/vendor")).unwrap();
    project.write("public/index.html", page);
    for mode in [&[][..], &["--locked"], &["--on-error", "keep"]] {
        assert_survives(&project, mode).assert_code(1).assert_says("integrity mismatch");
    }
}

#[test]
fn a_file_that_its_author_never_published_is_refused_on_first_use() {
    let url = "https://cdn.jsdelivr.net/npm/lib@1.0.0/lib.js";
    let cdn = good()
        .package(REGISTRY, Package::new("lib", "1.0.0").file("lib.js", JS))
        // A client that looks like a browser gets the file that the author published.
        .answer_with(JSDELIVR, "/npm/lib@1.0.0/lib.js", |request, _| {
            let browser = request.header("user-agent").is_some_and(|it| it.contains("Mozilla"));
            Answer::ok(if browser { JS } else { "steal()" })
        });
    let project = with_new_page(&cdn, &[url])
        .variable("NPM_CONFIG_REGISTRY", &format!("https://{REGISTRY}/"));
    for mode in [&[][..], &["--on-error", "keep"]] {
        assert_survives(&project, mode)
            .assert_code(1)
            .assert_says("is not what the package's author published");
    }
}

#[test]
fn the_authors_own_integrity_is_held_against_an_answer_by_user_agent() {
    let cdn = good().answer_with(HOST, "/1.0.0/a.js", |request, _| {
        let ours = request.header("user-agent").is_some_and(|it| it.starts_with("inhouse/"));
        Answer::ok(if ours { "steal()" } else { JS }).header("vary", "User-Agent")
    });
    let project = with_new_page(&cdn, &[]);
    let integrity = inhouse::integrity::Integrity::of(JS.as_bytes(), &[]);
    let tag = format!(
        "<script src=https://cdn.example/1.0.0/a.js integrity=\"{integrity}\" crossorigin></script>"
    );
    project.write("public/next.html", tag);
    for mode in [&[][..], &["--on-error", "keep"]] {
        assert_survives(&project, mode).assert_code(1).assert_says("integrity mismatch");
    }
}

#[test]
fn an_answer_that_depends_on_the_user_agent_is_marked_in_the_lockfile() {
    let cdn = Cdn::start().answer(
        HOST,
        "/1.0.0/a.js",
        Answer::ok(JS).header("vary", "accept-encoding, User-Agent"),
    );
    let project = project(&cdn, &["https://cdn.example/1.0.0/a.js"]);
    project.vendor(&[]).assert_code(0);
    let lock = std::fs::read_to_string(project.path("vendor-cache/inhouse.lock")).unwrap();
    assert!(lock.contains("varies = \"user-agent\""), "{lock}");
}

// Registries that misbehave.

#[test]
fn a_registry_that_lies_or_bombs_proves_nothing_and_costs_little() {
    let url = "https://cdn.jsdelivr.net/npm/lib@1.0.0/lib.js";
    let registry = format!("https://{REGISTRY}/");
    let package = || Package::new("lib", "1.0.0").file("lib.js", JS);
    let lying = good()
        .file(JSDELIVR, "/npm/lib@1.0.0/lib.js", JS)
        .package(REGISTRY, package().with_lying_tarball());
    let project = with_new_page(&lying, &[url]).variable("NPM_CONFIG_REGISTRY", &registry);
    assert_survives(&project, &["--source", "npm"])
        .assert_code(1)
        .assert_says("is not the published one");
    let bomb = Answer::bomb(Encoding::Zstd, 10 << 30).content_type("application/json");
    for path in ["/lib", "/lib/-/lib-1.0.0.tgz"] {
        let cdn = good()
            .file(JSDELIVR, "/npm/lib@1.0.0/lib.js", JS)
            .package(REGISTRY, package())
            .answer(REGISTRY, path, bomb.clone());
        let project = with_new_page(&cdn, &[url]).variable("NPM_CONFIG_REGISTRY", &registry);
        assert_survives(&project, &["--source", "npm"]).assert_code(1);
    }
}

// Addresses.

#[test]
fn no_spelling_of_a_private_address_is_connected_to() {
    let cdn = good();
    let port = cdn.address().port();
    let before = |project: &Project| (project.snapshot(), cdn.connections());
    for host in [
        "localhost",
        "LOCALHOST",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7F000001",
        "0177.0.0.01",
        "017700000001",
        "１２７。0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
    ] {
        let project = with_new_page(&cdn, &[&format!("https://{host}:{port}/1.0.0/a.js")]);
        let (files, connections) = before(&project);
        let outcome = project.vendor(&[]);
        outcome.assert_code(1).assert_says("--allow-private");
        assert!(project.snapshot() == files, "{host}");
        assert_eq!(cdn.connections(), connections, "{host}");
    }
}

#[test]
fn a_redirect_to_a_name_that_resolves_inward_is_refused() {
    let cdn = good();
    let inward = format!("https://localhost:{}/1.0.0/good.js", cdn.address().port());
    let cdn = cdn.redirect(HOST, "/1.0.0/a.js", &inward);
    let project = with_new_page(&cdn, &["https://cdn.example/1.0.0/a.js"]);
    assert_survives(&project, &[]).assert_code(1).assert_says("`localhost` is at 127.0.0.1");
}

/// Set in the child that has a network of its own.
const REBINDING: &str = "INHOUSE_TEST_REBINDING";

/// A name server that answers with a public address first and with loopback ever after.
///
/// It needs port 53 and a `resolv.conf` of its own: the test runs itself again in new namespaces.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_turns_inward_between_two_look_ups_is_not_followed() {
    if std::env::var_os(REBINDING).is_some() {
        return rebind();
    }
    let enter = "ip link set lo up && echo nameserver 127.0.0.1 > \"$1/resolv.conf\" \
        && echo 'hosts: files dns' > \"$1/nsswitch.conf\" \
        && mount --bind \"$1/resolv.conf\" /etc/resolv.conf \
        && mount --bind \"$1/nsswitch.conf\" /etc/nsswitch.conf && exec \"$2\" --exact \
        a_name_that_turns_inward_between_two_look_ups_is_not_followed --nocapture";
    let folder = tempfile::tempdir().unwrap();
    let unshare = |arguments: &[&std::ffi::OsStr]| {
        let mut command = Command::new("unshare");
        command.args(["-rmn", "sh", "-c"]).args(arguments);
        command
    };
    let able =
        unshare(&["ip link set lo up && mount --bind /etc/resolv.conf /etc/resolv.conf".as_ref()]);
    if !{ able }.output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no namespaces here");
        return;
    }
    let test = std::env::current_exe().unwrap();
    let mut command =
        unshare(&[enter.as_ref(), "sh".as_ref(), folder.path().as_ref(), test.as_ref()]);
    command.env(REBINDING, "1");
    let outcome = watch(command);
    outcome.assert_code(0).assert_says("1 passed");
}

#[cfg(target_os = "linux")]
fn rebind() {
    let names = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = names.recv_from(&mut query) {
            let is_a = query[..length].ends_with(&[0, 1, 0, 1]);
            let nth = if is_a { count.fetch_add(1, Ordering::SeqCst) } else { 0 };
            let address = if nth == 0 { [93, 184, 216, 34] } else { [127, 0, 0, 1] };
            names.send_to(&dns_answer(&query[..length], is_a.then_some(address)), from).unwrap();
        }
    });
    let cdn = Cdn::start().file("rebind.example", "/1.0.0/a.js", JS);
    let SocketAddr::V4(address) = cdn.address() else { panic!("the server listens on IPv4") };
    let url = format!("https://rebind.example:{}/1.0.0/a.js", address.port());
    let page = script(&url);
    let ca = cdn.ca_cert().to_str().unwrap().to_owned();
    let project = Project::with_page(page).always(["--ca-cert".to_owned(), ca]);
    project.write("inhouse.toml", LIMITS);
    let outcome = assert_survives(&project, &[]);
    outcome.assert_says("`rebind.example` is at 127.0.0.1");
    assert!(asked.load(Ordering::SeqCst) >= 2, "the name was asked for again");
    assert_eq!(cdn.connections(), 0);
    // The server is there: it was not asked.
    project.vendor(&["--allow-private"]).assert_code(0);
    assert_eq!(cdn.connections(), 1);
}

/// The answer to a DNS query (RFC 1035, 4.1): the question again, and one address or none.
#[cfg(target_os = "linux")]
fn dns_answer(query: &[u8], address: Option<[u8; 4]>) -> Vec<u8> {
    // Identification; response, recursion available; one question, so many answers.
    let end = query[12..].iter().position(|byte| *byte == 0).unwrap() + 12 + 5;
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    answer.extend(&query[12..end]);
    if let Some(address) = address {
        // The name of the question, type A, class IN, no time to live, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address);
    }
    answer
}
