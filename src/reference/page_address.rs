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
mod tests {
    use super::*;

    fn page(path: &str) -> PageAddress {
        PageAddress::new(path, None)
    }

    fn external(target: Target) -> String {
        match target {
            Target::External { url, .. } => url.to_string(),
            other => panic!("not external: {other:?}"),
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_understood() {
        for value in [
            "https://h/y.js",
            "  //h/y.js\n",
            "https:\\\\h\\y.js",
            "ht\ttps://h/y.js",
            "/\\h/y.js",
            "///h/y.js",
            "https:///h/y.js",
            "HTTPS://H:443/y.js",
            "https://user:secret@h/y.js#top",
        ] {
            assert_eq!(
                external(page("a/b.html").resolve(value, None)),
                "https://h/y.js",
                "{value:?}"
            );
        }
    }

    #[test]
    fn a_relative_address_is_external_under_a_foreign_base() {
        let base = Some("https://cdn.example/lib/");
        assert_eq!(external(page("a.html").resolve("x.js", base)), "https://cdn.example/lib/x.js");
        assert_eq!(external(page("a.html").resolve("/x.js", base)), "https://cdn.example/x.js");
    }

    #[test]
    fn the_sites_own_absolute_address_is_not_external() {
        let site = Url::parse("https://me.example/docs").unwrap();
        let page = PageAddress::new("a.html", Some(&site));
        let own = |path: &str| Target::OwnSite { path: path.to_owned() };
        assert_eq!(page.resolve("https://me.example/docs/js/x.js", None), own("js/x.js"));
        assert_eq!(page.resolve("js/x.js", None), own("js/x.js"));
    }

    #[test]
    fn what_cannot_be_fetched_is_told_apart() {
        let resolve = |value| page("a.html").resolve(value, None);
        assert_eq!(resolve(" \n"), Target::Nothing);
        assert_eq!(resolve("https://"), Target::Nothing);
        assert_eq!(resolve("data:,1"), Target::NotFetchable { scheme: "data".into() });
        assert_eq!(resolve("https://x/{{ v }}/a.js"), Target::Placeholder);
        assert_eq!(resolve("https://x/lib@[VERSION]/a.js"), Target::Placeholder);
        assert_eq!(external(resolve("https://x/a[0].js")), "https://x/a[0].js");
    }

    #[test]
    fn local_addresses_are_relative_to_the_page() {
        assert_eq!(page("index.html").local("vendor/h/x.js", None).unwrap(), "vendor/h/x.js");
        assert_eq!(page("a/b/c.html").local("vendor/h/x.js", None).unwrap(), "../../vendor/h/x.js");
    }

    #[test]
    fn an_error_page_gets_a_root_relative_address() {
        assert_eq!(page("404.html").local("vendor/x.js", None).unwrap(), "/vendor/x.js");
        let site = Url::parse("https://me.example/repo/").unwrap();
        let page = PageAddress::new("fr/404.html", Some(&site));
        assert_eq!(page.local("vendor/x.js", None).unwrap(), "/repo/vendor/x.js");
    }

    #[test]
    fn a_base_decides_what_relative_means() {
        let local = |path, base| page(path).local("vendor/x.js", Some(base)).unwrap();
        assert_eq!(local("a/b.html", "/"), "vendor/x.js");
        assert_eq!(local("a/b.html", "../"), "vendor/x.js");
        assert_eq!(local("docs/a.html", "/docs/"), "../vendor/x.js");
        assert_eq!(local("404.html", "/repo/"), "vendor/x.js");
        assert_eq!(local("a/b.html", "data:,x"), "../vendor/x.js");
    }

    #[test]
    fn a_base_that_is_no_folder_above_the_page_is_where_the_site_will_be() {
        let own = |path: &str| Target::OwnSite { path: path.to_owned() };
        assert_eq!(page("a/b.html").resolve("js/x.js", Some("/repo/")), own("js/x.js"));
        assert_eq!(page("a/b.html").resolve("js/x.js", Some("/a/")), own("a/js/x.js"));
        let site = Url::parse("https://me.example/").unwrap();
        let known = PageAddress::new("a/b.html", Some(&site));
        assert_eq!(known.resolve("js/x.js", Some("/repo/")), own("repo/js/x.js"));
    }

    #[test]
    fn a_base_that_is_a_folder_of_the_site_is_that_folder() {
        let folders = Arc::new(BTreeSet::from(["my assets".to_owned()]));
        let page = page("index.html").among(&folders);
        let base = Some("/my%20assets/img/");
        assert_eq!(page.local("vendor/x.js", base).unwrap(), "../../vendor/x.js");
        let own = Target::OwnSite { path: "my%20assets/img/x.js".to_owned() };
        assert_eq!(page.resolve("x.js", base), own);
        assert_eq!(page.local("vendor/x.js", Some("/repo/")).unwrap(), "vendor/x.js");
    }

    #[test]
    fn a_foreign_base_needs_the_sites_own_url() {
        let base = Some("https://cdn.example/");
        assert!(page("a.html").local("vendor/x.js", base).is_err());
        let site = Url::parse("https://me.example/").unwrap();
        let page = PageAddress::new("a.html", Some(&site));
        assert_eq!(page.local("vendor/x.js", base).unwrap(), "https://me.example/vendor/x.js");
    }

    #[test]
    fn what_local_writes_resolves_to_the_file() {
        for path in ["index.html", "a/b/c.html", "404.html", "a b/ü.html"] {
            let page = page(path);
            let value = page.local("vendor/h/x.js", None).unwrap();
            let own = Target::OwnSite { path: "vendor/h/x.js".into() };
            assert_eq!(page.resolve(&value, None), own, "{path}");
        }
    }
}
