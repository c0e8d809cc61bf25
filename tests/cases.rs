//! What happens when: every folder of `tests/cases/` is a test of its name.
//!
//! Each folder shows one thing the tool does, with a small site, a CDN played on the loopback
//! interface, the result and what was printed. How to read and write one: `tests/support/case.rs`.
//! `SNAPSHOTS=overwrite cargo test --test cases` accepts what is seen; look at the diff afterwards.

use std::{collections::BTreeSet, fs, path::Path};

mod support;

macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test] fn $name() { support::case::play(stringify!($name)); })*
        const CASES: &[&str] = &[$(stringify!($name)),*];
    };
}

cases! {
    a_base_at_the_root_leads_local_addresses
    a_content_policy_without_self_is_remarked
    a_destination_leaves_the_site_as_it_is
    a_dry_run_shows_the_plan_and_writes_nothing
    a_floating_address_is_stored_under_its_exact_version
    a_foreign_base_makes_relative_scripts_external
    a_foreign_base_without_the_site_url_fails
    a_fresh_clone_accepts_only_the_locked_bytes
    a_link_that_looks_like_the_site_itself_is_remarked
    a_missing_script_fails_and_changes_nothing
    a_name_and_a_password_in_an_address_are_not_sent
    a_page_in_srcdoc_is_rewritten
    a_page_in_utf_16_stays_in_utf_16
    a_page_keeps_its_mode
    a_preload_follows_its_script
    a_public_path_is_put_before_every_address
    a_query_is_part_of_the_address
    a_script_that_closes_itself_fails
    a_script_that_reads_its_own_address_keeps_its_query
    an_address_without_a_version_gets_a_folder_of_its_content
    an_ambiguous_page_can_be_skipped
    an_ambiguous_page_fails
    an_integrity_policy_asks_for_crossorigin
    crossorigin_is_written_on_demand
    every_spelling_of_an_address_is_understood
    hints_for_hosts_that_are_gone_go_too
    integrity_can_be_left_out
    links_to_the_site_itself_are_not_external
    locked_needs_a_lockfile
    locked_refuses_a_script_nobody_has_locked
    modules_and_import_maps_are_left_and_reported
    offline_needs_the_bytes_in_the_cache
    other_files_can_be_pages
    pages_in_old_encodings_keep_every_byte
    plain_http_is_fetched_over_https
    scripts_in_svg_are_rewritten_without_integrity
    several_hashes_can_be_written
    templates_and_conditional_comments_are_rewritten
    the_not_found_page_gets_addresses_from_the_root
    two_pages_share_one_download
    vendor_folder_and_cache_can_be_elsewhere
    what_is_no_script_keeps_every_byte
    xhtml_pages_follow_the_rules_of_xml
}

#[test]
fn every_case_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let folders: BTreeSet<_> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let listed: BTreeSet<_> = CASES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed, folders);
}
