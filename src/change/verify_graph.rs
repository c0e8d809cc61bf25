//! Traces pages as they will be through the files as they will be, before anything is written. Nothing
//! may lead to a file that is not there, or to where a vendored file has been.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use url::Url;

use crate::{
    findings::{Notice, Problem},
    graph::{
        closure::{self, Found, Module, Referrer, Request, Root},
        document::{self, Start},
        local_urls::LocalUrls,
    },
    html::{self, Dialect},
    js::ParseFailure,
    layout::Layout,
    reference::{PageAddress, SubresourceUrl},
    resolve::resolver::Resolution,
    site_urls::SiteUrls,
};

/// The modules of the site as they will be.
#[derive(Debug)]
pub(super) struct GraphVerifier {
    root: Url,
    local_urls: LocalUrls,
    modules: BTreeMap<Request, Module>,
    /// What the site itself lacks, or has as something else.
    left: BTreeSet<Request>,
    /// What has been traced to its end.
    proved: Mutex<BTreeSet<Start>>,
}

impl GraphVerifier {
    /// Reads every script that changes once more.
    ///
    /// # Errors
    /// The script that does not parse any more, and why.
    pub fn new(
        site: &SiteUrls,
        resolution: &Resolution,
        layout: &Layout,
    ) -> Result<Self, Box<Problem>> {
        let mut modules = BTreeMap::new();
        for (request, module) in resolution.graphs.modules() {
            let Some(url) = served_at(site, layout, request) else { continue };
            let loads = match edited(site, layout, request).map(|bytes| request.r#use.scan(bytes)) {
                None => module.loads.clone(),
                Some(Ok(scan)) => scan.loads,
                // It did not parse before it was edited either, which was said.
                Some(Err(_)) if resolution.unparsed.contains_key(request) => module.loads.clone(),
                Some(Err(failure)) => {
                    return Err(Box::new(unparsed(site.name(&request.url), &failure)));
                }
            };
            if let Ok(local) = SubresourceUrl::try_from(url.clone()) {
                let request = Request { url: local, r#use: request.r#use.clone() };
                modules.insert(request, Module { response_url: url, loads });
            }
        }
        Ok(Self {
            root: site.root().clone(),
            local_urls: layout.local_urls.clone(),
            modules,
            left: resolution.graphs.left().cloned().collect(),
            proved: Mutex::default(),
        })
    }

    /// Traces a rewritten page.
    ///
    /// # Errors
    /// What leads nowhere or away, in words.
    pub fn page(&self, address: &PageAddress, page: &[u8], dialect: Dialect) -> Result<(), String> {
        let scan = html::scan_relevant(page, dialect, None).map_err(|error| error.to_string())?;
        let Some(scan) = scan else { return Ok(()) };
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
            None if self.local_urls.path(url).is_some() => Found::NotYet,
            None if self.local_urls.below(url).is_some() && !self.left.contains(request) => {
                let is_there = |known: &Request| known.url == request.url;
                if self.modules.keys().any(is_there) { Found::Left } else { Found::NotYet }
            }
            None => Found::Left,
        }
    }
}

/// Where a file lies from now on; `None` if it is neither vendored nor the site's own.
fn served_at(site: &SiteUrls, layout: &Layout, request: &Request) -> Option<Url> {
    let url = request.url.as_url();
    let own = || site.is_own(&request.url).then(|| url.clone());
    layout.local_urls.local(url).or_else(own)
}

/// The bytes of a script that changes.
fn edited<'l>(site: &SiteUrls, layout: &'l Layout, request: &Request) -> Option<&'l [u8]> {
    let path: Option<PathBuf> = site.file_path(&request.url).map(|name| name.split('/').collect());
    let own = path.and_then(|path| layout.own.get(&path)).map(|own| &own.after);
    own.or_else(|| layout.edited.get(&request.url)).map(Vec::as_slice)
}

fn unparsed(script: &str, failure: &ParseFailure) -> Problem {
    Notice::new("module-not-rewritten", format!("`{script}` cannot be read after it was edited"))
        .detail("cause", failure)
        .hint(
            "this is a limit of Inhouse: please report it; a rule can keep the script external"
                .to_owned(),
        )
        .of_site()
}
