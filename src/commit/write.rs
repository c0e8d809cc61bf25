//! Writes a set of changes: vendored files first, then the lockfile that names them, then the pages that
//! load them, so that nothing ever refers to what is not there.

use std::{io, path::Path};

use rayon::prelude::*;

use crate::{
    change::{
        headers::HeadersEdit,
        page::Rewritten,
        pages::{local, rewritten},
        set::{ChangeSet, NoticesFile, vendor_folder},
    },
    error::RunError,
    folder::{Cursor, Tree},
    html::Patch,
    progress::{Progress, Stage},
    read::page_edit::{KnownPatch, PageEdit},
    settings::Settings,
    site::{self, HEADERS, Page, PageReader, PageRule, SiteError},
    store::{Cache, StoreError},
    third_party_notices,
};

/// Writes `set`.
///
/// # Errors
/// [`RunError`] if a file cannot be written. Running again finishes the work.
pub fn write(
    settings: &Settings,
    cache: &Cache,
    set: &ChangeSet<'_>,
    progress: &dyn Progress,
) -> Result<(), RunError> {
    let from = site::open(&settings.site)?;
    let dest = settings.dest.as_deref().map(site::create).transpose()?;
    if let Some(dest) = &dest {
        copy_other_files(settings, set, dest)?;
    }
    write_vendored(settings, cache, set)?;
    if let Some(dest) = &dest {
        copy_unchanged_pages(settings, set, dest)?;
    }
    let writer = Writer { settings, set, from: &from, to: dest.as_ref().unwrap_or(&from) };
    writer.own_files()?;
    writer.pages(progress)
}

/// Writes the vendored files, then the lockfile that names them.
fn write_vendored(
    settings: &Settings,
    cache: &Cache,
    set: &ChangeSet<'_>,
) -> Result<(), StoreError> {
    cache.folder().write(set.to_cache.iter().map(|file| (file.path, file.bytes)))?;
    vendor_folder(settings).write(set.to_site.iter().map(|file| (file.path, file.bytes)))?;
    write_notices(settings, set)?;
    let lock = &set.layout.files.lock;
    // The same lockfile in an older version is upgraded by a run that may change it.
    match !lock.is_empty() && !settings.mode.locked {
        true => cache.write_lockfile(lock),
        false => Ok(()),
    }
}

fn write_notices(settings: &Settings, set: &ChangeSet<'_>) -> Result<(), StoreError> {
    let NoticesFile::New(text) = set.notices else { return Ok(()) };
    vendor_folder(settings).write_root_file(third_party_notices::FILE, text.as_bytes())
}

/// Copies everything that is no page and does not change.
fn copy_other_files(
    settings: &Settings,
    set: &ChangeSet<'_>,
    dest: &Tree,
) -> Result<(), SiteError> {
    let rule = PageRule::new(&settings.out, &settings.page_globs)?;
    let is_written = |path: &Path| set.changes_file(path) || is_notices_file(settings, set, path);
    site::copy(&settings.site, dest, &|path| !rule.is_page(path) && !is_written(path))
}

/// Whether a file is the notices of an earlier run, in whose place this one writes its own.
fn is_notices_file(settings: &Settings, set: &ChangeSet<'_>, path: &Path) -> bool {
    let is_there = set.notices != NoticesFile::None;
    is_there && path == Path::new(&settings.out).join(third_party_notices::FILE)
}

fn copy_unchanged_pages(
    settings: &Settings,
    set: &ChangeSet<'_>,
    dest: &Tree,
) -> Result<(), SiteError> {
    let rule = PageRule::new(&settings.out, &settings.page_globs)?;
    let changes = |path: &Path| set.pages.binary_search_by(|edit| (*edit.path).cmp(path)).is_ok();
    site::copy(&settings.site, dest, &|path| rule.is_page(path) && !changes(path))
}

/// Writes files of the site in their place, or into another folder.
struct Writer<'a> {
    settings: &'a Settings,
    set: &'a ChangeSet<'a>,
    from: &'a Tree,
    to: &'a Tree,
}

impl Writer<'_> {
    /// Writes the scripts and the `_headers` file of the site.
    fn own_files(&self) -> Result<(), RunError> {
        let mut cursor = Cursor::new(self.to);
        for (path, script) in self.set.own {
            self.put_whole(&mut cursor, path, &script.before, script.after.clone())?;
        }
        let Some(HeadersEdit { before, after }) = &self.set.headers else { return Ok(()) };
        self.put_whole(&mut cursor, Path::new(HEADERS), before, after.clone().into_bytes())
    }

    fn put_whole(
        &self,
        cursor: &mut Cursor<'_>,
        path: &Path,
        before: &Page<'_>,
        after: Vec<u8>,
    ) -> Result<(), RunError> {
        self.put(cursor, path, before, &Patch::whole(before.bytes().len(), after))
    }

    fn pages(&self, progress: &dyn Progress) -> Result<(), RunError> {
        progress.begin(Stage::Rewriting, Some(self.set.pages.len()));
        let tools =
            || (PageReader::new(self.from, Some(local(&self.set.changes))), Cursor::new(self.to));
        let written =
            self.set.pages.par_iter().try_for_each_init(tools, |(reader, cursor), edit| {
                progress.step();
                self.page(edit, reader, cursor)
            });
        progress.end();
        written
    }

    fn page(
        &self,
        edit: &PageEdit,
        reader: &mut PageReader<'_>,
        cursor: &mut Cursor<'_>,
    ) -> Result<(), RunError> {
        let path = &edit.path;
        let page = reader.read(path)?;
        if let KnownPatch::Verified(Some(verified)) = &edit.patch
            && verified.is_of(&page)
        {
            return self.put(cursor, path, &page, &verified.patch);
        }
        // The patch was not kept, or the page has changed since.
        match self.patch(path, &page) {
            Ok(Some(patch)) => self.put(cursor, path, &page, &patch),
            Ok(None) => Ok(()),
            Err(source) => Err(SiteError::cannot_write(cursor.tree().path(path), source).into()),
        }
    }

    /// What changes in a page, worked out now.
    fn patch(&self, path: &Path, page: &Page<'_>) -> io::Result<Option<Patch>> {
        match rewritten(self.settings, &self.set.changes, path, page) {
            Ok(Rewritten::Changed(changed)) => Ok(Some(changed.patch)),
            Ok(Rewritten::Unchanged) => Ok(None),
            Err(problem) => Err(io::Error::other(problem.notice.message)),
        }
    }

    /// Puts a file of the site with changes in its place, unless it is there already.
    fn put(
        &self,
        cursor: &mut Cursor<'_>,
        path: &Path,
        from: &Page<'_>,
        patch: &Patch,
    ) -> Result<(), RunError> {
        let is_there = |there: Page<'_>| from.is_edited_to(patch, &there);
        if self.settings.dest.is_some() && site::read_page(cursor.tree(), path).is_ok_and(is_there)
        {
            return Ok(());
        }
        Ok(site::replace(cursor, path, from, patch)?)
    }
}
