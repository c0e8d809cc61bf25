//! Why a site cannot be read or written.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::limits::MAX_PAGE;
use crate::folder::{FolderError, IoError};

/// A site that cannot be read or written.
#[derive(Debug, Error)]
pub enum SiteError {
    /// There is nothing at the path.
    #[error("there is no folder `{}`", .0.display())]
    Missing(PathBuf),
    /// There is something else than a folder.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// A folder without a page.
    #[error("there is no page (*.html, *.htm, *.xhtml) in `{}`", .0.display())]
    NoPage(PathBuf),
    /// A `--page-glob` that is not a pattern.
    #[error("`{pattern}` is not a file pattern")]
    Glob {
        /// The pattern.
        pattern: String,
        /// Why.
        source: globset::Error,
    },
    /// A file or folder that cannot be read or written.
    #[error(transparent)]
    Io(IoError),
    /// A page too large to be held in memory.
    #[error("`{}` is larger than {} MiB, which is the most a page may have", .0.display(), MAX_PAGE >> 20)]
    TooLarge(PathBuf),
    /// A link where a page or a folder of the site belongs.
    #[error("`{}` is a link, which Inhouse does not follow", .0.display())]
    Link(PathBuf),
}

impl SiteError {
    /// What the owner of the site can do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_) => Some("build the site first, then name its output folder"),
            Self::NotAFolder(_) => Some("name the folder that holds the built pages"),
            Self::NoPage(_) => Some(
                "name the folder your generator writes to, or add --page-glob for other endings",
            ),
            Self::Glob { .. } => None,
            Self::Io(error) => Some(error.remedy()),
            Self::TooLarge(_) => {
                Some("split it into smaller pages, or keep it out of the folder that you name")
            }
            Self::Link(_) => Some("put a real file or folder in its place and run again"),
        }
    }

    /// The file or folder at `path` cannot be read.
    pub fn cannot_read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io(IoError::Read { path: path.into(), source })
    }

    /// The file at `path` cannot be written.
    pub fn cannot_write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io(IoError::Write { path: path.into(), source })
    }

    /// An error of reading.
    pub(super) fn reading(error: FolderError) -> Self {
        match error {
            FolderError::Link(path) => Self::Link(path),
            FolderError::NotAFolder(path) => Self::NotAFolder(path),
            FolderError::Io { path, source } => Self::cannot_read(path, source),
        }
    }

    /// An error of writing.
    pub(super) fn writing(error: FolderError) -> Self {
        match error {
            FolderError::Link(path) => Self::Link(path),
            FolderError::NotAFolder(path) => Self::NotAFolder(path),
            FolderError::Io { path, source } => Self::cannot_write(path, source),
        }
    }
}
