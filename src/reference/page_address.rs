//! Where a page lies, and what addresses mean in it.

use std::{collections::BTreeSet, sync::Arc};

use thiserror::Error;
use url::Url;

use super::{
    SubresourceUrl,
    origin::{below, is_same_origin, site_root},
};

/// What the value of a `src` or `href` attribute points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A script on another origin. The fragment is no part of the key, but is kept on the page.
    External {
        /// The address.
        url: SubresourceUrl,
        /// What followed `#`, without the `#`.
        fragment: Option<String>,
    },
    /// A file of the site itself: its path below the site's root, percent-encoded as in a URL.
    OwnSite {
        /// The path, without a leading slash.
        path: String,
    },
    /// `data:`, `blob:`, `javascript:` and the like: nothing to fetch.
    NotFetchable {
        /// The URL's scheme.
        scheme: String,
    },
    /// A placeholder that some other tool was meant to fill in, such as `{{ url }}`.
    Placeholder,
    /// Empty, or not a URL at all: browsers load nothing either.
    Nothing,
}

/// Where a page lives, which decides what its addresses mean and how it can be given new ones.
#[derive(Clone, Debug)]
pub struct PageAddress {
    /// The page's own URL.
    page: Url,
    /// The URL of the site's root folder; ends with a slash.
    root: Url,
    /// Whether `root` is what the user told us, rather than a stand-in.
    root_is_known: bool,
    /// An error page is served for any missing URL, so nothing can be relative to where it lies.
    served_anywhere: bool,
    /// The names of the folders in the site's root.
    folders: Arc<BTreeSet<String>>,
}

/// Why a page cannot be pointed at a local file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the page's <base href=\"{base}\"> lies on another origin, so no relative address reaches the vendor folder"
)]
pub struct ForeignBase {
    /// The base URL in force.
    pub base: String,
}

impl PageAddress {
    /// The address of the page at `path` (relative, `/`-separated) of a site whose root is
    /// `site_url`, if known.
    pub fn new(path: &str, site_url: Option<&Url>) -> Self {
        let root = site_root(site_url);
        let page = below(&root, path);
        let served_anywhere = path.rsplit('/').next() == Some("404.html");
        let root_is_known = site_url.is_some();
        Self { page, root, root_is_known, served_anywhere, folders: Arc::default() }
    }

    /// The same, with the names of the folders in the site's root.
    #[must_use]
    pub fn among(self, folders: &Arc<BTreeSet<String>>) -> Self {
        Self { folders: folders.clone(), ..self }
    }

    /// Whether `url` lies on the site's own origin.
    pub fn is_own(&self, url: &Url) -> bool {
        is_same_origin(url, &self.root)
    }

    /// The path of a file of the site below its root, as [`resolve`](Self::resolve) gives it.
    pub fn own_path(&self, url: &Url) -> Option<String> {
        let path = url.path().strip_prefix(self.root.path())?;
        self.is_own(url).then(|| path.to_owned())
    }

    /// The URL of a file of the site, given as the path that [`resolve`](Self::resolve) gives;
    /// `None` if the site's own URL is none that modules have.
    pub fn own(&self, path: &str) -> Option<SubresourceUrl> {
        let mut url = self.root.clone();
        url.set_path(&format!("{}{path}", self.root.path()));
        url.try_into().ok()
    }

    /// What `value`, an attribute's decoded text, points at with `base` the `<base href>` in force.
    pub fn resolve(&self, value: &str, base: Option<&str>) -> Target {
        let value = value.trim_matches(|c: char| c <= ' ');
        if value.is_empty() {
            return Target::Nothing;
        }
        if is_placeholder(value) {
            return Target::Placeholder;
        }
        let Ok(url) = self.base_url(base).join(&two_slashes(value)) else {
            return Target::Nothing;
        };
        if is_same_origin(&url, &self.root) {
            let path = url.path();
            let path = path.strip_prefix(self.root.path()).unwrap_or(path.trim_start_matches('/'));
            return Target::OwnSite { path: path.to_owned() };
        }
        let fragment = url.fragment().map(str::to_owned);
        let scheme = url.scheme().to_owned();
        match SubresourceUrl::try_from(url) {
            Ok(url) => Target::External { url, fragment },
            Err(_) => Target::NotFetchable { scheme },
        }
    }

    /// The value that leads from this page to `file`, a URL path below the site's root.
    ///
    /// Relative where that works under any base path. An error page gets a root-relative value, a
    /// page with a `<base>` one that is relative to that base.
    ///
    /// # Errors
    /// [`ForeignBase`] if only an absolute URL would do and the site's own URL is not known.
    pub fn local(&self, file: &str, base: Option<&str>) -> Result<String, ForeignBase> {
        let mut target = self.root.clone();
        target.set_path(&format!("{}{file}", self.root.path()));
        let Some(base) = base else {
            return Ok(if self.served_anywhere {
                target.path().to_owned()
            } else {
                self.page.make_relative(&target).unwrap_or_else(|| target.path().to_owned())
            });
        };
        let base_url = self.base_url(Some(base));
        if !is_same_origin(&base_url, &self.root) {
            let known = self.root_is_known.then(|| target.as_str().to_owned());
            return known.ok_or_else(|| ForeignBase { base: base.to_owned() });
        }
        Ok(base_url.make_relative(&target).unwrap_or_else(|| target.path().to_owned()))
    }

    /// HTML, "document base URL": with `base` the `<base href>` in force.
    pub fn base_url(&self, base: Option<&str>) -> Url {
        let resolved = base.and_then(|href| {
            let href = href.trim_matches(|c: char| c <= ' ');
            self.page.join(&two_slashes(href)).ok()
        });
        // HTML ("set the frozen base URL"): a base that does not parse, or is a data: or
        // javascript: URL, counts for nothing.
        let counts = resolved.filter(|url| !matches!(url.scheme(), "data" | "javascript"));
        match counts {
            None => self.page.clone(),
            Some(base) if self.is_mount(&base) => self.root.clone(),
            Some(base) => base,
        }
    }

    /// A generator that writes `<base href="/repo/">` into pages below `/` tells us where the site
    /// will be mounted: what is relative to that is relative to the site's root. Where the site has
    /// such a folder, that one is meant.
    fn is_mount(&self, base: &Url) -> bool {
        !self.root_is_known
            && self.is_own(base)
            && !self.is_above_page(base)
            && !self.is_below_folder(base)
    }

    fn is_below_folder(&self, base: &Url) -> bool {
        let name = base.path_segments().and_then(|mut segments| segments.next());
        let name = name.map(|name| percent_encoding::percent_decode_str(name).decode_utf8_lossy());
        name.is_some_and(|name| self.folders.contains(&*name))
    }

    fn is_above_page(&self, base: &Url) -> bool {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        self.page.path().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Browsers skip any number of slashes before a host; the `url` crate calls three an empty host.
fn two_slashes(value: &str) -> std::borrow::Cow<'_, str> {
    let rest = value.trim_start_matches(['/', '\\']);
    if value.len() - rest.len() > 2 { format!("//{rest}").into() } else { value.into() }
}

/// Marks that template languages leave behind when nobody fills them in.
fn is_placeholder(value: &str) -> bool {
    const MARKS: [&str; 4] = ["{{", "{%", "<%", "${"];
    let bracketed = value.split('[').skip(1).any(|rest| {
        rest.split_once(']').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        })
    });
    bracketed || MARKS.iter().any(|mark| value.contains(mark))
}

#[cfg(test)]
mod tests;
