//! What is meant: flags over environment over `inhouse.toml` over defaults, in one value.
//!
//! Relative paths on the command line start at the current folder, those in `inhouse.toml` at the
//! folder that holds it: the project root.

#![allow(clippy::disallowed_methods, reason = "reads inhouse.toml")]

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::ValueEnum;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::{
    cli::{ColorChoice, HostOverride, OutputArgs, RewriteArgs, SiteArgs, VendorArgs},
    fetch::{ClientOptions, Limits, PlainHttp},
    findings::Keep,
    integrity::Algorithm,
    policy::{OnDenied, Policy, PolicyError, Rule},
    site,
};

/// The configuration file's name.
pub const CONFIG_FILE: &str = "inhouse.toml";

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One tagged JSON object a line, the summary last.
    Json,
}

/// Where the bytes of a script come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceChoice {
    /// The CDN, proved by the npm package where the URL names one; that package's own file if the
    /// CDN cannot be reached
    #[default]
    Auto,
    /// The CDN alone
    Cdn,
    /// The npm package alone: no CDN is contacted
    Npm,
}

/// Which modules an import map's `integrity` guards, where no tag of the page names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntegrityMap {
    /// None
    Off,
    /// Those that the page's own code and import maps name
    Entry,
    /// All that the page waits for: no lazily imported ones
    #[default]
    Static,
    /// All that the page can reach
    All,
}

/// What a failed download means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The run fails
    #[default]
    Fail,
    /// The reference stays as it was and is reported
    Keep,
}

/// What a page means that conforming parsers and ours may read differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ambiguous {
    /// The run fails
    #[default]
    Fail,
    /// The page is left as it is and reported
    Skip,
}

/// The two promises a run can be held to, with cargo's meanings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// The lockfile must exist and must not change.
    pub locked: bool,
    /// The network must not be used.
    pub offline: bool,
}

/// Everything a run needs to know: what [`Project`] makes of the arguments and `inhouse.toml`.
#[derive(Debug)]
pub struct Settings {
    /// The folder of `inhouse.toml`, else the current one.
    pub(crate) project_root: PathBuf,
    /// The built site; empty if there is none, because pages come as records.
    pub(crate) site: PathBuf,
    /// What `scan` printed about its pages, if they are not to be read.
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
    /// What is done with which script.
    pub(crate) policy: Policy,
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
    /// Write `crossorigin="anonymous"` on what we vendor.
    pub(crate) crossorigin: bool,
    /// What a failed download means.
    pub(crate) on_error: OnError,
    /// How many threads work on pages; 0 is one per core.
    pub(crate) jobs: usize,
    /// How many places are kept of those that say the same.
    pub(crate) keep: Keep,
    /// How the network may be used.
    pub(crate) client: ClientOptions,
}

impl Settings {
    /// Keeps no more places than `output` tells.
    #[must_use]
    pub fn told_by(self, output: Output) -> Self {
        // A dry run counts the pages that would change by the places it knows.
        let all = output.verbose || output.format == Format::Json || self.dry_run;
        Self { keep: if all { Keep::All } else { Keep::Few }, ..self }
    }

    /// The built site, if there is one on this machine.
    pub(crate) fn own_site(&self) -> Option<&Path> {
        Some(self.site.as_path()).filter(|site| !site.as_os_str().is_empty())
    }
}

/// Settings that make no sense.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration file is not valid; the source shows the line.
    #[error("invalid configuration `{}`\n{}", path.display(), frame.to_string().trim_end())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The `toml` crate's account, with a code frame; part of the message, so no `source`.
        frame: Box<toml::de::Error>,
    },
    /// `out` must be a plain folder name or path inside the site.
    #[error(
        "`{0}` cannot be the vendor folder: it must be a relative path of plain names that start with a letter or digit"
    )]
    Out(String),
    /// `public-path` with characters that would break out of an attribute or an address.
    #[error("`{0}` cannot be a public path: write it as the start of a URL, such as /repo/vendor/")]
    PublicPath(String),
    /// `site-url` must be an http or https URL.
    #[error("`{0}` cannot be the site's URL: it must start with https:// or http://")]
    SiteUrl(Url),
    /// `dest` inside SITE or SITE inside `dest`.
    #[error("`{}` and `{}` must not lie inside one another", dest.display(), site.display())]
    Nested {
        /// The destination.
        dest: PathBuf,
        /// The site.
        site: PathBuf,
    },
    /// A rule or pattern of the policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl SettingsError {
    /// What to do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Read { .. } => Some("check the path and the permissions"),
            Self::Parse { .. } => {
                Some("`inhouse init` in an empty folder writes a file with every key")
            }
            Self::Nested { .. } => Some("choose a folder beside the site"),
            Self::Out(_) | Self::PublicPath(_) | Self::SiteUrl(_) | Self::Policy(_) => None,
        }
    }
}

/// The keys of `inhouse.toml`. Every key is an option of the same name.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    dest: Option<PathBuf>,
    out: Option<String>,
    cache: Option<PathBuf>,
    public_path: Option<String>,
    site_url: Option<Url>,
    #[serde(default)]
    page_glob: Vec<String>,
    ambiguous: Option<Ambiguous>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    on_denied: Option<OnDenied>,
    on_error: Option<OnError>,
    #[serde(default)]
    locked: bool,
    #[serde(default)]
    offline: bool,
    #[serde(default)]
    frozen: bool,
    #[serde(default)]
    dry_run: bool,
    source: Option<SourceChoice>,
    #[serde(default)]
    integrity: Vec<Algorithm>,
    #[serde(default)]
    no_integrity: bool,
    integrity_map: Option<IntegrityMap>,
    #[serde(default)]
    scan_js: bool,
    #[serde(default)]
    crossorigin: bool,
    jobs: Option<usize>,
    ca_cert: Option<PathBuf>,
    #[serde(default)]
    allow_private: bool,
    #[serde(default)]
    allow_http: Vec<String>,
    #[serde(default)]
    resolve: Vec<HostOverride>,
    format: Option<Format>,
    #[serde(default)]
    quiet: bool,
    #[serde(default)]
    verbose: bool,
    color: Option<ColorChoice>,
    #[serde(default)]
    no_progress: bool,
    #[serde(default)]
    limits: LimitsConfig,
    /// User rules, `[[rule]]`.
    #[serde(default)]
    rule: Vec<Rule>,
}

/// The table `[limits]`: what a download may cost.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct LimitsConfig {
    connect_seconds: Option<u64>,
    total_seconds: Option<u64>,
    max_bytes: Option<u64>,
    max_total_bytes: Option<u64>,
    redirects: Option<usize>,
    retries: Option<u32>,
    per_host: Option<usize>,
    in_flight: Option<usize>,
}

impl LimitsConfig {
    fn over(self, defaults: Limits) -> Limits {
        Limits {
            connect: self.connect_seconds.map_or(defaults.connect, Duration::from_secs),
            total: self.total_seconds.map_or(defaults.total, Duration::from_secs),
            max_bytes: self.max_bytes.unwrap_or(defaults.max_bytes),
            max_total_bytes: self.max_total_bytes.unwrap_or(defaults.max_total_bytes),
            redirects: self.redirects.unwrap_or(defaults.redirects),
            retries: self.retries.unwrap_or(defaults.retries),
            per_host: self.per_host.unwrap_or(defaults.per_host),
            in_flight: self.in_flight.unwrap_or(defaults.in_flight),
            ..defaults
        }
    }
}

/// How the run talks.
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

/// `inhouse.toml`, read, and the folder it stands for.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    config: Config,
}

impl Project {
    /// Reads the configuration named by `--config`, else the `inhouse.toml` of the current folder
    /// or the nearest folder above that has one, else none.
    ///
    /// # Errors
    /// [`SettingsError::Read`] or [`SettingsError::Parse`].
    pub fn load(named: Option<&Path>) -> Result<Self, SettingsError> {
        let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let found = match named {
            Some(path) => Some(current.join(path)),
            None => {
                current.ancestors().map(|dir| dir.join(CONFIG_FILE)).find(|path| path.is_file())
            }
        };
        let Some(path) = found else {
            return Ok(Self { root: current, config: Config::default() });
        };
        let text = fs::read_to_string(&path)
            .map_err(|source| SettingsError::Read { path: path.clone(), source })?;
        let config = toml::from_str(&text).map_err(|source| SettingsError::Parse {
            path: path.clone(),
            frame: Box::new(source),
        })?;
        let root = path.parent().map_or(current, Path::to_path_buf);
        Ok(Self { root, config })
    }

    /// How the run talks: flags over the configuration.
    pub fn output(&self, args: &OutputArgs) -> Output {
        Output {
            format: args.format.or(self.config.format).unwrap_or_default(),
            quiet: args.quiet || (self.config.quiet && !args.verbose),
            verbose: args.verbose || (self.config.verbose && !args.quiet),
            color: args.color.or(self.config.color).unwrap_or_default(),
            progress: !(args.no_progress || self.config.no_progress),
        }
    }

    /// What `check`, and `scan` of a folder, need to know.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_site(self, args: SiteArgs) -> Result<Settings, SettingsError> {
        self.for_vendor(VendorArgs { site: args, ..VendorArgs::default() })
    }

    /// What `scan` needs to know of pages that come as records; there may be no site.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_records(self, args: SiteArgs) -> Result<Settings, SettingsError> {
        let SiteArgs { site, pages } = args;
        self.for_rewrite(RewriteArgs { site: Some(site), pages, ..RewriteArgs::default() })
    }

    /// What `rewrite` needs to know: everything is promised, and nothing is written to disk.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_rewrite(mut self, args: RewriteArgs) -> Result<Settings, SettingsError> {
        self.config.dest = None;
        let site = SiteArgs { site: args.site.unwrap_or_default(), pages: args.pages };
        self.for_vendor(VendorArgs {
            site,
            guard: args.guard,
            frozen: true,
            ..VendorArgs::default()
        })
    }

    /// What `vendor` needs to know.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_vendor(self, args: VendorArgs) -> Result<Settings, SettingsError> {
        let Self { root, config } = self;
        let VendorArgs { site: SiteArgs { site, pages }, guard, from_scan, .. } = args;
        let frozen = args.frozen || config.frozen;
        let in_project = |path: Option<PathBuf>| path.map(|path| root.join(path));
        let dest = args.dest.or(in_project(config.dest)).filter(|_| from_scan.is_empty());
        if let Some(dest) = &dest {
            refuse_nested(dest, &site)?;
        }
        Ok(Settings {
            out: vendor_folder(pages.out.or(config.out).unwrap_or_else(|| "vendor".to_owned()))?,
            cache: pages
                .cache
                .or(in_project(config.cache))
                .unwrap_or_else(|| root.join("vendor-cache")),
            public_path: public_path(pages.public_path.or(config.public_path))?,
            site_url: site_url(pages.site_url.or(config.site_url))?,
            page_globs: either(pages.page_glob, config.page_glob),
            ambiguous: pages.ambiguous.or(config.ambiguous).unwrap_or_default(),
            policy: Policy::new(
                config.rule,
                either(pages.include, config.include),
                either(pages.exclude, config.exclude),
                pages.on_denied.or(config.on_denied).unwrap_or_default(),
            )?,
            mode: Mode {
                locked: frozen || args.locked || config.locked,
                offline: frozen || args.offline || config.offline,
            },
            dry_run: args.dry_run || config.dry_run,
            source: args.source.or(config.source).unwrap_or_default(),
            integrity: algorithms(
                guard.no_integrity || (config.no_integrity && guard.integrity.is_empty()),
                either(guard.integrity, config.integrity),
            ),
            integrity_map: pages.integrity_map.or(config.integrity_map).unwrap_or_default(),
            scan_js: pages.scan_js || config.scan_js,
            crossorigin: guard.crossorigin || config.crossorigin,
            on_error: args.on_error.or(config.on_error).unwrap_or_default(),
            jobs: pages.jobs.or(config.jobs).unwrap_or_default(),
            keep: Keep::All,
            client: ClientOptions {
                limits: config.limits.over(Limits::default()),
                ca_cert: args.ca_cert.or(in_project(config.ca_cert)),
                allow_private: args.allow_private || config.allow_private,
                allow_http: plain_http(either(args.allow_http, config.allow_http)),
                resolve: either(args.resolve, config.resolve).into_iter().map(Into::into).collect(),
                ..ClientOptions::default()
            },
            folders: Arc::new(site::folders(&site)),
            site,
            project_root: root,
            dest,
            from_scan,
        })
    }
}

/// A list on the command line replaces the one of the file.
fn either<T>(typed: Vec<T>, configured: Vec<T>) -> Vec<T> {
    if typed.is_empty() { configured } else { typed }
}

fn algorithms(none: bool, chosen: Vec<Algorithm>) -> Option<Vec<Algorithm>> {
    match (none, chosen.is_empty()) {
        (true, _) => None,
        (false, true) => Some(vec![Algorithm::Sha384]),
        (false, false) => Some(chosen),
    }
}

fn plain_http(hosts: Vec<String>) -> PlainHttp {
    if hosts.iter().any(|host| host == "*") {
        PlainHttp::Any
    } else if hosts.is_empty() {
        PlainHttp::Never
    } else {
        PlainHttp::Hosts(hosts)
    }
}

/// GitHub Pages drops names that start with `_` or `.`, so these are refused.
fn vendor_folder(out: String) -> Result<String, SettingsError> {
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && !name.ends_with('.')
    };
    let trimmed = out.strip_suffix('/').unwrap_or(&out);
    if trimmed.split('/').all(plain) {
        Ok(trimmed.to_owned())
    } else {
        Err(SettingsError::Out(out))
    }
}

fn public_path(prefix: Option<String>) -> Result<Option<String>, SettingsError> {
    let Some(mut prefix) = prefix else { return Ok(None) };
    let harmless =
        |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\');
    if prefix.is_empty() || !prefix.bytes().all(harmless) {
        return Err(SettingsError::PublicPath(prefix));
    }
    if !prefix.ends_with('/') {
        prefix.push('/');
    }
    Ok(Some(prefix))
}

fn site_url(url: Option<Url>) -> Result<Option<Url>, SettingsError> {
    match url {
        Some(url) if !matches!(url.scheme(), "http" | "https") => Err(SettingsError::SiteUrl(url)),
        url => Ok(url),
    }
}

fn refuse_nested(dest: &Path, site: &Path) -> Result<(), SettingsError> {
    let absolute = |path: &Path| {
        fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .unwrap_or_else(|_| path.into())
    };
    let (d, s) = (absolute(dest), absolute(site));
    if d.starts_with(&s) || s.starts_with(&d) {
        return Err(SettingsError::Nested { dest: dest.to_owned(), site: site.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{GuardArgs, PageArgs};

    fn project(text: &str) -> Project {
        Project { root: PathBuf::from("/project"), config: toml::from_str(text).unwrap() }
    }

    #[test]
    fn flags_win_over_the_file() {
        let pages = PageArgs { out: Some("scripts".into()), ..PageArgs::default() };
        let args = SiteArgs { pages, ..SiteArgs::default() };
        let settings = project("out = \"assets/vendor\"\ncache = \"kept\"").for_site(args).unwrap();
        assert_eq!(settings.out, "scripts");
        assert_eq!(settings.cache, Path::new("/project/kept"));
    }

    #[test]
    fn frozen_is_locked_and_offline() {
        let args = VendorArgs { frozen: true, ..VendorArgs::default() };
        let settings = project("").for_vendor(args).unwrap();
        assert_eq!(settings.mode, Mode { locked: true, offline: true });
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let error = toml::from_str::<Config>("on-denid = \"fail\"").unwrap_err().to_string();
        assert!(error.contains("on-denid") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn vendor_folders_that_hosts_would_hide_or_that_lead_away_are_refused() {
        for out in ["../x", "/x", "_vendor", ".vendor", "a/../b", "", "a//b", "C:\\x", "a\\b"] {
            assert!(vendor_folder(out.to_owned()).is_err(), "{out}");
        }
        assert_eq!(vendor_folder("assets/vendor/".to_owned()).unwrap(), "assets/vendor");
    }

    #[test]
    fn a_public_path_cannot_break_out_of_an_attribute() {
        assert!(public_path(Some("\"><script>".into())).is_err());
        assert_eq!(public_path(Some("/repo".into())).unwrap().as_deref(), Some("/repo/"));
    }

    #[test]
    fn no_integrity_in_the_file_gives_way_to_an_algorithm_on_the_command_line() {
        let guard = GuardArgs { integrity: vec![Algorithm::Sha512], ..GuardArgs::default() };
        let args = VendorArgs { guard, ..VendorArgs::default() };
        let settings = project("no-integrity = true").for_vendor(args).unwrap();
        assert_eq!(settings.integrity, Some(vec![Algorithm::Sha512]));
        assert_eq!(
            project("no-integrity = true").for_site(SiteArgs::default()).unwrap().integrity,
            None
        );
    }
}
