//! The report for people: results to stdout, problems and warnings to stderr, nothing said by
//! colour alone.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};

use super::{
    CompanionsRow, IMPORT, Outcome, Report, Run, ScriptRow, Summary, VendoredRow, printable,
};
use crate::{
    findings::{self, Notice, Places, Use},
    lockfile::EvidenceLevel,
};

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
    named.iter().try_for_each(|row| print_row(row, detail, lists_all, out))?;
    match imported.len() {
        0 => Ok(()),
        more => print_imported(more, out),
    }
}

/// One line for all files that only other scripts name.
fn print_imported(more: usize, out: &mut dyn Write) -> io::Result<()> {
    let files = count(more, "file");
    writeln!(out, "{GOOD} vendored{GOOD:#} {files} that they load (-v lists all)")
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
    let url = printable(&row.url);
    writeln!(out, "{style}{verb:>9}{style:#} {url}{}", kind(row))?;
    let uses = if with_uses { places(&row.uses, detail) } else { Vec::new() };
    for line in facts(row).chain(uses.iter().map(|place| printable(place))) {
        writeln!(out, "          {FAINT}{line}{FAINT:#}")?;
    }
    Ok(())
}

/// The kind of a row in brackets, unless it is the usual one.
fn kind(row: &ScriptRow) -> String {
    match row.kind.as_str() {
        "classic" => String::new(),
        kind => format!(" ({kind})"),
    }
}

/// What is known of a row, a printable line each.
fn facts(row: &ScriptRow) -> impl Iterator<Item = String> {
    let file = match (&row.vendored, &row.names) {
        (Some(file), _) => Some(format!("{} · {}", bytes(file.size), printable(&proof(file)))),
        (None, Some(package)) => Some(format!("npm {}", printable(package))),
        (None, None) => None,
    };
    let companions = row.companions.iter().map(with_companions);
    file.into_iter().chain(companions).chain(row.reason.as_deref().map(printable))
}

fn with_companions(row: &CompanionsRow) -> String {
    let files = count(row.count, "file");
    let (package, chosen_by) = (printable(&row.package), printable(&row.chosen_by.join(", ")));
    format!("with {files} that it loads · {} · {package} ({chosen_by})", bytes(row.size))
}

fn proof(file: &VendoredRow) -> String {
    let npm = match (&file.package, &file.proof_reason) {
        (Some(package), _) if file.proof == "npm" => format!("proved by npm {package}"),
        (_, Some(reason)) => format!("no npm proof: {reason}"),
        (_, None) => "no npm proof".to_owned(),
    };
    match file.evidence {
        EvidenceLevel::Signed => format!("{npm}, signed"),
        EvidenceLevel::Declared => format!("matches the `integrity` of a page, {npm}"),
        EvidenceLevel::Npm | EvidenceLevel::None => npm,
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
    notice.details.iter().try_for_each(|fact| print_fact(fact, err))?;
    print_places(&places(&notice.uses, detail), err)?;
    match &notice.hint {
        Some(hint) => writeln!(err, "{HINT}hint{HINT:#}: {}", printable(hint)),
        None => Ok(()),
    }
}

fn print_fact(fact: &findings::Detail, err: &mut dyn Write) -> io::Result<()> {
    let text = printable(&fact.text).replace('\n', "\n            ");
    writeln!(err, "  {:9} {text}", fact.label)
}

fn print_places(places: &[String], err: &mut dyn Write) -> io::Result<()> {
    let labels = std::iter::once("used by").chain(std::iter::repeat(""));
    for (label, place) in labels.zip(places) {
        writeln!(err, "  {label:9} {}", printable(place))?;
    }
    Ok(())
}

fn place(at: &Use) -> String {
    match at.column {
        0 => format!("{}:{} <{}>", at.page, at.line, at.tag),
        column => format!("{}:{}:{column} <{}>", at.page, at.line, at.tag),
    }
}

fn places(uses: &Places, detail: Detail) -> Vec<String> {
    let shown = if detail == Detail::Full { uses.count() } else { SHOWN_USES };
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
    if !has_failed(report) && report.run != Run::Check {
        print_hosts(hosts_gone_words(report.run), &summary.hosts_gone, out)?;
    }
    print_hosts("still contacted for scripts", &summary.hosts_left, out)?;
    match (summary.problems, summary.warnings) {
        (0, 0) => Ok(()),
        (errors, warnings) => {
            writeln!(out, "{}, {}", count(errors, "error"), count(warnings, "warning"))
        }
    }
}

fn hosts_gone_words(run: Run) -> &'static str {
    match run {
        Run::Vendor => "no longer contacted for scripts",
        Run::DryRun | Run::Scan | Run::Check => "would no longer be contacted for scripts",
    }
}

/// A line that names `hosts`, if there are any.
fn print_hosts(words: &str, hosts: &BTreeSet<String>, out: &mut dyn Write) -> io::Result<()> {
    match hosts.is_empty() {
        true => Ok(()),
        false => writeln!(out, "{words}: {}", printable(&list(hosts))),
    }
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
    let companions = match s.companions {
        0 => String::new(),
        some => {
            format!(" and {} that they load ({})", count(some, "file"), bytes(s.companion_bytes))
        }
    };
    format!(
        "{} local ({}){companions}, {} downloaded ({}), {} left external",
        count(s.vendored, "script"),
        bytes(s.vendored_bytes),
        s.downloaded,
        bytes(s.downloaded_bytes),
        s.left
    )
}

fn list(hosts: &BTreeSet<String>) -> String {
    hosts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn bytes(n: u64) -> String {
    indicatif::HumanBytes(n).to_string()
}
