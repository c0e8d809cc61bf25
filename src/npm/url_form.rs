//! A CDN URL read as what it names: a file of an npm package, or the reason why it is none.
//!
//! Pure, and driven by `src/data/cdn-url-patterns.toml`. The result is a candidate, never a proof: only
//! equal bytes prove where a file comes from (`provenance`). Versions are read as npm
//! reads them (exact version, dist-tag or semver range).

mod address;
mod named;

use self::{address::Address, named::Named};
use super::{
    form_kind::FormKind,
    package_name::PackageName,
    patterns::{self, DefaultFileRules, Groups, Pattern, Pinned},
    version_spec::{VersionSpec, exact},
};
use crate::reference::SubresourceUrl;

/// Whether the URL itself fixes the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinning {
    /// The same URL always means the same bytes.
    Exact,
    /// The CDN may answer with other bytes tomorrow.
    Floating {
        /// What to write instead, as a sentence without a final stop.
        advice: String,
    },
    /// The form does not tell.
    Unknown,
}

/// What a CDN URL names.
#[derive(Clone)]
pub struct UrlForm {
    /// The data entry that matched.
    pub id: &'static str,
    /// What kind of answer to expect.
    pub kind: FormKind,
    /// The npm package, if the form leads to one.
    pub package: Option<PackageName>,
    /// Whether `package` is only the CDN's own name for the library, which may be another package's
    /// name on npm: good enough to be proved by bytes, not to be served unproved.
    pub package_is_guess: bool,
    /// The version asked for.
    pub version: VersionSpec,
    /// Candidate paths in the tarball, best first.
    pub paths: Vec<String>,
    /// The form promises the package's own file at `paths[0]`: other bytes there are tampering.
    pub path_is_fixed: bool,
    /// Whether the URL fixes the bytes.
    pub pinned: Pinning,
    /// What is known about the form, for people.
    pub reason: &'static str,
    pattern: &'static Pattern,
    address: Address,
}

impl UrlForm {
    /// The URL that names `version` instead of a range, a tag or nothing: what to write in place of
    /// a floating URL, and where its bytes belong once the CDN has told the version it answered
    /// with. `version` is an exact version or a full commit hash; anything else gives `None`, as
    /// does a form without a place for it.
    pub fn pinned_url(&self, version: &str) -> Option<SubresourceUrl> {
        let commit = version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        if exact(version).is_none() && !(commit && self.kind == FormKind::GitFile) {
            return None;
        }
        if self.version.exact() == Some(version) && self.pinned == Pinning::Exact {
            return Some(self.address.url.clone());
        }
        self.address.with_version(version)?.parse().ok()
    }

    /// By whose rules the package's main file is found.
    pub(super) fn default_file_rules(&self) -> Option<DefaultFileRules> {
        self.pattern.default_file
    }

    /// Whether this CDN minifies by itself what the package does not have minified.
    pub(super) fn cdn_minifies(&self) -> bool {
        self.pattern.minifies
    }
}

impl std::fmt::Debug for UrlForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UrlForm")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("package", &self.package)
            .field("version", &self.version)
            .field("paths", &self.paths)
            .field("path_is_fixed", &self.path_is_fixed)
            .field("pinned", &self.pinned)
            .finish_non_exhaustive()
    }
}

/// Reads `url`. `None`: no CDN form we know.
pub fn classify(url: &SubresourceUrl) -> Option<UrlForm> {
    classify_among(url, |_| true)
}

fn classify_among(url: &SubresourceUrl, admit: impl Fn(&Pattern) -> bool) -> Option<UrlForm> {
    let subject = url.host_and_path().replace("%40", "@");
    let host = url.host();
    let patterns = patterns::table().pattern.iter();
    patterns
        .filter(|pattern| pattern.hosts.iter().any(|known| known == host) && admit(pattern))
        .find_map(|pattern| read(pattern, url, &subject))
}

/// Reads `url` as one form, if it has that form.
fn read(pattern: &'static Pattern, url: &SubresourceUrl, subject: &str) -> Option<UrlForm> {
    if pattern.unless.as_ref().is_some_and(|unless| unless.is_match(subject)) {
        return None;
    }
    let subject = match &pattern.query {
        Some(key) => format!("{subject}{}", has_query(url, key).then(|| format!("?{key}"))?),
        None => subject.to_owned(),
    };
    let groups = pattern.pattern.captures(&subject)?;
    let named = Named::of(pattern, &groups);
    let address = Address::new(url, &subject, &groups);
    let pinned = pinning(pattern, url, &subject, &named.version, &groups, &address);
    let kind = match pattern.kind {
        FormKind::NpmDefault if groups.get("path").is_some() => FormKind::NpmFile,
        kind => kind,
    };
    Some(UrlForm {
        id: &pattern.id,
        kind,
        path_is_fixed: pattern.fixed && named.version.exact().is_some(),
        package: named.package,
        package_is_guess: named.is_guess,
        version: named.version,
        paths: named.paths,
        pinned,
        reason: named.reason.unwrap_or(&pattern.reason),
        pattern,
        address,
    })
}

fn has_query(url: &SubresourceUrl, key: &str) -> bool {
    url.as_url().query_pairs().any(|(name, _)| name == key)
}

fn pinning(
    pattern: &Pattern,
    url: &SubresourceUrl,
    subject: &str,
    version: &VersionSpec,
    groups: &Groups<'_, '_>,
    address: &Address,
) -> Pinning {
    let is_exact = version.exact().is_some();
    match &pattern.pinned {
        Pinned::Always => Pinning::Exact,
        Pinned::Version if is_exact => Pinning::Exact,
        Pinned::VersionAndQuery(key) if is_exact && has_query(url, key) => Pinning::Exact,
        Pinned::Matches(expression) if expression.is_match(subject) => Pinning::Exact,
        Pinned::VersionAndQuery(_) | Pinned::Matches(_) if is_exact => Pinning::Unknown,
        Pinned::Parts => bundle_pinning(url, groups),
        Pinned::Never | Pinned::Version | Pinned::VersionAndQuery(_) | Pinned::Matches(_) => {
            Pinning::Floating { advice: advice(pattern.kind, address) }
        }
    }
}

/// A bundle is as pinned as the loosest of its parts.
fn bundle_pinning(url: &SubresourceUrl, groups: &Groups<'_, '_>) -> Pinning {
    let mut loosest = Pinning::Exact;
    for part in groups.get("path").unwrap_or_default().split(',') {
        let Ok(part) = format!("https://{}/{part}", url.host()).parse::<SubresourceUrl>() else {
            return Pinning::Unknown;
        };
        // A bundle has no bundles in it; without this a URL could nest them as deep as it is long.
        match classify_among(&part, |pattern| pattern.kind != FormKind::Bundle) {
            Some(form) if form.pinned == Pinning::Exact => {}
            Some(UrlForm { pinned: Pinning::Floating { .. }, .. }) => {
                let advice = format!("write an exact version for the part `{part}`");
                return Pinning::Floating { advice };
            }
            Some(_) | None => loosest = Pinning::Unknown,
        }
    }
    loosest
}

fn advice(kind: FormKind, address: &Address) -> String {
    if kind == FormKind::Dynamic {
        return "the answer depends on the browser that asks: no version of it can be pinned"
            .into();
    }
    match address.with_version("<version>") {
        Some(text) => format!("write an exact version: `{text}`"),
        None => "the address has no place for a version: use one that has".into(),
    }
}

#[cfg(test)]
mod tests;
