//! The report for programs: one tagged JSON object a line, the summary last.

use std::io::{self, Write};

use serde::Serialize;

use super::{Report, Run, ScriptRow, Summary};
use crate::findings::{Notice, Problem};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'a> {
    Script(&'a ScriptRow),
    Warning(&'a Notice),
    Problem(&'a Problem),
    Summary(Closing<'a>),
}

#[derive(Serialize)]
struct Closing<'a> {
    run: Run,
    exit_code: u8,
    #[serde(flatten)]
    summary: &'a Summary,
}

/// Prints `report` to `out`.
///
/// # Errors
/// What writing to `out` gives.
pub fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let closing =
        Closing { run: report.run, exit_code: report.exit_code(), summary: &report.summary };
    for line in lines(report) {
        write_line(&serde_json::to_string(&line)?, out)?;
    }
    for line in &report.asked {
        write_line(line, out)?;
    }
    write_line(&serde_json::to_string(&Line::Summary(closing))?, out)
}

fn lines(report: &Report) -> impl Iterator<Item = Line<'_>> {
    let scripts = report.scripts.iter().map(Line::Script);
    let warnings = report.warnings.iter().map(Line::Warning);
    scripts.chain(warnings).chain(report.problems.iter().map(Line::Problem))
}

fn write_line(json: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", ascii(json))
}

/// JSON leaves C1 control characters as they are, and some terminals obey them.
fn ascii(json: &str) -> String {
    let escape = |c: char| match c {
        '\u{7f}'..='\u{9f}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => {
            format!("\\u{:04x}", u32::from(c))
        }
        c => c.to_string(),
    };
    json.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_tagged_object_and_the_summary_comes_last() {
        let mut report = Report::default();
        report
            .problems
            .push(Notice::new("mismatch", "odd \u{9b} bytes").detail("expected", "a").of_site());
        let mut out = Vec::new();
        print(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["type"], "problem");
        assert_eq!(lines[0]["message"], "odd \u{9b} bytes");
        assert_eq!(lines[0]["fault"], "site");
        assert!(!text.contains('\u{9b}'));
        assert_eq!(lines.last().unwrap()["type"], "summary");
        assert_eq!(lines.last().unwrap()["exit_code"], 1);
    }
}
