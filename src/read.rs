//! Reading: the lockfile and the header policies of a site ([`baseline`]), and what its pages ask for
//! ([`pages`]), read from a folder in parallel ([`parallel`]) or from what `scan` wrote ([`scans`]).
//!
//! Nothing is decided here: what becomes of each URL is for [`resolve`](crate::resolve).

pub mod baseline;
pub mod facts;
pub mod notices;
pub mod page_edit;
pub mod page_record;
pub mod pages;
pub mod parallel;
pub mod scans;
pub mod url_uses;
mod warnings;
