//! Everything a run needs to know.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use super::output::Output;
use crate::{
    fetch::ClientOptions,
    findings::Keep,
    integrity::Algorithm,
    options::{Ambiguous, Format, IntegrityMap, Mode, OnError, SourceChoice},
    policy::Policy,
};

/// Everything a run needs to know: what [`Project`](super::Project) makes of the arguments and
/// `inhouse.toml`.
#[derive(Debug)]
pub struct Settings {
    /// The folder of `inhouse.toml`, else the current one.
    pub(crate) project_root: PathBuf,
    /// The built site; empty if there is none, because pages come as records.
    pub(crate) site: PathBuf,
    /// Files with what `scan` printed, if they are read in place of the pages.
    pub(crate) from_scan: Vec<PathBuf>,
    /// Where the result goes, if not into `site`.
    pub(crate) dest: Option<PathBuf>,
    /// The site vendor folder, `/`-separated and relative to the site.
    pub(crate) out: String,
    /// The vendor cache.
    pub(crate) cache: PathBuf,
    /// A prefix that replaces relative addresses.
    pub(crate) public_path: Option<String>,
    /// The site's own URL.
    pub(crate) site_url: Option<Url>,
    /// The names of the folders in the site's root.
    pub(crate) folders: Arc<BTreeSet<String>>,
    /// More patterns for pages.
    pub(crate) page_globs: Vec<String>,
    /// What an ambiguous page means.
    pub(crate) ambiguous: Ambiguous,
    /// Which scripts are vendored, kept or denied.
    pub(crate) policy: Policy,
    /// The most that a script without a recipe brings along, in bytes.
    pub(crate) companion_limit: u64,
    /// Locked, offline, both or neither.
    pub(crate) mode: Mode,
    /// Plan only.
    pub(crate) dry_run: bool,
    /// Where bytes come from.
    pub(crate) source: SourceChoice,
    /// The algorithms of `integrity`; `None` writes no attribute.
    pub(crate) integrity: Option<Vec<Algorithm>>,
    /// Which modules import maps guard.
    pub(crate) integrity_map: IntegrityMap,
    /// Whether every script of the site is read for what it imports, and not only those that pages
    /// load as modules.
    pub(crate) scan_js: bool,
    /// Whether the site vendor folder gets a file with the licences of what lies in it.
    pub(crate) notices: bool,
    /// Write `crossorigin="anonymous"` on what we vendor.
    pub(crate) crossorigin: bool,
    /// What a failed download means.
    pub(crate) on_error: OnError,
    /// How many threads work on pages; 0 is one per core.
    pub(crate) jobs: usize,
    /// How many places of one notice or one URL are kept.
    pub(crate) keep: Keep,
    /// How the network may be used.
    pub(crate) client: ClientOptions,
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
    pub(crate) fn own_site(&self) -> Option<&Path> {
        Some(self.site.as_path()).filter(|site| !site.as_os_str().is_empty())
    }
}
