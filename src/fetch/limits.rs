//! Limits of downloading: time, size and concurrency.

use std::time::Duration;

/// The limits of downloading; each has a default that suits a script of a web page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time to find and connect to a host, TLS included.
    pub connect: Duration,
    /// Time for one attempt: every redirect, the headers and the last byte of the body.
    pub total: Duration,
    /// Bytes of one body after decompression.
    pub max_bytes: u64,
    /// Bytes of all bodies of a run together: all are held in memory until the last one is there.
    pub max_total_bytes: u64,
    /// Redirects followed for one URL.
    pub redirects: usize,
    /// Further attempts after a failure that may pass.
    pub retries: u32,
    /// The wait before the first further attempt; it doubles each time, up to `longest_wait`.
    pub backoff: Duration,
    /// The longest wait between two attempts, whatever `Retry-After` asks for.
    pub longest_wait: Duration,
    /// Requests in flight to one host. With HTTP/2, which nearly every CDN speaks, they share one
    /// connection, and servers should allow a hundred on it (RFC 9113, 6.5.2). With HTTP/1.1
    /// each is a connection: more than a browser's six, less than the fifty of package managers, and
    /// only for the moment that a first run takes.
    pub per_host: usize,
    /// Requests in flight altogether; each needs a thread and memory for its body.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(60),
            max_bytes: 64 << 20,
            max_total_bytes: 256 << 20,
            redirects: 10,
            retries: 3,
            backoff: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
            per_host: 32,
            in_flight: 32,
        }
    }
}
