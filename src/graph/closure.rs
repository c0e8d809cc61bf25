//! What a page loads, followed from script to script.
//!
//! Pure: it walks the modules it is given and says which are still to be fetched, so that fetching
//! and tracing take turns until nothing is missing. Which module waits for which follows HTML,
//! "fetch the descendants of and link a module script" (8.1.3.9), and in workers, which have no
//! import map, "run a worker" (10.2.4).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Form, ModuleScan, ModuleType, ParseFailure, Purpose, Rule, SourceKind, Specifier, WorkerType,
    import_map::ImportMap,
    js,
    specifier::{self, Unresolved},
};
use crate::reference::{SubresourceUrl, is_same_origin};

/// As what a file is loaded. With the URL it makes a request: one URL can be two modules, if it is
/// imported as JavaScript and as JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// A module, of that type.
    Module(ModuleType),
    /// A classic script of a page.
    Classic,
    /// The script of a worker, or what such a script imports with `importScripts`.
    Worker(WorkerType),
    /// Something whose URL is taken, for we know not what.
    Asset,
}

impl Use {
    /// As what the file is to be read, in the order to try; nothing if it cannot load anything.
    pub fn source_kinds(&self) -> &'static [SourceKind] {
        const MODULE_WORKER: SourceKind = SourceKind::Worker { module: true };
        const CLASSIC_WORKER: SourceKind = SourceKind::Worker { module: false };
        match self {
            Self::Module(ModuleType::JavaScriptOrWasm | ModuleType::Unknown) => {
                &[SourceKind::Module]
            }
            Self::Module(_) => &[],
            Self::Classic => &[SourceKind::Classic],
            Self::Worker(WorkerType::Module) => &[MODULE_WORKER],
            Self::Worker(WorkerType::Classic) => &[CLASSIC_WORKER],
            // What has module syntax is no classic script.
            Self::Worker(WorkerType::Unknown) | Self::Asset => &[CLASSIC_WORKER, MODULE_WORKER],
        }
    }

    /// Reads `source`, a file with a JavaScript MIME type, as what it is used as.
    ///
    /// # Errors
    /// The first [`ParseFailure`], if it is nothing of what it may be.
    pub fn scan(&self, source: &[u8]) -> Result<ModuleScan, ParseFailure> {
        let mut failure = None;
        for kind in self.source_kinds() {
            match js::scan(source, *kind) {
                Ok(scan) => return Ok(scan),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or_else(|| Ok(ModuleScan::default()), Err)
    }
}

/// What a browser asks for: a URL without its fragment, and as what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// The URL.
    pub url: SubresourceUrl,
    /// As what it is loaded.
    pub r#use: Use,
}

/// A page, as far as its graph is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The document's base URL.
    pub base: &'a Url,
    /// What all its import maps mean together.
    pub map: &'a ImportMap,
    /// Its scripts, in document order.
    pub roots: &'a [Root<'a>],
}

/// Where a page's graph begins.
#[derive(Clone, Debug)]
pub enum Root<'a> {
    /// An inline script.
    Inline(&'a ModuleScan),
    /// A script with a `src`, or a `modulepreload`.
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "made by tests"))]
    External(Request),
    /// What was found to be named before, by whatever names it.
    Entry(Entry),
}

/// A request that a page makes by itself, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// What is asked for.
    pub request: Request,
    /// Whether the page waits for it.
    pub reach: Reach,
    /// Whether code names it, and no tag that could carry its `integrity`.
    pub by_code: bool,
}

/// A file that has been fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The URL of the response, after redirects: what specifiers are relative to.
    pub response_url: Url,
    /// What the file loads; nothing if it is no script, or does not parse.
    pub scan: ModuleScan,
}

/// What is known of a request.
#[derive(Clone, Copy, Debug)]
pub enum Found<'m> {
    /// It was fetched.
    Module(&'m Module),
    /// It is still to be fetched.
    NotYet,
    /// It is not followed: it stays where it is, or could not be had.
    Left,
}

/// Whether a page waits for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It is loaded before its page's script runs.
    Static,
    /// It is loaded when code asks for it, if ever.
    Lazy,
}

/// The script that names another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Referrer {
    /// The page itself, by a tag.
    Page,
    /// An inline script: its index in [`Page::roots`].
    Inline(usize),
    /// A file.
    File(Request),
}

/// How a file is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Whether the page waits for it.
    pub reach: Reach,
    /// Who named it first, and on which line.
    pub by: (Referrer, usize),
    /// Whether the page's own realm loads it, so that the import map's `integrity` counts.
    pub in_document: bool,
    /// Whether code names it, and not only tags, which carry its `integrity` themselves.
    pub by_code: bool,
    /// The workers that load it, by the URL of their script: what `importScripts` and `new Worker`
    /// are relative to there.
    pub workers: BTreeSet<Url>,
}

/// A specifier that leads nowhere, in browsers too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Who has it.
    pub by: Referrer,
    /// The line.
    pub line: usize,
    /// Why.
    pub why: Unresolved,
    /// Whether the page waits for it.
    pub reach: Reach,
    /// Whether it runs in a worker, where the page's import map does not count.
    pub in_worker: bool,
}

/// All that a page loads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// Every request that was followed, the ones still to be fetched and the ones left included.
    pub reached: BTreeMap<Request, Reached>,
    /// What is still to be fetched.
    pub frontier: BTreeSet<Request>,
    /// Specifiers that lead nowhere, in the order in which they were met.
    pub broken: Vec<Broken>,
}

/// Where a script runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Realm {
    Document,
    /// A worker, by the URL of its script.
    Worker(Url),
    /// A worker whose script is this request's response.
    NewWorker,
}

/// One edge to be followed.
struct Step {
    request: Request,
    realm: Realm,
    by: (Referrer, usize),
    by_code: bool,
}

impl Step {
    fn enter(entry: Entry) -> Self {
        let realm = if let Use::Worker(_) = entry.request.r#use {
            Realm::NewWorker
        } else {
            Realm::Document
        };
        Self { request: entry.request, realm, by: (Referrer::Page, 0), by_code: entry.by_code }
    }
}

/// Follows what `page` loads through the modules that `find` knows.
///
/// Every file is visited once a realm, so that circles end.
pub fn trace<'m>(page: &Page<'_>, find: impl Fn(&Request) -> Found<'m>) -> Closure {
    let mut walk =
        Walk { page, closure: Closure::default(), seen: BTreeSet::new(), later: VecDeque::new() };
    let mut now = VecDeque::new();
    for (index, root) in page.roots.iter().enumerate() {
        match root {
            Root::Inline(scan) => {
                let at = (page.base, &Realm::Document);
                walk.read(scan, at, &Referrer::Inline(index), Reach::Static, &mut now);
            }
            Root::External(request) => now.push_back(Step::enter(Entry {
                request: request.clone(),
                reach: Reach::Static,
                by_code: false,
            })),
            Root::Entry(entry) => match entry.reach {
                Reach::Static => now.push_back(Step::enter(entry.clone())),
                Reach::Lazy => walk.later.push_back(Step::enter(entry.clone())),
            },
        }
    }
    walk.follow(now, Reach::Static, &find);
    let later = std::mem::take(&mut walk.later);
    walk.follow(later, Reach::Lazy, &find);
    walk.closure
}

struct Walk<'p> {
    page: &'p Page<'p>,
    closure: Closure,
    seen: BTreeSet<(Request, Realm)>,
    /// What the page does not wait for.
    later: VecDeque<Step>,
}

impl Walk<'_> {
    fn follow<'m>(
        &mut self,
        mut steps: VecDeque<Step>,
        reach: Reach,
        find: &impl Fn(&Request) -> Found<'m>,
    ) {
        while let Some(Step { request, realm, by, by_code }) = steps.pop_front() {
            let in_document = realm == Realm::Document;
            let found = find(&request);
            let realm = match (realm, found) {
                (Realm::NewWorker, Found::Module(module)) => {
                    Realm::Worker(module.response_url.clone())
                }
                (realm, _) => realm,
            };
            let reached = self.closure.reached.entry(request.clone()).or_insert_with(|| Reached {
                reach,
                by,
                in_document,
                by_code,
                workers: BTreeSet::new(),
            });
            reached.in_document |= in_document;
            reached.by_code |= by_code;
            if let Realm::Worker(url) = &realm {
                reached.workers.insert(url.clone());
            }
            if !self.seen.insert((request.clone(), realm.clone())) {
                continue;
            }
            match found {
                Found::Left => {}
                Found::NotYet => drop(self.closure.frontier.insert(request)),
                Found::Module(module) => {
                    let at = (&module.response_url, &realm);
                    self.read(&module.scan, at, &Referrer::File(request), reach, &mut steps);
                }
            }
            if reach == Reach::Lazy {
                steps.append(&mut self.later);
            }
        }
    }

    /// Adds what the script at `at` asks for to `now`, or to what comes later.
    fn read(
        &mut self,
        scan: &ModuleScan,
        at: (&Url, &Realm),
        by: &Referrer,
        reach: Reach,
        now: &mut VecDeque<Step>,
    ) {
        for specifier in &scan.specifiers {
            let is_lazy = specifier.form.is_lazy();
            let url = match self.resolve(specifier, at) {
                Ok(url) => url,
                Err(why) => {
                    self.closure.broken.push(Broken {
                        by: by.clone(),
                        line: specifier.line,
                        why,
                        reach: if is_lazy { Reach::Lazy } else { reach },
                        in_worker: *at.1 != Realm::Document,
                    });
                    continue;
                }
            };
            // `data:`, `blob:`, `node:` and their like are not fetched from anywhere.
            let Some(url) = url.and_then(|url| SubresourceUrl::try_from(url).ok()) else {
                continue;
            };
            let is_shared = *at.1 == Realm::Document && matches!(by, Referrer::File(_));
            if is_shared && foreign_worker(specifier, self.page.base).is_some() {
                continue; // no page could be given another address for it
            }
            let (r#use, realm) = destination(specifier, at.1);
            let request = Request { url, r#use };
            let by = (by.clone(), specifier.line);
            let step = Step { request, realm, by, by_code: true };
            if is_lazy { &mut self.later } else { &mut *now }.push_back(step);
        }
    }

    /// Where a specifier leads; `None` if it is no URL that could be loaded.
    fn resolve(
        &self,
        specifier: &Specifier,
        (base, realm): (&Url, &Realm),
    ) -> Result<Option<Url>, Unresolved> {
        let text = &specifier.text;
        let settings = match realm {
            Realm::Document => self.page.base,
            Realm::Worker(url) => url,
            Realm::NewWorker => base,
        };
        match specifier.form.rule() {
            Rule::AgainstScript => Ok(base.join(text).ok()),
            Rule::AgainstSettings => Ok(settings.join(text).ok()),
            Rule::ModuleSpecifier => {
                let none = ImportMap::default();
                let map = if *realm == Realm::Document { self.page.map } else { &none };
                specifier::resolve(text, base, map).map(|resolution| Some(resolution.url))
            }
        }
    }
}

/// The script of a worker or a worklet on another origin than `page`. Scripts that many pages share
/// cannot be given a local address for it, so that it is not followed from there.
pub fn foreign_worker(specifier: &Specifier, page: &Url) -> Option<Url> {
    let (Form::Worker(_) | Form::SharedWorker(_) | Form::Worklet) = specifier.form else {
        return None;
    };
    let url = page.join(&specifier.text).ok()?;
    let is_fetched = matches!(url.scheme(), "https" | "http");
    (is_fetched && !is_same_origin(&url, page)).then_some(url)
}

/// As what a specifier's target is loaded, and where it runs.
fn destination(specifier: &Specifier, realm: &Realm) -> (Use, Realm) {
    match specifier.form {
        Form::StaticImport | Form::ExportFrom | Form::DynamicImport => {
            (Use::Module(specifier.module_type.clone()), realm.clone())
        }
        Form::ImportMetaResolve | Form::NewUrl(Purpose::Unknown) => (Use::Asset, realm.clone()),
        Form::NewUrl(Purpose::Worker(r#type))
        | Form::Worker(r#type)
        | Form::SharedWorker(r#type) => (Use::Worker(r#type), Realm::NewWorker),
        // A global of its own, without import map, that takes modules only.
        Form::Worklet => (Use::Worker(WorkerType::Module), Realm::NewWorker),
        Form::ImportScripts => (Use::Worker(WorkerType::Classic), realm.clone()),
    }
}
