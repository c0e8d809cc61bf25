//! The recipes: which companions a script of a known package has.

use std::{collections::BTreeSet, sync::LazyLock};

use nodejs_semver::{Range, Version};

use super::{
    data::{Edit, Entry, File, NameSource, Need, Package},
    facts::Want,
};

const DATA: &str = include_str!("../data/companions.toml");

static BUILT_IN: LazyLock<RecipeList> =
    LazyLock::new(|| RecipeList::parse(DATA).expect("our own data file is read by every test"));

/// Recipes, in the order in which they are tried.
#[derive(Debug)]
pub struct RecipeList(Vec<Recipe>);

impl RecipeList {
    /// The recipes that are part of the program.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The recipe with this name.
    pub fn get(&self, id: &str) -> Option<&Recipe> {
        self.0.iter().find(|recipe| recipe.0.id == id)
    }

    /// Whether there may be a built-in recipe for the package. Most packages have none, and reading all
    /// recipes takes longer than this.
    pub fn may_have(package: &str) -> bool {
        DATA.contains(&format!("npm = \"{package}\""))
    }

    /// Reads recipes in the format of `src/data/companions.toml`.
    ///
    /// # Errors
    /// If the text is not in that format.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let file: File = toml::from_str(text)?;
        Ok(Self(file.recipe.into_iter().map(Recipe).collect()))
    }

    /// The recipe for the file `script` of an npm package.
    pub fn find(&self, package: &str, version: &Version, script: &str) -> Option<&Recipe> {
        self.0.iter().find(|recipe| recipe.is_for(package, version, script))
    }

    /// All of them.
    #[cfg(feature = "internals")]
    pub fn iter(&self) -> impl Iterator<Item = &Recipe> {
        self.0.iter()
    }
}

/// What is known of the companions of certain scripts of one package.
#[derive(Debug)]
pub struct Recipe(Entry);

impl Recipe {
    /// Its name in reports and in the lockfile.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The npm package whose scripts it is for.
    #[cfg(feature = "internals")]
    pub fn package(&self) -> &str {
        &self.0.npm
    }

    /// Where the facts come from.
    #[cfg(feature = "internals")]
    pub fn sources(&self) -> &[String] {
        &self.0.source
    }

    /// When they were last checked: `2026-11-27`.
    #[cfg(feature = "internals")]
    pub fn date(&self) -> String {
        self.0.date.to_string()
    }

    /// Version and path of every file that can be edited.
    #[cfg(feature = "internals")]
    pub fn editable_files(&self) -> impl Iterator<Item = (&str, &str)> {
        let known = self.0.edit.iter().flat_map(|edit| &edit.known);
        known.map(|known| (known.version.as_str(), known.file.as_str()))
    }

    /// How a page can say that the companions lie elsewhere. Empty if it cannot.
    pub fn knob(&self) -> &str {
        &self.0.knob
    }

    /// Why the companions are needed, or why there are none.
    #[cfg(feature = "internals")]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Whether the script is known to load nothing from its package.
    pub fn is_self_contained(&self) -> bool {
        self.0.need.is_empty() && self.0.package.is_empty()
    }

    fn is_for(&self, package: &str, version: &Version, script: &str) -> bool {
        // To npm `4` does not cover 4.0.0-rc.1. What that loads is the same.
        let release = Version::from((version.major(), version.minor(), version.patch()));
        self.0.npm == package && self.0.versions.satisfies(&release) && self.is_triggered_by(script)
    }

    fn is_triggered_by(&self, script: &str) -> bool {
        self.0.trigger.iter().any(|trigger| trigger.is_match(script))
    }

    /// What has to be known of the pages that load the script, and of the site's own scripts.
    pub fn wants(&self) -> BTreeSet<Want> {
        let packages = self.0.package.iter().flat_map(|package| &package.need);
        self.0.need.iter().chain(packages).flat_map(wants_of).collect()
    }

    /// Addresses of other hosts that the script may still ask after all edits.
    pub fn external(&self) -> &[String] {
        &self.0.external
    }

    /// Other packages that companions of a script come from. Which of their files, [`select_from`]
    /// says.
    ///
    /// [`select_from`]: super::select_from
    pub fn packages(&self) -> impl Iterator<Item = CompanionPackage<'_>> {
        self.0.package.iter().map(CompanionPackage)
    }

    /// Whether some files are served with other addresses in them.
    pub fn has_edits(&self) -> bool {
        !self.0.edit.is_empty()
    }

    pub(super) fn base(&self) -> &str {
        &self.0.base
    }

    pub(super) fn needs(&self) -> &[Need] {
        &self.0.need
    }

    pub(super) fn edits(&self) -> &[Edit] {
        &self.0.edit
    }
}

/// A package of its own that holds companions of a script.
#[derive(Clone, Copy, Debug)]
pub struct CompanionPackage<'r>(&'r Package);

impl<'r> CompanionPackage<'r> {
    /// Its name in npm.
    pub fn package(self) -> &'r str {
        &self.0.npm
    }

    /// The versions that fit. The highest is what the script's own address asks for.
    pub fn versions(self) -> &'r Range {
        &self.0.versions
    }

    /// The folder, inside that of the script's own package, in which its files have to lie.
    pub fn place(self) -> &'r str {
        &self.0.place
    }

    pub(super) fn needs(self) -> &'r [Need] {
        &self.0.need
    }
}

fn wants_of(need: &Need) -> impl Iterator<Item = Want> {
    let names = need.names.iter().filter_map(want_of);
    names.chain(need.mentioned.iter().map(|text| Want::Mention { text: text.clone() }))
}

/// What has to be known of pages for these names; nothing if they are not in the pages.
pub(super) fn want_of(source: &NameSource) -> Option<Want> {
    match source.clone() {
        NameSource::Tokens { tokens } => Some(Want::Tokens { prefix: tokens }),
        NameSource::Attribute { attribute, element } => {
            Some(Want::Attribute { element, attribute })
        }
        NameSource::Setting { setting, key } => Some(Want::Setting { object: setting, key }),
        NameSource::Query { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(package: &str, version: &str, script: &str) -> Option<&'static str> {
        let version = Version::parse(version).unwrap();
        RecipeList::built_in().find(package, &version, script).map(Recipe::id)
    }

    #[test]
    fn a_recipe_is_found_by_package_version_and_script() {
        assert_eq!(found("mathjax", "2.7.9", "MathJax.js"), Some("mathjax-2"));
        assert_eq!(found("mathjax", "3.2.2", "es5/tex-chtml.js"), Some("mathjax-3"));
        assert_eq!(found("mathjax", "4.1.3", "tex-chtml.js"), Some("mathjax-4"));
        assert_eq!(found("mathjax", "4.0.0-rc.4", "tex-chtml.js"), Some("mathjax-4"));
        assert_eq!(found("mathjax", "3.2.2", "es5/input/tex.js"), None);
        assert_eq!(found("jquery", "3.7.1", "dist/jquery.min.js"), None);
    }

    #[test]
    fn every_recipe_has_a_name_of_its_own_and_sources() {
        let recipes = RecipeList::built_in();
        let ids: BTreeSet<_> = recipes.iter().map(Recipe::id).collect();
        assert_eq!(ids.len(), recipes.iter().count());
        assert!(recipes.iter().all(|recipe| !recipe.sources().is_empty()));
    }
}
