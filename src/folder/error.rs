//! Files and folders that cannot be read or written.

use std::{io, path::PathBuf};

use thiserror::Error;

/// A file or folder of a tree that cannot be read or written.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A link where a folder or a file belongs.
    #[error("`{}` is a link, which Inhouse does not follow", .0.display())]
    Link(PathBuf),
    /// Something else where a folder belongs.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// Anything else.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A file or folder that cannot be read or written, whatever it is for.
#[derive(Debug, Error)]
pub enum IoError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl IoError {
    /// What the owner of the site can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the permissions",
            Self::Write { .. } => "check the permissions and the free space of the disk",
        }
    }
}
