//! Several runs at once, on one project or on folders that projects share: the result is that of one
//! run after the other, and a run that waits says for what.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Output, Stdio},
    time::{Duration, SystemTime},
};

use support::{
    inject::{can_inject, stop_at},
    sandbox::{Sandbox, cdn},
};

mod support;

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads until the run says what it waits for.
fn waits(child: &mut Child) -> String {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    // The pipe must stay open for what comes later.
    std::thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
    line
}

fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn eight_runs_at_once_end_as_one() {
    let cdn = cdn();
    for args in [&[][..], &["--dest", "dist"]] {
        let one = Sandbox::new().vendored(&cdn, args).snapshot();
        for _ in 0..3 {
            let sandbox = Sandbox::new();
            let runs: Vec<_> = (0..8).map(|_| start(sandbox.vendor(&cdn, args))).collect();
            for run in runs {
                assert_done(&run.wait_with_output().unwrap());
            }
            assert!(sandbox.snapshot() == one, "{args:?}");
        }
    }
}

#[test]
fn seven_wait_for_one_and_say_so() {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    let one = Sandbox::new().vendored(&cdn, &[]).snapshot();
    let sandbox = Sandbox::new();
    let first = stop_at(&sandbox.vendor(&cdn, &[]), "renameat:when=3");
    let asked = cdn.log().len();
    let mut others: Vec<_> = (0..7).map(|_| start(sandbox.vendor(&cdn, &[]))).collect();
    for run in &mut others {
        let line = waits(run);
        assert!(line.starts_with("waiting for another run of inhouse in `"), "{line}");
        assert!(line.contains("/project`"), "{line}");
        assert_eq!(run.try_wait().unwrap(), None);
    }
    assert_eq!(first.go_on().code(), Some(0));
    for mut run in others {
        assert!(run.wait().unwrap().success());
    }
    assert!(sandbox.snapshot() == one);
    assert_eq!(cdn.log().len(), asked, "who waited has nothing to download");
}

#[test]
fn a_lock_of_a_dead_process_does_no_harm() {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    let one = Sandbox::new().vendored(&cdn, &[]).snapshot();
    let sandbox = Sandbox::new();
    let first = stop_at(&sandbox.vendor(&cdn, &[]), "renameat:when=3");
    let mut second = start(sandbox.vendor(&cdn, &[]));
    assert!(waits(&mut second).starts_with("waiting"));
    first.kill();
    assert!(second.wait().unwrap().success());
    assert!(sandbox.snapshot() == one);
}

#[test]
fn projects_that_share_a_cache_wait_for_each_other() {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    let sandbox = Sandbox::new();
    let shared = ["--cache", "../shared"];
    let first = stop_at(&sandbox.vendor(&cdn, &shared), "renameat:when=1");
    let other = Sandbox::new();
    other.build(&["c@3.0.0/c.js"]);
    let cache = sandbox.outside().join("shared");
    let mut second = start(other.vendor(&cdn, &["--cache", cache.to_str().unwrap()]));
    let line = waits(&mut second);
    assert!(line.contains(&format!("`{}`", sandbox.outside().display())), "{line}");
    assert_eq!(first.go_on().code(), Some(0));
    assert!(second.wait().unwrap().success());
    let lock = std::fs::read_to_string(cache.join("inhouse.lock")).unwrap();
    for script in ["a@1.0.0/a.js", "b@2.0.0/lib/b.min.js", "c@3.0.0/c.js"] {
        assert!(lock.contains(&format!("{script}\"")), "{script}");
    }
}

#[test]
fn projects_that_share_a_site_wait_for_each_other() {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    let sandbox = Sandbox::new();
    let first = stop_at(&sandbox.vendor(&cdn, &[]), "renameat:when=1");
    let mut second = start(sandbox.vendor(&cdn, &["--cache", "../other-cache"]));
    let line = waits(&mut second);
    assert!(line.contains("/public`"), "{line}");
    assert_eq!(first.go_on().code(), Some(0));
    assert!(second.wait().unwrap().success());
}

/// Commands that only read wait for nobody: files are only ever replaced whole.
#[test]
fn who_only_reads_does_not_wait() {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    let sandbox = Sandbox::new();
    // Files and lockfile are there, the first page is about to be replaced.
    let first = stop_at(&sandbox.vendor(&cdn, &[]), "renameat:when=7");
    let before = sandbox.snapshot();
    for (command, code) in [("scan", 0), ("check", 1)] {
        let output = Command::new(env!("CARGO_BIN_EXE_inhouse"))
            .args([command, "public"])
            .current_dir(sandbox.project())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code));
    }
    let dry = sandbox.vendor(&cdn, &["--dry-run"]).output().unwrap();
    assert_done(&dry);
    assert!(!String::from_utf8_lossy(&dry.stderr).contains("waiting"));
    assert!(sandbox.snapshot() == before);
    assert_eq!(first.go_on().code(), Some(0));
}

#[test]
fn a_run_that_fails_leaves_everything_as_it_was() {
    let cdn = cdn();
    let sandbox = Sandbox::new();
    sandbox.build(&["missing@1.0.0/missing.js"]);
    let changed = || std::fs::metadata(sandbox.project()).unwrap().modified().unwrap();
    let (before, then) = (sandbox.snapshot(), changed());
    let output = sandbox.vendor(&cdn, &["--dest", "dist"]).output().unwrap();
    assert!(!output.status.success());
    assert!(sandbox.snapshot() == before);
    assert_eq!(changed(), then);
}

#[test]
fn a_page_that_changes_meanwhile_is_rewritten_as_it_is_by_then() {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    let sandbox = Sandbox::new().vendored(&cdn, &[]);
    sandbox.build(&["a@1.0.0/a.js", "b@2.0.0/lib/b.min.js"]);
    // A page written a moment ago may change again without its time stamp showing it.
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let touch = |file: fs::File| file.set_modified(hour_ago).unwrap();
    touch(fs::File::options().write(true).open(sandbox.path("public/index.html")).unwrap());
    let frozen = sandbox.vendor(&cdn, &["--frozen", "--jobs", "1"]);
    let stopped = stop_at(&frozen, "renameat:when=1");
    let page = sandbox.path("public/index.html");
    let before = fs::read_to_string(&page).unwrap();
    assert!(before.contains("https://cdn.example"), "it was replaced already");
    fs::write(&page, before.replace("<title>x", "<title>another and longer one")).unwrap();
    let run = stopped.go_on();
    assert_eq!(run.code(), Some(0), "{}", run.stderr());
    let after = fs::read_to_string(&page).unwrap();
    assert!(after.contains("<title>another and longer one</title>"), "{after}");
    let local = r#"<script src="vendor/cdn.example/a@1.0.0/a.js" integrity="sha384-"#;
    assert!(after.contains(local) && !after.contains("https://cdn.example"), "{after}");
}
