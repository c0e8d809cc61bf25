//! Pages as they will be, rewritten and verified before the first of them is written.

use std::{path::Path, sync::Arc};

use rayon::prelude::*;

use super::{
    cdn_literals::StayingLiteral,
    error::RewriteError,
    headers::allow_inline,
    inline_edit::InlineEdit,
    page::{Changes, Rewritten, rewrite},
    verify_graph::GraphVerifier,
};
use crate::{
    findings::{Notice, Problem, Use},
    folder::Tree,
    html::Position,
    progress::{Progress, Stage},
    read::{
        notices::unreadable,
        page_edit::{KnownPatch, PageEdit, PatchBudget},
        page_record::page_address,
    },
    settings::Settings,
    site::{self, Page, PageReader},
};

/// Rewrites and verifies pages.
pub(super) struct Rewriter<'a> {
    pub settings: &'a Settings,
    pub verifier: &'a GraphVerifier,
    pub changes: &'a Changes<'a>,
    /// Whether policies outside of pages have to follow their inline scripts.
    pub has_policies: bool,
    pub budget: PatchBudget,
}

/// What becomes of the inline scripts of pages.
#[derive(Debug, Default)]
pub(super) struct InlineScripts {
    /// Their edits, for each page by its URL path.
    pub edits: InlineEdits,
    /// The addresses of CDNs that stay in them, with their places.
    pub staying: Vec<(StayingLiteral, Use)>,
}

/// The edits of the inline scripts of pages, for each page by its URL path.
pub(super) type InlineEdits = Vec<(String, Vec<InlineEdit>)>;

/// What becomes of the inline scripts of a page, or why the page cannot be rewritten.
type PageOutcome = Result<PageScripts, Box<Problem>>;

/// What becomes of the inline scripts of one page.
struct PageScripts {
    edits: Vec<InlineEdit>,
    staying: Vec<(StayingLiteral, Use)>,
}

fn separate(outcomes: Vec<(String, PageOutcome)>) -> (InlineScripts, Vec<Problem>) {
    let (mut inline, mut problems) = (InlineScripts::default(), Vec::new());
    for (url_path, outcome) in outcomes {
        match outcome {
            Ok(PageScripts { edits, staying }) => {
                inline.edits.extend((!edits.is_empty()).then_some((url_path, edits)));
                inline.staying.extend(staying);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    (inline, problems)
}

impl Rewriter<'_> {
    /// Works out every patch that is not known yet. An edit that does not verify, or a page that cannot
    /// be read, is a problem.
    pub fn pages(
        &self,
        site: &Tree,
        edits: &mut [PageEdit],
        progress: &dyn Progress,
    ) -> (InlineScripts, Vec<Problem>) {
        progress.begin(Stage::Checking, Some(edits.len()));
        let rewrite = |reader: &mut PageReader<'_>, edit: &mut PageEdit| {
            let outcome = self.unknown(reader, edit);
            progress.step();
            outcome
        };
        let reader = || PageReader::new(site, Some(local(self.changes)));
        let outcomes: Vec<_> =
            edits.par_iter_mut().map_init(reader, rewrite).flatten_iter().collect();
        progress.end();
        separate(outcomes)
    }

    /// Works out what changes in a page, if that is not known yet. Gives what becomes of its inline
    /// scripts, with its URL path.
    fn unknown(
        &self,
        reader: &mut PageReader<'_>,
        edit: &mut PageEdit,
    ) -> Option<(String, PageOutcome)> {
        match edit.patch {
            KnownPatch::Unknown => Some((url_path(&edit.path), self.page(reader, edit))),
            KnownPatch::Nothing | KnownPatch::Verified(_) => None,
        }
    }

    /// Works out what changes in a page. Gives what becomes of its inline scripts.
    fn page(&self, reader: &mut PageReader<'_>, edit: &mut PageEdit) -> PageOutcome {
        let path = &*edit.path;
        let read = reader.read(path);
        let page = read.map_err(|error| Box::new(unreadable(&error)))?;
        let Rewritten::Changed(changed) = rewritten(self.settings, self.changes, path, &page)?
        else {
            edit.patch = KnownPatch::Nothing;
            return Ok(PageScripts { edits: Vec::new(), staying: Vec::new() });
        };
        let address = page_address(path, self.settings);
        let edited = changed.patch.apply(page.bytes());
        let traced = self.verifier.page(&address, &edited, site::dialect(path));
        traced.map_err(|cause| Box::new(untraced(path, &cause)))?;
        edit.patch = self.budget.keep(changed.patch, &page);
        let edits = if self.has_policies { changed.inline } else { Vec::new() };
        Ok(PageScripts { edits, staying: placed(path, &changed.staying) })
    }
}

/// The addresses that stay in the inline scripts of the page at `path`, with their places.
pub fn placed(path: &Path, staying: &[(Position, StayingLiteral)]) -> Vec<(StayingLiteral, Use)> {
    let page: Arc<str> = site::page_name(path).into();
    let place = |&Position { line, column }: &Position| Use {
        page: page.clone(),
        line,
        column,
        tag: "script".into(),
    };
    staying.iter().map(|(position, literal)| (literal.clone(), place(position))).collect()
}

/// Rewrites the page at `path`.
///
/// # Errors
/// The problem that it cannot be rewritten.
pub fn rewritten(
    settings: &Settings,
    changes: &Changes<'_>,
    path: &Path,
    page: &Page<'_>,
) -> Result<Rewritten, Box<Problem>> {
    let address = page_address(path, settings);
    rewrite(page.bytes(), site::dialect(path), &address, changes)
        .map_err(|error| Box::new(unwritable(path, &error)))
}

fn untraced(path: &Path, cause: &str) -> Problem {
    let page = site::page_name(path);
    Notice::new("graph-not-proved", format!("the modules of `{page}` would not find each other"))
        .detail("cause", cause)
        .hint("this is a limit of Inhouse: please report the page; a rule can keep the module external".to_owned())
        .of_site()
}

/// The problem that the page at `path` could not be rewritten.
pub fn unwritable(path: &Path, error: &RewriteError) -> Problem {
    let page = site::page_name(path);
    if let RewriteError::Policy { directive, needed } = error {
        let message = format!("the Content-Security-Policy of `{page}` would block its import map");
        return allow_inline(Notice::new("csp-blocks-inline", message), directive, needed);
    }
    Notice::new("page-not-rewritten", format!("`{page}` could not be rewritten"))
        .detail("cause", error)
        .hint("this is a limit of Inhouse: please report the page; `data-inhouse=\"skip\"` on the tag leaves it out".to_owned())
        .of_site()
}

/// A page's path from the site's root, as policies match it.
fn url_path(page: &Path) -> String {
    format!("/{}", site::page_name(page))
}

/// Which scripts of the site matter in large pages. While none changes, it is those of the vendor folder,
/// as when the pages were first read.
pub fn local<'c>(changes: &Changes<'c>) -> &'c str {
    changes.local().unwrap_or(changes.style.out)
}
