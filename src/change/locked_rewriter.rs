//! If everything is locked and nothing has changed, which is the usual case, pages are rewritten when they
//! are first read, and need not be read a second time.
//!
//! What the lockfile says is an assumption until the plan is known: the patches are used only if the plan
//! resolves every URL in the same way.

use std::sync::OnceLock;

use super::{
    cdn_literals::is_named_elsewhere,
    changes::{local_copy, served, style},
    modules::Modules,
    page::{Changes, Rewritten, rewrite_read},
};
use crate::{
    html::{Patch, Tag},
    lockfile::Lockfile,
    page::Role,
    policy::Verdict,
    read::{
        baseline::Baseline,
        page_record::{PageVisitor, ReadPage},
    },
    reference::SubresourceUrl,
    settings::Settings,
};

/// Rewrites pages by what the lockfile says of classic scripts.
#[derive(Debug)]
pub struct LockedRewriter<'a> {
    settings: &'a Settings,
    base: &'a Baseline,
    /// Worked out for the first page that needs it: most sites are vendored already.
    changes: OnceLock<Changes<'a>>,
}

impl<'a> LockedRewriter<'a> {
    /// By what is known before any page is read.
    pub fn new(settings: &'a Settings, base: &'a Baseline) -> Self {
        Self { settings, base, changes: OnceLock::new() }
    }

    fn changes(&self) -> &Changes<'a> {
        self.changes.get_or_init(|| self.assumed())
    }

    /// What will become of every locked script that the policy lets in.
    fn assumed(&self) -> Changes<'a> {
        let settings = self.settings;
        let is_permitted = |url| matches!(settings.policy.verdict(url), Verdict::Vendor { .. });
        let permitted = self.base.lock.iter().filter(|(url, _)| is_permitted(url));
        let local = permitted.map(|(url, entry)| (url.clone(), local_copy(settings, entry)));
        let resolutions = local.collect();
        let mut modules = Modules::of(&resolutions, self.base.site.root(), &settings.out);
        modules.served = served(settings, &self.base.lock);
        Changes::new(resolutions, modules, style(settings, &self.base.headers))
    }

    /// Whether inline scripts of a page may name folders whose files come along with its scripts: which do is
    /// not known yet.
    fn may_name_folders(&self, page: &ReadPage<'_>) -> bool {
        let mut urls = page.references.urls().filter(|url| self.has_companions(url));
        urls.any(|url| is_named_elsewhere(url.host(), page))
    }

    fn has_companions(&self, url: &SubresourceUrl) -> bool {
        let lock = &self.base.lock;
        let is_below = |path: &str| lock.all_companions().any(|block| block.is_above(path));
        lock.get(url).is_some_and(|entry| is_below(entry.path.as_str()))
    }

    /// Whether pages that name these URLs come out the same by `changes` and the new lockfile.
    pub fn holds<'u>(
        &self,
        mut urls: impl Iterator<Item = &'u SubresourceUrl>,
        lock: &Lockfile,
        changes: &Changes<'_>,
    ) -> bool {
        let assumed = self.changes();
        let is_same = |url| assumed.resolutions.get(url) == changes.resolutions.get(url);
        self.base.lock == *lock
            && assumed.style == changes.style
            && changes.modules.changed.is_empty()
            && urls.all(is_same)
    }
}

impl PageVisitor for LockedRewriter<'_> {
    fn rewrite(&self, page: &ReadPage<'_>) -> Option<Patch> {
        let ReadPage { scan, references, .. } = page;
        let is_module = references.external.iter().any(|found| found.role == Role::Module);
        if is_module || !scan.tags.iter().all(Tag::is_classic) || self.may_name_folders(page) {
            return None;
        }
        // A page that fails here is rewritten again, and reported, once the plan is known.
        match rewrite_read(page, self.changes()) {
            Ok(Rewritten::Changed(page)) => Some(page.patch),
            Ok(Rewritten::Unchanged) | Err(_) => None,
        }
    }
}
