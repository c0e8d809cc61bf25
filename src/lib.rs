//! Inhouse brings a built site's third-party scripts in-house: it downloads each once, records it
//! in a lockfile, points every page at the local copy and guards it with Subresource Integrity.
//!
//! The rooms, in the order the data flows:
//!
//! | stage | room | touches |
//! |---|---|---|
//! | discover | [`site`]: the walk through the pages, which feeds those who read them | disk |
//! | scan | [`html`]: bytes → tags with exact spans; [`page`], [`mod@reference`]: what they mean; [`inventory`]: all pages together, read in parallel and put in order | |
//! | follow | [`graph`]: what modules and import maps load, from file to file, in turns with the next two | |
//! | plan | [`plan`]: inventory × [`policy`] × [`lockfile`] → one action for each URL | |
//! | fetch, verify | [`obtain`]: [`fetch`] and [`npm`] → bytes that passed every check of [`integrity`] | network |
//! | store | [`store`]: the vendor cache and the site vendor folder, laid out by [`vendor_path`] | disk |
//! | rewrite | [`rewrite`]: page bytes and resolutions → page bytes | |
//! | report | [`findings`]: warnings and problems, which every stage returns; [`report`]: what happened, for people and for programs | |
//!
//! What a vendored script loads from its own package at run time is chosen by [`companions`].
//!
//! Where everything is locked, pages are rewritten when they are first read, by what the lockfile says;
//! it counts only if the plan says the same. What is written is a [`Patch`](html::Patch), proved before.
//!
//! Pages can come from elsewhere than a folder: as [`record`]s of a stream, which the filters
//! [`rewrite_records`] and [`scan_records`] read, and as [`scans`] of parts of a site, which are planned
//! together.
//!
//! What [`site`] and [`store`] write goes through [`folder`], which follows no link. Policies of the
//! site that edits of inline scripts concern follow them in [`csp`].
//! [`mod@check`] holds a finished site against the lockfile, with the same first stages.
//!
//! [`cli`] is what was typed, [`settings`] what is meant. Everything is fetched and verified before
//! the first file is written: [`vendor`] reads like the table.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod check;
pub mod cli;
pub mod companions;
pub mod csp;
pub mod fetch;
pub mod findings;
pub mod folder;
pub mod graph;
pub mod html;
pub mod init;
pub mod integrity;
pub mod inventory;
pub mod js;
pub mod lockfile;
pub mod npm;
pub mod obtain;
pub mod page;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod record;
pub mod reference;
pub mod report;
pub mod rewrite;
mod run;
pub mod scans;
pub mod settings;
pub mod site;
pub mod store;
pub mod vendor_path;

pub use run::{
    RunError, StreamError, Tally, check, remedy, rewrite_page, rewrite_records, scan, scan_records,
    vendor,
};
