//! The arguments of a command and `inhouse.toml` → [`Settings`].
//!
//! A new command says here which groups of arguments it has ([`Typed`]); the rest is the same for all.
//!
//! Relative paths on the command line start at the current folder, those in `inhouse.toml` at the
//! folder that holds it: the project root.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    SettingsError,
    file::Config,
    output::Output,
    run_settings::Settings,
    values::{algorithms, public_path, refuse_nested, site_url, vendor_folder},
};
use crate::{
    cli::{
        GuardArgs, ModeArgs, NetworkArgs, OutputArgs, PageArgs, RewriteArgs, SiteArgs, VendorArgs,
    },
    fetch::{ClientOptions, Limits},
    findings::Keep,
    options::{Mode, OnError, SourceChoice},
    policy::{Policy, PolicyError},
    site,
};

/// `inhouse.toml`, read, and the folder it stands for.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    config: Config,
}

/// The arguments of any command; a command leaves those that it does not have at their defaults.
#[derive(Default)]
struct Typed {
    site: PathBuf,
    from_scan: Vec<PathBuf>,
    dest: Option<PathBuf>,
    pages: PageArgs,
    guard: GuardArgs,
    mode: ModeArgs,
    dry_run: bool,
    source: Option<SourceChoice>,
    on_error: Option<OnError>,
    network: NetworkArgs,
}

impl From<SiteArgs> for Typed {
    fn from(SiteArgs { site, pages }: SiteArgs) -> Self {
        Self { site, pages, ..Self::default() }
    }
}

impl From<VendorArgs> for Typed {
    fn from(args: VendorArgs) -> Self {
        Self {
            from_scan: args.from_scan,
            dest: args.dest,
            guard: args.guard,
            mode: args.mode,
            dry_run: args.dry_run,
            source: args.source,
            on_error: args.on_error,
            network: args.network,
            ..Self::from(args.site)
        }
    }
}

impl From<RewriteArgs> for Typed {
    fn from(args: RewriteArgs) -> Self {
        Self {
            site: args.site.unwrap_or_default(),
            pages: args.pages,
            guard: args.guard,
            ..Self::default()
        }
    }
}

impl Project {
    /// Reads the configuration named by `--config`, else the `inhouse.toml` of the current folder
    /// or the nearest folder above that has one, else none.
    ///
    /// # Errors
    /// [`SettingsError::Read`] or [`SettingsError::Parse`].
    pub fn load(named: Option<&Path>) -> Result<Self, SettingsError> {
        let (root, config) = Config::load(named)?;
        Ok(Self { root, config })
    }

    /// How results are printed: flags over the configuration.
    pub fn output(&self, args: &OutputArgs) -> Output {
        let config = &self.config;
        Output {
            format: args.format.or(config.format).unwrap_or_default(),
            quiet: args.quiet || (config.quiet && !args.verbose),
            verbose: args.verbose || (config.verbose && !args.quiet),
            color: args.color.or(config.color).unwrap_or_default(),
            progress: !(args.no_progress || config.no_progress),
        }
    }

    /// What `vendor` needs to know.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_vendor(self, args: VendorArgs) -> Result<Settings, SettingsError> {
        self.settings(args.into())
    }

    /// What `check`, and `scan` of a folder, need to know.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_site(self, args: SiteArgs) -> Result<Settings, SettingsError> {
        self.settings(args.into())
    }

    /// What `scan` needs to know of pages that come as records; there may be no site.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_records(self, args: SiteArgs) -> Result<Settings, SettingsError> {
        self.only_by_lockfile(args.into())
    }

    /// What `rewrite` needs to know.
    ///
    /// # Errors
    /// [`SettingsError`] names the option that makes no sense.
    pub fn for_rewrite(self, args: RewriteArgs) -> Result<Settings, SettingsError> {
        self.only_by_lockfile(args.into())
    }

    /// Pages are a stream: nothing is fetched, locked or written to disk.
    fn only_by_lockfile(mut self, typed: Typed) -> Result<Settings, SettingsError> {
        self.config.dest = None;
        let mode = ModeArgs { frozen: true, ..ModeArgs::default() };
        self.settings(Typed { mode, ..typed })
    }

    fn settings(self, typed: Typed) -> Result<Settings, SettingsError> {
        let Self { root, config } = self;
        let Typed { site, from_scan, pages, guard, .. } = typed;
        let dest = typed.dest.or(in_project(&root, &config.dest)).filter(|_| from_scan.is_empty());
        if let Some(dest) = &dest {
            refuse_nested(dest, &site)?;
        }
        let out = pages.out.as_ref().or(config.out.as_ref());
        Ok(Settings {
            out: vendor_folder(out.cloned().unwrap_or_else(|| "vendor".to_owned()))?,
            cache: pages
                .cache
                .clone()
                .or(in_project(&root, &config.cache))
                .unwrap_or_else(|| root.join("vendor-cache")),
            public_path: public_path(pages.public_path.as_ref().or(config.public_path.as_ref()))?,
            site_url: site_url(pages.site_url.as_ref().or(config.site_url.as_ref()))?,
            policy: policy(&pages, &config)?,
            companion_limit: companion_limit(&pages, &config),
            page_globs: either(pages.page_glob, &config.page_glob),
            ambiguous: pages.ambiguous.or(config.ambiguous).unwrap_or_default(),
            mode: mode(&typed.mode, &config),
            dry_run: typed.dry_run || config.dry_run,
            source: typed.source.or(config.source).unwrap_or_default(),
            on_error: typed.on_error.or(config.on_error).unwrap_or_default(),
            crossorigin: guard.crossorigin || config.crossorigin,
            integrity: algorithms(
                guard.no_integrity || (config.no_integrity && guard.integrity.is_empty()),
                either(guard.integrity, &config.integrity),
            ),
            integrity_map: pages.integrity_map.or(config.integrity_map).unwrap_or_default(),
            scan_js: pages.scan_js || config.scan_js,
            notices: !(pages.no_notices || config.no_notices),
            jobs: pages.jobs.or(config.jobs).unwrap_or_default(),
            keep: Keep::All,
            client: client(typed.network, &root, &config),
            folders: Arc::new(site::folders(&site)),
            site,
            project_root: root,
            dest,
            from_scan,
        })
    }
}

/// In bytes; the option is in MB.
fn companion_limit(pages: &PageArgs, config: &Config) -> u64 {
    pages.companion_limit.or(config.companion_limit).unwrap_or(5).saturating_mul(1_000_000)
}

fn policy(pages: &PageArgs, config: &Config) -> Result<Policy, PolicyError> {
    Policy::new(
        config.rule.clone(),
        either(pages.include.clone(), &config.include),
        either(pages.exclude.clone(), &config.exclude),
        pages.on_denied.or(config.on_denied).unwrap_or_default(),
    )
}

fn mode(args: &ModeArgs, config: &Config) -> Mode {
    let frozen = args.frozen || config.frozen;
    Mode {
        locked: frozen || args.locked || config.locked,
        offline: frozen || args.offline || config.offline,
    }
}

fn client(args: NetworkArgs, root: &Path, config: &Config) -> ClientOptions {
    ClientOptions {
        limits: config.limits.over(Limits::default()),
        ca_cert: args.ca_cert.or(in_project(root, &config.ca_cert)),
        allow_private: args.allow_private || config.allow_private,
        allow_http: either(args.allow_http, &config.allow_http).into_iter().collect(),
        resolve: either(args.resolve, &config.resolve).into_iter().map(Into::into).collect(),
        ..ClientOptions::default()
    }
}

/// A path of `inhouse.toml`.
fn in_project(root: &Path, path: &Option<PathBuf>) -> Option<PathBuf> {
    path.as_ref().map(|path| root.join(path))
}

/// A list on the command line replaces the one of the file.
fn either<T: Clone>(typed: Vec<T>, configured: &[T]) -> Vec<T> {
    if typed.is_empty() { configured.to_vec() } else { typed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::Algorithm;

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
    fn notices_are_written_unless_somebody_says_no() {
        let pages = |no_notices| PageArgs { no_notices, ..PageArgs::default() };
        let args = |no| SiteArgs { pages: pages(no), ..SiteArgs::default() };
        let notices = |text, no| project(text).for_site(args(no)).unwrap().notices;
        assert!(notices("", false));
        assert!(!notices("", true));
        assert!(!notices("no-notices = true", false));
    }

    #[test]
    fn frozen_is_locked_and_offline() {
        let mode = ModeArgs { frozen: true, ..ModeArgs::default() };
        let args = VendorArgs { mode, ..VendorArgs::default() };
        let settings = project("").for_vendor(args).unwrap();
        assert_eq!(settings.mode, Mode { locked: true, offline: true });
    }

    #[test]
    fn pages_from_a_stream_are_frozen_and_have_no_destination() {
        let settings = project("dest = \"out\"").for_rewrite(RewriteArgs::default()).unwrap();
        assert_eq!(settings.mode, Mode { locked: true, offline: true });
        assert_eq!(settings.dest, None);
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
