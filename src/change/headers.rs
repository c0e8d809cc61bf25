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
    let pages: Vec<_> = inline
        .iter()
        .map(|(url_path, scripts)| PageScripts {
            url_path,
            changes: scripts.iter().map(InlineEdit::as_change).collect(),
            staying: Vec::new(),
        })
        .collect();
    let followed = headers.follow(&pages);
    let mut findings = judge(headers, &pages, &followed);
    let before = site::read_page(site, Path::new(HEADERS))?;
    if followed.text.as_bytes() == before.bytes() {
        return Ok((None, findings));
    }
    if std::str::from_utf8(before.bytes()).is_err() {
        let notice = Notice::new("headers-not-utf-8", format!("`{HEADERS}` is not UTF-8"));
        findings.problems.push(notice.hint("save it as UTF-8".to_owned()).of_site());
    }
    Ok((Some(HeadersEdit { before, after: followed.text }), findings))
}

fn judge(headers: &SiteHeaders, pages: &[PageScripts<'_>], followed: &HeadersFollowed) -> Findings {
    let mut findings = Findings::default();
    for outcome in &followed.outcomes {
        if let Outcome::Blocked(refusal) = &outcome.outcome {
            let policy = &headers.policies[outcome.policy];
            findings.problems.push(blocked(policy, pages[outcome.page].url_path, refusal));
        }
    }
    for policy in &followed.overlong {
        let line = headers.policies[*policy].line;
        let message = format!("line {line} of `{HEADERS}` has grown longer than some hosts read");
        let notice = Notice::new("long-header", message);
        findings.warnings.push(notice.hint("give pages policies of their own".to_owned()));
    }
    findings
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
