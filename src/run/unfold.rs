//! The module graphs, followed from file to file as far as site, lockfile, cache and the downloads so
//! far know them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use rayon::prelude::*;

use super::{
    RunError,
    survey::{Survey, vendor_path},
};
use crate::{
    fetch::Wanted,
    findings,
    findings::Keep,
    graph::{
        closure::{Module, Reach, Reached, Referrer, Request, Use},
        graphs::Known,
    },
    js::{Loads, ModuleType, ParseFailure},
    obtain::Obtained,
    plan::Action,
    reference::{self, SubresourceUrl},
    settings::Settings,
    site,
    store::Cached,
    vendor_path::Extension,
};

/// A file of a graph: its bytes, and what decides how they are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    /// The URL that specifiers in it are relative to.
    pub response_url: &'a SubresourceUrl,
    /// The MIME type's essence.
    pub media_type: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
}

impl<'a> File<'a> {
    /// What was downloaded from `url`.
    pub fn of(url: &'a SubresourceUrl, obtained: &'a Obtained) -> Self {
        Self {
            response_url: obtained.final_url.as_ref().unwrap_or(url),
            media_type: &obtained.media_type,
            bytes: &obtained.bytes,
        }
    }
}

/// What reading a file came to.
#[derive(Debug)]
pub(crate) enum Read {
    /// It was found.
    Known(Known),
    /// It was found, and is no script that could be read; what it loads is not known.
    Unparsed(Module, ParseFailure),
    /// It is of a type that browsers do not take for what it is used as.
    Unfit,
}

impl Survey {
    /// Follows the graphs until only what is to be downloaded stands in the way; decides about
    /// every URL on the way.
    pub(super) fn unfold(&mut self, settings: &Settings) -> Result<(), RunError> {
        loop {
            let frontier = self.graphs.frontier();
            self.ask_for(settings, &frontier)?;
            self.waiting.clear();
            for request in frontier.keys() {
                let uses = self.waiting.entry(request.url.clone()).or_default();
                uses.insert(request.r#use.clone());
            }
            let mut read = Vec::new();
            let mut unread = Vec::new();
            for request in frontier.into_keys() {
                match self.arrived.remove(&request) {
                    Some(arrived) => read.push((arrived, request)),
                    None => unread.push(request),
                }
            }
            let find = |request| Some((self.find(settings, &request)?, request));
            read.par_extend(unread.into_par_iter().filter_map(find));
            if read.is_empty() {
                return Ok(());
            }
            for (read, request) in read {
                self.take_note(request, read);
            }
        }
    }

    /// Takes in what reading a file came to.
    fn take_note(&mut self, request: Request, read: Read) {
        let known = match read {
            Read::Known(known) => known,
            Read::Unparsed(module, failure) => {
                self.unparsed.insert(request.url.clone(), failure);
                Known::Module(module)
            }
            Read::Unfit => {
                self.unfit.insert(request.clone());
                Known::Left
            }
        };
        self.graphs.learn(request, known);
    }

    /// How every URL is reached: the most urgent way counts.
    pub(super) fn reach_of_urls(&self) -> BTreeMap<SubresourceUrl, Reach> {
        let mut reach = BTreeMap::new();
        for (request, reached) in self.graphs.reached() {
            let known = reach.entry(request.url).or_insert(reached.reach);
            *known = reached.reach.min(*known);
        }
        reach
    }

    /// Decides about what is asked for the first time.
    pub(super) fn ask_for(
        &mut self,
        settings: &Settings,
        frontier: &BTreeMap<Request, Reached>,
    ) -> Result<(), RunError> {
        let mut new = BTreeSet::new();
        for (request, reached) in frontier {
            let url = &request.url;
            if self.is_own(url) || self.plan.actions.contains_key(url) && !self.is_unloaded(url) {
                continue;
            }
            let demand = self.inventory.demands.entry(url.clone()).or_default();
            if let (Referrer::File(by), line) = &reached.by {
                demand.imports.add(import(&by.url, *line), Keep::All);
            }
            if let Some(declared) = self.inventory.map_integrity.get(url) {
                demand.declared.extend(declared.clone());
            }
            new.insert(url.clone());
        }
        self.decide(settings, new)
    }

    /// Whether so far only a preload names it.
    fn is_unloaded(&self, url: &SubresourceUrl) -> bool {
        self.inventory.demands.get(url).is_some_and(|demand| !demand.is_loaded())
    }

    /// Whether a URL is the site's own.
    pub(super) fn is_own(&self, url: &SubresourceUrl) -> bool {
        reference::is_same_origin(url.as_url(), &self.root)
    }

    /// What is known of a request; `None` if it is still to be downloaded.
    fn find(&self, settings: &Settings, request: &Request) -> Option<Read> {
        let left = Some(Read::Known(Known::Left));
        if self.is_own(&request.url) {
            let Some((path, bytes)) = self.own_file(settings, &request.url) else { return left };
            let media_type = media_type_of(&path);
            let response_url = &request.url;
            return Some(read(request, File { response_url, media_type, bytes: &bytes }));
        }
        match self.plan.actions.get(&request.url) {
            Some(Action::Reuse(_) | Action::Fetch(_)) if self.failed.contains_key(&request.url) => {
                left
            }
            Some(Action::Reuse(_) | Action::Fetch(_)) => {
                self.file(&request.url).map(|file| read(request, file))
            }
            Some(
                Action::Leave(_) | Action::Refuse(_) | Action::Replace { .. } | Action::Remove(_),
            )
            | None => left,
        }
    }

    /// A vendored file, if its bytes are there.
    pub(super) fn file<'a>(&'a self, url: &'a SubresourceUrl) -> Option<File<'a>> {
        if let Some(obtained) = self.fetched.get(url) {
            return Some(File::of(url, obtained));
        }
        let (entry, bytes) = (self.lock.get(url)?, self.cached.get(url)?);
        let response_url = entry.final_url.as_ref().unwrap_or(url);
        Some(File { response_url, media_type: &entry.media_type, bytes })
    }

    /// A file of the site, with its path below the site's root.
    fn own_file(&self, settings: &Settings, url: &SubresourceUrl) -> Option<(String, Vec<u8>)> {
        let path = self.own_path(url)?;
        let file: PathBuf = path.split('/').collect();
        if let Some(site) = settings.own_site()
            && let Ok(Some(bytes)) = site::read_own(site, &file)
        {
            return Some((path, bytes));
        }
        // A vendored file that was lost is put back from the cache.
        let vendored = vendor_path(&path, &settings.out)?;
        let (_, entry) = self.lock.iter().find(|(_, entry)| entry.path == vendored)?;
        match self.cache.lookup(entry) {
            Ok(Cached::Present(bytes)) => Some((path, bytes)),
            _ => None,
        }
    }

    /// The path of a file of the site below its root, as part of a URL.
    pub(crate) fn own_url_path(&self, url: &SubresourceUrl) -> Option<String> {
        let path = url.as_url().path().strip_prefix(self.root.path())?;
        self.is_own(url).then(|| path.to_owned())
    }

    /// The path of a file of the site below its root, decoded.
    pub(super) fn own_path(&self, url: &SubresourceUrl) -> Option<String> {
        let path = self.own_url_path(url)?;
        let path = percent_encoding::percent_decode_str(&path).decode_utf8().ok()?;
        let is_file =
            !path.is_empty() && path.split('/').all(|name| !matches!(name, "" | "." | ".."));
        is_file.then(|| path.into_owned())
    }
}

/// Reads a file as what it is used as.
pub(super) fn read(request: &Request, file: File<'_>) -> Read {
    let response_url = file.response_url.as_url().clone();
    let module = |loads| Module { response_url, loads };
    let extension = Extension::of_media_type(file.media_type);
    match (&request.r#use, extension) {
        (Use::Module(ModuleType::Json), Extension::Json)
        | (Use::Module(ModuleType::Css), Extension::Css)
        | (
            Use::Module(ModuleType::JavaScriptOrWasm),
            Extension::Js | Extension::Plain | Extension::Wasm,
        )
        | (Use::Module(ModuleType::Other(_) | ModuleType::Unknown) | Use::Asset, _)
        | (Use::Classic | Use::Worker(_), Extension::Js | Extension::Plain) => {}
        _ => return Read::Unfit,
    }
    if !extension.may_be_script() {
        return Read::Known(Known::Module(module(Loads::default())));
    }
    match request.r#use.scan(file.bytes) {
        Ok(scan) => Read::Known(Known::Module(module(scan.loads))),
        Err(failure) => Read::Unparsed(module(Loads::default()), failure),
    }
}

/// What an answer must be to serve as what it is used as.
pub(super) fn wanted(r#use: &Use) -> Wanted {
    match r#use {
        Use::Module(ModuleType::JavaScriptOrWasm) => Wanted::Module,
        Use::Module(ModuleType::Json) => Wanted::Json,
        Use::Module(ModuleType::Css) => Wanted::Css,
        Use::Module(ModuleType::Other(_) | ModuleType::Unknown) | Use::Asset => Wanted::Asset,
        Use::Classic | Use::Worker(_) => Wanted::Script,
    }
}

/// A place in a script, as the report names it.
pub(crate) fn import(by: &SubresourceUrl, line: usize) -> findings::Use {
    findings::Use { page: Arc::from(script_name(by)), line, column: 0, tag: "import".into() }
}

/// A script, as the report names it: files of a site without a known URL by their path.
pub(super) fn script_name(url: &SubresourceUrl) -> &str {
    match reference::is_unknown_origin(url.as_url()) {
        true => url.as_url().path().trim_start_matches('/'),
        false => url.as_str(),
    }
}

/// The type a server would send for a file of the site.
fn media_type_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "json" => "application/json",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "js" | "mjs" | "cjs" => "text/javascript",
        _ => "application/octet-stream",
    }
}
