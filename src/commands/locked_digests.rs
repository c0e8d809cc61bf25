//! Compares what pages demand with the digests of the lockfile, where no file is downloaded or written.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    findings::{Places, Problem},
    integrity::{Algorithm, IntegrityMetadata},
    layout::files::{algorithms, other_digests},
    lockfile::Entry,
    obtain::{self, Expectation, ObtainError},
    read::{baseline::Baseline, url_uses::Declared},
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
pub(super) fn unfulfilled_by_lock(
    settings: &Settings,
    base: &Baseline,
    resolution: &Resolution,
    files: &Files,
) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    for (url, uses) in &resolution.urls {
        let Some(Action::Reuse(entry)) = resolution.plan.actions.get(url) else { continue };
        let locked = Locked { url, entry, bytes: files.cached.get(url) };
        problems.extend(locked.problems(base, &uses.declared)?);
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
    fn problems(&self, base: &Baseline, declared: &Declared) -> Result<Vec<Problem>, StoreError> {
        let problem = |(declared, places)| self.problem(base, declared, places).transpose();
        declared.iter().filter_map(problem).collect()
    }

    fn problem(
        &self,
        base: &Baseline,
        declared: &IntegrityMetadata,
        places: &Places,
    ) -> Result<Option<Problem>, StoreError> {
        let size = usize::try_from(self.entry.size).unwrap_or(usize::MAX);
        let error = match declared.compare(self.entry.upstream(), size) {
            Some(Ok(())) => None,
            Some(Err(mismatch)) => {
                Some(ObtainError::Declared { declared: declared.clone(), mismatch })
            }
            // Another algorithm than the lockfile's: this takes the bytes.
            None => match self.bytes(base)? {
                Some(bytes) => mismatch(&bytes, declared),
                None => {
                    let notice = needs_network(self.url).used_at(places.clone());
                    return Ok(Some(notice.of_site()));
                }
            },
        };
        Ok(error.map(|error| error.problem(self.url, places.clone())))
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

/// Why a file is not the one that a page declares.
fn mismatch(bytes: &[u8], declared: &IntegrityMetadata) -> Option<ObtainError> {
    let expectation = Expectation { locked: None, declared: vec![declared.clone()] };
    obtain::verify(bytes, &expectation).err()
}

/// The lockfile's digests must be by the algorithms that pages use.
fn other_algorithms(settings: &Settings, resolution: &Resolution) -> Vec<Problem> {
    let wanted = algorithms(settings).iter().copied().collect();
    let actions = resolution.plan.actions.iter();
    let others = actions.filter(|(_, action)| match action {
        Action::Reuse(entry) => algorithms_of(entry) != wanted,
        _ => false,
    });
    others.map(|(url, _)| other_digests(url)).collect()
}

fn algorithms_of(entry: &Entry) -> BTreeSet<Algorithm> {
    entry.integrity.digests().iter().map(|digest| digest.algorithm()).collect()
}
