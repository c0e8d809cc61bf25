//! Which pages a path pattern of a `_headers` file reaches.
//!
//! Follows what Netlify and Cloudflare Pages document: `*` stands for anything, `:name` for what is
//! between two slashes, a rule for a whole URL counts by its path. Where the two differ (letter case,
//! a slash at the end) the wider reading is taken: a policy too many is looked at, none is missed.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::Regex;

static WILDCARD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\*|:[A-Za-z]\w*").expect("the expression is a valid one"));

/// A rule's path pattern.
#[derive(Clone, Debug)]
pub(super) struct PathPattern {
    /// `None` for one that is too long to be a pattern: no host takes it.
    regex: Option<Regex>,
    /// What stands before the first wildcard, if there is one.
    stem: Option<String>,
}

impl PathPattern {
    /// Reads a path, or a URL.
    pub fn parse(text: &str) -> Self {
        let path = match text.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => text,
        };
        let path = decoded(path);
        let stem = WILDCARD.find(&path).map(|first| path[..first.start()].to_owned());
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(segment_regex);
        let regex = format!("(?is)^{}/?$", segments.collect::<String>());
        Self { regex: Regex::new(&regex).ok(), stem }
    }

    pub fn matches(&self, path: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(path))
    }

    /// Whether some path below `folder` could match by a wildcard.
    fn reaches_below(&self, folder: &str) -> bool {
        self.regex.is_some()
            && self.stem.as_deref().is_some_and(|stem| {
                starts_with_ignoring_case(stem, folder) || starts_with_ignoring_case(folder, stem)
            })
    }
}

/// A pattern's segment with the slash before it. A `*` that is all of it may be nothing at all.
fn segment_regex(segment: &str) -> String {
    if segment == "*" {
        return "(?:/.*)?".to_owned();
    }
    let mut regex = "/".to_owned();
    let mut done = 0;
    for wildcard in WILDCARD.find_iter(segment) {
        regex.push_str(&regex::escape(&segment[done..wildcard.start()]));
        regex.push_str(if wildcard.as_str() == "*" { ".*" } else { "[^/]+" });
        done = wildcard.end();
    }
    regex.push_str(&regex::escape(&segment[done..]));
    regex
}

/// The paths that one page is served at.
pub(super) struct PagePath {
    spellings: Vec<String>,
    /// Where a page for missing files may turn up: anywhere below this folder.
    below: Option<String>,
}

impl PagePath {
    /// `path` is the page's URL path below the site's root. `/docs/index.html` is also `/docs/` and
    /// `/docs`, `/a.html` is also `/a`.
    pub fn of(path: &str) -> Self {
        let path = format!("/{}", decoded(path.trim_start_matches('/')));
        let folder = &path[..=path.rfind('/').unwrap_or(0)];
        let short = match path.strip_suffix("/index.html") {
            Some(folder) => Some(format!("{folder}/")),
            None => path.strip_suffix(".html").map(str::to_owned),
        };
        let below = path.ends_with("/404.html").then(|| folder.to_owned());
        Self { spellings: short.into_iter().chain([path]).collect(), below }
    }

    /// Whether `applied` reaches the page under a spelling that none of `detached` reaches.
    pub fn is_under(&self, applied: &PathPattern, detached: &[&PathPattern]) -> bool {
        let reaches = |path: &String| {
            applied.matches(path) && !detached.iter().any(|pattern| pattern.matches(path))
        };
        self.spellings.iter().any(reaches)
            || self.below.as_deref().is_some_and(|folder| applied.reaches_below(folder))
    }
}

fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.to_lowercase().starts_with(&prefix.to_lowercase())
}
