use super::verdict::{Confidence, Obstacle, Severity};
use super::*;

fn url(text: &str) -> SubresourceUrl {
    text.parse().unwrap()
}

fn rule(pattern: &str, action: RuleAction) -> Rule {
    Rule { pattern: pattern.into(), action: Some(action), ..Rule::default() }
}

fn without_action(pattern: &str) -> Rule {
    requiring(pattern, EvidenceLevel::None)
}

fn requiring(pattern: &str, level: EvidenceLevel) -> Rule {
    Rule { pattern: pattern.into(), require_proof: Some(level), ..Rule::default() }
}

fn policy(rules: Vec<Rule>) -> Policy {
    Policy::new(rules, vec![], vec![], OnDenied::Fail).unwrap()
}

fn on_denied(on_denied: OnDenied) -> Policy {
    Policy::new(vec![], vec![], vec![], on_denied).unwrap()
}

fn denied_id(policy: &Policy, text: &str) -> Option<Origin> {
    match policy.verdict(&url(text)) {
        Verdict::Deny(finding) => Some(finding.by),
        _ => None,
    }
}

fn kept_id(policy: &Policy, text: &str) -> Option<Origin> {
    match policy.verdict(&url(text)) {
        Verdict::Keep(kept) => Some(kept.by),
        _ => None,
    }
}

fn built_in(id: &str) -> Option<Origin> {
    Some(Origin::BuiltIn(id.into()))
}

const JQUERY: &str = "https://cdn.example.com/npm/jquery@3.7.1/dist/jquery.min.js";

#[test]
fn what_no_list_and_no_rule_names_is_vendored() {
    assert_eq!(policy(vec![]).verdict(&url(JQUERY)), Verdict::Vendor { warning: None });
}

#[test]
fn a_compromised_host_is_denied_with_its_subdomains_however_it_is_spelled() {
    let policy = policy(vec![]);
    for text in [
        "https://polyfill.io/v3/polyfill.min.js",
        "https://cdn.polyfill.io/v3/polyfill.min.js",
        "http://CDN.Polyfill.IO./x.js",
        "https://user:secret@polyfill.io:8443/x.js",
        "https://polyfill%2Eio/x.js",
    ] {
        assert_eq!(denied_id(&policy, text), built_in("polyfill-io"), "{text}");
    }
}

#[test]
fn a_suffix_without_a_dot_boundary_is_another_host() {
    let policy = policy(vec![]);
    for text in [
        "https://notpolyfill.io/x.js",
        "https://polyfill.io.example.com/x.js",
        "https://example.com/polyfill.io/x.js",
    ] {
        assert_eq!(denied_id(&policy, text), None, "{text}");
    }
}

#[test]
fn a_denial_carries_reason_sources_date_and_replacement() {
    let Verdict::Deny(finding) = policy(vec![]).verdict(&url("https://cdn.polyfill.io/x.js"))
    else {
        panic!("not denied");
    };
    assert_eq!(finding.host, "cdn.polyfill.io");
    assert!(finding.reason.contains("Funnull"));
    assert_eq!(finding.class.as_deref(), Some("compromised"));
    assert!(finding.sources.len() > 1);
    assert_eq!(finding.date.as_deref(), Some("2024-06-25"));
    assert!(finding.replacement.unwrap().starts_with("remove"));
    assert_eq!(finding.confidence, Some(Confidence::High));
}

#[test]
fn a_deprecated_host_is_vendored_with_a_notice() {
    let Verdict::Vendor { warning: Some(notice) } =
        policy(vec![]).verdict(&url("https://ajax.aspnetcdn.com/ajax/jQuery/jquery-3.6.0.min.js"))
    else {
        panic!("no notice");
    };
    assert_eq!(notice.severity, Severity::Warn);
    assert_eq!(notice.finding.by, Origin::BuiltIn("ajax-aspnetcdn-com".into()));
}

#[test]
fn host_exact_and_url_prefix_entries_match_no_more_than_they_say() {
    let policy = policy(vec![]);
    let noticed =
        |text: &str| matches!(policy.verdict(&url(text)), Verdict::Vendor { warning: Some(_) });
    assert!(noticed("https://code.jquery.com/jquery-latest.min.js"));
    assert!(!noticed("https://code.jquery.com/jquery-3.7.1.min.js"));
    assert!(noticed("https://cdn.mathjax.org/mathjax/latest/MathJax.js"));
    assert!(!noticed("https://www.cdn.mathjax.org/x.js"));
}

#[test]
fn a_malicious_version_is_denied_wherever_the_url_names_it() {
    let policy = policy(vec![]);
    for text in [
        "https://cdn.jsdelivr.net/npm/@lottiefiles/lottie-player@2.0.5/dist/lottie-player.js",
        "https://cdn.jsdelivr.net/npm/%40lottiefiles/lottie-player@2.0.7/+esm",
        "https://unpkg.com/@lottiefiles/lottie-player@2.0.6",
        "https://cdn.jsdelivr.net/combine/npm/jquery@3,npm/@lottiefiles/lottie-player@2.0.5",
    ] {
        assert_eq!(denied_id(&policy, text), built_in("lottie-player-2024"), "{text}");
    }
    for text in [
        "https://unpkg.com/@lottiefiles/lottie-player@2.0.8",
        "https://unpkg.com/@lottiefiles/lottie-player@2.0.50",
        "https://unpkg.com/@lottiefiles/lottie-player@2.0.5-beta.1",
        "https://unpkg.com/@lottiefiles/lottie-player@latest",
        "https://unpkg.com/x@lottiefiles/lottie-player@2.0.5",
    ] {
        assert_eq!(denied_id(&policy, text), None, "{text}");
    }
}

#[test]
fn a_malicious_version_behind_a_floating_url_is_not_admitted() {
    let floating = url("https://cdn.jsdelivr.net/npm/@ledgerhq/connect-kit@1");
    let connect_kit = |policy: &Policy, version| {
        policy.admits_version(&floating, "@ledgerhq/connect-kit", version)
    };
    assert!(connect_kit(&policy(vec![]), "1.1.8").is_ok());
    let finding = connect_kit(&policy(vec![]), "1.1.6").unwrap_err();
    assert_eq!(finding.replacement.as_deref(), Some("@ledgerhq/connect-kit@1.1.8"));
    assert!(policy(vec![]).admits_version(&floating, "connect-kit", "1.1.6").is_ok());
    let allowed = policy(vec![rule("cdn.jsdelivr.net/npm/@ledgerhq/*", RuleAction::Vendor)]);
    assert!(connect_kit(&allowed, "1.1.6").is_ok());
}

#[test]
fn a_script_that_works_only_live_is_kept_with_its_reason() {
    let Verdict::Keep(kept) = policy(vec![]).verdict(&url("https://js.stripe.com/v3/")) else {
        panic!("not kept");
    };
    assert_eq!(kept.by, Origin::BuiltIn("stripe-js".into()));
    assert_eq!(kept.category.as_deref(), Some("payment"));
    assert_eq!(kept.obstacle, Some(Obstacle::Terms));
    assert!(kept.reason.contains("PCI"));
}

#[test]
fn live_only_patterns_ignore_query_port_and_final_dot() {
    let policy = policy(vec![]);
    for text in [
        "https://www.googletagmanager.com/gtag/js?id=G-1",
        "https://www.googletagmanager.com.:443/gtag/js",
    ] {
        assert_eq!(kept_id(&policy, text), built_in("google-tag"), "{text}");
    }
    let embedded = "https://example.com/?https://js.stripe.com/v3/";
    assert_eq!(kept_id(&policy, embedded), None);
}

#[test]
fn an_exception_of_a_live_only_entry_is_vendored() {
    let policy = policy(vec![]);
    let host = "https://scripts.simpleanalyticscdn.com";
    assert_eq!(kept_id(&policy, &format!("{host}/latest.js")), built_in("simple-analytics"));
    assert_eq!(kept_id(&policy, &format!("{host}/sri/v11.js")), None);
    assert_eq!(kept_id(&policy, "https://cdn.auth0.com/w2/auth0.js"), built_in("auth0"));
    assert_eq!(kept_id(&policy, "https://cdn.auth0.com/js/auth0/9.1/auth0.min.js"), None);
}

#[test]
fn an_entry_marked_vendorable_is_vendored() {
    let braintree = url("https://js.braintreegateway.com/web/3.97.2/js/client.min.js");
    assert_eq!(policy(vec![]).verdict(&braintree), Verdict::Vendor { warning: None });
}

#[test]
fn a_rule_overrides_both_lists() {
    let policy = policy(vec![
        rule("js.stripe.com", RuleAction::Vendor),
        rule("polyfill.io", RuleAction::Keep),
        rule("cdn.example.com", RuleAction::Deny),
    ]);
    let overridden = policy.verdict(&url("https://js.stripe.com/v3/"));
    assert!(matches!(overridden, Verdict::Vendor { warning: Some(_) }));
    assert_eq!(
        kept_id(&policy, "https://polyfill.io/x.js"),
        Some(Origin::Rule("polyfill.io".into()))
    );
    assert_eq!(denied_id(&policy, JQUERY), Some(Origin::Rule("cdn.example.com".into())));
}

#[test]
fn a_rule_with_a_reason_overrides_without_a_notice() {
    let mut allow = rule("polyfill.io", RuleAction::Vendor);
    let script = url("https://polyfill.io/x.js");
    let Verdict::Vendor { warning: Some(notice) } = policy(vec![allow.clone()]).verdict(&script)
    else {
        panic!("overriding in silence");
    };
    assert_eq!(notice.severity, Severity::Block);
    allow.reason = Some("we took the domain over".into());
    assert_eq!(policy(vec![allow]).verdict(&script), Verdict::Vendor { warning: None });
}

#[test]
fn the_most_specific_rule_wins_and_of_equals_the_later() {
    let general_last = policy(vec![
        rule("cdn.example.com/npm/jquery@*", RuleAction::Keep),
        rule("cdn.example.com/**", RuleAction::Deny),
    ]);
    assert!(kept_id(&general_last, JQUERY).is_some());
    let equals = policy(vec![
        rule("cdn.example.com", RuleAction::Deny),
        rule("cdn.example.com", RuleAction::Keep),
    ]);
    assert!(kept_id(&equals, JQUERY).is_some());
}

#[test]
fn a_rule_without_action_decides_nothing() {
    let policy = policy(vec![
        without_action("js.stripe.com"),
        without_action("polyfill.io"),
        rule("*.example.com", RuleAction::Keep),
        without_action("cdn.jsdelivr.net"),
        without_action("cdn.example.com/npm/jquery@*"),
    ]);
    assert!(matches!(kept_id(&policy, "https://js.stripe.com/v3/"), Some(Origin::BuiltIn(_))));
    let polyfill = "https://polyfill.io/x.js";
    assert!(matches!(denied_id(&policy, polyfill), Some(Origin::BuiltIn(_))));
    assert!(policy.admits(url(polyfill).as_url()).is_err());
    assert_eq!(kept_id(&policy, JQUERY), Some(Origin::Rule("*.example.com".into())));
    let malicious = url("https://cdn.jsdelivr.net/npm/@ledgerhq/connect-kit@1");
    assert!(policy.admits_version(&malicious, "@ledgerhq/connect-kit", "1.1.6").is_err());
}

#[test]
fn each_key_is_looked_up_by_itself() {
    let policy = policy(vec![
        requiring("*", EvidenceLevel::Npm),
        rule("cdn.example.com", RuleAction::Vendor),
        requiring("cdn.example.com/npm/jquery@*", EvidenceLevel::None),
    ]);
    let required = |text: &str| policy.required_proof(&url(text)).map(|(level, _)| level);
    assert_eq!(required("https://cdn.example.com/a.js"), Some(EvidenceLevel::Npm));
    assert_eq!(required(JQUERY), Some(EvidenceLevel::None));
    let (_, rule) = policy.required_proof(&url("https://cdn.example.com/a.js")).unwrap();
    assert_eq!(rule.pattern, "*");
    assert_eq!(self::policy(vec![]).required_proof(&url(JQUERY)), None);
}

#[test]
fn a_rule_that_says_nothing_is_an_error() {
    let rule = Rule { reason: Some("why not".into()), pattern: "*".into(), ..Rule::default() };
    let error = Policy::new(vec![rule], vec![], vec![], OnDenied::Fail).unwrap_err();
    assert_eq!(error, PolicyError::Empty("*".into()));
}

#[test]
fn excluded_and_not_included_scripts_are_kept() {
    let narrowed = |include: &[&str], exclude: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Policy::new(vec![], texts(include), texts(exclude), OnDenied::Fail).unwrap()
    };
    let excluded = Some(Origin::Excluded("cdn.example.com".into()));
    assert_eq!(kept_id(&narrowed(&[], &["cdn.example.com"]), JQUERY), excluded);
    assert_eq!(kept_id(&narrowed(&["other.example"], &[]), JQUERY), Some(Origin::NotIncluded));
    assert_eq!(kept_id(&narrowed(&["cdn.example.com"], &[]), JQUERY), None);
    let polyfill = "https://polyfill.io/x.js";
    assert!(
        denied_id(&narrowed(&[], &["polyfill.io"]), polyfill).is_some(),
        "exclude is no pardon"
    );
}

#[test]
fn a_known_replacement_keeps_path_and_query() {
    let policy = on_denied(OnDenied::Replace);
    let text = "http://cdn.polyfill.io/v3/polyfill.min.js?features=default%2Cfetch";
    let Verdict::Replace { with, denied, .. } = policy.verdict(&url(text)) else {
        panic!("not replaced");
    };
    assert_eq!(
        with.as_str(),
        "https://cdnjs.cloudflare.com/polyfill/v3/polyfill.min.js?features=default%2Cfetch"
    );
    assert_eq!(denied.by, Origin::BuiltIn("polyfill-io".into()));
    assert!(matches!(policy.verdict(&with), Verdict::Keep(_)), "the service answers by browser");
}

#[test]
fn without_a_known_replacement_a_denial_stays_a_denial() {
    let policy = on_denied(OnDenied::Replace);
    assert!(denied_id(&policy, "https://polyfill.io/other.js").is_some());
    assert!(denied_id(&policy, "https://cdn.bootcss.com/jquery/3.3.1/jquery.min.js").is_some());
}

#[test]
fn a_replacement_that_is_denied_itself_is_not_offered() {
    let rules = vec![rule("cdnjs.cloudflare.com", RuleAction::Deny)];
    let policy = Policy::new(rules, vec![], vec![], OnDenied::Replace).unwrap();
    assert!(denied_id(&policy, "https://polyfill.io/v3/polyfill.js").is_some());
}

#[test]
fn denied_scripts_are_removed_on_demand() {
    let verdict = on_denied(OnDenied::Remove).verdict(&url("https://polyfill.io/x.js"));
    assert!(matches!(verdict, Verdict::Remove { .. }));
}

#[test]
fn redirects_into_denied_hosts_are_not_admitted() {
    let hop = |policy: &Policy, text: &str| policy.admits(&Url::parse(text).unwrap());
    assert!(hop(&policy(vec![]), "https://cdn.polyfill.io/x.js").unwrap_err().contains("Funnull"));
    assert!(hop(&on_denied(OnDenied::Remove), "https://cdn.polyfill.io/x.js").is_err());
    assert!(hop(&policy(vec![]), "https://js.stripe.com/v3/").is_ok());
    assert!(hop(&policy(vec![]), "file:///etc/passwd").is_err());
    let allowed = policy(vec![rule("*.polyfill.io", RuleAction::Vendor)]);
    assert!(hop(&allowed, "https://cdn.polyfill.io/x.js").is_ok());
    let refused = policy(vec![rule("cdn.example.com", RuleAction::Deny)]);
    assert!(hop(&refused, JQUERY).unwrap_err().contains("cdn.example.com"));
}

#[test]
fn rules_that_match_nothing_are_reported() {
    let policy = policy(vec![
        rule("cdn.example.com", RuleAction::Keep),
        rule("typo.example.com", RuleAction::Keep),
        rule("*", RuleAction::Vendor),
    ]);
    let unused = policy.unused_rules([&url(JQUERY)]);
    assert_eq!(unused, [&rule("typo.example.com", RuleAction::Keep)]);
    assert_eq!(policy.unused_rules([]).len(), 3);
}

#[test]
fn a_broken_pattern_is_named() {
    let error = Policy::new(vec![rule("a b", RuleAction::Keep)], vec![], vec![], OnDenied::Fail)
        .unwrap_err();
    assert_eq!(error.to_string(), "the rule pattern `a b` has a blank in it");
    let exclude = vec![String::new()];
    let error = Policy::new(vec![], vec![], exclude, OnDenied::Fail).unwrap_err();
    assert_eq!(error.to_string(), "in `exclude`, the pattern `` does not start with a host");
}

#[test]
fn a_rule_with_an_unknown_key_is_refused() {
    let text = "pattern = 'cdn.example.com'\naction = 'keep'\nreasn = 'typo'";
    assert!(toml::from_str::<Rule>(text).unwrap_err().to_string().contains("reasn"));
    assert!(toml::from_str::<Rule>("pattern = 'cdn.example.com'\naction = 'keep'").is_ok());
}
