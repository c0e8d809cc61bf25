//! Why a text is no lockfile, and what its owner can do about it.

use std::path::PathBuf;

use thiserror::Error;

use super::collision::PathCollision;
use crate::reference::SubresourceUrl;

/// The longest lockfile that is read, in bytes: some ten thousand files with what they load.
pub(super) const MAX_LENGTH: usize = 16 << 20;

/// Text that is no lockfile, or not one to be trusted.
#[derive(Debug, Error)]
pub enum LockfileError {
    /// Not TOML, a missing or unknown key, or a value that is not what its key needs.
    #[error("`{}` is not a valid lockfile: {error}", .file.display())]
    Syntax {
        /// The lockfile.
        file: PathBuf,
        /// TOML's own words, with the line.
        error: Box<toml::de::Error>,
    },
    /// Longer than any site needs; reading it would take many times the memory.
    #[error("`{}` is longer than {MAX_LENGTH} bytes", .file.display())]
    TooLong {
        /// The lockfile.
        file: PathBuf,
    },
    /// Written by another version of the tool.
    #[error("`{}` has lockfile version {found}, this inhouse reads versions 1 and 2", .file.display())]
    Version {
        /// The lockfile.
        file: PathBuf,
        /// Its version.
        found: i64,
    },
    /// A merge that was not finished.
    #[error("`{}` has a merge conflict marker in line {line}", .file.display())]
    ConflictMarker {
        /// The lockfile.
        file: PathBuf,
        /// The line of the first marker, counted from 1.
        line: usize,
    },
    /// Two blocks for one URL.
    #[error("`{}` locks `{url}` twice", .file.display())]
    DuplicateUrl {
        /// The lockfile.
        file: PathBuf,
        /// The URL.
        url: SubresourceUrl,
    },
    /// Two blocks for the companions in one folder.
    #[error("`{}` locks the companions in `{folder}` twice", .file.display())]
    DuplicateFolder {
        /// The lockfile.
        file: PathBuf,
        /// The folder.
        folder: String,
    },
    /// Two blocks for the licence of one package.
    #[error("`{}` locks the licence of `{package}` twice", .file.display())]
    DuplicateLicence {
        /// The lockfile.
        file: PathBuf,
        /// The package.
        package: String,
    },
    /// Two files with one path.
    #[error("in `{}` {collision}", .file.display())]
    PathCollision {
        /// The lockfile.
        file: PathBuf,
        /// The files; boxed, being rare and large.
        collision: Box<PathCollision>,
    },
}

impl LockfileError {
    /// What the user can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Syntax { .. } | Self::TooLong { .. } => {
                "restore the file from version control, or delete it and run `inhouse vendor` \
                 again to lock what the CDNs serve today"
            }
            Self::Version { .. } => "use the version of inhouse that wrote the file",
            Self::ConflictMarker { .. } => {
                "keep the blocks of both sides, drop the marker lines, and run `inhouse vendor` \
                 again"
            }
            Self::DuplicateUrl { .. } | Self::DuplicateFolder { .. } => {
                "keep the block whose integrity you trust, delete the other, and run `inhouse \
                 vendor` again"
            }
            Self::DuplicateLicence { .. } => {
                "delete one of the two blocks and run `inhouse vendor` again"
            }
            Self::PathCollision { .. } => {
                "delete one of the two blocks and run `inhouse vendor` again: it gets a path of \
                 its own"
            }
        }
    }
}
