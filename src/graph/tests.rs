//! Laws of the walk, which only this room can see: it finds what one walk from the beginning finds,
//! in whatever order the files become known, and its cost is that of the edges.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use url::Url;

use super::{
    closure::{Broken, Closure, Found, Module, Reached, Referrer, foreign_worker},
    document::Start,
    graphs::{Graphs, Known},
    import_map::{ImportMap, ImportMapText},
    request::{Entry, Reach, Request, Use},
    sorted_keys::COMPARISONS,
    specifier,
};
use crate::{
    js::{Form, Loads, ModuleType, Phase, Purpose, Rule, Specifier, WorkerType},
    reference::SubresourceUrl,
};

const ROOT: &str = "https://site.example/";
const JS: Use = Use::Module(ModuleType::JavaScriptOrWasm);

// What must come out: everything is followed anew from the start, with what is known. Short, and
// as it was before walks could go on.

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Realm {
    Document,
    Worker(Url),
    NewWorker,
}

struct Step {
    request: Request,
    realm: Realm,
    by: (Referrer, usize),
    by_code: bool,
}

fn trace_anew(start: &Start, files: &BTreeMap<Request, Known>) -> Closure {
    let root = Url::parse(ROOT).unwrap();
    let mut walk = Anew::new(&root, &start.map);
    let mut now = VecDeque::new();
    for Entry { request, reach, by_code } in start.entries.clone() {
        let realm = match request.r#use {
            Use::Worker(_) => Realm::NewWorker,
            _ => Realm::Document,
        };
        let step = Step { request, realm, by: (Referrer::Page, 0), by_code };
        if reach == Reach::Static { &mut now } else { &mut walk.later }.push_back(step);
    }
    walk.follow(now, Reach::Static, files);
    let later = std::mem::take(&mut walk.later);
    walk.follow(later, Reach::Lazy, files);
    walk.closure
}

struct Anew<'a> {
    root: &'a Url,
    map: &'a ImportMap,
    closure: Closure,
    seen: BTreeSet<(Request, Realm)>,
    later: VecDeque<Step>,
}

impl<'a> Anew<'a> {
    fn new(root: &'a Url, map: &'a ImportMap) -> Self {
        let (closure, seen) = (Closure::default(), BTreeSet::new());
        Self { root, map, closure, seen, later: VecDeque::new() }
    }

    fn follow(
        &mut self,
        mut steps: VecDeque<Step>,
        reach: Reach,
        files: &BTreeMap<Request, Known>,
    ) {
        while let Some(Step { request, realm, by, by_code }) = steps.pop_front() {
            let in_document = realm == Realm::Document;
            let found = found(files, &request);
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
                    self.read(module, &realm, &Referrer::File(request), reach, &mut steps);
                }
            }
            if reach == Reach::Lazy {
                steps.append(&mut self.later);
            }
        }
    }

    fn read(
        &mut self,
        module: &Module,
        realm: &Realm,
        by: &Referrer,
        reach: Reach,
        now: &mut VecDeque<Step>,
    ) {
        for specifier in &module.loads.specifiers {
            let is_lazy = specifier.form.is_lazy();
            let url = match self.resolve(specifier, &module.response_url, realm) {
                Ok(url) => url,
                Err(why) => {
                    self.closure.broken.push(Broken {
                        by: by.clone(),
                        line: specifier.line,
                        why,
                        reach: if is_lazy { Reach::Lazy } else { reach },
                        in_worker: *realm != Realm::Document,
                    });
                    continue;
                }
            };
            let Some(url) = url.and_then(|url| SubresourceUrl::try_from(url).ok()) else {
                continue;
            };
            if *realm == Realm::Document && foreign_worker(specifier, self.root).is_some() {
                continue;
            }
            let (r#use, realm) = match specifier.form {
                Form::StaticImport | Form::ExportFrom | Form::DynamicImport => {
                    (Use::Module(specifier.module_type.clone()), realm.clone())
                }
                Form::ImportMetaResolve | Form::NewUrl(Purpose::Unknown) => {
                    (Use::Asset, realm.clone())
                }
                Form::NewUrl(Purpose::Worker(r#type))
                | Form::Worker(r#type)
                | Form::SharedWorker(r#type) => (Use::Worker(r#type), Realm::NewWorker),
                Form::Worklet => (Use::Worker(WorkerType::Module), Realm::NewWorker),
                Form::ImportScripts => (Use::Worker(WorkerType::Classic), realm.clone()),
            };
            let request = Request { url, r#use };
            let step = Step { request, realm, by: (by.clone(), specifier.line), by_code: true };
            if is_lazy { &mut self.later } else { &mut *now }.push_back(step);
        }
    }

    fn resolve(
        &self,
        specifier: &Specifier,
        base: &Url,
        realm: &Realm,
    ) -> Result<Option<Url>, specifier::Unresolved> {
        let settings = match realm {
            Realm::Document => self.root,
            Realm::Worker(url) => url,
            Realm::NewWorker => base,
        };
        match specifier.form.rule() {
            Rule::AgainstScript => Ok(base.join(&specifier.text).ok()),
            Rule::AgainstSettings => Ok(settings.join(&specifier.text).ok()),
            Rule::ModuleSpecifier => {
                let none = ImportMap::default();
                let map = if *realm == Realm::Document { self.map } else { &none };
                specifier::resolve(&specifier.text, base, map).map(|found| Some(found.url))
            }
        }
    }
}

fn found<'f>(files: &'f BTreeMap<Request, Known>, request: &Request) -> Found<'f> {
    match files.get(request) {
        Some(Known::Module(module)) => Found::Module(module),
        Some(Known::Left) => Found::Left,
        None => Found::NotYet,
    }
}

// Sites to be followed.

/// What a CDN answers for a file, whatever it is asked for as; without it, the file is left.
#[derive(Clone, Debug)]
struct File {
    loads: Loads,
    /// The number of the file that redirects lead to.
    redirect: Option<usize>,
}

#[derive(Clone, Debug)]
struct Site {
    files: Vec<Option<File>>,
    starts: Vec<Start>,
}

fn url_of(file: usize) -> String {
    // Some lie on the page's own origin, where shared modules may start workers.
    let origin = if file.is_multiple_of(3) { ROOT } else { "https://cdn.example/" };
    format!("{origin}f{file}.js")
}

fn specifier(line: usize, text: String, form: Form, module_type: ModuleType) -> Specifier {
    Specifier { text, line, form, module_type, phase: Phase::Evaluation }
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        8 => Just(Form::StaticImport),
        2 => Just(Form::ExportFrom),
        4 => Just(Form::DynamicImport),
        1 => Just(Form::ImportMetaResolve),
        1 => Just(Form::NewUrl(Purpose::Unknown)),
        1 => Just(Form::NewUrl(Purpose::Worker(WorkerType::Module))),
        1 => Just(Form::Worker(WorkerType::Classic)),
        1 => Just(Form::SharedWorker(WorkerType::Module)),
        1 => Just(Form::Worklet),
        2 => Just(Form::ImportScripts),
    ]
}

fn file(count: usize) -> impl Strategy<Value = File> {
    let text = prop_oneof![
        8 => (0..count).prop_map(url_of),
        1 => (0..count).prop_map(|file| format!("./f{file}.js")),
        1 => (0..count).prop_map(|file| format!("f{file}")),
        1 => Just("data:,1".to_owned()),
    ];
    let module_type =
        prop_oneof![9 => Just(ModuleType::JavaScriptOrWasm), 1 => Just(ModuleType::Json)];
    let loads = prop::collection::vec((text, form(), module_type), 0..5);
    (loads, prop::option::weighted(0.1, 0..count)).prop_map(|(specifiers, redirect)| {
        let specifiers = specifiers.into_iter().enumerate();
        let specifiers = specifiers
            .map(|(line, (text, form, r#type))| specifier(line + 1, text, form, r#type))
            .collect();
        File { loads: Loads { specifiers, ..Loads::default() }, redirect }
    })
}

fn start(count: usize) -> impl Strategy<Value = Start> {
    let r#use = prop_oneof![6 => Just(JS), 1 => Just(Use::Classic), 1 => Just(Use::Worker(WorkerType::Module))];
    let reach = prop_oneof![2 => Just(Reach::Static), 1 => Just(Reach::Lazy)];
    let entry =
        (0..count, r#use, reach, any::<bool>()).prop_map(|(file, r#use, reach, by_code)| {
            let request = Request { url: url_of(file).parse().unwrap(), r#use };
            Entry { request, reach, by_code }
        });
    let names = prop::collection::btree_map(0..count, 0..count, 0..3);
    (prop::collection::vec(entry, 1..4), names).prop_map(|(entries, names)| {
        let names = names.into_iter().map(|(name, file)| (format!("f{name}"), url_of(file)));
        let imports = names.collect::<BTreeMap<_, _>>();
        let text = serde_json::json!({ "imports": imports }).to_string();
        let base = Url::parse(ROOT).unwrap();
        Start { map: ImportMapText::parse(&text).unwrap().meaning(&base).0, entries }
    })
}

fn site() -> impl Strategy<Value = Site> {
    (2_usize..14).prop_flat_map(|count| {
        let files = prop::collection::vec(prop::option::weighted(0.9, file(count)), count);
        let starts = prop::collection::vec(start(count), 1..4);
        (files, starts).prop_map(|(files, starts)| Site { files, starts })
    })
}

impl Site {
    /// One start, and nothing that its page does not wait for.
    fn of_one_static_start(mut self) -> Self {
        self.starts.truncate(1);
        let specifiers =
            self.files.iter_mut().flatten().flat_map(|file| &mut file.loads.specifiers);
        specifiers.filter(|specifier| specifier.form.is_lazy()).for_each(|specifier| {
            specifier.form = Form::StaticImport;
        });
        for entry in self.starts.iter_mut().flat_map(|start| &mut start.entries) {
            entry.reach = Reach::Static;
        }
        self
    }

    fn answer(&self, request: &Request) -> Known {
        let name = request.url.as_url().path();
        let file = name.trim_start_matches("/f").trim_end_matches(".js").parse::<usize>();
        let found = file.ok().and_then(|file| Some((file, self.files.get(file)?.as_ref()?)));
        let Some((file, File { loads, redirect })) = found else { return Known::Left };
        let response_url = url_of(redirect.unwrap_or(file)).parse().unwrap();
        Known::Module(Module { response_url, loads: loads.clone() })
    }
}

/// How a request is reached, but for who named it first: of several, that may be another one while
/// files are missing.
fn without_referrer(reached: &Reached) -> Reached {
    Reached { by: (Referrer::Page, 0), ..reached.clone() }
}

/// Follows a site; of what is asked in each turn, `learns` says what becomes known.
fn follow(
    site: &Site,
    mut learns: impl FnMut(usize) -> Vec<usize>,
    mut check: impl FnMut(&Graphs, &BTreeMap<Request, Reached>, &BTreeMap<Request, Known>),
) -> Graphs {
    let mut graphs = Graphs::new(Url::parse(ROOT).unwrap());
    for start in &site.starts {
        graphs.begin(start.clone());
    }
    let mut known = BTreeMap::new();
    loop {
        let frontier = graphs.frontier();
        check(&graphs, &frontier, &known);
        if frontier.is_empty() {
            return graphs;
        }
        let asked: Vec<_> = frontier.into_keys().collect();
        for index in learns(asked.len()) {
            let request = &asked[index % asked.len()];
            let answer = site.answer(request);
            known.insert(request.clone(), answer.clone());
            graphs.learn(request.clone(), answer);
        }
    }
}

fn frontier_anew(site: &Site, known: &BTreeMap<Request, Known>) -> BTreeMap<Request, Reached> {
    let mut frontier: BTreeMap<Request, Reached> = BTreeMap::new();
    for start in BTreeSet::from_iter(&site.starts) {
        let closure = trace_anew(start, known);
        for request in closure.frontier {
            let reached = without_referrer(&closure.reached[&request]);
            let all = frontier.entry(request).or_insert_with(|| reached.clone());
            all.reach = all.reach.min(reached.reach);
            all.in_document |= reached.in_document;
            all.by_code |= reached.by_code;
            all.workers.extend(reached.workers);
        }
    }
    frontier
}

fn assert_closures_as_anew(graphs: &Graphs, known: &BTreeMap<Request, Known>) {
    for (start, closure) in graphs.closures() {
        assert_eq!(*closure, trace_anew(start, known));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn graphs_find_in_any_order_what_one_walk_finds(
        site in site(),
        choices in prop::collection::vec(prop::collection::vec(any::<usize>(), 1..4), 1..40),
    ) {
        let mut turns = choices.iter().cycle().cloned();
        let learns = |_| turns.next().unwrap();
        follow(&site, learns, |graphs, frontier, known| {
            let seen: BTreeMap<_, _> =
                frontier.iter().map(|(r, reached)| (r.clone(), without_referrer(reached))).collect();
            assert_eq!(seen, frontier_anew(&site, known));
            assert_closures_as_anew(graphs, known);
        });
    }

    #[test]
    fn whoever_asks_for_what_is_new_is_asked_for_everything_once(
        site in site(),
        choices in prop::collection::vec(prop::collection::vec(any::<usize>(), 1..4), 1..40),
    ) {
        let mut graphs = Graphs::new(Url::parse(ROOT).unwrap());
        let mut turns = choices.iter().cycle();
        for start in &site.starts {
            graphs.begin(start.clone());
        }
        let (mut known, mut waiting) = (BTreeMap::new(), Vec::new());
        loop {
            let new = graphs.new_requests();
            for request in new.into_keys() {
                prop_assert!(!known.contains_key(&request) && !waiting.contains(&request));
                waiting.push(request);
            }
            let frontier: BTreeSet<_> = graphs.frontier().into_keys().collect();
            prop_assert_eq!(&frontier, &waiting.iter().cloned().collect());
            for index in turns.next().unwrap() {
                if !waiting.is_empty() {
                    let request = waiting.remove(index % waiting.len());
                    known.insert(request.clone(), site.answer(&request));
                    graphs.learn(request.clone(), site.answer(&request));
                }
            }
            if frontier.is_empty() {
                break;
            }
        }
        assert_closures_as_anew(&graphs, &known);
    }

    #[test]
    fn the_first_referrer_is_as_anew_for_one_static_start_if_every_turn_learns_all(
        site in site().prop_map(Site::of_one_static_start),
    ) {
        follow(&site, |asked| (0..asked).collect(), |_, frontier, known| {
            let closures: Vec<_> = BTreeSet::from_iter(&site.starts)
                .into_iter()
                .map(|start| trace_anew(start, known))
                .collect();
            for (request, reached) in frontier {
                let by = closures.iter().filter(|closure| closure.frontier.contains(request));
                let by: Vec<_> = by.map(|closure| closure.reached[request].clone()).collect();
                let most_urgent = by.iter().map(|reached| reached.reach).min().unwrap();
                let first = by.iter().find(|reached| reached.reach == most_urgent).unwrap();
                assert_eq!(reached.by, first.by);
            }
        });
    }
}

// What it costs.

/// A chain of modules, each of which imports the next and, lazily, the first one.
fn chain(length: usize) -> Site {
    let file = |n: usize| {
        let next = specifier(1, url_of(n + 1), Form::StaticImport, ModuleType::default());
        let lazy = specifier(2, url_of(0), Form::DynamicImport, ModuleType::default());
        let specifiers = if n + 1 < length { vec![next, lazy] } else { vec![lazy] };
        Some(File { loads: Loads { specifiers, ..Loads::default() }, redirect: None })
    };
    let request = Request { url: url_of(0).parse().unwrap(), r#use: JS };
    let entries = vec![Entry { request, reach: Reach::Static, by_code: false }];
    let starts = vec![Start { map: ImportMap::default(), entries }];
    Site { files: (0..length).map(file).collect(), starts }
}

#[test]
fn a_chain_twice_as_long_takes_twice_the_steps() {
    let steps =
        |length: usize| follow(&chain(length), |asked| (0..asked).collect(), |_, _, _| {}).steps();
    let (short, long) = (steps(500), steps(1_000));
    assert!(short >= 500, "{short}");
    assert!(long <= 2 * short + 10, "{short} steps, then {long}");
}

#[test]
fn a_chain_that_turns_out_to_be_waited_for_is_walked_twice() {
    // The page may load the chain later, until the end of another chain imports its first module.
    let steps = |length: usize| {
        let mut site = chain(2 * length);
        let urls = [0, length].map(url_of);
        let imports = |next: Option<usize>| {
            let import = |n| specifier(1, url_of(n), Form::StaticImport, ModuleType::default());
            let specifiers = next.into_iter().map(import).collect();
            Some(File { loads: Loads { specifiers, ..Loads::default() }, redirect: None })
        };
        for n in 0..length {
            site.files[n] = imports(Some(if n + 1 < length { n + 1 } else { length }));
            let next = (n + 1 < length).then_some(length + n + 1);
            site.files[length + n] = imports(next);
        }
        let entry = |url: &String, reach| Entry {
            request: Request { url: url.parse().unwrap(), r#use: JS },
            reach,
            by_code: true,
        };
        site.starts[0].entries = vec![entry(&urls[0], Reach::Static), entry(&urls[1], Reach::Lazy)];
        follow(&site, |asked| (0..asked).collect(), |_, _, _| {}).steps()
    };
    let (short, long) = (steps(300), steps(600));
    assert!(long <= 2 * short + 10, "{short} steps, then {long}");
}

/// A page whose import map names so many modules, each of which imports another by its name.
fn mapped(length: usize) -> Site {
    let imports = |n: usize| {
        let next = specifier(
            1,
            format!("m{}", (n * 7 + 1) % length),
            Form::StaticImport,
            ModuleType::default(),
        );
        Some(File { loads: Loads { specifiers: vec![next], ..Loads::default() }, redirect: None })
    };
    let names: BTreeMap<_, _> = (0..length).map(|n| (format!("m{n}"), url_of(n))).collect();
    let base = Url::parse(ROOT).unwrap();
    let text = serde_json::json!({ "imports": names, "scopes": { "/": names } }).to_string();
    let map = ImportMapText::parse(&text).unwrap().meaning(&base).0;
    let map = ImportMap::merged([map.clone(), map]);
    let request = |n: usize| Request { url: url_of(n).parse().unwrap(), r#use: JS };
    let entry = |n| Entry { request: request(n), reach: Reach::Lazy, by_code: true };
    let starts = vec![Start { map, entries: (0..length).map(entry).collect() }];
    Site { files: (0..length).map(imports).collect(), starts }
}

#[test]
fn an_import_map_twice_as_long_takes_twice_the_steps_and_comparisons() {
    let cost = |length: usize| {
        COMPARISONS.set(0);
        let steps = follow(&mapped(length), |asked| (0..asked).collect(), |_, _, _| {}).steps();
        (steps, COMPARISONS.get())
    };
    let (short, long) = (cost(500), cost(1_000));
    assert!(long.0 <= 2 * short.0 + 10, "{short:?} steps and comparisons, then {long:?}");
    // To sort and to search takes n log n.
    assert!(long.1 <= short.1 * 9 / 4, "{short:?} steps and comparisons, then {long:?}");
}
