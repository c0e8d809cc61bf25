//! The commands: each composes the stages in their order.
//!
//! A stage returns its value and its findings. As long as there is a problem among the findings, nothing
//! is written.

mod check;
mod filter;
mod locked_digests;
mod outcome;
mod plan;
pub mod records;
mod rewrite;
mod scan;
mod threads;
mod vendor;

pub use self::{
    check::check,
    records::Tally,
    rewrite::{rewrite_page, rewrite_records},
    scan::{scan, scan_records},
    vendor::vendor,
};
