//! The report of a run: rows and figures from what the stages have decided and done.

use std::collections::BTreeSet;

use super::{
    commit::Commit,
    settle::{Downloads, becomes_local},
    survey::{Survey, is_vendored},
};
use crate::{
    findings::say_once,
    inventory::Demand,
    lockfile::{Entry, Proof},
    npm,
    plan::{Action, Reason},
    policy::Kept,
    reference::SubresourceUrl,
    report::{IMPORT, Outcome, Report, Run, ScriptRow, Summary, VendoredRow},
};

impl Survey {
    /// What the plan would do.
    pub(super) fn report(mut self, run: Run) -> Report {
        let rows: Vec<_> = self.rows(|url, action| planned(self.lock.get(url), action));
        let mut summary = self.summary(&rows);
        summary.pages_changed = self.pages_with_work();
        self.finish(run, rows, summary)
    }

    /// What was done.
    pub(super) fn report_done(mut self, downloads: &Downloads, commit: &Commit) -> Report {
        if !self.problems.is_empty() {
            return self.report(Run::Vendor);
        }
        let rows = self.rows(|url, action| done(downloads, url, action));
        let mut summary = self.summary(&rows);
        self.count_local(&mut summary);
        summary.pages_changed = commit.changed.len();
        summary.scripts_changed = commit.own.len();
        summary.downloaded = downloads.fresh.len();
        summary.downloaded_bytes = downloads
            .fresh
            .iter()
            .filter_map(|url| downloads.bytes.get(url))
            .map(|b| b.len() as u64)
            .sum();
        self.finish(Run::Vendor, rows, summary)
    }

    /// Adds the scripts that pages load from the vendor folder since an earlier run.
    fn count_local(&self, summary: &mut Summary) {
        let settled = self.used_locally.iter().filter(|url| !self.plan.actions.contains_key(url));
        for entry in settled.filter_map(|url| self.lock.get(url)) {
            summary.vendored += 1;
            summary.vendored_bytes += entry.size;
        }
    }

    fn finish(&mut self, run: Run, scripts: Vec<ScriptRow>, mut summary: Summary) -> Report {
        summary.problems = self.problems.len();
        let nothing_done = run == Run::Vendor && summary.problems > 0;
        if run == Run::Check || nothing_done {
            // What could become local is still external.
            summary.left += std::mem::take(&mut summary.vendored);
            summary.hosts_left.append(&mut summary.hosts_gone);
            summary.vendored_bytes = 0;
            summary.pages_changed = 0;
        }
        let warnings = say_once(std::mem::take(&mut self.warnings));
        summary.warnings = warnings.len();
        Report {
            scripts,
            warnings,
            problems: std::mem::take(&mut self.problems),
            asked: Vec::new(),
            summary,
            run,
        }
    }

    fn rows(
        &self,
        tell: impl Fn(&SubresourceUrl, &Action) -> (Outcome, Option<String>, Option<VendoredRow>),
    ) -> Vec<ScriptRow> {
        let row = |(url, action): (&SubresourceUrl, &Action)| {
            let demand = &self.inventory.demands[url];
            let (outcome, reason, vendored) = tell(url, action);
            ScriptRow {
                url: url.to_string(),
                host: url.host().to_owned(),
                kind: kind(demand).to_owned(),
                names: named_package(url),
                outcome,
                reason,
                vendored,
                uses: demand.places(),
            }
        };
        self.plan.actions.iter().map(row).collect()
    }

    fn summary(&self, rows: &[ScriptRow]) -> Summary {
        let mut summary = Summary { pages: self.inventory.pages, ..Summary::default() };
        for row in rows {
            match row.outcome {
                Outcome::Vendored | Outcome::Reused | Outcome::ToVendor => {
                    summary.vendored += 1;
                    summary.vendored_bytes += row.vendored.as_ref().map_or(0, |file| file.size);
                    summary.hosts_gone.insert(row.host.clone());
                }
                Outcome::Removed => {
                    summary.hosts_gone.insert(row.host.clone());
                }
                Outcome::Left | Outcome::Refused => {
                    summary.left += 1;
                    summary.hosts_left.insert(row.host.clone());
                }
                Outcome::Replaced => {
                    summary.left += 1;
                    summary.hosts_gone.insert(row.host.clone());
                }
            }
        }
        let replacements = self.plan.actions.values().filter_map(|action| match action {
            Action::Replace { with, .. } => Some(with.host().to_owned()),
            _ => None,
        });
        summary.hosts_left.extend(replacements);
        summary.hosts_gone.retain(|host| !summary.hosts_left.contains(host));
        summary
    }

    fn pages_with_work(&self) -> usize {
        let changes = |action: &Action| {
            is_vendored(action) || matches!(action, Action::Replace { .. } | Action::Remove(_))
        };
        let actions = self.plan.actions.iter().filter(|(_, action)| changes(action));
        let pages: BTreeSet<_> = actions
            .flat_map(|(url, _)| self.inventory.demands[url].uses())
            .map(|place| &place.page)
            .collect();
        pages.len()
    }
}

fn named_package(url: &SubresourceUrl) -> Option<String> {
    let form = npm::classify(url)?;
    Some(format!("{}@{}", form.package.as_ref()?.as_str(), form.version))
}

fn kind(demand: &Demand) -> &'static str {
    let is_named_by_page = !demand.modules.is_empty() || !demand.inline.is_empty();
    match demand {
        _ if !demand.classic.is_empty() => "classic",
        _ if is_named_by_page => "module",
        _ if !demand.imports.is_empty() => IMPORT,
        _ if !demand.preloads.is_empty() => "preload",
        _ => "skipped",
    }
}

fn planned(
    entry: Option<&Entry>,
    action: &Action,
) -> (Outcome, Option<String>, Option<VendoredRow>) {
    match action {
        Action::Reuse(entry) => {
            (Outcome::ToVendor, Some("from the cache".to_owned()), Some(vendored(entry)))
        }
        Action::Fetch(_) => (Outcome::ToVendor, None, entry.map(vendored)),
        other => left(other),
    }
}

fn done(
    downloads: &Downloads,
    url: &SubresourceUrl,
    action: &Action,
) -> (Outcome, Option<String>, Option<VendoredRow>) {
    let file = downloads.lock.get(url).map(vendored);
    match action {
        Action::Reuse(_) => (Outcome::Reused, None, file),
        Action::Fetch(_) if becomes_local(downloads, url, action) => {
            (Outcome::Vendored, None, file)
        }
        Action::Fetch(_) => (Outcome::Left, downloads.kept.get(url).cloned(), None),
        other => left(other),
    }
}

fn left(action: &Action) -> (Outcome, Option<String>, Option<VendoredRow>) {
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

fn why(reason: &Reason) -> String {
    match reason {
        Reason::Kept(Kept { reason, fix: Some(fix), .. }) => format!("{reason} Instead: {fix}."),
        Reason::Kept(kept) => kept.reason.clone(),
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
        proof: match entry.proof {
            Proof::Npm => "npm".to_owned(),
            Proof::None => "none".to_owned(),
        },
        proof_reason: entry.proof_reason.clone(),
        source: entry.source,
    }
}
