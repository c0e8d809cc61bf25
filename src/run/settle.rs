//! What the downloads come to: problems, paths, and the lockfile as it will be.

use std::collections::BTreeMap;

use super::{download, survey::Survey};
use crate::{
    findings::{Notice, Places, Problem},
    graph::{closure::Reach, local_urls::LocalUrls},
    integrity::{Algorithm, Digest, Integrity},
    inventory::Demand,
    lockfile::{Entry, Lockfile},
    obtain::{self, ObtainError, Obtained},
    plan::{Action, Expectation},
    progress::Progress,
    reference::SubresourceUrl,
    settings::{OnError, Settings},
    vendor_path::{self, StorageKey, VendorPath},
};

/// The bytes of a run, verified, and the lockfile they make.
pub(super) struct Downloads {
    /// The bytes of every vendored URL as upstream served them: downloaded, or from the cache.
    pub bytes: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// The lockfile as it will be.
    pub lock: Lockfile,
    /// Which URLs were downloaded in this run.
    pub fresh: Vec<SubresourceUrl>,
    /// Which could not be, and stay external (`--on-error keep`, and what only code that may never
    /// run asks for).
    pub kept: BTreeMap<SubresourceUrl, String>,
}

impl Downloads {
    /// Carries out the plan's downloads. What fails becomes a problem of `survey`.
    pub fn fetch(
        settings: &Settings,
        survey: &mut Survey,
        progress: &dyn Progress,
    ) -> Result<Self, super::RunError> {
        download::all(settings, survey, progress)?;
        let mut downloads = Self {
            bytes: std::mem::take(&mut survey.cached),
            lock: survey.lock.clone(),
            fresh: Vec::new(),
            kept: BTreeMap::new(),
        };
        let reached = survey.reach_of_urls();
        for (url, error) in std::mem::take(&mut survey.failed) {
            downloads.account_for(settings, survey, &url, &error, reached.get(&url).copied());
        }
        let mut fetched = std::mem::take(&mut survey.fetched);
        // What was opened ahead of the graphs, and no page turned out to reach.
        fetched.retain(|url, _| survey.plan.actions.contains_key(url));
        downloads.hold_reused_to_declared(survey);
        downloads.refuse_malicious_versions(settings, survey, &fetched);
        downloads.take_in(settings, fetched, survey);
        Ok(downloads)
    }

    /// What is there without a download: what the lockfile says.
    pub fn of_lock(survey: &Survey) -> Self {
        Self {
            bytes: BTreeMap::new(),
            lock: survey.lock.clone(),
            fresh: Vec::new(),
            kept: BTreeMap::new(),
        }
    }

    /// Says what a failed download means.
    fn account_for(
        &mut self,
        settings: &Settings,
        survey: &mut Survey,
        url: &SubresourceUrl,
        error: &ObtainError,
        reach: Option<Reach>,
    ) {
        if !survey.plan.actions.contains_key(url) {
            return;
        }
        let is_optional = reach == Some(Reach::Lazy) && error.is_absence();
        let is_tolerated = settings.on_error == OnError::Keep && error.is_failed_download();
        let problem = error.problem(url, to_blame(survey, url, error));
        if !(is_optional || is_tolerated) {
            return survey.problems.push(problem);
        }
        if is_optional && !is_tolerated {
            self.lock.insert_absence(url.clone(), error.to_string());
        }
        self.kept.insert(url.clone(), error.to_string());
        let demand = survey.inventory.demands.get(url);
        let outcome = match is_optional {
            true => "only code that may never run asks for it: the address was left as it was",
            false if demand.is_some_and(Demand::is_named_by_code) => {
                "the address was left as it was"
            }
            false => "the tag was left as it was",
        };
        survey.warnings.push(problem.notice.detail("outcome", outcome));
    }

    /// A page may demand more of a cached file than the lockfile does.
    fn hold_reused_to_declared(&self, survey: &mut Survey) {
        for (url, bytes) in &self.bytes {
            let Some(demand) = survey.inventory.demands.get(url) else { continue };
            for (declared, uses) in &demand.declared {
                let alone = Expectation { locked: None, declared: vec![declared.clone()] };
                if let Err(error) = obtain::verify(bytes, &alone) {
                    survey.problems.push(error.problem(url, uses.clone()));
                }
            }
        }
    }

    fn refuse_malicious_versions(
        &self,
        settings: &Settings,
        survey: &mut Survey,
        fetched: &BTreeMap<SubresourceUrl, Obtained>,
    ) {
        for (url, obtained) in fetched {
            let Some((package, version)) =
                obtained.evidence.package.as_deref().and_then(|id| id.rsplit_once('@'))
            else {
                continue;
            };
            if let Err(finding) = settings.policy.admits_version(url, package, version) {
                let notice = Notice::new(
                    "malicious-version",
                    format!("`{url}` delivers {package}@{version}: {}", finding.reason),
                );
                survey.problems.push(
                    notice.used_at(uses(survey, url)).hint(finding.replacement.clone()).of_site(),
                );
            }
        }
    }

    /// Gives every new file its path, and writes down what is known of it.
    fn take_in(
        &mut self,
        settings: &Settings,
        mut fetched: BTreeMap<SubresourceUrl, Obtained>,
        survey: &mut Survey,
    ) {
        tell_apart(&mut fetched);
        let mut paths = BTreeMap::new();
        for (url, obtained) in &fetched {
            // A locked file keeps its path; an equal file that is locked already can be shared.
            let own = self.lock.get(url).map(|entry| entry.path.clone());
            if let Some(path) = own.or_else(|| self.shared(obtained)) {
                paths.insert(obtained.stored.key(), path);
            }
        }
        let taken = self.lock.iter().map(|(url, entry)| {
            (StorageKey { url: url.clone(), content: None }, entry.path.clone())
        });
        let taken: BTreeMap<_, _> = taken.chain(paths.clone()).collect();
        let unplaced = fetched
            .values()
            .map(|obtained| obtained.stored.clone())
            .filter(|stored| !paths.contains_key(&stored.key()));
        paths.extend(vendor_path::assign(unplaced, &taken));
        for (url, obtained) in fetched {
            let path = paths[&obtained.stored.key()].clone();
            if let Some(failure) = &obtained.evidence.registry_failed {
                let notice =
                    Notice::new("unproved", format!("`{url}` could not be proved: {failure}"));
                let notice = notice.used_at(uses(survey, &url));
                survey.warnings.push(notice.hint("the lockfile pins the bytes all the same; delete its block and run again to have them proved".to_owned()));
            }
            let keep_query =
                url.as_url().query().is_some() && obtain::reads_its_own_address(&obtained.bytes);
            self.lock.insert(url.clone(), entry(&obtained, path, keep_query, algorithms(settings)));
            self.fresh.push(url.clone());
            self.bytes.insert(url, obtained.bytes);
        }
    }

    /// The path of a locked file with the same bytes that lies where this one would.
    fn shared(&self, obtained: &Obtained) -> Option<VendorPath> {
        let path = vendor_path::candidate(&obtained.stored);
        let (_, entry) = self.lock.iter().find(|(_, entry)| entry.path == path)?;
        entry.upstream().verify(&obtained.bytes).ok().map(|()| path)
    }

    /// The lockfile speaks of the bytes that are served, and in the algorithms that pages use.
    pub fn lock_served(
        &mut self,
        settings: &Settings,
        survey: &mut Survey,
        homes: &LocalUrls,
        edited: &BTreeMap<SubresourceUrl, Vec<u8>>,
    ) {
        let mut changed = Vec::new();
        for (url, bytes) in &self.bytes {
            let Some(entry) = self.lock.get(url) else { continue };
            let is_planned = survey.plan.actions.contains_key(url);
            if !is_planned && entry.upstream_integrity.is_some() {
                continue; // pages load it from the vendor folder already, edited in an earlier run
            }
            let algorithms = algorithms(settings);
            // What came from upstream has been held against its entry, or hashed for it, already.
            let upstream = match entry.upstream() {
                known if known.is_by(algorithms) => known.clone(),
                _ => Integrity::of(bytes, algorithms),
            };
            let (served, integrity, upstream_integrity) = match edited.get(url) {
                Some(edited) => (edited, Integrity::of(edited, algorithms), Some(upstream)),
                None => (bytes, upstream, None),
            };
            let path = homes.path(url.as_url()).unwrap_or(&entry.path).clone();
            let size = served.len() as u64;
            let settled = Entry { path, size, integrity, upstream_integrity, ..entry.clone() };
            if *entry != settled {
                changed.push((url.clone(), settled));
            }
        }
        for (url, entry) in changed {
            if settings.mode.locked {
                survey.problems.push(other_digests(&url));
            }
            self.lock.insert(url, entry);
        }
    }
}

/// The lockfile is not what the site needs.
pub(super) fn other_digests(url: &SubresourceUrl) -> Problem {
    let message = format!(
        "the lockfile has other digests of `{url}` than this site and `--integrity` ask for, and --locked forbids to change them"
    );
    Notice::new("not-locked", message)
        .hint("run once without --locked and commit the lockfile".to_owned())
        .of_site()
}

/// Where the mistake is: only the tags that declare a wrong `integrity`, else all that use the URL.
fn to_blame(survey: &Survey, url: &SubresourceUrl, error: &ObtainError) -> Places {
    match error {
        ObtainError::Declared { declared, .. } => {
            let demand = survey.inventory.demands.get(url);
            demand.and_then(|demand| demand.declared.get(declared)).cloned().unwrap_or_default()
        }
        _ => uses(survey, url),
    }
}

pub(super) fn uses(survey: &Survey, url: &SubresourceUrl) -> Places {
    survey.inventory.demands.get(url).map(Demand::places).unwrap_or_default()
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

pub(super) fn algorithms(settings: &Settings) -> &[Algorithm] {
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
        final_url: obtained.final_url.clone(),
        path,
        size: obtained.bytes.len() as u64,
        media_type: obtained.media_type.clone(),
        integrity: Integrity::of(&obtained.bytes, algorithms),
        upstream_integrity: None,
        package: evidence.package,
        proof: evidence.proof,
        proof_file: evidence.file,
        proof_reason: evidence.reason,
        tarball: evidence.tarball,
        source: obtained.source,
        floating: obtained.floating,
        keep_query,
        varies: obtained.varies.clone(),
    }
}

/// Whether the plan's action makes `url` local.
pub(super) fn becomes_local(downloads: &Downloads, url: &SubresourceUrl, action: &Action) -> bool {
    super::survey::is_vendored(action) && !downloads.kept.contains_key(url)
}
