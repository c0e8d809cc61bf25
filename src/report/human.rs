//! The report for people: results to stdout, problems and warnings to stderr, nothing said by
//! colour alone.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{IMPORT, Outcome, Report, Run, ScriptRow, Summary, printable};
use crate::findings::{Notice, Places, Use};

/// How many places of a script are listed before "and N more".
const SHOWN_USES: usize = 3;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Problems only.
    Quiet,
    /// The usual.
    Normal,
    /// Every script and every place.
    Full,
}

/// Prints `report`: rows and summary to `out`, warnings and problems to `err`.
///
/// # Errors
/// What writing gives.
pub fn print(
    report: &Report,
    detail: Detail,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<()> {
    if detail != Detail::Quiet {
        let lists_all =
            detail == Detail::Full || report.run == Run::Scan || report.run == Run::DryRun;
        let told = report.scripts.iter().filter(|row| lists_all || worth_a_line(row.outcome));
        let (imported, named): (Vec<_>, Vec<_>) = told
            .partition(|row| !lists_all && row.kind == IMPORT && row.outcome == Outcome::Vendored);
        for row in named {
            print_row(row, detail, lists_all, out)?;
        }
        if let more @ 1.. = imported.len() {
            let modules = count(more, "file");
            writeln!(out, "{GOOD} vendored{GOOD:#} {modules} that they load (-v lists all)")?;
        }
        for warning in &report.warnings {
            print_notice("warning", WARNING, warning, detail, err)?;
        }
    }
    for problem in &report.problems {
        print_notice("error", ERROR, &problem.notice, detail, err)?;
    }
    if detail != Detail::Quiet {
        out.flush()?;
        print_summary(report, out)?;
    }
    out.flush()
}

/// Whether a row is listed in a usual run: what is as it was before is not.
fn worth_a_line(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Vendored | Outcome::Left | Outcome::Replaced | Outcome::Removed => true,
        Outcome::Reused | Outcome::ToVendor | Outcome::Refused => false,
    }
}

fn print_row(
    row: &ScriptRow,
    detail: Detail,
    with_uses: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (verb, style) = match row.outcome {
        Outcome::Vendored => ("vendored", GOOD),
        Outcome::Reused => ("reused", GOOD),
        Outcome::ToVendor => ("to vendor", GOOD),
        Outcome::Left => ("left", WARNING),
        Outcome::Replaced => ("replaced", WARNING),
        Outcome::Removed => ("removed", WARNING),
        Outcome::Refused => ("refused", ERROR),
    };
    write!(out, "{style}{verb:>9}{style:#} {}", printable(&row.url))?;
    if row.kind != "classic" {
        write!(out, " ({})", row.kind)?;
    }
    writeln!(out)?;
    if let Some(file) = &row.vendored {
        let proof = match &file.package {
            Some(package) if file.proof == "npm" => format!("proved by npm {package}"),
            _ => match &file.proof_reason {
                Some(reason) => format!("no npm proof: {reason}"),
                None => "no npm proof".to_owned(),
            },
        };
        let proof = printable(&proof);
        writeln!(out, "          {FAINT}{} · {proof}{FAINT:#}", bytes(file.size))?;
    }
    if let (None, Some(package)) = (&row.vendored, &row.names) {
        writeln!(out, "          {FAINT}npm {}{FAINT:#}", printable(package))?;
    }
    if let Some(reason) = &row.reason {
        writeln!(out, "          {FAINT}{}{FAINT:#}", printable(reason))?;
    }
    if with_uses {
        for line in places(&row.uses, detail) {
            writeln!(out, "          {FAINT}{}{FAINT:#}", printable(&line))?;
        }
    }
    Ok(())
}

fn print_notice(
    label: &str,
    style: Style,
    notice: &Notice,
    detail: Detail,
    err: &mut dyn Write,
) -> io::Result<()> {
    writeln!(err, "{style}{label}{style:#}: {}", printable(&notice.message))?;
    for fact in &notice.details {
        let text = printable(&fact.text).replace('\n', "\n            ");
        writeln!(err, "  {:9} {text}", fact.label)?;
    }
    let mut label = "used by";
    for line in places(&notice.uses, detail) {
        writeln!(err, "  {label:9} {}", printable(&line))?;
        label = "";
    }
    if let Some(hint) = &notice.hint {
        writeln!(err, "{HINT}hint{HINT:#}: {}", printable(hint))?;
    }
    Ok(())
}

fn places(uses: &Places, detail: Detail) -> Vec<String> {
    let shown = if detail == Detail::Full { uses.count() } else { SHOWN_USES };
    let place = |u: &Use| match u.column {
        0 => format!("{}:{} <{}>", u.page, u.line, u.tag),
        column => format!("{}:{}:{column} <{}>", u.page, u.line, u.tag),
    };
    let mut lines: Vec<_> = uses.iter().take(shown).map(place).collect();
    if uses.count() > shown {
        lines.push(format!("and {} more (-v lists all)", uses.count() - shown));
    }
    lines
}

fn print_summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let s = &report.summary;
    let failed = report.exit_code() != 0;
    let verdict = match (report.run, failed) {
        (Run::Vendor, false) if s.scripts_changed > 0 => format!(
            "{} and {} of the site changed; ",
            count(s.pages_changed, "page"),
            count(s.scripts_changed, "script")
        ),
        (Run::Vendor, false) => format!("{} changed; ", count(s.pages_changed, "page")),
        (Run::Vendor, true) => "nothing was changed; ".to_owned(),
        (Run::DryRun, _) => format!("{} would change; ", count(s.pages_changed, "page")),
        (Run::Scan | Run::Check, _) => String::new(),
    };
    let found = match report.run {
        Run::Vendor if !failed => vendored(s),
        Run::Vendor | Run::Check => format!("{} external", count(s.left, "script")),
        Run::Scan | Run::DryRun => {
            format!("{} to vendor, {} left external", count(s.vendored, "script"), s.left)
        }
    };
    writeln!(out, "{}: {verdict}{found}", count(s.pages, "page"))?;
    if !s.hosts_gone.is_empty() && !failed && report.run != Run::Check {
        let tense = if report.run == Run::Vendor {
            "no longer contacted for scripts"
        } else {
            "would no longer be contacted for scripts"
        };
        writeln!(out, "{tense}: {}", printable(&list(&s.hosts_gone)))?;
    }
    if !s.hosts_left.is_empty() {
        writeln!(out, "still contacted for scripts: {}", printable(&list(&s.hosts_left)))?;
    }
    if s.problems + s.warnings > 0 {
        writeln!(out, "{}, {}", count(s.problems, "error"), count(s.warnings, "warning"))?;
    }
    Ok(())
}

fn vendored(s: &Summary) -> String {
    format!(
        "{} local ({}), {} downloaded ({}), {} left external",
        count(s.vendored, "script"),
        bytes(s.vendored_bytes),
        s.downloaded,
        bytes(s.downloaded_bytes),
        s.left
    )
}

fn list(hosts: &std::collections::BTreeSet<String>) -> String {
    hosts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn bytes(n: u64) -> String {
    indicatif::HumanBytes(n).to_string()
}
