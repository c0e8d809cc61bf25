//! What the owner of the site should know about decisions, before they are carried out.

use crate::{
    csp::{self, Disposition, SiteHeaders},
    findings::{Notice, Use},
    read::{baseline::Baseline, pages::Pages},
    resolve::{plan::Action, resolver::Resolution},
    settings::Settings,
};

/// Warnings about URLs, rules and policies.
pub fn decisions(
    settings: &Settings,
    base: &Baseline,
    pages: &Pages,
    resolution: &Resolution,
) -> Vec<Notice> {
    let mut warnings = doubtful_hosts(resolution);
    warnings.extend(likely_own_site(settings, resolution));
    warnings.extend(unused_rules(settings, resolution));
    if resolution.plan.actions.values().any(Action::is_vendored) {
        warnings.extend(blocking_policies(&base.headers, pages));
    }
    warnings
}

fn doubtful_hosts(resolution: &Resolution) -> Vec<Notice> {
    let notices = resolution.plan.notices.iter().map(|(url, notice)| {
        Notice::new("doubtful-host", format!("`{url}`: {}", notice.finding.reason))
            .used_at(resolution.places(url))
            .hint(notice.finding.replacement.clone())
    });
    notices.collect()
}

/// An absolute address of the site itself looks external where nobody knows the site's URL.
fn likely_own_site(settings: &Settings, resolution: &Resolution) -> Vec<Notice> {
    let mut warnings = Vec::new();
    for (url, action) in &resolution.plan.actions {
        let file = settings.site.join(url.as_url().path().trim_start_matches('/'));
        if action.is_vendored() && settings.site_url.is_none() && file.is_file() {
            let message =
                format!("`{url}` looks like your own site: the same path is a file of it");
            let notice = Notice::new("own-site", message).used_at(resolution.places(url));
            warnings.push(notice.hint("set --site-url if it is".to_owned()));
        }
    }
    warnings
}

fn unused_rules(settings: &Settings, resolution: &Resolution) -> Vec<Notice> {
    if resolution.is_incomplete {
        return Vec::new(); // a rule may be about what a module imports that is not downloaded yet
    }
    let notice = |pattern: &dyn std::fmt::Display| {
        let message = format!("the rule `{pattern}` matches no script of the site");
        Notice::new("unused-rule", message).hint("remove it, or correct its pattern".to_owned())
    };
    let unused = settings.policy.unused_rules(resolution.urls.keys());
    unused.into_iter().map(|rule| notice(&rule.pattern)).collect()
}

/// Policies that will block the local copies.
fn blocking_policies(headers: &SiteHeaders, pages: &Pages) -> Vec<Notice> {
    let enforced =
        headers.policies.iter().filter(|policy| policy.list.disposition() == Disposition::Enforce);
    let in_headers = enforced.map(|policy| (policy.list.blocks_own_scripts(), None));
    let in_pages = pages
        .policies
        .iter()
        .map(|(policy, place)| (csp::blocks_own_scripts(policy), Some(place.clone())));
    in_pages
        .chain(in_headers)
        .filter_map(|(blocking, place)| Some(blocks_local_copies(blocking?, place)))
        .collect()
}

fn blocks_local_copies(directive: &str, place: Option<Use>) -> Notice {
    let whose = if place.is_some() { "the page's" } else { "the `_headers` file's" };
    let message = format!(
        "{whose} Content-Security-Policy will block the local copies: `{directive}` has no 'self'"
    );
    Notice::new("csp-blocks-local", message)
        .used_by(place)
        .hint(format!("add 'self' to `{directive}`"))
}
