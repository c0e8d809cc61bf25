//! A first run on a site with 40 scripts, from start to exit: what the network side costs.
//!
//! A CDN on loopback answers each script 30 ms after it is asked, over TLS. Every round vendors a
//! fresh site without a lockfile. The site lies in memory where the system has such a folder, or the
//! disk would be what is measured: cache and lockfile are flushed to it; one variant shows how much
//! that is. The server works on the same cores, and is part of every figure. `cargo bench --bench downloads` prints the median of each variant;
//! `-- --quiet-line` only `median_ms=…` of the first, which is what a browser's CDN looks like;
//! `-- --rounds N` asks for another number of rounds.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use support::{cdn::Cdn, http::Answer};

const SCRIPTS: usize = 40;
const DELAY: Duration = Duration::from_millis(30);
/// Size of one script in bytes.
const SIZE: usize = 20_000;
const ROUNDS: usize = 15;

/// A CDN, and the addresses of the scripts it has.
struct Variant {
    name: &'static str,
    cdn: Cdn,
    urls: Vec<String>,
    folder: PathBuf,
}

impl Variant {
    fn new(name: &'static str, cdn: Cdn, hosts: usize) -> Self {
        let mut variant = Self { name, cdn, urls: Vec::new(), folder: memory() };
        for number in 0..SCRIPTS {
            let (host, path) =
                (format!("cdn{}.example", number % hosts), format!("/lib@1.0.{number}/lib.js"));
            variant.urls.push(format!("https://{host}{path}"));
            let answer = Answer::ok(script(number)).delayed(DELAY);
            variant.cdn = variant.cdn.answer(&host, &path, answer);
        }
        variant
    }

    /// Vendors a fresh site; how long that took, and how many connections it made.
    fn round(&self) -> (Duration, usize) {
        let project = tempfile::tempdir_in(&self.folder).unwrap();
        write_site(&project.path().join("site"), &self.urls);
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhouse"));
        command.current_dir(project.path()).args(["vendor", "site", "--source", "cdn"]);
        command.arg("--allow-private").args(self.cdn.resolve_args());
        let connections = self.cdn.connections();
        let start = Instant::now();
        let output = command.output().unwrap();
        let elapsed = start.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (elapsed, self.cdn.connections() - connections)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--rounds");
    let rounds = given.map_or(ROUNDS, |at| arguments[at + 1].parse().unwrap());
    let main = Variant::new("one host, HTTP/2", Cdn::start_http2(), 1);
    if arguments.iter().any(|argument| argument == "--quiet-line") {
        println!("median_ms={:.1}", milliseconds(median(&measure(&[main], rounds)[0])));
        return;
    }
    let variants = [
        main,
        Variant::new("4 hosts, HTTP/2", Cdn::start_http2(), 4),
        Variant::new("one host, HTTP/1.1", Cdn::start(), 1),
        Variant::new("4 hosts, HTTP/1.1", Cdn::start(), 4),
        Variant {
            folder: std::env::temp_dir(),
            ..Variant::new("one host, HTTP/2, on disk", Cdn::start_http2(), 1)
        },
    ];
    println!("{SCRIPTS} scripts, {DELAY:?} each, {rounds} rounds, variants take turns");
    println!("{:<26} {:>9} {:>9} {:>12}", "", "median", "best", "connections");
    for (variant, times) in variants.iter().zip(measure(&variants, rounds)) {
        let connections = variant.round().1;
        let best = times.iter().min().copied().unwrap_or_default();
        let (median, best) = (milliseconds(median(&times)), milliseconds(best));
        println!("{:<26} {median:>6.1} ms {best:>6.1} ms {connections:>12}", variant.name);
    }
}

/// The times of each variant, which take turns so that a noisy minute is everybody's.
fn measure(variants: &[Variant], rounds: usize) -> Vec<Vec<Duration>> {
    // The first connection to a host makes the server issue its certificate.
    variants.iter().for_each(|variant| _ = variant.round());
    let mut times = vec![Vec::new(); variants.len()];
    for _ in 0..rounds.max(1) {
        for (variant, times) in variants.iter().zip(&mut times) {
            times.push(variant.round().0);
        }
    }
    times
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A folder that is memory, if there is one.
fn memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}

fn script(number: usize) -> String {
    let line = format!("window.libraries[{number}] = () => alert('{number}');\n");
    line.repeat(SIZE.div_ceil(line.len()))
}

fn write_site(site: &Path, urls: &[String]) {
    fs::create_dir_all(site).unwrap();
    let tags: String =
        urls.iter().map(|url| format!("<script src=\"{url}\"></script>\n")).collect();
    fs::write(site.join("index.html"), format!("<!doctype html>\n<title>Forty</title>\n{tags}"))
        .unwrap();
}
