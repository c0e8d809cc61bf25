//! Faults at a chosen system call, by `strace -e inject`: the process is killed, stopped, or told
//! that the disk is full, when it makes the n-th call of a kind.
//!
//! strace counts the calls of each thread separately, so traced commands read pages with one thread.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Calls by which a process changes what is on disk, and those by which it finds its way there.
/// Names that this machine's kernel does not have are not counted.
pub const CALLS: [&str; 22] = [
    "open",
    "openat",
    "write",
    "writev",
    "pwrite64",
    "copy_file_range",
    "sendfile",
    "ftruncate",
    "fsync",
    "fdatasync",
    "fchmod",
    "fchown",
    "utimensat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "symlinkat",
    "unlink",
    "unlinkat",
    "rmdir",
];

/// Whether strace is installed and permitted; prints a line if not. `INHOUSE_REQUIRE_STRACE=1` makes
/// that a failure.
pub fn can_inject() -> bool {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    let works = tried.is_ok_and(|output| output.status.success());
    let required = std::env::var_os("INHOUSE_REQUIRE_STRACE").is_some_and(|value| value == "1");
    assert!(works || !required, "INHOUSE_REQUIRE_STRACE=1, but strace is missing or not permitted");
    if !works {
        eprintln!("skipped: strace is missing or not permitted");
    }
    works
}

/// How a traced command ended.
#[derive(Debug)]
pub struct Traced {
    pub output: Output,
    /// One line a call: thread, name, arguments, result.
    pub log: String,
}

impl Traced {
    pub fn killed(&self) -> bool {
        self.output.status.signal() == Some(9) || self.output.status.code() == Some(128 + 9)
    }

    pub fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Whether a fault struck what the command prints as well: the n-th call of another thread. A
    /// call that another thread interrupted is `resumed` in the log, which does not say on what.
    pub fn is_injected_into_output(&self) -> bool {
        self.injected()
            .any(|line| ["(1<", "(2<", "resumed>"].iter().any(|part| line.contains(part)))
    }

    /// The calls that were given a fault.
    pub fn injected(&self) -> impl Iterator<Item = &str> {
        self.log.lines().filter(|line| line.contains("(INJECTED)"))
    }
}

/// Runs `command` to its end; `inject` is as in `fsync:signal=KILL:when=2`, or empty.
pub fn trace(command: &Command, calls: &[&str], inject: &str) -> Traced {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let output = under_strace(command, calls, inject, &log).output().unwrap();
    Traced { output, log: fs::read_to_string(log).unwrap_or_default() }
}

/// How often each call of [`CALLS`] is made by the thread that makes it most often.
pub fn count(command: &Command) -> BTreeMap<&'static str, usize> {
    let traced = trace(command, &CALLS, "");
    assert_eq!(traced.code(), Some(0), "{}", traced.stderr());
    let mut counts: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
    for line in traced.log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let name = rest.trim_start().split('(').next().unwrap_or_default();
        if let Some(call) = CALLS.iter().find(|call| **call == name) {
            *counts.entry((thread, call)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((_, call), count) in counts {
        let entry = most.entry(call).or_default();
        *entry = count.max(*entry);
    }
    most
}

/// A command that strace has stopped just before a call.
pub struct Stopped {
    child: Child,
    process: String,
    log: tempfile::TempDir,
}

/// Starts `command` and waits until it is stopped before the call that `at` names, as in
/// `fsync:when=2`.
pub fn stop_at(command: &Command, at: &str) -> Stopped {
    let (call, when) = at.split_once(':').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let inject = format!("{call}:signal=STOP:{when}");
    let mut child = under_strace(command, &[call], &inject, &log)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let text = fs::read_to_string(&log).unwrap_or_default();
        if let Some(line) = text.lines().find(|line| line.contains("--- stopped by SIGSTOP ---")) {
            let process = line.split(' ').next().unwrap().to_owned();
            return Stopped { child, process, log: folder };
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before {at}: {text}");
        assert!(Instant::now() < patience, "it never came to {at}: {text}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Stopped {
    /// Kills it where it stands.
    pub fn kill(mut self) {
        let sent = Command::new("kill").args(["-KILL", &self.process]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap();
    }

    /// Lets it run to its end.
    pub fn go_on(self) -> Traced {
        let sent = Command::new("kill").args(["-CONT", &self.process]).status().unwrap();
        assert!(sent.success());
        let output = self.child.wait_with_output().unwrap();
        Traced { output, log: fs::read_to_string(self.log.path().join("log")).unwrap() }
    }
}

fn under_strace(command: &Command, calls: &[&str], inject: &str, log: &Path) -> Command {
    let known = calls.iter().map(|call| format!("?{call}")).collect::<Vec<_>>().join(",");
    let mut strace = Command::new("strace");
    // Not with --seccomp-bpf, under which strace 6.1 injects into the first call only.
    strace.args(["-f", "-y", "-e"]).arg(format!("trace={known}"));
    if !inject.is_empty() {
        strace.arg("-e").arg(format!("inject={inject}"));
    }
    strace.arg("-o").arg(log).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        strace.current_dir(folder);
    }
    // Cargo's own library path would only make the loader search.
    strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    strace.env_remove("LD_LIBRARY_PATH");
    strace
}
