//! Streams of records: lines in, lines out, in the same order and in bounded memory.
//!
//! One thread reads ahead while the others work on what is there. Whoever writes a record and waits
//! for its answer gets it: no record waits for a later one.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use rayon::prelude::*;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    RunError,
    filter::{self, Answer, Asking, Filter, Looked},
};
use crate::{
    findings::{Fault, Problem},
    inventory::{self, Inventory},
    record::{self, Record, Unreadable},
    rewrite::Rewritten,
    scans,
    settings::Settings,
};

/// The longest line, in bytes: whatever is longer is no page.
const LONGEST_LINE: u64 = 256 << 20;
/// How much is read ahead, in bytes, but for one line that is longer.
const AHEAD: usize = 32 << 20;
/// How many lines are worked on at once.
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

/// How a stream of records went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many records there were.
    pub pages: usize,
    /// How many of them were refused.
    pub refused: usize,
    fault: Option<Fault>,
}

impl Tally {
    /// The exit code: as if all problems stood in one report.
    pub fn exit_code(&self) -> u8 {
        match self.fault {
            None => 0,
            Some(Fault::Site) => 1,
            Some(Fault::Tool) => 2,
        }
    }

    fn add(&mut self, fault: Option<Fault>) {
        self.pages += 1;
        self.refused += usize::from(fault.is_some());
        self.fault = [self.fault, fault].into_iter().flatten().min();
    }
}

/// Rewrites the pages of a stream.
pub(super) fn rewrite(
    filter: &mut Filter<'_>,
    input: impl Read + Send + 'static,
    output: &mut impl Write,
) -> Result<Tally, RunError> {
    let settings = filter.settings;
    let mut tally = Tally::default();
    each_chunk(input, |lines| {
        let look = |line: Vec<u8>| {
            let record = Record::parse(&line)?;
            let looked = filter::look(settings, &record.path, &record.page);
            Ok((record, looked))
        };
        let pages: Vec<_> = lines.into_par_iter().map(look).collect();
        // One after the other: pages that need the same are to find the answer there.
        let answered = |page| answered(filter, page);
        let pages: Vec<_> = pages.into_iter().map(answered).collect::<Result<_, RunError>>()?;
        let lines: Vec<_> = pages.into_par_iter().map(|page| page.line(settings)).collect();
        for (line, fault) in lines {
            tally.add(fault);
            output.write_all(&line).map_err(StreamError::Write)?;
        }
        Ok(output.flush().map_err(StreamError::Write)?)
    })?;
    Ok(tally)
}

/// A page about which all is known.
enum Answered<'a> {
    Rewritten(Record, Box<Asking>, Arc<Answer<'a>>),
    Unchanged(Record),
    Refused(Map<String, Value>, Vec<Problem>),
}

fn answered<'a>(
    filter: &mut Filter<'a>,
    page: Result<(Record, Looked), Unreadable>,
) -> Result<Answered<'a>, RunError> {
    Ok(match page {
        Err(Unreadable { error, members }) => Answered::Refused(members, vec![error.problem()]),
        Ok((record, Looked::Unchanged)) => Answered::Unchanged(record),
        Ok((record, Looked::Refused(problems))) => Answered::Refused(record.members, problems),
        Ok((record, Looked::Asks(mut asking))) => match filter.answer(&mut asking)? {
            Ok(answer) => Answered::Rewritten(record, asking, answer),
            Err(problems) => Answered::Refused(record.members, problems),
        },
    })
}

impl Answered<'_> {
    /// The line that comes out, and whose fault it is if that is not the page.
    fn line(self, settings: &Settings) -> (Vec<u8>, Option<Fault>) {
        match self {
            Self::Unchanged(record) => (record.unchanged(), None),
            Self::Refused(members, problems) => refused(members, &problems),
            Self::Rewritten(record, asking, answer) => {
                match answer.rewrite(settings, &asking, &record.path, &record.page) {
                    Ok(Rewritten::Changed(page)) => {
                        let served = page.patch.apply(&record.page);
                        (record.served(served, true), None)
                    }
                    Ok(Rewritten::Unchanged) => (record.unchanged(), None),
                    Err(problems) => refused(record.members, &problems),
                }
            }
        }
    }
}

fn refused(members: Map<String, Value>, problems: &[Problem]) -> (Vec<u8>, Option<Fault>) {
    let fault = problems.iter().map(|problem| problem.fault).min();
    (record::refused(members, problems), fault)
}

/// What the pages of a stream ask for; memory does not grow with their number.
pub(super) fn scan(
    settings: &Settings,
    input: impl Read + Send + 'static,
) -> Result<Inventory, RunError> {
    let mut all = Inventory::default();
    let read = |line: Vec<u8>| match Record::parse(&line) {
        Ok(record) => inventory::of_page(settings, &record.path, &record.page),
        Err(Unreadable { error, .. }) => {
            Inventory { pages: 1, problems: vec![error.problem()], ..Inventory::default() }
        }
    };
    each_chunk(input, |lines| {
        let pages: Vec<_> = lines.into_par_iter().map(read).collect();
        pages.into_iter().for_each(|page| all.merge(page));
        scans::thin(&mut all);
        Ok(())
    })?;
    Ok(all)
}

/// Does `work` on the lines that are not blank, in their order, as many at once as there are.
fn each_chunk(
    input: impl Read + Send + 'static,
    mut work: impl FnMut(Vec<Vec<u8>>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let queue = Queue::default();
    let ahead = Ahead(queue.clone());
    // Nobody can interrupt a read: the thread is left alone if there is nothing more to do with it.
    thread::spawn(move || queue.fill(input));
    while let Some(lines) = ahead.0.take()? {
        work(lines)?;
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

    /// Adds a line once there is room; whether anybody wants more.
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
            Ok(())
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
                true => Err(StreamError::TooLong(0).into()),
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
            Ok(())
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
            Ok(())
        });
        assert!(matches!(outcome, Err(RunError::Stream(StreamError::Read(_)))));
        assert!(count >= 1);
    }
}
