//! What the plan gives rise to say: to the owner of the site, before or after it is carried out.

use std::{collections::BTreeSet, path::Path};

use super::survey::{Survey, is_vendored};
use crate::{
    csp::{self, Disposition},
    findings::Notice,
    graph::closure::Use,
    inventory::Demand,
    lockfile::Version,
    plan::Action,
    policy::{Finding, Origin},
    reference::SubresourceUrl,
    settings::Settings,
    site,
};

impl Survey {
    /// Adds what the owner of the site should know, now that all that is known is known.
    pub fn note(&mut self, settings: &Settings) {
        let demands = &self.inventory.demands;
        for (url, notice) in &self.plan.notices {
            let warning =
                Notice::new("doubtful-host", format!("`{url}`: {}", notice.finding.reason));
            self.warnings.push(
                warning.used_at(demands[url].places()).hint(notice.finding.replacement.clone()),
            );
        }
        for (url, action) in &self.plan.actions {
            let file = settings.site.join(url.as_url().path().trim_start_matches('/'));
            if is_vendored(action) && settings.site_url.is_none() && file.is_file() {
                let warning = Notice::new(
                    "own-site",
                    format!("`{url}` looks like your own site: the same path is a file of it"),
                );
                self.warnings.push(
                    warning
                        .used_at(demands[url].places())
                        .hint("set --site-url if it is".to_owned()),
                );
            }
        }
        // What a module that is still to be downloaded imports, a rule may be about.
        let is_module = |r#use: &Use| matches!(r#use, Use::Module(_));
        let is_complete = !self.waiting.values().flatten().any(is_module);
        let unused = settings.policy.unused_rules(demands.keys());
        for rule in unused.into_iter().filter(|_| is_complete) {
            let warning = Notice::new(
                "unused-rule",
                format!("the rule `{}` matches no script of the site", rule.pattern),
            );
            self.warnings.push(warning.hint("remove it, or correct its pattern".to_owned()));
        }
        self.warn_of_policies();
    }

    /// As [`note`](Self::note), where nothing but the plan will ever be known.
    pub fn note_plan(&mut self, settings: &Settings) {
        self.note(settings);
        let changes = |action: &Action| {
            is_vendored(action) || matches!(action, Action::Replace { .. } | Action::Remove(_))
        };
        if self.plan.actions.values().any(changes) {
            let pages = std::mem::take(&mut self.inventory.work);
            self.warn_of_compressed_copies(pages.iter().map(|work| &*work.path));
            self.inventory.work = pages;
        }
    }

    /// Servers prefer `index.html.br` to `index.html`: visitors would get the files of before.
    pub fn warn_of_compressed_copies<'f>(&mut self, changed: impl Iterator<Item = &'f Path>) {
        let copies = &self.inventory.beside.copies;
        if copies.is_empty() {
            return;
        }
        let changed: BTreeSet<&Path> = changed.collect();
        let mut stale = copies.iter().filter(|copy| changed.contains(&*copy.with_extension("")));
        let Some(first) = stale.next() else { return };
        let first = site::page_name(first);
        let message = match stale.count() {
            0 => format!("`{first}` is a compressed copy of what it will not match any more"),
            more => format!(
                "`{first}` and {more} more are compressed copies of what they will not match any more"
            ),
        };
        let hint = "run Inhouse before the site is compressed, or compress these files again";
        self.warnings.push(Notice::new("stale-copy", message).hint(hint.to_owned()));
    }

    fn warn_of_policies(&mut self) {
        if !self.plan.actions.values().any(is_vendored) {
            return;
        }
        let enforced =
            self.headers.policies.iter().filter(|p| p.list.disposition() == Disposition::Enforce);
        let in_headers = enforced.map(|policy| (policy.list.blocks_own_scripts(), None));
        let in_pages = self
            .inventory
            .policies
            .iter()
            .map(|(policy, place)| (csp::blocks_own_scripts(policy), Some(place.clone())));
        for (blocking, place) in in_pages.chain(in_headers) {
            if let Some(directive) = blocking {
                let whose = if place.is_some() { "the page's" } else { "the `_headers` file's" };
                let warning = Notice::new(
                    "csp-blocks-local",
                    format!(
                        "{whose} Content-Security-Policy will block the local copies: `{directive}` has no 'self'"
                    ),
                );
                self.warnings
                    .push(warning.used_by(place).hint(format!("add 'self' to `{directive}`")));
            }
        }
    }
}

pub(super) fn not_locked(url: &SubresourceUrl) -> Notice {
    let message = format!("`{url}` is not in the lockfile, and --locked forbids to add it");
    Notice::new("not-locked", message).hint(
        "run `inhouse vendor` without --locked, review the change and commit the lockfile"
            .to_owned(),
    )
}

/// A lockfile of an older version says all that a locked run needs, and is left as it is.
pub(super) fn old_lockfile(file: &Path, found: Version) -> Notice {
    let message = format!(
        "`{}` has lockfile version {}, and --locked forbids to upgrade it to version {}",
        file.display(),
        found.number(),
        Version::CURRENT.number()
    );
    Notice::new("old-lockfile", message)
        .hint("run `inhouse vendor` once without --locked and commit the lockfile".to_owned())
}

pub(super) fn needs_network(url: &SubresourceUrl) -> Notice {
    let message = format!("`{url}` is not in the cache, and --offline forbids to download it");
    Notice::new("needs-network", message).hint(
        "run `inhouse vendor` once with the network, or commit the files of the cache".to_owned(),
    )
}

pub(super) fn denied(url: &SubresourceUrl, finding: &Finding, demand: &Demand) -> Notice {
    let by = match &finding.by {
        Origin::Rule(pattern) => format!("denied by your rule `{pattern}`"),
        Origin::BuiltIn(_) | Origin::Excluded(_) | Origin::NotIncluded => {
            "on the deny list".to_owned()
        }
    };
    let mut notice = Notice::new("denied", format!("`{url}` is {by}: {}", finding.reason));
    if let Some(source) = finding.sources.first() {
        notice = notice.detail("source", source);
    }
    if let Some(date) = &finding.date {
        notice = notice.detail("date", date);
    }
    if let Some(replacement) = &finding.replacement {
        notice = notice.detail("instead", replacement);
    }
    let hint = if demand.is_named_by_code() {
        "change the code that names it: tags can be removed, imports cannot"
    } else {
        "remove the tag, or let Inhouse do it with `--on-denied remove` or `--on-denied replace`"
    };
    notice.hint(hint.to_owned())
}
