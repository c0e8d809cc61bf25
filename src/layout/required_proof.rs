//! Vendored files for which less speaks than a rule requires (`require-proof`).
//!
//! The lockfile says how much speaks for a file, so that locked files are held to the rules without the network.

use super::files::VendoredFiles;
use crate::{
    findings::{Keep, Notice, Places, Problem, Use},
    graph::closure::{Reached, Referrer, Request},
    lockfile::{Entry, EvidenceLevel, Lockfile, Proof},
    policy::Rule,
    read::{baseline::Baseline, pages::Pages},
    reference::SubresourceUrl,
    resolve::{
        plan::Action,
        resolver::{Resolution, import},
    },
    settings::Settings,
    vendor_path::VendorPath,
};

/// A site whose vendored files are held to the rules.
#[derive(Clone, Copy)]
pub struct RequiredProof<'a> {
    /// What is meant.
    pub settings: &'a Settings,
    /// What was there before the run.
    pub base: &'a Baseline,
    /// What the pages load.
    pub pages: &'a Pages,
    /// What becomes of it.
    pub resolution: &'a Resolution,
}

/// The files that are held to the rules, and the lockfile that speaks of them.
struct Held<'a> {
    site: RequiredProof<'a>,
    lock: &'a Lockfile,
    /// The files of this run, once they are downloaded.
    files: Option<&'a VendoredFiles>,
}

/// A file for which less speaks than a rule requires.
struct Lacking<'a> {
    url: &'a SubresourceUrl,
    entry: &'a Entry,
    required: EvidenceLevel,
    rule: &'a Rule,
    /// Why no signature counts, as far as this run has found out.
    unsigned: Option<&'a str>,
    /// Whether no earlier run has locked it.
    is_new: bool,
}

impl<'a> RequiredProof<'a> {
    /// The problems with files that are locked and that this run does not download.
    pub fn problems_of_locked(self) -> Vec<Problem> {
        Held { site: self, lock: &self.base.lock, files: None }.problems()
    }

    /// The problems with all vendored files, after the downloads.
    pub fn problems_of(self, files: &'a VendoredFiles) -> Vec<Problem> {
        // Under --locked, what this run has found out is not written.
        let lock = if self.settings.mode.locked { &self.base.lock } else { &files.lock };
        Held { site: self, lock, files: Some(files) }.problems()
    }

    /// Everything that loads a file: by its own URL, or from the vendor folder since an earlier run.
    fn places(self, url: &SubresourceUrl, path: &VendorPath) -> Places {
        let mut places = self.resolution.places(url);
        self.tags(path).for_each(|tags| places.merge(tags.clone(), Keep::All));
        places.extend(self.imports(path));
        places.sort();
        places
    }

    /// The tags that load a file from the vendor folder.
    fn tags(self, path: &VendorPath) -> impl Iterator<Item = &'a Places> {
        let is_file = move |local: &str| self.base.site.vendored(local).as_ref() == Some(path);
        let vendored = self.pages.vendored.iter();
        vendored.filter(move |(local, _)| is_file(&local.path)).map(|(_, tags)| tags)
    }

    /// The scripts that load a file from the vendor folder.
    fn imports(self, path: &VendorPath) -> impl Iterator<Item = Use> {
        let reached = self.resolution.reached.iter();
        let is_file = move |request: &Request| self.vendored_path(request).as_ref() == Some(path);
        reached.filter(move |(request, _)| is_file(request)).filter_map(move |(_, by)| self.by(by))
    }

    fn vendored_path(self, request: &Request) -> Option<VendorPath> {
        let site = &self.base.site;
        site.vendored(&site.file_path(&request.url)?)
    }

    fn by(self, reached: &Reached) -> Option<Use> {
        match &reached.by {
            (Referrer::File(by), line) => Some(import(self.base.site.name(&by.url), *line)),
            (Referrer::Page | Referrer::Inline(_), _) => None,
        }
    }
}

impl<'a> Held<'a> {
    fn problems(&self) -> Vec<Problem> {
        self.urls().filter_map(|url| self.problem(url)).collect()
    }

    fn urls(&self) -> impl Iterator<Item = &'a SubresourceUrl> {
        let Resolution { plan, used_locally, .. } = self.site.resolution;
        let planned = plan.actions.iter().filter(|(url, action)| self.is_held(url, action));
        let local = used_locally.iter().filter(|url| !plan.actions.contains_key(*url));
        planned.map(|(url, _)| url).chain(local)
    }

    /// Whether the lockfile's word about a URL is final.
    fn is_held(&self, url: &SubresourceUrl, action: &Action) -> bool {
        match (self.files, action) {
            (Some(files), action) => files.becomes_local(url, action),
            (None, Action::Fetch(_)) => self.site.settings.mode.locked,
            (None, action) => action.is_vendored(),
        }
    }

    fn problem(&self, url: &SubresourceUrl) -> Option<Problem> {
        let lacking = self.lacking(url, self.lock.get(url)?)?;
        let places = self.site.places(url, &lacking.entry.path);
        Some(lacking.notice().used_at(places).of_site())
    }

    fn lacking<'l>(&'l self, url: &'l SubresourceUrl, entry: &'l Entry) -> Option<Lacking<'l>> {
        let (required, rule) = self.site.settings.policy.required_proof(url)?;
        let unsigned = self.files.and_then(|files| files.unsigned.get(url)).map(String::as_str);
        let is_new = self.site.base.lock.get(url).is_none();
        let lacking = Lacking { url, entry, required, rule, unsigned, is_new };
        (entry.evidence() < required).then_some(lacking)
    }
}

impl Lacking<'_> {
    fn notice(&self) -> Notice {
        let notice = Notice::new("insufficient-proof", self.message()).detail("why", self.why());
        let notice = notice.hint(self.remedy());
        match &self.rule.reason {
            Some(reason) => notice.detail("rule", reason),
            None => notice,
        }
    }

    fn message(&self) -> String {
        let Self { url, required, rule, .. } = self;
        let (level, pattern) = (self.entry.evidence(), &rule.pattern);
        format!(
            "`{url}` has the evidence level `{level}`, and your rule `{pattern}` requires `{required}`"
        )
    }

    /// Why the file has no higher level.
    fn why(&self) -> &str {
        match (self.required, self.entry.proof) {
            (EvidenceLevel::None | EvidenceLevel::Declared, _) => NOT_DECLARED,
            (_, Proof::None) => self.entry.proof_reason.as_deref().unwrap_or(NOT_COMPARED),
            (_, Proof::Npm) => self.unsigned.unwrap_or(NO_KEY),
        }
    }

    fn remedy(&self) -> String {
        let (more, again) = match (self.required, self.entry.proof) {
            (EvidenceLevel::None | EvidenceLevel::Declared, _) => (INTEGRITY, NEW_BUILD),
            (_, Proof::None) => (PACKAGE, NEW_BLOCK),
            (_, Proof::Npm) => (SIGNING_REGISTRY, NEW_BLOCK),
        };
        let again = if self.is_new { "" } else { again };
        format!("{more}{again}; or require less with a rule for this address")
    }
}

const NOT_DECLARED: &str = "no page that loads it had an `integrity` when it was locked";
const NOT_COMPARED: &str = "it was not compared with npm";
const NO_KEY: &str = "the lockfile names no key that signed its package";

const INTEGRITY: &str = "write the author's `integrity` on the tag";
const PACKAGE: &str = "load a file that is in an npm package";
const SIGNING_REGISTRY: &str =
    "use a registry that signs its packages and gives its keys (`npm config get registry`)";
const NEW_BUILD: &str = " and run `inhouse vendor` on a new build, without --locked";
const NEW_BLOCK: &str =
    ", delete the block of this address from the lockfile and run `inhouse vendor` on a new build";
