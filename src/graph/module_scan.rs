//! What a script asks for: the specifiers it spells out, the loads it computes, and the signs that
//! it will call its old home again.
//!
//! Plain values. Finding them is [`js`](super::js)'s affair, what they mean
//! [`specifier`](super::specifier)'s. Every span counts bytes of the source that was scanned, a byte
//! order mark included.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// As what a source text runs, which decides how it is parsed and what its code can load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A module script of a page.
    Module,
    /// A classic script of a page; `import()` works there too.
    Classic,
    /// The script of a worker, where there is no import map and, if classic, `importScripts`.
    Worker {
        /// Whether the worker is a module worker.
        module: bool,
    },
}

impl SourceKind {
    /// Whether the text is parsed as a module.
    pub fn is_module(self) -> bool {
        matches!(self, Self::Module | Self::Worker { module: true })
    }
}

/// Everything one script asks for, in source order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleScan {
    /// What it loads and spells out.
    pub specifiers: Vec<Specifier>,
    /// What it loads from an address that it computes.
    pub unfollowed: Vec<Unfollowed>,
    /// What suggests that it will load more, from where it came from.
    pub residual: Vec<Residual>,
}

/// A string literal that names something to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specifier {
    /// The literal's value.
    pub text: String,
    /// The literal, quotes included.
    pub span: Range<usize>,
    /// The line of the literal, counted from 1.
    pub line: usize,
    /// How the literal is delimited.
    pub quote: Quote,
    /// What is done with it.
    pub form: Form,
    /// The module type that import attributes ask for.
    pub module_type: ModuleType,
    /// How far the module is brought.
    pub phase: Phase,
}

/// What delimits a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// `"…"`
    Double,
    /// `'…'`
    Single,
    /// A template without substitutions.
    Template,
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

/// How far an import brings a module (import phases).
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

/// A load whose address the script computes. It still goes where it went before, or, where the
/// address is relative to a script that has moved, to where nothing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfollowed {
    /// What would have been loaded, and how.
    pub form: Form,
    /// The expression that gives the address.
    pub span: Range<usize>,
    /// The line of the expression, counted from 1.
    pub line: usize,
}

impl Unfollowed {
    /// What comes of it, as half a sentence: "… `import(name)`, so …".
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

/// A sign that a script reaches for more than it spells out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residual {
    /// What was seen.
    pub sign: Sign,
    /// The literal or expression.
    pub span: Range<usize>,
    /// Its line, counted from 1.
    pub line: usize,
}

/// What suggests a load that we do not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// An absolute `http(s)` or `//` URL in a string.
    Url {
        /// The URL as written.
        text: String,
        /// Its host, in lower case.
        host: String,
        /// What it seems to name.
        seems: Seems,
    },
    /// The script looks up where it was loaded from.
    SelfLocating(SelfLocating),
}

/// What a URL seems to name, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seems {
    /// `.js`, `.mjs`, `.cjs`.
    Script,
    /// `.css`.
    Style,
    /// `.woff2` and its like.
    Font,
    /// `.wasm`.
    Wasm,
    /// `.json`, `.xml`, `.csv`.
    Data,
    /// A picture, a sound, a film.
    Media,
    /// Ends where a name would be put: `…/`, `…@`, `…=`, or a template goes on.
    Beginning,
    /// Anything else: mostly documentation.
    Other,
}

/// How a script finds out where it was loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelfLocating {
    /// `document.currentScript`.
    CurrentScript,
    /// `document.scripts`, `getElementsByTagName("script")`, `querySelector("script…")`.
    ScriptElements,
    /// `import.meta.url`, other than as the base of a literal.
    ImportMetaUrl,
    /// `new URL(".", import.meta.url)`: its folder.
    OwnFolder,
}

/// The source could not be read as a script.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseFailure {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}
