//! The result of a run: rows, problems and a summary, as values.
//!
//! The stages fill a [`Report`]; the human printer and the JSON printer are given the same one.
//! Nothing here decides anything, and only [`human`] and [`json`] turn it into text.

pub mod human;
pub mod json;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    findings::{Fault, Notice, Places, Problem},
    integrity::Integrity,
    lockfile::{EvidenceLevel, Source},
};

/// What became, or would become, of one URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Downloaded in this run, and served from the vendor folder.
    Vendored,
    /// Taken from the vendor cache, and served from the vendor folder.
    Reused,
    /// Would be downloaded (`scan`, `--dry-run`).
    ToVendor,
    /// Left external, with a reason.
    Left,
    /// The reference was pointed at a replacement that stays external.
    Replaced,
    /// The tag was removed.
    Removed,
    /// The run fails because of it.
    Refused,
}

/// The [`kind`](ScriptRow::kind) of what only other scripts name.
pub const IMPORT: &str = "import";

/// One URL of the inventory.
#[derive(Clone, Debug, Serialize)]
pub struct ScriptRow {
    /// The URL.
    pub url: String,
    /// Its host.
    pub host: String,
    /// What it is: `classic`, `module`, `import`, `preload` or `skipped`.
    pub kind: String,
    /// The npm package the URL names, as `name@version`, before anything is proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where it did not simply become local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The facts of a vendored file.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub vendored: Option<VendoredRow>,
    /// What it loads beside itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<CompanionsRow>,
    /// Where it is used.
    pub uses: Places,
}

/// The files of one package that a script loads beside itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CompanionsRow {
    /// The package, `name@version`.
    pub package: String,
    /// Their folder below the vendor folder.
    pub folder: String,
    /// What chose them.
    pub chosen_by: Vec<String>,
    /// How many there are.
    pub count: usize,
    /// Their size in bytes.
    pub size: u64,
}

/// The facts of a vendored file.
#[derive(Clone, Debug, Serialize)]
pub struct VendoredRow {
    /// Its path below the vendor folder.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digests.
    pub integrity: Integrity,
    /// The npm package that proves it, as `name@version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// `npm` or `none`.
    pub proof: String,
    /// How much speaks for the bytes: `none`, `declared`, `npm` or `signed`.
    pub evidence: EvidenceLevel,
    /// Why there is no proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_reason: Option<String>,
    /// Where the bytes came from.
    pub source: Source,
}

/// The figures of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Pages looked at.
    pub pages: usize,
    /// Pages changed, or that would be.
    pub pages_changed: usize,
    /// Scripts of the site itself that were changed, because they import what was vendored.
    pub scripts_changed: usize,
    /// URLs served locally.
    pub vendored: usize,
    /// … of which downloaded in this run.
    pub downloaded: usize,
    /// Bytes downloaded in this run.
    pub downloaded_bytes: u64,
    /// Bytes of all vendored scripts the pages use.
    pub vendored_bytes: u64,
    /// Files that vendored scripts load beside themselves.
    pub companions: usize,
    /// Bytes of those.
    pub companion_bytes: u64,
    /// URLs left external.
    pub left: usize,
    /// Hosts that pages no longer contact for scripts.
    pub hosts_gone: BTreeSet<String>,
    /// Hosts that pages still contact for scripts.
    pub hosts_left: BTreeSet<String>,
    /// How many problems there are.
    pub problems: usize,
    /// How many warnings there are.
    pub warnings: usize,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One row a URL, sorted by URL.
    pub scripts: Vec<ScriptRow>,
    /// What cannot be vendored or followed, or was noticed on the way.
    pub warnings: Vec<Notice>,
    /// What fails the run.
    pub problems: Vec<Problem>,
    /// What the pages ask for, as lines of JSON for `--from-scan` to read (`scan`).
    pub asked: Vec<String>,
    /// The figures.
    pub summary: Summary,
    /// What kind of run it was, for the summary's wording.
    pub run: Run,
}

/// The kinds of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Run {
    /// `vendor`.
    #[default]
    Vendor,
    /// `vendor --dry-run`.
    DryRun,
    /// `scan`.
    Scan,
    /// `check`.
    Check,
}

impl Report {
    /// The exit code: 0 without problems, 1 if the site has one, 2 if only the tool's
    /// surroundings do.
    pub fn exit_code(&self) -> u8 {
        match self.problems.iter().map(|problem| problem.fault).min() {
            None => 0,
            Some(Fault::Site) => 1,
            Some(Fault::Tool) => 2,
        }
    }
}

/// The longest line that is printed for people, in characters. Longer addresses cannot be read anyway.
const LONGEST_LINE: usize = 2000;

/// Makes text from other people's HTML, URLs and servers safe to print: control characters, among
/// them terminal escapes and the marks that reverse the direction of writing, become visible, and
/// the rest of an endless line is left out.
pub fn printable(text: &str) -> String {
    text.split('\n').map(printable_line).collect::<Vec<_>>().join("\n")
}

fn printable_line(line: &str) -> String {
    let Some((end, _)) = line.char_indices().nth(LONGEST_LINE) else { return visible(line) };
    let more = line[end..].chars().count();
    format!("{}… ({more} more characters)", visible(&line[..end]))
}

fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let show = |c: char| if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{9b}c\u{202e}d"), "a\\u{1b}[31mb\\u{9b}c\\u{202e}d");
        assert_eq!(printable("übersicht\nzwei\n"), "übersicht\nzwei\n");
    }

    #[test]
    fn an_endless_line_is_cut_and_says_so() {
        let long = format!("ü{}\nshort", "x".repeat(LONGEST_LINE));
        let printed = printable(&long);
        assert!(printed.ends_with("x… (1 more characters)\nshort"), "{printed}");
        assert_eq!(printable(&long[..=LONGEST_LINE]), long[..=LONGEST_LINE]);
    }

    #[test]
    fn a_problem_of_the_site_decides_the_exit_code() {
        let mut report = Report::default();
        assert_eq!(report.exit_code(), 0);
        report.problems.push(Notice::new("unreachable", "no answer").of_tool());
        assert_eq!(report.exit_code(), 2);
        report.problems.push(Notice::new("mismatch", "other bytes").of_site());
        assert_eq!(report.exit_code(), 1);
    }
}
