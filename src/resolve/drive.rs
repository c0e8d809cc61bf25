//! Drives a resolver: answers its steps from the disk, and from the network where that is allowed.

use rayon::prelude::*;

use super::{
    companions::WantedPackage,
    download::Network,
    resolver::{Answer, Downloads, Need, Resolver, Step},
    source::Source,
};
use crate::{companions::Wanted, error::RunError, progress::Progress, settings::Settings};

/// How far a resolver is driven.
#[derive(Clone, Copy)]
pub enum Depth<'a> {
    /// Nothing is downloaded: what the resolver would download is the plan.
    Plan,
    /// Until nothing is missing.
    Downloads(&'a Settings, &'a dyn Progress),
}

/// Answers `resolver` from `source` and the network until it is done.
///
/// # Errors
/// [`RunError`] if the cache cannot be read or the network client cannot be set up. A download that
/// fails is no error here: it is supplied to the resolver.
pub fn drive(
    resolver: &mut Resolver<'_>,
    source: &dyn Source,
    depth: Depth<'_>,
) -> Result<(), RunError> {
    let mut network = None;
    loop {
        match (resolver.step(), depth) {
            (Step::Done, _) | (Step::Download(_), Depth::Plan) => return Ok(()),
            (Step::Read(needs), _) => read(resolver, source, needs)?,
            (Step::Download(pending), Depth::Downloads(settings, progress)) => {
                let network = match &network {
                    Some(network) => network,
                    None => network.insert(Network::connect(settings, progress)?),
                };
                download(resolver, network, pending);
            }
        }
    }
}

fn read(
    resolver: &mut Resolver<'_>,
    source: &dyn Source,
    needs: Vec<Need>,
) -> Result<(), RunError> {
    let answer = |need| -> Result<Answer, RunError> {
        match need {
            Need::Locked(url, entry) => Ok(Answer::Locked(url, source.locked(&entry)?)),
            Need::Own(request) => {
                let scan = source.own(&request);
                Ok(Answer::Own(request, scan))
            }
            Need::Facts(wants) => {
                let facts = source.facts(&Wanted::new(wants.iter().cloned()))?;
                Ok(Answer::Facts(wants, facts))
            }
            Need::PackageFiles(block) => {
                let text = source.package_files(&block.package)?;
                Ok(Answer::PackageFiles(block.folder, text))
            }
            Need::Companion(path, file) => {
                let cached = source.companion(&path, &file)?;
                Ok(Answer::Companion(path, cached))
            }
        }
    };
    let answers: Vec<_> = needs.into_par_iter().map(answer).collect();
    for answer in answers {
        resolver.supply(answer?);
    }
    Ok(())
}

fn download(resolver: &mut Resolver<'_>, network: &Network<'_>, pending: Downloads) {
    for wanted in pending.packages {
        match &wanted {
            WantedPackage::Npm { name, version } => {
                let package = network.package(name, version);
                resolver.supply_package(wanted, package);
            }
            WantedPackage::Cdn { folder, files } => {
                let files = network.cdn_files(folder, files);
                resolver.supply_cdn_files(wanted, files);
            }
        }
    }
    for (url, arrival) in network.download(resolver, pending.urls) {
        resolver.supply_download(url, arrival);
    }
}
