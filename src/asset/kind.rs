//! The ways in which pages load files, and what each stage has to know of one.
//!
//! A new kind is a new [`AssetKind`] with its facts: the kind of file, the elements and attributes that
//! name it, where `integrity` applies, the links that preload it, and the directives that govern it. What matters in HTML without being a file of a
//! kind (base addresses, policies, inline scripts, hints) stands in `html::vocabulary`.

use super::file_kind::FileKind;

/// A kind of file, as a page loads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssetKind {
    /// A script that runs as it is (HTML 4.12.1, a classic script).
    ClassicScript,
    /// A script that imports others (a JavaScript module script).
    ModuleScript,
}

/// The markup that an element belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    /// HTML.
    Html,
    /// SVG inside HTML.
    Svg,
}

/// An attribute that holds the address of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The element, in lower case.
    pub element: &'static str,
    /// The markup the element belongs to.
    pub markup: Markup,
    /// The attribute, in lower case. Of several in one markup the first that is there counts.
    pub attribute: &'static str,
    /// Whether browsers check the `integrity` of such an element.
    pub takes_integrity: bool,
}

/// A `<link>` that loads a file before it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preload {
    /// The token in `rel`.
    pub rel: &'static str,
    /// The value of `as` that goes with it; `None` where the token is enough.
    pub r#as: Option<&'static str>,
    /// Whether browsers check the `integrity` of such a link.
    pub takes_integrity: bool,
}

/// What there is to know of a kind.
struct Facts {
    file_kind: FileKind,
    addresses: &'static [Address],
    preloads: &'static [Preload],
    csp_directives: &'static [&'static str],
}

/// Scripts of both kinds are named by the same attributes; `type` tells them apart.
const SCRIPT_ADDRESSES: &[Address] = &[
    Address { element: "script", markup: Markup::Html, attribute: "src", takes_integrity: true },
    Address { element: "script", markup: Markup::Svg, attribute: "href", takes_integrity: false },
    Address {
        element: "script",
        markup: Markup::Svg,
        attribute: "xlink:href",
        takes_integrity: false,
    },
];

/// What governs script elements (CSP 3, "get fetch directive fallback list").
const SCRIPT_DIRECTIVES: &[&str] = &["script-src-elem", "script-src", "default-src"];

const CLASSIC_SCRIPT: Facts = Facts {
    file_kind: FileKind::Script,
    addresses: SCRIPT_ADDRESSES,
    preloads: &[Preload { rel: "preload", r#as: Some("script"), takes_integrity: true }],
    csp_directives: SCRIPT_DIRECTIVES,
};

const MODULE_SCRIPT: Facts = Facts {
    file_kind: FileKind::Script,
    addresses: SCRIPT_ADDRESSES,
    preloads: &[Preload { rel: "modulepreload", r#as: None, takes_integrity: true }],
    csp_directives: SCRIPT_DIRECTIVES,
};

impl AssetKind {
    /// Every kind.
    #[cfg(test)]
    pub const ALL: [Self; 2] = [Self::ClassicScript, Self::ModuleScript];

    const fn facts(self) -> &'static Facts {
        match self {
            Self::ClassicScript => &CLASSIC_SCRIPT,
            Self::ModuleScript => &MODULE_SCRIPT,
        }
    }

    /// What such a file is, whoever loads it: the `kind` in the lockfile, and its MIME types.
    pub const fn file_kind(self) -> FileKind {
        self.facts().file_kind
    }

    /// The attributes that hold the address of such a file.
    pub const fn addresses(self) -> &'static [Address] {
        self.facts().addresses
    }

    /// The links that load such a file before it is needed.
    pub const fn preloads(self) -> &'static [Preload] {
        self.facts().preloads
    }

    /// The MIME types that browsers take for such a file, in lower case and without parameters.
    pub const fn mime_types(self) -> &'static [&'static str] {
        self.file_kind().mime_types()
    }

    /// The directives of a Content Security Policy that can govern such files; the first one that
    /// is there does.
    pub const fn csp_directives(self) -> &'static [&'static str] {
        self.facts().csp_directives
    }
}
