//! The report for people: results to stdout, problems and warnings to stderr, nothing said by
//! colour alone.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{IMPORT, Outcome, Report, Run, ScriptRow, Summary, VendoredRow, printable};
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
        print_rows(report, detail, out)?;
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

fn print_rows(report: &Report, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    let lists_all = detail == Detail::Full || report.run == Run::Scan || report.run == Run::DryRun;
    let listed = report.scripts.iter().filter(|row| lists_all || worth_a_line(row.outcome));
    let (imported, named): (Vec<_>, Vec<_>) = listed
        .partition(|row| !lists_all && row.kind == IMPORT && row.outcome == Outcome::Vendored);
    for row in named {
        print_row(row, detail, lists_all, out)?;
    }
    if let more @ 1.. = imported.len() {
        let modules = count(more, "file");
        writeln!(out, "{GOOD} vendored{GOOD:#} {modules} that they load (-v lists all)")?;
    }
    Ok(())
}

/// Whether a row is listed in a usual run: what is as it was before is not.
fn worth_a_line(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Vendored | Outcome::Left | Outcome::Replaced | Outcome::Removed => true,
        Outcome::Reused | Outcome::ToVendor | Outcome::Refused => false,
    }
}

fn verb(outcome: Outcome) -> (&'static str, Style) {
    match outcome {
        Outcome::Vendored => ("vendored", GOOD),
        Outcome::Reused => ("reused", GOOD),
        Outcome::ToVendor => ("to vendor", GOOD),
        Outcome::Left => ("left", WARNING),
        Outcome::Replaced => ("replaced", WARNING),
        Outcome::Removed => ("removed", WARNING),
        Outcome::Refused => ("refused", ERROR),
    }
}

fn print_row(
    row: &ScriptRow,
    detail: Detail,
    with_uses: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (verb, style) = verb(row.outcome);
    write!(out, "{style}{verb:>9}{style:#} {}", printable(&row.url))?;
    if row.kind != "classic" {
        write!(out, " ({})", row.kind)?;
    }
    writeln!(out)?;
    let uses = if with_uses { places(&row.uses, detail) } else { Vec::new() };
    for line in facts(row).chain(uses.iter().map(|place| printable(place))) {
        writeln!(out, "          {FAINT}{line}{FAINT:#}")?;
    }
    Ok(())
}

/// What is known of a row, a printable line each.
fn facts(row: &ScriptRow) -> impl Iterator<Item = String> {
    let file = match (&row.vendored, &row.names) {
        (Some(file), _) => Some(format!("{} · {}", bytes(file.size), printable(&proof(file)))),
        (None, Some(package)) => Some(format!("npm {}", printable(package))),
        (None, None) => None,
    };
    file.into_iter().chain(row.reason.as_deref().map(printable))
}

fn proof(file: &VendoredRow) -> String {
    match (&file.package, &file.proof_reason) {
        (Some(package), _) if file.proof == "npm" => format!("proved by npm {package}"),
        (_, Some(reason)) => format!("no npm proof: {reason}"),
        (_, None) => "no npm proof".to_owned(),
    }
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
    let summary = &report.summary;
    let pages = count(summary.pages, "page");
    writeln!(out, "{pages}: {}{}", changed(report), scripts(report))?;
    if !summary.hosts_gone.is_empty() && !has_failed(report) && report.run != Run::Check {
        let tense = if report.run == Run::Vendor {
            "no longer contacted for scripts"
        } else {
            "would no longer be contacted for scripts"
        };
        writeln!(out, "{tense}: {}", printable(&list(&summary.hosts_gone)))?;
    }
    if !summary.hosts_left.is_empty() {
        writeln!(out, "still contacted for scripts: {}", printable(&list(&summary.hosts_left)))?;
    }
    if summary.problems + summary.warnings > 0 {
        let (errors, warnings) = (summary.problems, summary.warnings);
        writeln!(out, "{}, {}", count(errors, "error"), count(warnings, "warning"))?;
    }
    Ok(())
}

fn has_failed(report: &Report) -> bool {
    report.exit_code() != 0
}

/// What the run changed, with the words that lead over to the scripts.
fn changed(report: &Report) -> String {
    let pages = count(report.summary.pages_changed, "page");
    let scripts = count(report.summary.scripts_changed, "script");
    match report.run {
        Run::Vendor if has_failed(report) => "nothing was changed; ".to_owned(),
        Run::Vendor if report.summary.scripts_changed > 0 => {
            format!("{pages} and {scripts} of the site changed; ")
        }
        Run::Vendor => format!("{pages} changed; "),
        Run::DryRun => format!("{pages} would change; "),
        Run::Scan | Run::Check => String::new(),
    }
}

fn scripts(report: &Report) -> String {
    let summary = &report.summary;
    match report.run {
        Run::Vendor if !has_failed(report) => vendored(summary),
        Run::Vendor | Run::Check => format!("{} external", count(summary.left, "script")),
        Run::Scan | Run::DryRun => {
            format!(
                "{} to vendor, {} left external",
                count(summary.vendored, "script"),
                summary.left
            )
        }
    }
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
