//! Changing: what becomes of every file of the site, worked out and verified before one is written.
//!
//! [`changes`] says what pages are rewritten by. [`page`] rewrites one page, a pure function of its bytes;
//! [`inline_scripts`] does the part that concerns import maps and inline scripts, [`cdn_literals`] the addresses of
//! folders that came along, [`meta_policies`] the part that concerns policies. [`set`] gathers what a run is going to write. [`verify_graph`] traces
//! rewritten pages through the files as they will be.

pub mod cdn_literals;
pub mod changes;
pub mod error;
mod guarding_pages;
pub mod headers;
pub mod inline_edit;
mod inline_scripts;
pub mod locked_rewriter;
mod meta_policies;
pub mod modules;
pub mod page;
pub mod pages;
pub mod resolution;
pub mod set;
mod verify_graph;
