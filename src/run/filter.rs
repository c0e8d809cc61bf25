//! Pages that come alone: rewritten by the lockfile, with the stages that `vendor` has.
//!
//! With a complete lockfile, what becomes of a page depends on nothing but the page. Pages that need
//! the same share the changes that were once worked out for it. Whether vendored files are where pages
//! look for them is for `vendor` to see to.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::{
    RunError,
    ahead::style,
    commit::{concerns, resolutions},
    guard,
    prove::unwritable,
    relocate::relocate,
    remark::needs_network,
    settle::{Downloads, algorithms, other_digests},
    survey::{Survey, vendor_path},
};
use crate::{
    findings::{Places, Problem},
    graph::{closure::Use, document::Start, homes::Homes},
    integrity::IntegrityMetadata,
    inventory::{self, Inventory},
    obtain::{self, ObtainError},
    plan::{Action, Expectation},
    policy::Verdict,
    progress::Progress,
    reference::SubresourceUrl,
    rewrite::{Changes, Rewritten, rewrite},
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
pub(super) struct Answer<'a> {
    changes: Changes<'a>,
    /// Whether pages change that name nothing from elsewhere.
    concerns_all: bool,
}

/// A page that has been looked at.
pub(super) enum Looked {
    /// Nothing in it concerns us.
    Unchanged,
    /// It cannot be read with certainty.
    Refused(Vec<Problem>),
    /// It asks for something.
    Asks(Box<Asking>),
}

/// What a page asks for.
pub(super) struct Asking {
    needs: Needs,
    page: Inventory,
    has_work: bool,
    starts: Vec<Start>,
}

/// Looks at the page at `path`.
pub(super) fn look(settings: &Settings, path: &Path, bytes: &[u8]) -> Looked {
    let mut page = inventory::of_page(settings, path, bytes);
    if !page.problems.is_empty() {
        return Looked::Refused(page.problems);
    }
    let has_work = !page.work.is_empty();
    if page.demands.is_empty() && page.starts.is_empty() && !has_work {
        return Looked::Unchanged;
    }
    let modules = std::mem::take(&mut page.module_pages).into_iter();
    let starts = modules.flat_map(|(_, starts)| starts).collect();
    Looked::Asks(Box::new(Asking { needs: Needs::of(&page), page, has_work, starts }))
}

impl Answer<'_> {
    /// Rewrites the page at `path`, which asked.
    pub fn rewrite(
        &self,
        settings: &Settings,
        asking: &Asking,
        path: &Path,
        bytes: &[u8],
    ) -> Result<Rewritten, Vec<Problem>> {
        let is_concerned =
            asking.has_work || self.concerns_all || concerns(&self.changes.modules, &asking.starts);
        if !is_concerned {
            return Ok(Rewritten::Unchanged);
        }
        let address = inventory::page_address(path, settings);
        rewrite(bytes, inventory::dialect(path), &address, &self.changes)
            .map_err(|error| vec![unwritable(path, &error)])
    }
}

/// Knows what becomes of pages.
pub(super) struct Filter<'a> {
    pub settings: &'a Settings,
    progress: &'a dyn Progress,
    homes: Homes,
    /// The lockfile, and what has been read so far.
    survey: Survey,
    answers: BTreeMap<Needs, Arc<Answer<'a>>>,
    has_warned: bool,
}

impl<'a> Filter<'a> {
    /// Reads the lockfile.
    pub fn new(settings: &'a Settings, progress: &'a dyn Progress) -> Result<Self, RunError> {
        let survey = Survey::of(settings, Inventory::default())?;
        Ok(Self {
            settings,
            progress,
            homes: homes(settings, &survey),
            survey,
            answers: BTreeMap::new(),
            has_warned: false,
        })
    }

    /// Rewrites one page.
    pub fn rewrite(
        &mut self,
        path: &Path,
        bytes: &[u8],
    ) -> Result<Result<Rewritten, Vec<Problem>>, RunError> {
        match look(self.settings, path, bytes) {
            Looked::Unchanged => Ok(Ok(Rewritten::Unchanged)),
            Looked::Refused(problems) => Ok(Err(problems)),
            Looked::Asks(mut asking) => Ok(match self.answer(&mut asking)? {
                Ok(answer) => answer.rewrite(self.settings, &asking, path, bytes),
                Err(problems) => Err(problems),
            }),
        }
    }

    /// What becomes of a page that asks so, or what stands in the way.
    pub fn answer(
        &mut self,
        asking: &mut Asking,
    ) -> Result<Result<Arc<Answer<'a>>, Vec<Problem>>, RunError> {
        if let Some(answer) = self.answers.get(&asking.needs) {
            return Ok(Ok(Arc::clone(answer)));
        }
        let answer = match self.work_out(std::mem::take(&mut asking.page))? {
            Ok(answer) => Arc::new(answer),
            Err(problems) => return Ok(Err(problems)),
        };
        if self.answers.len() >= KEPT_CHANGES {
            self.answers.clear();
        }
        self.answers.insert(asking.needs.clone(), Arc::clone(&answer));
        Ok(Ok(answer))
    }

    /// The stages from the plan to the changes.
    fn work_out(&mut self, page: Inventory) -> Result<Result<Answer<'a>, Vec<Problem>>, RunError> {
        let settings = self.settings;
        self.survey.turn_to(settings, page)?;
        self.warn_of_own_modules();
        let survey = &mut self.survey;
        survey.hold_to(settings.mode);
        if survey.problems.is_empty() {
            survey.hold_to_declared()?;
            survey.hold_to_algorithms(settings);
        }
        if !survey.problems.is_empty() {
            return Ok(Err(std::mem::take(&mut survey.problems)));
        }
        let mut downloads = Downloads::of_lock(survey);
        let mut own = BTreeMap::new();
        if settings.own_site().is_some() {
            // What is in the cache serves to find out what changes in modules of the site.
            downloads.bytes = std::mem::take(&mut survey.cached);
            let relocated = relocate(settings, survey, &downloads);
            survey.cached = std::mem::take(&mut downloads.bytes);
            if !relocated.problems.is_empty() {
                return Ok(Err(relocated.problems));
            }
            own = relocated.own;
        }
        let modules = guard::modules(settings, survey, &downloads, self.homes.clone(), &own);
        let resolutions = resolutions(settings, survey, &downloads);
        let changes = Changes { resolutions, modules, style: style(settings, survey) };
        Ok(Ok(Answer { changes, concerns_all: !own.is_empty() }))
    }

    /// Without the site, nobody knows what its own modules import.
    fn warn_of_own_modules(&mut self) {
        let survey = &self.survey;
        let is_unknown = |url: &SubresourceUrl| {
            let path = survey.own_url_path(url);
            path.is_some_and(|path| vendor_path(&path, &self.settings.out).is_none())
        };
        let mut entries = survey.inventory.starts.keys().flat_map(|start| &start.entries);
        let is_module = |r#use: &Use| matches!(r#use, Use::Module(_));
        if self.settings.own_site().is_none()
            && entries.any(|at| is_module(&at.request.r#use) && is_unknown(&at.request.url))
            && !self.has_warned
        {
            self.has_warned = true;
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
        uses: Places,
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
                    self.problems.push(needs_network(url).used_at(uses).of_site());
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
