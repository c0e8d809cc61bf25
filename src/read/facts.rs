//! What the pages and scripts of a site say about the companions of scripts: a second reading, which only
//! sites with such scripts need.

use rayon::prelude::*;

use crate::{
    companions::{FactReader, Facts, Wanted},
    settings::Settings,
    site::{self, Found, PageReader, SiteError, Walk},
};

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
