//! Which failures may be temporary, and how long to wait before the next attempt.
//!
//! `Retry-After` is read by RFC 9110, section 10.2.3: seconds, or a date. Waits double, with
//! jitter, so that many workers do not come back at the same moment.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use super::Limits;

/// Whether and when a failed attempt is worth repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// It would fail again, or must not be asked again.
    Never,
    /// It may succeed, but every attempt is expensive: one more.
    Once,
    /// As often as the limits say, with growing waits.
    Backoff,
    /// As above, but the server named a time.
    After(Duration),
}

impl Retry {
    /// The wait before attempt number `attempt` + 1, or `None` to give up. Attempts count from 0.
    pub(super) fn wait(self, attempt: u32, limits: &Limits) -> Option<Duration> {
        if attempt >= limits.retries {
            return None;
        }
        let doubled = limits.backoff.saturating_mul(1 << attempt.min(16));
        match self {
            Self::Never => None,
            Self::Once if attempt > 0 => None,
            Self::Once => Some(limits.backoff.min(limits.longest_wait)),
            Self::Backoff => Some(with_jitter(doubled).min(limits.longest_wait)),
            Self::After(asked) => Some(asked.max(with_jitter(doubled)).min(limits.longest_wait)),
        }
    }

    /// What a status that is not 200 means for a further attempt.
    pub(super) fn for_status(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Self {
        let may_pass = status.is_server_error()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        if !may_pass {
            return Self::Never;
        }
        retry_after(headers, now).map_or(Self::Backoff, Self::After)
    }
}

fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Between half of `wait` and all of it.
fn with_jitter(wait: Duration) -> Duration {
    // Each `RandomState` is seeded anew; a generator of random numbers would be one crate more.
    let random = RandomState::new().hash_one(0_u8);
    let part = 0.5 + 0.5 * (random >> 11) as f64 / (1_u64 << 53) as f64;
    wait.mul_f64(part)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn limits() -> Limits {
        Limits {
            retries: 3,
            backoff: Duration::from_millis(100),
            longest_wait: Duration::from_secs(30),
            ..Limits::default()
        }
    }

    fn asked(status: u16, value: &'static str) -> Retry {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        Retry::for_status(StatusCode::from_u16(status).unwrap(), &headers, now)
    }

    #[test]
    fn waits_double_within_their_bounds_and_end() {
        for (attempt, full) in [(0, 100), (1, 200), (2, 400)] {
            let wait = Retry::Backoff.wait(attempt, &limits()).unwrap().as_millis();
            assert!((full / 2..=full).contains(&wait), "attempt {attempt}: {wait} ms");
        }
        assert_eq!(Retry::Backoff.wait(3, &limits()), None);
        assert_eq!(Retry::After(Duration::ZERO).wait(3, &limits()), None);
    }

    #[test]
    fn once_is_once() {
        assert!(Retry::Once.wait(0, &limits()).is_some());
        assert_eq!(Retry::Once.wait(1, &limits()), None);
    }

    #[test]
    fn no_retries_means_none() {
        let none = Limits { retries: 0, ..limits() };
        for retry in [Retry::Never, Retry::Once, Retry::Backoff, Retry::After(Duration::ZERO)] {
            assert_eq!(retry.wait(0, &none), None, "{retry:?}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(asked(429, "7"), Retry::After(Duration::from_secs(7)));
        // The example of RFC 9110, section 5.6.7, ten seconds from "now".
        let date = "Sun, 06 Nov 1994 08:49:47 GMT";
        assert_eq!(asked(503, date), Retry::After(Duration::from_secs(10)));
        assert_eq!(asked(503, "Sat, 06 Nov 1993 08:49:47 GMT"), Retry::After(Duration::ZERO));
        assert_eq!(asked(503, "soon"), Retry::Backoff);
        assert_eq!(asked(404, "7"), Retry::Never);
    }

    #[test]
    fn a_server_cannot_make_us_wait_for_ever() {
        let wait = asked(429, "18446744073709551615").wait(0, &limits());
        assert_eq!(wait, Some(Duration::from_secs(30)));
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        for (status, again) in [
            (408, true),
            (429, true),
            (500, true),
            (503, true),
            (204, false),
            (400, false),
            (403, false),
            (404, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let retry = Retry::for_status(status, &HeaderMap::new(), SystemTime::now());
            assert_eq!(retry == Retry::Backoff, again, "{status}");
        }
    }
}
