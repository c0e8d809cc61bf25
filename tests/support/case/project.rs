//! The project of a case in a temporary folder, the servers around it, and the commands run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, SystemTime},
};

use super::{
    file::{Action, Case, Run},
    servers::{REGISTRY, start},
    tree::{Tree, copy, set_mode, symlink},
};
use crate::support::cdn::Cdn;

/// What a case folder holds that is no part of the project.
const NOT_OF_THE_PROJECT: [&str; 6] = ["case.toml", "cdn", "npm", "expected", "stdout", "stderr"];
/// A host where nothing listens.
const NOBODY: &str = "nobody.example";

/// A project in a temporary folder, and the servers around it.
pub struct Project {
    /// The case's folder.
    pub case: PathBuf,
    /// Holds `project/`, `home/` and `tmp/`.
    temporary: tempfile::TempDir,
    pub cdn: Cdn,
    registry: String,
    unreachable: Vec<String>,
}

/// What the commands of a case printed.
#[derive(Default)]
pub struct Printed {
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// The project as the case in `folder` describes it, before anything is run.
    pub fn new(folder: PathBuf, case: &Case) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        for name in ["project", "home", "tmp"] {
            fs::create_dir(temporary.path().join(name)).unwrap();
        }
        let registry = if case.registry_down { NOBODY } else { REGISTRY };
        let project = Self {
            cdn: start(&folder, case),
            registry: format!("https://{registry}/"),
            unreachable: case.unreachable.iter().cloned().chain([NOBODY.to_owned()]).collect(),
            case: folder,
            temporary,
        };
        project.fill();
        project.age();
        project
    }

    fn fill(&self) {
        for entry in fs::read_dir(&self.case).unwrap().map(Result::unwrap) {
            let name = entry.file_name();
            if !NOT_OF_THE_PROJECT.contains(&&*name.to_string_lossy()) {
                copy(&entry.path(), &self.root().join(name));
            }
        }
    }

    pub fn root(&self) -> PathBuf {
        self.temporary.path().join("project")
    }

    /// A path beside the project.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    /// Everything in the project.
    pub fn tree(&self) -> Tree {
        Tree::of(&self.root())
    }

    /// Gives everything in the project an old time stamp, so that every write can be seen.
    pub fn age(&self) {
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(981_173_106);
        for entry in walkdir::WalkDir::new(self.root()).contents_first(true) {
            let entry = entry.unwrap();
            if !entry.path_is_symlink() {
                fs::File::open(entry.path()).unwrap().set_modified(then).unwrap();
            }
        }
    }

    /// Runs one command of the case, and checks what holds for every command.
    pub fn run(&self, run: &Run) -> Output {
        run.before.iter().for_each(|action| self.act(action));
        self.age();
        let before = self.tree();
        let requests_before = self.cdn.log().len();
        let output = self.inhouse(&run.words());
        assert_exit(run, &output);
        if run.command.contains("--format json") {
            assert_lines_of_json(&output.stdout);
        }
        if run.exit != 0 || run.only_looks() {
            before.assert_untouched(&self.tree(), &run.command);
        } else {
            before.assert_same_modes(&self.tree(), &run.command);
        }
        self.assert_no_temporary_files(&run.command);
        self.assert_requests(run, requests_before);
        output
    }

    fn act(&self, action: &Action) {
        let at = |path: &Path| self.root().join(path);
        match action {
            Action::Write { write, text } => {
                fs::create_dir_all(at(write).parent().unwrap()).unwrap();
                fs::write(at(write), text).unwrap();
            }
            Action::Append { append, text } => {
                let mut bytes = fs::read(at(append)).unwrap();
                bytes.extend(text.bytes());
                fs::write(at(append), bytes).unwrap();
            }
            Action::Remove { remove } if at(remove).is_dir() => {
                fs::remove_dir_all(at(remove)).unwrap();
            }
            Action::Remove { remove } => fs::remove_file(at(remove)).unwrap(),
            Action::Folder { folder } => fs::create_dir_all(at(folder)).unwrap(),
            Action::Link { link, to } => symlink(to, &at(link)),
            Action::Mode { mode, octal } => set_mode(&at(mode), octal),
            Action::Build { build } => self.build(build),
        }
    }

    /// Builds the site again: everything in it is as it was at first, and the vendor folder is gone.
    pub fn build(&self, site: &Path) {
        fs::remove_dir_all(self.root().join(site)).unwrap();
        copy(&self.case.join(site), &self.root().join(site));
    }

    /// Runs the tool in the project.
    pub fn inhouse(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// The tool with these arguments, in an environment that has nothing of this machine.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhouse"));
        command.current_dir(self.root()).env_clear().args(words).arg("--no-progress");
        for name in ["SYSTEMROOT", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.beside("home"));
        command.env("TMPDIR", self.beside("tmp"));
        command.env("npm_config_registry", &self.registry);
        if words.first() == Some(&"vendor") {
            command.args(self.cdn.resolve_args());
            for host in &self.unreachable {
                // Port 1 of this machine: nothing listens there.
                command.args(["--resolve", &format!("{host}=127.0.0.1:1")]);
            }
        }
        command
    }

    /// No temporary file stays, in the project or elsewhere.
    pub fn assert_no_temporary_files(&self, command: &str) {
        let is_temporary = |name: &String| {
            let name = Path::new(name).file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(".inhouse-")
        };
        let left: Vec<_> = self.tree().names().filter(|name| is_temporary(name)).cloned().collect();
        assert_eq!(left, Vec::<String>::new(), "`{command}` left temporary files");
        let left: Vec<_> = fs::read_dir(self.beside("tmp")).unwrap().collect();
        assert!(left.is_empty(), "`{command}` left {left:?} in TMPDIR");
    }

    fn assert_requests(&self, run: &Run, before: usize) {
        let Some(expected) = &run.requests else { return };
        let log = self.cdn.log();
        let requests = log[before..].iter();
        let mut requests: Vec<_> =
            requests.map(|request| format!("{}{}", request.host, request.target)).collect();
        requests.sort();
        assert_eq!(&requests, expected, "requests of `{}`", run.command);
    }

    /// What was printed, without what differs from machine to machine and from run to run.
    pub fn printed(&self, bytes: &[u8]) -> String {
        let root = self.root();
        let canonical = fs::canonicalize(&root).unwrap();
        String::from_utf8_lossy(bytes)
            .replace(&*canonical.to_string_lossy(), "[PROJECT]")
            .replace(&*root.to_string_lossy(), "[PROJECT]")
            .replace(&self.cdn.address().port().to_string(), "[PORT]")
    }
}

fn assert_exit(run: &Run, output: &Output) {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(!stderr.contains("lookup address"), "`{}` needs the internet\n{stderr}", run.command);
    assert_eq!(output.status.code(), Some(run.exit), "`{}`\n{stdout}{stderr}", run.command);
}

impl Printed {
    /// Adds what one of `runs` commands printed.
    pub fn add(&mut self, run: &Run, runs: usize, project: &Project, output: &Output) {
        let streams = [(&mut self.stdout, &output.stdout), (&mut self.stderr, &output.stderr)];
        for (text, stream) in streams {
            if runs > 1 {
                text.push_str(&format!("$ inhouse {}\n", run.command));
            }
            text.push_str(&project.printed(stream));
        }
    }
}

/// Every line an object with a `type`, the summary last.
pub fn assert_lines_of_json(stdout: &[u8]) {
    let text = std::str::from_utf8(stdout).expect("JSON is UTF-8");
    let object = |line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON");
    let types: Vec<_> = text.lines().map(|line| object(line)["type"].to_string()).collect();
    let summaries = types.iter().filter(|kind| *kind == "\"summary\"").count();
    assert_eq!((summaries, types.last().map(String::as_str)), (1, Some("\"summary\"")));
}
