//! Runs one case of `tests/cases/`: copies its site into an empty project, starts its CDN and its npm
//! registry, runs `inhouse`, and compares everything that can be seen afterwards.
//!
//! A case folder holds
//! - `case.toml`: what the case shows, what is run, how the CDN misbehaves; see [`file`];
//! - `site/`: the built site, and any other folder or file that the project starts with
//!   (`inhouse.toml`, `vendor-cache/`);
//! - `cdn/<host>/<path>`: what CDNs serve, as described in `cdn.rs`;
//! - `npm/<name>@<version>/<file>`: what authors published;
//! - `expected/`: the project afterwards, byte for byte. There is none if nothing changes. The
//!   bytes in the cache are left out: they must be those of the vendor folder;
//! - `stdout`, `stderr`: what was printed; there is none if nothing was.
//!
//! Some laws hold for every case and are never spelled out in one: a run that fails, and a command
//! that only looks, change no byte and no time stamp; no temporary file stays; a page keeps its
//! mode; after success a second run changes nothing and asks nobody, so does one with `--frozen`,
//! also on a site built anew, and `inhouse check` is content, with the notices too.

mod expected;
mod file;
mod filters;
mod laws;
mod options;
mod project;
mod servers;
mod tree;

use std::path::Path;

use self::{
    file::Case,
    project::{Printed, Project},
};

/// Runs the case in `tests/cases/<name>`; `SNAPSHOTS=overwrite` writes what it sees there.
pub fn run(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    let case = Case::read(&folder);
    if cfg!(not(unix)) && case.has_links() {
        return;
    }
    let project = Project::new(folder, &case);
    let before = project.tree();
    let mut printed = Printed::default();
    for run in &case.run {
        let output = project.run(run);
        printed.add(run, case.run.len(), &project, &output);
    }
    expected::compare(&project, &before, &printed, &case);
    laws::hold(&project, &case);
}
