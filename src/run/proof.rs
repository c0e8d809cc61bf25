//! The last look before anything is written: pages as they will be, traced through the files as they
//! will be. Nothing may lead to a file that is not there, or to where a vendored file has been.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use url::Url;

use super::{relocate::Relocated, survey::Survey};
use crate::{
    graph::{
        closure::{self, Found, Module, Referrer, Request, Root},
        document::{self, Start},
        local_urls::LocalUrls,
    },
    html::{self, Dialect},
    reference::{PageAddress, SubresourceUrl},
};

/// The modules of the site as they will be.
#[derive(Debug)]
pub(super) struct Proof {
    root: Url,
    homes: LocalUrls,
    modules: BTreeMap<Request, Module>,
    /// What the site itself lacks, or has as something else.
    left: BTreeSet<Request>,
    /// What has been traced to its end.
    proved: Mutex<BTreeSet<Start>>,
}

impl Proof {
    /// Reads every script that changes once more.
    pub fn new(survey: &Survey, relocated: &Relocated) -> Self {
        let homes = relocated.homes.clone();
        let mut modules = BTreeMap::new();
        for (request, module) in survey.graphs.modules() {
            let is_own = survey.is_own(&request.url);
            let path = survey.own_path(&request.url).map(|name| name.split('/').collect());
            let own = path.and_then(|path: PathBuf| relocated.own.get(&path));
            let edited = match own {
                Some(own) => Some(&own.after),
                None => relocated.vendored.get(&request.url),
            };
            let url = match homes.local(request.url.as_url()) {
                Some(local) => local,
                None if is_own => request.url.as_url().clone(),
                None => continue,
            };
            let read = |bytes: &Vec<u8>| request.r#use.scan(bytes).unwrap_or_default().loads;
            let loads = edited.map_or_else(|| module.loads.clone(), read);
            if let Ok(local) = SubresourceUrl::try_from(url.clone()) {
                let request = Request { url: local, r#use: request.r#use.clone() };
                modules.insert(request, Module { response_url: url, loads });
            }
        }
        let left = survey.graphs.left().cloned().collect();
        Self { root: survey.root.clone(), homes, modules, left, proved: Mutex::default() }
    }

    /// Traces a rewritten page.
    ///
    /// # Errors
    /// What leads nowhere or away, in words.
    pub fn page(&self, address: &PageAddress, page: &[u8], dialect: Dialect) -> Result<(), String> {
        let Ok(Some(scan)) = html::scan_relevant(page, dialect, None) else { return Ok(()) };
        for document in document::documents(address, &scan) {
            let is_new = |start: &Start| !self.proved().contains(start);
            if !document.start.entries.is_empty() && is_new(&document.start) {
                self.start(&document.start)?;
                self.proved().insert(document.start);
            }
        }
        Ok(())
    }

    fn proved(&self) -> std::sync::MutexGuard<'_, BTreeSet<Start>> {
        self.proved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, start: &Start) -> Result<(), String> {
        let roots: Vec<_> = start.entries.iter().cloned().map(Root::Entry).collect();
        let page = closure::Page { base: &self.root, map: &start.map, roots: &roots };
        let closure = closure::trace(&page, |request| self.find(request));
        let Some(request) = closure.frontier.first() else { return Ok(()) };
        let by = match &closure.reached[request].by {
            (Referrer::File(by), line) => format!("line {line} of `{}`", by.url),
            (Referrer::Page | Referrer::Inline(_), _) => "the page".to_owned(),
        };
        Err(format!("{by} leads to `{}`, where nothing will be", request.url))
    }

    fn find(&self, request: &Request) -> Found<'_> {
        let url = request.url.as_url();
        match self.modules.get(request) {
            Some(module) => Found::Module(module),
            // It was vendored, so nothing may ask for it elsewhere.
            None if self.homes.path(url).is_some() => Found::NotYet,
            None if self.homes.below(url).is_some() && !self.left.contains(request) => {
                let is_there = |known: &Request| known.url == request.url;
                if self.modules.keys().any(is_there) { Found::Left } else { Found::NotYet }
            }
            None => Found::Left,
        }
    }
}
