//! What modules load that was not followed, and what they may still call home for: said by file and
//! line, with what comes of it.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{
    settle::Downloads,
    survey::Survey,
    unfold::{import, script_name},
};
use crate::{
    findings::{Notice, Places, Use},
    graph::{
        closure::{self, Module, Reach, Referrer, Request},
        local_urls::{FolderMove, LocalUrls},
    },
    inventory::Demand,
    js::{Form, OwnAddress, Seems, Sign, SignKind, Specifier},
    npm,
    reference::SubresourceUrl,
};

/// How many lines of one file are listed.
const SHOWN: usize = 5;

impl Survey {
    /// Adds what the graphs leave open.
    pub(super) fn note_residue(&mut self, homes: &LocalUrls, downloads: &Downloads) {
        let reached = self.graphs.reached();
        let mut notices = Vec::new();
        let mut told = BTreeSet::new();
        for (request, module) in self.graphs.modules() {
            let Some(reached) = reached.get(request) else { continue };
            let is_vendored = homes.path(request.url.as_url()).is_some();
            if reached.in_document && (is_vendored || self.is_own(&request.url)) {
                notices.extend(foreign_workers(request, module, &self.root));
            }
            if is_vendored && told.insert(&request.url) {
                notices.extend(unfollowed(request, module));
                notices.extend(calls_home(request, module));
                notices.extend(self_locating(request, module, downloads));
            }
        }
        for (url, failure) in &self.unparsed {
            let notice = Notice::new(
                "script-not-read",
                format!(
                    "`{}` could not be read as a script: what it loads is not known",
                    script_name(url)
                ),
            );
            let hint = match self.is_own(url) {
                true => "browsers will most likely not run it either",
                false => "it was vendored as it is; try the page with the network off",
            };
            let notice = notice.detail("cause", failure).used_at(self.named_by(url));
            notices.push(notice.hint(hint.to_owned()));
        }
        notices.extend(self.broken());
        notices.extend(self.unused_folders(homes));
        self.warnings.extend(notices);
        self.refuse_unfit(
            &reached.iter().map(|(request, reached)| (request, reached.reach)).collect(),
        );
    }

    /// Who names a file: the site's own are known by the graphs alone.
    fn named_by(&self, url: &SubresourceUrl) -> Places {
        if let Some(demand) = self.inventory.demands.get(url) {
            return demand.places();
        }
        let mut places = BTreeSet::new();
        for (start, closure) in self.graphs.closures() {
            let reached = closure.reached.iter().filter(|(request, _)| request.url == *url);
            places.extend(reached.filter_map(|(_, reached)| match &reached.by {
                (Referrer::File(by), line) => Some(import(&by.url, *line)),
                (Referrer::Page | Referrer::Inline(_), _) => {
                    self.inventory.starts.get(start).cloned()
                }
            }));
        }
        places.into_iter().collect()
    }

    /// Specifiers that lead nowhere, in browsers too.
    fn broken(&self) -> Vec<Notice> {
        let notice = |broken: closure::Broken| {
            let Referrer::File(by) = &broken.by else { return None };
            let hint = match broken.in_worker {
                true => "import maps do not count in workers: the module must name a file",
                false => "add it to the import map of the pages that load the module",
            };
            let notice = Notice::new("unresolved-import", broken.why.to_string());
            Some(notice.used_by([import(&by.url, broken.line)]).hint(hint.to_owned()))
        };
        self.graphs.broken().into_iter().filter_map(notice).collect()
    }

    /// Folders of import maps that nothing is imported from: nobody can say which files they are for.
    fn unused_folders(&self, homes: &LocalUrls) -> Vec<Notice> {
        let unused = |(url, place): (&Url, &Use)| {
            if homes.folder(url) != FolderMove::Unused {
                return None;
            }
            let message =
                format!("nothing is imported from `{url}`, so nothing of it was vendored");
            let hint = "if code asks for it by a name that it computes, list those files one by one in the import map; else remove the entry";
            let notice = Notice::new("unused-folder", message);
            Some(notice.used_by([place.clone()]).hint(hint.to_owned()))
        };
        self.inventory.folders.iter().filter_map(unused).collect()
    }

    /// A file that browsers refuse where it is imported fails the run, unless it may never be.
    fn refuse_unfit(&mut self, reach: &BTreeMap<&Request, Reach>) {
        for request in &self.unfit {
            let Some(reach) = reach.get(request) else { continue };
            let url = &request.url;
            let notice = Notice::new(
                "wrong-module-type",
                format!("`{}` is not of the type that it is imported as", script_name(url)),
            );
            let demand = self.inventory.demands.get(url);
            let notice = notice
                .used_at(demand.map(Demand::places).unwrap_or_default())
                .hint("browsers refuse it as well: correct the import, or its `type`".to_owned());
            match reach {
                Reach::Static => self.problems.push(notice.of_site()),
                Reach::Lazy => self.warnings.push(notice),
            }
        }
    }
}

/// Loads whose address the script computes.
fn unfollowed(request: &Request, module: &Module) -> Option<Notice> {
    let url = &request.url;
    let lines = module.loads.computed.iter();
    let lines: BTreeMap<_, _> = lines.map(|load| (load.consequence(), load.line)).rev().collect();
    let first = lines.values().min()?;
    let many = module.loads.computed.len();
    let message = match many {
        1 => format!("`{url}` computes the address of something it loads"),
        many => format!("`{url}` computes the addresses of {many} things it loads"),
    };
    let mut notice = Notice::new("unfollowed", message);
    for (consequence, line) in &lines {
        notice = notice.detail("line", format!("{line}: {consequence}"));
    }
    Some(notice.used_by([import(url, *first)]).hint(
        "try the page with the network off; what is missing can be listed in an import map, or the module kept external with a rule"
            .to_owned(),
    ))
}

/// Workers and worklets by an address elsewhere.
fn foreign_workers(request: &Request, module: &Module, page: &Url) -> Option<Notice> {
    let foreign = |specifier: &Specifier| {
        let url = closure::foreign_worker(specifier, page)?;
        let consequence = match specifier.form {
            Form::Worklet => "it is still loaded from there",
            _ => "browsers start no worker from another origin",
        };
        Some((specifier.line, format!("`{url}`: {consequence}")))
    };
    let workers: Vec<_> = module.loads.specifiers.iter().filter_map(foreign).collect();
    let (first, _) = workers.first()?;
    let message = format!(
        "`{}` names a worker by an address elsewhere: it was not vendored",
        script_name(&request.url)
    );
    let mut notice = Notice::new("foreign-worker", message);
    for (line, what) in workers.iter().take(SHOWN) {
        notice = notice.detail("line", format!("{line}: {what}"));
    }
    Some(notice.used_by([import(&request.url, *first)]).hint(
        "if the worker is needed, put its script into the site and its address there into the code"
            .to_owned(),
    ))
}

/// Addresses in strings that look like files.
fn calls_home(request: &Request, module: &Module) -> Option<Notice> {
    let signs = module.loads.signs.iter().filter_map(|sign| Some((sign.line, file(sign)?)));
    let signs: BTreeSet<(usize, String)> = signs.collect();
    let (first, _) = signs.first()?;
    let message =
        format!("`{}` names files elsewhere: it may still load them from there", request.url);
    let mut notice = Notice::new("calls-home", message);
    for (line, what) in signs.iter().take(SHOWN) {
        notice = notice.detail("line", format!("{line}: {what}"));
    }
    if signs.len() > SHOWN {
        notice = notice.detail("line", format!("and {} more", signs.len() - SHOWN));
    }
    Some(notice.used_by([import(&request.url, *first)]).hint(
        "look for a setting of the library that names another place, and host those files yourself"
            .to_owned(),
    ))
}

/// The file that a sign points at, unless it is most likely documentation.
fn file(sign: &Sign) -> Option<String> {
    let SignKind::Url(url) = &sign.kind else { return None };
    let text = url.text();
    let kind = match url.seems() {
        Seems::Script => "a script",
        Seems::Style => "a style sheet",
        Seems::Font => "a font",
        Seems::Wasm => "WebAssembly",
        Seems::Data | Seems::Media | Seems::Beginning | Seems::Other => {
            let url: SubresourceUrl = text.parse().ok()?;
            npm::classify(&url)?;
            "a file of a package"
        }
    };
    Some(format!("`{text}` ({kind})"))
}

/// A module that looks up its own address; what classic scripts do is told by their bytes.
fn self_locating(request: &Request, module: &Module, downloads: &Downloads) -> Option<Notice> {
    let looks = |sign: &&Sign| {
        matches!(sign.kind, SignKind::OwnAddress(OwnAddress::ImportMetaUrl | OwnAddress::OwnFolder))
    };
    let sign = module.loads.signs.iter().find(looks)?;
    downloads.lock.get(&request.url)?;
    let message = format!(
        "`{}` looks up its own address: files that it loads from there are not vendored with it",
        request.url
    );
    let notice = Notice::new("self-locating", message).used_by([import(&request.url, sign.line)]);
    Some(notice.hint(
        "try the page with the network off; if something is missing, keep the script live with a rule"
            .to_owned(),
    ))
}
