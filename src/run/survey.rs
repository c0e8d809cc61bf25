//! Discover, scan and plan: everything that is known before anything is fetched.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use url::Url;

use super::{
    download::Pending,
    remark::{denied, needs_network, not_locked},
    unfold::Read,
};
use crate::{
    csp::{self, SiteHeaders},
    findings::{Notice, Problem},
    graph::{
        closure::{Entry, Reach, Request, Use},
        document::Start,
        graphs::Graphs,
    },
    inventory::{self, Ahead, Demand, Inventory},
    js::ParseFailure,
    lockfile::Lockfile,
    obtain::{ObtainError, Obtained},
    plan::{Action, Plan, Violation},
    progress::Progress,
    reference::{self, SubresourceUrl},
    scans,
    settings::{IntegrityMap, Mode, Settings},
    site,
    store::{Cache, Cached, VendorFolder},
    vendor_path::VendorPath,
};

/// What is known before anything is fetched.
pub(crate) struct Survey {
    pub inventory: Inventory,
    pub cache: Cache,
    /// The lockfile, empty if there is none.
    pub lock: Lockfile,
    pub lock_exists: bool,
    pub plan: Plan,
    pub bytes: Bytes,
    /// The bytes of every locked script the plan reuses.
    pub cached: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// Locked scripts that pages load from the vendor folder already.
    pub used_locally: BTreeSet<SubresourceUrl>,
    pub headers: SiteHeaders,
    /// The URL of the site's root.
    pub root: Url,
    /// The module graphs of all pages.
    pub graphs: Graphs,
    /// What has been downloaded in this run.
    pub fetched: BTreeMap<SubresourceUrl, Obtained>,
    /// What that is, as what it was asked for, until a graph reaches it.
    pub arrived: BTreeMap<Request, Read>,
    /// What could not be.
    pub failed: BTreeMap<SubresourceUrl, ObtainError>,
    /// What the graphs ask for next, and as what.
    pub waiting: Pending,
    /// Scripts that do not parse: they are vendored as they are.
    pub unparsed: BTreeMap<SubresourceUrl, ParseFailure>,
    /// Files of another type than browsers want there.
    pub unfit: BTreeSet<Request>,
    pub warnings: Vec<Notice>,
    pub problems: Vec<Problem>,
}

/// Which bytes of locked scripts have to be at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// All of them: they are going to be written.
    Hashed,
    /// Those that pages run or import, to follow what they load; the lockfile is believed the rest.
    OfLoaded,
    /// None: the lockfile is believed.
    Trusted,
}

impl Survey {
    /// Looks at the site, the lockfile and the cache, and draws the plan.
    pub fn take(settings: &Settings, progress: &dyn Progress) -> Result<Self, super::RunError> {
        let mut survey = Self::of(settings, Inventory::default())?;
        survey.read(settings, None, progress)?;
        survey.draw(settings)?;
        Ok(survey)
    }

    /// Reads the pages, or what was scanned of them.
    pub fn read(
        &mut self,
        settings: &Settings,
        ahead: Option<&dyn Ahead>,
        progress: &dyn Progress,
    ) -> Result<(), super::RunError> {
        let mut inventory = if settings.from_scan.is_empty() {
            inventory::take(settings, ahead, progress)?
        } else {
            let beside = inventory::beside(settings)?;
            Inventory { beside, ..scans::read(settings, &settings.from_scan)? }
        };
        self.problems.append(&mut inventory.problems);
        self.warnings.append(&mut inventory.warnings);
        self.inventory = inventory;
        Ok(())
    }

    /// Draws the plan, now that the pages have been read.
    pub fn draw(&mut self, settings: &Settings) -> Result<(), super::RunError> {
        self.note_links();
        self.find_local_uses(settings);
        self.look_up(&self.used_locally.clone())?;
        self.decide(settings, self.inventory.demands.keys().cloned().collect())?;
        for start in self.inventory.starts.keys() {
            self.graphs.begin(start.clone());
        }
        if settings.scan_js {
            self.graphs.begin(self.start_of_scripts());
        }
        self.unfold(settings)?;
        self.find_local_modules(settings)?;
        if !settings.from_scan.is_empty() {
            self.note_missing_modules();
        }
        Ok(())
    }

    /// Looks at the lockfile; nothing is decided yet.
    pub fn of(settings: &Settings, mut inventory: Inventory) -> Result<Self, super::RunError> {
        let cache = Cache::new(&settings.cache);
        let lock = cache.lockfile()?;
        let root = reference::site_root(settings.site_url.as_ref());
        Ok(Self {
            lock_exists: lock.is_some(),
            lock: lock.unwrap_or_default(),
            problems: std::mem::take(&mut inventory.problems),
            warnings: std::mem::take(&mut inventory.warnings),
            headers: site_headers(settings),
            plan: Plan::default(),
            bytes: Bytes::Hashed,
            cached: BTreeMap::new(),
            used_locally: BTreeSet::new(),
            graphs: Graphs::new(root.clone()),
            root,
            fetched: BTreeMap::new(),
            arrived: BTreeMap::new(),
            failed: BTreeMap::new(),
            waiting: Pending::new(),
            unparsed: BTreeMap::new(),
            unfit: BTreeSet::new(),
            inventory,
            cache,
        })
    }

    /// Draws the plan of a page that came alone, by the lockfile; what was read for the pages before
    /// is still known.
    ///
    /// Scripts that no import map guards need no bytes: the lockfile says what there is to say. What
    /// it says holds for the whole site, so a preload follows a script that another page loads.
    pub fn turn_to(
        &mut self,
        settings: &Settings,
        mut page: Inventory,
    ) -> Result<(), super::RunError> {
        self.problems = std::mem::take(&mut page.problems);
        self.warnings.clear();
        self.inventory = page;
        self.plan = Plan::default();
        self.waiting.clear();
        self.graphs.begin_anew();
        let followed = |start: &&Start| shows_in_page(settings, start);
        let starts: Vec<_> = self.inventory.starts.keys().filter(followed).cloned().collect();
        self.bytes = if starts.is_empty() { Bytes::Trusted } else { Bytes::OfLoaded };
        self.decide(settings, self.inventory.demands.keys().cloned().collect())?;
        for start in starts {
            self.graphs.begin(start);
        }
        self.unfold(settings)?;
        // What an earlier page has made known, this one has not asked for yet.
        let reached = self.graphs.reached();
        self.ask_for(settings, &reached)
    }

    /// Decides about URLs, now that everything that asks for them so far is known.
    pub(super) fn decide(
        &mut self,
        settings: &Settings,
        urls: BTreeSet<SubresourceUrl>,
    ) -> Result<(), super::RunError> {
        let demands = &self.inventory.demands;
        let loaded = |url: &&SubresourceUrl| demands.get(url).is_some_and(Demand::is_loaded);
        if self.bytes != Bytes::Trusted {
            self.look_up(&urls.iter().filter(loaded).cloned().collect())?;
        }
        for url in urls {
            let demand = &self.inventory.demands[&url];
            let is_there = self.has_bytes(&url, demand);
            self.plan.decide(&url, demand, &self.lock, &settings.policy, is_there);
            if let Some(Action::Refuse(finding)) = self.plan.actions.get(&url) {
                let places = demand.places();
                self.problems.push(denied(&url, finding, demand).used_at(places).of_site());
            }
        }
        Ok(())
    }

    /// Whether a locked script needs no download.
    fn has_bytes(&self, url: &SubresourceUrl, demand: &Demand) -> bool {
        let is_trusted = match self.bytes {
            Bytes::Hashed => false,
            Bytes::OfLoaded => !demand.is_loaded(),
            Bytes::Trusted => true,
        };
        self.cached.contains_key(url) || is_trusted && self.lock.get(url).is_some()
    }

    /// Turns what the plan may not do under `mode` into problems.
    pub fn hold_to(&mut self, mode: Mode) {
        if mode.locked && !self.lock_exists && self.plan.actions.values().any(is_vendored) {
            let notice = Notice::new(
                "no-lockfile",
                format!("there is no lockfile `{}`", self.cache.lockfile_path().display()),
            );
            self.problems.push(
                notice
                    .hint(
                        "run `inhouse vendor` without --locked and commit the lockfile".to_owned(),
                    )
                    .of_site(),
            );
            return;
        }
        for violation in self.plan.violations(mode) {
            let (notice, url) = match &violation {
                Violation::NotLocked(url) => (not_locked(url), url),
                Violation::NeedsNetwork(url) => (needs_network(url), url),
            };
            let places = self.inventory.demands.get(url).map(Demand::places);
            self.problems.push(notice.used_at(places.unwrap_or_default()).of_site());
        }
    }

    /// The folder that vendored scripts are served from.
    pub fn vendor_folder(settings: &Settings) -> VendorFolder {
        let base = settings.dest.as_ref().unwrap_or(&settings.site);
        VendorFolder::new(base, &settings.out)
    }

    /// Reads the site's scripts as if some page loaded each of them, with no import map.
    fn start_of_scripts(&self) -> Start {
        let entry = |path: &PathBuf| {
            let url = reference::below(&self.root, &site::page_name(path)).try_into().ok()?;
            let request = Request { url, r#use: Use::Asset };
            Some(Entry { request, reach: Reach::Lazy, by_code: true })
        };
        let scripts = self.inventory.beside.scripts.iter();
        Start { entries: scripts.filter_map(entry).collect(), ..Start::default() }
    }

    /// Pages may have been scanned elsewhere; the modules of the site have to be here.
    fn note_missing_modules(&mut self) {
        let missing = self
            .graphs
            .left()
            .filter(|request| matches!(request.r#use, Use::Module(_)) && self.is_own(&request.url));
        let names: Vec<_> = missing.filter_map(|request| self.own_path(&request.url)).collect();
        for name in names {
            let notice = Notice::new(
                "missing-module",
                format!("pages load the site's own module `{name}`, which is not in SITE"),
            );
            self.warnings.push(notice.hint(
                "put the site's own scripts there first: what they import is to be vendored too"
                    .to_owned(),
            ));
        }
    }

    fn note_links(&mut self) {
        for link in &self.inventory.beside.links {
            let notice = Notice::new(
                "link",
                format!("`{}` is a link, which was not followed", site::page_name(link)),
            );
            self.warnings.push(notice.hint(
                "pages behind it were not looked at; give their real folder as SITE".to_owned(),
            ));
        }
    }

    /// Finds the lockfile entries of scripts that pages load from the vendor folder already.
    fn find_local_uses(&mut self, settings: &Settings) {
        let by_path: BTreeMap<&VendorPath, &SubresourceUrl> =
            self.lock.iter().map(|(url, entry)| (&entry.path, url)).collect();
        let uses = self.inventory.vendored.keys();
        self.used_locally = uses
            .filter_map(|local| vendor_path(&local.path, &settings.out))
            .filter_map(|path| by_path.get(&path).map(|url| (*url).clone()))
            .collect();
    }

    /// Finds the lockfile entries of modules that pages reach in the vendor folder already.
    fn find_local_modules(&mut self, settings: &Settings) -> Result<(), super::RunError> {
        let by_path: BTreeMap<&VendorPath, &SubresourceUrl> =
            self.lock.iter().map(|(url, entry)| (&entry.path, url)).collect();
        let reached = self.graphs.reached();
        let own = reached.keys().filter(|request| self.is_own(&request.url));
        let paths =
            own.filter_map(|request| vendor_path(&self.own_path(&request.url)?, &settings.out));
        let found: BTreeSet<_> =
            paths.filter_map(|path| by_path.get(&path).map(|url| (*url).clone())).collect();
        self.look_up(&found)?;
        self.used_locally.extend(found);
        Ok(())
    }

    /// Reads and re-hashes the cached bytes of those that are locked.
    pub(super) fn look_up(
        &mut self,
        urls: &BTreeSet<SubresourceUrl>,
    ) -> Result<(), super::RunError> {
        let read = |url: &SubresourceUrl| {
            let entry = self.lock.get(url).filter(|_| !self.cached.contains_key(url))?;
            Some((url.clone(), entry.clone(), self.cache.lookup(entry)))
        };
        let found: Vec<_> = urls.par_iter().filter_map(read).collect();
        for (url, entry, cached) in found {
            match cached? {
                Cached::Present(bytes) => {
                    self.cached.insert(url, bytes);
                }
                Cached::Missing => {}
                Cached::Tampered(mismatch) => {
                    let file = entry.path.to_path(&self.cache.folder().path());
                    let notice = Notice::new("tampered-cache", format!("`{}` is not the file that was locked", file.display()))
                        .detail("expected", format!("{}  (lockfile)", mismatch.expected))
                        .detail("received", format!("{}  ({} bytes)", mismatch.received, mismatch.size))
                        .detail("url", &url)
                        .hint("delete the file to have it downloaded and verified again; if Git changed its line ends, keep the cache's .gitattributes".to_owned());
                    self.problems.push(notice.of_site());
                }
            }
        }
        Ok(())
    }
}

/// Whether what follows from `start` may show in its page: modules that an import map guards, and
/// the site's own that change. Without a module to begin with, there is none that a page waits for.
fn shows_in_page(settings: &Settings, start: &Start) -> bool {
    let is_module = |entry: &Entry| matches!(entry.request.r#use, Use::Module(_));
    let guarded = settings.integrity.as_ref().map_or(IntegrityMap::Off, |_| settings.integrity_map);
    match guarded {
        IntegrityMap::All => true,
        IntegrityMap::Entry | IntegrityMap::Static => start.entries.iter().any(is_module),
        IntegrityMap::Off => settings.own_site().is_some() && start.entries.iter().any(is_module),
    }
}

/// Whether the plan makes the URL local.
pub(super) fn is_vendored(action: &Action) -> bool {
    match action {
        Action::Reuse(_) | Action::Fetch(_) => true,
        Action::Leave(_) | Action::Refuse(_) | Action::Replace { .. } | Action::Remove(_) => false,
    }
}

/// The vendored file that a URL path below the site's root names.
pub(crate) fn vendor_path(path: &str, out: &str) -> Option<VendorPath> {
    let path = path.strip_prefix(out)?.strip_prefix('/')?;
    percent_encoding::percent_decode_str(path).decode_utf8().ok()?.parse().ok()
}

fn site_headers(settings: &Settings) -> SiteHeaders {
    let read = |site: &Path| site::read(&site.join(site::HEADERS)).ok();
    let text = settings.own_site().and_then(read).unwrap_or_default();
    csp::site_headers(&String::from_utf8_lossy(&text))
}
