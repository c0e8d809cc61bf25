//! What the pages and scripts of a site say about the companions of scripts: a second reading, which only
//! sites with such scripts need.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::{
    companions::{FactReader, Facts, Recipe, RecipeList, Wanted},
    lockfile::{CHOSEN_BY_RECIPE, Lockfile},
    settings::Settings,
    site::{self, Found, PageReader, SiteError, Walk},
};

/// What the companions of locked scripts depend on: it is looked for while the pages are first read.
pub fn wanted_by_lock(lock: &Lockfile) -> Wanted {
    let choosers = lock.all_companions().flat_map(|block| &block.chosen_by);
    let recipes =
        choosers.filter_map(|it| RecipeList::built_in().get(it.strip_prefix(CHOSEN_BY_RECIPE)?));
    Wanted::new(recipes.flat_map(Recipe::wants).collect::<BTreeSet<_>>())
}

/// What the pages and scripts of the site say. Pages that were scanned elsewhere may say anything.
///
/// # Errors
/// [`SiteError`] if there is no way through the site, or a file in it cannot be read.
pub fn facts(settings: &Settings, wanted: &Wanted) -> Result<Facts, SiteError> {
    if !settings.from_scan.is_empty() {
        return Ok(Facts::unknown(wanted));
    }
    let walk = Walk::new(&settings.site, &settings.out, &settings.page_globs)?;
    let site = site::open(&settings.site)?;
    let begin = || (FactReader::new(wanted), PageReader::new(&site, Some(&settings.out)));
    let parts = walk.par_bridge().try_fold(begin, |(mut facts, mut reader), found| {
        match found? {
            Found::Page(path) => {
                facts.add_page(reader.read(&path)?.bytes());
            }
            Found::Script(path) => {
                let bytes = site::read_own(&settings.site, &path)?.unwrap_or_default();
                facts.add_script(&bytes);
            }
            Found::Link(_) | Found::Copy(_) => {}
        }
        Ok((facts, reader))
    });
    parts.map(|part| part.map(|(facts, _)| facts.facts())).try_reduce(Facts::default, |mut a, b| {
        a.merge(b);
        Ok(a)
    })
}
