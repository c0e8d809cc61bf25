//! Parses scripts (ECMA-262) for what they load, and where in the source they say so.
//!
//! Spans are exact, and nothing is guessed: a file that does not parse, as a module or as a script
//! just as the page uses it, is an error. Names are taken at their word (a local `Worker` is a
//! `Worker`). Bytes that are not UTF-8 are read as browsers read them, as replacement characters.

use std::{borrow::Cow, ops::Range, thread};

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::Parser;
use oxc_span::SourceType;
use thiserror::Error;

use super::{
    depth_bound,
    finder::{Finder, Misplaced},
    literal::Edit,
    loads::Loads,
};
use crate::html::Positions;

const BYTE_ORDER_MARK: &str = "\u{FEFF}";
/// Stands for a byte that is not UTF-8 while we parse. It is one byte, so that spans stay true, and
/// means as little to a script as U+FFFD does.
pub(super) const BROKEN_BYTE: u8 = 0x1A;
/// How deep a script may nest, by [`depth_bound::of`]. The deepest of 5,281 published files came to
/// 717. The parser's memory grows with the square of the depth: at most 200 MB at this limit.
const DEPTH_MAX: usize = 10_000;
/// Stack for each level of nesting: twice what the parser was seen to take.
const STACK_PER_LEVEL: usize = 2 << 10;
const STACK_LEAST: usize = 1 << 20;

/// As what a source text runs. It decides how the text is parsed and what its code can load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A module script of a page.
    Module,
    /// A classic script of a page; `import()` works there too.
    Classic,
    /// The script of a worker, which has no import map and, if classic, has `importScripts`.
    Worker {
        /// Whether the worker is a module worker.
        module: bool,
    },
}

impl SourceKind {
    /// Whether the text is parsed as a module.
    pub fn is_module(self) -> bool {
        matches!(self, Self::Module | Self::Worker { module: true })
    }
}

/// What a script loads, and where its source says so.
///
/// Every span counts bytes of the source that was scanned, a byte order mark included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// What the script loads.
    pub loads: Loads,
    /// The literal of each of [`Loads::specifiers`], in the same order.
    pub literals: Vec<Literal>,
    /// The expression of each of [`Loads::computed`], in the same order.
    pub computed: Vec<Range<usize>>,
    /// The literal or expression of each of [`Loads::signs`], in the same order.
    pub signs: Vec<Range<usize>>,
}

impl Scan {
    /// Every specifier with its literal, in source order.
    #[cfg(feature = "internals")]
    pub fn specifiers(&self) -> impl Iterator<Item = (&super::Specifier, &Literal)> {
        self.loads.specifiers.iter().zip(&self.literals)
    }

    /// The edit that gives the specifier with this index another text.
    pub fn edit(&self, specifier: usize, text: String) -> Option<Edit> {
        let literal = self.literals.get(specifier)?;
        Some(Edit::new(literal.span.clone(), text))
    }
}

/// A string literal in a source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Its bytes, quotes included.
    pub span: Range<usize>,
    /// How it is delimited.
    pub quote: Quote,
}

/// What delimits a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// `"…"`
    Double,
    /// `'…'`
    Single,
    /// A template without substitutions.
    Template,
}

impl Quote {
    /// The character.
    #[cfg(feature = "internals")]
    pub fn as_char(self) -> char {
        match self {
            Self::Double => '"',
            Self::Single => '\'',
            Self::Template => '`',
        }
    }
}

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

/// A source text as the parser is given it.
pub(super) struct Source<'s> {
    pub text: &'s str,
    /// The length of the byte order mark before `text`.
    pub start: usize,
    pub kind: SourceKind,
    pub lines: &'s Lines,
}

fn parse(source: &Source<'_>) -> Result<Scan, Stop> {
    let is_module = source.kind.is_module();
    let source_type = if is_module { SourceType::mjs() } else { SourceType::script() };
    with_program(source.text, source_type, |program| {
        Finder::find(source, program)
            .map_err(|Misplaced(offset)| Stop::at(offset, "module syntax in a classic script"))
    })
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

/// Where lines end.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    fn new(source: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', source).collect())
    }

    /// The line of a byte of the source.
    pub fn of(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}
