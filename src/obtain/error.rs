//! Why bytes could not be obtained, or must not be used.

use std::sync::Arc;

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
    /// A registry or a CDN has other files than those that were locked.
    #[error("{package} is not what was locked: expected {locked}, received {received}")]
    OtherPackage {
        /// `name@version`, or the URL of a CDN's folder.
        package: String,
        /// The locked digest.
        locked: String,
        /// The digest now.
        received: String,
    },
    /// What a script loads beside itself cannot be had.
    #[error("the files that it loads beside itself cannot be had: {0}")]
    Companions(Arc<ObtainError>),
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
            Self::Fetch(error) => is_failure(error),
            Self::Registry(error) => !matches!(
                error,
                RegistryError::IntegrityMismatch { .. } | RegistryError::BadSignature { .. }
            ),
            Self::WrongContent(_) | Self::NotOnNpm | Self::NoRegistry(_) => true,
            Self::Serve(_) | Self::Both { .. } => true,
            Self::Companions(error) => error.is_failed_download(),
            Self::Declared { .. } | Self::Locked(_) | Self::Contradiction(_) => false,
            Self::OtherPackage { .. } => false,
        }
    }

    /// The problem this is, for `url` used at `uses`.
    pub fn problem(&self, url: &SubresourceUrl, uses: Places) -> Problem {
        let notice = self.notice(url).used_at(uses).hint(self.remedy().map(str::to_owned));
        Problem { fault: self.fault(), notice }
    }

    fn notice(&self, url: &SubresourceUrl) -> Notice {
        match self {
            Self::Declared { mismatch, .. } => integrity_mismatch(
                "declared-integrity",
                url,
                mismatch,
                "the page's own `integrity`",
            ),
            Self::Locked(mismatch) => {
                integrity_mismatch("locked-integrity", url, mismatch, "lockfile")
            }
            Self::Contradiction(contradiction) => other_bytes(url, contradiction),
            Self::Both { cdn, npm } => no_source(url, cdn, npm),
            Self::Fetch(error) => Notice::new("download", format!("cannot download `{url}`"))
                .detail("cause", with_cause(error)),
            other => Notice::new("download", format!("cannot use `{url}`")).detail("cause", other),
        }
    }

    fn fault(&self) -> Fault {
        match self.is_of_surroundings() {
            true => Fault::Tool,
            false => Fault::Site,
        }
    }

    /// Whether the network or the configuration is at fault, and not the site or the file.
    fn is_of_surroundings(&self) -> bool {
        match self {
            Self::Fetch(FetchError::Truncated { .. } | FetchError::Tls { .. }) => true,
            Self::Fetch(error) | Self::Both { cdn: error, .. } => error.is_unreachable(),
            Self::Registry(error) => error.is_unreachable(),
            Self::NoRegistry(_) => true,
            Self::Companions(error) => error.is_of_surroundings(),
            _ => false,
        }
    }

    fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Fetch(error) | Self::Both { cdn: error, .. } => return error.remedy(),
            Self::WrongContent(WrongContent::Empty { .. }) => EMPTY,
            Self::WrongContent(_) => WRONG_CONTENT,
            Self::Registry(error) if error.is_unreachable() => NO_ANSWER,
            Self::Registry(error) if error.is_bad_signature() => BAD_SIGNATURE,
            Self::Registry(_) => NO_PACKAGE,
            Self::Declared { .. } => DECLARED,
            Self::Locked(_) => LOCKED,
            Self::Contradiction(_) => CONTRADICTION,
            Self::Companions(error) => return error.remedy(),
            Self::OtherPackage { .. } => OTHER_PACKAGE,
            Self::NotOnNpm => NOT_ON_NPM,
            Self::NoRegistry(_) => NO_REGISTRY,
            Self::Serve(_) => NO_FILE,
        })
    }
}

const EMPTY: &str = "an empty answer is most likely a failure: try again, or correct the address; if \
    the file is meant to be empty, keep it external with a rule";
const WRONG_CONTENT: &str = "open the URL in a browser: browsers get no script there either; correct \
    the address or remove the tag";
const NO_ANSWER: &str = "check your connection and `npm config get registry`";
const BAD_SIGNATURE: &str = "do not use this package: somebody between you and the registry may have changed what it says. Ask \
     whoever runs the registry that `npm config get registry` names";
const NO_PACKAGE: &str = "check the package's name and version in the URL, or use `--source cdn`";
const DECLARED: &str = "browsers refuse this script already; find out which of the two is right, the \
    file or the attribute, and change the page: Inhouse never does that for you";
const LOCKED: &str = "upstream has changed a file that was reviewed and locked. If the new file is \
    the one you want, delete its block from the lockfile and run again";
const CONTRADICTION: &str = "do not use this file: the CDN may be compromised. `--source npm` takes \
    the author's own file";
const NOT_ON_NPM: &str = "use `--source auto` for this script, or leave it external with a rule";
const NO_REGISTRY: &str = "check `npm config get registry`, or use `--source cdn`";
const OTHER_PACKAGE: &str = "do not use these files before you know why others are served than those that were reviewed and locked";
const NO_FILE: &str = "point the page at a file that the package has, or use `--source cdn`";

/// Whether a download failed, and was not forbidden.
fn is_failure(error: &FetchError) -> bool {
    !matches!(
        error,
        FetchError::Denied { .. }
            | FetchError::PrivateAddress { .. }
            | FetchError::TooMuch { .. }
            | FetchError::InsecureRedirect { .. }
    )
}

fn integrity_mismatch(
    code: &'static str,
    url: &SubresourceUrl,
    mismatch: &Mismatch,
    by: &str,
) -> Notice {
    Notice::new(code, format!("integrity mismatch for `{url}`"))
        .detail("expected", format!("{}  ({by})", mismatch.expected))
        .detail("received", format!("{}  ({} bytes)", mismatch.received, mismatch.size))
}

fn other_bytes(url: &SubresourceUrl, contradiction: &Contradiction) -> Notice {
    let Contradiction::OtherBytes { package, path, published, received } = contradiction;
    let message = format!("`{url}` is not what the package's author published");
    Notice::new("not-what-was-published", message)
        .detail("expected", format!("{published}  (`{path}` of npm {package})"))
        .detail("received", received)
}

fn no_source(url: &SubresourceUrl, cdn: &FetchError, npm: &ObtainError) -> Notice {
    Notice::new("no-source", format!("cannot obtain `{url}`"))
        .detail("cdn", with_cause(cdn))
        .detail("npm", npm)
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
