//! The two syntaxes of HTML.

/// By which rules a page is served: HTML's or XML's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `text/html`.
    Html,
    /// `application/xhtml+xml`: read by HTML's rules too, and refused where the two disagree.
    Xhtml,
}
