use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{follow::*, headers::*, policy::*, *};
use crate::integrity::{Algorithm, Digest};

const MAP: &str = r#"{"imports":{"a":"https://cdn.example/a.js"}}"#;
const LOCAL: &str = r#"{"imports":{"a":"./vendor/cdn.example/a.js"}}"#;
const DEEPER: &str = r#"{"imports":{"a":"../vendor/cdn.example/a.js"}}"#;
const BOOT: &str = "boot()";

fn source(text: &str, algorithm: Algorithm) -> String {
    format!("'{}'", Digest::of(text.as_bytes(), algorithm))
}

fn sha256(text: &str) -> String {
    source(text, Algorithm::Sha256)
}

fn edit<'a>(before: &'a str, after: &'a str) -> InlineChange<'a> {
    InlineChange { before: Some(before), after, nonce: None }
}

fn insert(after: &str) -> InlineChange<'_> {
    InlineChange { before: None, after, nonce: None }
}

fn follow(policy: &str, changes: &[InlineChange<'_>], staying: &[&str]) -> (String, Vec<Outcome>) {
    let staying = staying.iter().copied().collect();
    let followed = PolicyList::of_meta(policy).follow(changes, &staying);
    (followed.text, followed.outcomes.into_iter().map(|of_change| of_change.outcome).collect())
}

fn permits(policy: &str, text: &str, nonce: Option<&str>) -> Result<AllowedBy, &'static str> {
    PolicyList::of_meta(policy).permits(text, nonce).map_err(|refusal| refusal.directive)
}

mod reading {
    use super::*;

    #[test]
    fn a_policy_that_lists_only_the_cdn_blocks_the_local_copy() {
        assert_eq!(blocks_own_scripts("script-src https://cdn.example"), Some("script-src"));
        assert_eq!(blocks_own_scripts("default-src cdn.example; img-src *"), Some("default-src"));
        assert_eq!(blocks_own_scripts("default-src 'none'; script-src 'self' cdn.example"), None);
        assert_eq!(blocks_own_scripts("script-src 'nonce-x'"), None);
        assert_eq!(blocks_own_scripts("img-src 'none'"), None);
        assert_eq!(blocks_own_scripts("SCRIPT-SRC 'SELF'"), None);
    }

    #[test]
    fn the_example_of_the_specification_is_allowed() {
        let policy = "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert_eq!(permits(policy, "alert('Hello, world.');", None), Ok(AllowedBy::Hash));
        assert_eq!(permits(policy, "alert('Hello, world.')", None), Err("script-src"));
    }

    #[test]
    fn hashes_are_read_in_either_alphabet_and_any_letter_case_of_the_algorithm() {
        let policy = "script-src 'SHA256-qznLcsROx4GACP2dm0UCKCzCG-HiZ1guq6ZZDob_Tng='";
        assert_eq!(permits(policy, "alert('Hello, world.');", None), Ok(AllowedBy::Hash));
        // Browsers compare text: without its padding a hash matches nothing.
        let unpadded = "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng'";
        assert_eq!(permits(unpadded, "alert('Hello, world.');", None), Err("script-src"));
        for algorithm in Algorithm::ALL {
            let policy = format!("default-src {}", source(MAP, algorithm));
            assert_eq!(permits(&policy, MAP, None), Ok(AllowedBy::Hash));
        }
    }

    #[test]
    fn line_ends_are_hashed_as_html_reads_them() {
        let policy = format!("script-src {}", sha256("a\nb\nc"));
        assert_eq!(permits(&policy, "a\r\nb\rc", None), Ok(AllowedBy::Hash));
    }

    #[test]
    fn the_most_specific_directive_governs() {
        let all = "DEFAULT-SRC 'none'; script-src 'none'; Script-Src-Elem 'unsafe-inline'";
        assert_eq!(permits(all, MAP, None), Ok(AllowedBy::UnsafeInline));
        assert_eq!(
            permits("default-src 'unsafe-inline'; script-src 'self'", MAP, None),
            Err("script-src")
        );
        assert_eq!(permits("default-src 'self'", MAP, None), Err("default-src"));
        assert_eq!(
            permits("img-src 'none'; require-sri-for script", MAP, None),
            Ok(AllowedBy::NoDirective)
        );
        assert_eq!(permits("script-src-attr 'none'", MAP, None), Ok(AllowedBy::NoDirective));
        assert_eq!(permits("", MAP, None), Ok(AllowedBy::NoDirective));
    }

    #[test]
    fn the_first_directive_of_a_name_counts() {
        let twice = "script-src 'unsafe-inline'; script-src 'none'";
        assert_eq!(permits(twice, MAP, None), Ok(AllowedBy::UnsafeInline));
    }

    #[test]
    fn a_directive_that_is_not_ascii_is_dropped() {
        assert_eq!(permits("script-src 'self' é.example", MAP, None), Ok(AllowedBy::NoDirective));
    }

    #[test]
    fn unsafe_inline_is_switched_off_by_hashes_nonces_and_strict_dynamic() {
        for off in [sha256(BOOT).as_str(), "'nonce-abc'", "'Strict-Dynamic'"] {
            let policy = format!("script-src 'unsafe-inline' {off}");
            assert_eq!(permits(&policy, MAP, None), Err("script-src"), "{policy}");
        }
        for not_off in ["'report-sample'", "'sha256-'", "'nonce-'", "'sha1-abc='", "'nonce-{{n}}'"]
        {
            let policy = format!("script-src {not_off} 'UNSAFE-inline'");
            assert_eq!(permits(&policy, MAP, None), Ok(AllowedBy::UnsafeInline), "{policy}");
        }
    }

    #[test]
    fn a_nonce_must_be_the_elements() {
        let policy = "script-src 'strict-dynamic' 'nonce-aBc=' 'report-sample'";
        assert_eq!(permits(policy, MAP, Some("aBc=")), Ok(AllowedBy::Nonce));
        assert_eq!(permits(policy, MAP, Some("abc=")), Err("script-src"));
        assert_eq!(permits(policy, MAP, Some("")), Err("script-src"));
        assert_eq!(permits(policy, MAP, None), Err("script-src"));
    }

    #[test]
    fn a_header_may_hold_several_policies_and_all_of_them_count() {
        let value = "script-src 'unsafe-inline', img-src 'none', default-src 'nonce-a'";
        let list = PolicyList::of_header(value, Disposition::Enforce);
        assert_eq!(list.permits(MAP, Some("a")), Ok(AllowedBy::Nonce));
        assert_eq!(list.permits(MAP, None).unwrap_err().directive, "default-src");
        assert_eq!(list.blocks_own_scripts(), Some("script-src"));
        // In a page a comma is part of the word.
        assert_eq!(permits(value, MAP, None), Err("script-src"));
    }

    #[test]
    fn a_refusal_names_the_hash_by_the_algorithm_in_use() {
        let refusal = |policy| PolicyList::of_meta(policy).permits(MAP, None).unwrap_err().needed;
        assert_eq!(refusal("script-src 'self'"), sha256(MAP));
        let sha384 = format!("script-src {}", source(BOOT, Algorithm::Sha384));
        assert_eq!(refusal(&sha384), source(MAP, Algorithm::Sha384));
    }
}

mod following {
    use super::*;

    #[test]
    fn a_hash_follows_its_script_and_nothing_else_moves() {
        let around = |hash: &str| {
            format!(" img-src *;;\tScript-Src\n'self'  {hash}\t'strict-dynamic' ; x-y 'sha256-' ;")
        };
        let (text, outcomes) = follow(&around(&sha256(MAP)), &[edit(MAP, LOCAL)], &[BOOT]);
        assert_eq!(text, around(&sha256(LOCAL)));
        assert_eq!(outcomes, [Outcome::Followed]);
    }

    #[test]
    fn every_algorithm_follows_by_itself() {
        let both = |text| {
            format!(
                "script-src {} {}",
                source(text, Algorithm::Sha512),
                source(text, Algorithm::Sha384)
            )
        };
        let (text, _) = follow(&both(MAP), &[edit(MAP, LOCAL)], &[]);
        assert_eq!(text, both(LOCAL));
    }

    #[test]
    fn a_hash_that_is_still_needed_stays_and_the_new_one_stands_behind_it() {
        let policy = format!("script-src {} 'self'", sha256(MAP));
        let (text, outcomes) = follow(&policy, &[edit(MAP, LOCAL)], &[MAP]);
        assert_eq!(text, format!("script-src {} {} 'self'", sha256(MAP), sha256(LOCAL)));
        assert_eq!(outcomes, [Outcome::Followed]);
    }

    #[test]
    fn one_text_may_become_several() {
        let policy = format!("script-src {}", sha256(MAP));
        let changes = [edit(MAP, LOCAL), edit(MAP, DEEPER), edit(MAP, LOCAL)];
        let (text, outcomes) = follow(&policy, &changes, &[]);
        assert_eq!(text, format!("script-src {} {}", sha256(LOCAL), sha256(DEEPER)));
        assert_eq!(outcomes, [Outcome::Followed, Outcome::Followed, Outcome::Followed]);
    }

    #[test]
    fn texts_that_change_places_keep_their_hashes() {
        let policy = format!("script-src {} {}", sha256(MAP), sha256(BOOT));
        let (text, _) = follow(&policy, &[edit(MAP, BOOT), edit(BOOT, MAP)], &[]);
        assert_eq!(text, policy);
        let (text, outcomes) = follow(&policy, &[edit(MAP, BOOT), edit(BOOT, LOCAL)], &[]);
        assert_eq!(text, format!("{policy} {}", sha256(LOCAL)));
        assert_eq!(outcomes, [Outcome::Allowed(AllowedBy::Hash), Outcome::Followed]);
    }

    #[test]
    fn what_is_listed_already_is_not_listed_twice() {
        let policy = format!("script-src {} {}", sha256(MAP), sha256(LOCAL));
        let (text, outcomes) = follow(&policy, &[edit(MAP, LOCAL), insert(LOCAL)], &[]);
        assert_eq!(text, policy);
        assert_eq!(
            outcomes,
            [Outcome::Allowed(AllowedBy::Hash), Outcome::Allowed(AllowedBy::Hash)]
        );
    }

    #[test]
    fn scripts_allowed_otherwise_need_no_hash() {
        for policy in ["script-src 'unsafe-inline'", "img-src 'none'"] {
            let (text, outcomes) = follow(policy, &[edit(MAP, LOCAL), insert(LOCAL)], &[BOOT]);
            assert_eq!(text, policy);
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Allowed(_))));
        }
        let policy = format!("script-src 'nonce-a' {}", sha256(BOOT));
        let with_nonce = InlineChange { nonce: Some("a"), ..insert(LOCAL) };
        let (text, outcomes) = follow(&policy, &[with_nonce], &[BOOT]);
        assert_eq!((text, outcomes), (policy, vec![Outcome::Allowed(AllowedBy::Nonce)]));
    }

    #[test]
    fn the_hash_of_a_script_that_has_a_nonce_too_follows() {
        let policy = |text| format!("script-src 'nonce-a' {}", sha256(text));
        let change = InlineChange { nonce: Some("a"), ..edit(MAP, LOCAL) };
        let (text, outcomes) = follow(&policy(MAP), &[change], &[]);
        assert_eq!((text, outcomes), (policy(LOCAL), vec![Outcome::Allowed(AllowedBy::Nonce)]));
    }

    #[test]
    fn an_inserted_script_joins_the_hashes_of_the_page() {
        let unknown = sha256("from elsewhere");
        let policy = format!("script-src {} {unknown}", source(BOOT, Algorithm::Sha384));
        let (text, outcomes) = follow(&policy, &[insert(LOCAL)], &[BOOT]);
        let [boot, local] = [BOOT, LOCAL].map(|text| source(text, Algorithm::Sha384));
        assert_eq!(text, format!("script-src {boot} {local} {unknown}"));
        assert_eq!(outcomes, [Outcome::Added]);
    }

    #[test]
    fn an_inserted_script_stands_behind_a_hash_that_follows() {
        let policy = format!("script-src {} 'self'", sha256(BOOT));
        let (text, outcomes) = follow(&policy, &[insert(LOCAL), edit(BOOT, "b2()")], &[]);
        assert_eq!(text, format!("script-src {} {} 'self'", sha256("b2()"), sha256(LOCAL)));
        assert_eq!(outcomes, [Outcome::Added, Outcome::Followed]);
    }

    #[test]
    fn an_inserted_script_without_permission_is_a_problem_that_names_its_hash() {
        let unknown = format!("default-src 'self' {}", sha256("from elsewhere"));
        for policy in
            ["default-src 'self'", "default-src 'nonce-a'", "default-src 'none'", &unknown]
        {
            let (text, outcomes) = follow(policy, &[insert(LOCAL)], &[BOOT]);
            assert_eq!(text, policy);
            let refusal = Refusal { directive: "default-src", needed: sha256(LOCAL) };
            assert_eq!(outcomes, [Outcome::Blocked(refusal)], "{policy}");
        }
    }

    #[test]
    fn a_script_that_was_blocked_stays_so() {
        let policy = format!("script-src 'self' {}", sha256(BOOT));
        let (text, outcomes) = follow(&policy, &[edit(MAP, LOCAL)], &[BOOT]);
        assert_eq!(text, policy);
        assert!(matches!(outcomes[..], [Outcome::WasBlocked(_)]));
    }

    #[test]
    fn a_policy_that_only_reports_follows_but_is_never_a_problem() {
        let policy = format!("script-src {}", sha256(MAP));
        let list = PolicyList::of_header(&policy, Disposition::Report);
        let followed = list.follow(&[edit(MAP, LOCAL)], &BTreeSet::new());
        assert_eq!(followed.text, format!("script-src {}", sha256(LOCAL)));
        let list = PolicyList::of_header("script-src 'self'", Disposition::Report);
        let followed = list.follow(&[insert(LOCAL)], &BTreeSet::new());
        assert!(matches!(followed.outcomes[0].outcome, Outcome::Reported(_)));
    }

    #[test]
    fn fallbacks_for_older_browsers_follow_too_but_do_not_judge() {
        let policy = |text| format!("script-src {}; script-src-elem 'unsafe-inline'", sha256(text));
        let (text, outcomes) = follow(&policy(MAP), &[edit(MAP, LOCAL)], &[]);
        assert_eq!(text, policy(LOCAL));
        assert_eq!(outcomes, [Outcome::Allowed(AllowedBy::UnsafeInline)]);
    }

    #[test]
    fn every_policy_of_a_header_has_its_say() {
        let value = |text| format!("script-src {}, script-src 'self'", sha256(text));
        let list = PolicyList::of_header(&value(MAP), Disposition::Enforce);
        let followed = list.follow(&[edit(MAP, LOCAL)], &BTreeSet::new());
        assert_eq!(followed.text, value(LOCAL));
        let outcomes = followed.outcomes.iter().map(|of_change| &of_change.outcome);
        assert!(matches!(
            outcomes.collect::<Vec<_>>()[..],
            [Outcome::Followed, Outcome::WasBlocked(_)]
        ));
    }

    /// Words of a policy; `#0`…`#3` stand for hashes of texts.
    fn skeleton() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            "#[0-3]",
            "[;, \t]{1,2}",
            Just("script-src".to_owned()),
            Just("Script-Src-Elem".to_owned()),
            Just("default-src".to_owned()),
            Just("'unsafe-inline'".to_owned()),
            Just("'nonce-a'".to_owned()),
            Just("'sha256-AAAA'".to_owned()),
            Just("é.example".to_owned()),
        ];
        proptest::collection::vec(word, 0..16).prop_map(|words| words.join(" "))
    }

    fn with_hashes(skeleton: &str, texts: [&str; 4]) -> String {
        let hashed = texts.into_iter().enumerate();
        hashed.fold(skeleton.to_owned(), |policy, (index, text)| {
            policy.replace(&format!("#{index}"), &sha256(text))
        })
    }

    proptest! {
        #[test]
        fn following_there_and_back_gives_the_same_text(skeleton in skeleton()) {
            let policy = with_hashes(&skeleton, [MAP, "m2", BOOT, "other"]);
            let list = PolicyList::of_header(&policy, Disposition::Enforce);
            let none = BTreeSet::new();
            let there = list.follow(&[edit(MAP, LOCAL), edit("m2", "n2")], &none).text;
            let list = PolicyList::of_header(&there, Disposition::Enforce);
            prop_assert_eq!(list.follow(&[edit("n2", "m2"), edit(LOCAL, MAP)], &none).text, policy);
        }

        #[test]
        fn only_hashes_of_what_changed_differ(skeleton in skeleton()) {
            let texts = [MAP, "m2", BOOT, "other"];
            let policy = with_hashes(&skeleton, texts);
            let list = PolicyList::of_header(&policy, Disposition::Enforce);
            let followed = list.follow(&[edit(MAP, LOCAL), edit("m2", "n2")], &BTreeSet::new());
            let blank = |policy: &str| {
                let changed = [MAP, LOCAL, "m2", "n2"].map(sha256);
                changed.iter().fold(policy.to_owned(), |text, hash| text.replace(hash, "#"))
            };
            prop_assert_eq!(blank(&followed.text), blank(&policy));
        }

        #[test]
        fn what_ran_runs_and_what_stays_is_judged_as_before(skeleton in skeleton()) {
            let policy = with_hashes(&skeleton, [MAP, "m2", BOOT, "other"]);
            let list = PolicyList::of_header(&policy, Disposition::Enforce);
            let changes = [edit(MAP, LOCAL), edit(MAP, DEEPER), edit("m2", "n2"), insert("new")];
            let followed = list.follow(&changes, &BTreeSet::from([BOOT, "m2"]));
            let edited = PolicyList::of_header(&followed.text, Disposition::Enforce);
            for (before, after) in [(MAP, LOCAL), (MAP, DEEPER), ("m2", "n2")] {
                let ran = list.permits(before, None).is_ok();
                prop_assert_eq!(edited.permits(after, None).is_ok(), ran);
            }
            for stays in [BOOT, "m2", "other"] {
                prop_assert_eq!(list.permits(stays, None), edited.permits(stays, None));
            }
            let is_blocked = |of: &ChangeOutcome| matches!(of.outcome, Outcome::Blocked(_));
            let blocked = followed.outcomes.iter().any(is_blocked);
            prop_assert_eq!(blocked, edited.permits("new", None).is_err());
        }

        #[test]
        fn following_twice_changes_nothing_more(skeleton in skeleton()) {
            let policy = with_hashes(&skeleton, [MAP, "m2", BOOT, "other"]);
            let changes = [edit(MAP, LOCAL), insert("new")];
            let staying = BTreeSet::from([BOOT, MAP]);
            let list = PolicyList::of_header(&policy, Disposition::Enforce);
            let once = list.follow(&changes, &staying).text;
            let again = PolicyList::of_header(&once, Disposition::Enforce);
            prop_assert_eq!(again.follow(&changes, &staying).text, once);
        }

        #[test]
        fn any_text_is_taken(text in ".*") {
            let list = PolicyList::of_header(&text, Disposition::Enforce);
            let followed = list.follow(&[edit(MAP, LOCAL), insert(BOOT)], &BTreeSet::new());
            prop_assert_eq!(followed.text, text.clone());
            prop_assert_eq!(site_headers(&text).follow(&[]).text, text);
        }
    }
}

mod headers_file {
    use super::*;

    fn applies(pattern: &str, page: &str) -> bool {
        let headers = site_headers(&format!("{pattern}\n  Content-Security-Policy: x\n"));
        headers.applies(&headers.policies[0], page)
    }

    #[test]
    fn a_headers_file_is_read() {
        let text = "\u{FEFF}# c\r\n/*\r\n  Content-Security-Policy:  script-src a.example \r\n  Integrity-Policy: blocked-destinations=(script)\r\n  # X: y\r\n/b\nCONTENT-security-policy-REPORT-only: img-src *";
        let headers = site_headers(text);
        assert!(headers.integrity_policy);
        let [first, second] = &headers.policies[..] else { panic!("{headers:?}") };
        assert_eq!((first.pattern.as_str(), first.line), ("/*", 3));
        assert_eq!(first.list.as_str(), "script-src a.example");
        assert_eq!((second.pattern.as_str(), second.line), ("/b", 7));
        assert_eq!(second.list.disposition(), Disposition::Report);
        assert!(
            !site_headers("/*\n  Integrity-Policy: blocked-destinations=(style)\n")
                .integrity_policy
        );
    }

    #[test]
    fn values_change_in_their_place() {
        let text = "\u{FEFF}/*\r\n\tContent-Security-Policy :  a ;b \r\n  X: y\r\n/é\n content-security-policy:c";
        let headers = site_headers(text);
        assert_eq!(headers.apply([]), text);
        let new = headers.apply([(1, "C".to_owned()), (0, "A".to_owned())]);
        assert_eq!(new, text.replace("a ;b", "A").replace(":c", ":C"));
    }

    #[test]
    fn a_header_before_any_path_applies_to_nothing() {
        assert!(site_headers("Content-Security-Policy: a\n/*\n X: y").policies.is_empty());
    }

    #[test]
    fn a_header_that_holds_an_address_is_not_a_path() {
        let headers = site_headers("/a\nX:https://x.example/\nContent-Security-Policy: a");
        assert_eq!(headers.policies[0].pattern, "/a");
    }

    #[test]
    fn patterns_reach_pages() {
        for (pattern, page) in [
            ("/*", "/index.html"),
            ("/*", "docs/a.html"),
            ("/docs/*", "/docs/index.html"),
            ("/docs/*", "/docs/deep/a.html"),
            // It is served at `/docs`, which Netlify counts to `/docs/*`.
            ("/docs/*", "/docs.html"),
            ("/docs", "/docs/index.html"),
            ("/docs/", "/docs/index.html"),
            ("/", "/index.html"),
            ("/a", "/a.html"),
            ("/a.html", "/a.html"),
            ("/*.html", "/docs/a.html"),
            ("/a/:name", "/a/b.html"),
            ("/:lang/about", "/en/about.html"),
            ("/caf%C3%A9", "/café.html"),
            ("/café", "/caf%C3%A9.html"),
            ("https://:project.pages.example/*", "/a.html"),
            ("https://site.example/docs/*", "/docs/a.html"),
            ("https://site.example", "/index.html"),
        ] {
            assert!(applies(pattern, page), "{pattern} {page}");
        }
    }

    #[test]
    fn patterns_do_not_reach_other_pages() {
        for (pattern, page) in [
            ("/docs/*", "/docsearch/index.html"),
            ("/a", "/a/b.html"),
            ("/a/:name", "/a/b/c.html"),
            ("/a/:name", "/index.html"),
            ("/", "/a.html"),
            ("/a.b", "/a-b.html"),
            ("https://site.example/docs/*", "/a.html"),
        ] {
            assert!(!applies(pattern, page), "{pattern} {page}");
        }
    }

    #[test]
    fn the_page_for_missing_files_turns_up_under_every_wildcard_below_its_folder() {
        assert!(applies("/docs/*", "/404.html"));
        assert!(applies("/*", "/docs/404.html"));
        assert!(applies("/docs/:page", "/docs/404.html"));
        assert!(!applies("/blog/*", "/docs/404.html"));
        assert!(!applies("/about", "/404.html"));
    }

    #[test]
    fn a_later_rule_may_detach_a_policy() {
        let text = "/*\n Content-Security-Policy: a\n/app/*\n ! Content-Security-Policy\n Content-Security-Policy: b";
        let headers = site_headers(text);
        let applying = |page| {
            let policies = headers.policies.iter().filter(|policy| headers.applies(policy, page));
            policies.map(|policy| policy.list.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(applying("/app/a.html"), ["b"]);
        assert_eq!(applying("/a.html"), ["a"]);
    }

    #[test]
    fn each_policy_follows_the_pages_it_governs() {
        let file = |all: &str, docs: &str| {
            format!(
                "# ours\n/*\n  Content-Security-Policy: script-src {all}\n/docs/*\n  Content-Security-Policy: script-src {docs}; img-src *\n"
            )
        };
        let [map, local, deeper, boot] = [MAP, LOCAL, DEEPER, BOOT].map(sha256);
        let pages = [
            PageScripts {
                url_path: "/index.html",
                changes: vec![edit(MAP, LOCAL)],
                staying: vec![],
            },
            PageScripts {
                url_path: "/docs/a.html",
                changes: vec![insert("new"), edit(MAP, DEEPER)],
                staying: vec![BOOT],
            },
            PageScripts { url_path: "/left.html", changes: vec![], staying: vec![MAP] },
        ];
        let followed = site_headers(&file(&format!("{map} {boot}"), &map)).follow(&pages);
        let new = sha256("new");
        let all = format!("{map} {local} {deeper} {boot} {new}");
        assert_eq!(followed.text, file(&all, &format!("{deeper} {new}")));
        let place = |of: &HeaderOutcome| (of.policy, of.page, of.change, of.outcome.clone());
        let places: Vec<_> = followed.outcomes.iter().map(place).collect();
        assert_eq!(
            places,
            [
                (0, 0, 0, Outcome::Followed),
                (0, 1, 0, Outcome::Added),
                (0, 1, 1, Outcome::Followed),
                (1, 1, 0, Outcome::Added),
                (1, 1, 1, Outcome::Followed),
            ]
        );
        assert!(followed.overlong.is_empty());
    }

    #[test]
    fn a_line_that_grows_past_what_a_host_reads_is_told() {
        let line = |padding: usize| {
            format!(
                "/*\n Content-Security-Policy: script-src {} {}",
                sha256(MAP),
                "x".repeat(padding)
            )
        };
        let pages = [
            PageScripts { url_path: "a.html", changes: vec![edit(MAP, LOCAL)], staying: vec![] },
            PageScripts { url_path: "b.html", changes: vec![], staying: vec![MAP] },
        ];
        let fixed = line(0).len() - "/*\n ".len();
        let grown_by = sha256(LOCAL).len() + 1;
        let overlong = |padding| site_headers(&line(padding)).follow(&pages).overlong;
        assert!(overlong(LONGEST_LINE - fixed - grown_by).is_empty());
        assert_eq!(overlong(LONGEST_LINE - fixed - grown_by + 1), [0]);
        // It was not read before either.
        assert!(overlong(LONGEST_LINE).is_empty());
    }
}
