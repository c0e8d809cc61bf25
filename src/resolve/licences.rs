//! Licences of packages whose tarballs no download of this run has brought.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rayon::prelude::*;

use super::download::Network;
use crate::{
    fetch::ClientError, npm::Licence, options::SourceChoice, progress::Progress, settings::Settings,
};

/// The licence of each package, by `name@version`, or why it is not known.
pub type Licences = BTreeMap<String, Result<Arc<Licence>, String>>;

/// Asks the npm registry for the licences of `packages`.
///
/// A run asks for nothing but licences only if it may lock them too. With `--locked` the texts of a
/// complete lockfile come with the tarballs that prove the scripts, or from the vendor cache.
///
/// # Errors
/// [`ClientError`] if the network client cannot be set up. A package that the registry does not give is no
/// error.
pub fn ask_for_licences(
    settings: &Settings,
    progress: &dyn Progress,
    packages: BTreeSet<String>,
) -> Result<Licences, ClientError> {
    if packages.is_empty() || !may_ask(settings) {
        return Ok(Licences::new());
    }
    let network = Network::connect(settings, progress)?;
    let licence = |package: String| {
        let licence = network.licence(&package);
        (package, licence)
    };
    Ok(packages.into_par_iter().map(licence).collect())
}

fn may_ask(settings: &Settings) -> bool {
    let mode = settings.mode;
    !mode.locked && !mode.offline && settings.source != SourceChoice::Cdn
}
