//! One URL → its verified bytes: fetched from the CDN and proved by npm, or taken from npm.
//!
//! The order of checks is the order of trust: an answer must be a script at all, be what the
//! author's own `integrity` and the lockfile say, and, where the URL names a file of an npm
//! package, be what the package's author published. The first check that fails is the error.

mod error;
mod expectation;
mod obtained;
mod registry;
mod storage;

pub use self::{
    error::ObtainError,
    expectation::Expectation,
    obtained::{Evidence, Obtained},
    registry::{NpmRegistry, npm_registry},
};

use std::{collections::BTreeSet, sync::Arc};

use self::storage::{JAVASCRIPT, fixes_its_bytes, media_type_of, storage, stored, version_of};
use crate::{
    fetch::{self, Client, FetchError, Response, Wanted, WrongContent},
    lockfile::Source,
    mime,
    npm::{self, Package, UrlForm, VersionSpec},
    options::SourceChoice,
    policy::Policy,
    reference::SubresourceUrl,
};

/// Everything that bytes can be obtained from.
pub struct Supplier<'a> {
    /// The CDNs.
    pub client: &'a Client,
    /// The npm registry; why not, if there is none.
    pub registry: &'a Result<NpmRegistry, String>,
    /// Asked about every hop.
    pub policy: &'a Policy,
    /// Which of the two.
    pub source: SourceChoice,
}

impl Supplier<'_> {
    /// Obtains the bytes of `url`, which may be any of `wanted`, and checks them against
    /// `expectation`.
    ///
    /// # Errors
    /// [`ObtainError`] says which check failed, or that nobody has the file.
    pub fn obtain(
        &self,
        url: &SubresourceUrl,
        wanted: &BTreeSet<Wanted>,
        expectation: &Expectation,
    ) -> Result<Obtained, ObtainError> {
        let form = npm::classify(url);
        let locked_to_npm =
            expectation.locked.as_ref().is_some_and(|entry| entry.source == Source::Npm);
        let obtained = match (self.source, &form) {
            (SourceChoice::Npm, Some(form)) => self.take_from_npm(url, form, expectation),
            (SourceChoice::Npm, None) => Err(ObtainError::NotOnNpm),
            (SourceChoice::Auto, Some(form)) if locked_to_npm => {
                self.take_from_npm(url, form, expectation)
            }
            (SourceChoice::Auto | SourceChoice::Cdn, _) => {
                self.take_from_cdn(url, form.as_ref(), wanted, expectation)
            }
        }?;
        verify(&obtained.bytes, expectation)?;
        Ok(obtained)
    }

    fn take_from_cdn(
        &self,
        url: &SubresourceUrl,
        form: Option<&UrlForm>,
        wanted: &BTreeSet<Wanted>,
        expectation: &Expectation,
    ) -> Result<Obtained, ObtainError> {
        let response = match self.client.get(url.as_url(), &[], &|hop| self.policy.admits(hop)) {
            Ok(response) => response,
            Err(error) => return self.take_elsewhere(url, form, expectation, error),
        };
        let empty = match inspect(&response, wanted) {
            Ok(()) => None,
            Err(empty) if may_be_an_empty_module(&response, wanted) => Some(empty),
            Err(wrong) => return Err(wrong.into()),
        };
        // Proving downloads a tarball, so the checks that cost nothing come first.
        verify(&response.bytes, expectation)?;
        let obtained = self.accept(url, form, response);
        match (empty, obtained) {
            (None, obtained) => obtained,
            (Some(_), Ok(obtained)) if obtained.is_what_its_address_names(url) => Ok(obtained),
            (Some(empty), _) => Err(empty.into()),
        }
    }

    /// After a failed download: from npm, if the CDN is down and npm may have the file.
    fn take_elsewhere(
        &self,
        url: &SubresourceUrl,
        form: Option<&UrlForm>,
        expectation: &Expectation,
        error: FetchError,
    ) -> Result<Obtained, ObtainError> {
        match form.filter(|form| form.package.is_some()) {
            Some(form) if error.is_unreachable() && self.source == SourceChoice::Auto => {
                self.take_from_npm(url, form, expectation).map_err(|npm| npm.after(error))
            }
            _ => Err(error.into()),
        }
    }

    fn accept(
        &self,
        url: &SubresourceUrl,
        asked: Option<&UrlForm>,
        response: Response,
    ) -> Result<Obtained, ObtainError> {
        let served: SubresourceUrl =
            response.url.clone().try_into().unwrap_or_else(|_| url.clone());
        let form = npm::classify(&served);
        let version = version_of(&response);
        let evidence =
            self.evidence(form.as_ref().or(asked), version.as_deref(), &response.bytes)?;
        let exact = version.as_deref().or_else(|| form.as_ref()?.version.exact());
        let (storage, fixed) = storage(&served, form.as_ref(), exact);
        let media_type = response.content_type.clone().unwrap_or_else(|| JAVASCRIPT.to_owned());
        Ok(Obtained {
            stored: stored(storage, fixed, &media_type, &response.bytes),
            floating: !fixes_its_bytes(url, asked),
            final_url: (served != *url).then_some(served),
            varies: response.varies_by_user_agent().then(|| "user-agent".to_owned()),
            media_type,
            source: Source::Cdn,
            evidence,
            bytes: response.bytes,
        })
    }

    fn evidence(
        &self,
        form: Option<&UrlForm>,
        version: Option<&str>,
        bytes: &[u8],
    ) -> Result<Evidence, ObtainError> {
        match (form, self.source) {
            (Some(form), SourceChoice::Auto) => self.prove(form, version, bytes),
            (Some(_), SourceChoice::Cdn | SourceChoice::Npm) => {
                Ok(Evidence::unproved("not asked for (source = cdn)"))
            }
            (None, _) => Ok(Evidence::unproved("the URL names no npm package")),
        }
    }

    /// Compares bytes of the CDN with the package the URL names.
    fn prove(
        &self,
        form: &UrlForm,
        version: Option<&str>,
        bytes: &[u8],
    ) -> Result<Evidence, ObtainError> {
        let version = version.map_or_else(|| form.version.clone(), VersionSpec::parse);
        if version.exact().is_none() {
            return Ok(Evidence::unproved("the CDN does not say which version it answered with"));
        }
        if form.package.is_none() {
            return Ok(Evidence::unproved(form.reason));
        }
        // With the exact version in it, the form may promise a path.
        let pinned = version.exact().and_then(|version| form.pinned_url(version));
        let pinned = pinned.and_then(|url| npm::classify(&url));
        let form = pinned.as_ref().unwrap_or(form);
        let package = match self.package(form, &version) {
            Ok(package) => package,
            // A package that is only a guess must not fail the run.
            Err(ObtainError::Registry(error))
                if form.package_is_guess || !error.is_bad_signature() =>
            {
                return Ok(Evidence::without_registry(&error));
            }
            Err(error) => return Err(error),
        };
        Ok(match npm::prove(form, bytes, &package)? {
            npm::Proof::File { path } => Evidence::of_file(&package, path),
            npm::Proof::Unprovable { reason, hint } => {
                Evidence::unprovable(&package, &reason, hint.as_deref())
            }
        })
    }

    fn take_from_npm(
        &self,
        url: &SubresourceUrl,
        form: &UrlForm,
        expectation: &Expectation,
    ) -> Result<Obtained, ObtainError> {
        let version = locked_version(expectation).unwrap_or_else(|| form.version.clone());
        let package = self.package(form, &version)?;
        let file = npm::serve(form, expectation.declared.first(), &package)?;
        let (storage, fixed) = storage(url, Some(form), Some(&package.version));
        let media_type = media_type_of(&file.path);
        Ok(Obtained {
            stored: stored(storage, fixed, media_type, &file.bytes),
            floating: !fixes_its_bytes(url, Some(form)),
            final_url: None,
            varies: None,
            media_type: media_type.to_owned(),
            source: Source::Npm,
            evidence: Evidence::of_file(&package, file.path),
            bytes: file.bytes,
        })
    }

    fn package(&self, form: &UrlForm, version: &VersionSpec) -> Result<Arc<Package>, ObtainError> {
        let registry =
            self.registry.as_ref().map_err(|error| ObtainError::NoRegistry(error.clone()))?;
        let name = form.package.as_ref().ok_or(ObtainError::NotOnNpm)?;
        Ok(registry.package(name, version)?)
    }
}

/// The version of the package that the lockfile names.
fn locked_version(expectation: &Expectation) -> Option<VersionSpec> {
    let package = expectation.locked.as_ref()?.package.as_deref()?;
    let (_, version) = package.rsplit_once('@')?;
    Some(VersionSpec::parse(version))
}

/// Whether an empty answer can be what was wanted. A module that only declares types is empty once it is
/// compiled, and packages have such files. Most empty answers are failures.
fn may_be_an_empty_module(response: &Response, wanted: &BTreeSet<Wanted>) -> bool {
    let is_blank = response.bytes.trim_ascii().is_empty();
    let essence = response.content_type.as_deref();
    is_blank && wanted.contains(&Wanted::Module) && essence.is_some_and(mime::is_javascript)
}

/// Checks whether `response` can be any of what was wanted.
fn inspect(response: &Response, wanted: &BTreeSet<Wanted>) -> Result<(), WrongContent> {
    let mut wrong = None;
    for wanted in wanted {
        match fetch::inspect(response, *wanted) {
            Ok(()) => return Ok(()),
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    wrong.map_or(Ok(()), Err)
}

/// Checks bytes against the authors' `integrity` values and the lockfile.
///
/// # Errors
/// [`ObtainError::Declared`] or [`ObtainError::Locked`].
pub fn verify(bytes: &[u8], expectation: &Expectation) -> Result<(), ObtainError> {
    for declared in &expectation.declared {
        declared
            .verify(bytes)
            .map_err(|mismatch| ObtainError::Declared { declared: declared.clone(), mismatch })?;
    }
    match &expectation.locked {
        Some(entry) => entry.upstream().verify(bytes).map_err(ObtainError::Locked),
        None => Ok(()),
    }
}

/// Whether a script reads its own address, so that a query in it is part of its behaviour.
pub fn reads_its_own_address(bytes: &[u8]) -> bool {
    const SIGNS: [&str; 5] = [
        "currentScript",
        "getElementsByTagName(\"script\")",
        "getElementsByTagName('script')",
        "document.scripts",
        "querySelector(\"script[src",
    ];
    SIGNS.iter().any(|sign| memchr::memmem::find(bytes, sign.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_reads_its_own_address_is_recognised() {
        assert!(reads_its_own_address(b"var s=document.getElementsByTagName('script');"));
        assert!(!reads_its_own_address(b"var s=document.getElementsByTagName('div');"));
    }
}
