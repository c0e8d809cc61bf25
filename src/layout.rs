//! Laying out: every path, every edited byte and every lockfile entry of a run, worked out once.
//!
//! [`files`] turns what was downloaded into lockfile entries with paths. [`specifiers`] edits the scripts
//! that import what has moved. [`cache_busting`] gives edited scripts a new path if the old one does not
//! fix their bytes. [`companions`] locks what scripts load beside themselves. [`cdn_folders`] says which folders
//! of CDNs those stand for. [`import_map_integrity`] says what import maps have to guard, [`required_proof`] which
//! files have less evidence than the rules require.

mod cache_busting;
pub mod cdn_folders;
pub mod companions;
pub mod files;
pub mod import_map_integrity;
pub mod loads;
pub mod required_proof;
mod script;
pub mod specifiers;

use std::{collections::BTreeMap, path::PathBuf};

use self::{
    files::VendoredFiles,
    specifiers::{OwnScript, Relocated, relocate},
};
use crate::{
    findings::Findings, graph::local_urls::LocalUrls, read::baseline::Baseline,
    reference::SubresourceUrl, resolve::resolver::Resolution, settings::Settings,
};

/// Every path, every edited byte and every lockfile entry.
#[derive(Debug)]
pub struct Layout {
    /// The vendored files as upstream served them, and the lockfile as it will be.
    pub files: VendoredFiles,
    /// Where each vendored URL lies.
    pub local_urls: LocalUrls,
    /// The vendored scripts that are served with other specifiers.
    pub edited: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// The site's own scripts that change, by their path below its root.
    pub own: BTreeMap<PathBuf, OwnScript>,
}

impl Layout {
    /// Works out where `files` lie, and what changes in scripts because of that.
    pub fn of(
        settings: &Settings,
        base: &Baseline,
        resolution: &Resolution,
        mut files: VendoredFiles,
    ) -> (Self, Findings) {
        let Relocated { local_urls, mut vendored, own, problems } =
            relocate(settings, base, resolution, &files);
        let mut findings = Findings::default();
        findings.problems.extend(companions::edit_scripts(&files, &mut vendored));
        findings.problems.extend(files.lock_served(settings, resolution, &local_urls, &vendored));
        findings.problems.extend(problems);
        findings.problems.extend(companions::lock(settings, base, resolution, &mut files));
        (Self { files, local_urls, edited: vendored, own }, findings)
    }
}
