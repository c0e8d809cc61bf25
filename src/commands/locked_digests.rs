//! Holds what pages demand against the digests of the lockfile, where no file is downloaded or written.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    findings::{Places, Problem},
    integrity::IntegrityMetadata,
    layout::files::{algorithms, other_digests},
    lockfile::Entry,
    obtain::{self, Expectation, ObtainError},
    read::baseline::Baseline,
    reference::SubresourceUrl,
    resolve::{
        needs_network,
        plan::Action,
        resolver::{Files, Resolution},
    },
    settings::Settings,
    store::{Cached, StoreError},
};

/// What the lockfile does not fulfil: `integrity` values of pages, and the algorithms of `--integrity`.
///
/// # Errors
/// [`StoreError`] if the cache cannot be read.
pub(super) fn hold_to_lock(
    settings: &Settings,
    base: &Baseline,
    resolution: &Resolution,
    files: &Files,
) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    for (url, uses) in &resolution.urls {
        let Some(Action::Reuse(entry)) = resolution.plan.actions.get(url) else { continue };
        for (declared, places) in &uses.declared {
            let locked = Locked { url, entry, bytes: files.cached.get(url) };
            problems.extend(locked.hold_to(base, declared, places)?);
        }
    }
    problems.extend(other_algorithms(settings, resolution));
    Ok(problems)
}

/// A locked file, with its bytes if they were read.
struct Locked<'a> {
    url: &'a SubresourceUrl,
    entry: &'a Entry,
    bytes: Option<&'a Vec<u8>>,
}

impl Locked<'_> {
    fn hold_to(
        &self,
        base: &Baseline,
        declared: &IntegrityMetadata,
        places: &Places,
    ) -> Result<Option<Problem>, StoreError> {
        let size = usize::try_from(self.entry.size).unwrap_or(usize::MAX);
        let error = match declared.compare(self.entry.upstream(), size) {
            Some(Ok(())) => return Ok(None),
            Some(Err(mismatch)) => ObtainError::Declared { declared: declared.clone(), mismatch },
            // Another algorithm than the lockfile's: only the bytes can tell.
            None => {
                let Some(bytes) = self.bytes(base)? else {
                    let notice = needs_network(self.url).used_at(places.clone());
                    return Ok(Some(notice.of_site()));
                };
                let alone = Expectation { locked: None, declared: vec![declared.clone()] };
                match obtain::verify(&bytes, &alone) {
                    Ok(()) => return Ok(None),
                    Err(error) => error,
                }
            }
        };
        Ok(Some(error.problem(self.url, places.clone())))
    }

    fn bytes(&self, base: &Baseline) -> Result<Option<Cow<'_, [u8]>>, StoreError> {
        if let Some(bytes) = self.bytes {
            return Ok(Some(Cow::Borrowed(bytes)));
        }
        Ok(match base.cache.lookup(self.entry)? {
            Cached::Present(bytes) => Some(Cow::Owned(bytes)),
            Cached::Missing | Cached::Tampered(_) => None,
        })
    }
}

/// The lockfile's digests must be by the algorithms that pages use.
fn other_algorithms(settings: &Settings, resolution: &Resolution) -> Vec<Problem> {
    let wanted: BTreeSet<_> = algorithms(settings).iter().copied().collect();
    let mut problems = Vec::new();
    for (url, action) in &resolution.plan.actions {
        let Action::Reuse(entry) = action else { continue };
        let locked = entry.integrity.digests().iter().map(|digest| digest.algorithm());
        if locked.collect::<BTreeSet<_>>() != wanted {
            problems.push(other_digests(url));
        }
    }
    problems
}
