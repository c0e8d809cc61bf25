//! What modules load that was not followed, and what they may still load from where they came from: by
//! file and line, with what comes of it.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::{
    findings::{Findings, Notice, Places},
    graph::{
        closure::{self, Broken, Module, Reach, Referrer, Request},
        local_urls::{FolderMove, LocalUrls},
    },
    js::{Form, ParseFailure, Sign, Specifier},
    layout::{Layout, loads::named_file},
    read::pages::Pages,
    reference::SubresourceUrl,
    resolve::resolver::{Resolution, import, place_of},
    site_urls::SiteUrls,
};

/// How many lines of one file are listed.
const SHOWN: usize = 5;

/// What the module graphs leave open.
pub fn unfollowed(
    site: &SiteUrls,
    pages: &Pages,
    resolution: &Resolution,
    layout: &Layout,
) -> Findings {
    let mut findings = Findings::default();
    findings.warnings.extend(of_modules(site, resolution, layout));
    findings.warnings.extend(unread_scripts(site, pages, resolution));
    let broken = resolution.graphs.broken().into_iter();
    findings.warnings.extend(broken.filter_map(|broken| leads_nowhere(site, &broken)));
    findings.warnings.extend(unused_folders(pages, &layout.local_urls));
    findings.add(wrong_types(site, resolution));
    findings
}

/// What the code of vendored modules, and of the site's own, leaves open.
fn of_modules(site: &SiteUrls, resolution: &Resolution, layout: &Layout) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut seen = BTreeSet::new();
    for (request, module) in resolution.graphs.modules() {
        let Some(reached) = resolution.reached.get(request) else { continue };
        let is_vendored = layout.local_urls.path(request.url.as_url()).is_some();
        if reached.in_document && (is_vendored || site.is_own(&request.url)) {
            notices.extend(foreign_workers(site, request, module));
        }
        if is_vendored && seen.insert(&request.url) {
            let came_along = has_companions(layout, &request.url);
            notices.extend(computed_addresses(request, module).filter(|_| !came_along));
            notices.extend(calls_home(request, module));
        }
    }
    notices
}

/// Whether files came along with a script that it may load by addresses that it computes.
fn has_companions(layout: &Layout, url: &SubresourceUrl) -> bool {
    layout.files.companions.folders.iter().any(|folder| folder.scripts.contains(url))
}

/// The scripts that do not parse, each once.
fn unread_scripts(site: &SiteUrls, pages: &Pages, resolution: &Resolution) -> Vec<Notice> {
    let unparsed = resolution.unparsed.iter().map(|(request, failure)| (&request.url, failure));
    let unparsed: BTreeMap<_, _> = unparsed.collect();
    let places = |url| named_by(site, pages, resolution, url);
    let notice = |(url, failure)| not_read(site, url, failure).used_at(places(url));
    unparsed.into_iter().map(notice).collect()
}

/// A script that does not parse.
fn not_read(site: &SiteUrls, url: &SubresourceUrl, failure: &ParseFailure) -> Notice {
    let message =
        format!("`{}` could not be read as a script: what it loads is not known", site.name(url));
    let hint = match site.is_own(url) {
        true => "browsers will most likely not run it either",
        false => "it was vendored as it is; try the page with the network off",
    };
    Notice::new("script-not-read", message).detail("cause", failure).hint(hint.to_owned())
}

/// What names a file. Files of the site itself are known by the graphs alone.
fn named_by(
    site: &SiteUrls,
    pages: &Pages,
    resolution: &Resolution,
    url: &SubresourceUrl,
) -> Places {
    if let Some(uses) = resolution.urls.get(url) {
        return uses.places();
    }
    let mut places = BTreeSet::new();
    for (start, closure) in resolution.graphs.closures() {
        let reached = closure.reached.iter().filter(|(request, _)| request.url == *url);
        places.extend(reached.filter_map(|(_, reached)| place_of(site, pages, start, reached)));
    }
    places.into_iter().collect()
}

/// A specifier that leads nowhere, in browsers too.
fn leads_nowhere(site: &SiteUrls, broken: &Broken) -> Option<Notice> {
    let Referrer::File(by) = &broken.by else { return None };
    let hint = match broken.in_worker {
        true => "import maps do not count in workers: the module must name a file",
        false => "add it to the import map of the pages that load the module",
    };
    let notice = Notice::new("unresolved-import", broken.why.to_string());
    Some(notice.used_by([import(site.name(&by.url), broken.line)]).hint(hint.to_owned()))
}

/// Folders of import maps that nothing is imported from: which files they are for is not known.
fn unused_folders(pages: &Pages, local_urls: &LocalUrls) -> Vec<Notice> {
    let is_unused = |url| local_urls.folder(url) == FolderMove::Unused;
    let unused = pages.folders.iter().filter(|(url, _)| is_unused(url));
    unused.map(|(url, place)| unused_folder(url).used_by([place.clone()])).collect()
}

fn unused_folder(url: &Url) -> Notice {
    let message = format!("nothing is imported from `{url}`, so nothing of it was vendored");
    let hint = "if code asks for it by a name that it computes, list those files one by one in the import map; else remove the entry";
    Notice::new("unused-folder", message).hint(hint.to_owned())
}

/// A file that browsers refuse where it is imported fails the run, unless it may never be imported.
fn wrong_types(site: &SiteUrls, resolution: &Resolution) -> Findings {
    let mut findings = Findings::default();
    for request in &resolution.wrong_type {
        let Some(reached) = resolution.reached.get(request) else { continue };
        let notice = wrong_type(site, &request.url).used_at(resolution.places(&request.url));
        match reached.reach {
            Reach::Static => findings.problems.push(notice.of_site()),
            Reach::Lazy => findings.warnings.push(notice),
        }
    }
    findings
}

fn wrong_type(site: &SiteUrls, url: &SubresourceUrl) -> Notice {
    let message = format!("`{}` is not of the type that it is imported as", site.name(url));
    let hint = "browsers refuse it as well: correct the import, or its `type`";
    Notice::new("wrong-module-type", message).hint(hint.to_owned())
}

/// Loads whose address the script computes.
fn computed_addresses(request: &Request, module: &Module) -> Option<Notice> {
    let url = &request.url;
    let lines = module.loads.computed.iter();
    let lines: BTreeMap<_, _> = lines.map(|load| (load.consequence(), load.line)).rev().collect();
    let first = lines.values().min()?;
    let message = match module.loads.computed.len() {
        1 => format!("`{url}` computes the address of something it loads"),
        many => format!("`{url}` computes the addresses of {many} things it loads"),
    };
    let mut notice = Notice::new("unfollowed", message);
    for (consequence, line) in &lines {
        notice = notice.detail("line", format!("{line}: {consequence}"));
    }
    Some(notice.used_by([import(url.as_str(), *first)]).hint(
        "try the page with the network off; what is missing can be listed in an import map, or the module kept external with a rule"
            .to_owned(),
    ))
}

/// Workers and worklets by an address elsewhere.
fn foreign_workers(site: &SiteUrls, request: &Request, module: &Module) -> Option<Notice> {
    let foreign = |specifier| foreign_worker(site, specifier);
    let workers: Vec<_> = module.loads.specifiers.iter().filter_map(foreign).collect();
    let (first, _) = workers.first()?;
    let name = site.name(&request.url);
    let message = format!("`{name}` names a worker by an address elsewhere: it was not vendored");
    let mut notice = Notice::new("foreign-worker", message);
    for (line, what) in workers.iter().take(SHOWN) {
        notice = notice.detail("line", format!("{line}: {what}"));
    }
    let hint =
        "if the worker is needed, put its script into the site and its address there into the code";
    Some(notice.used_by([import(name, *first)]).hint(hint.to_owned()))
}

/// The line that names a worker or worklet by an address elsewhere, and what browsers do about it.
fn foreign_worker(site: &SiteUrls, specifier: &Specifier) -> Option<(usize, String)> {
    let url = closure::foreign_worker(specifier, site.root())?;
    let consequence = match specifier.form {
        Form::Worklet => "it is still loaded from there",
        _ => "browsers start no worker from another origin",
    };
    Some((specifier.line, format!("`{url}`: {consequence}")))
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
    Some(notice.used_by([import(request.url.as_str(), *first)]).hint(
        "look for a setting of the library that names another place, and host those files yourself"
            .to_owned(),
    ))
}

/// The file that a sign points at, unless it is most likely documentation.
fn file(sign: &Sign) -> Option<String> {
    let (url, kind) = named_file(sign)?;
    Some(format!("`{url}` ({kind})"))
}
