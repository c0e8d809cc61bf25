//! Whether a script loads files from its own folder: it learns where it was loaded from, makes
//! another address of that, and loads what is there.
//!
//! Many scripts look up their own address and do nothing with it: bundlers put the code for it into
//! every file. So the address is followed through variables, properties, calls and texts to where
//! something is loaded, or out of the file to others of its package. In doubt a load is reported: that only costs a warning,
//! and a missed one costs the page.

mod amd;
mod arguments;
mod calls;
mod classes;
mod data_addresses;
mod facts;
mod flow;
mod functions;
mod graph;
mod loading;
mod methods;
mod modules;
mod new_expressions;
mod objects;
mod origins;
mod patterns;
mod reader;
mod resolve;
mod scopes;
mod statements;
mod steps;
mod texts;
mod values;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use oxc_ast::ast::Program;
use oxc_span::Span;

use self::{reader::Reader, resolve::Resolver};
use super::loads::OwnAddress;

/// Whether a script reads its own address, so that a query in it is part of its behaviour. The text
/// decides: nobody has to know what the script does with the query.
pub fn reads_own_address(source: &[u8]) -> bool {
    const SIGNS: [&str; 5] = [
        "currentScript",
        "getElementsByTagName(\"script\")",
        "getElementsByTagName('script')",
        "document.scripts",
        "querySelector(\"script[src",
    ];
    SIGNS.iter().any(|sign| memchr::memmem::find(source, sign.as_bytes()).is_some())
}

/// Whether a script with this text can learn its own address.
pub(super) fn may_be_known(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "currentScript",
        "import.meta",
        ".scripts",
        "\"script",
        "'script",
        "`script",
        "SCRIPT",
        "[src",
        "location",
        ".fileName",
        ".toUrl(",
    ];
    WORDS.iter().any(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
}

/// Where `program` loads a file by an address made from its own, for each way in which it learns its
/// own: the load that the address comes to most directly. `is_worker` says that the address is also
/// that of the global `location`.
pub(super) fn loads_by_own_address(
    program: &Program<'_>,
    is_worker: bool,
) -> Vec<(OwnAddress, Span)> {
    let mut graph = Reader::read(program, is_worker);
    if graph.origins.is_empty() {
        return Vec::new();
    }
    let loads = Resolver::resolve(&mut graph).loads();
    let addresses = flow::loaded_addresses(&graph);
    let mut nearest: BTreeMap<OwnAddress, (usize, Span)> = BTreeMap::new();
    for load in loads {
        let addresses = addresses.get(&load.node).into_iter().flatten();
        for address in addresses.filter(|address| load.when.is_met_by(address.content)) {
            let known = nearest.entry(address.kind).or_insert((address.jumps, load.span));
            if (address.jumps, load.span.start) < (known.0, known.1.start) {
                *known = (address.jumps, load.span);
            }
        }
    }
    nearest.into_iter().map(|(kind, (_, span))| (kind, span)).collect()
}
