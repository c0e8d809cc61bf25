//! Scripts that load more files from their own package. A copy of such a script without those files breaks
//! the page, so it stays external unless a rule of the user says that the script alone will do.

use nodejs_semver::Version;

use super::verdict::{Kept, Origin};
use crate::{
    companions::{Recipe, RecipeList},
    npm::{self, UrlForm},
    reference::SubresourceUrl,
};

/// Why the script at `url` stays external, if it is known to load files beside itself.
pub(super) fn needs_companions(url: &SubresourceUrl) -> Option<Kept> {
    let form = npm::classify(url)?;
    let recipe = recipe(&form).filter(|recipe| !recipe.is_self_contained())?;
    let reason = "It loads more files from its own folder, which are not brought along yet.";
    let mut kept = Kept::new(Origin::BuiltIn(recipe.id().to_owned()), reason.to_owned());
    kept.fix = Some(
        "host the whole package yourself, or have the script alone vendored with a rule \
         (`action = \"vendor\"`) if the page needs none of those files"
            .to_owned(),
    );
    Some(kept)
}

/// The recipe for the file that a URL names. Where the URL names no exact version, one of any version counts.
fn recipe(form: &UrlForm) -> Option<&'static Recipe> {
    let package = form.package.as_ref()?.as_str();
    let recipes = RecipeList::built_in();
    let version = form.version.exact().and_then(|version| Version::parse(version).ok());
    form.paths.iter().find_map(|path| match &version {
        Some(version) => recipes.find(package, version, path),
        None => recipes.of_any_version(package, path),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(url: &str) -> bool {
        needs_companions(&url.parse().unwrap()).is_some()
    }

    #[test]
    fn scripts_with_companions_are_known_on_every_cdn() {
        for url in [
            "https://cdn.jsdelivr.net/npm/mathjax@3/es5/tex-mml-chtml.js",
            "https://cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/tex-mml-chtml.js",
            "https://unpkg.com/mathjax@2.7.9/MathJax.js?config=TeX-AMS_CHTML",
            "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/MathJax.js?config=TeX-MML-AM_CHTML",
            "https://cdn.jsdelivr.net/npm/prismjs@1.29.0/plugins/autoloader/prism-autoloader.min.js",
        ] {
            assert!(is_kept(url), "{url}");
        }
    }

    #[test]
    fn other_files_and_self_contained_packages_are_not() {
        for url in [
            "https://cdn.jsdelivr.net/npm/prismjs@1.29.0/prism.js",
            "https://cdn.jsdelivr.net/npm/jquery@3.7.1/dist/jquery.min.js",
            "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.17.14/swagger-ui-bundle.js",
            "https://other.example/mathjax/es5/tex-mml-chtml.js",
        ] {
            assert!(!is_kept(url), "{url}");
        }
    }
}
