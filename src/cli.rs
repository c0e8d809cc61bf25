//! What was typed: the command line, read by clap. What it *means* is decided in
//! [`settings`](crate::settings), together with the environment and `inhouse.toml`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, builder::styling};
use url::Url;

use crate::{
    integrity::Algorithm,
    options::{Ambiguous, ColorChoice, Format, HostOverride, IntegrityMap, OnError, SourceChoice},
    policy::OnDenied,
};

const STYLES: styling::Styles = styling::Styles::styled()
    .header(styling::AnsiColor::Green.on_default().bold())
    .usage(styling::AnsiColor::Green.on_default().bold())
    .literal(styling::AnsiColor::Cyan.on_default().bold())
    .placeholder(styling::AnsiColor::Cyan.on_default());

/// Bring a built site's third-party scripts in-house.
///
/// Walks a built static site, downloads each external script once, records it in a lockfile, and
/// points every page at the local copy with Subresource Integrity.
#[derive(Debug, Parser)]
#[command(name = "inhouse", version, styles = STYLES, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done · 1 the site has a problem · 2 the tool could not work")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Vendor every external script of a built site: download, lock, rewrite
    Vendor(Box<VendorArgs>),
    /// List every external script of a built site and what would become of it; writes nothing
    #[command(after_long_help = SCANS)]
    Scan(Box<ScanArgs>),
    /// Gate for CI: fail if a script is still external, unguarded, missing or not locked
    Check(Box<SiteArgs>),
    /// Rewrite pages from stdin to stdout, by the lockfile alone
    #[command(after_long_help = RECORDS)]
    Rewrite(Box<RewriteArgs>),
    /// Write a commented inhouse.toml into the current folder
    Init,
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// How results are printed; these options may stand before and after every command.
#[derive(Clone, Debug, Default, Args)]
pub struct OutputArgs {
    /// How results are printed
    #[arg(long, global = true, value_enum, env = "INHOUSE_FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Print problems only
    #[arg(short, long, global = true, help_heading = "Output", conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every page and line that uses a script
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = "Output")]
    pub color: Option<ColorChoice>,
    /// Do not show how far the run has come
    #[arg(long, global = true, help_heading = "Output")]
    pub no_progress: bool,
    /// The configuration file (default: inhouse.toml here or in a folder above)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "INHOUSE_CONFIG",
        help_heading = "Output"
    )]
    pub config: Option<PathBuf>,
}

/// The records of `--batch`, explained in `--help`.
const RECORDS: &str = "\
Records:
  With --batch every line of stdin is a page, as a JSON object:
    {\"path\": \"blog/index.html\", \"page\": \"<!doctype html>…\"}
  `path` is the page's path below the site's root, as for --page-path. Pages that are not UTF-8 come
  as \"page-base64\" instead of \"page\". For each line there is one line on stdout, in the same order:
  the same object, other members included, with the page as it is to be served and
  \"changed\": true or false. A page that cannot be rewritten comes back without its text and with
  \"problems\": [{\"code\": …, \"message\": …}]; the others are not held up, and the exit code is 1.
  Memory does not grow with the number of records, and no record waits for a later one.";

/// What site it is and what is done with which script.
#[derive(Clone, Debug, Default, Args)]
pub struct SiteArgs {
    /// The built site, for example public/ or _site/
    pub site: PathBuf,
    /// The pages and the policy.
    #[command(flatten)]
    pub pages: PageArgs,
}

/// How pages are read and what is done with which script: the same for all commands.
#[derive(Clone, Debug, Default, Args)]
pub struct PageArgs {
    /// The folder inside SITE that vendored scripts go to [default: vendor]
    #[arg(long, value_name = "DIR", env = "INHOUSE_OUT")]
    pub out: Option<String>,
    /// The folder with the lockfile and the downloaded bytes [default: vendor-cache]
    #[arg(long, value_name = "DIR", env = "INHOUSE_CACHE")]
    pub cache: Option<PathBuf>,
    /// Write addresses as PREFIX + path instead of relative to each page
    #[arg(long, value_name = "PREFIX", env = "INHOUSE_PUBLIC_PATH")]
    pub public_path: Option<String>,
    /// The site's own URL, so that absolute links to itself are not taken for external ones
    #[arg(long, value_name = "URL", env = "INHOUSE_SITE_URL")]
    pub site_url: Option<Url>,
    /// Also treat files matching GLOB as pages, next to *.html, *.htm and *.xhtml (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub page_glob: Vec<String>,
    /// What to do with a page whose markup parsers read differently [default: fail]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub ambiguous: Option<Ambiguous>,
    /// Which modules an import map guards, where no tag names them [default: static]
    #[arg(long, value_enum, value_name = "WHICH", env = "INHOUSE_INTEGRITY_MAP")]
    pub integrity_map: Option<IntegrityMap>,
    /// Also read every *.js and *.mjs file of SITE for what it imports from elsewhere
    #[arg(long)]
    pub scan_js: bool,
    /// Write no THIRD-PARTY-NOTICES.txt into the vendor folder, and check none
    #[arg(long)]
    pub no_notices: bool,
    /// Vendor only scripts whose URL matches PATTERN (repeatable)
    #[arg(long, value_name = "PATTERN", help_heading = "Policy")]
    pub include: Vec<String>,
    /// Leave scripts whose URL matches PATTERN external (repeatable)
    #[arg(long, value_name = "PATTERN", help_heading = "Policy")]
    pub exclude: Vec<String>,
    /// How many MB of files a script may bring along that Inhouse knows no recipe for [default: 5]
    #[arg(long, value_name = "MB", env = "INHOUSE_COMPANION_LIMIT", help_heading = "Policy")]
    pub companion_limit: Option<u64>,
    /// What to do with scripts from hosts known as compromised [default: fail]
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        env = "INHOUSE_ON_DENIED",
        help_heading = "Policy"
    )]
    pub on_denied: Option<OnDenied>,
    /// How many threads read and write pages [default: one per core]
    #[arg(long, value_name = "N", env = "INHOUSE_JOBS")]
    pub jobs: Option<usize>,
}

/// What only `scan` needs.
#[derive(Clone, Debug, Default, Args)]
pub struct ScanArgs {
    /// The built site, for example public/ or _site/; with --batch its pages are not read
    #[arg(required_unless_present = "batch")]
    pub site: Option<PathBuf>,
    /// Read pages from stdin, one JSON record a line (see `inhouse rewrite --help`), and print what
    /// they ask for as JSON
    #[arg(long)]
    pub batch: bool,
    /// The pages and the policy.
    #[command(flatten)]
    pub pages: PageArgs,
}

/// How scans merge, explained in `--help`.
const SCANS: &str = "\
Scans of parts of a site:
  What `--format json` and `--batch` print merges by concatenation, in any order: `inhouse vendor SITE
  --from-scan FILES…` plans from any number of such files as if it had read all the pages itself.";

/// What only `rewrite` needs.
#[derive(Clone, Debug, Default, Args)]
pub struct RewriteArgs {
    /// The page's path below the site's root: addresses are relative to it
    #[arg(long, value_name = "PATH", required_unless_present = "batch", conflicts_with = "batch")]
    pub page_path: Option<String>,
    /// Read one JSON record a line, and write one for each (see below)
    #[arg(long)]
    pub batch: bool,
    /// The built site, for its own modules and _headers; pages in it are not looked at
    #[arg(long, value_name = "DIR")]
    pub site: Option<PathBuf>,
    /// The pages and the policy.
    #[command(flatten)]
    pub pages: PageArgs,
    /// What is written into tags.
    #[command(flatten)]
    pub guard: GuardArgs,
    /// --locked and --offline; always on, a filter decides nothing
    #[arg(long, help_heading = "Mode")]
    pub frozen: bool,
}

/// What is written into tags beside the address.
#[derive(Clone, Debug, Default, Args)]
pub struct GuardArgs {
    /// The hash written into `integrity` (repeatable) [default: sha384]
    #[arg(long, value_enum, value_name = "ALGORITHM", conflicts_with = "no_integrity")]
    pub integrity: Vec<Algorithm>,
    /// Write no `integrity`
    #[arg(long)]
    pub no_integrity: bool,
    /// Write crossorigin="anonymous", which an Integrity-Policy header asks for
    #[arg(long)]
    pub crossorigin: bool,
}

/// What only `vendor` needs.
#[derive(Clone, Debug, Default, Args)]
pub struct VendorArgs {
    /// The site and the policy.
    #[command(flatten)]
    pub site: SiteArgs,
    /// Plan from what `scan --format json` printed: scripts are fetched and locked, and laid into SITE,
    /// which need not exist yet; no page is read or written
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "dest")]
    pub from_scan: Vec<PathBuf>,
    /// Write the whole result to DIR and leave SITE as it is
    #[arg(long, value_name = "DIR", env = "INHOUSE_DEST")]
    pub dest: Option<PathBuf>,
    /// What the run must not do.
    #[command(flatten)]
    pub mode: ModeArgs,
    /// Show what would be done; write nothing
    #[arg(long, help_heading = "Mode")]
    pub dry_run: bool,
    /// Where bytes come from: the CDN proved by npm, the CDN alone, or npm alone [default: auto]
    #[arg(long, value_enum, env = "INHOUSE_SOURCE")]
    pub source: Option<SourceChoice>,
    /// What is written into tags.
    #[command(flatten)]
    pub guard: GuardArgs,
    /// What to do when a download fails; a mismatch always fails [default: fail]
    #[arg(long, value_enum, value_name = "WHAT", env = "INHOUSE_ON_ERROR")]
    pub on_error: Option<OnError>,
    /// How the network may be used.
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// What the run must not do.
#[derive(Clone, Debug, Default, Args)]
pub struct ModeArgs {
    /// Fail if the lockfile is missing or would change
    #[arg(long, help_heading = "Mode")]
    pub locked: bool,
    /// Do not use the network
    #[arg(long, help_heading = "Mode", env = "INHOUSE_OFFLINE", value_parser = clap::builder::FalseyValueParser::new())]
    pub offline: bool,
    /// --locked and --offline
    #[arg(long, help_heading = "Mode")]
    pub frozen: bool,
}

/// How the network may be used.
#[derive(Clone, Debug, Default, Args)]
pub struct NetworkArgs {
    /// Trust the certificates in FILE (PEM) as well
    #[arg(long, value_name = "FILE", env = "INHOUSE_CA_CERT", help_heading = "Network")]
    pub ca_cert: Option<PathBuf>,
    /// Allow downloads from private and loopback addresses
    #[arg(long, help_heading = "Network")]
    pub allow_private: bool,
    /// Allow plain http for HOST, or for any host with * (repeatable)
    #[arg(long, value_name = "HOST|*", help_heading = "Network")]
    pub allow_http: Vec<String>,
    /// Connect to ADDR:PORT for HOST, as curl's --resolve does (repeatable)
    #[arg(long, value_name = "HOST=ADDR:PORT", help_heading = "Network")]
    pub resolve: Vec<HostOverride>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
