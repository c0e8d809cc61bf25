//! Files of the site that were not looked at: links, and modules that are missing.

use std::path::PathBuf;

use crate::{
    findings::Notice,
    graph::closure::{Request, Use},
    resolve::resolver::Resolution,
    site,
    site_urls::SiteUrls,
};

/// Links that look like pages or folders.
pub fn links(links: &[PathBuf]) -> Vec<Notice> {
    let notice = |link: &PathBuf| {
        let message = format!("`{}` is a link, which was not followed", site::page_name(link));
        let hint = "pages behind it were not looked at; give their real folder as SITE";
        Notice::new("link", message).hint(hint.to_owned())
    };
    links.iter().map(notice).collect()
}

/// Pages may have been scanned elsewhere; the modules of the site have to be here.
pub fn missing_modules(site: &SiteUrls, resolution: &Resolution) -> Vec<Notice> {
    let is_own_module =
        |request: &&Request| matches!(request.r#use, Use::Module(_)) && site.is_own(&request.url);
    let missing = resolution.graphs.left().filter(is_own_module);
    let names = missing.filter_map(|request| site.file_path(&request.url));
    names.map(|name| missing_module(&name)).collect()
}

fn missing_module(name: &str) -> Notice {
    let message = format!("pages load the site's own module `{name}`, which is not in SITE");
    let hint = "put the site's own scripts there first: what they import is to be vendored too";
    Notice::new("missing-module", message).hint(hint.to_owned())
}
