//! Module graphs: what a script loads, what that loads, and how all of it finds each other in its
//! new home.
//!
//! [`js`] reads a script, [`specifier`] and [`import_map`] say what its specifiers mean,
//! [`closure`] follows them, [`relocation`] says which must change and proves the result, and
//! [`literal`] writes them anew. All of it is bytes and values; fetching, storing and telling are left to others. The rule is *mirror, resolve,
//! splice, prove*: files lie beside each other as they did, so that nearly no specifier changes,
//! and what does change is read again before it is written.

pub mod closure;
pub mod document;
pub mod graphs;
pub mod homes;
pub mod import_map;
pub mod js;
mod json;
pub mod literal;
pub mod module_scan;
mod nesting;
pub mod relocation;
mod residual;
pub mod specifier;
mod worth;

#[cfg(test)]
mod tests;

pub use module_scan::{
    Form, ModuleScan, ModuleType, ParseFailure, Purpose, Residual, Rule, Seems, SelfLocating, Sign,
    SourceKind, Specifier, WorkerType,
};
