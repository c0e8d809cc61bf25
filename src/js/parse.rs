//! Parses scripts (ECMA-262) for what they load, and where in the source they say so.
//!
//! Spans are exact, and nothing is guessed: a file that does not parse, as a module or as a script
//! just as the page uses it, is an error. Names are taken at their word (a local `Worker` is a
//! `Worker`). Bytes that are not UTF-8 are read as browsers read them, as replacement characters.

use std::{borrow::Cow, thread};

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::Parser;
use oxc_span::SourceType;
use thiserror::Error;

use super::{
    depth_bound,
    finder::{Finder, Misplaced},
    scan::{BROKEN_BYTE, Lines, Scan, Source, SourceKind},
};
use crate::html::Positions;

const BYTE_ORDER_MARK: &str = "\u{FEFF}";
/// How deep a script may nest, by [`depth_bound::of`]. The deepest of 5,281 published files came to
/// 717. The parser's memory grows with the square of the depth: at most 200 MB at this limit.
const DEPTH_MAX: usize = 10_000;
/// Stack for each level of nesting: twice what the parser was seen to take.
const STACK_PER_LEVEL: usize = 2 << 10;
const STACK_LEAST: usize = 1 << 20;

/// The source could not be read as a script.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseFailure {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

/// Where in the text the parser stopped, and why.
struct Stop {
    offset: usize,
    message: String,
}

impl Stop {
    fn at(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// Finds what the script `source` loads, and what it may load besides.
///
/// # Errors
/// [`ParseFailure`] if the text is not a script of that kind, or nests too deeply to be parsed.
pub fn scan(source: &[u8], kind: SourceKind) -> Result<Scan, ParseFailure> {
    let lines = Lines::new(source);
    parsed(source, |text, start| parse(&Source { text, start, kind, lines: &lines }))
}

/// Runs `parse` on the text of `source` after its byte order mark, which is `start` bytes long, with
/// enough stack for how deeply the text nests.
fn parsed<T: Send>(
    source: &[u8],
    parse: impl FnOnce(&str, usize) -> Result<T, Stop> + Send,
) -> Result<T, ParseFailure> {
    let text = decode(source);
    let (start, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => (BYTE_ORDER_MARK.len(), text),
        None => (0, &*text),
    };
    let parse = || parse(text, start);
    checked_depth(source, text).and_then(|depth| with_stack(depth, parse)).map_err(|stop| {
        let position = Positions::new(source).of(start + stop.offset);
        ParseFailure { line: position.line, column: position.column, message: stop.message }
    })
}

/// What `read` makes of the syntax tree of a page's script, of whichever kind it is.
pub(super) fn read_tree<T: Send>(
    source: &[u8],
    read: impl Fn(&Program<'_>) -> T + Sync,
) -> Result<T, ParseFailure> {
    let tree = |source_type| {
        let read = &read;
        parsed(source, move |text, _| with_program(text, source_type, |program| Ok(read(program))))
    };
    tree(SourceType::script()).or_else(|failure| tree(SourceType::mjs()).map_err(|_| failure))
}

/// What `read` makes of the syntax tree of a script of this kind, and of the length of the byte order
/// mark before it.
pub(super) fn read_tree_as<T: Send>(
    source: &[u8],
    kind: SourceKind,
    read: impl FnOnce(&Program<'_>, usize) -> T + Send,
) -> Result<T, ParseFailure> {
    parsed(source, |text, start| {
        with_program(text, source_type(kind), |program| Ok(read(program, start)))
    })
}

/// The depth of `text`, if it can be parsed at all.
fn checked_depth(source: &[u8], text: &str) -> Result<usize, Stop> {
    if u32::try_from(source.len()).is_err() {
        return Err(Stop::at(0, "the file is larger than 4 GiB"));
    }
    match depth_bound::of(text) {
        depth if depth > DEPTH_MAX => {
            Err(Stop::at(0, "the code may nest too deeply to be read safely"))
        }
        depth => Ok(depth),
    }
}

/// Runs `parse`, which recurses, on a thread with stack for that depth.
fn with_stack<T: Send>(
    depth: usize,
    parse: impl FnOnce() -> Result<T, Stop> + Send,
) -> Result<T, Stop> {
    thread::scope(|scope| {
        let stack = STACK_LEAST + depth * STACK_PER_LEVEL;
        let reader = thread::Builder::new()
            .stack_size(stack)
            .spawn_scoped(scope, parse)
            .map_err(|error| Stop::at(0, format!("no thread to read it: {error}")))?;
        reader.join().unwrap_or_else(|_| Err(Stop::at(0, "the parser gave up")))
    })
}

/// The text as the parser can take it, byte for byte.
fn decode(source: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(source) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::with_capacity(source.len());
            for chunk in source.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| char::from(BROKEN_BYTE)));
            }
            Cow::Owned(text)
        }
    }
}

fn parse(source: &Source<'_>) -> Result<Scan, Stop> {
    with_program(source.text, source_type(source.kind), |program| {
        Finder::find(source, program)
            .map_err(|Misplaced(offset)| Stop::at(offset, "module syntax in a classic script"))
    })
}

fn source_type(kind: SourceKind) -> SourceType {
    if kind.is_module() { SourceType::mjs() } else { SourceType::script() }
}

/// What `read` makes of the syntax tree of `text`.
fn with_program<T>(
    text: &str,
    source_type: SourceType,
    read: impl FnOnce(&Program<'_>) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, source_type).parse();
    if let Some(error) = parsed.diagnostics.errors().next() {
        let offset = error.labels.iter().next().map_or(0, |label| label.offset() as usize);
        return Err(Stop::at(offset, error.message.to_string()));
    }
    if parsed.panicked {
        return Err(Stop::at(0, "the parser gave up"));
    }
    read(&parsed.program)
}
