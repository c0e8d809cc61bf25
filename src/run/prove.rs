//! Pages as they will be, worked out and proved before the first of them is written.

use std::path::Path;

use super::{commit::allow_inline, proof::Proof};
use crate::{
    findings::{Notice, Problem},
    inventory::{self, Change, Room, Work},
    rewrite::{Changes, InlineEdit, RewriteError, Rewritten, rewrite},
    settings::Settings,
    site::{self, Page, PageReader},
};

/// Works out what changes in pages.
pub(super) struct Prover<'a> {
    pub settings: &'a Settings,
    pub proof: &'a Proof,
    pub changes: &'a Changes<'a>,
    /// Whether policies outside of pages have to follow their inline scripts.
    pub has_policies: bool,
    pub room: Room,
}

impl Prover<'_> {
    /// Finds out what changes in a page; gives what becomes of its inline scripts.
    pub fn page(
        &self,
        reader: &mut PageReader<'_>,
        work: &mut Work,
    ) -> Result<Vec<InlineEdit>, Box<Problem>> {
        let path = &*work.path;
        let read = reader.read(path);
        let page = read.map_err(|error| Box::new(inventory::unreadable(&error)))?;
        let Rewritten::Changed(changed) = rewritten(self.settings, self.changes, path, &page)?
        else {
            work.change = Change::Nothing;
            return Ok(Vec::new());
        };
        let address = inventory::page_address(path, self.settings);
        let edited = changed.patch.apply(page.bytes());
        let traced = self.proof.page(&address, &edited, inventory::dialect(path));
        traced.map_err(|cause| Box::new(unproved(path, &cause)))?;
        work.change = self.room.keep(changed.patch, &page);
        Ok(if self.has_policies { changed.inline } else { Vec::new() })
    }
}

/// Rewrites the page at `path`.
pub(super) fn rewritten(
    settings: &Settings,
    changes: &Changes<'_>,
    path: &Path,
    page: &Page<'_>,
) -> Result<Rewritten, Box<Problem>> {
    let address = inventory::page_address(path, settings);
    rewrite(page.bytes(), inventory::dialect(path), &address, changes)
        .map_err(|error| Box::new(unwritable(path, &error)))
}

fn unproved(path: &Path, cause: &str) -> Problem {
    let page = site::page_name(path);
    Notice::new("graph-not-proved", format!("the modules of `{page}` would not find each other"))
        .detail("cause", cause)
        .hint("this is a limit of Inhouse: please report the page; a rule can keep the module external".to_owned())
        .of_site()
}

pub(super) fn unwritable(path: &Path, error: &RewriteError) -> Problem {
    if let RewriteError::Policy { directive, needed } = error {
        let message = format!(
            "the Content-Security-Policy of `{}` would block its import map",
            site::page_name(path)
        );
        return allow_inline(Notice::new("csp-blocks-inline", message), directive, needed);
    }
    Notice::new("page-not-rewritten", format!("`{}` could not be rewritten", site::page_name(path)))
        .detail("cause", error)
        .hint("this is a limit of Inhouse: please report the page; `data-inhouse=\"skip\"` on the tag leaves it out".to_owned())
        .of_site()
}
