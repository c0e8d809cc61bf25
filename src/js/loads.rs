//! What a script loads, apart from its source text: the specifiers it spells out, the addresses it
//! computes, and signs that it may load more.
//!
//! Plain values, without offsets: they hold for the script wherever it is kept, and the lockfile can
//! name them. Finding them is for [`scan`](super::scan()), resolving them for
//! [`specifier`](crate::graph::specifier).

use serde::{Deserialize, Serialize};

use super::url_in_string::UrlInString;

/// Everything that one script loads, in source order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loads {
    /// String literals that name something to load.
    pub specifiers: Vec<Specifier>,
    /// Loads whose address the script computes.
    pub computed: Vec<Computed>,
    /// Signs that the script may load more than it spells out.
    pub signs: Vec<Sign>,
}

impl Loads {
    /// Whether the script loads files by addresses that it makes from its own.
    pub fn loads_by_own_address(&self) -> bool {
        self.signs.iter().any(|sign| matches!(sign.kind, SignKind::LoadByOwnAddress(_)))
    }

    /// Whether the script loads nothing, and shows no sign that it might.
    #[cfg(feature = "internals")]
    pub fn is_empty(&self) -> bool {
        self.specifiers.is_empty() && self.computed.is_empty() && self.signs.is_empty()
    }
}

/// A string literal that names something to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specifier {
    /// The literal's value.
    pub text: String,
    /// The line of the literal, counted from 1.
    pub line: usize,
    /// What is done with it.
    pub form: Form,
    /// The module type that import attributes ask for.
    pub module_type: ModuleType,
    /// The phase of the import.
    pub phase: Phase,
}

/// What is done with a specifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// `import … from "x"`, `import "x"`.
    StaticImport,
    /// `export … from "x"`.
    ExportFrom,
    /// `import("x")`.
    DynamicImport,
    /// `import.meta.resolve("x")`.
    ImportMetaResolve,
    /// `new URL("x", import.meta.url)`.
    NewUrl(Purpose),
    /// `new Worker("x")`, and `navigator.serviceWorker.register("x")`.
    Worker(WorkerType),
    /// `new SharedWorker("x")`.
    SharedWorker(WorkerType),
    /// `audioWorklet.addModule("x")`, and the like.
    Worklet,
    /// `importScripts("x")`, in a classic worker.
    ImportScripts,
}

/// What a `new URL(…, import.meta.url)` is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// We cannot see it.
    Unknown,
    /// The script of `new Worker(…)`, or of anything else that starts one.
    Worker(WorkerType),
}

/// The `type` a worker is started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerType {
    /// None given, or `"classic"`.
    Classic,
    /// `"module"`.
    Module,
    /// Computed.
    Unknown,
}

/// By which rule a specifier becomes a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// HTML, "resolve a module specifier": bare names and import maps count.
    ModuleSpecifier,
    /// A URL relative to the script that contains it.
    AgainstScript,
    /// A URL relative to the document or the worker that runs the script, wherever the script is
    /// from (HTML, "API base URL").
    AgainstSettings,
}

impl Form {
    /// How the specifier becomes a URL.
    pub fn rule(self) -> Rule {
        match self {
            Self::StaticImport
            | Self::ExportFrom
            | Self::DynamicImport
            | Self::ImportMetaResolve => Rule::ModuleSpecifier,
            Self::NewUrl(_) => Rule::AgainstScript,
            Self::Worker(_) | Self::SharedWorker(_) | Self::Worklet | Self::ImportScripts => {
                Rule::AgainstSettings
            }
        }
    }

    /// Whether the script runs without this one being loaded before it.
    pub fn is_lazy(self) -> bool {
        match self {
            Self::StaticImport | Self::ExportFrom | Self::ImportScripts => false,
            Self::DynamicImport
            | Self::ImportMetaResolve
            | Self::NewUrl(_)
            | Self::Worker(_)
            | Self::SharedWorker(_)
            | Self::Worklet => true,
        }
    }
}

/// The module type of a request (HTML, "module type from module request").
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleType {
    /// None given.
    #[default]
    JavaScriptOrWasm,
    /// `with { type: "json" }`.
    Json,
    /// `with { type: "css" }`.
    Css,
    /// Another, which browsers may refuse.
    Other(String),
    /// `import(x, options)` with computed options.
    Unknown,
}

impl ModuleType {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "json" => Self::Json,
            "css" => Self::Css,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// The phase of an import: how far the module is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Loaded, linked and run.
    #[default]
    Evaluation,
    /// `import defer`: loaded and linked.
    Defer,
    /// `import source`: loaded.
    Source,
}

/// A load whose address the script computes.
///
/// We cannot follow it. After a move it still leads where it led, or, where the address is relative
/// to the script, to a place beside the local copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// What would have been loaded, and how.
    pub form: Form,
    /// The line of the expression that gives the address, counted from 1.
    pub line: usize,
}

impl Computed {
    /// What follows from it for a vendored script, as the report says it.
    pub fn consequence(&self) -> &'static str {
        match self.form.rule() {
            Rule::ModuleSpecifier => {
                "the module it loads was not vendored: a relative address must lie beside the local copy, an absolute one is still loaded from elsewhere"
            }
            Rule::AgainstScript => {
                "the file it names was not vendored, and is looked for beside the local copy"
            }
            Rule::AgainstSettings => {
                "the script it starts was not vendored, and is loaded from where the code says"
            }
        }
    }
}

/// A sign that a script may load more than it spells out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// What was seen.
    pub kind: SignKind,
    /// The line of the literal or expression, counted from 1.
    pub line: usize,
}

/// What suggests a load that we do not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignKind {
    /// An absolute URL in a string.
    Url(UrlInString),
    /// The script asks where it was loaded from.
    OwnAddress(OwnAddress),
    /// The script loads a file by an address that it makes from its own: the first such load.
    LoadByOwnAddress(OwnAddress),
}

/// How a script finds out where it was loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnAddress {
    /// `document.currentScript`.
    CurrentScript,
    /// `document.scripts`, `getElementsByTagName("script")`, `querySelector("script…")`.
    ScriptElements,
    /// `import.meta.url`, other than as the base of a literal.
    ImportMetaUrl,
    /// `new URL(".", import.meta.url)`: its folder.
    OwnFolder,
    /// `location`, in a worker.
    WorkerLocation,
    /// The stack of an error that the script throws for it.
    ErrorStack,
}
