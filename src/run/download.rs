//! Fetch and verify: every download of the plan and of the graphs that it opens, each once.
//!
//! Downloads and graphs take turns until nothing is missing. Within a turn a script that has arrived
//! opens the downloads of what it plainly imports, so that a deep graph does not wait for its widest
//! part; whether a page really reaches them is for the graph to say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use super::{
    survey::Survey,
    unfold::{File, Read, read, wanted},
};
use crate::{
    fetch::{Client, Trust, Wanted, pool},
    graph::{
        closure::{self, Found, Request, Root},
        graphs::Known,
        import_map::ImportMap,
    },
    obtain::{self, ObtainError, Obtained, Supplier},
    plan::Expectation,
    policy::Verdict,
    progress::{Progress, Stage},
    reference::SubresourceUrl,
    settings::{Settings, SourceChoice},
};

/// Downloads until every graph is known to its end. What cannot be downloaded is noted.
pub(super) fn all(
    settings: &Settings,
    survey: &mut Survey,
    progress: &dyn Progress,
) -> Result<(), super::RunError> {
    if survey.pending().is_empty() {
        return Ok(());
    }
    let trust = Trust::load(settings.client.ca_cert.as_deref())?;
    let client = Client::trusting(&trust, &settings.client)?;
    let registry = match settings.source {
        SourceChoice::Cdn => Err("not asked for (source = cdn)".to_owned()),
        SourceChoice::Auto | SourceChoice::Npm => {
            obtain::npm_registry(&settings.project_root, &trust, &settings.client)
        }
    };
    let supplier = Supplier {
        client: &client,
        registry: &registry,
        policy: &settings.policy,
        source: settings.source,
    };
    if client.uses_proxy() {
        progress
            .say("note: a proxy is in use; keeping away from private addresses is its task now");
    }
    loop {
        let pending = survey.pending();
        if pending.is_empty() || !survey.problems.is_empty() {
            return Ok(());
        }
        progress.begin(Stage::Downloading, Some(pending.len()));
        let turn = Turn { settings, survey, supplier: &supplier, uses: Mutex::new(pending) };
        let arrivals = turn.take(progress);
        progress.end();
        for (url, arrival) in arrivals {
            survey.arrive(url, arrival);
        }
        survey.unfold(settings)?;
        survey.hold_to(settings.mode);
    }
}

/// What became of one download.
pub(super) struct Arrival {
    /// The bytes, or why not.
    pub result: Result<Obtained, ObtainError>,
    /// What they are, as what they are asked for.
    pub read: Vec<(Request, Read)>,
}

/// One turn of downloads.
struct Turn<'a> {
    settings: &'a Settings,
    survey: &'a Survey,
    supplier: &'a Supplier<'a>,
    /// As what each URL is asked for, also those that were opened in this turn.
    uses: Mutex<Pending>,
}

/// What is to be downloaded, and as what each is asked for.
pub(super) type Pending = BTreeMap<SubresourceUrl, BTreeSet<closure::Use>>;

impl Turn<'_> {
    fn take(&self, progress: &dyn Progress) -> BTreeMap<SubresourceUrl, Arrival> {
        let first: Vec<_> = self.uses().keys().cloned().collect();
        pool::run(first, &self.settings.client.limits, |url| {
            let arrival = self.download(url);
            progress.step();
            let opened = self.open(&arrival);
            (arrival, opened)
        })
    }

    fn uses(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn download(&self, url: &SubresourceUrl) -> Arrival {
        let uses = self.uses().get(url).cloned().unwrap_or_default();
        let result = self.supplier.obtain(url, &kinds(&uses), &self.survey.expectation(url));
        let read_as = |r#use| {
            let request = Request { url: url.clone(), r#use };
            let read = read(&request, File::of(url, result.as_ref().ok()?));
            Some((request, read))
        };
        let read = uses.into_iter().filter_map(read_as).collect();
        Arrival { result, read }
    }

    /// What the scripts that have arrived plainly import, as far as it is to be downloaded.
    fn open(&self, arrival: &Arrival) -> Vec<SubresourceUrl> {
        let mut opened = Vec::new();
        for (by, read) in &arrival.read {
            let Read::Known(Known::Module(module)) = read else { continue };
            let (base, map) = (&module.response_url, &ImportMap::default());
            let page = closure::Page { base, map, roots: &[Root::Inline(&module.loads)] };
            for request in closure::trace(&page, |_| Found::NotYet).frontier {
                // A page's workers are relative to the page.
                let is_elsewhere = matches!(request.r#use, closure::Use::Worker(_))
                    && !matches!(by.r#use, closure::Use::Worker(_));
                if !is_elsewhere && self.may_open(&request.url) {
                    self.uses().entry(request.url.clone()).or_default().insert(request.r#use);
                    opened.push(request.url);
                }
            }
        }
        opened
    }

    /// Whether a URL that nobody has asked for yet would be downloaded.
    fn may_open(&self, url: &SubresourceUrl) -> bool {
        let survey = self.survey;
        !self.settings.mode.locked
            && !survey.is_own(url)
            && !survey.plan.actions.contains_key(url)
            && survey.lock.get(url).is_none()
            && survey.lock.absence(url).is_none()
            && matches!(self.settings.policy.verdict(url), Verdict::Vendor { .. })
    }
}

fn kinds(uses: &BTreeSet<closure::Use>) -> BTreeSet<Wanted> {
    uses.iter().map(wanted).collect()
}

impl Survey {
    /// What is to be downloaded next.
    fn pending(&self) -> Pending {
        let is_new = |url: &SubresourceUrl| {
            !self.fetched.contains_key(url) && !self.failed.contains_key(url)
        };
        let fetches = self.plan.fetches().filter(|(url, _)| is_new(url));
        fetches
            .map(|(url, _)| (url.clone(), self.waiting.get(url).cloned().unwrap_or_default()))
            .collect()
    }

    /// What the bytes of a URL are held against.
    fn expectation(&self, url: &SubresourceUrl) -> Expectation {
        let planned = self.plan.fetches().find(|(planned, _)| *planned == url);
        planned.map_or_else(
            || {
                let declared = self.inventory.map_integrity.get(url);
                let declared = declared.into_iter().flat_map(BTreeMap::keys).cloned().collect();
                Expectation { locked: None, declared }
            },
            |(_, expectation)| expectation.clone(),
        )
    }

    fn arrive(&mut self, url: SubresourceUrl, arrival: Arrival) {
        self.arrived.extend(arrival.read);
        match arrival.result {
            Ok(obtained) => drop(self.fetched.insert(url, obtained)),
            Err(error) => drop(self.failed.insert(url, error)),
        }
    }
}
