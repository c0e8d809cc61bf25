//! Chooses the companions of one script among the files of its package.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    data::{Need, Pattern},
    facts::{Facts, Want},
    names::{Names, names},
    own_folder,
    path::{folder_of, join},
    recipe::{CompanionPackage, Recipe},
};

/// What stands for a name in the globs of a recipe.
const NAME: &str = "{name}";

/// The files of a package with their sizes.
pub type Files<'a> = BTreeMap<&'a str, u64>;

/// The script whose companions are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// Its path inside the package.
    pub path: &'a str,
    /// The query of the address by which pages load it.
    pub query: Option<&'a str>,
}

/// What the user wants instead of what recipe or folder say.
#[derive(Clone, Debug)]
pub enum Override {
    /// Nothing else.
    Automatic,
    /// Everything that may be a companion, however large.
    All,
    /// The files that match, by their paths inside the package.
    Globs(Vec<Pattern>),
    /// No file.
    None,
}

/// What is to be done about a script's companions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has none.
    Nothing(Reason),
    /// These files come with it.
    Selected(Selection),
    /// No recipe is known, and its folder holds more than the limit.
    TooLarge {
        /// How many files there are.
        files: usize,
        /// Their size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A file that has to be there is not in the package: the recipe or the user's glob is of
    /// another version.
    Missing {
        /// The glob that matches no file.
        glob: String,
        /// Where it comes from.
        reason: Reason,
    },
}

/// The files that come with a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Their paths inside the package, sorted. The script is not among them.
    pub files: Vec<String>,
    /// Their size.
    pub bytes: u64,
    /// Why these.
    pub reason: Reason,
}

/// What decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The recipe with this name.
    Recipe(String),
    /// No recipe: the files below the script's own folder.
    OwnFolder,
    /// The user wants all files.
    All,
    /// The user's globs.
    Globs,
    /// The user wants none.
    None,
}

/// The companions of `script`, which is one of `files`.
///
/// Without a recipe the script is one that loads something from its own address. `limit` holds for
/// that case only.
pub fn select(
    files: &Files<'_>,
    script: Script<'_>,
    recipe: Option<&Recipe>,
    facts: &Facts,
    wish: &Override,
    limit: u64,
) -> Outcome {
    match (wish, recipe) {
        (Override::None, _) => Outcome::Nothing(Reason::None),
        (Override::Globs(globs), _) => by_globs(files, script, globs),
        (Override::All, recipe) => all(files, script, recipe),
        (Override::Automatic, Some(recipe)) => by_recipe(files, script, recipe, facts),
        (Override::Automatic, None) => by_folder(files, script, limit),
    }
}

/// Whether [`select_from`] can select anything, so that the package is worth asking for.
pub fn is_wanted(package: CompanionPackage<'_>, script: Script<'_>, facts: &Facts) -> bool {
    let asked = Asked { script, base: "", breadth: Breadth::By(facts) };
    package.needs().iter().any(|need| asked.applies(need))
}

/// The companions of `script` that `package`, of which these are the files, holds.
pub fn select_from(
    package: CompanionPackage<'_>,
    files: &Files<'_>,
    script: Script<'_>,
    facts: &Facts,
) -> Outcome {
    let asked = Asked { script, base: "", breadth: Breadth::By(facts) };
    let reason = Reason::Recipe(package.package().to_owned());
    finished(asked.matching(package.needs(), files), files, script, reason)
}

fn by_recipe(files: &Files<'_>, script: Script<'_>, recipe: &Recipe, facts: &Facts) -> Outcome {
    let base = join(folder_of(script.path), recipe.base());
    let asked = Asked { script, base: &base, breadth: Breadth::By(facts) };
    let reason = Reason::Recipe(recipe.id().to_owned());
    finished(asked.matching(recipe.needs(), files), files, script, reason)
}

fn by_folder(files: &Files<'_>, script: Script<'_>, limit: u64) -> Outcome {
    let paths = own_folder::companions(files.keys().copied(), script.path).collect();
    match finished(Ok(paths), files, script, Reason::OwnFolder) {
        Outcome::Selected(Selection { files, bytes, .. }) if bytes > limit => {
            Outcome::TooLarge { files: files.len(), bytes, limit }
        }
        outcome => outcome,
    }
}

fn all(files: &Files<'_>, script: Script<'_>, recipe: Option<&Recipe>) -> Outcome {
    let mut paths: BTreeSet<_> =
        own_folder::companions(files.keys().copied(), script.path).collect();
    if let Some(recipe) = recipe {
        let base = join(folder_of(script.path), recipe.base());
        let asked = Asked { script, base: &base, breadth: Breadth::All };
        match asked.matching(recipe.needs(), files) {
            Ok(more) => paths.extend(more),
            Err(glob) => return Outcome::Missing { glob, reason: Reason::All },
        }
    }
    finished(Ok(paths), files, script, Reason::All)
}

fn by_globs(files: &Files<'_>, script: Script<'_>, globs: &[Pattern]) -> Outcome {
    let unmatched = globs.iter().find(|glob| !files.keys().any(|path| glob.is_match(path)));
    if let Some(glob) = unmatched {
        return Outcome::Missing { glob: glob.as_str().to_owned(), reason: Reason::Globs };
    }
    let matches = |path: &&&str| globs.iter().any(|glob| glob.is_match(path));
    finished(Ok(files.keys().filter(matches).copied().collect()), files, script, Reason::Globs)
}

/// The outcome for `paths`, or for the glob that matches nothing.
fn finished(
    paths: Result<BTreeSet<&str>, String>,
    files: &Files<'_>,
    script: Script<'_>,
    reason: Reason,
) -> Outcome {
    let mut paths = match paths {
        Ok(paths) => paths,
        Err(glob) => return Outcome::Missing { glob, reason },
    };
    paths.remove(script.path);
    if paths.is_empty() {
        return Outcome::Nothing(reason);
    }
    let bytes = paths.iter().filter_map(|path| files.get(path)).sum();
    let files = paths.into_iter().map(str::to_owned).collect();
    Outcome::Selected(Selection { files, bytes, reason })
}

/// How much of what a recipe can select is wanted.
#[derive(Clone, Copy)]
enum Breadth<'f> {
    /// What these facts ask for.
    By(&'f Facts),
    /// Everything.
    All,
}

/// A question to a recipe.
struct Asked<'a> {
    script: Script<'a>,
    /// The folder that the recipe's globs are relative to.
    base: &'a str,
    breadth: Breadth<'a>,
}

impl Asked<'_> {
    /// The files that are needed, or the glob of a file that has to be there and is not.
    fn matching<'f>(&self, needs: &[Need], files: &Files<'f>) -> Result<BTreeSet<&'f str>, String> {
        let mut paths = BTreeSet::new();
        for need in needs.iter().filter(|need| self.applies(need)) {
            let found = self.matches(need, &self.names(need), files)?;
            let default = Names::Known(need.default.iter().cloned().collect());
            paths.extend(match found.is_empty() {
                true => self.matches(need, &default, files)?,
                false => found,
            });
        }
        Ok(paths)
    }

    fn matches<'f>(
        &self,
        need: &Need,
        names: &Names,
        files: &Files<'f>,
    ) -> Result<Vec<&'f str>, String> {
        let mut all = Vec::new();
        for glob in self.globs(need, names) {
            let mut found = matches_of(&glob, files);
            found.retain(|path| !need.except.iter().any(|except| except.is_match(path)));
            if found.is_empty() && is_unconditional(need) {
                return Err(glob);
            }
            all.extend(found);
        }
        Ok(all)
    }

    fn applies(&self, need: &Need) -> bool {
        let is_for = |pattern: &Pattern| pattern.is_match(self.script.path);
        let is_mentioned = |text: &String| match self.breadth {
            Breadth::By(facts) => facts.get(&Want::Mention { text: text.clone() }).is_some(),
            Breadth::All => true,
        };
        (need.scripts.is_empty() || need.scripts.iter().any(is_for))
            && (need.mentioned.is_empty() || need.mentioned.iter().any(is_mentioned))
    }

    fn names(&self, need: &Need) -> Names {
        match self.breadth {
            Breadth::By(facts) => names(need, facts, self.script.query),
            Breadth::All => Names::Any,
        }
    }

    /// The need's globs, with names for `{name}`.
    fn globs(&self, need: &Need, names: &Names) -> Vec<String> {
        let globs = need.files.iter().map(|glob| join(&globset::escape(self.base), glob));
        globs.flat_map(|glob| with_names(&glob, names)).collect()
    }
}

/// Whether the files are needed in every case.
fn is_unconditional(need: &Need) -> bool {
    need.names.is_empty() && need.mentioned.is_empty()
}

fn with_names(glob: &str, names: &Names) -> Vec<String> {
    match names {
        _ if !glob.contains(NAME) => vec![glob.to_owned()],
        Names::Any => ["*", "**/*"].map(|any| glob.replace(NAME, any)).into(),
        Names::Known(names) => {
            names.iter().map(|name| glob.replace(NAME, &globset::escape(name))).collect()
        }
    }
}

/// The files that match. A glob that is none, because of an odd name in a page, matches nothing.
fn matches_of<'f>(glob: &str, files: &Files<'f>) -> Vec<&'f str> {
    let Ok(pattern) = glob.parse::<Pattern>() else { return Vec::new() };
    files.keys().copied().filter(|path| pattern.is_match(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{facts::Wanted, recipe::RecipeList},
        *,
    };

    const RECIPES: &str = r#"
        [[recipe]]
        id = "made-up"
        npm = "made-up"
        versions = "1"
        trigger = ["lib/*.js"]
        base = "../parts"
        reason = ""
        source = ["a test"]
        date = 2026-11-27
        need = [
            { files = ["core/*.woff"] },
            { scripts = ["lib/full.js"], files = ["full/**"] },
            { mentioned = ["speech"], files = ["speech/**"] },
            { files = ["lang/{name}.js"], names = [{ tokens = "language-" }], default = ["plain"],
              brings = { tsx = ["jsx", "ts"], ts = ["js"] } },
            { files = ["config/{name}.js"], names = [{ query = "config" }] },
            { files = ["{name}.js"], names = [{ setting = "Made", key = "load" }],
              prefixes = { "[x]/" = "extra/" } },
        ]
    "#;

    const FILES: &[(&str, u64)] = &[
        ("lib/main.js", 1),
        ("lib/full.js", 2),
        ("parts/core/a.woff", 10),
        ("parts/full/deep/a.js", 20),
        ("parts/speech/a.js", 40),
        ("parts/lang/plain.js", 100),
        ("parts/lang/js.js", 101),
        ("parts/lang/jsx.js", 102),
        ("parts/lang/tsx.js", 103),
        ("parts/lang/ts.js", 104),
        ("parts/config/[a].js", 200),
        ("parts/config/b.js", 201),
        ("parts/extra/safe.js", 400),
        ("parts/ui/menu.js", 401),
    ];

    fn selected(script: &str, page: &str, wish: &Override) -> Outcome {
        let recipes = RecipeList::parse(RECIPES).unwrap();
        let recipe = recipes.iter().next().unwrap();
        let (path, query) = match script.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (script, None),
        };
        let facts = Facts::of_page(page.as_bytes(), &Wanted::new(recipe.wants()));
        let files = FILES.iter().copied().collect();
        select(&files, Script { path, query }, Some(recipe), &facts, wish, 0)
    }

    fn files(outcome: Outcome) -> Vec<String> {
        match outcome {
            Outcome::Selected(selection) => selection.files,
            other => panic!("{other:?}"),
        }
    }

    fn by_page(script: &str, page: &str) -> Vec<String> {
        files(selected(script, page, &Override::Automatic))
    }

    #[test]
    fn a_page_that_says_nothing_gets_what_is_always_needed_and_the_defaults() {
        let outcome = selected("lib/main.js", "", &Override::Automatic);
        let files = vec!["parts/core/a.woff".to_owned(), "parts/lang/plain.js".to_owned()];
        let reason = Reason::Recipe("made-up".into());
        assert_eq!(outcome, Outcome::Selected(Selection { files, bytes: 110, reason }));
    }

    #[test]
    fn needs_of_another_script_do_not_count() {
        let files = by_page("lib/full.js", "");
        assert!(files.contains(&"parts/full/deep/a.js".to_owned()), "{files:?}");
    }

    #[test]
    fn names_in_pages_bring_what_they_depend_on() {
        let files = by_page("lib/main.js", "<code class=language-tsx>");
        let languages: Vec<_> = files.iter().filter(|file| file.contains("lang")).collect();
        assert_eq!(
            languages,
            ["js", "jsx", "ts", "tsx"]
                .map(|it| format!("parts/lang/{it}.js"))
                .iter()
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_name_that_code_computes_brings_every_file_it_could_be() {
        let files = by_page("lib/main.js", "`language-${name}`");
        assert_eq!(files.iter().filter(|file| file.contains("lang")).count(), 5);
        let files = by_page("lib/main.js", "<script>Made = {load: [f()]}</script>");
        assert!(files.contains(&"parts/ui/menu.js".to_owned()), "{files:?}");
    }

    #[test]
    fn a_name_is_no_glob() {
        let files = by_page("lib/main.js?config=*,[a],%2F..%2F..", "");
        let configs: Vec<_> = files.iter().filter(|file| file.contains("config")).collect();
        assert_eq!(configs, ["parts/config/[a].js"]);
    }

    #[test]
    fn settings_may_name_files_by_a_prefix() {
        let page = "<script>Made = {load: ['[x]/safe', 'ui/menu', 'missing']}</script>";
        let files = by_page("lib/main.js", page);
        assert!(files.contains(&"parts/extra/safe.js".to_owned()), "{files:?}");
        assert!(files.contains(&"parts/ui/menu.js".to_owned()), "{files:?}");
    }

    #[test]
    fn what_no_page_mentions_is_left_out() {
        assert!(!by_page("lib/main.js", "").iter().any(|file| file.contains("speech")));
        assert!(by_page("lib/main.js", "Speech").iter().any(|file| file.contains("speech")));
    }

    #[test]
    fn a_recipe_whose_files_are_missing_does_not_fit() {
        let recipes = RecipeList::parse(RECIPES).unwrap();
        let files = Files::from([("lib/main.js", 1), ("parts/lang/plain.js", 1)]);
        let script = Script { path: "lib/main.js", query: None };
        let outcome = select(
            &files,
            script,
            recipes.iter().next(),
            &Facts::default(),
            &Override::Automatic,
            0,
        );
        let reason = Reason::Recipe("made-up".into());
        assert_eq!(outcome, Outcome::Missing { glob: "parts/core/*.woff".into(), reason });
    }

    #[test]
    fn the_user_can_have_all_some_or_none() {
        assert_eq!(files(selected("lib/main.js", "", &Override::All)).len(), FILES.len() - 1);
        let globs = |glob: &str| Override::Globs(vec![glob.parse().unwrap()]);
        assert_eq!(
            files(selected("lib/main.js", "", &globs("parts/*/b.js"))),
            ["parts/config/b.js"]
        );
        let none = selected("lib/main.js", "", &Override::None);
        assert_eq!(none, Outcome::Nothing(Reason::None));
        let missing = selected("lib/main.js", "", &globs("nowhere/**"));
        assert_eq!(missing, Outcome::Missing { glob: "nowhere/**".into(), reason: Reason::Globs });
    }

    #[test]
    fn without_a_recipe_the_folder_comes_up_to_the_limit() {
        let files: Files<'_> = [("dist/a.js", 9), ("dist/x/b.wasm", 60), ("c.js", 7)].into();
        let script = Script { path: "dist/a.js", query: None };
        let with_limit =
            |limit| select(&files, script, None, &Facts::default(), &Override::Automatic, limit);
        let too_large = Outcome::TooLarge { files: 1, bytes: 60, limit: 59 };
        assert_eq!(with_limit(59), too_large);
        let selection = Selection {
            files: vec!["dist/x/b.wasm".to_owned()],
            bytes: 60,
            reason: Reason::OwnFolder,
        };
        assert_eq!(with_limit(60), Outcome::Selected(selection));
    }
}
