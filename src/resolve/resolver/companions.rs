//! Where the search for companions joins the loop: scripts are opened, and what they lack is asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{LockedBytes, Need, Resolver, Step};
use crate::{
    graph::closure::Request,
    npm::Package,
    obtain::ObtainError,
    reference::SubresourceUrl,
    resolve::{
        companions::{CompanionScript, Lacks, Settled, WantedPackage},
        file_scan::FileScan,
        notices::{missing_companions, tampered},
        plan::{Action, Reason},
    },
    store::Cached,
    vendor_path::VendorPath,
};

impl Resolver<'_> {
    pub(super) fn supply_companion(&mut self, path: VendorPath, cached: Cached) {
        if let Cached::Tampered(mismatch) = &cached {
            let file = path.to_path(&self.base.cache.folder().path());
            self.findings.problems.push(tampered(&file, None, mismatch));
        }
        self.companions.supply_file(path, cached);
    }

    /// Supplies a package.
    pub fn supply_package(
        &mut self,
        wanted: WantedPackage,
        package: Result<Arc<Package>, ObtainError>,
    ) {
        self.companions.supply_package(wanted, package);
    }

    /// Supplies files of a CDN's folder.
    pub fn supply_cdn_files(
        &mut self,
        wanted: WantedPackage,
        files: Result<BTreeMap<String, Vec<u8>>, ObtainError>,
    ) {
        self.companions.supply_cdn_files(wanted, files);
    }

    /// Opens the search for the companions of locked scripts.
    pub(super) fn open_locked(&mut self, urls: &BTreeSet<SubresourceUrl>) {
        if self.rules.locked_bytes != LockedBytes::All {
            return;
        }
        for url in urls {
            let entry = self.lock().get(url);
            let script = entry.and_then(|it| CompanionScript::of_entry(url, it, self.rules.policy));
            script.into_iter().for_each(|script| self.companions.add(script));
        }
    }

    /// Opens the search for the companions of a downloaded script that is to be vendored.
    pub(super) fn open_download(&mut self, url: &SubresourceUrl) {
        let is_planned = matches!(self.resolution.plan.actions.get(url), Some(Action::Fetch(_)));
        let scans = self.scans.get(url);
        let loads_by_own_address =
            || scans.into_iter().flat_map(|it| it.values()).any(FileScan::loads_by_own_address);
        if let Some(obtained) = self.files.fetched.get(url).filter(|_| is_planned)
            && let Some(script) =
                CompanionScript::of_download(url, obtained, loads_by_own_address, self.rules.policy)
        {
            self.companions.add(script);
        }
    }

    /// Takes over what became of scripts whose companions could be chosen.
    pub(super) fn settle_companions(&mut self) {
        for (url, settled) in self.companions.settle() {
            match settled {
                Settled::Vendored => {}
                Settled::External(reason) => self.leave_external(&url, reason),
                Settled::Failed(error) => self.fail(&url, ObtainError::Companions(error)),
            }
            for r#use in self.waiting.remove(&url).unwrap_or_default() {
                self.unread.insert(Request { url: url.clone(), r#use });
            }
        }
    }

    /// What a script loads beside itself cannot be had. A script that pages load from the site already has
    /// no action that could fail.
    fn fail(&mut self, url: &SubresourceUrl, error: ObtainError) {
        match self.resolution.plan.actions.contains_key(url) {
            true => drop(self.files.failed.insert(url.clone(), error)),
            false => self.findings.problems.push(error.problem(url, self.resolution.places(url))),
        }
    }

    /// A script stays external because of what it loads beside itself. Pages that were rewritten in an
    /// earlier run load it from the site already: that is a problem.
    fn leave_external(&mut self, url: &SubresourceUrl, reason: String) {
        if self.resolution.used_locally.contains(url) {
            self.findings.problems.push(missing_companions(url, &reason));
        }
        self.scans.remove(url);
        self.files.fetched.remove(url);
        self.files.cached.remove(url);
        if let Some(action) = self.resolution.plan.actions.get_mut(url) {
            *action = Action::Leave(Reason::Companions(reason));
        }
    }

    /// Asks for what is needed from this machine to choose companions.
    pub(super) fn look_up_companions(&self) -> Option<Step> {
        let Lacks { wants, lists, files, .. } = self.companions.lacks();
        let wants = (!wants.is_empty()).then_some(Need::Facts(wants));
        let lists = lists.into_iter().map(|block| Need::PackageFiles(Box::new(block)));
        let files = files.into_iter().map(|(path, file)| Need::Companion(path, file));
        let needs: Vec<_> = wants.into_iter().chain(lists).chain(files).collect();
        (!needs.is_empty()).then_some(Step::Read(needs))
    }
}
