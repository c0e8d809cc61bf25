//! A project with a site, and measured runs of the `inhouse` binary on it: how long a run took, its
//! peak of memory, and whether it left every file as it was.
#![allow(dead_code)] // every test binary compiles all of this and uses its own part

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use walkdir::WalkDir;

/// Every file of a project by its path: its bytes.
pub type Snapshot = BTreeMap<PathBuf, Vec<u8>>;

/// A project folder, which is deleted with the value.
pub struct Project {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

/// What a run of the binary did.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub took: Duration,
    /// The most memory the process had, in bytes; 0 where the system does not say.
    pub peak: u64,
}

impl Outcome {
    /// What a person sees, both streams.
    pub fn text(&self) -> String {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        lossy(&self.stdout) + &lossy(&self.stderr)
    }

    /// Fails the test if the process had, at its worst, more memory than `bytes` besides four times
    /// what the run `ordinary` had. How much an ordinary run needs depends on the machine, on how
    /// busy it is and on how the binary was built; `bytes` depends on the input alone.
    pub fn assert_peak_within(&self, ordinary: u64, bytes: u64) -> &Self {
        let (peak, limit) = (self.peak >> 20, (4 * ordinary + bytes) >> 20);
        assert!(peak <= limit, "peak memory {peak} MiB of {limit}\n{}", self.brief());
        self
    }

    /// Fails the test if the process had more memory at its worst than `idle`, another run with next
    /// to nothing to do, and `ratio` times the bytes of the input.
    pub fn assert_peak_in_proportion(&self, idle: &Self, ratio: usize, input: usize) -> &Self {
        let above = self.peak.saturating_sub(idle.peak);
        let bound = (ratio * input) as u64;
        let brief = self.brief();
        assert!(above <= bound, "{above} bytes of memory for {input} of input\n{brief}");
        self
    }

    /// Fails the test if the run took longer.
    pub fn assert_within(&self, limit: Duration) -> &Self {
        assert!(self.took < limit, "took {:?}\n{}", self.took, self.brief());
        self
    }

    /// Fails the test if the exit code is another one.
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.brief());
        self
    }

    /// Fails the test if a person does not see `part`.
    pub fn assert_says(&self, part: &str) -> &Self {
        assert!(self.text().contains(part), "no {part:?} in\n{}", self.brief());
        self
    }

    fn brief(&self) -> String {
        self.text().chars().take(4000).collect()
    }
}

impl Project {
    /// A project whose site is one page.
    pub fn with_page(page: impl AsRef<[u8]>) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            arguments: Vec::new(),
            variables: Vec::new(),
        };
        project.write("public/index.html", page);
        project
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A path in the project.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Arguments for every run.
    pub fn always(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// An environment variable for every run; there are no others but these.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Every file there is.
    pub fn snapshot(&self) -> Snapshot {
        snapshot(self.folder.path())
    }

    /// Runs `inhouse vendor public` with the arguments of the project and these.
    pub fn vendor(&self, arguments: &[&str]) -> Outcome {
        let always = self.arguments.iter().map(String::as_str);
        let all: Vec<_> = ["vendor", "public"]
            .into_iter()
            .chain(always)
            .chain(arguments.iter().copied())
            .collect();
        self.run(&all)
    }

    /// Runs the binary in the project with these arguments only.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        watch(self.command(arguments))
    }

    /// The binary in the project with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhouse"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Runs a command to its end and watches its memory.
pub fn watch(mut command: Command) -> Outcome {
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let reader = |mut stream: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            bytes
        })
    };
    let stdout = reader(Box::new(child.stdout.take().unwrap()));
    let stderr = reader(Box::new(child.stderr.take().unwrap()));
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code = loop {
        peak = high_water_mark(Path::new(&status)).max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        thread::sleep(Duration::from_millis(2));
    };
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    println!("{:?}, peak {} MiB", start.elapsed(), peak >> 20);
    Outcome { code, stdout, stderr, took: start.elapsed(), peak }
}

/// `VmHWM`, the peak of resident memory that Linux keeps for a process.
fn high_water_mark(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

fn snapshot(folder: &Path) -> Snapshot {
    let files = WalkDir::new(folder).into_iter().map(|entry| entry.unwrap());
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap()))
        .collect()
}
