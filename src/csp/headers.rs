//! A `_headers` file (Netlify, Cloudflare Pages): which policy governs which pages, and its edits.
//!
//! A rule is a line with a path pattern and the `Name: value` lines below it; indentation means
//! nothing to the hosts, `#` starts a comment. All rules that reach a page apply; `! Name` takes away
//! what rules further up have set. Values are edited by span, so that everything else stays.

use std::{collections::BTreeSet, ops::Range};

use super::{
    follow::{InlineChange, Outcome, splice},
    policy::{Disposition, PolicyList},
    source::pieces,
    url_path::{PagePath, PathPattern},
};

/// The longest line, in characters, that Cloudflare reads; it skips longer ones without a word.
pub const LONGEST_LINE: usize = 2000;

/// The headers of a `_headers` file that concern scripts.
#[derive(Clone, Debug, Default)]
pub struct SiteHeaders {
    text: String,
    rules: Vec<PathPattern>,
    detached: Vec<Detached>,
    /// The policies, in the order of the file.
    pub policies: Vec<HeaderPolicy>,
    /// Whether `Integrity-Policy` asks for integrity on scripts, and with it for CORS.
    pub integrity_policy: bool,
}

/// One `Content-Security-Policy` or `Content-Security-Policy-Report-Only` line.
#[derive(Clone, Debug)]
pub struct HeaderPolicy {
    /// The path pattern it is under, as written.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by tests"))]
    pub pattern: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The header's value.
    pub list: PolicyList,
    span: Range<usize>,
    line_length: usize,
    rule: usize,
}

/// Where a header line stands.
struct Place<'a> {
    rule: usize,
    pattern: &'a str,
    /// Counted from 1.
    line: usize,
}

/// A `! Name` line.
#[derive(Clone, Debug)]
struct Detached {
    rule: usize,
    disposition: Disposition,
}

/// The inline scripts of one page. Every page of the site counts, also those without changes: what
/// stays on them keeps its hash.
#[derive(Clone, Debug, Default)]
pub struct PageScripts<'a> {
    /// The page's URL path below the site's root, file name included: `/docs/index.html`.
    pub url_path: &'a str,
    /// What is edited or inserted.
    pub changes: Vec<InlineChange<'a>>,
    /// The texts of the inline scripts that stay as they are.
    pub staying: Vec<&'a str>,
}

/// A `_headers` file that has followed the site's scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadersFollowed {
    /// The new text; the same as before if there was nothing to follow.
    pub text: String,
    /// What every policy makes of every change on the pages it governs.
    pub outcomes: Vec<HeaderOutcome>,
    /// The policies whose line has grown past [`LONGEST_LINE`], as indices.
    pub overlong: Vec<usize>,
}

/// What one policy of the file makes of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderOutcome {
    /// The policy, as an index into [`SiteHeaders::policies`].
    pub policy: usize,
    /// The page, as an index into those given.
    pub page: usize,
    /// The change, as an index into the page's.
    pub change: usize,
    /// What the policy makes of it.
    pub outcome: Outcome,
}

/// Reads a `_headers` file. What is to be written back must not have been decoded lossily.
pub fn site_headers(text: &str) -> SiteHeaders {
    let mut headers = SiteHeaders { text: text.to_owned(), ..SiteHeaders::default() };
    let mut pattern = "";
    for (index, (at, line)) in pieces(text, 0, |c| c == '\n').enumerate() {
        let (at, line) = trimmed(at, line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if is_path(line) {
            pattern = line;
            headers.rules.push(PathPattern::parse(line));
        } else if let Some(rule) = headers.rules.len().checked_sub(1) {
            headers.read_header(at, line, Place { rule, pattern, line: index + 1 });
        }
    }
    headers
}

impl SiteHeaders {
    /// Reads a line below a path.
    fn read_header(&mut self, at: usize, line: &str, place: Place<'_>) {
        let Some((name, value)) = line.split_once(':') else {
            let name = line.strip_prefix("! ").unwrap_or_default();
            let detached = |disposition| Detached { rule: place.rule, disposition };
            self.detached.extend(disposition(name).map(detached));
            return;
        };
        let (at, value) = trimmed(at + name.len() + 1, value);
        if let Some(disposition) = disposition(name) {
            self.policies.push(HeaderPolicy {
                pattern: place.pattern.to_owned(),
                line: place.line,
                list: PolicyList::of_header(value, disposition),
                span: at..at + value.len(),
                line_length: line.chars().count(),
                rule: place.rule,
            });
        } else if name.trim().eq_ignore_ascii_case("integrity-policy") {
            self.integrity_policy |= value.contains("script");
        }
    }

    /// Whether `policy`, one of this file's, applies to the page at `url_path` (`/docs/index.html`)
    /// under any of the addresses it is served at. A page `404.html` stands for every missing path.
    #[cfg(test)]
    pub fn applies(&self, policy: &HeaderPolicy, url_path: &str) -> bool {
        self.governs(policy, &PagePath::of(url_path))
    }

    fn governs(&self, policy: &HeaderPolicy, page: &PagePath) -> bool {
        let later = self.detached.iter().filter(|detached| {
            detached.rule > policy.rule && detached.disposition == policy.list.disposition()
        });
        let detached: Vec<_> = later.map(|detached| &self.rules[detached.rule]).collect();
        page.is_under(&self.rules[policy.rule], &detached)
    }

    /// Lets every policy follow the changes on the pages that it governs.
    pub fn follow(&self, pages: &[PageScripts<'_>]) -> HeadersFollowed {
        let paths: Vec<_> = pages.iter().map(|page| PagePath::of(page.url_path)).collect();
        let mut followed =
            HeadersFollowed { text: String::new(), outcomes: Vec::new(), overlong: Vec::new() };
        let mut values = Vec::new();
        for (index, policy) in self.policies.iter().enumerate() {
            let governed = (0..pages.len()).filter(|page| self.governs(policy, &paths[*page]));
            let value = policy.follow(index, pages, governed.collect(), &mut followed.outcomes);
            if policy.outgrows(&value) {
                followed.overlong.push(index);
            }
            values.push((index, value));
        }
        followed.text = self.apply(values);
        followed
    }

    /// The file's text with new values for policies, by index; each at most once.
    pub fn apply(&self, values: impl IntoIterator<Item = (usize, String)>) -> String {
        let edit = |(index, value): (usize, String)| {
            self.policies.get(index).map(|policy| (policy.span.clone(), value))
        };
        splice(&self.text, values.into_iter().filter_map(edit).collect())
    }
}

impl HeaderPolicy {
    /// The new value after the changes on the `governed` pages.
    fn follow(
        &self,
        index: usize,
        pages: &[PageScripts<'_>],
        governed: Vec<usize>,
        outcomes: &mut Vec<HeaderOutcome>,
    ) -> String {
        let staying = governed.iter().flat_map(|page| pages[*page].staying.iter().copied());
        let numbered = governed.iter().flat_map(|page| {
            pages[*page]
                .changes
                .iter()
                .enumerate()
                .map(move |(index, change)| (*page, index, *change))
        });
        let numbered: Vec<_> = numbered.collect();
        let changes: Vec<_> = numbered.iter().map(|(_, _, change)| *change).collect();
        let followed = self.list.follow(&changes, &staying.collect::<BTreeSet<_>>());
        outcomes.extend(followed.outcomes.into_iter().map(|of_change| {
            let (page, change, _) = numbered[of_change.change];
            HeaderOutcome { policy: index, page, change, outcome: of_change.outcome }
        }));
        followed.text
    }

    fn outgrows(&self, value: &str) -> bool {
        let before = self.list.as_str();
        let length = self.line_length - before.chars().count() + value.chars().count();
        length > LONGEST_LINE && self.line_length <= LONGEST_LINE
    }
}

fn disposition(name: &str) -> Option<Disposition> {
    match name.trim().to_ascii_lowercase().as_str() {
        "content-security-policy" => Some(Disposition::Enforce),
        "content-security-policy-report-only" => Some(Disposition::Report),
        _ => None,
    }
}

/// Cloudflare takes whole URLs too. A header's name never looks like that: its colon comes first.
fn is_path(line: &str) -> bool {
    let is_scheme = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic());
    line.starts_with('/') || line.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// `text` at `at` without white space around it, nor a byte order mark.
fn trimmed(at: usize, text: &str) -> (usize, &str) {
    let is_blank = |c: char| c.is_whitespace() || c == '\u{FEFF}';
    let rest = text.trim_start_matches(is_blank);
    (at + text.len() - rest.len(), rest.trim_end_matches(is_blank))
}
