//! What pages ask of one URL.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{integrity::IntegrityMetadata, report::Use};

/// What the pages want of one URL.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Demand {
    /// Tags that run it as a classic script.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classic: Vec<Use>,
    /// Tags that load it as a module, or map to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Use>,
    /// Inline scripts and import maps that name it: no tag of its own could be edited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inline: Vec<Use>,
    /// Scripts that name it; found by following graphs, and so not part of what pages say.
    #[serde(skip)]
    pub imports: Vec<Use>,
    /// Tags that preload it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preloads: Vec<Use>,
    /// Tags whose author asks to leave them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Use>,
    /// Tags that run it without saying its encoding, in pages that are not UTF-8, and that encoding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legacy_encoded: Vec<(Use, Cow<'static, str>)>,
    /// The authors' `integrity` values, and who wrote them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub declared: Declared,
}

/// Authors' `integrity` values, and who wrote them.
pub type Declared = BTreeMap<IntegrityMetadata, Vec<Use>>;

impl Demand {
    /// Whether the author asks to leave every tag that names the URL.
    pub fn is_skipped(&self) -> bool {
        self.uses().count() == self.skipped.len()
    }

    /// Every tag that names the URL.
    pub fn uses(&self) -> impl Iterator<Item = &Use> {
        [&self.classic, &self.modules, &self.inline, &self.imports, &self.preloads, &self.skipped]
            .into_iter()
            .flatten()
    }

    /// Whether a page names it, in whatever way.
    pub fn is_named_by_page(&self) -> bool {
        self.uses().count() > self.imports.len()
    }

    /// Every list of places, to be made shorter.
    pub fn uses_mut(&mut self) -> impl Iterator<Item = &mut Vec<Use>> {
        let tags = [&mut self.classic, &mut self.modules, &mut self.inline, &mut self.imports];
        let others = [&mut self.preloads, &mut self.skipped];
        tags.into_iter().chain(others).chain(self.declared.values_mut())
    }

    /// Adds what other pages want.
    pub fn merge(&mut self, other: Self) {
        self.classic.extend(other.classic);
        self.modules.extend(other.modules);
        self.inline.extend(other.inline);
        self.imports.extend(other.imports);
        self.preloads.extend(other.preloads);
        self.skipped.extend(other.skipped);
        self.legacy_encoded.extend(other.legacy_encoded);
        for (declared, uses) in other.declared {
            self.declared.entry(declared).or_default().extend(uses);
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

/// A script tag that names a file of the site itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LocalUse {
    /// The file's URL path below the site's root, percent-encoded.
    pub path: String,
    /// The tag's `integrity`.
    pub declared: Option<IntegrityMetadata>,
    /// Whether the tag could carry `integrity`.
    pub takes_integrity: bool,
    /// Where the tag stands.
    pub place: Use,
}
