//! The files that are vendored: verified bytes, paths, and the lockfile as it will be.

use std::{collections::BTreeMap, sync::Arc};

use super::loads::locked_loads;
use crate::{
    findings::{Findings, Notice, Places, Problem},
    graph::{closure::Reach, local_urls::LocalUrls},
    integrity::{Algorithm, Digest, Integrity},
    js,
    lockfile::{Entry, FileKind, LockedLoads, Lockfile, Proof},
    npm::Licence,
    obtain::{self, Expectation, ObtainError, Obtained},
    options::OnError,
    read::{baseline::Baseline, url_uses::UrlUses},
    reference::SubresourceUrl,
    resolve::{
        companions::FoundCompanions,
        plan::{Action, Reason},
        resolver::{Files, Resolution},
    },
    settings::Settings,
    vendor_path::{self, StorageKey, VendorPath},
};

/// The vendored files as upstream served them, and the lockfile as it will be.
#[derive(Clone, Debug, Default)]
pub struct VendoredFiles {
    /// The bytes of every vendored URL as upstream served them: downloaded, or from the cache.
    pub bytes: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// The lockfile as it will be.
    pub lock: Lockfile,
    /// What scripts load beside themselves.
    pub companions: FoundCompanions,
    /// The URLs that were downloaded in this run.
    pub fresh: Vec<SubresourceUrl>,
    /// The URLs that could not be downloaded and stay external, each with the reason: by
    /// `--on-error keep`, or because only code that may never run asks for them.
    pub left_external: BTreeMap<SubresourceUrl, String>,
    /// The licences of the packages whose tarballs were read in this run, by `name@version`.
    pub licences: BTreeMap<String, Arc<Licence>>,
    /// Why no signature of the registry counts, of what was downloaded in this run and is proved by npm.
    pub unsigned: BTreeMap<SubresourceUrl, String>,
}

/// Turns what was read and downloaded into vendored files. A download that failed becomes a problem, or
/// stays external with a warning.
pub fn record(
    settings: &Settings,
    base: &Baseline,
    resolution: &Resolution,
    files: Files,
) -> (VendoredFiles, Findings) {
    let Files { cached, mut fetched, failed, companions } = files;
    let mut record = Record {
        settings,
        resolution,
        files: VendoredFiles {
            bytes: cached,
            lock: base.lock.clone(),
            companions,
            ..VendoredFiles::default()
        },
        findings: Findings::default(),
    };
    let reached = resolution.reach_of_urls();
    for (url, error) in failed {
        record.failure(&url, &error, reached.get(&url).copied());
    }
    // Downloads were opened ahead of the graphs: some are reached by no page.
    fetched.retain(|url, _| resolution.plan.actions.contains_key(url));
    record.verify_cached_by_declared();
    if !settings.mode.locked {
        record.note_declared();
    }
    record.refuse_malicious_versions(&fetched);
    record.add_fetched(fetched);
    record.note_external();
    record.add_licences_of_companions();
    (record.files, record.findings)
}

/// Vendored files in the making.
struct Record<'a> {
    settings: &'a Settings,
    resolution: &'a Resolution,
    files: VendoredFiles,
    findings: Findings,
}

impl Record<'_> {
    /// Says what a failed download means.
    fn failure(&mut self, url: &SubresourceUrl, error: &ObtainError, reach: Option<Reach>) {
        if !self.resolution.plan.actions.contains_key(url) {
            return;
        }
        let is_optional = reach == Some(Reach::Lazy) && error.is_absence();
        let is_tolerated = self.settings.on_error == OnError::Keep && error.is_failed_download();
        let problem = error.problem(url, to_blame(self.resolution, url, error));
        if !(is_optional || is_tolerated) {
            return self.findings.problems.push(problem);
        }
        if is_optional && !is_tolerated {
            self.files.lock.insert_absence(url.clone(), error.to_string());
        }
        self.files.left_external.insert(url.clone(), error.to_string());
        let outcome = self.outcome(url, is_optional);
        self.findings.warnings.push(problem.notice.detail("outcome", outcome));
    }

    /// What becomes of a URL that could not be downloaded.
    fn outcome(&self, url: &SubresourceUrl, is_optional: bool) -> &'static str {
        let is_named_by_code = self.resolution.urls.get(url).is_some_and(UrlUses::is_named_by_code);
        match (is_optional, is_named_by_code) {
            (true, _) => "only code that may never run asks for it: the address was left as it was",
            (false, true) => "the address was left as it was",
            (false, false) => "the tag was left as it was",
        }
    }

    /// A page may demand more of a cached file than the lockfile does.
    fn verify_cached_by_declared(&mut self) {
        for (url, bytes) in &self.files.bytes {
            let Some(uses) = self.resolution.urls.get(url) else { continue };
            for (declared, places) in &uses.declared {
                let expectation = Expectation { locked: None, declared: vec![declared.clone()] };
                if let Err(error) = obtain::verify(bytes, &expectation) {
                    self.findings.problems.push(error.problem(url, places.clone()));
                }
            }
        }
    }

    /// Notes which cached files a page declares: a page may have got its `integrity` after they were locked.
    fn note_declared(&mut self) {
        let VendoredFiles { bytes, lock, .. } = &mut self.files;
        for (url, bytes) in bytes {
            let Some(entry) = lock.get(url).filter(|entry| !entry.declared) else { continue };
            if is_declared(self.resolution.urls.get(url), bytes) {
                lock.insert(url.clone(), Entry { declared: true, ..entry.clone() });
            }
        }
    }

    fn refuse_malicious_versions(&mut self, fetched: &BTreeMap<SubresourceUrl, Obtained>) {
        for (url, obtained) in fetched {
            let Some(id) = obtained.evidence.package.as_deref() else { continue };
            if let Some(notice) = self.malicious_version(url, id) {
                let notice = notice.used_at(self.resolution.places(url));
                self.findings.problems.push(notice.of_site());
            }
        }
    }

    /// The notice that the policy forbids a version; `id` is the package with its version.
    fn malicious_version(&self, url: &SubresourceUrl, id: &str) -> Option<Notice> {
        let (package, version) = id.rsplit_once('@')?;
        let finding = self.settings.policy.admits_version(url, package, version).err()?;
        let message = format!("`{url}` delivers {package}@{version}: {}", finding.reason);
        Some(Notice::new("malicious-version", message).hint(finding.replacement.clone()))
    }

    fn add_licences_of_companions(&mut self) {
        let folders = self.files.companions.folders.iter();
        let licences = folders.filter_map(|it| Some((it.package.clone(), it.licence.clone()?)));
        self.files.licences.extend(licences);
    }

    /// Locks why scripts stay external.
    fn note_external(&mut self) {
        for (url, action) in &self.resolution.plan.actions {
            match action {
                Action::Leave(Reason::Companions(reason)) => {
                    self.files.lock.insert_external(url.clone(), reason.clone());
                    self.files.lock.remove(url);
                }
                _ => self.files.lock.remove_external(url),
            }
        }
    }

    /// Gives every new file its path, and makes its lockfile entry.
    fn add_fetched(&mut self, mut fetched: BTreeMap<SubresourceUrl, Obtained>) {
        tell_apart(&mut fetched);
        let paths = self.files.paths(&fetched);
        for (url, obtained) in fetched {
            let path = paths[&obtained.stored.key()].clone();
            self.warn_of_failed_registry(&url, &obtained);
            self.files.lock.insert(url.clone(), self.entry(&url, &obtained, path));
            self.files.fresh.push(url.clone());
            self.files.licences.extend(obtained.evidence.package.zip(obtained.evidence.licence));
            self.files.unsigned.extend(obtained.evidence.unsigned.map(|why| (url.clone(), why)));
            self.files.bytes.insert(url, obtained.bytes);
        }
    }

    fn warn_of_failed_registry(&mut self, url: &SubresourceUrl, obtained: &Obtained) {
        let is_proved = self.files.lock.get(url).is_some_and(|locked| locked.proof == Proof::Npm);
        if let Some(failure) = &obtained.evidence.registry_failed
            && !is_proved
        {
            let places = self.resolution.places(url);
            self.findings.warnings.push(unproved(url, failure).used_at(places));
        }
    }

    /// The lockfile entry of a file that was downloaded.
    fn entry(&self, url: &SubresourceUrl, obtained: &Obtained, path: VendorPath) -> Entry {
        let keep_query = url.as_url().query().is_some() && js::reads_own_address(&obtained.bytes);
        let declared = is_declared(self.resolution.urls.get(url), &obtained.bytes);
        let entry = entry(obtained, path, keep_query, algorithms(self.settings));
        let entry = Entry { declared, ..entry };
        // A locked file was verified against its digests: what is known of it is still true.
        match self.files.lock.get(url) {
            Some(locked) => Entry { loads: locked.loads.clone(), ..entry.keeping_evidence(locked) },
            None => entry,
        }
    }
}

impl VendoredFiles {
    /// What is there without a download: what the lockfile says.
    pub fn of_lock(lock: &Lockfile) -> Self {
        Self { lock: lock.clone(), ..Self::default() }
    }

    /// Whether the plan's action makes `url` local.
    pub fn becomes_local(&self, url: &SubresourceUrl, action: &Action) -> bool {
        action.is_vendored() && !self.left_external.contains_key(url)
    }

    /// The lockfile's entries of everything that becomes local.
    pub(super) fn vendored_entries<'r>(
        &'r self,
        resolution: &'r Resolution,
    ) -> impl Iterator<Item = (&'r SubresourceUrl, &'r Entry)> {
        let actions = resolution.plan.actions.iter();
        let vendored = actions.filter(|(url, action)| self.becomes_local(url, action));
        vendored.filter_map(|(url, _)| Some((url, self.lock.get(url)?)))
    }

    /// The paths of what was downloaded.
    fn paths(
        &self,
        fetched: &BTreeMap<SubresourceUrl, Obtained>,
    ) -> BTreeMap<StorageKey, VendorPath> {
        let locked = fetched.iter().filter_map(|(url, obtained)| {
            Some((obtained.stored.key(), self.locked_path(url, obtained)?))
        });
        let mut paths: BTreeMap<_, _> = locked.collect();
        let taken = self.locked_paths().chain(paths.clone()).collect();
        let stored = fetched.values().map(|obtained| obtained.stored.clone());
        let unplaced = stored.filter(|stored| !paths.contains_key(&stored.key()));
        paths.extend(vendor_path::assign(unplaced, &taken));
        paths
    }

    fn locked_paths(&self) -> impl Iterator<Item = (StorageKey, VendorPath)> {
        let key = |url: &SubresourceUrl| StorageKey { url: url.clone(), content: None };
        self.lock.iter().map(move |(url, entry)| (key(url), entry.path.clone()))
    }

    /// A locked file keeps its path; an equal file that is locked already can be shared.
    fn locked_path(&self, url: &SubresourceUrl, obtained: &Obtained) -> Option<VendorPath> {
        let own = self.lock.get(url).map(|entry| entry.path.clone());
        own.or_else(|| self.shared(obtained))
    }

    /// The path of a locked file with the same bytes that lies where this one would.
    fn shared(&self, obtained: &Obtained) -> Option<VendorPath> {
        let path = vendor_path::candidate(&obtained.stored);
        let (_, entry) = self.lock.iter().find(|(_, entry)| entry.path == path)?;
        entry.upstream().verify(&obtained.bytes).ok().map(|()| path)
    }

    /// Makes the lockfile speak of the bytes that are served, in the algorithms that pages use. Under
    /// `--locked` an entry that changes is a problem.
    pub(super) fn lock_served(
        &mut self,
        settings: &Settings,
        resolution: &Resolution,
        local_urls: &LocalUrls,
        edited: &BTreeMap<SubresourceUrl, Vec<u8>>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (url, entry) in self.served(settings, resolution, local_urls, edited) {
            // What a locked script loads follows from its bytes, so that --locked need not know it.
            let is_known =
                |locked: &Entry| entry == Entry { loads: entry.loads.clone(), ..locked.clone() };
            if settings.mode.locked && !self.lock.get(&url).is_some_and(is_known) {
                problems.push(other_digests(&url));
            }
            self.lock.insert(url, entry);
        }
        problems
    }

    /// The entries that differ from those of the lockfile.
    fn served(
        &self,
        settings: &Settings,
        resolution: &Resolution,
        local_urls: &LocalUrls,
        edited: &BTreeMap<SubresourceUrl, Vec<u8>>,
    ) -> Vec<(SubresourceUrl, Entry)> {
        let mut changed = Vec::new();
        for (url, bytes) in &self.bytes {
            let Some(entry) = self.lock.get(url) else { continue };
            let is_planned = resolution.plan.actions.contains_key(url);
            if !is_planned && entry.upstream_integrity.is_some() {
                continue; // pages load it from the vendor folder already, edited in an earlier run
            }
            let path = local_urls.path(url.as_url()).unwrap_or(&entry.path).clone();
            let edited = edited.get(url).map(Vec::as_slice);
            let served = served_entry(entry, bytes, edited, algorithms(settings));
            let loads = locked_loads(resolution, url, entry);
            let served = Entry { path, loads, ..served };
            if *entry != served {
                changed.push((url.clone(), served));
            }
        }
        changed
    }
}

/// The entry of a file that is served as `edited`, or as upstream served it.
fn served_entry(
    entry: &Entry,
    bytes: &[u8],
    edited: Option<&[u8]>,
    algorithms: &[Algorithm],
) -> Entry {
    let upstream = upstream(entry, bytes, algorithms);
    let (served, integrity, upstream_integrity) = match edited {
        Some(edited) => (edited, Integrity::of(edited, algorithms), Some(upstream)),
        None => (bytes, upstream, None),
    };
    Entry { size: served.len() as u64, integrity, upstream_integrity, ..entry.clone() }
}

/// The digests of a file as upstream served it. Those of its entry are right: its bytes have been verified
/// against the entry, or hashed for it.
fn upstream(entry: &Entry, bytes: &[u8], algorithms: &[Algorithm]) -> Integrity {
    match entry.upstream() {
        known if known.is_by(algorithms) => known.clone(),
        _ => Integrity::of(bytes, algorithms),
    }
}

fn unproved(url: &SubresourceUrl, failure: &str) -> Notice {
    let notice = Notice::new("unproved", format!("`{url}` could not be proved: {failure}"));
    notice.hint("the lockfile pins the bytes all the same; delete its block and run again to have them proved".to_owned())
}

/// The lockfile has other digests than the site needs, and `--locked` forbids to change them.
pub fn other_digests(url: &SubresourceUrl) -> Problem {
    let message = format!(
        "the lockfile has other digests of `{url}` than this site and `--integrity` ask for, and --locked forbids to change them"
    );
    Notice::new("not-locked", message)
        .hint("run once without --locked and commit the lockfile".to_owned())
        .of_site()
}

/// Where the mistake is: only the tags that declare a wrong `integrity`, else all that use the URL.
fn to_blame(resolution: &Resolution, url: &SubresourceUrl, error: &ObtainError) -> Places {
    match error {
        ObtainError::Declared { declared, .. } => {
            let uses = resolution.urls.get(url);
            uses.and_then(|uses| uses.declared.get(declared)).cloned().unwrap_or_default()
        }
        _ => resolution.places(url),
    }
}

/// Whether a page's own `integrity` names these bytes.
fn is_declared(uses: Option<&UrlUses>, bytes: &[u8]) -> bool {
    let declared = uses.into_iter().flat_map(|uses| uses.declared.keys());
    declared.filter(|declared| declared.guards()).any(|declared| declared.verify(bytes).is_ok())
}

/// Files that would share one place must share their bytes: those that differ get a content hash.
fn tell_apart(fetched: &mut BTreeMap<SubresourceUrl, Obtained>) {
    let mut first: BTreeMap<StorageKey, Digest> = BTreeMap::new();
    for obtained in fetched.values_mut() {
        let digest = Digest::of(&obtained.bytes, Algorithm::Sha384);
        if *first.entry(obtained.stored.key()).or_insert_with(|| digest.clone()) != digest {
            obtained.stored.content = Some(digest);
        }
    }
}

/// Where the files of these lockfile entries are served, also by the URL that redirects led to.
pub fn local_urls<'e>(
    settings: &Settings,
    base: &Baseline,
    entries: impl Iterator<Item = (&'e SubresourceUrl, &'e Entry)>,
) -> LocalUrls {
    let mut paths = BTreeMap::new();
    for (url, entry) in entries {
        if let Some(final_url) = &entry.final_url {
            paths.entry(final_url.clone()).or_insert_with(|| entry.path.clone());
        }
        paths.insert(url.clone(), entry.path.clone());
    }
    LocalUrls::new(base.site.root(), &settings.out, paths)
}

/// The digest algorithms of `integrity` and of the lockfile.
pub fn algorithms(settings: &Settings) -> &[Algorithm] {
    settings.integrity.as_deref().unwrap_or(&[Algorithm::Sha384])
}

fn entry(
    obtained: &Obtained,
    path: VendorPath,
    keep_query: bool,
    algorithms: &[Algorithm],
) -> Entry {
    let evidence = obtained.evidence.clone();
    Entry {
        kind: FileKind::of(&obtained.media_type, path.as_str()),
        final_url: obtained.final_url.clone(),
        path,
        size: obtained.bytes.len() as u64,
        media_type: obtained.media_type.clone(),
        integrity: Integrity::of(&obtained.bytes, algorithms),
        upstream_integrity: None,
        declared: false,
        package: evidence.package,
        proof: evidence.proof,
        proof_file: evidence.file,
        proof_reason: evidence.reason,
        tarball: evidence.tarball,
        signed_by: evidence.signed_by,
        source: obtained.source,
        floating: obtained.floating,
        keep_query,
        varies: obtained.varies.clone(),
        loads: LockedLoads::default(),
    }
}
