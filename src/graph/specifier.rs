//! What a module specifier means: from its text, the URL of the script that contains it and the
//! page's import map to a URL.
//!
//! Follows HTML, "resolve a module specifier" (8.1.6.4) with its parts. What is at the URL, and
//! whether it is to be vendored, is for others to say.

use thiserror::Error;
use url::{Position, Url};

use super::{
    import_map::{ImportMap, SpecifierMap},
    sorted_keys::matching,
    url_like::{is_relative, url_like},
};
use crate::reference::is_same_origin;

/// Where a specifier leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The URL, with its fragment: `./x.js` and `./x.js#y` are two modules.
    pub url: Url,
    /// What led there.
    pub by: By,
}

/// What gave a specifier its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The specifier is a URL, and the import map does not mention it.
    Itself,
    /// An entry of the import map.
    Map {
        /// The normalised prefix of the scope, if the entry is in one.
        scope: Option<String>,
        /// The entry's normalised key.
        key: String,
    },
}

/// Why a specifier leads nowhere; browsers throw a `TypeError` in all these cases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Unresolved {
    /// A bare name that the import map does not have.
    #[error("`{0}` is a bare specifier, and the import map has no entry for it")]
    Bare(String),
    /// The import map's entry has no valid address.
    #[error("`{specifier}` is blocked: the import map's entry `{key}` has no valid address")]
    Blocked {
        /// The specifier.
        specifier: String,
        /// The entry's key.
        key: String,
    },
    /// What follows a prefix leads out of the prefix's folder.
    #[error("`{specifier}` leads out of the folder that the import map gives `{key}`")]
    Backtracks {
        /// The specifier.
        specifier: String,
        /// The entry's key.
        key: String,
    },
    /// What follows a prefix makes no URL.
    #[error("`{specifier}` makes no valid URL with the address that the import map gives `{key}`")]
    Invalid {
        /// The specifier.
        specifier: String,
        /// The entry's key.
        key: String,
    },
}

/// HTML, "resolve a module specifier": what `specifier` means in the script at `base`.
///
/// `base` is the *response* URL of a script, the document's base URL for an inline one. Workers
/// have no import map: give an empty one.
///
/// # Errors
/// [`Unresolved`], where browsers throw.
pub fn resolve(specifier: &str, base: &Url, map: &ImportMap) -> Result<Resolution, Unresolved> {
    let as_url = url_like(specifier, base);
    let normalized = as_url.as_ref().map_or(specifier, Url::as_str);
    for (prefix, imports) in matching(map.scopes(), base.as_str()) {
        if let Some((key, url)) = imports_match(normalized, as_url.as_ref(), imports)? {
            return Ok(Resolution { url, by: By::Map { scope: Some(prefix.clone()), key } });
        }
    }
    if let Some((key, url)) = imports_match(normalized, as_url.as_ref(), map.imports())? {
        return Ok(Resolution { url, by: By::Map { scope: None, key } });
    }
    match as_url {
        Some(url) => Ok(Resolution { url, by: By::Itself }),
        None => Err(Unresolved::Bare(specifier.to_owned())),
    }
}

/// HTML, "resolve an imports match". The longest key that matches decides, alone.
fn imports_match(
    normalized: &str,
    as_url: Option<&Url>,
    imports: &SpecifierMap,
) -> Result<Option<(String, Url)>, Unresolved> {
    let may_be_prefix = as_url.is_none_or(is_special);
    let mut matching = matching(imports, normalized);
    let Some((key, address)) = matching.find(|(key, _)| may_be_prefix || key == normalized) else {
        return Ok(None);
    };
    let (specifier, key) = (normalized.to_owned(), key.clone());
    let Some(address) = address else {
        return Err(Unresolved::Blocked { specifier, key });
    };
    if key == normalized {
        return Ok(Some((key, address.clone())));
    }
    match address.join(&normalized[key.len()..]) {
        Err(_) => Err(Unresolved::Invalid { specifier, key }),
        Ok(url) if !url.as_str().starts_with(address.as_str()) => {
            Err(Unresolved::Backtracks { specifier, key })
        }
        Ok(url) => Ok(Some((key, url))),
    }
}

/// URL, "special scheme".
fn is_special(url: &Url) -> bool {
    matches!(url.scheme(), "ftp" | "file" | "http" | "https" | "ws" | "wss")
}

/// A reference as a specifier: a bare `vendor/x.js` would be a name.
pub fn as_specifier(reference: &str) -> String {
    let is_url_like =
        is_relative(reference) || Url::parse(reference).is_ok_and(|url| url.has_host());
    if is_url_like { reference.to_owned() } else { format!("./{reference}") }
}

/// The specifier that leads from the script at `from` to `target`: relative on one origin, else
/// absolute. The target's query and fragment are kept.
pub fn relative(from: &Url, target: &Url) -> String {
    let reference = if is_same_origin(from, target) { from.make_relative(target) } else { None };
    let specifier = match reference {
        None => target.as_str().to_owned(),
        // The script itself, or another query of it.
        Some(reference) if reference.is_empty() || reference.starts_with(['?', '#', '/']) => {
            let name = target.path().rsplit('/').next().unwrap_or_default();
            format!("./{name}{}", &target[Position::AfterPath..])
        }
        Some(reference) if reference.starts_with("../") => reference,
        Some(reference) => format!("./{reference}"),
    };
    let leads_there = url_like(&specifier, from).as_ref() == Some(target);
    if leads_there { specifier } else { target.as_str().to_owned() }
}
