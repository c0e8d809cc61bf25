//! The choices that options have: the same words on the command line, in `inhouse.toml`, and in the
//! settings that come of both.

use std::{net::SocketAddr, str::FromStr};

use clap::ValueEnum;
use serde::Deserialize;

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

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
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

/// What a run must not do, with cargo's meanings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// The lockfile must exist and must not change.
    pub locked: bool,
    /// The network must not be used.
    pub offline: bool,
}

/// `HOST=ADDR:PORT`: where to connect for a host, whatever its name resolves to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HostOverride {
    host: String,
    address: SocketAddr,
}

impl FromStr for HostOverride {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, address) = text.split_once('=').ok_or("expected HOST=ADDR:PORT")?;
        let address = address.parse().map_err(|error| format!("`{address}`: {error}"))?;
        Ok(Self { host: host.to_ascii_lowercase(), address })
    }
}

impl TryFrom<String> for HostOverride {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<HostOverride> for (String, SocketAddr) {
    fn from(over: HostOverride) -> Self {
        (over.host, over.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_override_names_host_and_address() {
        let parsed: HostOverride = "CDN.example=127.0.0.1:8443".parse().unwrap();
        assert_eq!(parsed.host, "cdn.example");
        assert_eq!(parsed.address.port(), 8443);
        assert!("cdn.example".parse::<HostOverride>().is_err());
        assert!("cdn.example=localhost".parse::<HostOverride>().is_err());
    }
}
