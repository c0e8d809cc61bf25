use std::{collections::BTreeMap, path::Path};

use super::*;
use crate::{
    graph::closure::{Entry as StartEntry, Use as GraphUse},
    integrity::Integrity,
    js::{ModuleType, ReadAs},
    lockfile,
    obtain::Evidence,
    policy::OnDenied,
    resolve::file_scan::scan_file,
    vendor_path::{Extension, Stored},
};

const MODULE: GraphUse = GraphUse::Module(ModuleType::JavaScriptOrWasm);

/// The files of the world: a site, a cache and a CDN, and what was asked of each.
#[derive(Default)]
struct World {
    own: BTreeMap<&'static str, &'static str>,
    cached: BTreeMap<&'static str, &'static str>,
    cdn: BTreeMap<&'static str, &'static str>,
    lock: Lockfile,
    has_lockfile: bool,
    mode: Mode,
}

/// What became of a run.
struct Outcome {
    actions: BTreeMap<String, String>,
    downloads: Vec<Vec<String>>,
    /// How many files were read.
    reads: usize,
    findings: Findings,
}

fn url(text: &str) -> SubresourceUrl {
    text.parse().unwrap()
}

fn locked(code: &str) -> Entry {
    lockfile::Entry {
        kind: lockfile::FileKind::Script,
        final_url: None,
        path: "cdn.example/locked.js".parse().unwrap(),
        size: code.len() as u64,
        media_type: "text/javascript".to_owned(),
        integrity: Integrity::of(code.as_bytes(), &[]),
        upstream_integrity: None,
        declared: false,
        package: None,
        proof: lockfile::Proof::None,
        proof_file: None,
        proof_reason: None,
        tarball: None,
        signed_by: None,
        source: lockfile::Source::Cdn,
        floating: false,
        keep_query: false,
        varies: None,
        loads: lockfile::LockedLoads::default(),
    }
}

impl World {
    /// Resolves a page that loads these modules.
    fn resolve(&self, modules: &[&str]) -> Outcome {
        let base = Baseline {
            cache: crate::store::Cache::new(Path::new("no-such-cache")),
            lock: self.lock.clone(),
            has_lockfile: self.has_lockfile,
            site: SiteUrls::new(Some(&"https://site.example/".parse().unwrap()), "vendor"),
            headers: crate::csp::SiteHeaders::default(),
        };
        let policy = Policy::new(vec![], vec![], vec![], OnDenied::default()).unwrap();
        let rules = Rules {
            policy: &policy,
            mode: self.mode,
            locked_bytes: LockedBytes::All,
            companion_limit: 0,
        };
        let mut pages = Pages::default();
        let mut start = Start::default();
        for module in modules {
            let place = Use { page: "index.html".into(), line: 1, column: 1, tag: "script".into() };
            if !module.starts_with("https://site.example/") {
                pages.urls.entry(url(module)).or_default().modules.add(place, Keep::All);
            }
            let request = Request { url: url(module), r#use: MODULE };
            start.entries.push(StartEntry { request, reach: Reach::Static, by_code: false });
        }
        let mut resolver = Resolver::new(&base, &pages, rules);
        resolver.begin(start);
        let (downloads, reads) = self.drive(&mut resolver);
        let (resolution, _, findings) = resolver.finish();
        let name = |action: &Action| match action {
            Action::Reuse(_) => "reuse",
            Action::Fetch(_) => "fetch",
            Action::Leave(_) => "leave",
            Action::Refuse(_) => "refuse",
            Action::Replace { .. } => "replace",
            Action::Remove(_) => "remove",
        };
        let actions = resolution.plan.actions.iter();
        let actions = actions.map(|(url, action)| (url.to_string(), name(action).to_owned()));
        Outcome { actions: actions.collect(), downloads, reads, findings }
    }

    /// Answers every step. Gives the downloads of each, and how many files were read.
    fn drive(&self, resolver: &mut Resolver<'_>) -> (Vec<Vec<String>>, usize) {
        let (mut downloads, mut reads) = (Vec::new(), 0);
        loop {
            match resolver.step() {
                Step::Done => return (downloads, reads),
                Step::Read(needs) => {
                    reads += needs.len();
                    // Backwards: the order of answers must not matter.
                    for need in needs.into_iter().rev() {
                        resolver.supply(self.answer(need));
                    }
                }
                Step::Download(Downloads { urls: uses, .. }) => {
                    downloads.push(uses.keys().map(ToString::to_string).collect());
                    for (url, uses) in uses.into_iter().rev() {
                        let arrival = self.download(&url, uses);
                        resolver.supply_download(url, arrival);
                    }
                }
            }
        }
    }

    fn answer(&self, need: Need) -> Answer {
        match need {
            Need::Locked(url, _) => {
                let code = self.cached.get(url.as_str());
                let bytes = code.map(|code| code.as_bytes().to_vec());
                Answer::Locked(url, bytes.map_or(Cached::Missing, Cached::Present))
            }
            Need::Own(request) => {
                let scan = match self.own.get(request.url.as_str()) {
                    Some(code) => scan_file(&request, script(&request.url, code)),
                    None => FileScan::left(),
                };
                Answer::Own(request, scan)
            }
            Need::Facts(wants) => Answer::Facts(wants, Facts::default()),
            Need::PackageFiles(block) => Answer::PackageFiles(block.folder, None),
            Need::Companion(path, _) => Answer::Companion(path, Cached::Missing),
        }
    }

    fn download(&self, from: &SubresourceUrl, uses: BTreeSet<GraphUse>) -> Arrival {
        let Some(code) = self.cdn.get(from.as_str()) else {
            return Arrival { result: Err(ObtainError::NotOnNpm), scans: Vec::new() };
        };
        let scan = |r#use| {
            let request = Request { url: from.clone(), r#use };
            let scan = scan_file(&request, script(from, code));
            (request, scan)
        };
        let result = Ok(Obtained {
            bytes: code.as_bytes().to_vec(),
            final_url: None,
            media_type: "text/javascript".to_owned(),
            stored: Stored { url: from.clone(), content: None, extension: Extension::Js },
            floating: false,
            source: lockfile::Source::Cdn,
            evidence: Evidence::default(),
            varies: None,
        });
        Arrival { result, scans: uses.into_iter().map(scan).collect() }
    }
}

fn script<'a>(response_url: &'a SubresourceUrl, code: &'a str) -> File<'a> {
    File { response_url, media_type: "text/javascript", bytes: code.as_bytes() }
}

#[test]
fn what_downloads_import_is_downloaded_level_by_level() {
    let world = World {
        cdn: BTreeMap::from([
            ("https://cdn.example/a.js", "import './b.js'; import './c.js'"),
            ("https://cdn.example/b.js", "import './d.js'"),
            ("https://cdn.example/c.js", "import './d.js'"),
            ("https://cdn.example/d.js", "import './a.js'"),
        ]),
        ..World::default()
    };
    let outcome = world.resolve(&["https://cdn.example/a.js"]);
    let names: Vec<Vec<&str>> = outcome
        .downloads
        .iter()
        .map(|level| level.iter().map(|url| url.rsplit('/').next().unwrap()).collect())
        .collect();
    assert_eq!(names, [vec!["a.js"], vec!["b.js", "c.js"], vec!["d.js"]]);
    assert!(outcome.actions.values().all(|action| action == "fetch"), "{:?}", outcome.actions);
}

#[test]
fn modules_of_the_site_are_read_and_never_downloaded() {
    let world = World {
        own: BTreeMap::from([
            ("https://site.example/a.js", "import './b.js'"),
            ("https://site.example/b.js", "import 'https://cdn.example/c.js'"),
        ]),
        cdn: BTreeMap::from([("https://cdn.example/c.js", "")]),
        ..World::default()
    };
    let outcome = world.resolve(&["https://site.example/a.js"]);
    assert_eq!(outcome.downloads, [["https://cdn.example/c.js"]]);
    assert_eq!(outcome.actions.len(), 1);
}

#[test]
fn a_locked_file_is_reused_if_its_bytes_are_in_the_cache() {
    let address = "https://cdn.example/locked.js";
    let mut world = World { has_lockfile: true, ..World::default() };
    world.lock.insert(url(address), locked("1"));
    world.cached.insert(address, "1");
    let outcome = world.resolve(&[address]);
    assert_eq!(outcome.actions[address], "reuse");
    assert!(outcome.downloads.is_empty());

    world.cached.clear();
    let outcome = world.resolve(&[address]);
    assert_eq!(outcome.actions[address], "fetch");
    assert_eq!(outcome.downloads, [[address]]);
}

#[test]
fn offline_ends_before_the_first_download() {
    let world = World {
        mode: Mode { offline: true, ..Mode::default() },
        cdn: BTreeMap::from([("https://cdn.example/a.js", "")]),
        ..World::default()
    };
    let outcome = world.resolve(&["https://cdn.example/a.js"]);
    assert!(outcome.downloads.is_empty());
    assert_eq!(outcome.findings.problems[0].notice.code, "needs-network");
}

#[test]
fn locked_asks_for_a_lockfile() {
    let world = World { mode: Mode { locked: true, ..Mode::default() }, ..World::default() };
    let outcome = world.resolve(&["https://cdn.example/a.js"]);
    assert!(outcome.downloads.is_empty());
    assert_eq!(outcome.findings.problems[0].notice.code, "no-lockfile");
}

#[test]
fn a_download_that_fails_is_asked_for_once_and_its_importers_go_on() {
    let world = World {
        cdn: BTreeMap::from([
            ("https://cdn.example/a.js", "import './missing.js'; import './b.js'"),
            ("https://cdn.example/b.js", ""),
        ]),
        ..World::default()
    };
    let outcome = world.resolve(&["https://cdn.example/a.js"]);
    let asked = outcome.downloads.iter().flatten().filter(|url| url.ends_with("missing.js"));
    assert_eq!(asked.count(), 1);
    assert!(outcome.downloads.iter().flatten().any(|url| url.ends_with("b.js")));
}

#[test]
fn what_the_lockfile_says_of_a_script_is_followed_without_reading_it() {
    let address = "https://cdn.example/locked.js";
    let mut world = World { has_lockfile: true, ..World::default() };
    let mut entry = locked("no script at all");
    let loads = ReadAs::Module.scan(b"import './b.js'").map(|scan| scan.loads);
    entry.loads.insert(ReadAs::Module, loads);
    world.lock.insert(url(address), entry);
    world.cached.insert(address, "no script at all");
    world.cdn.insert("https://cdn.example/b.js", "");
    let outcome = world.resolve(&[address]);
    assert_eq!(outcome.downloads, [["https://cdn.example/b.js"]]);
}

#[test]
fn a_locked_script_that_was_never_read_is_read() {
    let address = "https://cdn.example/locked.js";
    let mut world = World { has_lockfile: true, ..World::default() };
    world.lock.insert(url(address), locked("import './b.js'"));
    world.cached.insert(address, "import './b.js'");
    world.cdn.insert("https://cdn.example/b.js", "");
    let outcome = world.resolve(&[address]);
    assert_eq!(outcome.downloads, [["https://cdn.example/b.js"]]);
}

/// A chain of own modules: the steps that the resolver asks for grow with its length, not faster.
#[test]
fn a_chain_of_modules_takes_as_many_reads_as_it_has_files() {
    let reads = |length: usize| {
        let names: Vec<&'static str> = (0..=length)
            .map(|number| &*format!("https://site.example/{number:05}.js").leak())
            .collect();
        let code = |number: usize| &*format!("import './{:05}.js'", number + 1).leak();
        let imports = (0..length).map(|number| (names[number], code(number)));
        let own = imports.chain([(names[length], "")]).collect();
        let world = World { own, ..World::default() };
        world.resolve(&[names[0]]).reads
    };
    assert_eq!((reads(200), reads(400)), (201, 401));
}

/// What it imports would be of no use without it.
#[test]
fn what_a_script_imports_is_not_followed_if_it_stays_external() {
    let world = World {
        cdn: BTreeMap::from([
            (
                "https://cdn.example/a.js",
                "import './b.js'; export const load = (name) => import(import.meta.url + name)",
            ),
            ("https://cdn.example/b.js", ""),
        ]),
        ..World::default()
    };
    let outcome = world.resolve(&["https://cdn.example/a.js"]);
    assert_eq!(outcome.downloads, [["https://cdn.example/a.js"]]);
    assert_eq!(outcome.actions["https://cdn.example/a.js"], "leave");
}
