//! New addresses for edited modules whose bytes their own address does not fix.
//!
//! Browsers keep files by address, and hold what they kept against the `integrity` of today: new
//! bytes under an old address are a blocked module for everybody who has been here before. What an
//! edited module says depends on where the files lie that it imports, and those move when an address
//! that floats comes to mean another version. Such a module goes into a folder named after all that
//! decides its bytes. That gives its importers new specifiers, so it goes on until nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use super::{files::VendoredFiles, specifiers::Script};
use crate::{
    graph::{
        closure::{self, Found, Root, trace},
        import_map::ImportMap,
        local_urls::LocalUrls,
        specifier,
    },
    integrity::{Algorithm, Digest},
    js::literal,
    read::baseline::Baseline,
    reference::SubresourceUrl,
    resolve::resolver::Resolution,
    vendor_path::VendorPath,
};

/// Gives those modules of `scripts` that need it a new place in `local_urls`.
pub(super) fn settle(
    base: &Baseline,
    resolution: &Resolution,
    files: &VendoredFiles,
    scripts: &mut BTreeMap<&SubresourceUrl, Script<'_>>,
    local_urls: &mut LocalUrls,
) {
    let facts = Facts::of(base, resolution, files, scripts);
    let mut settled: BTreeSet<&SubresourceUrl> = BTreeSet::new();
    loop {
        let mut moved = Vec::new();
        for (url, script) in scripts.iter().filter(|(url, _)| !settled.contains(*url)) {
            let Some(path) = local_urls.path(url.as_url()).filter(|_| !base.site.is_own(url))
            else {
                continue;
            };
            let is_edited = script.changes_any(local_urls, &specifier::relative);
            let is_loose = is_edited && facts.loose.contains(*url);
            let edited = |bytes: &[u8]| {
                let edits = script.edits(bytes, local_urls, &specifier::relative).ok()?;
                literal::rewrite(bytes, &edits).ok()
            };
            if is_loose || facts.would_change(url, path, is_edited, edited) {
                moved.push((*url, path.in_versioned_folder(&facts.edition(url, script))));
            }
        }
        if moved.is_empty() {
            return;
        }
        for (url, path) in moved {
            settled.insert(url);
            local_urls.place(url, path.clone());
            if let Ok(from) = SubresourceUrl::try_from(scripts[url].from.clone()) {
                local_urls.place(&from, path);
            }
        }
        for (url, script) in scripts.iter_mut() {
            if let Some(local) = local_urls.local(url.as_url()) {
                script.to = local;
            }
        }
    }
}

/// What decides the bytes of edited modules.
struct Facts<'a> {
    base: &'a Baseline,
    resolution: &'a Resolution,
    files: &'a VendoredFiles,
    /// What each script imports by address. Bare names do not count: they are never edited.
    imports: BTreeMap<SubresourceUrl, BTreeSet<SubresourceUrl>>,
    /// The scripts that reach something which may come to lie elsewhere while its address stays.
    loose: BTreeSet<SubresourceUrl>,
}

impl<'a> Facts<'a> {
    fn of(
        base: &'a Baseline,
        resolution: &'a Resolution,
        files: &'a VendoredFiles,
        scripts: &BTreeMap<&SubresourceUrl, Script<'_>>,
    ) -> Self {
        let imports = scripts.iter().map(|(url, script)| ((*url).clone(), imports(script)));
        let mut facts =
            Self { base, resolution, files, imports: imports.collect(), loose: BTreeSet::new() };
        facts.loosen();
        facts
    }

    /// Finds out which scripts are loose, from those that name such a file on to their importers.
    fn loosen(&mut self) {
        let may_move = |url: &SubresourceUrl| {
            self.is_local(url) && self.files.lock.get(url).is_some_and(|entry| entry.floating)
        };
        let mut importers: BTreeMap<&SubresourceUrl, Vec<&SubresourceUrl>> = BTreeMap::new();
        let mut next = Vec::new();
        for (url, imports) in &self.imports {
            for import in imports.iter().filter(|import| *import != url) {
                importers.entry(import).or_default().push(url);
                if may_move(import) {
                    next.push(url);
                }
            }
        }
        let mut loose = BTreeSet::new();
        while let Some(url) = next.pop() {
            if loose.insert(url.clone()) {
                next.extend(importers.get(url).into_iter().flatten());
            }
        }
        self.loose = loose;
    }

    fn is_local(&self, url: &SubresourceUrl) -> bool {
        let action = self.resolution.plan.actions.get(url);
        action.is_some_and(|action| self.files.becomes_local(url, action))
    }

    /// Whether other bytes were served in the place that the script would have.
    fn would_change(
        &self,
        url: &SubresourceUrl,
        path: &VendorPath,
        is_edited: bool,
        edited: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> bool {
        let (Some(locked), Some(bytes)) = (self.base.lock.get(url), self.files.bytes.get(url))
        else {
            return false;
        };
        let is_or_was_edited = is_edited || locked.upstream_integrity.is_some();
        let differs = |served: Vec<u8>| locked.integrity.verify(&served).is_err();
        *path == locked.path && is_or_was_edited && edited(bytes).is_some_and(differs)
    }

    /// A digest of all that decides the script's bytes.
    fn edition(&self, url: &SubresourceUrl, script: &Script<'_>) -> Digest {
        // By the addresses that answered: what several addresses lead to stays one file.
        let reached = self.reach(url).into_iter();
        let facts: BTreeSet<_> = reached
            .map(|reached| format!("{} {}\n", self.answered(reached), self.bytes(reached)))
            .collect();
        let facts: String = facts.into_iter().collect();
        Digest::of(format!("{}\n{facts}", script.from).as_bytes(), Algorithm::Sha256)
    }

    /// The URL that redirects from `url` lead to.
    fn answered<'u>(&'u self, url: &'u SubresourceUrl) -> &'u SubresourceUrl {
        self.files.lock.get(url).and_then(|entry| entry.final_url.as_ref()).unwrap_or(url)
    }

    /// What a file is, as the CDN sent it.
    fn bytes(&self, url: &SubresourceUrl) -> String {
        match self.files.lock.get(url).filter(|_| self.is_local(url)) {
            Some(entry) => entry.upstream().to_string(),
            None => "elsewhere".to_owned(),
        }
    }

    /// Everything that a script imports by addresses, at any depth.
    fn reach<'s>(&'s self, url: &'s SubresourceUrl) -> BTreeSet<&'s SubresourceUrl> {
        let mut reached = BTreeSet::new();
        let mut next = vec![url];
        while let Some(url) = next.pop() {
            if reached.insert(url) {
                next.extend(self.imports.get(url).into_iter().flatten());
            }
        }
        reached
    }
}

/// What a script names by address.
fn imports(script: &Script<'_>) -> BTreeSet<SubresourceUrl> {
    let none = ImportMap::default();
    let imports = script.uses.iter().flat_map(|(_, loads, _)| {
        let page = closure::Page { base: script.from, map: &none, roots: &[Root::Inline(loads)] };
        trace(&page, |_| Found::Left).reached.into_keys().map(|request| request.url)
    });
    imports.collect()
}
