//! URL patterns: what people write in rules, `include` and `exclude`.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use regex::Regex;
use thiserror::Error;
use url::Host;

use crate::reference::SubresourceUrl;

/// What the URL Standard escapes ("special-query percent-encode set"), so that patterns can be
/// written as browsers show URLs.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\'');
/// The "path percent-encode set".
const PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// A pattern that URLs match or do not.
///
/// * `cdn.example.com`: everything on that host; `*.example.com`: on its subdomains.
/// * `cdn.example.com/lib/`: everything below; `cdn.example.com/lib*.js`: `*` stands for any run of
///   characters, `/` included, as in browser extensions and `robots.txt` (`**` says the same).
/// * A scheme may stand in front and is not compared. A port is compared if there is one, a query
///   likewise; without, any port and any query match.
/// * In the host, a `*` never reaches beyond it. Hosts ignore case, paths do not.
#[derive(Clone, Debug)]
pub struct UrlPattern {
    text: String,
    regex: Regex,
    with_port: bool,
    with_query: bool,
    specificity: usize,
}

/// Text that is not a URL pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("pattern `{pattern}` {problem}")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A URL taken apart once, to be compared with many patterns.
pub(super) struct Address<'a> {
    pub url: &'a SubresourceUrl,
    /// Lower-case, without a final dot.
    pub host: &'a str,
    /// Host and path, the form that the built-in lists match.
    pub host_and_path: String,
}

impl<'a> Address<'a> {
    pub fn of(url: &'a SubresourceUrl) -> Self {
        Self { url, host: url.host(), host_and_path: url.host_and_path() }
    }

    pub fn path(&self) -> &str {
        self.url.as_url().path()
    }

    /// `?` and the query, or nothing.
    pub fn query(&self) -> String {
        self.url.as_url().query().map(|query| format!("?{query}")).unwrap_or_default()
    }
}

impl UrlPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for what can match no URL: another scheme, blanks, no valid host.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let error = |problem| PatternError { pattern: text.to_owned(), problem };
        let bare = without_scheme(text);
        refuse_signs(bare).map_err(error)?;
        let (authority, tail) = bare.split_at(bare.find(['/', '?']).unwrap_or(bare.len()));
        let (host, port) = split_port(authority);
        let host = host_regex(host).ok_or_else(|| error("does not start with a host"))?;
        let port = port_regex(port).ok_or_else(|| error("has no valid port"))?;
        let regex = format!("^{host}{port}{}$", tail_regex(tail));
        Ok(Self {
            text: text.to_owned(),
            regex: Regex::new(&regex).map_err(|_| error("is too long"))?,
            with_port: !port.is_empty(),
            with_query: tail.contains('?'),
            specificity: bare.chars().filter(|c| *c != '*').count(),
        })
    }

    /// Whether `url` matches.
    #[cfg(test)]
    pub fn matches(&self, url: &SubresourceUrl) -> bool {
        self.matches_address(&Address::of(url))
    }

    pub(super) fn matches_address(&self, address: &Address<'_>) -> bool {
        match self.with_port || self.with_query {
            true => self.regex.is_match(&self.compared(address)),
            false => self.regex.is_match(&address.host_and_path),
        }
    }

    /// The parts of a URL that the pattern is about.
    fn compared(&self, address: &Address<'_>) -> String {
        let port = address.url.as_url().port_or_known_default().filter(|_| self.with_port);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let query = if self.with_query { address.query() } else { String::new() };
        format!("{}{port}{}{query}", address.host, address.path())
    }

    /// How much of the URL the pattern fixes: its length in characters without wildcards.
    pub fn specificity(&self) -> usize {
        self.specificity
    }
}

impl fmt::Display for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn without_scheme(text: &str) -> &str {
    let schemes = ["https://", "http://", "//"];
    schemes.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text)
}

/// Refuses what no URL that is fetched can have.
fn refuse_signs(bare: &str) -> Result<(), &'static str> {
    if bare.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("has a blank in it");
    }
    match bare.contains('#') {
        true => Err("has a fragment, which no server ever sees"),
        false => Ok(()),
    }
}

/// `[::1]:8443` → `[::1]` and `8443`; the colons of an address are inside its brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// A port as an expression, with its colon; `None` if it is none.
fn port_regex(port: Option<&str>) -> Option<String> {
    match port {
        Some(port) => Some(format!(":{}", port.parse::<u16>().ok()?)),
        None => Some(String::new()),
    }
}

/// A host as an expression; `None` if it is none.
fn host_regex(host: &str) -> Option<String> {
    let (any, name) = match host.strip_prefix("*.") {
        Some(domain) => ("[^/]+\\.", domain),
        None => ("", host),
    };
    let name = match name.contains('*') {
        true => wildcard_name(name)?,
        false => plain_name(name)?,
    };
    Some(format!("{any}{name}"))
}

fn plain_name(name: &str) -> Option<String> {
    let host = Host::parse(name).ok()?.to_string();
    Some(regex::escape(host.trim_end_matches('.')))
}

fn wildcard_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_*".contains(c);
    name.chars().all(plain).then(|| wildcards(&name.to_lowercase(), "[^/]*"))
}

/// A path and a query as an expression.
fn tail_regex(tail: &str) -> String {
    let text = match tail.split_once('?') {
        Some((path, query)) => path_and_query(path, query),
        None => path_and_below(tail),
    };
    wildcards(&text, ".*")
}

fn path_and_query(path: &str, query: &str) -> String {
    let root = if path.is_empty() { "/" } else { "" };
    let (path, query) = (utf8_percent_encode(path, PATH), utf8_percent_encode(query, QUERY));
    format!("{root}{path}?{query}")
}

fn path_and_below(path: &str) -> String {
    let encoded = utf8_percent_encode(path, PATH);
    match path {
        "" => "/*".to_owned(),
        folder if folder.ends_with('/') => format!("{encoded}*"),
        _ => encoded.to_string(),
    }
}

/// `text` as an expression, each run of `*` as `any`.
fn wildcards(text: &str, any: &str) -> String {
    let mut expression = String::new();
    for (index, part) in text.split('*').enumerate() {
        if index > 0 && !expression.ends_with(any) {
            expression.push_str(any);
        }
        expression.push_str(&regex::escape(part));
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        UrlPattern::new(pattern).unwrap().matches(&url.parse().unwrap())
    }

    #[test]
    fn a_bare_host_is_everything_on_it() {
        assert!(matches("cdn.example.com", "https://cdn.example.com/a/b.js?c"));
        assert!(matches("cdn.example.com/", "https://cdn.example.com/a/b.js"));
        assert!(!matches("cdn.example.com", "https://x.cdn.example.com/a.js"));
        assert!(!matches("cdn.example.com", "https://cdn.example.com.evil.example/a.js"));
        assert!(!matches("cdn.example.com", "https://cdn-example.com/a.js"));
    }

    #[test]
    fn the_scheme_is_optional_and_not_compared() {
        for scheme in ["", "https://", "http://", "//"] {
            let pattern = format!("{scheme}cdn.example.com/*");
            assert!(matches(&pattern, "https://cdn.example.com/a/b.js"), "{pattern}");
            assert!(matches(&pattern, "http://cdn.example.com/a.js"), "{pattern}");
        }
    }

    #[test]
    fn a_star_in_the_path_crosses_slashes() {
        for pattern in ["cdn.example.com/lib*", "cdn.example.com/**.js", "cdn.example.com/*/b.js"] {
            assert!(matches(pattern, "https://cdn.example.com/lib/a/b.js"), "{pattern}");
        }
        assert!(!matches("cdn.example.com/lib*", "https://cdn.example.com/other/lib"));
        assert!(!matches("cdn.example.com/*.js", "https://cdn.example.com/a.css"));
    }

    #[test]
    fn a_star_in_the_host_stays_in_the_host() {
        assert!(matches("*.example.com", "https://a.b.example.com/x.js"));
        assert!(!matches("*.example.com", "https://example.com/x.js"));
        assert!(!matches("*.example.com", "https://evil.test/x.example.com/x.js"));
        assert!(!matches("*.example.com/*", "https://evil.test/x.example.com/x.js"));
        assert!(matches("cdn*.example.com", "https://cdn7.example.com/x.js"));
        assert!(matches("*", "https://anything.test/x.js"));
        assert!(matches("*/ads.js", "https://anything.test/ads.js"));
    }

    #[test]
    fn a_trailing_slash_is_everything_below() {
        assert!(matches("cdn.example.com/lib/", "https://cdn.example.com/lib/a/b.js"));
        assert!(!matches("cdn.example.com/lib/", "https://cdn.example.com/library.js"));
    }

    #[test]
    fn a_full_url_matches_itself_with_and_without_its_query() {
        let url = "https://cdn.example.com/a.js?v=1&x=[2]";
        assert!(matches(url, url));
        assert!(matches("https://cdn.example.com/a.js", url));
        assert!(matches("cdn.example.com/a.js?v=*", url));
        assert!(!matches("cdn.example.com/a.js?v=2*", url));
        assert!(!matches("cdn.example.com/a.js?v=*", "https://cdn.example.com/a.js"));
    }

    #[test]
    fn a_port_is_compared_only_where_one_is_given() {
        assert!(matches("localhost", "https://localhost:8443/a.js"));
        assert!(matches("localhost:8443/*", "https://localhost:8443/a.js"));
        assert!(!matches("localhost:8443", "https://localhost/a.js"));
        assert!(matches("localhost:443", "https://localhost/a.js"));
        assert!(matches("[::1]:8443", "https://[::1]:8443/a.js"));
        assert!(matches("[::1]", "https://[::1]/a.js"));
    }

    #[test]
    fn hosts_ignore_case_and_take_unicode_paths_do_not_ignore_case() {
        assert!(matches("CDN.Example.com./a.js", "https://cdn.example.com/a.js"));
        assert!(matches("*.Bücher.example", "https://x.xn--bcher-kva.example/a.js"));
        assert!(matches("cdn.example.com/bücher/*", "https://cdn.example.com/b%C3%BCcher/a.js"));
        assert!(!matches("cdn.example.com/A.js", "https://cdn.example.com/a.js"));
    }

    #[test]
    fn signs_that_other_patterns_give_a_meaning_stand_for_themselves() {
        assert!(matches("cdn.example.com/[a]{b}.js", "https://cdn.example.com/[a]{b}.js"));
        assert!(!matches("cdn.example.com/a.js", "https://cdn.example.com/aXjs"));
    }

    #[test]
    fn what_can_match_no_url_is_an_error() {
        for pattern in [
            "",
            "/a.js",
            "ftp://cdn.example.com",
            "a b",
            "cdn.example.com/#x",
            "h:99999",
            "u@h/x*",
            "*ü",
        ] {
            assert!(UrlPattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn wildcards_do_not_count_as_specific() {
        let specificity = |text| UrlPattern::new(text).unwrap().specificity();
        assert_eq!(specificity("a.test/*/**"), specificity("https://a.test//"));
        assert!(specificity("a.test/x*") > specificity("a.test/**************"));
    }
}
