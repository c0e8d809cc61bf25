//! Reading a body completely, within its size limit and before its deadline.

use std::{
    io::{self, Read},
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Bytes asked for at a time: also the most a body can overshoot its limit in memory.
const CHUNK: usize = 64 << 10;
/// The size in bytes above which a body is large; few scripts are. Smaller bodies are all in memory at
/// the same time, one for each request in flight.
const LARGE: usize = 1 << 20;

/// Why a body is not complete.
#[derive(Debug)]
pub(super) enum BodyError {
    /// Over the limit; nothing more was read.
    TooLarge,
    /// The deadline passed.
    Timeout,
    /// It broke off after so many bytes.
    Truncated(u64, io::Error),
}

/// Where large bodies grow, one at a time: together they hold little more memory than one of them
/// may. The buffer is used again, because an allocator that serves many threads gives little back.
pub(super) type SharedBuffer = Mutex<Vec<u8>>;

/// Reads `source`, whose bytes are counted as they come out of the decoder.
///
/// Waiting for `shared`, which only a large body needs, counts against the deadline.
pub(super) fn read(
    mut source: impl Read,
    limit: u64,
    deadline: Instant,
    shared: &SharedBuffer,
) -> Result<Vec<u8>, BodyError> {
    let mut small = Vec::new();
    let mut large = None;
    let mut chunk = vec![0; CHUNK];
    loop {
        if large.is_none() && small.len() > LARGE {
            let mut buffer = shared.lock().unwrap_or_else(PoisonError::into_inner);
            buffer.clear();
            buffer.extend_from_slice(&std::mem::take(&mut small));
            large = Some(buffer);
        }
        let bytes = large.as_deref_mut().unwrap_or(&mut small);
        if Instant::now() >= deadline {
            return Err(BodyError::Timeout);
        }
        let received = bytes.len() as u64;
        match source.read(&mut chunk) {
            Ok(0) => {
                let mut body = std::mem::take(bytes);
                body.shrink_to_fit();
                return Ok(body);
            }
            Ok(n) if received + n as u64 > limit => return Err(BodyError::TooLarge),
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if timed_out(&error) => return Err(BodyError::Timeout),
            Err(error) => return Err(BodyError::Truncated(received, error)),
        }
    }
}

fn timed_out(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    error.kind() == io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    fn whole(source: impl Read, limit: u64, deadline: Instant) -> Result<Vec<u8>, BodyError> {
        read(source, limit, deadline, &SharedBuffer::default())
    }

    /// Counts what is taken from an endless source.
    struct Endless(u64);

    impl Read for &mut Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_body_as_large_as_the_limit_is_read_whole() {
        assert_eq!(whole(&[7; 10][..], 10, soon()).unwrap(), [7; 10]);
        assert!(matches!(whole(&[7; 10][..], 9, soon()), Err(BodyError::TooLarge)));
    }

    #[test]
    fn an_endless_body_is_left_one_chunk_after_the_limit() {
        let mut source = Endless(0);
        assert!(matches!(whole(&mut source, 1 << 20, soon()), Err(BodyError::TooLarge)));
        assert!(source.0 <= (1 << 20) + CHUNK as u64, "{} bytes read", source.0);
    }

    #[test]
    fn an_endless_body_does_not_outlive_the_deadline() {
        let deadline = Instant::now() + Duration::from_millis(20);
        assert!(matches!(whole(io::repeat(1), u64::MAX, Instant::now()), Err(BodyError::Timeout)));
        struct Drip;
        impl Read for Drip {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                std::thread::sleep(Duration::from_millis(1));
                buffer[0] = 1;
                Ok(1)
            }
        }
        assert!(matches!(whole(Drip, u64::MAX, deadline), Err(BodyError::Timeout)));
    }

    #[test]
    fn large_bodies_grow_one_at_a_time() {
        let (shared, large) = (SharedBuffer::default(), LARGE + 3 * CHUNK);
        let held = shared.lock().unwrap();
        // A small body does not wait.
        assert_eq!(read(&vec![1; LARGE][..], 1 << 30, soon(), &shared).unwrap().len(), LARGE);
        std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| read(&vec![1; large][..], 1 << 30, soon(), &shared).unwrap().len());
            std::thread::sleep(Duration::from_millis(50));
            assert!(!waiting.is_finished());
            drop(held);
            assert_eq!(waiting.join().unwrap(), large);
        });
    }
}
