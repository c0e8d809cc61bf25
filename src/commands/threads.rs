//! The threads that a command works on.

use crate::{error::RunError, settings::Settings};

/// Does `work` on as many threads as the settings say.
pub(super) fn on_threads<T: Send>(
    settings: &Settings,
    work: impl FnOnce() -> Result<T, RunError> + Send,
) -> Result<T, RunError> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(settings.jobs).build()?;
    threads.install(work)
}
