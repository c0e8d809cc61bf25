//! A small pool: a few threads, one queue, each URL once, results in a stable order.
//!
//! Keeps the limits on concurrency (`per_host`, `in_flight`) and nothing else; what a job does is the
//! caller's. The order in which jobs finish never shows: results come back sorted by URL.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, Scope},
};

use super::Limits;
use crate::reference::SubresourceUrl;

/// Runs `work` once for every URL of `first` and every URL that a finished job opens.
///
/// A job returns its result and the URLs it has found; those that were seen before are skipped.
///
/// # Panics
/// If `work` panics, after the other jobs under way have ended.
pub fn run<T: Send>(
    first: impl IntoIterator<Item = SubresourceUrl>,
    limits: &Limits,
    work: impl Fn(&SubresourceUrl) -> (T, Vec<SubresourceUrl>) + Sync,
) -> BTreeMap<SubresourceUrl, T> {
    let pool = Pool { state: Mutex::new(State::new(limits)), changed: Condvar::new() };
    pool.lock().add(first);
    thread::scope(|scope| pool.serve(scope, &work));
    pool.state.into_inner().unwrap_or_else(PoisonError::into_inner).results
}

struct Pool<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    per_host: usize,
    /// Threads that may still be started: never more than there were jobs for at one time.
    spare: usize,
    /// Threads that wait for a job.
    idle: usize,
    seen: BTreeSet<SubresourceUrl>,
    hosts: BTreeMap<String, HostQueue>,
    running: usize,
    /// A job has panicked: nothing new is started.
    broken: bool,
    results: BTreeMap<SubresourceUrl, T>,
}

/// The jobs of one host.
#[derive(Default)]
struct HostQueue {
    waiting: VecDeque<SubresourceUrl>,
    running: usize,
}

impl HostQueue {
    fn is_free(&self, per_host: usize) -> bool {
        self.running < per_host && !self.waiting.is_empty()
    }
}

impl<T> State<T> {
    fn new(limits: &Limits) -> Self {
        Self {
            per_host: limits.per_host.max(1),
            spare: limits.in_flight.max(1) - 1,
            idle: 0,
            seen: BTreeSet::new(),
            hosts: BTreeMap::new(),
            running: 0,
            broken: false,
            results: BTreeMap::new(),
        }
    }

    fn add(&mut self, urls: impl IntoIterator<Item = SubresourceUrl>) {
        for url in urls {
            if self.seen.insert(url.clone()) {
                self.hosts.entry(url.host().to_owned()).or_default().waiting.push_back(url);
            }
        }
    }

    /// The next job of the host that is least busy, so that one large host does not starve the rest.
    fn start(&mut self) -> Option<SubresourceUrl> {
        let per_host = self.per_host;
        let queues = self.hosts.values_mut().filter(|queue| queue.is_free(per_host));
        let queue = queues.min_by_key(|queue| queue.running)?;
        let url = queue.waiting.pop_front()?;
        queue.running += 1;
        self.running += 1;
        Some(url)
    }

    fn has_a_job(&self) -> bool {
        self.hosts.values().any(|queue| queue.is_free(self.per_host))
    }

    fn end(&mut self, url: &SubresourceUrl) {
        self.running -= 1;
        if let Some(queue) = self.hosts.get_mut(url.host()) {
            queue.running -= 1;
        }
    }

    fn is_over(&self) -> bool {
        self.broken
            || self.running == 0 && self.hosts.values().all(|queue| queue.waiting.is_empty())
    }
}

/// A running job. Dropping it ends the job, also after a panic: else the other threads would wait for
/// ever.
struct Slot<'a, T> {
    pool: &'a Pool<T>,
    url: SubresourceUrl,
}

impl<T> Drop for Slot<'_, T> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.end(&self.url);
        if thread::panicking() {
            state.broken = true;
            self.pool.changed.notify_all();
        }
    }
}

impl<T: Send> Pool<T> {
    /// Takes jobs until there are no more.
    fn serve<'scope, 'env, W>(&'env self, scope: &'scope Scope<'scope, 'env>, work: &'env W)
    where
        W: Fn(&SubresourceUrl) -> (T, Vec<SubresourceUrl>) + Sync,
    {
        while let Some((url, help)) = self.next() {
            let slot = Slot { pool: self, url };
            if help {
                scope.spawn(move || self.serve(scope, work));
            }
            let (result, opened) = work(&slot.url);
            let mut state = self.lock();
            state.add(opened);
            state.results.insert(slot.url.clone(), result);
        }
    }

    /// Waits for a job that may start, or for the end; and whether to start one more thread.
    ///
    /// A thread that takes a job wakes or starts one other if there is another job. Waking all of them
    /// after every job would wake most for nothing.
    fn next(&self) -> Option<(SubresourceUrl, bool)> {
        let mut state = self.lock();
        loop {
            if state.is_over() {
                self.changed.notify_all();
                return None;
            }
            if let Some(url) = state.start() {
                let more = state.has_a_job();
                let help = more && state.idle == 0 && state.spare > 0;
                state.spare -= usize::from(help);
                if more && !help {
                    self.changed.notify_one();
                }
                return Some((url, help));
            }
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

impl<T> Pool<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{HashMap, HashSet},
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        time::Duration,
    };

    use super::*;

    fn url(host: &str, number: usize) -> SubresourceUrl {
        format!("https://{host}/{number}.js").parse().unwrap()
    }

    fn limits(per_host: usize, in_flight: usize) -> Limits {
        Limits { per_host, in_flight, ..Limits::default() }
    }

    #[test]
    fn each_url_is_worked_on_once_and_results_are_sorted() {
        let calls = AtomicUsize::new(0);
        let urls = (0..50).chain(0..50).map(|number| url("a.test", number % 20));
        let results = run(urls, &limits(8, 16), |url| {
            calls.fetch_add(1, SeqCst);
            (url.as_str().len(), Vec::new())
        });
        assert_eq!((calls.into_inner(), results.len()), (20, 20));
        assert!(results.iter().all(|(url, length)| url.as_str().len() == *length));
    }

    #[test]
    fn a_finished_job_opens_further_jobs() {
        // A binary tree with an edge back to its root.
        let results = run([url("a.test", 1)], &limits(2, 4), |job| {
            let number: usize = job.as_url().path()[1..].trim_end_matches(".js").parse().unwrap();
            let children = [1, number * 2, number * 2 + 1].into_iter().filter(|child| *child < 64);
            (number, children.map(|child| url("a.test", child)).collect())
        });
        assert_eq!(results.len(), 63);
    }

    #[test]
    fn no_more_run_at_once_than_the_limits_say() {
        let running: HashMap<_, _> = ["a.test", "b.test", "c.test"]
            .map(|host| (host.to_owned(), AtomicUsize::new(0)))
            .into();
        let all = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        let urls = running.keys().flat_map(|host| (0..12).map(|number| url(host, number)));
        run(urls, &limits(2, 5), |url| {
            let here = running[url.host()].fetch_add(1, SeqCst) + 1;
            let total = all.fetch_add(1, SeqCst) + 1;
            most.fetch_max(total, SeqCst);
            assert!(here <= 2 && total <= 5, "{here} of {total}");
            thread::sleep(Duration::from_millis(2));
            all.fetch_sub(1, SeqCst);
            running[url.host()].fetch_sub(1, SeqCst);
            ((), Vec::new())
        });
        assert!(most.into_inner() > 1, "nothing ran side by side");
    }

    #[test]
    fn no_more_threads_are_started_than_there_is_work_for() {
        let threads = Mutex::new(HashSet::new());
        let results = run((0..3).map(|n| url("a.test", n)), &limits(8, 100), |_| {
            threads.lock().unwrap().insert(thread::current().id());
            thread::sleep(Duration::from_millis(5));
            ((), Vec::new())
        });
        assert_eq!(results.len(), 3);
        assert!(threads.into_inner().unwrap().len() <= 3);
    }

    #[test]
    fn jobs_that_one_job_opens_run_side_by_side() {
        // Each waits for all the others, so one that is forgotten hangs the test.
        let together = Barrier::new(8);
        let results = run([url("a.test", 0)], &limits(8, 8), |job| {
            if job.as_str().ends_with("/0.js") {
                return ((), (1..9).map(|n| url("a.test", n)).collect());
            }
            together.wait();
            ((), Vec::new())
        });
        assert_eq!(results.len(), 9);
    }

    #[test]
    fn no_job_is_no_result() {
        assert!(run([], &limits(1, 1), |_| ((), Vec::new())).is_empty());
    }

    #[test]
    fn limits_of_zero_still_work() {
        assert_eq!(run([url("a.test", 1)], &limits(0, 0), |_| ((), Vec::new())).len(), 1);
    }

    #[test]
    fn a_panic_ends_the_run_instead_of_hanging_it() {
        let run = || {
            run((0..9).map(|n| url("a.test", n)), &limits(1, 4), |job| {
                assert!(!job.as_str().contains("/3."), "on purpose");
                ((), Vec::new())
            })
        };
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
