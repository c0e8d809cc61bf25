//! The loop of deciding, following and downloading, as a value that does no input and output.
//!
//! [`Resolver::step`] says what it needs to know next; whoever drives it supplies the answers and takes
//! the next step, until it says that it is done. One level of all module graphs is followed at a time, so
//! that nothing depends on the order in which answers come.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rayon::prelude::*;

use super::{
    companions::{CompanionSearch, FoundCompanions, WantedPackage},
    file_scan::{File, FileScan, scan_file, scan_of_lock},
    notices::{denied, no_lockfile, old_lockfile, tampered, violation},
    plan::{Action, Plan, Violation},
};
use crate::{
    companions::{Facts, Want},
    findings::{Findings, Keep, Use},
    graph::{
        closure::{self, Reach, Reached, Referrer, Request},
        document::Start,
        graphs::{Graphs, Known},
    },
    js::ParseFailure,
    lockfile::{Companions, Entry, Lockfile, Version},
    npm::tarball::PackageFile,
    obtain::{Expectation, ObtainError, Obtained},
    policy::{Policy, Verdict},
    read::{
        baseline::Baseline,
        pages::Pages,
        url_uses::{Declared, UrlUses},
    },
    reference::SubresourceUrl,
    settings::Mode,
    site_urls::SiteUrls,
    store::Cached,
    vendor_path::VendorPath,
};

/// Which bytes of locked files a run needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockedBytes {
    /// All of them: they are going to be written.
    All,
    /// Those of files that pages run or import, to follow what they load.
    OfLoaded,
    /// None: the lockfile is trusted.
    None,
}

/// What a resolver decides by.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What is done with which URL.
    pub policy: &'a Policy,
    /// What must not happen.
    pub mode: Mode,
    /// Which locked files have to be read.
    pub locked_bytes: LockedBytes,
    /// How many bytes a script may bring along without a recipe.
    pub companion_limit: u64,
}

/// What the driver has to do before the next step.
#[derive(Debug)]
pub enum Step {
    /// Supply these files, which need no download.
    Read(Vec<Need>),
    /// Download these.
    Download(Downloads),
    /// Nothing: all that can be known is known.
    Done,
}

/// What is to be downloaded.
#[derive(Debug, Default)]
pub struct Downloads {
    /// URLs, each with the uses it is asked for.
    pub urls: Uses,
    /// npm packages.
    pub packages: BTreeSet<WantedPackage>,
}

/// A file that is needed and lies on this machine.
#[derive(Clone, Debug)]
pub enum Need {
    /// The cached bytes of a locked file.
    Locked(SubresourceUrl, Box<Entry>),
    /// A file of the site.
    Own(Request),
    /// What the pages and scripts of the site say.
    Facts(BTreeSet<Want>),
    /// The list of all files of a locked package.
    PackageFiles(Box<Companions>),
    /// A companion in the vendor cache.
    Companion(VendorPath, PackageFile),
}

/// The answer to a [`Need`].
#[derive(Debug)]
pub enum Answer {
    /// What the cache holds of a locked file.
    Locked(SubresourceUrl, Cached),
    /// A file of the site.
    Own(Request, FileScan),
    /// What the pages and scripts of the site say.
    Facts(BTreeSet<Want>, Facts),
    /// The list of a package's files that the cache holds, by the folder of its block.
    PackageFiles(String, Option<Vec<u8>>),
    /// What the cache holds of a companion.
    Companion(VendorPath, Cached),
}

/// URLs that are downloaded, and the uses that ask for each.
pub type Uses = BTreeMap<SubresourceUrl, BTreeSet<closure::Use>>;

/// What became of one download.
#[derive(Debug)]
pub struct Arrival {
    /// The bytes, or why there are none.
    pub result: Result<Obtained, ObtainError>,
    /// What the file loads, for each use that asked for it.
    pub scans: Vec<(Request, FileScan)>,
}

/// What has been decided and found out about every URL.
#[derive(Debug)]
pub struct Resolution {
    /// What is done with each URL.
    pub plan: Plan,
    /// What names each URL: pages, and the scripts that import it.
    pub urls: BTreeMap<SubresourceUrl, UrlUses>,
    /// The module graphs of all pages.
    pub graphs: Graphs,
    /// Locked files that pages load from the vendor folder already.
    pub used_locally: BTreeSet<SubresourceUrl>,
    /// Scripts that do not parse. They are vendored as they are.
    pub unparsed: BTreeMap<Request, ParseFailure>,
    /// Files of a type that browsers do not accept for their use.
    pub wrong_type: BTreeSet<Request>,
    /// Everything that any document reaches.
    pub reached: BTreeMap<Request, Reached>,
    /// Scripts whose companions are still to be downloaded.
    pub lacks_companions: BTreeSet<SubresourceUrl>,
    /// Whether a module is still to be downloaded, whose imports are therefore not known.
    pub is_incomplete: bool,
}

/// The bytes of all files, verified, and the downloads that failed.
#[derive(Debug, Default)]
pub struct Files {
    /// Locked files that were in the cache.
    pub cached: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// What was downloaded in this run.
    pub fetched: BTreeMap<SubresourceUrl, Obtained>,
    /// What could not be downloaded.
    pub failed: BTreeMap<SubresourceUrl, ObtainError>,
    /// What scripts load beside themselves, by folder.
    pub companions: FoundCompanions,
}

impl Files {
    /// Whether a download has come to an end, well or not.
    fn has_answer(&self, url: &SubresourceUrl) -> bool {
        self.fetched.contains_key(url) || self.failed.contains_key(url)
    }
}

/// The loop of deciding, following and downloading.
#[derive(Debug)]
pub struct Resolver<'a> {
    base: &'a Baseline,
    rules: Rules<'a>,
    map_integrity: &'a BTreeMap<SubresourceUrl, Declared>,
    resolution: Resolution,
    files: Files,
    companions: CompanionSearch<'a>,
    /// Locked files that were looked for and are not in the cache.
    not_cached: BTreeSet<SubresourceUrl>,
    /// URLs that something names and nothing has been decided about.
    undecided: BTreeSet<SubresourceUrl>,
    /// Files that were read, until they are added to the graphs.
    scans: BTreeMap<SubresourceUrl, BTreeMap<closure::Use, FileScan>>,
    /// What the graphs ask for, and has not been read yet.
    unread: BTreeSet<Request>,
    /// What the graphs ask for and has to be downloaded first.
    waiting: Uses,
    /// What is to be downloaded.
    unfetched: BTreeSet<SubresourceUrl>,
    phase: Phase,
    findings: Findings,
}

/// What has been done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The vendored files that tags name are looked up first.
    LocalFiles,
    /// Everything is followed that needs no download.
    Following,
    /// That was done; downloads may follow.
    Planned,
}

impl<'a> Resolver<'a> {
    /// Begins with what `pages` ask for.
    pub fn new(base: &'a Baseline, pages: &'a Pages, rules: Rules<'a>) -> Self {
        let resolution = Resolution {
            plan: Plan::default(),
            urls: pages.urls.clone(),
            graphs: Graphs::new(base.site.root().clone()),
            used_locally: named_vendored_files(base, pages),
            unparsed: BTreeMap::new(),
            wrong_type: BTreeSet::new(),
            reached: BTreeMap::new(),
            lacks_companions: BTreeSet::new(),
            is_incomplete: false,
        };
        Self {
            base,
            rules,
            map_integrity: &pages.map_integrity,
            undecided: resolution.urls.keys().cloned().collect(),
            resolution,
            files: Files::default(),
            companions: CompanionSearch::new(&base.lock, rules.companion_limit)
                .with_facts(pages.facts.wants.clone(), pages.facts.facts.clone()),
            not_cached: BTreeSet::new(),
            scans: BTreeMap::new(),
            unread: BTreeSet::new(),
            waiting: Uses::new(),
            unfetched: BTreeSet::new(),
            phase: Phase::LocalFiles,
            findings: Findings::default(),
        }
    }

    /// Follows what a document starts with.
    pub fn begin(&mut self, start: Start) {
        self.resolution.graphs.begin(start);
    }

    /// What is to be done next.
    pub fn step(&mut self) -> Step {
        loop {
            if self.phase == Phase::LocalFiles {
                self.phase = Phase::Following;
                let used = self.resolution.used_locally.clone();
                self.open_locked(&used);
                if let Some(step) = self.look_up(used) {
                    return step;
                }
            }
            if let Some(step) = self.look_up(self.loaded(&self.undecided)) {
                return step;
            }
            self.decide();
            let new = self.resolution.graphs.new_requests();
            self.note_imports(&new);
            self.unread.extend(new.into_keys());
            if !self.undecided.is_empty() {
                continue;
            }
            self.settle_companions();
            if let Some(step) = self.look_up_companions() {
                return step;
            }
            match self.follow() {
                Followed::Further => {}
                Followed::Needs(step) => return step,
                Followed::ToTheEnd => return self.end_of_plan(),
            }
        }
    }

    /// Supplies a file that was needed.
    pub fn supply(&mut self, answer: Answer) {
        match answer {
            Answer::Locked(url, cached) => self.supply_locked(url, cached),
            Answer::Own(request, scan) => self.keep_scan(request, scan),
            Answer::Facts(wants, facts) => self.companions.supply_facts(wants, facts),
            Answer::PackageFiles(folder, text) => {
                let text = text.as_deref().and_then(|text| std::str::from_utf8(text).ok());
                self.companions.supply_list(folder, text);
            }
            Answer::Companion(path, cached) => self.supply_companion(path, cached),
        }
    }

    fn supply_locked(&mut self, url: SubresourceUrl, cached: Cached) {
        match cached {
            Cached::Present(bytes) => drop(self.files.cached.insert(url, bytes)),
            Cached::Missing => drop(self.not_cached.insert(url)),
            Cached::Tampered(mismatch) => {
                let path = self
                    .lock()
                    .get(&url)
                    .map(|entry| entry.path.to_path(&self.base.cache.folder().path()));
                let problem = tampered(&path.unwrap_or_default(), Some(&url), &mismatch);
                self.findings.problems.push(problem);
                self.not_cached.insert(url);
            }
        }
    }

    /// Supplies a download.
    pub fn supply_download(&mut self, url: SubresourceUrl, arrival: Arrival) {
        for (request, scan) in arrival.scans {
            self.keep_scan(request, scan);
        }
        self.unfetched.remove(&url);
        for r#use in self.waiting.remove(&url).unwrap_or_default() {
            self.unread.insert(Request { url: url.clone(), r#use });
        }
        match arrival.result {
            Ok(obtained) => {
                self.files.fetched.insert(url.clone(), obtained);
                self.open_download(&url);
            }
            Err(error) => drop(self.files.failed.insert(url, error)),
        }
    }

    /// Whether something fails the run.
    pub fn has_problems(&self) -> bool {
        self.findings.has_problems()
    }

    /// What has been decided so far.
    pub fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// What was decided, the bytes of all files, and what was found.
    pub fn finish(mut self) -> (Resolution, Files, Findings) {
        let is_module = |r#use: &closure::Use| matches!(r#use, closure::Use::Module(_));
        self.resolution.reached = self.resolution.graphs.reached();
        self.resolution.is_incomplete = self.waiting.values().flatten().any(is_module);
        self.resolution.lacks_companions = self.companions.lacks().scripts;
        self.files.companions = self.companions.finish();
        (self.resolution, self.files, self.findings)
    }

    /// Whether a URL that nothing asks for yet would be downloaded if something did.
    pub fn would_download(&self, url: &SubresourceUrl) -> bool {
        !self.rules.mode.locked
            && !self.site().is_own(url)
            && !self.resolution.plan.actions.contains_key(url)
            && self.lock().get(url).is_none()
            && self.lock().absence(url).is_none()
            && matches!(self.rules.policy.verdict(url), Verdict::Vendor { .. })
    }

    /// What the downloaded bytes of a URL are verified against.
    pub fn expectation(&self, url: &SubresourceUrl) -> Expectation {
        if let Some(Action::Fetch(expectation)) = self.resolution.plan.actions.get(url) {
            return expectation.clone();
        }
        let declared = self.map_integrity.get(url);
        let declared = declared.into_iter().flat_map(BTreeMap::keys).cloned().collect();
        Expectation { locked: None, declared }
    }

    fn lock(&self) -> &'a Lockfile {
        &self.base.lock
    }

    fn site(&self) -> &'a SiteUrls {
        &self.base.site
    }

    /// Asks for the locked files among `urls` that have not been looked up.
    fn look_up(&self, urls: BTreeSet<SubresourceUrl>) -> Option<Step> {
        let is_new = |url: &SubresourceUrl| {
            !self.files.cached.contains_key(url) && !self.not_cached.contains(url)
        };
        let need = |url| {
            let entry = Box::new(self.lock().get(&url)?.clone());
            Some(Need::Locked(url, entry))
        };
        let needs: Vec<_> = urls.into_iter().filter(is_new).filter_map(need).collect();
        (!needs.is_empty()).then_some(Step::Read(needs))
    }

    /// Those of `urls` of which the bytes are needed.
    fn loaded(&self, urls: &BTreeSet<SubresourceUrl>) -> BTreeSet<SubresourceUrl> {
        if self.rules.locked_bytes == LockedBytes::None {
            return BTreeSet::new();
        }
        let is_loaded =
            |url: &&SubresourceUrl| self.resolution.urls.get(url).is_some_and(UrlUses::is_loaded);
        urls.iter().filter(is_loaded).cloned().collect()
    }

    /// Decides about every URL of which nothing was decided.
    fn decide(&mut self) {
        for url in std::mem::take(&mut self.undecided) {
            let uses = &self.resolution.urls[&url];
            let is_there = self.has_bytes(&url, uses);
            let plan = &mut self.resolution.plan;
            plan.decide(&url, uses, &self.base.lock, self.rules.policy, is_there);
            match plan.actions.get(&url) {
                Some(Action::Refuse(finding)) => {
                    self.findings.problems.push(denied(&url, finding, uses));
                }
                // What a download plainly imports was downloaded with it, ahead of this decision.
                Some(Action::Fetch(_)) if !self.files.has_answer(&url) => {
                    self.unfetched.insert(url);
                }
                Some(Action::Fetch(_)) => self.open_download(&url),
                Some(Action::Reuse(_)) => self.open_locked(&BTreeSet::from([url])),
                _ => {}
            }
        }
    }

    /// Whether a locked file needs no download.
    fn has_bytes(&self, url: &SubresourceUrl, uses: &UrlUses) -> bool {
        let is_trusted = match self.rules.locked_bytes {
            LockedBytes::All => false,
            LockedBytes::OfLoaded => !uses.is_loaded(),
            LockedBytes::None => true,
        };
        self.files.cached.contains_key(url) || is_trusted && self.lock().get(url).is_some()
    }

    /// Notes who imports what; what is named for the first time is to be decided about.
    fn note_imports(&mut self, frontier: &BTreeMap<Request, Reached>) {
        for (request, reached) in frontier {
            let url = &request.url;
            let is_decided = self.resolution.plan.actions.contains_key(url);
            if self.site().is_own(url) || is_decided && !self.is_only_preloaded(url) {
                continue;
            }
            let uses = self.resolution.urls.entry(url.clone()).or_default();
            if let (Referrer::File(by), line) = &reached.by {
                uses.imports.add(import(self.base.site.name(&by.url), *line), Keep::All);
            }
            if let Some(declared) = self.map_integrity.get(url) {
                uses.declared.extend(declared.clone());
            }
            self.undecided.insert(url.clone());
        }
    }

    fn is_only_preloaded(&self, url: &SubresourceUrl) -> bool {
        self.resolution.urls.get(url).is_some_and(|uses| !uses.is_loaded())
    }

    /// Adds one level to the graphs, once all files of it are supplied that need no download.
    fn follow(&mut self) -> Followed {
        let is_needed =
            |request: &&Request| self.site().is_own(&request.url) && !self.has_scan(request);
        let own: Vec<_> = self.unread.iter().filter(is_needed).cloned().map(Need::Own).collect();
        if !own.is_empty() {
            return Followed::Needs(Step::Read(own));
        }
        let unread = std::mem::take(&mut self.unread);
        let supplied = |request: Request| {
            let is_open = self.companions.is_open(&request.url);
            (if is_open { None } else { self.take_scan(&request) }, request)
        };
        let level: Vec<_> = unread.into_iter().map(supplied).collect();
        let scan = |(scan, request): (Option<FileScan>, Request)| {
            (scan.or_else(|| self.scan(&request)), request)
        };
        let level: Vec<_> = level.into_par_iter().map(scan).collect();
        let mut followed = Followed::ToTheEnd;
        for (scan, request) in level {
            match scan {
                Some(scan) => {
                    followed = Followed::Further;
                    self.add_scan(request, scan);
                }
                None => drop(self.waiting.entry(request.url).or_default().insert(request.r#use)),
            }
        }
        followed
    }

    /// What a file of another origin loads; `None` if it is still to be downloaded.
    fn scan(&self, request: &Request) -> Option<FileScan> {
        let url = &request.url;
        if self.companions.is_open(url) {
            return None;
        }
        let action = self.resolution.plan.actions.get(url);
        if !action.is_some_and(Action::is_vendored) || self.files.failed.contains_key(url) {
            return Some(FileScan::left());
        }
        if let Some(obtained) = self.files.fetched.get(url) {
            return Some(scan_file(request, File::of(url, obtained)));
        }
        let entry = self.lock().get(url)?;
        let response_url = entry.final_url.as_ref().unwrap_or(url);
        if self.has_bytes(url, self.resolution.urls.get(url)?)
            && let Some(scan) = scan_of_lock(request, response_url, entry)
        {
            return Some(scan);
        }
        let bytes = self.files.cached.get(url)?;
        Some(scan_file(request, File { response_url, media_type: &entry.media_type, bytes }))
    }

    fn keep_scan(&mut self, request: Request, scan: FileScan) {
        self.scans.entry(request.url).or_default().insert(request.r#use, scan);
    }

    fn has_scan(&self, request: &Request) -> bool {
        self.scans.get(&request.url).is_some_and(|scans| scans.contains_key(&request.r#use))
    }

    fn take_scan(&mut self, request: &Request) -> Option<FileScan> {
        self.scans.get_mut(&request.url)?.remove(&request.r#use)
    }

    fn add_scan(&mut self, request: Request, scan: FileScan) {
        let known = match scan {
            FileScan::Known(known) => known,
            FileScan::Unparsed(module, failure) => {
                self.resolution.unparsed.insert(request.clone(), failure);
                Known::Module(module)
            }
            FileScan::WrongType => {
                self.resolution.wrong_type.insert(request.clone());
                Known::Left
            }
        };
        self.resolution.graphs.learn(request, known);
    }

    /// Everything is followed as far as it goes without a download.
    fn end_of_plan(&mut self) -> Step {
        if self.phase != Phase::Planned {
            self.phase = Phase::Planned;
            self.note_old_lockfile();
            let found = self.reached_vendored_files();
            self.open_locked(&found);
            self.settle_companions();
            let step = self.look_up(found.clone());
            self.resolution.used_locally.extend(found);
            if let Some(step) = step.or_else(|| self.look_up_companions()) {
                return step;
            }
        }
        self.refuse_by_mode();
        let pending = self.pending();
        match self.findings.has_problems() || pending.is_empty() {
            true => Step::Done,
            false => Step::Download(pending),
        }
    }

    /// The locked files that modules of the site reach in the vendor folder.
    fn reached_vendored_files(&self) -> BTreeSet<SubresourceUrl> {
        let reached = self.resolution.graphs.reached();
        let paths = reached
            .keys()
            .filter_map(|request| self.site().vendored(&self.site().file_path(&request.url)?));
        locked_at(self.lock(), &paths.collect())
    }

    fn note_old_lockfile(&mut self) {
        let version = self.lock().version();
        if self.rules.mode.locked && self.base.has_lockfile && version != Version::CURRENT {
            let notice = old_lockfile(&self.base.cache.lockfile_path(), version);
            self.findings.warnings.push(notice);
        }
    }

    /// Turns what the plan may not do under the mode into problems.
    fn refuse_by_mode(&mut self) {
        let plan = &self.resolution.plan;
        let mode = self.rules.mode;
        if mode.locked && !self.base.has_lockfile && plan.actions.values().any(Action::is_vendored)
        {
            let problem = no_lockfile(&self.base.cache.lockfile_path());
            self.findings.problems.push(problem);
            return;
        }
        let mut violations = plan.violations(mode);
        if mode.offline {
            let lacking = self.companions.lacks().scripts.into_iter();
            violations.extend(lacking.map(Violation::NeedsCompanions));
        }
        let problems =
            violations.iter().map(|found| violation(found, self.resolution.urls.get(found.url())));
        self.findings.problems.extend(problems);
    }

    /// What is to be downloaded next, and as what.
    fn pending(&self) -> Downloads {
        let uses = |url| self.waiting.get(url).cloned().unwrap_or_default();
        let urls = self.unfetched.iter().map(|url| (url.clone(), uses(url))).collect();
        Downloads { urls, packages: self.companions.lacks().packages }
    }
}

impl Downloads {
    fn is_empty(&self) -> bool {
        self.urls.is_empty() && self.packages.is_empty()
    }
}

/// What following one level came to.
enum Followed {
    /// There may be a next level.
    Further,
    /// Files have to be supplied first.
    Needs(Step),
    /// Only downloads lead further.
    ToTheEnd,
}

impl Resolution {
    /// How every URL is reached: as soon as a page waits for it in one place, it counts as waited for.
    pub fn reach_of_urls(&self) -> BTreeMap<SubresourceUrl, Reach> {
        let mut reach = BTreeMap::new();
        for (request, reached) in &self.reached {
            let known = reach.entry(request.url.clone()).or_insert(reached.reach);
            *known = reached.reach.min(*known);
        }
        reach
    }

    /// The places that name a URL.
    pub fn places(&self, url: &SubresourceUrl) -> crate::findings::Places {
        self.urls.get(url).map(UrlUses::places).unwrap_or_default()
    }
}

/// A place in a script, as messages name it.
pub fn import(script: &str, line: usize) -> Use {
    Use { page: Arc::from(script), line, column: 0, tag: "import".into() }
}

/// The place that names a file which the documents with this start reach: in a script, else in a page.
pub fn place_of(site: &SiteUrls, pages: &Pages, start: &Start, reached: &Reached) -> Option<Use> {
    match &reached.by {
        (Referrer::File(by), line) => Some(import(site.name(&by.url), *line)),
        (Referrer::Page | Referrer::Inline(_), _) => pages.starts.get(start).cloned(),
    }
}

/// The locked files that tags of pages load from the vendor folder already.
fn named_vendored_files(base: &Baseline, pages: &Pages) -> BTreeSet<SubresourceUrl> {
    let paths = pages.vendored.keys().filter_map(|local| base.site.vendored(&local.path));
    locked_at(&base.lock, &paths.collect())
}

/// The URLs whose files lie at `paths`. Several may share one.
fn locked_at(lock: &Lockfile, paths: &BTreeSet<VendorPath>) -> BTreeSet<SubresourceUrl> {
    let at_paths = lock.iter().filter(|(_, entry)| paths.contains(&entry.path));
    at_paths.map(|(url, _)| url.clone()).collect()
}

mod companions;
#[cfg(test)]
mod tests;
