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

impl RunError {
    fn remedy(&self) -> Option<String> {
        match self {
            Self::Site(error) => error.remedy().map(str::to_owned),
            Self::Store(error) => error.remedy(),
            Self::Scans(error) => Some(error.remedy().to_owned()),
            Self::Client(_) | Self::Stream(_) | Self::Threads(_) => None,
        }
    }
}

/// What the owner of the site can do about an error that ended the run.
pub fn remedy(error: &anyhow::Error) -> Option<String> {
    let of_run = error.downcast_ref().and_then(RunError::remedy);
    let of_init = || error.downcast_ref().map(remedy_of_init);
    let of_settings = || error.downcast_ref().and_then(SettingsError::remedy);
    of_run.or_else(|| of_init().flatten().or_else(of_settings).map(str::to_owned))
}

fn remedy_of_init(error: &InitError) -> Option<&'static str> {
    match error {
        InitError::Exists(_) => Some("edit it, or move it away and run `inhouse init` again"),
        _ => None,
    }
}
