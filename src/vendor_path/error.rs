//! Why a text is no path inside the vendor folder.

use thiserror::Error;

/// Text that is not a path inside the vendor folder. The path shown is cut after 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VendorPathError {
    /// Absolute, or with two slashes in a row, or ending in one.
    #[error("the path {0:?} has an empty segment")]
    EmptySegment(String),
    /// No folder above the file.
    #[error("the path {0:?} has no host folder")]
    NoHostFolder(String),
    /// Host folders are lower-case, so that no two of them differ by case alone.
    #[error("the host folder of the path {0:?} is not lower-case")]
    HostCase(String),
    /// Something outside `A-Z a-z 0-9 . _ @ + = , ~ -`.
    #[error("the path {path:?} has the character {character:?}")]
    Character {
        /// The path.
        path: String,
        /// Its first forbidden character.
        character: char,
    },
    /// `.` and `..`, hidden files, and names that Windows would shorten.
    #[error("a segment of the path {0:?} starts or ends with a dot")]
    Dot(String),
    /// A name that means something else to Windows, to Git, or to us.
    #[error("the segment {segment:?} of the path {path:?} is a reserved name")]
    Reserved {
        /// The path.
        path: String,
        /// The segment.
        segment: String,
    },
    /// Longer than 100 bytes in a segment or 200 in all.
    #[error("the path {0:?} is too long: at most 100 bytes a segment and 200 in all")]
    TooLong(String),
}
