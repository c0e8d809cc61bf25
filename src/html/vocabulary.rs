//! What matters in HTML: the elements, attributes and tokens that bear on the files a page loads.
//!
//! Stated once. The prefilter, the tokenizers and the scan read it from here, and `tests` hold
//! each of them to every entry. What belongs to a kind of file comes from [`AssetKind`].

use crate::asset::{Address, AssetKind, Markup, Preload};

/// An element that matters.
#[derive(Debug)]
pub(super) struct Element {
    /// In lower case.
    pub(super) name: &'static str,
    pub(super) meaning: Meaning,
    pub(super) content: Content,
    /// How many letters of the name the prefilter looks for: two, or more where two begin elements
    /// that are frequent and do not matter (`<li`).
    pub(super) beginning: usize,
}

/// Why an element matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is a script, or loads one.
    Script,
    /// It preloads a file, or announces a host.
    Link,
    /// It can hold a policy, or declare the encoding.
    Meta,
    /// It changes what addresses mean.
    Base,
    /// It can hold a page in its `srcdoc`.
    Iframe,
    /// Its content is inert.
    Template,
}

/// What stands in an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing: it has no end tag.
    None,
    /// Text, in which only the element's own end tag is markup.
    Text,
    /// Elements, by rules that only tree construction knows.
    Elements,
}

/// The elements that matter. Those of SVG have the names of HTML's.
pub(super) const ELEMENTS: [Element; 6] = [
    Element {
        name: HTML_SCRIPT.element,
        meaning: Meaning::Script,
        content: Content::Text,
        beginning: 2,
    },
    Element { name: "meta", meaning: Meaning::Meta, content: Content::None, beginning: 2 },
    Element { name: "base", meaning: Meaning::Base, content: Content::None, beginning: 2 },
    Element { name: "iframe", meaning: Meaning::Iframe, content: Content::Text, beginning: 2 },
    Element { name: "link", meaning: Meaning::Link, content: Content::None, beginning: 3 },
    Element {
        name: "template",
        meaning: Meaning::Template,
        content: Content::Elements,
        beginning: 0,
    },
];

/// The element of this name, in whatever case.
#[inline]
pub(super) fn element(name: &[u8]) -> Option<&'static Element> {
    ELEMENTS.iter().find(|element| name.eq_ignore_ascii_case(element.name.as_bytes()))
}

impl Element {
    /// Whether a scan can report it. The others only change what is reported of these.
    pub(super) const fn is_reported(&self) -> bool {
        match self.meaning {
            Meaning::Script | Meaning::Link | Meaning::Meta | Meaning::Iframe => true,
            Meaning::Base | Meaning::Template => false,
        }
    }
}

/// Where scripts of both kinds have their address.
pub(super) const SCRIPT_ADDRESSES: &[Address] = AssetKind::ClassicScript.addresses();

const HTML_SCRIPT: &Address = &SCRIPT_ADDRESSES[0];

/// The attributes that can hold the address of a script in this markup; the first that is there
/// counts.
pub(super) fn script_addresses(markup: Markup) -> impl Iterator<Item = &'static str> {
    let addresses = SCRIPT_ADDRESSES.iter().filter(move |address| address.markup == markup);
    addresses.map(|address| address.attribute)
}

/// What a `<link>`'s `rel` makes of it; the first that applies, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRel {
    /// `rel=preload as=script`.
    Preload,
    /// `rel=modulepreload`.
    ModulePreload,
    /// `rel=preconnect` or `rel=dns-prefetch`.
    Hint,
}

/// A token in `rel` that matters.
#[derive(Debug)]
pub(super) struct RelToken {
    /// In lower case.
    pub(super) token: &'static str,
    /// The value of `as` that has to go with it.
    pub(super) r#as: Option<&'static str>,
    pub(super) meaning: LinkRel,
    /// Whether it matters also where it leads to the site itself: modules import others.
    pub(super) matters_in_site: bool,
    /// Whether browsers check the `integrity` of such a link.
    pub(super) takes_integrity: bool,
}

impl RelToken {
    const fn preload(kind: AssetKind, meaning: LinkRel) -> Self {
        let preload = &kind.preloads()[0];
        let matters_in_site = matches!(kind, AssetKind::ModuleScript);
        let Preload { rel: token, r#as, takes_integrity } = *preload;
        Self { token, r#as, meaning, matters_in_site, takes_integrity }
    }

    const fn hint(token: &'static str) -> Self {
        let (meaning, takes_integrity) = (LinkRel::Hint, false);
        Self { token, r#as: None, meaning, matters_in_site: false, takes_integrity }
    }
}

/// The tokens in `rel` that matter; of several in one link the first in this order counts.
pub(super) const REL_TOKENS: [RelToken; 4] = [
    RelToken::preload(AssetKind::ClassicScript, LinkRel::Preload),
    RelToken::preload(AssetKind::ModuleScript, LinkRel::ModulePreload),
    RelToken::hint("preconnect"),
    RelToken::hint("dns-prefetch"),
];

/// Whether browsers check the `integrity` of a link.
pub(super) fn link_takes_integrity(rel: LinkRel) -> bool {
    REL_TOKENS.iter().any(|known| known.meaning == rel && known.takes_integrity)
}

/// Where links and base elements have their address.
pub(super) const HREF: &str = "href";
/// Where an `<iframe>` holds a page.
pub(super) const SRCDOC: &str = "srcdoc";
/// Where a `<meta>` says what it is about, and what it says of that.
pub(super) const HTTP_EQUIV: &str = "http-equiv";
pub(super) const CONTENT: &str = "content";
/// The `http-equiv` of a policy.
pub(super) const POLICY: &str = "content-security-policy";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_has_its_elements_and_links_in_the_table() {
        for kind in AssetKind::ALL {
            for address in kind.addresses() {
                assert!(element(address.element.as_bytes()).is_some(), "{address:?}");
                assert!(SCRIPT_ADDRESSES.contains(address), "{address:?}");
            }
            for preload in kind.preloads() {
                let is_there =
                    |known: &RelToken| (known.token, known.r#as) == (preload.rel, preload.r#as);
                assert!(REL_TOKENS.iter().any(is_there), "{preload:?}");
            }
        }
    }
}
