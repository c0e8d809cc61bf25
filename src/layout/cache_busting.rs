//! New addresses for edited modules whose bytes their own address does not fix.
//!
//! Browsers cache files by URL, and verify a cached file against the `integrity` that the page has today.
//! New bytes under an old URL are therefore a blocked module for everybody who has visited the site before.
//! The specifiers in an edited module depend on where the files lie that it imports. Those move when a
//! floating URL comes to mean another version. Such a module goes into a folder that is named after all
//! that decides its bytes. That gives the modules that import it new specifiers, so this is repeated until
//! nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    companions::edited_by_recipes,
    files::VendoredFiles,
    script::{Addressing, Script},
};
use crate::{
    graph::{
        closure::{self, Found, Root, trace},
        import_map::ImportMap,
        local_urls::LocalUrls,
        specifier,
    },
    integrity::{Algorithm, Digest},
    read::baseline::Baseline,
    reference::SubresourceUrl,
    resolve::resolver::Resolution,
    vendor_path::VendorPath,
};

/// The scripts that we serve, by the URLs that they are asked for.
type Scripts<'a> = BTreeMap<&'a SubresourceUrl, Script<'a>>;

/// Gives those modules of `scripts` that need it a new place in `local_urls`.
pub(super) fn version_folders<'a>(
    base: &Baseline,
    resolution: &Resolution,
    files: &VendoredFiles,
    scripts: &mut Scripts<'a>,
    local_urls: &mut LocalUrls,
) {
    let facts = Facts::of(base, resolution, files, scripts);
    let mut moved: BTreeSet<&'a SubresourceUrl> = BTreeSet::new();
    loop {
        let unmoved = scripts.iter().filter(|(url, _)| !moved.contains(*url));
        let new_path = |(url, script): (&&'a SubresourceUrl, &Script<'_>)| {
            Some((*url, facts.new_path(url, script, local_urls)?))
        };
        let new_paths: Vec<_> = unmoved.filter_map(new_path).collect();
        if new_paths.is_empty() {
            return;
        }
        moved.extend(new_paths.iter().map(|(url, _)| *url));
        place(new_paths, scripts, local_urls);
        update(scripts, local_urls);
    }
}

/// Gives modules their new paths, also by the URL that redirects led to.
fn place(
    new_paths: Vec<(&SubresourceUrl, VendorPath)>,
    scripts: &Scripts<'_>,
    local_urls: &mut LocalUrls,
) {
    for (url, path) in new_paths {
        local_urls.place(url, path.clone());
        if let Ok(from) = SubresourceUrl::try_from(scripts[url].from.clone()) {
            local_urls.place(&from, path);
        }
    }
}

/// Tells every script where it lies now.
fn update(scripts: &mut Scripts<'_>, local_urls: &LocalUrls) {
    for (url, script) in scripts.iter_mut() {
        if let Some(local) = local_urls.local(url.as_url()) {
            script.to = local;
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
    /// The scripts that reach a file by a floating URL: it may come to lie elsewhere while theirs stays.
    reaches_floating: BTreeSet<SubresourceUrl>,
    /// The files that lie beside their companions, and are edited for that.
    beside_companions: BTreeSet<SubresourceUrl>,
}

impl<'a> Facts<'a> {
    fn of(
        base: &'a Baseline,
        resolution: &'a Resolution,
        files: &'a VendoredFiles,
        scripts: &Scripts<'_>,
    ) -> Self {
        let imports = scripts.iter().map(|(url, script)| ((*url).clone(), imports(script)));
        let imports = imports.collect();
        let (reaches_floating, beside_companions) = (BTreeSet::new(), edited_by_recipes(files));
        let facts = Self { base, resolution, files, imports, reaches_floating, beside_companions };
        Self { reaches_floating: facts.reaching_floating(), ..facts }
    }

    /// The scripts that import a file by a floating URL, and everything that imports those.
    fn reaching_floating(&self) -> BTreeSet<SubresourceUrl> {
        let importers = self.importers();
        let floating = importers.iter().filter(|(url, _)| self.is_floating(url));
        let first = floating.flat_map(|(_, by)| by).copied().collect();
        let by = |url| importers.get(url).into_iter().flatten().copied();
        reachable(first, by).into_iter().cloned().collect()
    }

    /// The scripts that import each file; a script that imports itself does not count.
    fn importers(&self) -> BTreeMap<&SubresourceUrl, Vec<&SubresourceUrl>> {
        let mut importers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (url, imports) in &self.imports {
            for import in imports.iter().filter(|import| *import != url) {
                importers.entry(import).or_default().push(url);
            }
        }
        importers
    }

    /// Whether a vendored file may come to lie elsewhere while its URL stays.
    fn is_floating(&self, url: &SubresourceUrl) -> bool {
        self.is_local(url) && self.files.lock.get(url).is_some_and(|entry| entry.floating)
    }

    /// The path of a module in a folder of its version, if its bytes need that.
    fn new_path(
        &self,
        url: &SubresourceUrl,
        script: &Script<'_>,
        local_urls: &LocalUrls,
    ) -> Option<VendorPath> {
        let is_fixed = self.base.site.is_own(url) || self.beside_companions.contains(url);
        let path = local_urls.path(url.as_url()).filter(|_| !is_fixed)?;
        let addressing = Addressing { local_urls, specifier: &specifier::relative };
        let is_edited = script.changes_any(addressing);
        let edited = |bytes: &[u8]| script.unverified(bytes, addressing);
        let needs_version = is_edited && self.reaches_floating.contains(url)
            || self.would_change(url, path, is_edited, edited);
        needs_version.then(|| path.in_versioned_folder(&self.version(url, script)))
    }

    fn is_local(&self, url: &SubresourceUrl) -> bool {
        let action = self.resolution.plan.actions.get(url);
        action.is_some_and(|action| self.files.becomes_local(url, action))
    }

    /// Whether an earlier run has served other bytes at the path that the script would have.
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
    fn version(&self, url: &SubresourceUrl, script: &Script<'_>) -> Digest {
        // By the final URLs: what several URLs redirect to stays one file.
        let fact = |url| format!("{} {}\n", self.final_url(url), self.upstream_digest(url));
        let facts: BTreeSet<_> = self.reach(url).into_iter().map(fact).collect();
        let facts: String = facts.into_iter().collect();
        Digest::of(format!("{}\n{facts}", script.from).as_bytes(), Algorithm::Sha256)
    }

    /// The URL that redirects from `url` lead to.
    fn final_url<'u>(&'u self, url: &'u SubresourceUrl) -> &'u SubresourceUrl {
        self.files.lock.get(url).and_then(|entry| entry.final_url.as_ref()).unwrap_or(url)
    }

    /// The digest of a vendored file, as the CDN sent it.
    fn upstream_digest(&self, url: &SubresourceUrl) -> String {
        match self.files.lock.get(url).filter(|_| self.is_local(url)) {
            Some(entry) => entry.upstream().to_string(),
            None => "elsewhere".to_owned(),
        }
    }

    /// Everything that a script imports by addresses, at any depth.
    fn reach<'s>(&'s self, url: &'s SubresourceUrl) -> BTreeSet<&'s SubresourceUrl> {
        reachable(vec![url], |url| self.imports.get(url).into_iter().flatten())
    }
}

/// Everything that `next` leads to, beginning with `urls`.
fn reachable<'u, N: IntoIterator<Item = &'u SubresourceUrl>>(
    mut urls: Vec<&'u SubresourceUrl>,
    next: impl Fn(&'u SubresourceUrl) -> N,
) -> BTreeSet<&'u SubresourceUrl> {
    let mut reached = BTreeSet::new();
    while let Some(url) = urls.pop() {
        if reached.insert(url) {
            urls.extend(next(url));
        }
    }
    reached
}

/// What a script names by address.
fn imports(script: &Script<'_>) -> BTreeSet<SubresourceUrl> {
    let none = ImportMap::default();
    let imports = script.uses.iter().flat_map(|script_use| {
        let roots = &[Root::Inline(script_use.loads)];
        let page = closure::Page { base: script.from, map: &none, roots };
        trace(&page, |_| Found::Left).reached.into_keys().map(|request| request.url)
    });
    imports.collect()
}
