//! A URL, and where its version stands in it.

use std::ops::Range;

use super::super::patterns::Groups;
use crate::reference::SubresourceUrl;

/// A URL with the place where its version stands.
#[derive(Clone)]
pub(super) struct Address {
    pub url: SubresourceUrl,
    /// Host and path as matched.
    subject: String,
    version: Option<VersionPlace>,
}

#[derive(Clone)]
enum VersionPlace {
    Written(Range<usize>),
    /// Missing: `@version` belongs here.
    After(usize),
}

impl Address {
    pub fn new(url: &SubresourceUrl, subject: &str, groups: &Groups<'_, '_>) -> Self {
        let anchor = || groups.span("pkg").or_else(|| groups.span("repo"));
        let version = match groups.span("ver") {
            Some(span) => Some(VersionPlace::Written(span)),
            None => anchor().map(|span| VersionPlace::After(span.end)),
        };
        Self { url: url.clone(), subject: subject.to_owned(), version }
    }

    /// The URL's text with `version` in its place; scheme, port and query stay.
    pub fn with_version(&self, version: &str) -> Option<String> {
        let (before, after) = match self.version.clone()? {
            VersionPlace::Written(span) => {
                (self.subject.get(..span.start)?.to_owned(), self.subject.get(span.end..)?)
            }
            VersionPlace::After(end) => {
                (format!("{}@", self.subject.get(..end)?), self.subject.get(end..)?)
            }
        };
        let after = after.split('?').next().unwrap_or_default();
        let path = before.strip_prefix(self.url.host())?;
        let url = self.url.as_url();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{}://{}{port}{path}{version}{after}{query}", url.scheme(), self.url.host()))
    }
}
