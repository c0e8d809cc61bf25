//! How results and progress are printed.

use crate::options::{ColorChoice, Format};

/// How results and progress are printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output {
    /// The printer.
    pub format: Format,
    /// Problems only.
    pub quiet: bool,
    /// Every use of every script.
    pub verbose: bool,
    /// When to use colour.
    pub color: ColorChoice,
    /// Whether a progress bar may be drawn on a terminal.
    pub progress: bool,
}
