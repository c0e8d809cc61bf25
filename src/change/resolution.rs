//! What has become of a URL, and how pages refer to vendored files.

use crate::{
    integrity::Integrity,
    reference::{ForeignBase, PageAddress, SubresourceUrl},
    vendor_path::VendorPath,
};

/// What has become of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It is served from the vendor folder.
    Local(LocalCopy),
    /// Another live script stands in for it.
    Replaced(SubresourceUrl),
    /// Its element goes.
    Removed,
}

/// A vendored script, as pages refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalCopy {
    /// Where it lies in the vendor folder.
    pub path: VendorPath,
    /// What goes into `integrity`; `None` leaves the attribute as it is, if it is still right.
    pub integrity: Option<Integrity>,
    /// The script reads its own address, so the query stays.
    pub keeps_query: bool,
}

/// How pages refer to the vendor folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style<'a> {
    /// The vendor folder below the site's root.
    pub out: &'a str,
    /// A prefix that replaces relative addresses; ends with a slash.
    pub public_path: Option<&'a str>,
    /// Write `crossorigin="anonymous"` on what became local.
    pub crossorigin: bool,
}

impl Style<'_> {
    /// The address of `file`, the URL path of a file below the vendor folder, for a page with
    /// `base` its `<base href>`.
    pub(super) fn address(
        &self,
        page: &PageAddress,
        base: Option<&str>,
        file: &str,
    ) -> Result<String, ForeignBase> {
        match self.public_path {
            Some(prefix) => Ok(format!("{prefix}{file}")),
            None => page.local(&format!("{}/{file}", self.out), base),
        }
    }
}
