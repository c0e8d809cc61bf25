//! What browsers ask for: a URL, and as what it is loaded.

use serde::{Deserialize, Serialize};

use crate::{
    js::{ModuleType, ParseFailure, ReadAs, Scan, WorkerType},
    reference::SubresourceUrl,
};

/// As what a file is loaded. With the URL it makes a request: one URL can be two modules, if it is
/// imported as JavaScript and as JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// A module, of that type.
    Module(ModuleType),
    /// A classic script of a page.
    Classic,
    /// The script of a worker, or what such a script imports with `importScripts`.
    Worker(WorkerType),
    /// Something whose URL is taken; what for is not known.
    Asset,
}

impl Use {
    /// As what the file is read; `None` if it cannot load anything.
    pub fn read_as(&self) -> Option<ReadAs> {
        match self {
            Self::Module(ModuleType::JavaScriptOrWasm | ModuleType::Unknown) => {
                Some(ReadAs::Module)
            }
            Self::Module(_) => None,
            Self::Classic => Some(ReadAs::Script),
            Self::Worker(WorkerType::Module) => Some(ReadAs::ModuleWorker),
            Self::Worker(WorkerType::Classic) => Some(ReadAs::Worker),
            Self::Worker(WorkerType::Unknown) | Self::Asset => Some(ReadAs::Any),
        }
    }

    /// Scans `source`, a file with a JavaScript MIME type, as what it is used as.
    ///
    /// # Errors
    /// The first [`ParseFailure`], if it is nothing of what it may be.
    pub fn scan(&self, source: &[u8]) -> Result<Scan, ParseFailure> {
        self.read_as().map_or_else(|| Ok(Scan::default()), |way| way.scan(source))
    }
}

/// What a browser asks for: a URL without its fragment, and as what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// The URL.
    pub url: SubresourceUrl,
    /// As what it is loaded.
    pub r#use: Use,
}

impl Request {
    /// The first request for `url` in the order of requests.
    pub fn first(url: &SubresourceUrl) -> Self {
        Self { url: url.clone(), r#use: Use::Module(ModuleType::JavaScriptOrWasm) }
    }
}

/// Whether a page waits for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It is loaded before its page's script runs.
    Static,
    /// It is loaded when code asks for it, if ever.
    Lazy,
}

/// A request that a page makes by itself, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// What is asked for.
    pub request: Request,
    /// Whether the page waits for it.
    pub reach: Reach,
    /// Whether code names it, and no tag that could carry its `integrity`.
    pub by_code: bool,
}
