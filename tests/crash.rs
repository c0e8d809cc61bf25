//! A run that is killed anywhere: at every call that touches the disk, in turn, under strace.
//!
//! Whatever it was doing, each file is then old or new, nothing refers to a file that is not there,
//! and no temporary file lies in site, DEST or cache; running again ends as if nothing had happened.
#![cfg(unix)]

use std::{
    os::unix::process::ExitStatusExt,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use support::{
    cdn::Cdn,
    inject::{CALLS, can_inject, count, trace},
    sandbox::{Sandbox, cdn},
};

mod support;

const TO_DEST: [&str; 2] = ["--dest", "dist"];

/// At which of the calls that open a file the run is killed; there are many, and most only read.
#[derive(Clone, Copy)]
enum Opens {
    All,
    EveryThird,
}

/// Kills `vendor` at each of its calls, on a copy of `start` each time.
fn survives(name: &str, opens: Opens, start: &Sandbox, cdn: &Cdn, args: &[&str]) {
    let before = start.snapshot();
    let after = start.copy().vendored(cdn, args).snapshot();
    let traced = start.copy();
    let counts = count(&traced.vendor(cdn, args));
    let is_point = |call: &str, n: usize, most: usize| match opens {
        Opens::EveryThird if call.starts_with("open") => n % 3 == 1 || n == most,
        Opens::All | Opens::EveryThird => true,
    };
    let points: Vec<_> = counts
        .iter()
        .flat_map(|(call, most)| (1..=*most).map(move |n| (*call, n, *most)))
        .filter(|(call, n, most)| is_point(call, *n, *most))
        .collect();
    let kills = AtomicUsize::new(0);
    let left = Mutex::new(points.iter());
    let work = || {
        loop {
            let Some((call, n, _)) = left.lock().unwrap().next() else { return };
            let what = format!("{name}, killed at {call} {n}");
            let sandbox = start.copy();
            let inject = format!("{call}:signal=KILL:when={n}");
            let run = trace(&sandbox.vendor(cdn, args), &[call], &inject);
            if run.killed() {
                kills.fetch_add(1, Ordering::Relaxed);
            } else {
                assert_eq!(run.code(), Some(0), "{what}: {}", run.stderr());
            }
            sandbox.assert_sound(&before, &after, &what);
            let sandbox = sandbox.vendored(cdn, args);
            assert!(sandbox.snapshot() == after, "{what}: running again ends elsewhere");
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        work();
        other.join().unwrap();
    });
    let kills = kills.into_inner();
    // Threads share work, so that a call may be made by another one the second time.
    assert!(kills * 10 >= points.len() * 9, "{name}: {kills} of {} points hit", points.len());
    eprintln!("{name}: kill points survived: {kills} ({counts:?})");
}

fn raw() -> Sandbox {
    Sandbox::new()
}

/// The site was vendored, and built anew with a newer script and one more.
fn rebuilt(cdn: &Cdn, args: &[&str]) -> Sandbox {
    let sandbox = raw().vendored(cdn, args);
    sandbox.build(&["a@1.1.0/a.js", "b@2.0.0/lib/b.min.js", "c@3.0.0/c.js"]);
    sandbox
}

#[test]
fn a_first_run_survives_being_killed() {
    if can_inject() {
        let cdn = cdn();
        survives("first run in place", Opens::All, &raw(), &cdn, &[]);
        survives("first run to DEST", Opens::EveryThird, &raw(), &cdn, &TO_DEST);
    }
}

#[test]
fn an_update_survives_being_killed() {
    if can_inject() {
        let cdn = cdn();
        survives("update in place", Opens::EveryThird, &rebuilt(&cdn, &[]), &cdn, &[]);
        survives("update to DEST", Opens::EveryThird, &rebuilt(&cdn, &TO_DEST), &cdn, &TO_DEST);
    }
}

#[test]
fn a_run_from_the_cache_survives_being_killed() {
    if can_inject() {
        let cdn = cdn();
        let start = raw().vendored(&cdn, &TO_DEST);
        std::fs::remove_dir_all(start.path("dist")).unwrap();
        survives("from the cache in place", Opens::All, &start, &cdn, &["--frozen"]);
        survives(
            "from the cache to DEST",
            Opens::All,
            &start,
            &cdn,
            &["--frozen", "--dest", "dist"],
        );
    }
}

#[test]
fn a_run_with_nothing_to_do_survives_being_killed() {
    if can_inject() {
        let cdn = cdn();
        survives("nothing to do in place", Opens::All, &raw().vendored(&cdn, &[]), &cdn, &[]);
        survives(
            "nothing to do to DEST",
            Opens::EveryThird,
            &raw().vendored(&cdn, &TO_DEST),
            &cdn,
            &TO_DEST,
        );
    }
}

/// After a loss of power no file refers to one that is not on the disk.
#[test]
fn vendored_files_and_lockfile_are_durable_before_what_refers_to_them() {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    for args in [&[][..], &TO_DEST] {
        let sandbox = raw();
        let traced = trace(&sandbox.vendor(&cdn, args), &CALLS, "");
        assert_eq!(traced.code(), Some(0), "{}", traced.stderr());
        let steps: Vec<_> = traced.log.lines().filter_map(step).collect();
        let at = |wanted: &Step| steps.iter().position(|step| step == wanted);
        let first_page = steps
            .iter()
            .position(|step| matches!(step, Step::Renamed(name) if name.ends_with("html")))
            .unwrap();
        let lock = at(&Step::Renamed("inhouse.lock".into())).unwrap();
        let scripts: Vec<_> = steps
            .iter()
            .enumerate()
            .filter(|(_, step)| matches!(step, Step::Renamed(name) if name.ends_with(".js")))
            .collect();
        assert_eq!(scripts.len(), 4, "two in the cache, two in the site: {steps:?}");
        for (position, _) in scripts {
            assert_eq!(steps[position - 1], Step::SyncedFile, "{steps:?}");
            let folder = steps[position..lock].iter().position(|step| *step == Step::SyncedFolder);
            assert!(folder.is_some(), "{steps:?}");
        }
        assert_eq!(steps[lock - 1], Step::SyncedFile, "{steps:?}");
        assert!(steps[lock..first_page].contains(&Step::SyncedFolder), "{steps:?}");
        let pages = &steps[first_page..];
        assert!(!pages.contains(&Step::SyncedFile), "{pages:?}");
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    SyncedFile,
    SyncedFolder,
    Renamed(String),
}

fn step(line: &str) -> Option<Step> {
    let call = line.split_once(' ')?.1.trim_start();
    if call.starts_with("fsync(") {
        return Some(if call.contains(".tmp>") { Step::SyncedFile } else { Step::SyncedFolder });
    }
    if call.starts_with("rename") {
        let to = call.rsplit('"').nth(1)?;
        return Some(Step::Renamed(to.rsplit('/').next()?.to_owned()));
    }
    None
}

/// The runs above have one thread, and die at a given call; these have many, and die at any time.
#[test]
fn many_threads_survive_being_killed_at_any_time() {
    let cdn = cdn();
    let start = raw().vendored(&cdn, &TO_DEST);
    for page in 0..40 {
        start.write(
            &format!("public/p/{page}/index.html"),
            "<!doctype html><script src=\"https://cdn.example/a@1.0.0/a.js\"></script>",
        );
    }
    let before = start.snapshot();
    let args = ["--frozen"];
    let after = start.copy().vendored(&cdn, &args).snapshot();
    let mut killed = 0;
    for after_ms in (0..40).map(|n| 2 + n) {
        let sandbox = start.copy();
        let mut command: Command = sandbox.vendor(&cdn, &args);
        command.env("INHOUSE_JOBS", "4");
        let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(after_ms));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().signal() == Some(9));
        let what = format!("killed after {after_ms} ms");
        sandbox.assert_sound(&before, &after, &what);
        assert!(sandbox.vendored(&cdn, &args).snapshot() == after, "{what}");
    }
    assert!(killed > 0);
    eprintln!("kills at any time survived: {killed}");
}
