//! `inhouse.toml`: where it is found, and its keys.

#![allow(clippy::disallowed_methods, reason = "reads inhouse.toml")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use url::Url;

use super::SettingsError;
use crate::{
    fetch::Limits,
    integrity::Algorithm,
    options::{Ambiguous, ColorChoice, Format, HostOverride, IntegrityMap, OnError, SourceChoice},
    policy::{OnDenied, Rule},
};

/// The configuration file's name.
pub const CONFIG_FILE: &str = "inhouse.toml";

/// The keys of `inhouse.toml`. Every key is an option of the same name.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    pub(super) dest: Option<PathBuf>,
    pub(super) out: Option<String>,
    pub(super) cache: Option<PathBuf>,
    pub(super) public_path: Option<String>,
    pub(super) site_url: Option<Url>,
    #[serde(default)]
    pub(super) page_glob: Vec<String>,
    pub(super) ambiguous: Option<Ambiguous>,
    #[serde(default)]
    pub(super) include: Vec<String>,
    #[serde(default)]
    pub(super) exclude: Vec<String>,
    pub(super) companion_limit: Option<u64>,
    pub(super) on_denied: Option<OnDenied>,
    pub(super) on_error: Option<OnError>,
    #[serde(default)]
    pub(super) locked: bool,
    #[serde(default)]
    pub(super) offline: bool,
    #[serde(default)]
    pub(super) frozen: bool,
    #[serde(default)]
    pub(super) dry_run: bool,
    pub(super) source: Option<SourceChoice>,
    #[serde(default)]
    pub(super) integrity: Vec<Algorithm>,
    #[serde(default)]
    pub(super) no_integrity: bool,
    pub(super) integrity_map: Option<IntegrityMap>,
    #[serde(default)]
    pub(super) scan_js: bool,
    #[serde(default)]
    pub(super) no_notices: bool,
    #[serde(default)]
    pub(super) crossorigin: bool,
    pub(super) jobs: Option<usize>,
    pub(super) ca_cert: Option<PathBuf>,
    #[serde(default)]
    pub(super) allow_private: bool,
    #[serde(default)]
    pub(super) allow_http: Vec<String>,
    #[serde(default)]
    pub(super) resolve: Vec<HostOverride>,
    pub(super) format: Option<Format>,
    #[serde(default)]
    pub(super) quiet: bool,
    #[serde(default)]
    pub(super) verbose: bool,
    pub(super) color: Option<ColorChoice>,
    #[serde(default)]
    pub(super) no_progress: bool,
    #[serde(default)]
    pub(super) limits: LimitsConfig,
    /// User rules, `[[rule]]`.
    #[serde(default)]
    pub(super) rule: Vec<Rule>,
}

/// The table `[limits]`: what a download may cost.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LimitsConfig {
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
    pub(super) fn over(&self, defaults: Limits) -> Limits {
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

impl Config {
    /// Reads the configuration `named` by `--config`, else the `inhouse.toml` of the current folder or
    /// of the nearest folder above that has one, else none. The other value is the project's root.
    pub(super) fn load(named: Option<&Path>) -> Result<(PathBuf, Self), SettingsError> {
        let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let found = match named {
            Some(path) => Some(current.join(path)),
            None => nearest(&current),
        };
        let Some(path) = found else { return Ok((current, Self::default())) };
        let config = Self::read(&path)?;
        Ok((path.parent().map_or(current, Path::to_path_buf), config))
    }

    fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = fs::read_to_string(path)
            .map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| SettingsError::Parse { path: path.to_owned(), frame: Box::new(error) })
    }
}

fn nearest(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|above| above.join(CONFIG_FILE)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error() {
        let error = toml::from_str::<Config>("on-denid = \"fail\"").unwrap_err().to_string();
        assert!(error.contains("on-denid") && error.contains("line 1"), "{error}");
    }
}
