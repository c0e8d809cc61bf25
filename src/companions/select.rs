//! Chooses the companions of one script among the files of its package.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Override {
    /// Nothing else.
    #[default]
    Automatic,
    /// Everything that may be a companion, however large.
    All,
    /// No file.
    None,
    /// The files that match, by their paths inside the package.
    #[serde(untagged)]
    Globs(Vec<Pattern>),
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
#[path = "select_tests.rs"]
mod tests;
