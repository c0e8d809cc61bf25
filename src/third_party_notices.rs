//! `THIRD-PARTY-NOTICES.txt`: what the site vendor folder redistributes, under which licences.
//!
//! [`redistributed`](mod@redistributed) says which packages and files lie in the folder, `licences` what is
//! known of their licences, and [`document`] makes the file of it, or verifies one by the lockfile alone. The
//! texts come from the tarballs of npm packages. They are kept in the vendor cache and pinned by the lockfile,
//! so that the file has the same bytes on every machine, with and without the network.

pub mod document;
mod licence_comment;
mod licences;
mod plain_line;
pub mod redistributed;

use std::collections::BTreeMap;

use self::{
    document::Document,
    licences::{CachedTexts, Packages, lock_licences, not_kept, texts, wanted},
    redistributed::redistributed,
};
use crate::{
    error::RunError, findings::Findings, layout::files::VendoredFiles, progress::Progress,
    read::baseline::Baseline, resolve::licences::ask_for_licences, settings::Settings,
    store::VendorFolder, vendor_path::VendorPath,
};

/// The file's name in the site vendor folder.
pub const FILE: &str = "THIRD-PARTY-NOTICES.txt";

/// The file as it will be, and what is kept for it.
#[derive(Debug, Default)]
pub struct ThirdPartyNotices {
    /// The file; `None` if there is nothing to say.
    pub text: Option<String>,
    /// The licence texts that the vendor cache does not hold yet, by package, and where they go.
    pub to_cache: BTreeMap<String, (VendorPath, String)>,
}

/// Works out the file, and locks the licences of the packages in it.
///
/// # Errors
/// [`RunError`] if files cannot be read or the network client cannot be set up.
pub fn plan(
    settings: &Settings,
    base: &Baseline,
    files: &mut VendoredFiles,
    progress: &dyn Progress,
) -> Result<(ThirdPartyNotices, Findings), RunError> {
    if !settings.notices {
        return Ok((ThirdPartyNotices::default(), Findings::default()));
    }
    let redistributed = redistributed(&files.lock, &folders(settings), &files.bytes)?;
    let packages = &redistributed.packages;
    let cached = CachedTexts::read(base, packages)?;
    let asked = ask_for_licences(settings, progress, wanted(packages, files, &cached))?;
    let answers = asked.iter().filter_map(|(name, licence)| Some((name, licence.as_ref().ok()?)));
    files.licences.extend(answers.map(|(name, licence)| (name.clone(), licence.clone())));
    let mut problems = cached.tampered(base);
    problems.extend(lock_licences(settings.mode, packages, files));
    let texts = texts(packages, files, &cached);
    let warnings = match problems.is_empty() {
        true => Vec::from_iter(not_kept(packages, &files.lock, &texts, &asked)),
        false => Vec::new(),
    };
    let document = Document::of(&redistributed, &files.lock);
    let text = document.map(|document| document.text(&texts));
    let to_cache = new_texts(packages, texts, &cached);
    Ok((ThirdPartyNotices { text, to_cache }, Findings { warnings, problems }))
}

/// The folders whose files are redistributed: with `--dest` those of the site come along.
fn folders(settings: &Settings) -> Vec<VendorFolder> {
    let sites = settings.dest.iter().chain([&settings.site]);
    sites.map(|site| VendorFolder::new(site, &settings.out)).collect()
}

/// The texts that are not in the vendor cache, and where they go.
fn new_texts(
    packages: &Packages,
    mut texts: BTreeMap<String, String>,
    cached: &CachedTexts,
) -> BTreeMap<String, (VendorPath, String)> {
    let new = packages.iter().filter(|package| !cached.holds(package));
    let place = |package: &String| {
        let text = texts.remove(package)?;
        Some((package.clone(), (VendorPath::of_licence_text(package), text)))
    };
    new.filter_map(place).collect()
}
