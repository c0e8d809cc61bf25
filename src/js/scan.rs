//! A script as it is read: its source text, and what is found in it.

use std::ops::Range;

use super::{literal::Edit, loads::Loads};

/// Stands for a byte that is not UTF-8 while we parse. It is one byte, so that spans stay true, and
/// means as little to a script as U+FFFD does.
pub(super) const BROKEN_BYTE: u8 = 0x1A;

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

/// A source text as the parser is given it.
pub(super) struct Source<'s> {
    pub text: &'s str,
    /// The length of the byte order mark before `text`.
    pub start: usize,
    pub kind: SourceKind,
    pub lines: &'s Lines,
}

/// Where lines end.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub fn new(source: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', source).collect())
    }

    /// The line of a byte of the source.
    pub fn of(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}
