//! Every recipe for companions, held against the tarballs of its packages and, for the larger ones,
//! seen in a browser that reaches no other host and finds nothing but the script and its companions.
//!
//! Needs the package registry (`INHOUSE_TEST_REGISTRY=1`), and Chromium for the second half; without
//! them the tests say so and pass. The tests of all recipes download some 300 MB, and run only with
//! `INHOUSE_TEST_COMPANIONS=all`, or with a part of a recipe's name to try only those. `INHOUSE_REQUIRE_BROWSER=1` makes a missing Chromium a failure.
#![cfg(unix)]

#[path = "support/browser.rs"]
mod browser;
#[path = "companions/cases.rs"]
mod cases;
mod support;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use browser::{Browser, Missing, chromium_or_skip, say_skipped, serve_and_note_missing};
use cases::{CASES, Case};
use inhouse::internals::companions::{
    Facts, Outcome, Override, Recipe, RecipeList, Script, Wanted, edited, is_wanted, select,
    select_from,
};
use nodejs_semver::Version;
use support::{module_cdn::published, npm::Package};

const LIMIT: u64 = 5_000_000;

/// A published package and the recipe for one of its scripts.
struct Held<'c> {
    case: &'c Case,
    package: Package,
    recipe: &'static Recipe,
    facts: Facts,
}

impl<'c> Held<'c> {
    fn of(case: &'c Case) -> Self {
        let package = published::package(&case.package);
        let version = Version::parse(package.version()).unwrap();
        let path = script(case).path;
        let recipe = RecipeList::built_in().find(package.name(), &version, path);
        let recipe = recipe.unwrap_or_else(|| panic!("no recipe for {} {path}", case.package));
        let facts = Facts::of_page(case.page.as_bytes(), &Wanted::new(recipe.wants()));
        Self { case, package, recipe, facts }
    }

    fn outcome(&self) -> Outcome {
        let files = files_of(&self.package);
        let files = files.iter().map(|(path, size)| (path.as_str(), *size)).collect();
        let wish = Override::Automatic;
        select(&files, script(self.case), Some(self.recipe), &self.facts, &wish, LIMIT)
    }

    /// What comes from other packages: package, place and outcome of each.
    fn others(&self) -> Vec<(Package, &'static str, Outcome)> {
        let wanted =
            self.recipe.packages().filter(|it| is_wanted(*it, script(self.case), &self.facts));
        let selected = wanted.map(|other| {
            let spec = self.case.others.iter().find(|spec| spec.starts_with(other.package()));
            let spec = spec.unwrap_or_else(|| panic!("{} is not expected", other.package()));
            let package = published::package(spec);
            assert!(other.versions().satisfies(&Version::parse(package.version()).unwrap()));
            let files = files_of(&package);
            let files = files.iter().map(|(path, size)| (path.as_str(), *size)).collect();
            let outcome = select_from(other, &files, script(self.case), &self.facts);
            (package, other.place(), outcome)
        });
        selected.collect()
    }
}

fn script(case: &Case) -> Script<'_> {
    match case.script.split_once('?') {
        Some((path, query)) => Script { path, query: Some(query) },
        None => Script { path: &case.script, query: None },
    }
}

fn files_of(package: &Package) -> Vec<(String, u64)> {
    let size = |path: &str| package.get(path).map_or(0, |bytes| bytes.len() as u64);
    package.paths().map(|path| (path.to_owned(), size(path))).collect()
}

fn count_and_bytes(outcome: &Outcome) -> (usize, u64) {
    match outcome {
        Outcome::Selected(selection) => (selection.files.len(), selection.bytes),
        Outcome::Nothing(_) => (0, 0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_recipe_selects_what_was_counted_on_its_tarballs() {
    let Some(only) = chosen_recipes() else { return };
    let mut wrong = Vec::new();
    for case in CASES.iter().filter(|case| case.recipe.contains(&only)) {
        let held = Held::of(case);
        let mut found = vec![count_and_bytes(&held.outcome())];
        found.extend(held.others().iter().map(|(_, _, outcome)| count_and_bytes(outcome)));
        println!("{} {}: {} {found:?}", case.package, case.script, held.recipe.id());
        if held.recipe.id() != case.recipe || found != case.selected {
            wrong.push(format!("{} {}: {found:?}", case.package, case.script));
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
}

#[test]
fn every_recipe_has_a_case() {
    let tried: BTreeSet<_> = CASES.iter().map(|case| case.recipe.as_str()).collect();
    let all: BTreeSet<_> = RecipeList::built_in().iter().map(Recipe::id).collect();
    assert_eq!(tried, all);
}

#[test]
fn every_file_that_a_recipe_edits_has_the_bytes_it_knows() {
    if !published::allowed() {
        return say_skipped("set INHOUSE_TEST_REGISTRY=1 to ask the npm registry");
    }
    for recipe in RecipeList::built_in().iter() {
        for (version, file) in recipe.editable_files() {
            let package = published::package(&format!("{}@{version}", recipe.package()));
            let bytes = package.get(file).unwrap();
            let text = edited(recipe, file, bytes, |path| Some(format!("/{path}"))).unwrap();
            assert!(text.is_some_and(|text| text != bytes), "{file} of {version}");
        }
    }
}

#[test]
fn a_plain_page_with_mathjax_3_gets_at_most_one_and_a_half_megabytes() {
    if !published::allowed() {
        return say_skipped("set INHOUSE_TEST_REGISTRY=1 to ask the npm registry");
    }
    let case = CASES.iter().find(|case| case.package == "mathjax@3.2.2").unwrap();
    let (_, bytes) = count_and_bytes(&Held::of(case).outcome());
    assert!(bytes <= 1_500_000, "{bytes}");
}

#[test]
fn scripts_do_their_work_with_their_companions_alone() {
    let Some(only) = chosen_recipes() else { return };
    let Some(chromium) = chromium_or_skip() else { return };
    let mut browser = Browser::start(&chromium).unwrap();
    let mut wrong = Vec::new();
    let seen = CASES.iter().filter(|case| !case.done.is_empty() && case.recipe.contains(&only));
    for (index, case) in seen.enumerate() {
        let folder = laid_out(&Held::of(case), index);
        let missing = Missing::default();
        let origin = serve_and_note_missing(&folder, missing.clone()).unwrap();
        let visit = browser.visit(&format!("{origin}/"), "done");
        let off = visit.requests_off(&origin);
        println!("{} {}: {} requests", case.package, case.script, visit.requests.len());
        let missing = missing.lock().unwrap();
        if visit.ready != "done"
            || !visit.errors.is_empty()
            || !off.is_empty()
            || !missing.is_empty()
        {
            wrong.push(format!("{} {}: {visit:#?} {missing:?}", case.package, case.script));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The test above is worth only what it notices.
#[test]
fn a_companion_that_is_missing_is_noticed() {
    let Some(chromium) = chromium_or_skip() else { return };
    if !published::allowed() {
        return say_skipped("set INHOUSE_TEST_REGISTRY=1 to ask the npm registry");
    }
    let case = CASES.iter().find(|case| case.package == "ace-builds@1.36.5").unwrap();
    let site = laid_out(&Held::of(case), CASES.len());
    fs::remove_file(site.join("package/src-min-noconflict/worker-javascript.js")).unwrap();
    let missing = Missing::default();
    let origin = serve_and_note_missing(&site, missing.clone()).unwrap();
    let mut browser = Browser::start(&chromium).unwrap();

    let visit = browser.visit_with_limit(&format!("{origin}/"), "done", Duration::from_secs(30));

    assert_ne!(visit.ready, "done");
    let missing = missing.lock().unwrap();
    assert!(missing.iter().any(|path| path.ends_with("worker-javascript.js")), "{missing:?}");
}

/// A site with the page, the scripts it names and their companions, and nothing else.
fn laid_out(held: &Held<'_>, index: usize) -> PathBuf {
    let name = format!("companions/{index}-{}", held.recipe.id());
    let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&site);
    let own = site.join("package");
    let copy = |from: &Package, path: &str, to: &Path| {
        let bytes = from.get(path).unwrap_or_else(|| panic!("{path} is in the package"));
        write(&to.join(path), bytes);
    };
    let copy_own = |path: &str| {
        let bytes = held.package.get(path).unwrap_or_else(|| panic!("{path} is in the package"));
        let address_of = |path: &str| Some(format!("/package/{path}"));
        let text = edited(held.recipe, path, bytes, address_of).unwrap();
        write(&own.join(path), text.as_deref().unwrap_or(bytes));
    };
    held.case.also.iter().for_each(|path| copy_own(path));
    copy_own(script(held.case).path);
    copy_selected(&held.outcome(), copy_own);
    for (package, place, outcome) in held.others() {
        copy_selected(&outcome, |path| copy(&package, path, &own.join(place)));
    }
    let page = format!(
        "<!DOCTYPE html><meta charset=utf-8><link rel=icon href=data:,><title>{}</title>{}\
         <script>setInterval(() => {{ try {{ if ({}) document.documentElement.dataset.ready = \
         'done' }} catch {{}} }}, 50)</script>",
        held.recipe.id(),
        held.case.page.replace("SCRIPT", &format!("/package/{}", held.case.script)),
        held.case.done,
    );
    write(&site.join("index.html"), page.as_bytes());
    site
}

fn copy_selected(outcome: &Outcome, copy: impl Fn(&str)) {
    if let Outcome::Selected(selection) = outcome {
        selection.files.iter().for_each(|path| copy(path));
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// What the names of the recipes contain that are to be tried; `None` if none are.
fn chosen_recipes() -> Option<String> {
    let only = env::var("INHOUSE_TEST_COMPANIONS").ok().filter(|_| published::allowed());
    if only.is_none() {
        say_skipped(
            "set INHOUSE_TEST_REGISTRY=1 and INHOUSE_TEST_COMPANIONS=all to try every recipe",
        );
    }
    only.map(|only| if only == "all" { String::new() } else { only })
}
