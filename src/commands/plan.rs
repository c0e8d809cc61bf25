//! What the commands have in common that look at a whole site: everything is read, decided and followed.

use crate::{
    error::RunError,
    findings::Notice,
    graph::{
        closure::{Entry, Reach, Request, Use},
        document::Start,
    },
    notices::links::missing_modules,
    read::{baseline::Baseline, pages::Pages},
    resolve::{
        drive::{Depth, drive},
        resolver::{LockedBytes, Resolver, Rules},
        source::Disk,
    },
    settings::{Mode, Settings},
    site,
};

/// Decides what becomes of everything that `pages` ask for, and follows it without downloading anything.
pub(super) fn plan<'a>(
    settings: &'a Settings,
    base: &'a Baseline,
    pages: &'a Pages,
    mode: Mode,
) -> Result<(Resolver<'a>, Vec<Notice>), RunError> {
    let rules = Rules { policy: &settings.policy, mode, locked_bytes: LockedBytes::All };
    let mut resolver = Resolver::new(base, pages, rules);
    for start in pages.starts.keys() {
        resolver.begin(start.clone());
    }
    if settings.scan_js {
        resolver.begin(start_of_scripts(base, pages));
    }
    drive(&mut resolver, &Disk::new(settings, base), Depth::Plan)?;
    let warnings = match settings.from_scan.is_empty() {
        true => Vec::new(),
        false => missing_modules(&base.site, resolver.resolution()),
    };
    Ok((resolver, warnings))
}

/// Reads the site's scripts as if some page loaded each of them, with no import map.
fn start_of_scripts(base: &Baseline, pages: &Pages) -> Start {
    let entry = |path: &std::path::PathBuf| {
        let url = base.site.of_file(&site::page_name(path))?;
        let request = Request { url, r#use: Use::Asset };
        Some(Entry { request, reach: Reach::Lazy, by_code: true })
    };
    let scripts = pages.others.scripts.iter();
    Start { entries: scripts.filter_map(entry).collect(), ..Start::default() }
}
