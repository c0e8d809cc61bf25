//! The first connection to a host: one request makes it, the others wait until it is there.
//!
//! With HTTP/2 all requests to a host share one connection, but whether a host speaks it is known
//! only after the first handshake. Requests that start together would each make a connection of their
//! own: wasted handshakes for client and server.

use std::{
    collections::HashMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The longest wait for another request's connection. Waiting only saves handshakes: a host whose first
/// answer hangs must not delay the others.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Which hosts have a connection.
#[derive(Debug, Default)]
pub(super) struct FirstConnections {
    hosts: Mutex<HashMap<String, Progress>>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// One request is on its way to a first connection.
    Begun,
    /// There is a connection, or the first request has ended without one.
    Ended,
}

/// The request that makes the first connection. When it ends, with or without one, the others go on.
#[must_use]
pub(super) struct FirstRequest<'a> {
    connections: &'a FirstConnections,
    host: &'a str,
}

impl Drop for FirstRequest<'_> {
    fn drop(&mut self) {
        self.connections.end(self.host);
    }
}

impl FirstConnections {
    /// Begins as the first request to `host`, or waits for the first, but not beyond `deadline`.
    pub(super) fn begin<'a>(
        &'a self,
        host: &'a str,
        deadline: Instant,
    ) -> Option<FirstRequest<'a>> {
        let deadline = deadline.min(Instant::now() + LONGEST_WAIT);
        let mut hosts = self.lock();
        loop {
            match hosts.get(host) {
                None => {
                    hosts.insert(host.to_owned(), Progress::Begun);
                    return Some(FirstRequest { connections: self, host });
                }
                Some(Progress::Ended) => return None,
                Some(Progress::Begun) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let woken = self.changed.wait_timeout(hosts, left);
            hosts = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the wait of all requests to `host`.
    pub(super) fn end(&self, host: &str) {
        if let Some(begun @ Progress::Begun) = self.lock().get_mut(host) {
            *begun = Progress::Ended;
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Progress>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn one_goes_ahead_and_the_others_follow_when_the_host_is_met() {
        let connections = FirstConnections::default();
        let first = connections.begin("a.test", soon());
        assert!(first.is_some());
        let (sender, gone) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let second = connections.begin("a.test", soon());
                sender.send(second.is_none()).unwrap();
            });
            assert!(gone.recv_timeout(Duration::from_millis(20)).is_err(), "it has not waited");
            connections.end("a.test");
            assert!(gone.recv().unwrap());
        });
        assert!(connections.begin("a.test", soon()).is_none());
    }

    #[test]
    fn another_host_is_not_waited_for() {
        let connections = FirstConnections::default();
        let _first = connections.begin("a.test", soon());
        assert!(connections.begin("b.test", soon()).is_some());
    }

    #[test]
    fn a_first_request_that_fails_holds_nobody_up() {
        let connections = FirstConnections::default();
        drop(connections.begin("a.test", soon()));
        assert!(connections.begin("a.test", soon()).is_none());
    }

    #[test]
    fn nobody_waits_beyond_the_deadline_or_for_ever() {
        let connections = FirstConnections::default();
        let _first = connections.begin("a.test", soon());
        let start = Instant::now();
        assert!(connections.begin("a.test", start + Duration::from_millis(20)).is_none());
        assert!(start.elapsed() < LONGEST_WAIT);
        assert!(connections.begin("a.test", soon()).is_none());
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}
