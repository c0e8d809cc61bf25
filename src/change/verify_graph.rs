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
    js::{Loads, ParseFailure},
    layout::{Layout, specifiers::REPORT},
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
    /// The starts that have been traced to their end.
    traced: Mutex<BTreeSet<Start>>,
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
            let loads = match edited(site, layout, request) {
                None => module.loads.clone(),
                Some(bytes) => {
                    loads(site, resolution, request, bytes)?.unwrap_or_else(|| module.loads.clone())
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
            traced: Mutex::default(),
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
            let is_new = |start: &Start| !self.traced().contains(start);
            if !document.start.entries.is_empty() && is_new(&document.start) {
                self.start(&document.start)?;
                self.traced().insert(document.start);
            }
        }
        Ok(())
    }

    fn traced(&self) -> std::sync::MutexGuard<'_, BTreeSet<Start>> {
        self.traced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, start: &Start) -> Result<(), String> {
        let roots: Vec<_> = start.entries.iter().cloned().map(Root::Entry).collect();
        let page = closure::Page { base: &self.root, map: &start.map, roots: &roots };
        let closure = closure::trace(&page, |request| self.find(request));
        let Some(request) = closure.frontier.first() else { return Ok(()) };
        let by = referrer(&closure.reached[request].by);
        Err(format!("{by} leads to `{}`, where nothing will be", request.url))
    }

    fn find(&self, request: &Request) -> Found<'_> {
        match self.modules.get(request) {
            Some(module) => Found::Module(module),
            None => self.find_other(request),
        }
    }

    /// What is found of a file that is no module of the site as it will be.
    fn find_other(&self, request: &Request) -> Found<'static> {
        let url = request.url.as_url();
        match self.local_urls.below(url) {
            // It was vendored, so nothing may ask for it elsewhere.
            _ if self.local_urls.path(url).is_some() => Found::NotYet,
            Some(_) if !self.left.contains(request) => {
                let mut same_url = self.modules.range(Request::first(&request.url)..);
                let is_there = same_url.next().is_some_and(|(known, _)| known.url == request.url);
                if is_there { Found::Left } else { Found::NotYet }
            }
            Some(_) | None => Found::Left,
        }
    }
}

/// What an edited script loads; `None` if it did not parse before it was edited either, which was reported.
fn loads(
    site: &SiteUrls,
    resolution: &Resolution,
    request: &Request,
    edited: &[u8],
) -> Result<Option<Loads>, Box<Problem>> {
    match request.r#use.scan(edited) {
        Ok(scan) => Ok(Some(scan.loads)),
        Err(_) if resolution.unparsed.contains_key(request) => Ok(None),
        Err(failure) => Err(Box::new(unparsed(site.name(&request.url), &failure))),
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
        .hint(REPORT.to_owned())
        .of_site()
}

/// What names a file, in words.
fn referrer((by, line): &(Referrer, usize)) -> String {
    match by {
        Referrer::File(by) => format!("line {line} of `{}`", by.url),
        Referrer::Page | Referrer::Inline(_) => "the page".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        csp::SiteHeaders,
        graph::graphs::Known,
        js::ModuleType,
        layout::files::VendoredFiles,
        lockfile::Lockfile,
        policy::{OnDenied, Policy},
        read::{baseline::Baseline, pages::Pages},
        resolve::resolver::{LockedBytes, Resolver, Rules},
        settings::Mode,
        store::Cache,
    };

    const ADDRESS: &str = "https://cdn.example/a.js";

    fn site() -> SiteUrls {
        SiteUrls::new(None, "vendor")
    }

    /// A site on which nothing was decided yet.
    fn resolution() -> Resolution {
        let base = Baseline {
            cache: Cache::new(Path::new("no-such-cache")),
            lock: Lockfile::default(),
            has_lockfile: false,
            site: site(),
            headers: SiteHeaders::default(),
        };
        let policy = Policy::new(vec![], vec![], vec![], OnDenied::default()).unwrap();
        let rules = Rules {
            policy: &policy,
            mode: Mode::default(),
            locked_bytes: LockedBytes::All,
            companion_limit: 0,
        };
        Resolver::new(&base, &Pages::default(), rules).finish().0
    }

    /// The module at [`ADDRESS`], vendored and served as `edited`.
    fn layout(edited: &str) -> Layout {
        let url: SubresourceUrl = ADDRESS.parse().unwrap();
        let paths = BTreeMap::from([(url.clone(), "cdn.example/a.js".parse().unwrap())]);
        Layout {
            files: VendoredFiles::default(),
            local_urls: LocalUrls::new(site().root(), "vendor", paths),
            edited: BTreeMap::from([(url, edited.as_bytes().to_vec())]),
            own: BTreeMap::new(),
        }
    }

    fn verifier(edited: &str) -> Result<GraphVerifier, Box<Problem>> {
        let mut resolution = resolution();
        let r#use = closure::Use::Module(ModuleType::JavaScriptOrWasm);
        let request = Request { url: ADDRESS.parse().unwrap(), r#use };
        let response_url = ADDRESS.parse().unwrap();
        let module = Module { response_url, loads: Loads::default() };
        resolution.graphs.learn(request, Known::Module(module));
        GraphVerifier::new(&site(), &resolution, &layout(edited))
    }

    fn page(page: &str) -> Result<(), String> {
        let address = PageAddress::new("index.html", None);
        verifier("export {}").unwrap().page(&address, page.as_bytes(), Dialect::Html)
    }

    #[test]
    fn an_edited_module_that_does_not_parse_is_a_problem() {
        assert!(verifier("export {}").is_ok());
        let problem = verifier("export {").unwrap_err();
        assert_eq!(problem.notice.code, "module-not-rewritten");
    }

    #[test]
    fn an_edited_page_that_cannot_be_read_with_certainty_is_an_error() {
        let script = "<script type=module src=vendor/cdn.example/a.js></script>";
        assert_eq!(page(script), Ok(()));
        assert!(page(&format!("<div><svg></div>{script}")).is_err());
    }

    #[test]
    fn a_page_that_leads_to_no_file_is_an_error() {
        let script = "<script type=module src=vendor/cdn.example/b.js></script>";
        assert!(page(script).unwrap_err().contains("where nothing will be"));
    }
}
