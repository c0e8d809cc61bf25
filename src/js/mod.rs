//! What JavaScript says about loading: found in a script's source text, and changed there.
//!
//! [`scan()`] parses a script and returns a [`Scan`]: the [`Loads`] of the script, which can be
//! kept without the script, and where in the source each of them stands. [`literal`] writes other
//! specifiers into the source. What a specifier means is for [`graph`](crate::graph) to say.
//!
//! This is the only room that knows the parser, and no type of the parser leaves it.

mod constant;
mod depth_bound;
mod expression;
mod finder;
pub mod literal;
mod load_rows;
mod loads;
mod own_address;
mod parse;
mod read_as;
mod scan;
mod url_in_string;
mod url_literals;

#[cfg(test)]
mod tests;

pub use constant::{Constant, constants};
pub use loads::{Form, Loads, ModuleType, Purpose, Rule, Sign, SignKind, Specifier, WorkerType};
pub use own_address::reads_own_address;
pub use parse::{ParseFailure, scan};
pub use read_as::ReadAs;
pub use scan::{Scan, SourceKind};
pub use url_in_string::Seems;
pub use url_literals::{LiteralRole, UrlLiteral, is_absolute, url_literals};

#[cfg(feature = "internals")]
pub use self::{
    loads::{Computed, OwnAddress, Phase},
    scan::{Literal, Quote},
    url_in_string::UrlInString,
};
