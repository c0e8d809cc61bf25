//! What pages ask for, written down: one JSON object a line, so that scans of parts of a site merge by
//! concatenation.
//!
//! A plan made from scans is the one that reading all pages would give: everything that decides is written,
//! and of the places that ask for the same thing only the first few.

#![allow(clippy::disallowed_methods, reason = "reads the scans that are named")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::{
    pages::Pages,
    url_uses::{LocalUse, UrlUses},
};
use crate::{
    findings::{Fault, Findings, Keep, Notice, Places, Problem, Use, say_once},
    graph::document::Start,
    integrity::IntegrityMetadata,
    reference::SubresourceUrl,
    settings::Settings,
};

/// The version of what is written.
const VERSION: u32 = 1;
/// How many different warnings and problems are kept of a stream of records.
const MANY: usize = 1000;
/// What keeps a page from being read: found while scanning, and nowhere else.
const CODES: [&str; 4] = ["unreadable-page", "unreadable-markup", "foreign-base", "bad-record"];

/// Scans that cannot be used.
#[derive(Debug, Error)]
pub enum ScansError {
    /// A file that cannot be read.
    #[error("cannot read the scan `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that `scan` did not write.
    #[error("line {line} of `{}` is not of a scan", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A file that was not written by `scan --format json`, or not to its end.
    #[error("`{}` is no scan, or not a whole one", .0.display())]
    NoScan(PathBuf),
    /// A scan by another version of Inhouse.
    #[error("`{}` is a scan of version {version}, and this is Inhouse for version {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A scan with other settings, which would mean other things by the same addresses.
    #[error("`{}` was made with {name} = {scanned}, and not {wanted}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The setting.
        name: &'static str,
        /// What it was.
        scanned: String,
        /// What it is.
        wanted: String,
    },
}

impl ScansError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the path and the permissions",
            Self::Line { .. } | Self::NoScan(_) => {
                "make it with `inhouse scan SITE --format json` or `inhouse scan --batch`"
            }
            Self::Version { .. } => "scan again with the same version of Inhouse",
            Self::Settings { .. } => "scan again with the settings that you vendor with",
        }
    }
}

/// What decides which addresses are the site's own.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Header {
    version: u32,
    pages: usize,
    out: String,
    site_url: Option<Url>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Written<'a> {
    Scan(Header),
    #[serde(rename = "demand")]
    Url {
        url: &'a SubresourceUrl,
        #[serde(flatten)]
        uses: UrlUses,
    },
    Start {
        start: &'a Start,
        place: &'a Use,
    },
    Folder {
        url: &'a Url,
        place: &'a Use,
    },
    MapIntegrity {
        url: &'a SubresourceUrl,
        integrity: &'a IntegrityMetadata,
        uses: Places,
    },
    Local {
        #[serde(flatten)]
        local: &'a LocalUse,
        places: Places,
    },
    Policy {
        policy: &'a str,
        place: &'a Use,
    },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Read {
    Scan(Header),
    #[serde(rename = "demand")]
    Url {
        url: SubresourceUrl,
        #[serde(flatten)]
        uses: Box<UrlUses>,
    },
    Start {
        start: Start,
        place: Use,
    },
    Folder {
        url: Url,
        place: Use,
    },
    MapIntegrity {
        url: SubresourceUrl,
        integrity: IntegrityMetadata,
        uses: Places,
    },
    Local {
        #[serde(flatten)]
        local: LocalUse,
        places: Places,
    },
    Policy {
        policy: String,
        place: Use,
    },
    Problem(ScannedProblem),
    Summary {},
    /// What is for people, and what the plan will find out by itself.
    #[serde(other)]
    Other,
}

/// A problem of a scan.
#[derive(Deserialize)]
struct ScannedProblem {
    fault: Fault,
    code: String,
    message: String,
    #[serde(default)]
    details: Vec<ScannedDetail>,
    #[serde(default)]
    uses: Vec<Use>,
    hint: Option<String>,
}

#[derive(Deserialize)]
struct ScannedDetail {
    text: String,
}

/// What `pages` says of the pages, a line each.
pub fn lines(settings: &Settings, pages: &Pages) -> Vec<String> {
    let header = Header {
        version: VERSION,
        pages: pages.count,
        out: settings.out.clone(),
        site_url: settings.site_url.clone(),
    };
    let urls = pages.urls.iter().filter(|(_, uses)| uses.is_named_by_page());
    let urls = urls.map(|(url, uses)| Written::Url { url, uses: few_uses(uses.clone()) });
    let starts = pages.starts.iter().map(|(start, place)| Written::Start { start, place });
    let folders = pages.folders.iter().map(|(url, place)| Written::Folder { url, place });
    let by_maps = pages.map_integrity.iter().flat_map(|(url, declared)| {
        declared.iter().map(move |(integrity, uses)| Written::MapIntegrity {
            url,
            integrity,
            uses: few(uses),
        })
    });
    let locals = first_of_each(&pages.vendored).into_iter();
    let locals = locals.map(|(local, places)| Written::Local { local, places: few(places) });
    let policies = pages.policies.iter();
    let policies = policies.map(|(policy, place)| Written::Policy { policy, place });
    let lines = std::iter::once(Written::Scan(header))
        .chain(urls)
        .chain(starts)
        .chain(folders)
        .chain(by_maps)
        .chain(locals)
        .chain(policies);
    lines.map(|line| serde_json::to_string(&line).expect("these values are JSON")).collect()
}

/// Reads scans, and merges them.
///
/// # Errors
/// [`ScansError`] names the file.
pub fn read(settings: &Settings, paths: &[PathBuf]) -> Result<(Pages, Findings), ScansError> {
    let mut merged = Pages::default();
    let mut findings = Findings::default();
    for path in paths {
        read_one(settings, path, &mut merged, &mut findings)?;
        thin(&mut merged);
        thin_findings(&mut findings);
    }
    merged.declare_by_maps();
    Ok((merged, findings))
}

fn read_one(
    settings: &Settings,
    path: &Path,
    merged: &mut Pages,
    findings: &mut Findings,
) -> Result<(), ScansError> {
    let failed = |source| ScansError::Read { path: path.to_owned(), source };
    let (mut scans, mut summaries) = (0, 0);
    let file = BufReader::new(File::open(path).map_err(failed)?);
    for (index, line) in file.lines().enumerate() {
        let line = line.map_err(failed)?;
        let refuse = |source| ScansError::Line { path: path.to_owned(), line: index + 1, source };
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(&line).map_err(refuse)? {
            Read::Scan(header) => {
                scans += 1;
                header.check_settings(settings, path)?;
                merged.count += header.pages;
            }
            Read::Summary {} => summaries += 1,
            Read::Problem(problem) => findings.problems.extend(problem.problem()),
            line => line.add_to(merged),
        }
    }
    if scans == 0 || scans != summaries {
        return Err(ScansError::NoScan(path.to_owned()));
    }
    Ok(())
}

impl Header {
    fn check_settings(&self, settings: &Settings, path: &Path) -> Result<(), ScansError> {
        let url = |url: &Option<Url>| url.as_ref().map_or("none".to_owned(), Url::to_string);
        let other = |name, scanned, wanted| {
            Err(ScansError::Settings { path: path.to_owned(), name, scanned, wanted })
        };
        if self.version != VERSION {
            return Err(ScansError::Version { path: path.to_owned(), version: self.version });
        }
        if self.out != settings.out {
            return other("out", self.out.clone(), settings.out.clone());
        }
        if self.site_url != settings.site_url {
            return other("site-url", url(&self.site_url), url(&settings.site_url));
        }
        Ok(())
    }
}

impl Read {
    fn add_to(self, merged: &mut Pages) {
        match self {
            Self::Url { url, uses } => {
                merged.urls.entry(url).or_default().merge(*uses, Keep::All);
            }
            Self::Start { start, place } => drop(merged.starts.entry(start).or_insert(place)),
            Self::Folder { url, place } => drop(merged.folders.entry(url).or_insert(place)),
            Self::MapIntegrity { url, integrity, uses } => {
                let declared = merged.map_integrity.entry(url).or_default();
                declared.entry(integrity).or_default().merge(uses, Keep::All);
            }
            Self::Local { local, places } => {
                merged.vendored.entry(local).or_default().merge(places, Keep::All);
            }
            Self::Policy { policy, place } => {
                merged.policies.entry(policy).or_insert(place);
            }
            Self::Scan(_) | Self::Problem(_) | Self::Summary {} | Self::Other => {}
        }
    }
}

impl ScannedProblem {
    /// The problem, if it is not one of a plan.
    fn problem(self) -> Option<Problem> {
        let code = CODES.into_iter().find(|code| *code == self.code)?;
        let notice = Notice::new(code, self.message);
        let notice =
            self.details.into_iter().fold(notice, |notice, fact| notice.detail("cause", fact.text));
        let notice = notice.used_by(self.uses).hint(self.hint);
        Some(match self.fault {
            Fault::Site => notice.of_site(),
            Fault::Tool => notice.of_tool(),
        })
    }
}

/// Drops all but what decides and a few places, so that memory does not grow with the number of pages.
pub fn thin(pages: &mut Pages) {
    pages.edits.clear();
    pages.module_pages.clear();
    for uses in pages.urls.values_mut() {
        *uses = few_uses(std::mem::take(uses));
    }
    for uses in pages.map_integrity.values_mut().flat_map(|declared| declared.values_mut()) {
        uses.thin();
    }
    let locals = first_of_each(&pages.vendored).into_iter();
    let locals = locals.map(|(local, places)| (local.clone(), few(places)));
    pages.vendored = locals.collect();
}

/// Drops all but the first of the warnings and problems, and most of their places.
pub fn thin_findings(findings: &mut Findings) {
    findings.warnings = say_once(std::mem::take(&mut findings.warnings));
    findings.warnings.truncate(MANY);
    for warning in &mut findings.warnings {
        warning.uses.thin();
    }
    findings.problems.truncate(MANY);
}

fn few_uses(mut uses: UrlUses) -> UrlUses {
    uses.places_mut().for_each(Places::thin);
    uses
}

fn few(places: &Places) -> Places {
    let mut few = places.clone();
    few.thin();
    few
}

/// One use of each vendored file.
fn first_of_each(uses: &BTreeMap<LocalUse, Places>) -> Vec<(&LocalUse, &Places)> {
    let mut seen = BTreeSet::new();
    uses.iter().filter(|(local, _)| seen.insert(&local.path)).collect()
}
