//! What changes in scripts because files have moved: specifiers of vendored modules, and of modules
//! of the site that import them.
//!
//! Nearly nothing changes, since files lie beside each other as they did. What does is read again
//! and held against the graph before it counts.

use std::{collections::BTreeMap, path::PathBuf};

use url::{Position, Url};

use super::{
    cache_busting,
    files::{VendoredFiles, local_urls},
};
use crate::{
    findings::{Notice, Problem},
    graph::{
        closure::{self, Reached, Request},
        local_urls::LocalUrls,
        relocation::{self, Flaw, Move, NewSpecifier},
        specifier,
    },
    js::{
        Loads,
        literal::{self, Edit},
    },
    read::baseline::Baseline,
    reference::SubresourceUrl,
    resolve::resolver::Resolution,
    settings::Settings,
    site::{self, Page},
};

/// A module of the site that imports what has moved.
#[derive(Debug)]
pub struct OwnScript {
    /// As it was.
    pub before: Page<'static>,
    /// As it will be.
    pub after: Vec<u8>,
}

/// What relocation comes to.
#[derive(Debug)]
pub struct Relocated {
    /// Where the vendored files lie.
    pub local_urls: LocalUrls,
    /// The vendored scripts that are served with other specifiers.
    pub vendored: BTreeMap<SubresourceUrl, Vec<u8>>,
    /// The site's own, by their path below its root.
    pub own: BTreeMap<PathBuf, OwnScript>,
    /// What stands in the way.
    pub problems: Vec<Problem>,
}

/// Works out every edit.
pub fn relocate(
    settings: &Settings,
    base: &Baseline,
    resolution: &Resolution,
    files: &VendoredFiles,
) -> Relocated {
    let entries = files.vendored_entries(resolution);
    let mut local_urls = local_urls(settings, base, entries);
    let mut scripts: BTreeMap<&SubresourceUrl, Script<'_>> = BTreeMap::new();
    for (request, module) in resolution.graphs.modules() {
        let Some(reached) = resolution.reached.get(request) else { continue };
        let is_own = base.site.is_own(&request.url);
        let Some(to) = new_place(&local_urls, request, is_own) else { continue };
        let script = scripts.entry(&request.url).or_insert_with(|| Script {
            from: &module.response_url,
            to,
            uses: Vec::new(),
        });
        script.uses.push((request, &module.loads, reached));
    }
    cache_busting::settle(base, resolution, files, &mut scripts, &mut local_urls);
    let mut relocated = Relocated {
        local_urls,
        vendored: BTreeMap::new(),
        own: BTreeMap::new(),
        problems: Vec::new(),
    };
    for (url, script) in scripts {
        if base.site.is_own(url) {
            relocated.own_script(settings, base, url, &script);
        } else {
            relocated.vendored_script(files, url, &script);
        }
    }
    relocated
}

/// A script, and everything it is used as.
pub(super) struct Script<'a> {
    /// Where it was.
    pub from: &'a Url,
    /// Where it lies from now on.
    pub to: Url,
    /// As what, with what it asks for, and how it is reached.
    pub uses: Vec<(&'a Request, &'a Loads, &'a Reached)>,
}

/// Where a script lies from now on; `None` if it is not ours to serve.
fn new_place(local_urls: &LocalUrls, request: &Request, is_own: bool) -> Option<Url> {
    let url = request.url.as_url();
    if is_own { Some(url.clone()) } else { local_urls.local(url) }
}

impl Script<'_> {
    /// The specifiers that change, for each use of the script.
    fn changes(
        &self,
        local_urls: &LocalUrls,
        spell: &dyn Fn(&Url, &Url) -> String,
    ) -> Vec<Vec<NewSpecifier>> {
        let script = Move { from: self.from, to: &self.to };
        let changes = self.uses.iter().map(|(request, loads, reached)| {
            let settings = worker(local_urls, request, reached, script);
            let settings = settings.as_ref().map(|(from, to)| Move { from, to });
            let local = |url: &Url| local_urls.local(url);
            relocation::new_specifiers(loads, script, settings, local, spell)
        });
        changes.collect()
    }

    /// Whether any specifier changes.
    pub fn changes_any(
        &self,
        local_urls: &LocalUrls,
        spell: &dyn Fn(&Url, &Url) -> String,
    ) -> bool {
        self.changes(local_urls, spell).iter().any(|changes| !changes.is_empty())
    }

    /// The edits of the script, as everything it is used as.
    pub fn edits(
        &self,
        source: &[u8],
        local_urls: &LocalUrls,
        spell: &dyn Fn(&Url, &Url) -> String,
    ) -> Result<Vec<Edit>, String> {
        let mut edits = Vec::new();
        for ((request, loads, _), changes) in self.uses.iter().zip(self.changes(local_urls, spell))
        {
            if changes.is_empty() {
                continue;
            }
            let scan = request.r#use.scan(source).map_err(|failure| failure.to_string())?;
            let placed = relocation::place(changes, loads, &scan);
            edits.extend(placed.map_err(|error| error.to_string())?);
        }
        edits.sort();
        edits.dedup();
        Ok(edits)
    }

    /// Holds the edited script against the graph: every specifier leads to a file that is there,
    /// and none to where a file has been.
    fn prove(&self, local_urls: &LocalUrls, edited: &[u8]) -> Result<(), String> {
        for (request, _, reached) in &self.uses {
            let scan = request.r#use.scan(edited).map_err(|failure| failure.to_string())?;
            let script = Move { from: self.from, to: &self.to };
            let settings = worker(local_urls, request, reached, script).map(|(_, to)| to);
            let judge = |url: &Url| local_urls.local(url).map(|_| Flaw::StillRemote);
            let flaws = relocation::prove(&scan.loads, &self.to, settings.as_ref(), judge);
            if let Some(flaw) = flaws.first() {
                return Err(format!("line {} still leads to `{}`", flaw.specifier.line, flaw.url));
            }
        }
        Ok(())
    }

    /// The script with its edits, if it needs any; an edit that does not prove itself is an error.
    pub fn edited(
        &self,
        source: &[u8],
        local_urls: &LocalUrls,
        spell: &dyn Fn(&Url, &Url) -> String,
    ) -> Result<Option<Vec<u8>>, String> {
        let edits = self.edits(source, local_urls, spell)?;
        if edits.is_empty() {
            return Ok(None);
        }
        let edited = literal::rewrite(source, &edits).map_err(|error| error.to_string())?;
        self.prove(local_urls, &edited)?;
        Ok(Some(edited))
    }
}

/// The worker that runs a script, before and after: known if there is one only.
fn worker(
    local_urls: &LocalUrls,
    request: &Request,
    reached: &Reached,
    script: Move<'_>,
) -> Option<(Url, Url)> {
    let closure::Use::Worker(_) = request.r#use else { return None };
    let mut workers = reached.workers.iter();
    match (workers.next(), workers.next()) {
        (Some(worker), None) if worker == script.from => {
            Some((script.from.clone(), script.to.clone()))
        }
        (Some(worker), None) => {
            let to = local_urls.local(worker).unwrap_or_else(|| worker.clone());
            Some((worker.clone(), to))
        }
        _ => None,
    }
}

impl Relocated {
    fn vendored_script(
        &mut self,
        files: &VendoredFiles,
        url: &SubresourceUrl,
        script: &Script<'_>,
    ) {
        let Some(bytes) = files.bytes.get(url) else { return };
        match script.edited(bytes, &self.local_urls, &specifier::relative) {
            Ok(Some(edited)) => drop(self.vendored.insert(url.clone(), edited)),
            Ok(None) => {}
            Err(cause) => self.problems.push(not_relocated(url.as_str(), &cause)),
        }
    }

    fn own_script(
        &mut self,
        settings: &Settings,
        base: &Baseline,
        url: &SubresourceUrl,
        script: &Script<'_>,
    ) {
        let Some(name) = base.site.file_path(url) else { return };
        let spell = |from: &Url, to: &Url| match (&settings.public_path, self.local_urls.below(to))
        {
            (Some(prefix), Some(file)) => {
                let rest = &to[Position::AfterPath..];
                specifier::as_specifier(&format!("{prefix}{file}{rest}"))
            }
            _ => specifier::relative(from, to),
        };
        if !script.changes_any(&self.local_urls, &spell) {
            return;
        }
        let path: PathBuf = name.split('/').collect();
        let page = match site::open(&settings.site).and_then(|site| site::read_page(&site, &path)) {
            Ok(page) => page,
            Err(error) => return self.problems.push(not_relocated(&name, &error.to_string())),
        };
        match script.edited(page.bytes(), &self.local_urls, &spell) {
            Ok(Some(after)) => drop(self.own.insert(path, OwnScript { before: page, after })),
            Ok(None) => {}
            Err(cause) => self.problems.push(not_relocated(&name, &cause)),
        }
    }
}

fn not_relocated(script: &str, cause: &str) -> Problem {
    Notice::new("module-not-rewritten", format!("`{script}` could not be given new addresses"))
        .detail("cause", cause)
        .hint(
            "this is a limit of Inhouse: please report it; a rule can keep the script external"
                .to_owned(),
        )
        .of_site()
}
