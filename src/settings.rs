//! What is meant: flags over environment over `inhouse.toml` over defaults, in one value.

mod error;
mod file;
mod project;
mod values;

pub use self::{
    error::SettingsError,
    file::{CONFIG_FILE, Config},
    project::Project,
};
pub use crate::options::{Ambiguous, Format, IntegrityMap, Mode, OnError, SourceChoice};

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use crate::{
    fetch::ClientOptions, findings::Keep, integrity::Algorithm, options::ColorChoice,
    policy::Policy,
};

/// Everything a run needs to know.
#[derive(Debug)]
pub struct Settings {
    /// The folder of `inhouse.toml`, else the current one.
    pub project_root: PathBuf,
    /// The built site; empty if there is none, because pages come as records.
    pub site: PathBuf,
    /// What `scan` printed about its pages, if they are not to be read.
    pub from_scan: Vec<PathBuf>,
    /// Where the result goes, if not into `site`.
    pub dest: Option<PathBuf>,
    /// The site vendor folder, `/`-separated and relative to the site.
    pub out: String,
    /// The vendor cache.
    pub cache: PathBuf,
    /// A prefix that replaces relative addresses.
    pub public_path: Option<String>,
    /// The site's own URL.
    pub site_url: Option<Url>,
    /// The names of the folders in the site's root.
    pub folders: Arc<BTreeSet<String>>,
    /// More patterns for pages.
    pub page_globs: Vec<String>,
    /// What an ambiguous page means.
    pub ambiguous: Ambiguous,
    /// What is done with which script.
    pub policy: Policy,
    /// Locked, offline, both or neither.
    pub mode: Mode,
    /// Plan only.
    pub dry_run: bool,
    /// Where bytes come from.
    pub source: SourceChoice,
    /// The algorithms of `integrity`; `None` writes no attribute.
    pub integrity: Option<Vec<Algorithm>>,
    /// Which modules import maps guard.
    pub integrity_map: IntegrityMap,
    /// Whether every script of the site is read for what it imports, and not only those that pages
    /// load as modules.
    pub scan_js: bool,
    /// Write `crossorigin="anonymous"` on what we vendor.
    pub crossorigin: bool,
    /// What a failed download means.
    pub on_error: OnError,
    /// How many threads work on pages; 0 is one per core.
    pub jobs: usize,
    /// How many places are kept of those that say the same.
    pub keep: Keep,
    /// How the network may be used.
    pub client: ClientOptions,
}

impl Settings {
    /// Keeps only as many places as `output` prints.
    #[must_use]
    pub fn for_output(self, output: Output) -> Self {
        // A dry run counts the pages that would change from the places.
        let all = output.verbose || output.format == Format::Json || self.dry_run;
        Self { keep: if all { Keep::All } else { Keep::Few }, ..self }
    }

    /// The built site, if there is one on this machine.
    pub fn own_site(&self) -> Option<&Path> {
        Some(self.site.as_path()).filter(|site| !site.as_os_str().is_empty())
    }
}

/// How results and progress are printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output {
    /// The printer.
    pub format: Format,
    /// Problems only.
    pub quiet: bool,
    /// Every use of every script.
    pub verbose: bool,
    /// When to use colour.
    pub color: ColorChoice,
    /// Whether a progress bar may be drawn on a terminal.
    pub progress: bool,
}
