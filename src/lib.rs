//! Inhouse brings a built site's third-party scripts in-house: it downloads each once, records it
//! in a lockfile, points every page at the local copy and guards it with Subresource Integrity.
//!
//! A program that wants what the `inhouse` command does makes [`Settings`](settings::Settings) from
//! arguments and calls the command as a function: [`vendor`], [`scan`], [`check()`], [`rewrite_page`],
//! [`rewrite_records`] or [`scan_records`]. What happened comes back as a [`Report`](report::Report).
//!
//! ```
//! use inhouse::{cli::SiteArgs, progress::Silent, settings::Project};
//!
//! let site = tempfile::tempdir()?;
//! std::fs::write(
//!     site.path().join("index.html"),
//!     r#"<script src="https://cdn.example/chart.js"></script>"#,
//! )?;
//!
//! let args = SiteArgs { site: site.path().to_owned(), ..SiteArgs::default() };
//! let report = inhouse::scan(&Project::load(None)?.for_site(args)?, &Silent)?;
//! assert_eq!(report.scripts[0].url, "https://cdn.example/chart.js");
//! assert_eq!(report.exit_code(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The core needs no disk and no network: [`html`] reads the bytes of a page and edits them.
//!
//! ```
//! use inhouse::html::{Change, Dialect, Edit, apply, scan};
//!
//! let page = b"<script src=https://cdn.example/chart.js defer></script>";
//! let found = scan(page, Dialect::Html)?;
//! assert_eq!(found.tags[0].address(), Some("https://cdn.example/chart.js"));
//!
//! let local = Change::Set { attribute: "src".into(), value: "vendor/chart.js".into() };
//! let edited = apply(page, &found, &[Edit { tag: 0, changes: vec![local] }])?;
//! assert_eq!(edited, b"<script src=vendor/chart.js defer></script>");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything else is private. The feature `internals` opens it for this package's own tests, benches
//! and fuzz targets; what it shows may change with every version.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]
#![cfg_attr(feature = "internals", allow(unnameable_types))]

mod asset;
mod change;
mod check;
pub mod cli;
mod commands;
mod commit;
mod companions;
mod csp;
mod error;
mod fetch;
pub mod findings;
mod folder;
mod graph;
pub mod html;
pub mod init;
pub mod integrity;
mod js;
mod layout;
pub mod lockfile;
mod mime;
mod notices;
mod npm;
mod obtain;
pub mod options;
mod page;
mod policy;
pub mod progress;
mod read;
mod record;
mod reference;
pub mod report;
mod resolve;
pub mod settings;
mod site;
mod site_urls;
mod store;
mod third_party_notices;
mod vendor_path;

pub use commands::{Tally, check, rewrite_page, rewrite_records, scan, scan_records, vendor};
pub use error::{RunError, remedy};
pub use policy::OnDenied;
pub use record::{lines::StreamError, page_path};
pub use reference::SubresourceUrl;
pub use vendor_path::VendorPath;

/// The errors of single stages, as [`RunError`] and [`SettingsError`](settings::SettingsError) carry
/// them.
pub mod errors {
    pub use crate::{
        fetch::ClientError,
        folder::IoError,
        policy::{PatternError, PolicyError},
        read::scans::ScansError,
        record::RecordError,
        reference::NotFetchable,
        site::SiteError,
        store::StoreError,
        vendor_path::VendorPathError,
    };
}

/// The modules that this package's own tests, benches and fuzz targets reach into.
#[cfg(feature = "internals")]
#[doc(hidden)]
#[allow(missing_docs)]
pub mod internals {
    pub use crate::{html, integrity, lockfile, report};

    pub mod fetch {
        pub use crate::fetch::*;
    }
    pub mod graph {
        pub use crate::graph::*;
    }
    pub mod js {
        pub use crate::js::*;
    }
    pub mod npm {
        pub use crate::npm::*;
    }
    pub mod page {
        pub use crate::page::*;
    }
    pub mod reference {
        pub use crate::reference::*;
    }
    pub mod companions {
        pub use crate::companions::*;
    }
    pub mod change {
        pub use crate::change::{modules, page, resolution};
    }
    pub mod vendor_path {
        pub use crate::vendor_path::*;
    }
}
