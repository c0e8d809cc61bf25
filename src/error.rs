//! What ends a run.

use thiserror::Error;

use crate::{
    fetch::ClientError, init::InitError, read::scans::ScansError, record::lines::StreamError,
    settings::SettingsError, site::SiteError, store::StoreError,
};

/// The run could not be carried out.
#[derive(Debug, Error)]
pub enum RunError {
    /// The site cannot be read or written.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The cache, the lockfile or the vendor folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network client cannot be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Scans cannot be used.
    #[error(transparent)]
    Scans(#[from] ScansError),
    /// Records cannot be read or written.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The threads cannot be started.
    #[error("cannot start the threads that read pages")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// What the owner of the site can do about an error that ended the run.
pub fn remedy(error: &anyhow::Error) -> Option<String> {
    if let Some(error) = error.downcast_ref::<RunError>() {
        return match error {
            RunError::Site(error) => error.remedy().map(str::to_owned),
            RunError::Store(error) => error.remedy(),
            RunError::Scans(error) => Some(error.remedy().to_owned()),
            RunError::Client(_) | RunError::Stream(_) | RunError::Threads(_) => None,
        };
    }
    if let Some(InitError::Exists(_)) = error.downcast_ref() {
        return Some("edit it, or move it away and run `inhouse init` again".to_owned());
    }
    error.downcast_ref::<SettingsError>().and_then(SettingsError::remedy).map(str::to_owned)
}
