//! Pages that come alone: rewritten by the lockfile, with the stages that `vendor` has.
//!
//! With a complete lockfile, what becomes of a page depends on nothing but the page. Pages that need
//! the same share the changes that were once worked out for it. Whether vendored files are where pages
//! look for them is for `vendor` to see to.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    RunError,
    commit::{concerns, resolutions, unwritable},
    guard,
    relocate::relocate,
    remark::needs_network,
    settle::{Downloads, algorithms, other_digests},
    survey::{Survey, vendor_path},
};
use crate::{
    graph::{closure::Use, document::Start, homes::Homes},
    integrity::IntegrityMetadata,
    inventory::{self, Inventory},
    obtain::{self, ObtainError},
    plan::{Action, Expectation},
    policy::Verdict,
    reference::SubresourceUrl,
    report::{self, Problem, progress::Progress},
    rewrite::{Changes, Rewritten, Style, rewrite},
    settings::Settings,
};

/// For how many different needs changes are kept.
const KEPT_CHANGES: usize = 1024;

/// What a page asks for, wherever in it. Pages that need the same change in the same way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Needs {
    urls: Vec<Need>,
    starts: Vec<Start>,
    map_integrity: Vec<(SubresourceUrl, Vec<IntegrityMetadata>)>,
}

/// What a page asks of one URL, as far as the plan looks at it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    url: SubresourceUrl,
    is_skipped: bool,
    is_loaded: bool,
    is_named_by_code: bool,
    declared: Vec<IntegrityMetadata>,
}

impl Needs {
    fn of(page: &Inventory) -> Self {
        let urls = page.demands.iter().map(|(url, demand)| Need {
            url: url.clone(),
            is_skipped: demand.is_skipped(),
            is_loaded: demand.is_loaded(),
            is_named_by_code: demand.is_named_by_code(),
            declared: demand.declared.keys().cloned().collect(),
        });
        let map_integrity = page.map_integrity.iter();
        let declared = |(url, declared): (&SubresourceUrl, &inventory::Declared)| {
            (url.clone(), declared.keys().cloned().collect())
        };
        Self {
            urls: urls.collect(),
            starts: page.starts.keys().cloned().collect(),
            map_integrity: map_integrity.map(declared).collect(),
        }
    }
}

/// What pages with the same needs share.
#[derive(Debug)]
struct Answer<'a> {
    changes: Changes<'a>,
    /// Whether pages change that name nothing from elsewhere.
    concerns_all: bool,
}

/// Why a page could not be rewritten: its problems, or the tool's.
pub(super) enum Refusal {
    Problems(Vec<Problem>),
    Run(RunError),
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

/// Rewrites pages, one by one.
pub(super) struct Filter<'a> {
    settings: &'a Settings,
    progress: &'a dyn Progress,
    homes: Homes,
    /// The lockfile, and what has been read so far.
    survey: Mutex<Survey>,
    answers: RwLock<BTreeMap<Needs, Arc<Answer<'a>>>>,
    has_warned: AtomicBool,
}

impl<'a> Filter<'a> {
    /// Reads the lockfile.
    pub fn new(settings: &'a Settings, progress: &'a dyn Progress) -> Result<Self, RunError> {
        let survey = Survey::of(settings, Inventory::default())?;
        Ok(Self {
            settings,
            progress,
            homes: homes(settings, &survey),
            survey: Mutex::new(survey),
            answers: RwLock::default(),
            has_warned: AtomicBool::new(false),
        })
    }

    /// Rewrites the page at `path`.
    pub fn rewrite(&self, path: &Path, bytes: &[u8]) -> Result<Rewritten, Refusal> {
        let mut page = inventory::of_page(self.settings, path, bytes);
        if !page.problems.is_empty() {
            return Err(Refusal::Problems(page.problems));
        }
        let has_work = !page.work.is_empty();
        if page.demands.is_empty() && page.starts.is_empty() && !has_work {
            return Ok(Rewritten::Unchanged);
        }
        let starts: Vec<_> =
            std::mem::take(&mut page.module_pages).into_iter().flat_map(|(_, it)| it).collect();
        let answer = self.answer(page)?;
        if !(has_work || answer.concerns_all || concerns(&answer.changes.modules, &starts)) {
            return Ok(Rewritten::Unchanged);
        }
        let address = inventory::page_address(path, self.settings);
        rewrite(bytes, inventory::dialect(path), &address, &answer.changes)
            .map_err(|error| Refusal::Problems(vec![unwritable(path, &error)]))
    }

    fn answer(&self, page: Inventory) -> Result<Arc<Answer<'a>>, Refusal> {
        let needs = Needs::of(&page);
        let known =
            self.answers.read().unwrap_or_else(PoisonError::into_inner).get(&needs).cloned();
        if let Some(answer) = known {
            return Ok(answer);
        }
        let answer = Arc::new(self.work_out(page)?);
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= KEPT_CHANGES {
            answers.clear();
        }
        answers.insert(needs, Arc::clone(&answer));
        Ok(answer)
    }

    /// The stages from the plan to the changes.
    fn work_out(&self, page: Inventory) -> Result<Answer<'a>, Refusal> {
        let settings = self.settings;
        let mut survey = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        survey.turn_to(settings, page)?;
        self.warn_of_own_modules(&survey);
        survey.hold_to(settings.mode);
        if survey.problems.is_empty() {
            survey.hold_to_declared()?;
            survey.hold_to_algorithms(settings);
        }
        if !survey.problems.is_empty() {
            return Err(Refusal::Problems(std::mem::take(&mut survey.problems)));
        }
        let mut downloads = Downloads::of_lock(&survey);
        let mut own = BTreeMap::new();
        if settings.own_site().is_some() {
            // What is in the cache serves to find out what changes in modules of the site.
            downloads.bytes = std::mem::take(&mut survey.cached);
            let relocated = relocate(settings, &survey, &downloads);
            survey.cached = std::mem::take(&mut downloads.bytes);
            if !relocated.problems.is_empty() {
                return Err(Refusal::Problems(relocated.problems));
            }
            own = relocated.own;
        }
        let modules = guard::modules(settings, &survey, &downloads, self.homes.clone(), &own);
        let style = Style {
            out: &settings.out,
            public_path: settings.public_path.as_deref(),
            crossorigin: settings.crossorigin || survey.headers.integrity_policy,
        };
        let resolutions = resolutions(settings, &survey, &downloads);
        let changes = Changes { resolutions, modules, style };
        Ok(Answer { changes, concerns_all: !own.is_empty() })
    }

    /// Without the site, nobody knows what its own modules import.
    fn warn_of_own_modules(&self, survey: &Survey) {
        let is_unknown = |url: &SubresourceUrl| {
            let path = survey.own_url_path(url);
            path.is_some_and(|path| vendor_path(&path, &self.settings.out).is_none())
        };
        let mut entries = survey.inventory.starts.keys().flat_map(|start| &start.entries);
        let is_module = |r#use: &Use| matches!(r#use, Use::Module(_));
        if self.settings.own_site().is_none()
            && entries.any(|at| is_module(&at.request.r#use) && is_unknown(&at.request.url))
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            self.progress.say("warning: pages load modules of the site itself; what these import is not known here and gets no integrity (--site DIR names the site)");
        }
    }
}

/// Where everything lies that the lockfile holds and the policy lets in.
fn homes(settings: &Settings, survey: &Survey) -> Homes {
    let mut paths = BTreeMap::new();
    for (url, entry) in survey.lock.iter() {
        if !matches!(settings.policy.verdict(url), Verdict::Vendor { .. }) {
            continue;
        }
        if let Some(final_url) = &entry.final_url {
            paths.entry(final_url.clone()).or_insert_with(|| entry.path.clone());
        }
        paths.insert(url.clone(), entry.path.clone());
    }
    Homes::new(&survey.root, &settings.out, paths)
}

impl Survey {
    /// A page may demand more of a file than the lockfile does.
    fn hold_to_declared(&mut self) -> Result<(), RunError> {
        let held = self.inventory.demands.iter().flat_map(|(url, demand)| {
            let declared = demand.declared.iter();
            declared.map(|(declared, uses)| (url.clone(), declared.clone(), uses.clone()))
        });
        for (url, declared, uses) in held.collect::<Vec<_>>() {
            self.hold_one_to_declared(&url, &declared, uses)?;
        }
        Ok(())
    }

    fn hold_one_to_declared(
        &mut self,
        url: &SubresourceUrl,
        declared: &IntegrityMetadata,
        uses: Vec<report::Use>,
    ) -> Result<(), RunError> {
        let Some(Action::Reuse(entry)) = self.plan.actions.get(url) else { return Ok(()) };
        let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
        match declared.compare(entry.upstream(), size) {
            Some(Ok(())) => {}
            Some(Err(mismatch)) => {
                let error = ObtainError::Declared { declared: declared.clone(), mismatch };
                self.problems.push(error.problem(url, uses));
            }
            // Another algorithm than the lockfile's: only the bytes can tell.
            None => {
                self.look_up(&BTreeSet::from([url.clone()]))?;
                let Some(bytes) = self.cached.get(url) else {
                    self.problems.push(needs_network(url).used_by(uses).of_site());
                    return Ok(());
                };
                let alone = Expectation { locked: None, declared: vec![declared.clone()] };
                if let Err(error) = obtain::verify(bytes, &alone) {
                    self.problems.push(error.problem(url, uses));
                }
            }
        }
        Ok(())
    }

    /// The lockfile's digests must be by the algorithms that pages use.
    fn hold_to_algorithms(&mut self, settings: &Settings) {
        let wanted: BTreeSet<_> = algorithms(settings).iter().copied().collect();
        for (url, action) in &self.plan.actions {
            let Action::Reuse(entry) = action else { continue };
            let locked = entry.integrity.digests().iter().map(|digest| digest.algorithm());
            if locked.collect::<BTreeSet<_>>() != wanted {
                self.problems.push(other_digests(url));
            }
        }
    }
}
