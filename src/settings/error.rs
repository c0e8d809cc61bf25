//! Settings that make no sense, and what to do about them.

use std::{io, path::PathBuf};

use thiserror::Error;
use url::Url;

use crate::policy::PolicyError;

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
