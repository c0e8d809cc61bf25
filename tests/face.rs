//! The library's face: every name that another program may use. Each is a promise, so whoever adds or
//! renames one says so here too.

#[path = "support/source/mod.rs"]
mod source;

use source::{SourceFile, library, paths_of_tree};

/// What `lib.rs` shows by itself. Whatever is public inside these modules is public too.
const FACE: &[&str] = &[
    "mod cli",
    "mod errors",
    "mod findings",
    "mod html",
    "mod init",
    "mod integrity",
    "mod lockfile",
    "mod options",
    "mod progress",
    "mod report",
    "mod settings",
    "use commands::Tally",
    "use commands::check",
    "use commands::rewrite_page",
    "use commands::rewrite_records",
    "use commands::scan",
    "use commands::scan_records",
    "use commands::vendor",
    "use error::RunError",
    "use error::remedy",
    "use fetch::ClientError",
    "use folder::IoError",
    "use policy::OnDenied",
    "use policy::PatternError",
    "use policy::PolicyError",
    "use read::scans::ScansError",
    "use record::RecordError",
    "use record::lines::StreamError",
    "use record::page_path",
    "use reference::NotFetchable",
    "use reference::SubresourceUrl",
    "use site::SiteError",
    "use store::StoreError",
    "use vendor_path::VendorPath",
    "use vendor_path::VendorPathError",
];

/// The declarations `pub mod` and `pub use` of code that was blanked, a line each.
fn public(code: &str) -> Vec<String> {
    let declarations = code.split("pub ").skip(1).flat_map(|rest| {
        let (word, rest) = rest.split_once(' ').unwrap();
        match word {
            "mod" => vec![format!("mod {}", rest.split([';', ' ']).next().unwrap())],
            "use" => {
                let paths = paths_of_tree(rest.split(';').next().unwrap());
                paths
                    .iter()
                    .map(|path| format!("use {}", path.trim_start_matches("crate::")))
                    .collect()
            }
            other => panic!("`pub {other}` in lib.rs: say here what it is"),
        }
    });
    let mut declarations: Vec<_> = declarations.collect();
    declarations.sort();
    declarations
}

#[test]
fn the_face_is_what_is_promised() {
    let lib = SourceFile::new("lib.rs", include_str!("../src/lib.rs"));
    let (shown, internals) = lib.code.split_once("#[cfg(feature =").unwrap();
    assert!(internals.contains("pub mod internals {"), "the hidden module comes last");
    assert_eq!(public(shown), FACE);
}

#[test]
fn public_modules_name_no_parser_and_no_http_client() {
    let files = library();
    let public = |file: &&SourceFile| FACE.contains(&format!("mod {}", file.room()).as_str());
    for file in files.values().filter(public) {
        for dependency in ["oxc", "reqwest"] {
            assert!(!file.code.contains(dependency), "{} names {dependency}", file.name);
        }
    }
}

#[test]
fn the_hidden_module_is_hidden() {
    let text = include_str!("../src/lib.rs");
    let (_, internals) = text.rsplit_once("#[cfg(feature = \"internals\")]\n").unwrap();
    assert!(internals.starts_with("#[doc(hidden)]"));
}
