//! What kinds of answers CDN URLs lead to.

use serde::Deserialize;

/// What kind of answer a URL form gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormKind {
    /// A file of a package, named by its path.
    NpmFile,
    /// The main file of a package.
    NpmDefault,
    /// cdnjs: a library of its own catalogue, mostly copied from npm.
    Cdnjs,
    /// An older catalogue of libraries under names of its own.
    LegacyLib,
    /// A file of a Git repository.
    GitFile,
    /// A file of a Subversion repository.
    SvnFile,
    /// Several files in one answer.
    Bundle,
    /// Built by the CDN; no package has these bytes.
    Generated,
    /// A short address that leads to another one.
    Redirect,
    /// Depends on who asks.
    Dynamic,
    /// About files, not one of them.
    Metadata,
}
