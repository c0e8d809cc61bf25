//! Whether a CDN's bytes are the package author's.
//!
//! Bytes are compared with every file of the tarball, since CDNs move and rename files. Equal bytes are
//! the proof; the path only decides between several equal files. Where the URL form promises one path and the author
//! published other bytes under it, that is a [`Contradiction`]: on first use, without any earlier
//! hash to compare with, it is the one sign of a hijacked CDN. Everything else stays unproved, with
//! the reason.

use thiserror::Error;

use super::{
    default_file::{DefaultFile, default_file, exported_path, unminified},
    form_kind::FormKind,
    tarball::Package,
    url_form::UrlForm,
};
use crate::integrity::{Algorithm, Digest};

/// What the tarball says about the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The author published these very bytes.
    File {
        /// Where they lie in the package.
        path: String,
    },
    /// The package neither has these bytes nor speaks against them.
    Unprovable {
        /// Why, as a sentence without a final stop.
        reason: String,
        /// The package's own file that comes nearest.
        hint: Option<String>,
    },
}

/// The CDN serves something the author never published.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Contradiction {
    /// The URL promises a file of the package, and the package has other bytes there.
    #[error(
        "`{path}` of {package} is not what the CDN serves: expected {published}, received {received}"
    )]
    OtherBytes {
        /// `name@version`.
        package: String,
        /// The path in the package.
        path: String,
        /// SHA-384 of the author's file.
        published: Digest,
        /// SHA-384 of the CDN's answer.
        received: Digest,
    },
}

/// Compares `bytes`, the CDN's answer to a URL of `form`, with the files of `package`.
///
/// # Errors
/// [`Contradiction`] if the form fixes the path and the package has other bytes there.
pub fn prove(form: &UrlForm, bytes: &[u8], package: &Package) -> Result<Proof, Contradiction> {
    let received = Digest::of(bytes, Algorithm::Sha384);
    let equal: Vec<_> = package.files.iter().filter(|(_, file)| file.digest == received).collect();
    // A package that is only a guess has no say: its file of that name may be another library's.
    let promises = form.path_is_fixed && !form.package_is_guess;
    let promised = form.paths.first().filter(|_| promises);
    // The promised path is checked first: another file of the package under this URL is wrong too.
    if let Some((path, file)) = promised.and_then(|path| package.files.get_key_value(path))
        && file.digest != received
    {
        return Err(Contradiction::OtherBytes {
            package: package.id(),
            path: path.clone(),
            published: file.digest.clone(),
            received,
        });
    }
    let candidates = candidates(form, package);
    let best = candidates.into_iter().find(|path| equal.iter().any(|(name, _)| *name == path));
    match best.or_else(|| equal.first().map(|(name, _)| (*name).clone())) {
        Some(path) => Ok(Proof::File { path }),
        None => Ok(Proof::Unprovable {
            reason: unprovable(form, package),
            hint: nearest(form, package),
        }),
    }
}

/// The package's files that the URL may mean, best first: by its own paths, by the CDN's rule for
/// the main file, or by being the only file whose path ends like the URL's.
pub(super) fn candidates(form: &UrlForm, package: &Package) -> Vec<String> {
    let exists = |path: &&String| package.files.contains_key(*path);
    let mut found: Vec<_> = form.paths.iter().filter(exists).cloned().collect();
    match form.kind {
        FormKind::NpmFile if form.default_file_rules().is_some() => {
            found.extend(form.paths.first().and_then(|path| exported_path(package, path)));
        }
        FormKind::NpmDefault => {
            let outcome = form.default_file_rules().map(|rules| default_file(rules, package));
            if let Some(DefaultFile::File(path)) = outcome {
                found.push(path);
            }
        }
        // No list tells which folder of the package the catalogue copies from.
        FormKind::Cdnjs if form.package_is_guess && found.is_empty() => {
            found.extend(form.paths.first().and_then(|path| only_file_ending(package, path)));
        }
        _ => {}
    }
    found
}

/// The one file whose path ends with the segments of `suffix`; `None` if several do.
fn only_file_ending(package: &Package, suffix: &str) -> Option<String> {
    let tail = format!("/{suffix}");
    let mut ending = package.files.keys().filter(|path| path.ends_with(&tail) || *path == suffix);
    ending.next().filter(|_| ending.next().is_none()).cloned()
}

fn unprovable(form: &UrlForm, package: &Package) -> String {
    let package_id = package.id();
    if form.kind == FormKind::Generated {
        return format!("the CDN builds this answer itself: no file of {package_id} has its bytes");
    }
    match minified_by_cdn(form, package) {
        Some(path) => format!("{package_id} has no `{path}`: the CDN minifies it itself"),
        None => format!("no file of {package_id} has these bytes"),
    }
}

/// The `.min` path that only this CDN's minifier can have made.
pub(super) fn minified_by_cdn<'f>(form: &'f UrlForm, package: &Package) -> Option<&'f str> {
    let path = form.paths.first().filter(|path| unminified(path).is_some())?;
    (form.cdn_minifies() && candidates(form, package).is_empty()).then_some(path)
}

/// The package's own file that comes nearest to what the URL asks for.
pub(super) fn nearest(form: &UrlForm, package: &Package) -> Option<String> {
    if let Some(candidate) = candidates(form, package).into_iter().next() {
        return Some(candidate);
    }
    let mut sources = form.paths.iter().filter_map(|path| unminified(path));
    let source = sources.find(|path| package.files.contains_key(path));
    source.or_else(|| by_basename(form, package)).or_else(|| {
        let rules = form.default_file_rules()?;
        match default_file(rules, package) {
            DefaultFile::File(path) | DefaultFile::MinifiedFrom(path) => Some(path),
            DefaultFile::Missing => None,
        }
    })
}

/// A file that has the same name, minified or not.
fn by_basename(form: &UrlForm, package: &Package) -> Option<String> {
    let path = form.paths.last()?;
    let basename = path.rsplit('/').next()?;
    let plain = unminified(basename);
    [Some(basename), plain.as_deref()]
        .into_iter()
        .flatten()
        .find_map(|name| only_file_ending(package, name))
}

#[cfg(test)]
mod tests;
