//! The laws that every case is held to without saying so, after a `vendor` that succeeds.

use std::path::Path;

use super::{
    file::Case,
    filters,
    options::{frozen, without_vendor_options},
    project::Project,
    tree::Tree,
};

/// Holds the project of `case` to the laws.
pub fn hold(project: &Project, case: &Case) {
    let last = case.run.last().expect("a case runs something");
    let vendors = last.command.starts_with("vendor ") && !last.only_looks();
    if !vendors || last.exit != 0 {
        assert!(case.online.is_none() && case.check_fails.is_none(), "nothing to excuse");
        return;
    }
    let command = last.words();
    let (before, after) = succeed(project, &command, case.online.is_none());
    before.assert_untouched(&after, "a second run");
    if case.online.is_none() {
        hold_frozen(project, &command, case);
    }
    check(project, &command, case);
}

/// A second run with `--frozen` changes nothing, also on a site that was built anew.
fn hold_frozen(project: &Project, vendor: &[&str], case: &Case) {
    let frozen = frozen(vendor);
    let (before, after) = succeed(project, &frozen, true);
    before.assert_untouched(&after, "a second run with --frozen");
    if case.run.iter().any(|run| !run.before.is_empty()) {
        return;
    }
    project.build(Path::new(vendor[1]));
    let (_, built) = succeed(project, &frozen, true);
    after.assert_same_files(&built, "a new build with --frozen");
    if case.filter_differs.is_none() {
        filters::hold(project, vendor);
    }
}

/// Runs a command that must succeed; the project before and after.
pub fn succeed(project: &Project, words: &[&str], silently: bool) -> (Tree, Tree) {
    project.age();
    let before = project.tree();
    let connections = project.cdn.connections();
    let output = project.inhouse(words);
    let (stderr, command) = (String::from_utf8_lossy(&output.stderr), words.join(" "));
    assert!(output.status.success(), "`{command}` again\n{stderr}");
    if silently {
        assert_eq!(project.cdn.connections(), connections, "`{command}` went online");
    }
    project.assert_no_temporary_files(&command);
    (before, project.tree())
}

/// `inhouse check` is content with the result, with the notices too, and changes nothing.
fn check(project: &Project, vendor: &[&str], case: &Case) {
    let (site, rest) = without_vendor_options(vendor, &[]);
    let words = [vec!["check", site], rest].concat();
    let before = project.tree();
    let output = project.inhouse(&words);
    let (stderr, command) = (String::from_utf8_lossy(&output.stderr), words.join(" "));
    let expected = i32::from(case.check_fails.is_some());
    assert_eq!(output.status.code(), Some(expected), "`{command}` afterwards\n{stderr}");
    assert!(!stderr.contains("THIRD-PARTY-NOTICES"), "`{command}` afterwards\n{stderr}");
    before.assert_untouched(&project.tree(), "check");
}
