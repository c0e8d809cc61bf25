//! A script whose companions are looked for.

use std::collections::BTreeSet;

use nodejs_semver::Version;

use crate::{
    companions::{Override, Place, Recipe, RecipeList},
    lockfile::{Entry, FileKind},
    npm::{self, UrlForm},
    obtain::Obtained,
    policy::Policy,
    reference::SubresourceUrl,
    vendor_path::{self, VendorPath},
};

/// A script that may load files beside itself, and what is known of it.
#[derive(Clone, Debug)]
pub struct CompanionScript {
    /// Its URL.
    pub url: SubresourceUrl,
    /// The npm package it is a file of, if that is known.
    pub origin: Option<Origin>,
    /// Where files of the CDN beside it lie, if its URL tells.
    pub place: Option<Place>,
    /// What the user wants.
    pub wish: Override,
    /// What is known of scripts like it.
    pub recipe: Option<&'static Recipe>,
}

/// A file of an npm package, and where that package's files lie.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The package.
    pub package: String,
    /// The exact version.
    pub version: String,
    /// The file's path inside the package.
    pub path: String,
    /// Where its files lie; `None` if the URL does not tell.
    pub place: Option<Place>,
}

impl CompanionScript {
    /// The locked script, if it may load files beside itself.
    pub fn of_entry(url: &SubresourceUrl, entry: &Entry, policy: &Policy) -> Option<Self> {
        if entry.kind != FileKind::Script {
            return None;
        }
        let form = form_of(url, entry.final_url.as_ref());
        let id = entry.package.as_deref();
        let origin = Origin::of(form.as_ref(), id, entry.proof_file.as_deref(), &entry.path);
        Self::of(url, &entry.path, origin, policy, || entry.loads.loads_by_own_address())
    }

    /// The downloaded script, if it may load files beside itself.
    pub fn of_download(
        url: &SubresourceUrl,
        obtained: &Obtained,
        loads_by_own_address: impl FnOnce() -> bool,
        policy: &Policy,
    ) -> Option<Self> {
        if !vendor_path::Extension::of_media_type(&obtained.media_type).may_be_script() {
            return None;
        }
        let form = form_of(url, obtained.final_url.as_ref());
        let evidence = &obtained.evidence;
        let (id, file) = (evidence.package.as_deref(), evidence.file.as_deref());
        let path = vendor_path::candidate(&obtained.stored);
        let origin = Origin::of(form.as_ref(), id, file, &path);
        Self::of(url, &path, origin, policy, loads_by_own_address)
    }

    fn of(
        url: &SubresourceUrl,
        stored: &VendorPath,
        origin: Option<Origin>,
        policy: &Policy,
        loads_by_own_address: impl FnOnce() -> bool,
    ) -> Option<Self> {
        let wish = policy.companions(url);
        let recipe = origin.as_ref().and_then(Origin::recipe);
        let may_load = match (&wish, recipe) {
            (Override::None, _) => false,
            (Override::All | Override::Globs(_), _) => true,
            (Override::Automatic, Some(recipe)) => !recipe.is_self_contained(),
            (Override::Automatic, None) => loads_by_own_address(),
        };
        let name = url.as_url().path().rsplit('/').next().unwrap_or_default();
        let place = Place::of_script(stored, name);
        may_load.then(|| Self { url: url.clone(), origin, place, wish, recipe })
    }
}

impl CompanionScript {
    /// The files beside the script that the user names one by one; `None` if some are only described.
    pub fn named_files(&self) -> Option<BTreeSet<String>> {
        let Override::Globs(globs) = &self.wish else { return None };
        globs.iter().map(|glob| Some(glob.as_path()?.to_owned())).collect()
    }
}

/// What the URL names, or the one that it redirects to.
fn form_of(url: &SubresourceUrl, final_url: Option<&SubresourceUrl>) -> Option<UrlForm> {
    final_url.and_then(npm::classify).or_else(|| npm::classify(url))
}

impl Origin {
    /// `id` is `name@version`, `file` the path of the equal file, both as proved.
    fn of(
        form: Option<&UrlForm>,
        id: Option<&str>,
        file: Option<&str>,
        stored: &VendorPath,
    ) -> Option<Self> {
        let (package, version) = match id {
            Some(id) => id.rsplit_once('@').map(|(name, version)| (name, version.to_owned()))?,
            None => named(form?)?,
        };
        let path = file.or_else(|| form?.paths.first().map(String::as_str))?;
        let place = Place::of_script(stored, path);
        Some(Self { package: package.to_owned(), version, path: path.to_owned(), place })
    }

    fn recipe(&self) -> Option<&'static Recipe> {
        let version = Version::parse(&self.version).ok()?;
        if !RecipeList::may_have(&self.package) {
            return None;
        }
        RecipeList::built_in().find(&self.package, &version, &self.path)
    }
}

/// The package and version that a URL names, without a proof.
fn named(form: &UrlForm) -> Option<(&str, String)> {
    let package = form.package.as_ref().filter(|_| !form.package_is_guess)?;
    Some((package.as_str(), form.version.exact()?.to_owned()))
}
