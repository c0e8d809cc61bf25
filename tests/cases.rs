//! What happens when: every folder `tests/cases/<theme>/<name>` is a test of its name.
//!
//! Each folder shows one thing the tool does, with a small site, a CDN played on the loopback
//! interface, the result and what was printed. How to read and write one: `tests/support/case.rs`.
//! `SNAPSHOTS=overwrite cargo test --test cases` accepts what is seen; look at the diff afterwards.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

mod support;

macro_rules! cases {
    ($($theme:ident { $($name:ident)* })*) => {
        $(mod $theme {
            $(#[test] fn $name() {
                crate::support::case::run(concat!(stringify!($theme), "/", stringify!($name)));
            })*
        })*
        const CASES: &[&str] = &[$($(concat!(stringify!($theme), "/", stringify!($name))),*),*];
    };
}

cases! {
    addresses {
        a_base_at_the_root_leads_local_addresses
        a_base_of_the_site_itself_is_relative
        a_base_that_is_a_folder_of_the_site_is_that_folder
        a_floating_address_is_stored_under_its_exact_version
        a_foreign_base_makes_relative_scripts_external
        a_foreign_base_without_the_site_url_fails
        a_link_that_looks_like_the_site_itself_is_remarked
        a_page_without_a_filled_in_address_is_reported
        a_public_path_is_put_before_every_address
        a_public_path_is_put_before_modules_too
        a_query_is_part_of_the_address
        addresses_that_would_escape_the_folder_stay_inside
        an_address_without_a_version_gets_a_folder_of_its_content
        every_spelling_of_an_address_is_understood
        import_maps_follow_the_base_of_their_page
        links_to_the_site_itself_are_not_external
        modules_of_a_site_mounted_below_a_path_are_followed
        the_not_found_page_gets_addresses_from_the_root
    }
    companions {
        a_recipe_chooses_by_what_pages_say
        a_script_brings_the_files_of_its_folder
        a_script_without_its_companions_is_noticed
        addresses_that_differ_in_their_query_share_companions
        another_tarball_for_a_locked_version_fails
        check_verifies_companions
        files_of_a_cdn_come_one_by_one
        files_of_a_cdn_that_changed_fail
        locked_companions_come_again_from_the_same_tarball
        more_than_the_limit_has_to_be_asked_for
        npm_is_needed_for_companions
        what_cannot_come_along_keeps_a_script_external
    }
    csp {
        a_content_policy_follows_inline_modules
        a_content_policy_that_blocks_our_map_fails
        a_content_policy_without_self_is_remarked
        an_integrity_policy_asks_for_crossorigin
    }
    integrity {
        a_mismatch_is_never_kept
        an_integrity_of_a_module_is_held_to
        an_integrity_of_a_module_that_is_wrong_fails
        an_integrity_that_is_right_is_replaced_by_ours
        an_integrity_that_is_wrong_fails_and_is_never_mended
        crossorigin_is_written_on_demand
        hashes_of_the_sites_own_scripts_follow
        integrity_can_be_left_out
        no_integrity_keeps_the_authors_right
        several_hashes_can_be_written
        two_pages_that_demand_different_bytes_fail
    }
    licences {
        a_destination_gets_notices_of_its_own
        a_file_called_like_the_notices_is_never_overwritten
        a_fresh_clone_gets_the_same_licence_texts
        a_library_that_only_may_be_a_package_has_no_licence
        a_licence_text_that_is_lost_is_asked_for_again
        a_licence_that_the_registry_does_not_give_is_left_out
        a_lockfile_without_licences_is_completed
        a_tampered_licence_text_is_noticed
        check_warns_about_notices_that_are_wrong
        licences_lie_beside_what_is_vendored
        locked_refuses_another_licence_text
        notices_can_be_left_out
        what_an_earlier_run_left_is_still_named
    }
    locked {
        a_download_fills_in_what_the_lockfile_does_not_say
        a_file_in_the_way_is_never_overwritten
        a_fresh_clone_accepts_only_the_locked_bytes
        a_link_as_vendor_folder_is_refused
        a_lockfile_of_version_1_is_upgraded
        a_lockfile_that_is_none_fails
        a_lockfile_without_evidence_stays_as_it_is
        a_registry_that_is_down_takes_no_proof_away
        a_tampered_cache_is_noticed
        a_tampered_vendored_file_is_noticed
        an_integrity_that_a_page_gets_later_is_noted
        check_fails_on_what_visitors_would_notice
        check_holds_the_lockfile_to_what_scripts_load
        check_verifies_what_import_maps_say
        locked_and_offline_hold_for_imported_modules
        locked_needs_a_lockfile
        locked_refuses_a_script_nobody_has_locked
        offline_needs_the_bytes_in_the_cache
        what_was_proved_once_stays_proved
    }
    maps {
        a_map_after_a_module_comes_too_late_for_hashes
        a_map_or_a_module_can_ask_to_be_left
        an_import_map_is_edited_where_it_stands
        an_integrity_in_a_map_is_held_to
        an_integrity_in_a_map_that_is_wrong_fails
        folders_of_import_maps_follow_exact_versions
        how_much_a_map_guards_can_be_chosen
        maps_do_not_go_where_no_browser_reads_them
        pages_give_one_module_different_dependencies
        several_import_maps_count_together
        what_browsers_ignore_of_an_import_map_is_remarked
    }
    modules {
        a_failed_module_can_keep_its_address
        a_live_script_that_a_module_imports_is_left
        a_module_can_also_be_a_classic_script
        a_module_graph_is_vendored_whole
        a_module_that_cannot_be_read_is_kept_as_it_is
        a_module_that_is_missing_fails
        a_module_that_is_missing_where_nothing_waits_for_it_is_left
        a_module_that_its_author_published_empty_is_kept
        a_preload_of_what_a_module_imports_follows
        a_worker_from_another_origin_is_left
        an_edited_module_gets_a_new_address_with_new_bytes
        an_empty_module_that_nobody_published_is_refused
        circles_and_diamonds_are_fetched_once
        data_and_style_modules_come_along
        every_script_of_the_site_can_be_read
        inline_modules_keep_the_encoding_of_their_page
        inline_scripts_import_too
        modules_are_relative_to_where_redirects_lead
        modules_of_the_site_follow_what_moves
        odd_names_of_modules_stay_portable
        service_workers_and_worklets_of_the_site_import_too
        specifiers_are_read_as_browsers_read_them
        stubs_of_a_building_cdn_are_followed
        what_modules_import_must_be_fit_to_use
        workers_come_along
        workers_of_the_site_import_too
    }
    network {
        a_body_without_end_is_cut_off
        a_cdn_that_is_down_fails_the_run
        a_failed_download_can_keep_its_tag
        a_host_that_never_answers_ends_in_time
        a_missing_script_fails_and_changes_nothing
        a_name_and_a_password_in_an_address_are_not_sent
        a_redirect_of_a_module_that_leads_astray_fails
        a_server_error_is_tried_again
        a_truncated_file_is_tried_again_and_then_refused
        plain_http_is_fetched_over_https
        private_addresses_are_not_asked
        redirects_that_lead_astray_are_not_followed
        two_pages_share_one_download
        what_is_no_script_is_refused
    }
    npm {
        a_hijacked_cdn_is_caught_on_first_use
        a_signature_counts_only_with_the_registrys_key
        a_wrong_signature_fails_the_run
        npm_as_source_contacts_no_cdn
        npm_as_source_needs_addresses_that_name_a_package
        npm_proves_files_that_the_cdn_calls_by_another_name
        npm_proves_what_the_cdn_serves
        npm_takes_the_place_of_a_cdn_that_is_down
        source_cdn_asks_no_registry
        the_key_that_signed_a_package_is_locked
        what_npm_cannot_prove_is_locked_with_the_reason
        without_a_registry_there_is_a_warning_and_no_proof
    }
    output {
        a_dry_run_shows_the_plan_and_writes_nothing
        compressed_copies_of_what_changes_are_remarked
        hostile_addresses_are_printed_harmlessly
        json_is_one_object_a_line
        quiet_says_problems_only
        scan_fails_on_a_denied_script
        scan_lists_every_script_and_its_verdict
        what_every_page_says_is_said_once
    }
    pages {
        a_folder_called_like_a_page_is_a_folder
        a_folder_in_inline_code_becomes_local
        a_page_in_srcdoc_is_rewritten
        a_page_in_utf_16_stays_in_utf_16
        a_page_keeps_its_mode
        a_preload_follows_its_script
        a_script_that_closes_itself_fails
        a_script_that_reads_its_own_address_keeps_its_query
        a_site_without_scripts_is_done_at_once
        addresses_that_stay_in_code_are_said
        an_ambiguous_page_can_be_skipped
        an_ambiguous_page_fails
        hints_for_hosts_that_are_gone_go_too
        links_in_the_site_are_reported_and_not_followed
        other_files_can_be_pages
        pages_in_old_encodings_keep_every_byte
        scripts_in_svg_are_rewritten_without_integrity
        templates_and_conditional_comments_are_rewritten
        what_is_no_script_keeps_every_byte
        xhtml_pages_follow_the_rules_of_xml
    }
    policy {
        a_compromised_host_fails_the_run
        a_compromised_script_can_be_removed
        a_compromised_script_can_be_replaced
        a_rule_about_proof_holds_for_locked_scripts
        a_rule_can_require_proof
        a_tag_can_ask_to_be_left
        an_own_rule_can_deny
        include_and_exclude_choose_what_is_vendored
        modules_of_compromised_and_private_hosts_fail
        own_rules_override_the_lists
        scripts_that_must_stay_live_are_left
    }
    settings {
        a_configuration_with_a_mistake_fails
        a_destination_leaves_the_site_as_it_is
        a_site_that_is_no_site_fails
        init_writes_a_configuration_and_never_overwrites_one
        settings_that_make_no_sense_fail
        vendor_folder_and_cache_can_be_elsewhere
    }
}

/// The folders in `folder`, by name.
fn folders(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn themes() -> Vec<String> {
    folders(&cases())
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

#[test]
fn every_case_is_listed() {
    let all = themes().into_iter().flat_map(|theme| {
        folders(&cases().join(&theme)).into_iter().map(move |name| format!("{theme}/{name}"))
    });
    let listed: BTreeSet<_> = CASES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed, all.collect());
}

#[test]
fn every_theme_is_in_the_index() {
    let index = fs::read_to_string(cases().join("README.md")).unwrap();
    let rows = index.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("/`"));
    let indexed: BTreeSet<_> = rows.map(|(theme, _)| theme.to_owned()).collect();
    assert_eq!(indexed, themes().into_iter().collect());
}

/// `THREATS.md` names cases without their theme.
#[test]
fn no_two_cases_have_one_name() {
    let names: BTreeSet<_> = CASES.iter().map(|name| name.split_once('/').unwrap().1).collect();
    assert_eq!(names.len(), CASES.len());
}
