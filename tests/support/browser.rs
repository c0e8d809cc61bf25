//! A headless Chromium and a static file server, for looking at a site as a visitor would.
//!
//! Chromium is driven over its DevTools pipe: unlike `--dump-dom`, that shows every request the page
//! tried, every line of its console and every refused script as they happen, and ends when the page
//! is done rather than when a clock says so. All hosts but loopback are unreachable to it.
#![allow(dead_code)] // every test binary compiles all of this and uses its own part

use std::{
    collections::BTreeMap,
    env, fmt, fs,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A page that is not done by then has failed.
const PAGE_LIMIT: Duration = Duration::from_secs(60);
/// A page is done when it is loaded and ready and nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(750);
const POLL: Duration = Duration::from_millis(100);

/// The Chromium to test with; without one the test says that it is skipped, unless
/// `INHOUSE_REQUIRE_BROWSER=1` makes that a failure.
pub fn chromium_or_skip() -> Option<PathBuf> {
    let found = find_chromium();
    if found.is_none() {
        let required = env::var("INHOUSE_REQUIRE_BROWSER").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "INHOUSE_REQUIRE_BROWSER=1, but no chromium, chromium-browser or google-chrome on PATH"
        );
        say_skipped("no chromium, chromium-browser or google-chrome on PATH");
    }
    found
}

/// Writes to stderr itself: the test harness hides what `eprintln!` prints in a test that passes.
pub fn say_skipped(why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED (tests/{}.rs): {why}", env!("CARGO_CRATE_NAME"));
}

/// The first Chromium-like browser on the `PATH`.
fn find_chromium() -> Option<PathBuf> {
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH")?).collect();
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

/// What one visit to one page showed.
#[derive(Debug, Default)]
pub struct Visit {
    /// URLs the page asked for, in order, itself included.
    pub requests: Vec<String>,
    /// What went wrong: console errors, uncaught exceptions, refused scripts.
    pub errors: Vec<PageError>,
    /// `data-ready` of `<html>`: the libraries that have run, sorted, separated by commas.
    pub ready: String,
    /// `href`s of `<link>`s that make a browser contact another host ahead of time.
    pub hints: Vec<String>,
}

/// One error as the console shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageError {
    /// The words of the console.
    pub text: String,
    /// The resource it is about, or empty.
    pub url: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.url)
    }
}

impl Visit {
    /// The requests that left `origin`; `data:` and `blob:` URLs never leave the page.
    pub fn requests_off(&self, origin: &str) -> Vec<&str> {
        self.requests
            .iter()
            .map(String::as_str)
            .filter(|url| !["data:", "blob:", "about:"].iter().any(|own| url.starts_with(own)))
            .filter(|url| url.strip_prefix(origin).is_none_or(|rest| !rest.starts_with('/')))
            .collect()
    }

    /// URLs that were asked for more than once: a preload that does not match its script does that.
    pub fn requested_twice(&self) -> Vec<&str> {
        let mut counts = BTreeMap::new();
        for url in &self.requests {
            *counts.entry(url.as_str()).or_insert(0) += 1;
        }
        counts.into_iter().filter(|&(_, count)| count > 1).map(|(url, _)| url).collect()
    }

    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(text(&params["request"]["url"]))
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                let entry = &params["entry"];
                self.errors
                    .push(PageError { text: text(&entry["text"]), url: text(&entry["url"]) });
            }
            Some("Runtime.exceptionThrown") => {
                let details = &params["exceptionDetails"];
                let what = details["exception"]["description"].as_str();
                let text = what.map_or_else(|| text(&details["text"]), str::to_owned);
                let url = details["url"].as_str().unwrap_or_default().to_owned();
                self.errors.push(PageError { text, url });
            }
            Some("Runtime.consoleAPICalled")
                if params["type"] == "error" || params["type"] == "assert" =>
            {
                self.errors
                    .push(PageError { text: params["args"].to_string(), url: String::new() });
            }
            _ => {}
        }
    }
}

/// A running headless Chromium; dropping it ends the process.
pub struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    next_id: u64,
    _profile: TempDir,
}

impl Browser {
    /// Starts `chromium` with a fresh profile that reaches no host but 127.0.0.1.
    pub fn start(chromium: &Path) -> io::Result<Self> {
        Self::start_with(chromium, &["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"])
    }

    /// The same, but every host's name leads to the server at `address`, whatever its certificate.
    pub fn start_reaching(chromium: &Path, address: SocketAddr) -> io::Result<Self> {
        let rules = format!("--host-resolver-rules=MAP * {address}, EXCLUDE 127.0.0.1");
        Self::start_with(chromium, &[&rules, "--ignore-certificate-errors"])
    }

    fn start_with(chromium: &Path, reach: &[&str]) -> io::Result<Self> {
        let profile = tempfile::tempdir()?;
        // Chromium uses descriptors 3 and 4; the shell connects our two pipes to them.
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--disable-dev-shm-usage", "--window-size=1200,900", "--remote-debugging-pipe"])
            .args(reach)
            .arg("--no-proxy-server")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let commands = process.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            for message in answers.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { break };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Ok(Self { process, commands, messages, next_id: 0, _profile: profile })
    }

    /// Opens `url` in a new tab and watches it until `data-ready` equals `ready` and the network is
    /// quiet, or until the page had ample time: then the visit shows what is missing.
    pub fn visit(&mut self, url: &str, ready: &str) -> Visit {
        self.visit_with_limit(url, ready, PAGE_LIMIT)
    }

    /// As [`Browser::visit`], for a page that is expected never to become ready.
    pub fn visit_with_limit(&mut self, url: &str, ready: &str, limit: Duration) -> Visit {
        let is_ready = |state: &Value| state["loaded"] == true && state["ready"] == ready;
        let (mut visit, state) = self.visit_until(url, STATE, is_ready, limit);
        visit.ready = state["ready"].as_str().unwrap_or_default().to_owned();
        visit.hints = strings(&state["hints"]);
        visit
    }

    /// Opens `url` in a new tab and asks the page `question`, a JavaScript expression, until `is_done`
    /// says so of the answer and the network is quiet, or until `limit`. Gives the last answer.
    pub fn visit_until(
        &mut self,
        url: &str,
        question: &str,
        is_done: impl Fn(&Value) -> bool,
        limit: Duration,
    ) -> (Visit, Value) {
        let deadline = Instant::now() + limit;
        let mut visit = Visit::default();
        // A context of its own for each visit: nothing cached by one page helps the next.
        let context = self.call(None, "Target.createBrowserContext", json!({}), &mut visit);
        let context = context["browserContextId"].clone();
        let session = self.open_tab(&context, &mut visit);
        self.call(Some(&session), "Page.navigate", json!({ "url": url }), &mut visit);

        let mut last_change = Instant::now();
        let (mut seen, mut answer) = (0, Value::Null);
        while Instant::now() < deadline {
            self.drain(POLL, &mut visit);
            let latest = self.evaluate(&session, question, &mut visit);
            if visit.requests.len() + visit.errors.len() != seen || latest != answer {
                seen = visit.requests.len() + visit.errors.len();
                last_change = Instant::now();
            }
            answer = latest;
            if is_done(&answer) && last_change.elapsed() > QUIET {
                break;
            }
        }
        let context = json!({ "browserContextId": context });
        self.call(None, "Target.disposeBrowserContext", context, &mut Visit::default());
        (visit, answer)
    }

    /// Opens a tab that reports what happens in it. Gives its session.
    fn open_tab(&mut self, context: &Value, visit: &mut Visit) -> String {
        let target = json!({ "url": "about:blank", "browserContextId": context });
        let target = self.call(None, "Target.createTarget", target, visit)["targetId"].clone();
        let attach = json!({ "targetId": target, "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach, visit)["sessionId"].clone();
        let session = session.as_str().expect("a session has an id").to_owned();
        for domain in ["Network.enable", "Log.enable", "Runtime.enable", "Page.enable"] {
            self.call(Some(&session), domain, json!({}), visit);
        }
        visit.errors.clear();
        session
    }

    fn evaluate(&mut self, session: &str, expression: &str, visit: &mut Visit) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        self.call(Some(session), "Runtime.evaluate", params, visit)["result"]["value"].take()
    }

    /// Sends one command and waits for its answer; what else arrives meanwhile goes into `visit`.
    fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
        visit: &mut Visit,
    ) -> Value {
        self.next_id += 1;
        let mut command = json!({ "id": self.next_id, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.commands
            .write_all(&bytes)
            .unwrap_or_else(|e| panic!("Chromium is gone at {method}: {e}"));
        let deadline = Instant::now() + PAGE_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(e) => panic!("Chromium did not answer {method}: {e}"),
            };
            if message["id"] == self.next_id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            visit.note(&message);
        }
    }

    /// Reads events for `time`.
    fn drain(&mut self, time: Duration, visit: &mut Visit) {
        let deadline = Instant::now() + time;
        loop {
            match self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => visit.note(&message),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("Chromium ended by itself"),
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let close = json!({ "id": u64::from(u32::MAX), "method": "Browser.close" });
        let _ = self.commands.write_all(format!("{close}\0").as_bytes());
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(POLL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What we ask the page itself.
const STATE: &str = r#"({
  loaded: document.readyState === "complete",
  ready: document.documentElement?.dataset?.ready ?? "",
  hints: [...document.querySelectorAll("link")]
    .filter(link => /\b(preconnect|dns-prefetch|preload|modulepreload|prefetch)\b/i.test(link.rel))
    .map(link => link.href).filter(href => new URL(href).origin !== location.origin),
})"#;

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Serves `folder` on a free loopback port for as long as the test runs, as plain web hosts do:
/// `index.html` for folders, `404.html` for what is missing. Returns the origin.
pub fn serve(folder: &Path) -> io::Result<String> {
    serve_and_note_missing(folder, Missing::default())
}

/// What was asked for and is not there. Workers ask too, and no page shows that.
pub type Missing = Arc<Mutex<Vec<String>>>;

/// As [`serve`], and notes what is missing.
pub fn serve_and_note_missing(folder: &Path, missing: Missing) -> io::Result<String> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let origin = format!("http://{}", listener.local_addr()?);
    let folder = folder.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (folder, missing) = (folder.clone(), missing.clone());
            thread::spawn(move || answer(&folder, &missing, stream));
        }
    });
    Ok(origin)
}

fn answer(folder: &Path, missing: &Missing, mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PAGE_LIMIT))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let target = request.split(' ').nth(1).unwrap_or("/");
    let (status, file) = match file_for(folder, target) {
        Some(file) => ("200 OK", file),
        None => {
            missing.lock().unwrap_or_else(PoisonError::into_inner).push(target.to_owned());
            ("404 Not Found", folder.join("404.html"))
        }
    };
    let body = fs::read(&file).unwrap_or_default();
    let kind = media_type(&file);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}

fn file_for(folder: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?;
    let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    if path.split(['/', '\\']).any(|segment| segment == "..") {
        return None;
    }
    let file = folder.join(path.trim_start_matches('/'));
    let file = if path.ends_with('/') { file.join("index.html") } else { file };
    file.is_file().then_some(file)
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
