//! Why bytes could not be obtained, or must not be used.

use thiserror::Error;

use crate::{
    fetch::{FetchError, WrongContent},
    findings::{Fault, Notice, Places, Problem},
    integrity::{IntegrityMetadata, Mismatch},
    npm::{Contradiction, RegistryError, ServeError},
    reference::SubresourceUrl,
};

/// A script that cannot be vendored, and why.
#[derive(Debug, Error)]
pub enum ObtainError {
    /// The CDN gave no usable answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The CDN's answer is no script.
    #[error(transparent)]
    WrongContent(#[from] WrongContent),
    /// The bytes are not what a page's `integrity` says.
    #[error("integrity mismatch with the page's own `integrity`")]
    Declared {
        /// The attribute.
        declared: IntegrityMetadata,
        /// Both hashes.
        mismatch: Mismatch,
    },
    /// The bytes are not what the lockfile says.
    #[error("integrity mismatch with the lockfile")]
    Locked(Mismatch),
    /// The CDN serves something the package's author never published.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The URL names no npm package, and no other source is allowed.
    #[error("the URL names no npm package")]
    NotOnNpm,
    /// npm's configuration names no usable registry.
    #[error("npm's configuration cannot be used: {0}")]
    NoRegistry(String),
    /// The registry does not have the package, or did not answer.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The package does not have the file.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The CDN did not answer, and npm could not take its place.
    #[error("{cdn}, and npm cannot take its place: {npm}")]
    Both {
        /// Why not from the CDN.
        cdn: FetchError,
        /// Why not from npm.
        npm: Box<ObtainError>,
    },
}

impl ObtainError {
    /// This failure of npm, after `cdn` had failed.
    pub(super) fn after(self, cdn: FetchError) -> Self {
        match self {
            // A wrong answer is worse than none.
            Self::Declared { .. } | Self::Locked(_) | Self::Contradiction(_) => self,
            Self::Registry(RegistryError::BadSignature { .. }) => self,
            npm => Self::Both { cdn, npm: Box::new(npm) },
        }
    }

    /// Whether there is no such file, as far as can be told: asking again would not help.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::Fetch(error) => self.is_failed_download() && !error.is_unreachable(),
            Self::WrongContent(_) | Self::NotOnNpm | Self::Serve(_) => true,
            _ => false,
        }
    }

    /// Whether the download failed, which `--on-error keep` tolerates. A mismatch is no such
    /// failure: something answered, and it must not be used.
    pub fn is_failed_download(&self) -> bool {
        match self {
            Self::Fetch(error) => !matches!(
                error,
                FetchError::Denied { .. }
                    | FetchError::PrivateAddress { .. }
                    | FetchError::TooMuch { .. }
                    | FetchError::InsecureRedirect { .. }
            ),
            Self::WrongContent(_)
            | Self::NotOnNpm
            | Self::NoRegistry(_)
            | Self::Serve(_)
            | Self::Both { .. } => true,
            Self::Registry(error) => !matches!(
                error,
                RegistryError::IntegrityMismatch { .. } | RegistryError::BadSignature { .. }
            ),
            Self::Declared { .. } | Self::Locked(_) | Self::Contradiction(_) => false,
        }
    }

    /// The problem this is, for `url` used at `uses`.
    pub fn problem(&self, url: &SubresourceUrl, uses: Places) -> Problem {
        let notice = match self {
            Self::Declared { mismatch, .. } => {
                let notice =
                    Notice::new("declared-integrity", format!("integrity mismatch for `{url}`"));
                with_hashes(notice, mismatch, "the page's own `integrity`")
            }
            Self::Locked(mismatch) => {
                let notice =
                    Notice::new("locked-integrity", format!("integrity mismatch for `{url}`"));
                with_hashes(notice, mismatch, "lockfile")
            }
            Self::Contradiction(Contradiction::OtherBytes {
                package,
                path,
                published,
                received,
            }) => Notice::new(
                "not-what-was-published",
                format!("`{url}` is not what the package's author published"),
            )
            .detail("expected", format!("{published}  (`{path}` of npm {package})"))
            .detail("received", received),
            Self::Both { cdn, npm } => Notice::new("no-source", format!("cannot obtain `{url}`"))
                .detail("cdn", with_cause(cdn))
                .detail("npm", npm),
            Self::Fetch(error) => Notice::new("download", format!("cannot download `{url}`"))
                .detail("cause", with_cause(error)),
            other => Notice::new("download", format!("cannot use `{url}`")).detail("cause", other),
        };
        let notice = notice.used_at(uses).hint(self.remedy());
        Problem { fault: self.fault(), notice }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Fetch(error) | Self::Both { cdn: error, .. } if error.is_unreachable() => {
                Fault::Tool
            }
            Self::Fetch(FetchError::Truncated { .. } | FetchError::Tls { .. }) => Fault::Tool,
            Self::Registry(error) if error.is_unreachable() => Fault::Tool,
            Self::NoRegistry(_) => Fault::Tool,
            _ => Fault::Site,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Fetch(error) | Self::Both { cdn: error, .. } => {
                return error.remedy().map(str::to_owned);
            }
            Self::WrongContent(WrongContent::Empty { .. }) => {
                "an empty answer is most likely a failure: try again, or correct the address; if the file is meant to be empty, keep it external with a rule"
            }
            Self::WrongContent(_) => {
                "open the URL in a browser: browsers get no script there either; correct the address or remove the tag"
            }
            Self::Registry(error) if error.is_unreachable() => {
                "check your connection and `npm config get registry`"
            }
            Self::Registry(error) if error.is_bad_signature() => {
                "do not use this package: somebody between you and the registry may have changed what it says. Ask \
                 whoever runs the registry that `npm config get registry` names"
            }
            Self::Registry(_) => {
                "check the package's name and version in the URL, or use `--source cdn`"
            }
            Self::Declared { .. } => {
                "browsers refuse this script already; find out which of the two is right, the file or the \
                 attribute, and change the page: Inhouse never does that for you"
            }
            Self::Locked(_) => {
                "upstream has changed a file that was reviewed and locked. If the new file is the one you \
                 want, delete its block from the lockfile and run again"
            }
            Self::Contradiction(_) => {
                "do not use this file: the CDN may be compromised. `--source npm` takes the author's own file"
            }
            Self::NotOnNpm => {
                "use `--source auto` for this script, or leave it external with a rule"
            }
            Self::NoRegistry(_) => "check `npm config get registry`, or use `--source cdn`",
            Self::Serve(_) => {
                "point the page at a file that the package has, or use `--source cdn`"
            }
        };
        Some(text.to_owned())
    }
}

fn with_hashes(notice: Notice, mismatch: &Mismatch, by: &str) -> Notice {
    notice
        .detail("expected", format!("{}  ({by})", mismatch.expected))
        .detail("received", format!("{}  ({} bytes)", mismatch.received, mismatch.size))
}

fn with_cause(error: &FetchError) -> String {
    match (error, error.root_cause()) {
        // What TLS libraries say about a closed connection does not help.
        (FetchError::Truncated { .. }, _) | (_, None) => error.to_string(),
        // The cause says the same, and which range it is.
        (FetchError::PrivateAddress { .. }, Some(cause)) => cause,
        (_, Some(cause)) => format!("{error}: {cause}"),
    }
}
