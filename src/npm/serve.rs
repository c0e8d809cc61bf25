//! A script's bytes from the npm package instead of the CDN (`source = npm`).
//!
//! Chooses the file the CDN would have answered with, or fails and says which file the author has
//! in its place: what a CDN builds itself has no source here, and swapping in another file would be
//! a silent change of the page. An author's `integrity` decides before any rule about paths.

use thiserror::Error;

use super::{
    default_file::{DefaultFile, default_file},
    form_kind::FormKind,
    provenance::{candidates, minified_by_cdn, nearest},
    tarball::{Package, TarballError},
    url_form::UrlForm,
};
use crate::integrity::IntegrityMetadata;

/// A file taken from a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedFile {
    /// Where it lies in the package.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A URL that the package has no bytes for.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The form's answers are never files of a package.
    #[error("the CDN builds this answer itself, {package} has no such file: {reason}")]
    NotServable {
        /// `name@version`.
        package: String,
        /// What is known about the form.
        reason: &'static str,
        /// The package's own file that comes nearest.
        hint: Option<String>,
    },
    /// The page's `integrity` fits no file of the package.
    #[error("no file of {package} has the declared integrity `{declared}`")]
    DeclaredIntegrity {
        /// `name@version`.
        package: String,
        /// The attribute's text.
        declared: String,
        /// The file the URL seems to mean.
        hint: Option<String>,
    },
    /// The CDN minifies this file itself.
    #[error("{package} has no minified `{path}`: the CDN makes it itself")]
    Minified {
        /// `name@version`.
        package: String,
        /// The path the URL asks for; for a package's main file, the file it is made from.
        path: String,
        /// The file as the author published it.
        hint: Option<String>,
    },
    /// The CDN's name for a library may be another package's name on npm.
    #[error(
        "the library may be another one than the npm package {package}: nothing proves its files"
    )]
    GuessedPackage {
        /// `name@version`.
        package: String,
    },
    /// No candidate path exists.
    #[error("{package} has no `{path}`")]
    NoSuchFile {
        /// `name@version`.
        package: String,
        /// What was looked for.
        path: String,
        /// The file that comes nearest.
        hint: Option<String>,
    },
    /// The tarball could not be read a second time.
    #[error("{package} cannot be read")]
    Tarball {
        /// `name@version`.
        package: String,
        /// Why.
        source: TarballError,
    },
}

/// The bytes of `package` that a URL of `form` stands for, `declared` being the `integrity` of the
/// element that asks for it.
///
/// # Errors
/// [`ServeError`] says why the package has none, and which file comes nearest.
pub fn serve(
    form: &UrlForm,
    declared: Option<&IntegrityMetadata>,
    package: &Package,
) -> Result<ServedFile, ServeError> {
    let path = match declared.filter(|declared| declared.guards()) {
        Some(declared) => declared_path(form, declared, package)?,
        None => path_by_rules(form, package)?,
    };
    let unreadable = |source| ServeError::Tarball { package: package.id(), source };
    match package.bytes(&path).map_err(unreadable)? {
        Some(bytes) => Ok(ServedFile { path, bytes }),
        None => Err(no_such_file(form, package)),
    }
}

/// The file with the declared digest; of several, the one the URL means.
fn declared_path(
    form: &UrlForm,
    declared: &IntegrityMetadata,
    package: &Package,
) -> Result<String, ServeError> {
    let unreadable = |source| ServeError::Tarball { package: package.id(), source };
    let matching =
        package.paths_where(|bytes| declared.verify(bytes).is_ok()).map_err(unreadable)?;
    let meant = candidates(form, package).into_iter().find(|path| matching.contains(path));
    meant.or_else(|| matching.into_iter().next()).ok_or_else(|| ServeError::DeclaredIntegrity {
        package: package.id(),
        declared: declared.as_str().to_owned(),
        hint: nearest(form, package),
    })
}

/// The file the CDN would answer with.
fn path_by_rules(form: &UrlForm, package: &Package) -> Result<String, ServeError> {
    match form.kind {
        FormKind::NpmFile | FormKind::NpmDefault | FormKind::Cdnjs | FormKind::LegacyLib => {}
        FormKind::GitFile
        | FormKind::SvnFile
        | FormKind::Bundle
        | FormKind::Generated
        | FormKind::Redirect
        | FormKind::Dynamic
        | FormKind::Metadata => {
            return Err(ServeError::NotServable {
                package: package.id(),
                reason: form.reason,
                hint: nearest(form, package),
            });
        }
    }
    if form.package_is_guess {
        return Err(ServeError::GuessedPackage { package: package.id() });
    }
    if let Some(path) = candidates(form, package).into_iter().next() {
        return Ok(path);
    }
    let hint = nearest(form, package);
    if let Some(path) = minified_by_cdn(form, package) {
        return Err(ServeError::Minified { package: package.id(), path: path.to_owned(), hint });
    }
    match form.default_file_rules().map(|rules| default_file(rules, package)) {
        Some(DefaultFile::MinifiedFrom(path)) if form.kind == FormKind::NpmDefault => {
            Err(ServeError::Minified { package: package.id(), path, hint })
        }
        _ => Err(no_such_file(form, package)),
    }
}

fn no_such_file(form: &UrlForm, package: &Package) -> ServeError {
    ServeError::NoSuchFile {
        package: package.id(),
        path: form.paths.first().cloned().unwrap_or_else(|| "main file".to_owned()),
        hint: nearest(form, package),
    }
}

#[cfg(test)]
mod tests;
