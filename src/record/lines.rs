//! The lines of a stream of records, read ahead by a thread of their own, in bounded memory.
//!
//! A program may wait for the answer to one record before it writes the next: no line waits for a later
//! one.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use thiserror::Error;

/// The longest line, in bytes: whatever is longer is no page.
const LONGEST_LINE: u64 = 256 << 20;
/// How much is read ahead, in bytes, but for one line that is longer.
const AHEAD: usize = 32 << 20;
/// How many lines are handed on at once.
const AT_ONCE: usize = 1024;

/// A stream that cannot be read or written.
#[derive(Debug, Error)]
pub enum StreamError {
    /// Reading failed.
    #[error("cannot read the records")]
    Read(#[source] io::Error),
    /// A line without end.
    #[error("record {0} is longer than 256 MiB")]
    TooLong(usize),
    /// Writing failed.
    #[error("cannot write the records")]
    Write(#[source] io::Error),
}

/// Calls `on_lines` with the lines that are not blank, in their order, as many at once as there are.
///
/// # Errors
/// [`StreamError`] if a line cannot be read, or what `on_lines` fails with.
pub fn each_chunk<E: From<StreamError>>(
    input: impl Read + Send + 'static,
    mut on_lines: impl FnMut(Vec<Vec<u8>>) -> Result<(), E>,
) -> Result<(), E> {
    let queue = Queue::default();
    let ahead = Ahead(queue.clone());
    // A read cannot be interrupted: the thread is left running if its lines are no longer wanted.
    thread::spawn(move || queue.fill(input));
    while let Some(lines) = ahead.0.take()? {
        on_lines(lines)?;
    }
    Ok(())
}

/// The end of a queue that lines are taken from; no more are read once it is gone.
struct Ahead(Queue);

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.state().is_over = true;
        self.0.change.notify_all();
    }
}

/// Lines that were read ahead.
#[derive(Clone, Default)]
struct Queue {
    state: Arc<Mutex<State>>,
    change: Arc<Condvar>,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    failure: Option<StreamError>,
    is_over: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, input: impl Read) {
        let mut input = BufReader::with_capacity(1 << 16, input);
        for number in 1.. {
            match read_line(&mut input, number) {
                Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Some(line)) => {
                    if !self.put(line) {
                        return;
                    }
                }
                Ok(None) => return self.end(None),
                Err(error) => return self.end(Some(error)),
            }
        }
    }

    /// Adds a line once there is room; returns whether more are wanted.
    fn put(&self, line: Vec<u8>) -> bool {
        let is_full = |state: &mut State| state.bytes >= AHEAD && !state.is_over;
        let mut state =
            self.change.wait_while(self.state(), is_full).unwrap_or_else(PoisonError::into_inner);
        state.bytes += line.len();
        state.lines.push_back(line);
        self.change.notify_all();
        !state.is_over
    }

    fn end(&self, failure: Option<StreamError>) {
        let mut state = self.state();
        state.failure = failure;
        state.is_over = true;
        self.change.notify_all();
    }

    /// What is there, as soon as there is anything; `None` at the end.
    fn take(&self) -> Result<Option<Vec<Vec<u8>>>, StreamError> {
        let is_idle = |state: &mut State| state.lines.is_empty() && !state.is_over;
        let mut state =
            self.change.wait_while(self.state(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let count = state.lines.len().min(AT_ONCE);
        let lines: Vec<_> = state.lines.drain(..count).collect();
        if lines.is_empty() {
            return state.failure.take().map_or(Ok(None), Err);
        }
        state.bytes -= lines.iter().map(Vec::len).sum::<usize>();
        self.change.notify_all();
        Ok(Some(lines))
    }
}

fn read_line(input: &mut impl BufRead, number: usize) -> Result<Option<Vec<u8>>, StreamError> {
    let mut line = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(StreamError::Read)?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() as u64 == LONGEST_LINE => Err(StreamError::TooLong(number)),
        Some(_) => Ok(Some(line)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn lines(input: impl Read + Send + 'static) -> Vec<String> {
        let mut all = Vec::new();
        let text = |line| String::from_utf8(line).unwrap().trim().to_owned();
        let keep = |lines: Vec<_>| {
            all.extend(lines.into_iter().map(text));
            Ok::<_, StreamError>(())
        };
        each_chunk(input, keep).unwrap();
        all
    }

    #[test]
    fn lines_come_out_as_they_went_in_and_blank_ones_not_at_all() {
        let numbers: Vec<_> = (0..5000).map(|number| number.to_string()).collect();
        assert_eq!(lines(io::Cursor::new(numbers.join("\n\n"))), numbers);
        assert_eq!(lines(io::empty()), Vec::<String>::new());
    }

    #[test]
    fn more_than_is_read_ahead_at_once_gets_through() {
        let long = "x".repeat(AHEAD / 3);
        let input = [long.as_str(); 7].join("\n");
        assert_eq!(lines(io::Cursor::new(input)), vec![long; 7]);
    }

    #[test]
    fn no_more_is_read_ahead_than_there_is_room_for() {
        struct Endless(Arc<std::sync::atomic::AtomicUsize>);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                buffer.fill(b'x');
                if let Some(last) = buffer.last_mut() {
                    *last = b'\n';
                }
                self.0.fetch_add(buffer.len(), std::sync::atomic::Ordering::SeqCst);
                Ok(buffer.len())
            }
        }
        let read = Arc::default();
        let mut handed_on = 0;
        let outcome = each_chunk(Endless(Arc::clone(&read)), |lines| {
            handed_on += lines.iter().map(Vec::len).sum::<usize>();
            thread::sleep(std::time::Duration::from_millis(20));
            let ahead = read.load(std::sync::atomic::Ordering::SeqCst) - handed_on;
            assert!(ahead <= AHEAD + (1 << 18), "{ahead} bytes are waiting");
            match handed_on > 3 * AHEAD {
                true => Err(StreamError::TooLong(0)),
                false => Ok(()),
            }
        });
        assert!(outcome.is_err());
    }

    /// Gives a line only once the one before has been answered.
    struct Dialogue {
        answers: mpsc::Receiver<()>,
        left: usize,
    }

    impl Read for Dialogue {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.left == 0 {
                return Ok(0);
            }
            if self.left < 3 {
                self.answers.recv().unwrap();
            }
            self.left -= 1;
            buffer[..2].copy_from_slice(b"a\n");
            Ok(2)
        }
    }

    #[test]
    fn no_line_waits_for_a_later_one() {
        let (answer, answers) = mpsc::channel();
        let mut count = 0;
        each_chunk(Dialogue { answers, left: 3 }, |lines| {
            count += lines.len();
            let _ = answer.send(());
            Ok::<_, StreamError>(())
        })
        .unwrap();
        assert_eq!(count, 3);
    }

    #[test]
    fn a_reader_that_fails_is_an_error_after_what_it_gave() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let mut count = 0;
        let outcome = each_chunk(io::Cursor::new("a\nb").chain(Broken), |lines| {
            count += lines.len();
            Ok::<_, StreamError>(())
        });
        assert!(matches!(outcome, Err(StreamError::Read(_))));
        assert!(count >= 1);
    }
}
