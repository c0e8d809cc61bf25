//! What pages load, followed from script to script, and what must change when the files move.
//!
//! [`request`] names what is loaded, [`import_map`] and [`specifier`] say what specifiers mean,
//! [`document`] says where a page begins, [`closure`] and [`graphs`] follow it from there.
//! [`local_urls`] knows where vendored files lie, and [`relocation`] which specifiers must change
//! for it. All of it is values in, values out; fetching, storing and reporting are left to others.
//!
//! Vendored files lie beside each other as they did on their server, so that nearly no specifier
//! changes. What does change is scanned again before it is written.

pub mod closure;
pub mod document;
pub mod graphs;
pub mod import_map;
mod json;
pub mod local_urls;
mod reached;
pub mod relocation;
pub mod request;
mod sorted_keys;
pub mod specifier;
mod url_like;
mod walk;

#[cfg(test)]
mod tests;

pub use url_like::url_like;
