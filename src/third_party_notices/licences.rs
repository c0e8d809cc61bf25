//! Licences of packages: what tarballs said in this run, what the lockfile pins, what the cache holds.
//!
//! A text is used only if the lockfile pins it, as it will be after the run. So a run with `--locked` makes
//! the same file of a lockfile whether or not it has seen the tarballs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    findings::{Notice, Problem},
    integrity::Mismatch,
    layout::files::VendoredFiles,
    lockfile::{LockedLicence, LockedText, Lockfile},
    npm::Licence,
    options::Mode,
    read::baseline::Baseline,
    resolve::licences::Licences,
    store::StoreError,
    vendor_path::VendorPath,
};

/// Packages, `name@version`.
pub(super) type Packages = BTreeSet<String>;

/// What the vendor cache holds of the texts that the lockfile pins.
#[derive(Debug, Default)]
pub(super) struct CachedTexts {
    texts: BTreeMap<String, String>,
    tampered: Vec<(String, Mismatch)>,
}

impl CachedTexts {
    /// Reads the texts of `packages`.
    pub fn read(base: &Baseline, packages: &Packages) -> Result<Self, StoreError> {
        let mut cached = Self::default();
        for package in packages {
            if let Some(text) = pinned(&base.lock, package) {
                cached.add(base, package, text)?;
            }
        }
        Ok(cached)
    }

    fn add(&mut self, base: &Baseline, package: &str, text: &LockedText) -> Result<(), StoreError> {
        let path = VendorPath::of_licence_text(package);
        let Some(bytes) = base.cache.folder().read(&path)? else { return Ok(()) };
        match text.integrity.verify(&bytes) {
            Ok(()) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.texts.insert(package.to_owned(), text);
            }
            Err(mismatch) => self.tampered.push((package.to_owned(), mismatch)),
        }
        Ok(())
    }

    /// Whether the text of a package is there.
    pub fn holds(&self, package: &str) -> bool {
        self.texts.contains_key(package)
    }

    /// The texts that are not the pinned ones.
    pub fn tampered(&self, base: &Baseline) -> Vec<Problem> {
        let folder = base.cache.folder().path();
        let problem = |(package, mismatch): &(String, Mismatch)| {
            let path = VendorPath::of_licence_text(package).to_path(&folder);
            let message = format!("`{}` is not the licence text that was locked", path.display());
            let Mismatch { expected, received, size } = mismatch;
            Notice::new("tampered-cache", message)
                .detail("expected", format!("{expected}  (lockfile)"))
                .detail("received", format!("{received}  ({size} bytes)"))
                .hint("delete the file and run `inhouse vendor` again with the network; if Git changed its line ends, keep the cache's .gitattributes".to_owned())
                .of_site()
        };
        self.tampered.iter().map(problem).collect()
    }
}

fn pinned<'l>(lock: &'l Lockfile, package: &str) -> Option<&'l LockedText> {
    lock.licence(package)?.text.as_ref()
}

/// The packages whose licence or text only their tarballs can tell.
pub(super) fn wanted(packages: &Packages, files: &VendoredFiles, cached: &CachedTexts) -> Packages {
    let is_known = |package: &String| match files.lock.licence(package) {
        _ if files.licences.contains_key(package) => true,
        Some(licence) => licence.text.is_none() || cached.holds(package),
        None => false,
    };
    packages.iter().filter(|package| !is_known(package)).cloned().collect()
}

/// Locks the licences that tarballs said. With `--locked`, one that differs is a problem.
pub(super) fn lock_licences(
    mode: Mode,
    packages: &Packages,
    files: &mut VendoredFiles,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in packages {
        let Some(licence) = files.licences.get(package).map(|licence| locked(licence)) else {
            continue;
        };
        match (files.lock.licence(package), mode.locked) {
            (Some(known), _) if *known == licence => {}
            (Some(_), true) => problems.push(other_licence(package)),
            (None, true) => {}
            (_, false) => files.lock.insert_licence(package.clone(), licence),
        }
    }
    if !mode.locked {
        files.lock.forget_unused_licences();
    }
    problems
}

fn locked(licence: &Licence) -> LockedLicence {
    LockedLicence { id: licence.id.clone(), text: licence.text.as_deref().map(LockedText::of) }
}

/// The texts that the lockfile pins, as far as they are there.
pub(super) fn texts(
    packages: &Packages,
    files: &VendoredFiles,
    cached: &CachedTexts,
) -> BTreeMap<String, String> {
    let text = |package: &String| {
        let pinned = pinned(&files.lock, package)?;
        let is_pinned = |text: &&String| pinned.integrity.verify(text.as_bytes()).is_ok();
        let read = files.licences.get(package).and_then(|licence| licence.text.as_ref());
        // What the cache holds was verified, and is still pinned if no tarball says otherwise.
        let text = read.filter(is_pinned).or_else(|| cached.texts.get(package))?;
        Some((package.clone(), text.clone()))
    };
    packages.iter().filter_map(text).collect()
}

/// The lockfile pins another licence, and `--locked` forbids to change it.
fn other_licence(package: &str) -> Problem {
    let message = format!(
        "the lockfile has another licence of `{package}` than its tarball, and --locked forbids to change it"
    );
    let hint = "run once without --locked, review the change and commit the lockfile";
    Notice::new("not-locked", message).hint(hint.to_owned()).of_site()
}

/// The warning that licences are missing in the notices, with what `asked` says about the reasons.
pub(super) fn not_kept(
    packages: &Packages,
    lock: &Lockfile,
    texts: &BTreeMap<String, String>,
    asked: &Licences,
) -> Option<Notice> {
    let is_complete = |package: &String| {
        let licence = lock.licence(package);
        licence.is_some_and(|licence| licence.text.is_none() || texts.contains_key(package))
    };
    let missing: Vec<_> = packages.iter().filter(|package| !is_complete(package)).collect();
    if missing.is_empty() {
        return None;
    }
    let message = "licence texts are missing in THIRD-PARTY-NOTICES.txt";
    let hint = "run `inhouse vendor` once without --locked and with the npm registry, and commit the vendor cache";
    let notice = Notice::new("licence-not-kept", message).hint(hint.to_owned());
    let detail = |notice: Notice, package: &String| {
        let reason = asked.get(package).and_then(|licence| licence.as_ref().err());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        notice.detail("package", format!("{package}{reason}"))
    };
    Some(missing.into_iter().fold(notice, detail))
}
