//! Changing: what becomes of every file of the site, worked out and verified before one is written.
//!
//! [`page`] rewrites one page, a pure function of its bytes; [`modules`] does the part that concerns
//! import maps and inline scripts. [`changes`] says what pages are rewritten by, [`set`] gathers what a
//! run is going to write. [`verify_graph`] traces rewritten pages through the files as they will be.

pub mod changes;
pub mod error;
mod guarding_pages;
pub mod headers;
pub mod inline_edit;
pub mod locked_rewriter;
pub mod modules;
pub mod page;
pub mod pages;
pub mod resolution;
pub mod set;
mod verify_graph;
