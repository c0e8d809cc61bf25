//! One URL → its verified bytes: fetched from the CDN and proved by npm, or taken from npm.
//!
//! The order of checks is the order of trust: an answer must be a script at all, be what the
//! author's own `integrity` and the lockfile say, and, where the URL names a file of an npm
//! package, be what the package's author published. The first check that fails is the error.

mod error;
mod expectation;
mod obtained;
mod registry;
mod request;
mod storage;

pub use self::{
    error::ObtainError,
    expectation::{Expectation, verify},
    obtained::{Evidence, Obtained},
    registry::{NpmRegistry, npm_registry},
};

use std::{collections::BTreeSet, sync::Arc};

use self::{
    request::Request,
    storage::{
        JAVASCRIPT, address_of_file, fixes_its_bytes, media_type_of, storage, stored, version_of,
    },
};
use crate::{
    fetch::{Client, FetchError, Response, Wanted},
    lockfile::Source,
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
    /// [`ObtainError`] says which check failed, or that there is no such file.
    pub fn obtain(
        &self,
        url: &SubresourceUrl,
        wanted: &BTreeSet<Wanted>,
        expectation: &Expectation,
    ) -> Result<Obtained, ObtainError> {
        let request = Request { url, form: npm::classify(url), wanted, expectation };
        let obtained = self.take(&request)?;
        verify(&obtained.bytes, expectation)?;
        Ok(obtained)
    }

    fn take(&self, request: &Request<'_>) -> Result<Obtained, ObtainError> {
        match (self.source, &request.form) {
            (SourceChoice::Npm, None) => Err(ObtainError::NotOnNpm),
            (SourceChoice::Npm, Some(form)) => self.take_from_npm(request, form),
            (SourceChoice::Auto, Some(form)) if request.is_locked_to_npm() => {
                self.take_from_npm(request, form)
            }
            (SourceChoice::Auto | SourceChoice::Cdn, _) => self.take_from_cdn(request),
        }
    }

    fn take_from_cdn(&self, request: &Request<'_>) -> Result<Obtained, ObtainError> {
        match self.client.get(request.url.as_url(), &[], &|hop| self.policy.admits(hop)) {
            Ok(response) => self.take_response(request, response),
            Err(error) => self.take_after_failure(request, error),
        }
    }

    fn take_response(
        &self,
        request: &Request<'_>,
        response: Response,
    ) -> Result<Obtained, ObtainError> {
        let doubt = request.inspect(&response)?;
        // Proving downloads a tarball, so the checks that cost nothing come first.
        verify(&response.bytes, request.expectation)?;
        let obtained = self.accept(request.url, request.form.as_ref(), response);
        match (doubt, obtained) {
            (None, obtained) => obtained,
            (Some(_), Ok(obtained)) if obtained.is_what_its_address_names(request.url) => {
                Ok(obtained)
            }
            (Some(empty), _) => Err(empty.into()),
        }
    }

    /// After a failed download: from npm, if the CDN is down and npm may have the file.
    fn take_after_failure(
        &self,
        request: &Request<'_>,
        error: FetchError,
    ) -> Result<Obtained, ObtainError> {
        match request.form.as_ref().filter(|form| form.package.is_some()) {
            Some(form) if error.is_unreachable() && self.source == SourceChoice::Auto => {
                self.take_from_npm(request, form).map_err(|npm| npm.after(error))
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
        let storage = address_of_file(storage, fixed, &evidence, &response.bytes);
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
        let Some(exact) = version.exact() else {
            return Ok(Evidence::unproved("the CDN does not say which version it answered with"));
        };
        if form.package.is_none() {
            return Ok(Evidence::unproved(form.reason));
        }
        // With the exact version in it, the form may promise a path.
        let pinned = form.pinned_url(exact).and_then(|url| npm::classify(&url));
        let form = pinned.as_ref().unwrap_or(form);
        match self.package(form, &version) {
            Ok(package) => compare(form, bytes, &package),
            // A package that is only a guess must not fail the run.
            Err(ObtainError::Registry(error))
                if form.package_is_guess || !error.is_bad_signature() =>
            {
                Ok(Evidence::without_registry(&error))
            }
            Err(error) => Err(error),
        }
    }

    fn take_from_npm(
        &self,
        request: &Request<'_>,
        form: &UrlForm,
    ) -> Result<Obtained, ObtainError> {
        let version = request.locked_version().unwrap_or_else(|| form.version.clone());
        let package = self.package(form, &version)?;
        let file = npm::serve(form, request.expectation.declared.first(), &package)?;
        let (storage, fixed) = storage(request.url, Some(form), Some(&package.version));
        let media_type = media_type_of(&file.path);
        let evidence = Evidence::of_file(&package, file.path);
        let storage = address_of_file(storage, fixed, &evidence, &file.bytes);
        Ok(Obtained {
            stored: stored(storage, fixed, media_type, &file.bytes),
            floating: !fixes_its_bytes(request.url, Some(form)),
            final_url: None,
            varies: None,
            media_type: media_type.to_owned(),
            source: Source::Npm,
            evidence,
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

/// Compares bytes of the CDN with the files of the package.
fn compare(form: &UrlForm, bytes: &[u8], package: &Package) -> Result<Evidence, ObtainError> {
    Ok(match npm::prove(form, bytes, package)? {
        npm::Proof::File { path } => Evidence::of_file(package, path),
        npm::Proof::Unprovable { reason, hint } => {
            Evidence::unprovable(package, &reason, hint.as_deref())
        }
    })
}
