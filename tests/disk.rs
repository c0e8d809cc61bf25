//! A disk that is full, broken, read-only or forbidden: exit 2, the path is named, nothing is half
//! written, nothing is lost, and a second run without the fault ends as if there had been none.
#![cfg(unix)]

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use support::{
    cdn::Cdn,
    inject::{Traced, can_inject, count, trace},
    sandbox::{Sandbox, Thing, cdn, is_staged},
};

mod support;

/// A call, and an error it may give.
const FAULTS: [(&str, &str); 12] = [
    ("write", "ENOSPC"),
    ("write", "EDQUOT"),
    ("write", "EIO"),
    ("copy_file_range", "ENOSPC"),
    ("fsync", "EIO"),
    ("fsync", "ENOSPC"),
    ("fchmod", "EPERM"),
    ("mkdirat", "ENOSPC"),
    ("mkdirat", "EROFS"),
    ("renameat", "EIO"),
    ("renameat", "EACCES"),
    ("openat", "EIO"),
];

/// A site to be vendored, and a cache that has everything.
fn from_cache(cdn: &Cdn) -> Sandbox {
    let sandbox = Sandbox::new().vendored(cdn, &["--dest", "dist"]);
    std::fs::remove_dir_all(sandbox.path("dist")).unwrap();
    sandbox
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn any_call_may_fail_in_place() {
    if can_inject() {
        let cdn = cdn();
        any_call_may_fail(&from_cache(&cdn), &cdn, &["--frozen"]);
    }
}

#[test]
fn any_call_may_fail_on_the_way_to_dest() {
    if can_inject() {
        let cdn = cdn();
        any_call_may_fail(&from_cache(&cdn), &cdn, &["--frozen", "--dest", "dist"]);
    }
}

#[test]
fn any_call_may_fail_while_the_lockfile_changes() {
    if can_inject() {
        let cdn = cdn();
        any_call_may_fail(&from_cache(&cdn), &cdn, &["--offline", "--integrity", "sha512"]);
    }
}

fn any_call_may_fail(start: &Sandbox, cdn: &Cdn, args: &[&str]) {
    let before = start.snapshot();
    let after = start.copy().vendored(cdn, args).snapshot();
    let traced = start.copy();
    let counts = count(&traced.vendor(cdn, args));
    let mut faults = 0;
    for (call, error) in FAULTS {
        for n in 1..=counts.get(call).copied().unwrap_or_default() {
            let what = format!("{error} from {call} {n}");
            let sandbox = start.copy();
            let inject = format!("{call}:error={error}:when={n}");
            let run = trace(&sandbox.vendor(cdn, args), &[call], &inject);
            faults += run.injected().count();
            let mut now = sandbox.snapshot();
            let staged = now.extract_if(.., |path, _| is_staged(path));
            for (path, thing) in staged {
                // Where no folder can be opened, an empty staging folder can't be removed either.
                assert!(call == "openat" && thing == Thing::Folder, "{what}: left {path:?}");
            }
            match run.code() {
                Some(0) => assert!(now == after, "{what}: done, but not all of it"),
                _ => assert_says_where(&run, &sandbox, &what),
            }
            sandbox.assert_sound(&before, &after, &what);
            assert!(sandbox.vendored(cdn, args).snapshot() == after, "{what}");
        }
    }
    assert!(faults > 50, "{faults}");
    eprintln!("disk faults survived: {faults}");
}

/// A fault at a file of the project ends with exit 2 and its path. The dynamic loader and the
/// runtime open other files.
fn assert_says_where(run: &Traced, sandbox: &Sandbox, what: &str) {
    let project = sandbox.project();
    let project = project.to_str().unwrap();
    if run.injected().all(|line| !line.contains(project)) || run.is_injected_into_output() {
        return;
    }
    let stderr = run.stderr();
    assert_eq!(run.code(), Some(2), "{what}: {stderr}");
    let named = ["cannot write `", "cannot read `"].iter().any(|how| stderr.contains(how));
    assert!(named && stderr.contains("cause"), "{what}: {stderr}");
}

/// Runs a shell script in a mount namespace of its own; `None` where that is not permitted.
fn with_mounts(script: &str, vendor: &Command) -> Option<Output> {
    let permitted =
        Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !permitted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: mounting in a namespace is not permitted");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-euc", script, "sh"]).arg(vendor.get_program());
    command.args(vendor.get_args()).current_dir(vendor.get_current_dir().unwrap());
    command.envs(vendor.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(command.output().unwrap())
}

#[test]
fn a_full_disk_stops_the_run_and_more_room_lets_it_finish() {
    let cdn = cdn();
    let sandbox = from_cache(&cdn);
    let after = sandbox.copy().vendored(&cdn, &["--frozen"]).snapshot();
    let page = std::fs::read(sandbox.path("public/index.html")).unwrap();
    // The site is a file system of its own, so that no staging folder can lie beside it.
    let script = "
        cp -a public kept
        mount -t tmpfs -o size=28k none public
        cp -a kept/. public
        status=0; \"$@\" || status=$?
        rm -rf kept; cp -a public stopped
        mount -o remount,size=1m public
        \"$@\" > /dev/null 2>&1
        cp -a public finished
        exit $status";
    let vendor = sandbox.vendor(&cdn, &["--frozen"]);
    let Some(output) = with_mounts(script, &vendor) else { return };
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot write `public/vendor/"), "{stderr}");
    assert!(stderr.contains("No space left"), "{stderr}");
    assert_eq!(std::fs::read(sandbox.path("stopped/index.html")).unwrap(), page);
    let now = sandbox.snapshot();
    let temporary = now.keys().find(|path| path.to_str().unwrap().ends_with(".tmp"));
    assert_eq!(temporary, None);
    for (path, thing) in &after {
        if let Ok(inside) = path.strip_prefix("project/public") {
            let finished = Path::new("project/finished").join(inside);
            assert_eq!(now.get(&finished), Some(thing), "{}", finished.display());
        }
    }
}

#[test]
fn a_read_only_disk_is_noticed_before_anything_is_written() {
    let cdn = cdn();
    let sandbox = from_cache(&cdn);
    let before = sandbox.snapshot();
    let script = "mount --bind public public; mount -o remount,ro,bind public; exec \"$@\"";
    let vendor = sandbox.vendor(&cdn, &["--frozen"]);
    let Some(output) = with_mounts(script, &vendor) else { return };
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot write `public"), "{stderr}");
    assert!(stderr.contains("Read-only file system"), "{stderr}");
    assert!(sandbox.snapshot() == before);
}

/// `vendor --frozen` by a user who is not root: root may do what permissions forbid.
fn frozen_by_nobody(sandbox: &Sandbox, cdn: &Cdn) -> Option<Command> {
    let vendor = sandbox.vendor(cdn, &["--frozen"]);
    let user = Command::new("id").arg("-u").output().unwrap();
    if user.stdout.trim_ascii() != b"0" {
        return Some(vendor);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(vendor.get_program());
    command.args(vendor.get_args()).current_dir(sandbox.project());
    let owner = Command::new("chown").args(["-R", "65534:65534"]).arg(sandbox.outside()).status();
    assert!(owner.unwrap().success());
    let starts = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args([vendor.get_program(), "--version".as_ref()])
        .output();
    if !starts.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: cannot run as another user");
        return None;
    }
    Some(command)
}

#[test]
fn a_folder_that_is_not_ours_stops_the_run_before_anything_is_written() {
    let cdn = cdn();
    for (closed, named) in [
        ("public/blog/2026", "cannot write `public/blog/2026`"),
        ("public", "cannot write `public/`"),
    ] {
        let sandbox = from_cache(&cdn);
        let Some(mut command) = frozen_by_nobody(&sandbox, &cdn) else { return };
        set_mode(&sandbox.path(closed), 0o555);
        let before = sandbox.snapshot();
        let output = command.output().unwrap();
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(named) && stderr.contains("Permission denied"), "{stderr}");
        assert!(sandbox.snapshot() == before);
        set_mode(&sandbox.path(closed), 0o755);
        assert!(command.output().unwrap().status.success());
    }
}

#[test]
fn what_need_not_be_written_may_be_read_only() {
    let cdn = cdn();
    let sandbox = Sandbox::new().vendored(&cdn, &[]);
    let Some(mut command) = frozen_by_nobody(&sandbox, &cdn) else { return };
    for folder in ["public", "vendor-cache", ""] {
        set_mode(&sandbox.path(folder), 0o555);
    }
    let before = sandbox.snapshot();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(sandbox.snapshot() == before);
    set_mode(&sandbox.path(""), 0o755);
}

#[test]
fn nobody_to_read_the_error_does_not_change_the_exit_code() {
    let cdn = cdn();
    let sandbox = Sandbox::new();
    let mut command = sandbox.vendor(&cdn, &["--out", "../elsewhere"]);
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    assert_eq!(command.stderr(full).status().unwrap().code(), Some(2));
}

#[test]
fn an_unreadable_page_stops_the_run_before_anything_is_written() {
    let cdn = cdn();
    let sandbox = from_cache(&cdn);
    let Some(mut command) = frozen_by_nobody(&sandbox, &cdn) else { return };
    set_mode(&sandbox.path("public/blog/2026/index.html"), 0o000);
    let output = command.output().unwrap();
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot read `public/blog/2026/index.html`"), "{stderr}");
}
