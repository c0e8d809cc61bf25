//! What has become of the modules that pages load, where no tag names them.

use std::collections::BTreeMap;

use url::Url;

use super::resolution::{Resolution, Style};
use crate::{
    graph::{document::Start, local_urls::LocalUrls},
    html::{Change, Edit},
    integrity::Integrity,
    layout::import_map_integrity::MapEntry,
    page::LocalScript,
    reference::SubresourceUrl,
    vendor_path::VendorPath,
};

/// What has become of the modules that pages load.
#[derive(Clone, Debug)]
pub struct Modules {
    /// Where the vendored ones lie.
    pub local_urls: LocalUrls,
    /// What is served, of the vendor folder and of the site's own scripts that change: by path below
    /// the site's root, as part of a URL.
    pub served: BTreeMap<String, Integrity>,
    /// The site's own scripts that change, by the same path, as they were.
    pub changed: BTreeMap<String, Vec<u8>>,
    /// What import maps must guard, for documents that start alike.
    pub guards: BTreeMap<Start, Vec<MapEntry>>,
}

impl Modules {
    /// Where there is nothing to guard: what follows from `resolutions` alone.
    pub fn of(resolutions: &BTreeMap<SubresourceUrl, Resolution>, root: &Url, out: &str) -> Self {
        let local = resolutions.iter().filter_map(|(url, resolution)| match resolution {
            Resolution::Local(copy) => Some((url.clone(), copy.path.clone())),
            Resolution::Replaced(_) | Resolution::Removed => None,
        });
        Self::unguarded(LocalUrls::new(root, out, local.collect()), BTreeMap::new())
    }

    /// Where no script of the site changes and no import map has to guard anything.
    pub fn unguarded(local_urls: LocalUrls, served: BTreeMap<String, Integrity>) -> Self {
        Self { local_urls, served, changed: BTreeMap::new(), guards: BTreeMap::new() }
    }

    /// Whether pages with documents that start so change, although they name nothing from elsewhere.
    pub fn guard(&self, starts: &[Start]) -> bool {
        starts.iter().any(|start| self.guards.contains_key(start))
    }

    /// What a vendored file is, as it is served.
    pub(super) fn served_of(&self, path: &VendorPath, style: &Style<'_>) -> Option<&Integrity> {
        self.served.get(&format!("{}/{}", style.out, path.url_path()))
    }

    /// A script of the site that changes takes the `integrity` of its tags with it, where that was
    /// right.
    pub(super) fn guard_own(&self, scripts: &[LocalScript]) -> Vec<Edit> {
        scripts.iter().filter_map(|script| self.new_integrity(script)).collect()
    }

    fn new_integrity(&self, script: &LocalScript) -> Option<Edit> {
        let before = self.changed.get(&script.path)?;
        let declared = script.declared.as_ref().filter(|declared| declared.guards())?;
        declared.verify(before).ok()?;
        let value = self.served.get(&script.path)?.to_string();
        let change = Change::Set { attribute: "integrity".into(), value };
        Some(Edit { tag: script.tag, changes: vec![change] })
    }
}
