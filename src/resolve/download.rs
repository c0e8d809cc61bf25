//! Downloads: everything that a resolver asks for in one step, each URL once.
//!
//! A script that has arrived opens the downloads of what it plainly imports, so that a deep graph does not
//! wait for the slowest file of each level. Whether a page really reaches those files is for the graph to say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rayon::prelude::*;

use super::{
    file_scan::{File, FileScan, scan_file, wanted},
    resolver::{Arrival, Resolver, Uses},
};
use crate::{
    fetch::{Client, ClientError, RootStore, Wanted, inspect, pool},
    graph::{
        closure::{self, Found, Request, Root},
        graphs::Known,
        import_map::ImportMap,
    },
    npm::{Licence, Package, VersionSpec, package_name::InvalidPackageName},
    obtain::{self, NpmRegistry, ObtainError, Supplier},
    options::SourceChoice,
    progress::{Progress, Stage},
    reference::SubresourceUrl,
    settings::Settings,
};

/// The network: CDNs and the npm registry.
pub struct Network<'a> {
    settings: &'a Settings,
    progress: &'a dyn Progress,
    client: Client,
    registry: Result<NpmRegistry, String>,
}

impl<'a> Network<'a> {
    /// Sets up the client.
    ///
    /// # Errors
    /// [`ClientError`] if the root certificates or the client cannot be set up.
    pub fn connect(
        settings: &'a Settings,
        progress: &'a dyn Progress,
    ) -> Result<Self, ClientError> {
        let roots = RootStore::load(settings.client.ca_cert.as_deref())?;
        let client = Client::with_roots(&roots, &settings.client)?;
        let registry = match settings.source {
            SourceChoice::Cdn => Err("not asked for (source = cdn)".to_owned()),
            SourceChoice::Auto | SourceChoice::Npm => {
                obtain::npm_registry(&settings.project_root, &roots, &settings.client)
            }
        };
        if client.uses_proxy() {
            progress.say(
                "note: a proxy is in use; keeping away from private addresses is its task now",
            );
        }
        Ok(Self { settings, progress, client, registry })
    }

    /// Downloads an npm package.
    pub fn package(&self, name: &str, version: &str) -> Result<Arc<Package>, ObtainError> {
        let registry =
            self.registry.as_ref().map_err(|error| ObtainError::NoRegistry(error.clone()))?;
        let name = name.parse().map_err(|_| ObtainError::NotOnNpm)?;
        Ok(registry.package(&name, &VersionSpec::parse(version))?)
    }

    /// Downloads files of a CDN's folder, by their paths inside it.
    pub fn cdn_files(
        &self,
        folder: &SubresourceUrl,
        files: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>, ObtainError> {
        let file = |path: &String| Ok((path.clone(), self.cdn_file(folder, path)?));
        files.par_iter().map(file).collect()
    }

    fn cdn_file(&self, folder: &SubresourceUrl, path: &str) -> Result<Vec<u8>, ObtainError> {
        if self.settings.source == SourceChoice::Npm {
            return Err(ObtainError::NotOnNpm);
        }
        let url = folder.as_url().join(path).map_err(|_| ObtainError::NotOnNpm)?;
        let policy = &self.settings.policy;
        let response = self.client.get(&url, &[], &|hop| policy.admits(hop))?;
        inspect(&response, Wanted::Asset)?;
        Ok(response.bytes)
    }

    /// The licence of a package, `name@version`, or why it is not known.
    pub(super) fn licence(&self, package: &str) -> Result<Arc<Licence>, String> {
        let registry = self.registry.as_ref().map_err(String::clone)?;
        let (name, version) = package.rsplit_once('@').ok_or("it is no `name@version`")?;
        let name = name.parse().map_err(|error: InvalidPackageName| error.to_string())?;
        let package = registry.package(&name, &VersionSpec::parse(version));
        package.map(|package| package.licence()).map_err(|error| error.to_string())
    }

    /// Downloads what `resolver` asks for, and what that plainly imports.
    pub fn download(
        &self,
        resolver: &Resolver<'_>,
        pending: Uses,
    ) -> BTreeMap<SubresourceUrl, Arrival> {
        self.progress.begin(Stage::Downloading, Some(pending.len()));
        let supplier = Supplier {
            client: &self.client,
            registry: &self.registry,
            policy: &self.settings.policy,
            source: self.settings.source,
        };
        let urls: Vec<_> = pending.keys().cloned().collect();
        let step = DownloadStep { resolver, supplier: &supplier, uses: Mutex::new(pending) };
        let arrivals = pool::run(urls, &self.settings.client.limits, |url| {
            let arrival = step.download(url);
            self.progress.step();
            let opened = step.open(&arrival);
            (arrival, opened)
        });
        self.progress.end();
        arrivals
    }
}

/// The downloads of one step.
struct DownloadStep<'a> {
    resolver: &'a Resolver<'a>,
    supplier: &'a Supplier<'a>,
    /// The uses that each URL is asked for, with those that were opened in this step.
    uses: Mutex<Uses>,
}

impl DownloadStep<'_> {
    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn download(&self, url: &SubresourceUrl) -> Arrival {
        let uses = self.uses().get(url).cloned().unwrap_or_default();
        let result = self.supplier.obtain(url, &kinds(&uses), &self.resolver.expectation(url));
        let scan = |r#use| {
            let request = Request { url: url.clone(), r#use };
            let scan = scan_file(&request, File::of(url, result.as_ref().ok()?));
            Some((request, scan))
        };
        let scans = uses.into_iter().filter_map(scan).collect();
        Arrival { result, scans }
    }

    /// What a script that has arrived plainly imports, as far as it would be downloaded.
    fn open(&self, arrival: &Arrival) -> Vec<SubresourceUrl> {
        let mut opened = Vec::new();
        for (by, scan) in &arrival.scans {
            let FileScan::Known(Known::Module(module)) = scan else { continue };
            let (base, map) = (&module.response_url, &ImportMap::default());
            let page = closure::Page { base, map, roots: &[Root::Inline(&module.loads)] };
            for request in closure::trace(&page, |_| Found::NotYet).frontier {
                // A worker that a page starts is relative to the page, which is not known here.
                let is_elsewhere = matches!(request.r#use, closure::Use::Worker(_))
                    && !matches!(by.r#use, closure::Use::Worker(_));
                if !is_elsewhere && self.resolver.would_download(&request.url) {
                    self.uses().entry(request.url.clone()).or_default().insert(request.r#use);
                    opened.push(request.url);
                }
            }
        }
        opened
    }
}

fn kinds(uses: &BTreeSet<closure::Use>) -> BTreeSet<Wanted> {
    uses.iter().map(wanted).collect()
}
