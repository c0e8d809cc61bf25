//! Streams of records: lines in, lines out, in the same order and in bounded memory.

use std::{
    io::{Read, Write},
    sync::Arc,
};

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::filter::{self, Answer, Asking, Filter, Looked};
use crate::{
    change::page::Rewritten,
    error::RunError,
    findings::{Fault, Findings, Problem},
    read::{
        pages::{Pages, of_page},
        scans,
    },
    record::{
        self, Record, Unreadable,
        lines::{StreamError, each_chunk},
    },
    settings::Settings,
};

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
    let mut tally = Tally::default();
    each_chunk(input, |lines| -> Result<(), RunError> {
        for Line { bytes, fault, warnings } in rewrite_chunk(filter, lines)? {
            tally.add(fault);
            output.write_all(&bytes).map_err(StreamError::Write)?;
            warnings.iter().for_each(|warning| filter.progress.say(warning));
        }
        Ok(output.flush().map_err(StreamError::Write)?)
    })?;
    Ok(tally)
}

/// A line that comes out.
struct Line {
    bytes: Vec<u8>,
    /// Whose fault it is if that is not the page.
    fault: Option<Fault>,
    /// What is said of the page.
    warnings: Vec<String>,
}

impl Line {
    fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, fault: None, warnings: Vec::new() }
    }
}

fn rewrite_chunk(filter: &mut Filter<'_>, lines: Vec<Vec<u8>>) -> Result<Vec<Line>, RunError> {
    let settings = filter.settings;
    let pages: Vec<_> = lines.into_par_iter().map(|line| look(settings, &line)).collect();
    // One after the other: a page that asks for the same as an earlier one finds its answer.
    let answered = |page| answered(filter, page);
    let pages: Vec<_> = pages.into_iter().map(answered).collect::<Result<_, RunError>>()?;
    Ok(pages.into_par_iter().map(|page| page.line(settings)).collect())
}

fn look(settings: &Settings, line: &[u8]) -> Result<(Record, Looked), Unreadable> {
    let record = Record::parse(line)?;
    let looked = filter::look(settings, &record.path, &record.page);
    Ok((record, looked))
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
        Ok((record, Looked::Asks(asking))) => match filter.answer(&asking)? {
            Ok(answer) => Answered::Rewritten(record, asking, answer),
            Err(problems) => Answered::Refused(record.members, problems),
        },
    })
}

impl Answered<'_> {
    fn line(self, settings: &Settings) -> Line {
        match self {
            Self::Unchanged(record) => Line::of(record.unchanged()),
            Self::Refused(members, problems) => refused(members, &problems),
            Self::Rewritten(record, asking, answer) => {
                let page = answer.rewrite(settings, &asking, &record.path, &record.page);
                rewritten(record, page)
            }
        }
    }
}

fn rewritten(record: Record, page: Result<Rewritten, Vec<Problem>>) -> Line {
    match page {
        Ok(Rewritten::Changed(page)) => {
            let served = page.patch.apply(&record.page);
            let warnings = filter::warnings(&record.path, &page);
            Line { warnings, ..Line::of(record.served(served, true)) }
        }
        Ok(Rewritten::Unchanged) => Line::of(record.unchanged()),
        Err(problems) => refused(record.members, &problems),
    }
}

fn refused(members: Map<String, Value>, problems: &[Problem]) -> Line {
    let fault = problems.iter().map(|problem| problem.fault).min();
    Line { fault, ..Line::of(record::refused(members, problems)) }
}

/// What the pages of a stream ask for; memory does not grow with their number.
pub(super) fn scan(
    settings: &Settings,
    input: impl Read + Send + 'static,
) -> Result<(Pages, Findings), RunError> {
    let (mut all, mut findings) = (Pages::default(), Findings::default());
    each_chunk(input, |lines| -> Result<(), RunError> {
        let pages: Vec<_> = lines.into_par_iter().map(|line| read(settings, &line)).collect();
        merge(&mut all, &mut findings, pages);
        Ok(())
    })?;
    Ok((all, findings))
}

fn merge(all: &mut Pages, findings: &mut Findings, pages: Vec<(Pages, Findings)>) {
    for (page, found) in pages {
        all.merge(page);
        findings.add(found);
    }
    scans::thin(all);
    scans::thin_findings(findings);
}

fn read(settings: &Settings, line: &[u8]) -> (Pages, Findings) {
    match Record::parse(line) {
        Ok(record) => of_page(settings, &record.path, &record.page),
        Err(Unreadable { error, .. }) => {
            let findings = Findings { problems: vec![error.problem()], ..Findings::default() };
            (Pages { count: 1, ..Pages::default() }, findings)
        }
    }
}
