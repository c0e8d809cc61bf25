//! First contact: to each host one request goes ahead, the others wait until it is connected.
//!
//! With HTTP/2 all requests to a host share one connection, but whether a host speaks it is known
//! only after the first handshake. Requests that set out together would each make one of their own,
//! all but one for nothing: work for both sides, and no good manners.

use std::{
    collections::HashMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The longest wait for somebody else's connection. It is only there to be polite: a host whose
/// first answer hangs must not make the others late.
const PATIENCE: Duration = Duration::from_millis(500);

/// Which hosts have been met.
#[derive(Debug, Default)]
pub(super) struct Introductions {
    hosts: Mutex<HashMap<String, Acquaintance>>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acquaintance {
    /// One request is on its way to a first connection.
    Begun,
    /// There is a connection, or the first request has ended without one.
    Ended,
}

/// Whoever goes ahead. Its end lets the others go, whatever has come of it.
#[must_use]
pub(super) struct First<'a> {
    introductions: &'a Introductions,
    host: &'a str,
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.introductions.end(self.host);
    }
}

impl Introductions {
    /// Goes ahead as the first, or waits for whoever does, but not beyond `deadline`.
    pub(super) fn begin<'a>(&'a self, host: &'a str, deadline: Instant) -> Option<First<'a>> {
        let deadline = deadline.min(Instant::now() + PATIENCE);
        let mut hosts = self.lock();
        loop {
            match hosts.get(host) {
                None => {
                    hosts.insert(host.to_owned(), Acquaintance::Begun);
                    return Some(First { introductions: self, host });
                }
                Some(Acquaintance::Ended) => return None,
                Some(Acquaintance::Begun) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let woken = self.changed.wait_timeout(hosts, left);
            hosts = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets everybody go who waits for `host`.
    pub(super) fn end(&self, host: &str) {
        if let Some(begun @ Acquaintance::Begun) = self.lock().get_mut(host) {
            *begun = Acquaintance::Ended;
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Acquaintance>> {
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
        let introductions = Introductions::default();
        let first = introductions.begin("a.test", soon());
        assert!(first.is_some());
        let (sender, gone) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let second = introductions.begin("a.test", soon());
                sender.send(second.is_none()).unwrap();
            });
            assert!(gone.recv_timeout(Duration::from_millis(20)).is_err(), "it has not waited");
            introductions.end("a.test");
            assert!(gone.recv().unwrap());
        });
        assert!(introductions.begin("a.test", soon()).is_none());
    }

    #[test]
    fn another_host_is_not_waited_for() {
        let introductions = Introductions::default();
        let _first = introductions.begin("a.test", soon());
        assert!(introductions.begin("b.test", soon()).is_some());
    }

    #[test]
    fn a_first_request_that_fails_holds_nobody_up() {
        let introductions = Introductions::default();
        drop(introductions.begin("a.test", soon()));
        assert!(introductions.begin("a.test", soon()).is_none());
    }

    #[test]
    fn nobody_waits_beyond_the_deadline_or_for_ever() {
        let introductions = Introductions::default();
        let _first = introductions.begin("a.test", soon());
        let start = Instant::now();
        assert!(introductions.begin("a.test", start + Duration::from_millis(20)).is_none());
        assert!(start.elapsed() < PATIENCE);
        assert!(introductions.begin("a.test", soon()).is_none());
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}
