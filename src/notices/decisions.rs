//! What the owner of the site should know about decisions, before they are carried out.

use crate::{
    csp::{self, Disposition, SiteHeaders},
    findings::{Notice, Use},
    read::{baseline::Baseline, pages::Pages},
    reference::SubresourceUrl,
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

/// An absolute address of the site itself looks external where the site's URL is not known.
fn likely_own_site(settings: &Settings, resolution: &Resolution) -> Vec<Notice> {
    if settings.site_url.is_some() {
        return Vec::new();
    }
    let file = |url: &str| settings.site.join(url.trim_start_matches('/'));
    let vendored = resolution.plan.actions.iter().filter(|(_, action)| action.is_vendored());
    let own = vendored.map(|(url, _)| url).filter(|url| file(url.as_url().path()).is_file());
    own.map(|url| own_site(url).used_at(resolution.places(url))).collect()
}

fn own_site(url: &SubresourceUrl) -> Notice {
    let message = format!("`{url}` looks like your own site: the same path is a file of it");
    Notice::new("own-site", message).hint("set --site-url if it is".to_owned())
}

fn unused_rules(settings: &Settings, resolution: &Resolution) -> Vec<Notice> {
    if resolution.is_incomplete {
        return Vec::new(); // a rule may be about what a module imports that is not downloaded yet
    }
    let unused = settings.policy.unused_rules(seen(resolution));
    unused.into_iter().map(|rule| unused_rule(&rule.pattern)).collect()
}

/// The URLs that rules may be about: also those of files that pages load from the vendor folder already.
fn seen(resolution: &Resolution) -> impl Iterator<Item = &SubresourceUrl> {
    resolution.urls.keys().chain(&resolution.used_locally)
}

fn unused_rule(pattern: &str) -> Notice {
    let message = format!("the rule `{pattern}` matches no script of the site");
    Notice::new("unused-rule", message).hint("remove it, or correct its pattern".to_owned())
}

/// Policies that will block the local copies.
fn blocking_policies(headers: &SiteHeaders, pages: &Pages) -> Vec<Notice> {
    let in_pages = pages.policies.iter().filter_map(|(policy, place)| {
        Some(blocks_local_copies(csp::blocks_own_scripts(policy)?, Some(place.clone())))
    });
    let enforced =
        headers.policies.iter().filter(|policy| policy.list.disposition() == Disposition::Enforce);
    let in_headers = enforced.filter_map(|policy| policy.list.blocks_own_scripts());
    in_pages.chain(in_headers.map(|directive| blocks_local_copies(directive, None))).collect()
}

fn blocks_local_copies(directive: &str, place: Option<Use>) -> Notice {
    let whose = if place.is_some() { "the page's" } else { "the `_headers` file's" };
    let message = format!(
        "{whose} Content-Security-Policy will block the local copies: `{directive}` has no 'self'"
    );
    let notice = Notice::new("csp-blocks-local", message).used_by(place);
    notice.hint(format!("add 'self' to `{directive}`"))
}
