//! What other tools rely on: file times, the umask, line ends in Git, compressed copies of pages.

use std::{fs, process::Command, time::SystemTime};

use measured::Project;
use support::{cdn::Cdn, http::Answer};

#[path = "support/measured.rs"]
mod measured;
mod support;

const HOST: &str = "cdn.example";
const PAGE: &str = "<script src=\"https://cdn.example/1.0.0/a.js\"></script>\n";
/// A script with every kind of line end.
const JS: &str = "alert(1)\r\nalert(2)\nalert(3)\r";

fn cdn() -> Cdn {
    Cdn::start().file(HOST, "/1.0.0/a.js", JS)
}

fn project(cdn: &Cdn) -> Project {
    Project::with_page(PAGE).always(cdn.resolve_args())
}

fn modified(project: &Project, path: &str) -> SystemTime {
    fs::metadata(project.path(path)).unwrap().modified().unwrap()
}

#[test]
fn changed_pages_get_a_new_time_and_all_others_keep_theirs() {
    let cdn = cdn();
    let project = project(&cdn);
    project.write("public/plain.html", "<p>No scripts here.</p>");
    project.write("public/style.css", "p {}");
    let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let all = ["public/index.html", "public/plain.html", "public/style.css"];
    for path in all {
        let file = fs::File::options().write(true).open(project.path(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    project.vendor(&[]).assert_code(0);
    assert_eq!(all.map(|path| modified(&project, path) == long_ago), [false, true, true]);
    let lock = "vendor-cache/inhouse.lock";
    let vendored = "public/vendor/cdn.example/1.0.0/a.js";
    let written = [all[0], lock, vendored];
    let times = written.map(|path| modified(&project, path));
    project.vendor(&[]).assert_code(0);
    assert_eq!(written.map(|path| modified(&project, path)), times, "a second run");
}

#[cfg(unix)]
#[test]
fn new_files_have_the_mode_that_the_umask_leaves() {
    use std::os::unix::fs::PermissionsExt;
    for (umask, mode) in [("022", 0o644), ("077", 0o600), ("000", 0o644)] {
        let cdn = cdn();
        let project = project(&cdn);
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("umask {umask}; exec \"$0\" vendor public \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_inhouse"))
            .args(cdn.resolve_args())
            .current_dir(project.path(""));
        measured::watch(command).assert_code(0);
        for path in ["vendor-cache/inhouse.lock", "public/vendor/cdn.example/1.0.0/a.js"] {
            let permissions = fs::metadata(project.path(path)).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o7777, mode, "{path} under umask {umask}");
        }
    }
}

#[test]
fn a_clone_that_converts_line_ends_keeps_the_locked_bytes() {
    let cdn = cdn();
    let project = project(&cdn);
    project.vendor(&[]).assert_code(0);
    let git = |folder: &str, arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .args(["-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a@b.example"])
            .args(arguments)
            .current_dir(project.path(folder))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", project.path("home"));
        command.output().is_ok_and(|output| output.status.success())
    };
    if !git("", &["init", "-q"]) {
        eprintln!("SKIPPED: no git");
        return;
    }
    project.write("notes.txt", "one\ntwo\n");
    assert!(git("", &["add", "vendor-cache", "notes.txt"]) && git("", &["commit", "-qm", "x"]));
    assert!(git("", &["clone", "-q", ".", "clone"]));
    let read = |path: &str| fs::read(project.path(path)).unwrap();
    assert_eq!(read("clone/notes.txt"), b"one\r\ntwo\r\n", "Git does convert");
    for path in ["vendor-cache/inhouse.lock", "vendor-cache/cdn.example/1.0.0/a.js"] {
        assert_eq!(read(&format!("clone/{path}")), read(path), "{path}");
    }
    project.write("clone/public/index.html", PAGE);
    let clone = ["vendor", "clone/public", "--cache", "clone/vendor-cache", "--frozen"];
    project.run(&clone).assert_code(0);
}

#[test]
fn compressed_copies_of_changed_pages_are_remarked_on() {
    let cdn = cdn();
    let project = project(&cdn);
    for path in ["index.html.gz", "index.html.br", "other.html.gz"] {
        project.write(&format!("public/{path}"), "compressed");
    }
    let outcome = project.vendor(&[]);
    outcome.assert_code(0).assert_says("`index.html.gz` and 1 more are compressed copies");
    let again = project.vendor(&[]);
    assert!(!again.text().contains("compressed"), "{}", again.text());
}

#[test]
fn a_page_keeps_a_locked_script_that_is_not_to_be_had() {
    let answers = [Answer::ok(JS), Answer::status(404)];
    let cdn = Cdn::start().answers(HOST, "/1.0.0/a.js", answers);
    let project = project(&cdn);
    project.vendor(&[]).assert_code(0);
    fs::remove_dir_all(project.path("public/vendor")).unwrap();
    fs::remove_dir_all(project.path("vendor-cache/cdn.example")).unwrap();
    project.write("public/index.html", PAGE);
    let page = fs::File::options().write(true).open(project.path("public/index.html")).unwrap();
    page.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    // The lockfile names a local copy, and pages are rewritten by it before the plan is made.
    project.vendor(&["--on-error", "keep", "--source", "cdn"]).assert_code(0);
    assert_eq!(fs::read_to_string(project.path("public/index.html")).unwrap(), PAGE);
}
