//! Values that must make sense before a run: each is checked, or brought into its one form.

#![allow(clippy::disallowed_methods, reason = "asks where paths lead")]

use std::{fs, path::Path};

use url::Url;

use super::SettingsError;
use crate::integrity::Algorithm;

pub(super) fn algorithms(none: bool, chosen: Vec<Algorithm>) -> Option<Vec<Algorithm>> {
    match (none, chosen.is_empty()) {
        (true, _) => None,
        (false, true) => Some(vec![Algorithm::Sha384]),
        (false, false) => Some(chosen),
    }
}

/// GitHub Pages drops names that start with `_` or `.`, so these are refused.
pub(super) fn vendor_folder(out: String) -> Result<String, SettingsError> {
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && !name.ends_with('.')
    };
    let trimmed = out.strip_suffix('/').unwrap_or(&out);
    if trimmed.split('/').all(plain) {
        Ok(trimmed.to_owned())
    } else {
        Err(SettingsError::Out(out))
    }
}

pub(super) fn public_path(prefix: Option<&String>) -> Result<Option<String>, SettingsError> {
    let Some(mut prefix) = prefix.cloned() else { return Ok(None) };
    let harmless =
        |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\');
    if prefix.is_empty() || !prefix.bytes().all(harmless) {
        return Err(SettingsError::PublicPath(prefix));
    }
    if !prefix.ends_with('/') {
        prefix.push('/');
    }
    Ok(Some(prefix))
}

pub(super) fn site_url(url: Option<&Url>) -> Result<Option<Url>, SettingsError> {
    match url.cloned() {
        Some(url) if !matches!(url.scheme(), "http" | "https") => Err(SettingsError::SiteUrl(url)),
        url => Ok(url),
    }
}

pub(super) fn refuse_nested(dest: &Path, site: &Path) -> Result<(), SettingsError> {
    let absolute = |path: &Path| {
        fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .unwrap_or_else(|_| path.into())
    };
    let (d, s) = (absolute(dest), absolute(site));
    if d.starts_with(&s) || s.starts_with(&d) {
        return Err(SettingsError::Nested { dest: dest.to_owned(), site: site.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_folders_that_hosts_would_hide_or_that_lead_away_are_refused() {
        for out in ["../x", "/x", "_vendor", ".vendor", "a/../b", "", "a//b", "C:\\x", "a\\b"] {
            assert!(vendor_folder(out.to_owned()).is_err(), "{out}");
        }
        assert_eq!(vendor_folder("assets/vendor/".to_owned()).unwrap(), "assets/vendor");
    }

    #[test]
    fn a_public_path_cannot_break_out_of_an_attribute() {
        assert!(public_path(Some(&"\"><script>".into())).is_err());
        assert_eq!(public_path(Some(&"/repo".into())).unwrap().as_deref(), Some("/repo/"));
    }
}
