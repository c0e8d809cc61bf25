//! The kinds of files that Inhouse vendors, and what each stage has to know of a kind.
//!
//! A new kind is a new [`AssetKind`] with its facts. What matters in HTML without being a file of a
//! kind (base addresses, policies, inline scripts, hints) stands in `html::vocabulary`.

/// A kind of file that a page loads.
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
}

/// What there is to know of a kind.
struct Facts {
    addresses: &'static [Address],
    preloads: &'static [Preload],
    mime_types: &'static [&'static str],
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

/// The JavaScript MIME types (MIME Sniffing 4.6).
const JAVASCRIPT: &[&str] = &[
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];

/// What governs script elements (CSP 3, "get fetch directive fallback list").
const SCRIPT_DIRECTIVES: &[&str] = &["script-src-elem", "script-src", "default-src"];

const CLASSIC_SCRIPT: Facts = Facts {
    addresses: SCRIPT_ADDRESSES,
    preloads: &[Preload { rel: "preload", r#as: Some("script") }],
    mime_types: JAVASCRIPT,
    csp_directives: SCRIPT_DIRECTIVES,
};

const MODULE_SCRIPT: Facts = Facts {
    addresses: SCRIPT_ADDRESSES,
    preloads: &[Preload { rel: "modulepreload", r#as: None }],
    mime_types: JAVASCRIPT,
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
        self.facts().mime_types
    }

    /// The directives of a Content Security Policy that can govern such files; the first one that
    /// is there does.
    pub const fn csp_directives(self) -> &'static [&'static str] {
        self.facts().csp_directives
    }
}
