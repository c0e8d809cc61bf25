//! Where a vendored file lies: from the address of a subresource to a path inside the vendor folder.
//!
//! Three laws hold here: no two addresses share a file, nothing lies outside the folder, and every path
//! works on Windows, on case-insensitive disks, in Git and on static hosts. It leaves to others
//! which address a file is stored under and everything that touches the disk. URLs are read by the
//! URL Standard (through the `url` crate).

mod assign;
mod error;
mod extension;
mod licence;
mod mirror;
mod name;
mod path;
mod storage;

pub use self::{
    assign::{assign, candidate},
    error::VendorPathError,
    extension::Extension,
    path::{VendorPath, url_path},
    storage::{StorageKey, Stored},
};

#[cfg(test)]
mod tests;
