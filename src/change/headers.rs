//! The `_headers` file: its policies follow the inline scripts that change.

use std::path::Path;

use super::inline_edit::InlineEdit;
use crate::{
    csp::{HeaderPolicy, HeadersFollowed, Outcome, PageScripts, Refusal, SiteHeaders},
    findings::{Findings, Notice, Problem},
    folder::Tree,
    site::{self, HEADERS, Page, SiteError},
};

/// The `_headers` file as it was and as it will be.
#[derive(Debug)]
pub struct HeadersEdit {
    /// As it was.
    pub before: Page<'static>,
    /// As it will be.
    pub after: String,
}

/// Lets the policies of the file follow the inline scripts of pages: each page by its URL path.
///
/// # Errors
/// [`SiteError`] if the file cannot be read.
pub(super) fn follow(
    site: &Tree,
    headers: &SiteHeaders,
    inline: &[(String, Vec<InlineEdit>)],
) -> Result<(Option<HeadersEdit>, Findings), SiteError> {
    let pages: Vec<_> =
        inline.iter().map(|(url_path, scripts)| page_scripts(url_path, scripts)).collect();
    let followed = headers.follow(&pages);
    let mut findings = judge(headers, &pages, &followed);
    let before = site::read_page(site, Path::new(HEADERS))?;
    if followed.text.as_bytes() == before.bytes() {
        return Ok((None, findings));
    }
    if std::str::from_utf8(before.bytes()).is_err() {
        findings.problems.push(not_utf_8());
    }
    Ok((Some(HeadersEdit { before, after: followed.text }), findings))
}

fn page_scripts<'a>(url_path: &'a str, scripts: &'a [InlineEdit]) -> PageScripts<'a> {
    let changes = scripts.iter().map(InlineEdit::as_change).collect();
    PageScripts { url_path, changes, staying: Vec::new() }
}

fn not_utf_8() -> Problem {
    let notice = Notice::new("headers-not-utf-8", format!("`{HEADERS}` is not UTF-8"));
    notice.hint("save it as UTF-8".to_owned()).of_site()
}

/// The policies that would block a script, and those that some hosts would not read to their end.
fn judge(headers: &SiteHeaders, pages: &[PageScripts<'_>], followed: &HeadersFollowed) -> Findings {
    let problems = followed.outcomes.iter().filter_map(|outcome| {
        let (policy, page) = (&headers.policies[outcome.policy], &pages[outcome.page]);
        problem(policy, page.url_path, &outcome.outcome)
    });
    let overlong = followed.overlong.iter().map(|policy| too_long(headers.policies[*policy].line));
    Findings { warnings: overlong.collect(), problems: problems.collect() }
}

fn problem(policy: &HeaderPolicy, page: &str, outcome: &Outcome) -> Option<Problem> {
    match outcome {
        Outcome::Blocked(refusal) => Some(blocked(policy, page, refusal)),
        _ => None,
    }
}

fn too_long(line: usize) -> Notice {
    let message = format!("line {line} of `{HEADERS}` has grown longer than some hosts read");
    Notice::new("long-header", message).hint("give pages policies of their own".to_owned())
}

fn blocked(policy: &HeaderPolicy, page: &str, refusal: &Refusal) -> Problem {
    let Refusal { directive, needed } = refusal;
    let message = format!(
        "the Content-Security-Policy in line {} of `{HEADERS}` would block the import map of `{page}`",
        policy.line
    );
    allow_inline(Notice::new("csp-blocks-inline", message), directive, needed)
}

/// Says how to allow the inline script that a policy blocks.
pub(super) fn allow_inline(notice: Notice, directive: &str, needed: &str) -> Problem {
    notice
        .hint(format!("add {needed} to `{directive}`, or run with `--integrity-map off`"))
        .of_site()
}
