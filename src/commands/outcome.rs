//! The report of a run: rows and figures from what the stages have decided and done.

use std::collections::BTreeSet;

use crate::{
    change::set::ChangeSet,
    findings::{Findings, say_once},
    layout::files::VendoredFiles,
    lockfile::{Companions, Entry, Lockfile, Proof},
    npm,
    policy::Kept,
    read::url_uses::UrlUses,
    reference::SubresourceUrl,
    report::{CompanionsRow, IMPORT, Outcome, Report, Run, ScriptRow, Summary, VendoredRow},
    resolve::{
        plan::{Action, Reason},
        resolver::Resolution,
    },
};

/// What the plan would do, or what a check has found.
pub fn planned(
    run: Run,
    pages: usize,
    lock: &Lockfile,
    resolution: &Resolution,
    findings: Findings,
) -> Report {
    let rows = rows(resolution, |url, action| would_do(lock.get(url), action));
    let mut summary = summary(pages, resolution, &rows);
    summary.pages_changed = pages_that_would_change(resolution);
    finish(run, rows, summary, findings)
}

/// What was done.
pub fn done(
    pages: usize,
    before: &Lockfile,
    resolution: &Resolution,
    set: &ChangeSet<'_>,
    findings: Findings,
) -> Report {
    let files = &set.layout.files;
    let mut rows = rows(resolution, |url, action| did(files, url, action));
    add_companions(&mut rows, files);
    let mut summary = summary(pages, resolution, &rows);
    count_companions(&mut summary, files);
    keep_hosts_that_scripts_may_ask(&mut summary, files);
    keep_hosts_that_pages_name(&mut summary, set);
    count_local(&mut summary, before, resolution);
    count_downloads(&mut summary, files);
    summary.pages_changed = set.pages.len();
    summary.scripts_changed = set.own.len();
    finish(Run::Vendor, rows, summary, findings)
}

/// Adds to each script what it loads beside itself.
fn add_companions(rows: &mut [ScriptRow], files: &VendoredFiles) {
    for folder in &files.companions.folders {
        let Some(block) = files.lock.companions(&folder.place.folder) else { continue };
        let is_loaded_by =
            |row: &&mut ScriptRow| folder.scripts.iter().any(|url| url.as_str() == row.url);
        for row in rows.iter_mut().filter(is_loaded_by) {
            row.companions.push(companions(block));
        }
    }
}

fn companions(block: &Companions) -> CompanionsRow {
    CompanionsRow {
        package: block.package.clone(),
        folder: block.folder.clone(),
        chosen_by: block.chosen_by.clone(),
        count: block.count,
        size: block.size,
    }
}

fn count_companions(summary: &mut Summary, files: &VendoredFiles) {
    for folder in &files.companions.folders {
        summary.companions += folder.files.len();
        summary.companion_bytes += folder.size();
    }
}

/// A host is not said to be gone if a vendored script may still ask it.
fn keep_hosts_that_scripts_may_ask(summary: &mut Summary, files: &VendoredFiles) {
    let external = files.companions.external.values().flat_map(|external| external.iter());
    for address in external {
        let is_in_address = |host: &String| address.contains(&format!("//{host}/"));
        let asked: Vec<_> =
            summary.hosts_gone.iter().filter(|it| is_in_address(it)).cloned().collect();
        summary.hosts_gone.retain(|host| !asked.contains(host));
        summary.hosts_left.extend(asked);
    }
}

/// A host is not said to be gone if code of the site still names what came along from it.
fn keep_hosts_that_pages_name(summary: &mut Summary, set: &ChangeSet<'_>) {
    for (literal, _) in &set.staying {
        let host = summary.hosts_gone.take(&literal.host);
        summary.hosts_left.extend(host);
    }
}

fn count_downloads(summary: &mut Summary, files: &VendoredFiles) {
    summary.downloaded = files.fresh.len();
    let fresh = files.fresh.iter().filter_map(|url| files.bytes.get(url));
    summary.downloaded_bytes = fresh.map(|bytes| bytes.len() as u64).sum();
}

/// Adds the scripts that pages load from the vendor folder since an earlier run.
fn count_local(summary: &mut Summary, lock: &Lockfile, resolution: &Resolution) {
    let is_planned = |url: &&SubresourceUrl| resolution.plan.actions.contains_key(*url);
    let unplanned = resolution.used_locally.iter().filter(|url| !is_planned(url));
    for entry in unplanned.filter_map(|url| lock.get(url)) {
        summary.vendored += 1;
        summary.vendored_bytes += entry.size;
    }
}

fn finish(run: Run, scripts: Vec<ScriptRow>, mut summary: Summary, findings: Findings) -> Report {
    summary.problems = findings.problems.len();
    let nothing_done = run == Run::Vendor && summary.problems > 0;
    if run == Run::Check || nothing_done {
        count_as_external(&mut summary);
    }
    let warnings = say_once(findings.warnings);
    summary.warnings = warnings.len();
    Report { scripts, warnings, problems: findings.problems, asked: Vec::new(), summary, run }
}

/// Nothing was written: what could become local is still external.
fn count_as_external(summary: &mut Summary) {
    summary.left += std::mem::take(&mut summary.vendored);
    summary.hosts_left.append(&mut summary.hosts_gone);
    summary.vendored_bytes = 0;
    summary.pages_changed = 0;
}

/// What became, or would become, of a URL: with the reason, and the facts of the vendored file.
type UrlOutcome = (Outcome, Option<String>, Option<VendoredRow>);

fn rows(
    resolution: &Resolution,
    outcome: impl Fn(&SubresourceUrl, &Action) -> UrlOutcome,
) -> Vec<ScriptRow> {
    let actions = resolution.plan.actions.iter();
    actions.map(|(url, action)| row(resolution, url, outcome(url, action))).collect()
}

fn row(resolution: &Resolution, url: &SubresourceUrl, outcome: UrlOutcome) -> ScriptRow {
    let (outcome, reason, vendored) = outcome;
    ScriptRow {
        url: url.to_string(),
        host: url.host().to_owned(),
        kind: kind(&resolution.urls[url]).to_owned(),
        names: named_package(url),
        outcome,
        reason,
        vendored,
        companions: Vec::new(),
        uses: resolution.places(url),
    }
}

fn summary(pages: usize, resolution: &Resolution, rows: &[ScriptRow]) -> Summary {
    let mut summary = Summary { pages, ..Summary::default() };
    for row in rows {
        count_script(&mut summary, row);
        count_host(&mut summary, row);
    }
    summary.hosts_left.extend(resolution.plan.actions.values().filter_map(replacing_host));
    summary.hosts_gone.retain(|host| !summary.hosts_left.contains(host));
    summary
}

/// The host of a script that replaces another one.
fn replacing_host(action: &Action) -> Option<String> {
    match action {
        Action::Replace { with, .. } => Some(with.host().to_owned()),
        _ => None,
    }
}

fn count_script(summary: &mut Summary, row: &ScriptRow) {
    match row.outcome {
        Outcome::Vendored | Outcome::Reused | Outcome::ToVendor => {
            summary.vendored += 1;
            summary.vendored_bytes += row.vendored.as_ref().map_or(0, |file| file.size);
        }
        Outcome::Left | Outcome::Refused | Outcome::Replaced => summary.left += 1,
        Outcome::Removed => {}
    }
}

fn count_host(summary: &mut Summary, row: &ScriptRow) {
    let hosts = match row.outcome {
        Outcome::Vendored | Outcome::Reused | Outcome::ToVendor => &mut summary.hosts_gone,
        Outcome::Removed | Outcome::Replaced => &mut summary.hosts_gone,
        Outcome::Left | Outcome::Refused => &mut summary.hosts_left,
    };
    hosts.insert(row.host.clone());
}

fn pages_that_would_change(resolution: &Resolution) -> usize {
    let actions = resolution.plan.actions.iter().filter(|(_, action)| action.changes_pages());
    let pages: BTreeSet<_> =
        actions.flat_map(|(url, _)| resolution.urls[url].uses()).map(|place| &place.page).collect();
    pages.len()
}

fn named_package(url: &SubresourceUrl) -> Option<String> {
    let form = npm::classify(url)?;
    Some(format!("{}@{}", form.package.as_ref()?.as_str(), form.version))
}

fn kind(uses: &UrlUses) -> &'static str {
    let is_named_by_page = !uses.modules.is_empty() || !uses.inline.is_empty();
    match uses {
        _ if !uses.classic.is_empty() => "classic",
        _ if is_named_by_page => "module",
        _ if !uses.imports.is_empty() => IMPORT,
        _ if !uses.preloads.is_empty() => "preload",
        _ => "skipped",
    }
}

fn would_do(entry: Option<&Entry>, action: &Action) -> UrlOutcome {
    match action {
        Action::Reuse(entry) => {
            (Outcome::ToVendor, Some("from the cache".to_owned()), Some(vendored(entry)))
        }
        Action::Fetch(_) => (Outcome::ToVendor, None, entry.map(vendored)),
        other => left(other),
    }
}

fn did(files: &VendoredFiles, url: &SubresourceUrl, action: &Action) -> UrlOutcome {
    let file = files.lock.get(url).map(vendored);
    match action {
        Action::Reuse(_) => (Outcome::Reused, None, file),
        Action::Fetch(_) if files.becomes_local(url, action) => (Outcome::Vendored, None, file),
        Action::Fetch(_) => (Outcome::Left, files.left_external.get(url).cloned(), None),
        other => left(other),
    }
}

fn left(action: &Action) -> UrlOutcome {
    match action {
        Action::Leave(reason) => (Outcome::Left, Some(why(reason)), None),
        Action::Refuse(finding) => (Outcome::Refused, Some(finding.reason.clone()), None),
        Action::Replace { with, reason } => {
            (Outcome::Replaced, Some(format!("by `{with}`, which stays external: {reason}")), None)
        }
        Action::Remove(finding) => (Outcome::Removed, Some(finding.reason.clone()), None),
        Action::Reuse(_) | Action::Fetch(_) => (Outcome::ToVendor, None, None),
    }
}

/// What to do about a script whose companions cannot come along.
const COMPANIONS_FIX: &str = "say in a rule which files it needs (`companions = \"all\"`, a list of files, or \
    `\"none\"` if the script alone will do); to have Inhouse look again, delete its block from the lockfile";

fn why(reason: &Reason) -> String {
    match reason {
        Reason::Kept(Kept { reason, fix: Some(fix), .. }) => format!("{reason} Instead: {fix}."),
        Reason::Kept(kept) => kept.reason.clone(),
        Reason::Companions(reason) => format!("{reason}. Instead: {COMPANIONS_FIX}."),
        Reason::Absent(reason) => {
            format!("only code that may never run asks for it, and when it was locked, {reason}")
        }
        Reason::Skipped => "the tag says data-inhouse=\"skip\"".to_owned(),
        Reason::NoScript => "only a preload names it: whatever adds the script decides".to_owned(),
    }
}

fn vendored(entry: &Entry) -> VendoredRow {
    VendoredRow {
        path: entry.path.to_string(),
        size: entry.size,
        integrity: entry.integrity.clone(),
        package: entry.package.clone(),
        proof: proof(entry.proof).to_owned(),
        evidence: entry.evidence(),
        proof_reason: entry.proof_reason.clone(),
        source: entry.source,
    }
}

fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::Npm => "npm",
        Proof::None => "none",
    }
}
