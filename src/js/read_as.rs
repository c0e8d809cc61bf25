//! As what a script is read, which decides how it is parsed and what its code can load.

use serde::{Deserialize, Serialize};

use super::{
    parse::{ParseFailure, scan},
    scan::{Scan, SourceKind},
};

/// As what a script is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadAs {
    /// A classic script of a page.
    Script,
    /// A module of a page.
    Module,
    /// A classic worker, or what such a worker imports with `importScripts`.
    Worker,
    /// A module worker.
    ModuleWorker,
    /// A classic worker if it parses as one, else a module worker: what it is used for is not known.
    Any,
}

impl ReadAs {
    /// The name, as the lockfile spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Module => "module",
            Self::Worker => "worker",
            Self::ModuleWorker => "module-worker",
            Self::Any => "any",
        }
    }

    /// How the source is parsed, in the order to try.
    fn source_kinds(self) -> &'static [SourceKind] {
        const MODULE_WORKER: SourceKind = SourceKind::Worker { module: true };
        const CLASSIC_WORKER: SourceKind = SourceKind::Worker { module: false };
        match self {
            Self::Script => &[SourceKind::Classic],
            Self::Module => &[SourceKind::Module],
            Self::Worker => &[CLASSIC_WORKER],
            Self::ModuleWorker => &[MODULE_WORKER],
            // What has module syntax is no classic script.
            Self::Any => &[CLASSIC_WORKER, MODULE_WORKER],
        }
    }

    /// Scans `source`.
    ///
    /// # Errors
    /// The first [`ParseFailure`], if it is nothing of what it may be.
    pub fn scan(self, source: &[u8]) -> Result<Scan, ParseFailure> {
        let mut failure = None;
        for kind in self.source_kinds() {
            match scan(source, *kind) {
                Ok(scan) => return Ok(scan),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or_else(|| Ok(Scan::default()), Err)
    }
}
