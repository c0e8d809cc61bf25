//! Folders held open, and the one way a file gets into them: written elsewhere, then renamed.
//!
//! A [`Tree`] is what Inhouse writes to: SITE, DEST or the vendor cache. Below its root no link is
//! followed, however the disk changes meanwhile: every folder on the way is opened by its name in
//! the folder before it. New files are made in a *staging folder*, a hidden folder beside the tree, so
//! that a run that is killed leaves nothing inside it. The next run, which no other run disturbs because
//! of its [`Lock`]s, clears the staging folder. What the files mean, and which must reach the disk before
//! which, is up to [`site`](crate::site) and [`store`](crate::store).

#![allow(clippy::disallowed_methods, reason = "this room is the folders on disk")]

mod cursor;
mod error;
mod lock;
#[cfg(any(not(unix), test))]
mod paths;
mod staging;
mod tree;
#[cfg(unix)]
mod unix;

pub use self::{
    cursor::Cursor,
    error::{FolderError, IoError},
    lock::Lock,
    staging::clear_staging,
    tree::Tree,
};

#[cfg(not(unix))]
use self::paths::Folder;
#[cfg(unix)]
use self::unix::Folder;

#[cfg(all(test, unix))]
mod tests;
