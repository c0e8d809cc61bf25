//! What one place of a page means for the question how much of it has to be read.

/// What begins at one place of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    None,
    /// It matters by itself, and is over before this offset.
    Local(usize),
    /// It may declare the encoding of what matters, and is over before this offset.
    Encoding(usize),
    /// It may give a meaning to what follows.
    Lasting,
}

impl Concern {
    /// What a tag means that ends before `end`.
    pub(super) fn local(matters: bool, end: usize) -> Self {
        match matters {
            true => Self::Local(end),
            false => Self::None,
        }
    }
}
