//! What pages ask of one URL.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{
    findings::{Keep, Places, Use},
    integrity::IntegrityMetadata,
};

/// What the pages want of one URL.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct UrlUses {
    /// Tags that run it as a classic script.
    #[serde(skip_serializing_if = "Places::is_empty")]
    pub classic: Places,
    /// Tags that load it as a module, or map to it.
    #[serde(skip_serializing_if = "Places::is_empty")]
    pub modules: Places,
    /// Inline scripts and import maps that name it: no tag of its own could be edited.
    #[serde(skip_serializing_if = "Places::is_empty")]
    pub inline: Places,
    /// Scripts that name it; found by following graphs, and so not part of what pages say.
    #[serde(skip)]
    pub imports: Places,
    /// Tags that preload it.
    #[serde(skip_serializing_if = "Places::is_empty")]
    pub preloads: Places,
    /// Tags whose author asks to leave them.
    #[serde(skip_serializing_if = "Places::is_empty")]
    pub skipped: Places,
    /// Tags that run it without saying its encoding, in pages that are not UTF-8, by that encoding.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub legacy_encoded: BTreeMap<Cow<'static, str>, Places>,
    /// The authors' `integrity` values, and who wrote them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub declared: Declared,
}

/// Authors' `integrity` values, and who wrote them.
pub type Declared = BTreeMap<IntegrityMetadata, Places>;

impl UrlUses {
    fn lists(&self) -> [&Places; 6] {
        [&self.classic, &self.modules, &self.inline, &self.imports, &self.preloads, &self.skipped]
    }

    /// Whether the author asks to leave every tag that names the URL.
    pub fn is_skipped(&self) -> bool {
        self.lists().iter().map(|places| places.count()).sum::<usize>() == self.skipped.count()
    }

    /// The tags that name the URL, as far as they were kept.
    pub fn uses(&self) -> impl Iterator<Item = &Use> {
        self.lists().into_iter().flatten()
    }

    /// Every tag that names the URL.
    pub fn places(&self) -> Places {
        let mut all = Places::default();
        self.lists().into_iter().for_each(|places| all.merge(places.clone(), Keep::All));
        all
    }

    /// Whether a page names it, in whatever way.
    pub fn is_named_by_page(&self) -> bool {
        self.uses().count() > self.imports.iter().count()
    }

    /// Every list of places.
    pub fn places_mut(&mut self) -> impl Iterator<Item = &mut Places> {
        let tags = [&mut self.classic, &mut self.modules, &mut self.inline, &mut self.imports];
        let others = [&mut self.preloads, &mut self.skipped];
        let declared = self.declared.values_mut();
        tags.into_iter().chain(others).chain(declared).chain(self.legacy_encoded.values_mut())
    }

    /// Adds what other pages want.
    pub fn merge(&mut self, other: Self, keep: Keep) {
        self.classic.merge(other.classic, keep);
        self.modules.merge(other.modules, keep);
        self.inline.merge(other.inline, keep);
        self.imports.merge(other.imports, keep);
        self.preloads.merge(other.preloads, keep);
        self.skipped.merge(other.skipped, keep);
        for (encoding, places) in other.legacy_encoded {
            self.legacy_encoded.entry(encoding).or_default().merge(places, keep);
        }
        for (declared, places) in other.declared {
            self.declared.entry(declared).or_default().merge(places, keep);
        }
    }

    /// Whether anything runs or imports it, rather than only preload it.
    pub fn is_loaded(&self) -> bool {
        !self.classic.is_empty() || !self.modules.is_empty() || self.is_named_by_code()
    }

    /// Whether a page names it, or a script that is the site's own.
    pub fn is_named_by_site(&self) -> bool {
        let is_own = |place: &Use| !place.page.contains("://");
        self.uses().any(is_own)
    }

    /// Whether code names it, where no tag could be taken away.
    pub fn is_named_by_code(&self) -> bool {
        !self.inline.is_empty() || !self.imports.is_empty()
    }
}

/// Script tags that name a file of the site itself, and say the same of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LocalUse {
    /// The file's URL path below the site's root, percent-encoded.
    pub path: String,
    /// The tags' `integrity`.
    pub declared: Option<IntegrityMetadata>,
    /// Whether the tags could carry `integrity`.
    pub takes_integrity: bool,
}
