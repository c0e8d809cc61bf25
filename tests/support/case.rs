//! Plays one folder of `tests/cases/`: copies its site into an empty project, starts its CDN and
//! its npm registry, runs `inhouse`, and compares everything that can be seen afterwards.
//!
//! A case folder holds
//! - `case.toml`: what the case shows, what is run, how the CDN misbehaves; see [`Case`];
//! - `site/`: the built site, and any other folder or file that the project starts with
//!   (`inhouse.toml`, `vendor-cache/`);
//! - `cdn/<host>/<path>`: what CDNs serve, as described in `cdn.rs`;
//! - `npm/<name>@<version>/<file>`: what authors published;
//! - `expected/`: the project afterwards, byte for byte. There is none if nothing changes. The
//!   bytes in the cache are left out: they must be those of the vendor folder;
//! - `stdout`, `stderr`: what was said, left out if nothing was.
//!
//! Some laws hold for every case and are never spelled out in one: a run that fails, and a command
//! that only looks, change no byte and no time stamp; no temporary file stays; a page keeps its
//! mode; after success a second run changes nothing and asks nobody, so does one with `--frozen`,
//! also on a site built anew, and `inhouse check` is content.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, SystemTime},
};

use serde::Deserialize;

use super::{
    cdn::Cdn,
    filter,
    http::{Answer, mime_type},
    npm::Package,
};

/// The host that plays the npm registry.
const REGISTRY: &str = "packages.example";
/// What the options of `vendor` that `check` does not know are called; `true` if a value follows.
const ONLY_FOR_VENDOR: [(&str, bool); 14] = [
    ("--locked", false),
    ("--offline", false),
    ("--frozen", false),
    ("--source", true),
    ("--integrity", true),
    ("--no-integrity", false),
    ("--crossorigin", false),
    ("--on-error", true),
    ("--ca-cert", true),
    ("--allow-private", false),
    ("--allow-http", true),
    ("--resolve", true),
    ("--dry-run", false),
    ("--dest", true),
];

/// `case.toml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    /// What the case shows, in a sentence or two.
    about: String,
    /// The commands, one after the other; `vendor site` if there is none.
    #[serde(default)]
    run: Vec<Run>,
    /// What the CDN answers besides the files in `cdn/`; several for one URL are given in turn.
    #[serde(default)]
    answer: Vec<Line>,
    /// Hosts where nothing listens.
    #[serde(default)]
    unreachable: Vec<String>,
    /// Nothing listens where the registry should be either.
    #[serde(default)]
    registry_down: bool,
    /// Why a second run has to ask the network again.
    online: Option<String>,
    /// Why `inhouse check` is not content with the result.
    check_fails: Option<String>,
    /// Why pages that are filtered one by one are not those that `vendor` writes.
    filter_differs: Option<String>,
}

/// One command.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Run {
    /// Its words after `inhouse`, separated by blanks.
    #[serde(default = "vendor_site")]
    command: String,
    /// Its exit code.
    #[serde(default)]
    exit: i32,
    /// What somebody does to the project beforehand.
    #[serde(default)]
    before: Vec<Deed>,
    /// Every request it makes, in alphabetical order, as `host/path`. Not looked at if left out.
    requests: Option<Vec<String>>,
}

fn vendor_site() -> String {
    "vendor site".to_owned()
}

/// What somebody does to the project. Paths start at its root.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, untagged)]
enum Deed {
    /// Writes a file.
    Write { write: PathBuf, text: String },
    /// Adds text to a file.
    Append { append: PathBuf, text: String },
    /// Deletes a file or a folder.
    Remove { remove: PathBuf },
    /// Makes a folder.
    Folder { folder: PathBuf },
    /// Makes a symbolic link.
    Link { link: PathBuf, to: PathBuf },
    /// Sets a file's permissions, in octal.
    Mode { mode: PathBuf, octal: String },
    /// Builds the site again: everything in it is as it was at first, the vendor folder is gone.
    Build { build: PathBuf },
}

/// What the CDN answers to one URL.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Line {
    host: String,
    path: String,
    #[serde(default = "ok")]
    status: u16,
    #[serde(rename = "type")]
    media_type: Option<String>,
    #[serde(default)]
    body: String,
    /// Redirects there.
    location: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Waits so long before it answers.
    #[serde(default)]
    delay_seconds: u64,
    /// Breaks off after so many bytes of the body.
    cut_after: Option<usize>,
    /// Sends the body over and over.
    #[serde(default)]
    endless: bool,
}

fn ok() -> u16 {
    200
}

impl Line {
    fn answer(&self) -> Answer {
        let mut answer = if self.endless {
            Answer::endless(self.body.as_str())
        } else {
            Answer::status(self.status).body(self.body.as_str())
        };
        answer = answer.content_type(self.media_type.as_deref().unwrap_or(mime_type(&self.path)));
        if let Some(location) = &self.location {
            answer = answer.header("location", location);
        }
        for (name, value) in &self.headers {
            answer = answer.without(name).header(name, value);
        }
        if let Some(sent) = self.cut_after {
            answer = answer.cut_after(sent);
        }
        answer.delayed(Duration::from_secs(self.delay_seconds))
    }
}

/// Plays the case in `tests/cases/<name>`; `SNAPSHOTS=overwrite` writes what it sees there.
pub fn play(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    let text = fs::read_to_string(folder.join("case.toml")).expect("a case has a case.toml");
    let mut case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(case.about.ends_with('.'), "{name}: `about` is a sentence");
    if case.run.is_empty() {
        case.run.push(toml::from_str("").expect("every key has a default"));
    }
    if cfg!(not(unix)) && text.contains("link =") {
        return;
    }
    let stage = Stage::set(folder, &case);
    let before = stage.project();
    for run in &case.run {
        stage.act(run, &case);
    }
    stage.compare(&before, &case);
    stage.hold_to_the_laws(&case);
}

/// A project in a temporary folder, and the servers around it.
struct Stage {
    folder: PathBuf,
    /// `project/`, `home/` and `tmp/`.
    room: tempfile::TempDir,
    cdn: Cdn,
    registry: String,
    refused: Vec<String>,
    said: std::cell::RefCell<[String; 2]>,
}

impl Stage {
    fn set(folder: PathBuf, case: &Case) -> Self {
        let room = tempfile::tempdir().unwrap();
        for name in ["project", "home", "tmp"] {
            fs::create_dir(room.path().join(name)).unwrap();
        }
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name();
            if !["case.toml", "cdn", "npm", "expected", "stdout", "stderr"]
                .contains(&&*name.to_string_lossy())
            {
                copy(&entry.path(), &room.path().join("project").join(name));
            }
        }
        let registry = if case.registry_down { "nobody.example" } else { REGISTRY };
        let stage = Self {
            cdn: start(&folder, case),
            registry: format!("https://{registry}/"),
            refused: case
                .unreachable
                .iter()
                .cloned()
                .chain(["nobody.example".to_owned()])
                .collect(),
            said: std::cell::RefCell::default(),
            folder,
            room,
        };
        stage.age();
        stage
    }

    fn root(&self) -> PathBuf {
        self.room.path().join("project")
    }

    /// Everything in the project.
    fn project(&self) -> Tree {
        Tree::of(&self.root())
    }

    /// Gives everything in the project an old time stamp, so that every write can be told.
    fn age(&self) {
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(981_173_106);
        for entry in walkdir::WalkDir::new(self.root()).contents_first(true) {
            let entry = entry.unwrap();
            if !entry.path_is_symlink() {
                fs::File::open(entry.path()).unwrap().set_modified(then).unwrap();
            }
        }
    }

    /// Does the run's deeds, runs it, and holds it to what every run must keep.
    fn act(&self, run: &Run, case: &Case) {
        for deed in &run.before {
            self.commit(deed);
        }
        self.age();
        let before = self.project();
        let asked = self.cdn.log().len();
        let output = self.inhouse(&words(&run.command));
        self.record(run, case, &output);
        if run.command.contains("--format json") {
            assert_lines_of_json(&output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("lookup address"), "`{}` needs the internet\n{said}", run.command);
        assert_eq!(
            output.status.code(),
            Some(run.exit),
            "`{}`\n{}{said}",
            run.command,
            String::from_utf8_lossy(&output.stdout)
        );
        if run.exit != 0 || only_looks(&run.command) {
            before.assert_untouched(&self.project(), &run.command);
        } else {
            before.assert_same_modes(&self.project(), &run.command);
        }
        self.assert_tidy(&run.command);
        if let Some(expected) = &run.requests {
            let mut requests: Vec<_> = self.cdn.log()[asked..]
                .iter()
                .map(|request| format!("{}{}", request.host, request.target))
                .collect();
            requests.sort();
            assert_eq!(&requests, expected, "requests of `{}`", run.command);
        }
    }

    fn commit(&self, deed: &Deed) {
        let at = |path: &Path| self.root().join(path);
        match deed {
            Deed::Write { write, text } => {
                fs::create_dir_all(at(write).parent().unwrap()).unwrap();
                fs::write(at(write), text).unwrap();
            }
            Deed::Append { append, text } => {
                let mut bytes = fs::read(at(append)).unwrap();
                bytes.extend(text.bytes());
                fs::write(at(append), bytes).unwrap();
            }
            Deed::Remove { remove } if at(remove).is_dir() => {
                fs::remove_dir_all(at(remove)).unwrap()
            }
            Deed::Remove { remove } => fs::remove_file(at(remove)).unwrap(),
            Deed::Folder { folder } => fs::create_dir_all(at(folder)).unwrap(),
            Deed::Link { link, to } => symlink(to, &at(link)),
            Deed::Mode { mode, octal } => set_mode(&at(mode), octal),
            Deed::Build { build } => self.build(build),
        }
    }

    fn build(&self, site: &Path) {
        fs::remove_dir_all(self.root().join(site)).unwrap();
        copy(&self.folder.join(site), &self.root().join(site));
    }

    /// Runs the tool in the project, in an environment that has nothing of ours.
    fn inhouse(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhouse"));
        command.current_dir(self.root()).env_clear().args(words).arg("--no-progress");
        for name in ["SYSTEMROOT", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.room.path().join("home"));
        command.env("TMPDIR", self.room.path().join("tmp"));
        command.env("npm_config_registry", &self.registry);
        if words.first() == Some(&"vendor") {
            command.args(self.cdn.resolve_args());
            for host in &self.refused {
                // Port 1 of this machine: nothing listens there.
                command.args(["--resolve", &format!("{host}=127.0.0.1:1")]);
            }
        }
        command
    }

    fn record(&self, run: &Run, case: &Case, output: &Output) {
        let mut said = self.said.borrow_mut();
        for (said, stream) in said.iter_mut().zip([&output.stdout, &output.stderr]) {
            if case.run.len() > 1 {
                said.push_str(&format!("$ inhouse {}\n", run.command));
            }
            said.push_str(&self.without_paths(&String::from_utf8_lossy(stream)));
        }
    }

    /// What differs from machine to machine and from run to run.
    fn without_paths(&self, text: &str) -> String {
        let root = self.root();
        let canonical = fs::canonicalize(&root).unwrap();
        text.replace(&*canonical.to_string_lossy(), "[PROJECT]")
            .replace(&*root.to_string_lossy(), "[PROJECT]")
            .replace(&self.cdn.address().port().to_string(), "[PORT]")
    }

    /// No temporary file stays, in the project or elsewhere.
    fn assert_tidy(&self, command: &str) {
        let left = self.project().0.into_keys().filter(|name| {
            Path::new(name)
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(".inhouse-"))
        });
        assert_eq!(
            left.collect::<Vec<_>>(),
            Vec::<String>::new(),
            "`{command}` left temporary files"
        );
        let left: Vec<_> = fs::read_dir(self.room.path().join("tmp")).unwrap().collect();
        assert!(left.is_empty(), "`{command}` left {left:?} in TMPDIR");
    }

    /// Compares project and words with what the case expects.
    fn compare(&self, before: &Tree, case: &Case) {
        let overwrite = std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite");
        let after = self.project();
        let touched = before.0 != after.0 && !before.same_bytes(&after);
        let kept = if touched { self.worth_expecting(&after) } else { BTreeMap::new() };
        let expected_folder = self.folder.join("expected");
        let mut problems = Vec::new();
        if overwrite {
            let _ = fs::remove_dir_all(&expected_folder);
            for (name, bytes) in &kept {
                let path = expected_folder.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        } else {
            let expected = if expected_folder.is_dir() {
                Tree::of(&expected_folder).files()
            } else {
                BTreeMap::new()
            };
            problems.extend(differences(&expected, &kept));
        }
        let said = self.said.borrow();
        for (name, said) in ["stdout", "stderr"].into_iter().zip(&*said) {
            let path = self.folder.join(name);
            let quiet = said.lines().all(|line| line.starts_with("$ "));
            if overwrite {
                let _ = fs::remove_file(&path);
                if !quiet {
                    fs::write(&path, said).unwrap();
                }
                continue;
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            let said = if quiet { "" } else { said.as_str() };
            if expected != said {
                problems.push(format!("{name}:\n{}", line_differences(&expected, said)));
            }
        }
        assert!(
            problems.is_empty(),
            "{}\n\n{}\nSNAPSHOTS=overwrite accepts this",
            case.about,
            problems.join("\n")
        );
    }

    /// The files of the project that `expected/` shows: all but the configuration and the bytes in
    /// the cache, which are those of a vendor folder.
    fn worth_expecting(&self, project: &Tree) -> BTreeMap<String, Vec<u8>> {
        let mut files = project.files();
        let given = Tree::of(&self.folder).files();
        files.retain(|name, bytes| name.contains('/') || given.get(name) != Some(bytes));
        let lockfile = files.keys().find(|name| name.ends_with("/inhouse.lock")).cloned();
        let Some(cache) = lockfile.as_deref().and_then(|name| name.strip_suffix("inhouse.lock"))
        else {
            return files;
        };
        let (cached, mut rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files.into_iter().partition(|(name, _)| name.starts_with(cache));
        for (name, bytes) in cached {
            let path = &name[cache.len()..];
            if path == ".gitattributes" {
                assert_eq!(bytes, b"* -text\n");
            } else if path == "inhouse.lock"
                || !rest
                    .iter()
                    .any(|(name, there)| name.ends_with(&format!("/{path}")) && *there == bytes)
            {
                rest.insert(name, bytes);
            }
        }
        rest
    }

    /// What holds after every successful `vendor`.
    fn hold_to_the_laws(&self, case: &Case) {
        let last = case.run.last().expect("a case runs something");
        let vendors = last.command.starts_with("vendor ") && !only_looks(&last.command);
        if !vendors || last.exit != 0 {
            assert!(case.online.is_none() && case.check_fails.is_none(), "nothing to excuse");
            return;
        }
        let command = words(&last.command);
        let mode = ["--locked", "--offline", "--frozen"];
        let modeless = command.iter().copied().filter(|word| !mode.contains(word));
        let frozen: Vec<_> = modeless.chain(["--frozen"]).collect();
        let again = self.succeed(&command, case.online.is_none());
        again.0.assert_untouched(&again.1, "a second run");
        if case.online.is_none() {
            let again = self.succeed(&frozen, true);
            again.0.assert_untouched(&again.1, "a second run with --frozen");
            if case.run.iter().all(|run| run.before.is_empty()) {
                self.build(Path::new(command[1]));
                let built = self.succeed(&frozen, true);
                assert!(
                    again.1.same_bytes(&built.1),
                    "a new build with --frozen differs: {:?}",
                    again.1.what_differs(&built.1)
                );
                if case.filter_differs.is_none() {
                    self.filter(&command);
                }
            }
        }
        self.check(&command, case);
    }

    /// Runs a command that must succeed; the project before and after.
    fn succeed(&self, words: &[&str], silently: bool) -> (Tree, Tree) {
        self.age();
        let before = self.project();
        let connections = self.cdn.connections();
        let output = self.inhouse(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{}` again\n{said}", words.join(" "));
        if silently {
            assert_eq!(self.cdn.connections(), connections, "`{}` went online", words.join(" "));
        }
        self.assert_tidy(&words.join(" "));
        (before, self.project())
    }

    /// Every page by itself, filtered by the lockfile alone, is the page that `vendor` wrote.
    fn filter(&self, vendor: &[&str]) {
        let (built, rest) =
            without_vendor_options(vendor, &["--integrity", "--no-integrity", "--crossorigin"]);
        let site = self.room.path().join("site");
        copy(&self.folder.join(vendor[1]), &site);
        let globs = vendor.windows(2).filter(|words| words[0] == "--page-glob");
        let globs: Vec<_> = globs.map(|words| words[1]).collect();
        let vendored = Tree::of(&self.root().join(built)).files();
        let (expected, pages): (Vec<_>, Vec<_>) = filter::pages(&site, &globs)
            .into_iter()
            .map(|(path, page)| ((path.clone(), vendored[&path].clone()), (path, page)))
            .unzip();
        let site = site.to_str().unwrap();
        let command = [vec!["rewrite", "--batch", "--site", site], rest.clone()].concat();
        let output = filter::run(&mut self.command(&command), &filter::records(&pages));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        filter::assert_same(&filter::served(&output.stdout), &expected);
        for ((path, page), expected) in pages.iter().zip(&expected).take(2) {
            let command = ["rewrite", "--frozen", "--site", site, "--page-path", path];
            let command = [command.to_vec(), rest.clone()].concat();
            let output = filter::run(&mut self.command(&command), page);
            filter::assert_same(&[(path.clone(), output.stdout)], std::slice::from_ref(expected));
        }
        self.plan_from_scans(vendor, &pages, &vendored);
        fs::remove_dir_all(site).unwrap();
    }

    /// A plan from scans of parts of the site brings the same files as one from the site.
    fn plan_from_scans(
        &self,
        vendor: &[&str],
        pages: &[filter::Page],
        vendored: &BTreeMap<String, Vec<u8>>,
    ) {
        let (_, rest) = without_vendor_options(vendor, &[]);
        let site = self.room.path().join("site");
        pages.iter().for_each(|(page, _)| fs::remove_file(site.join(page)).unwrap());
        let (even, odd): (Vec<_>, Vec<_>) =
            pages.iter().cloned().enumerate().partition(|(index, _)| index % 2 == 0);
        let mut scans = Vec::new();
        for (part, name) in [(even, "even.jsonl"), (odd, "odd.jsonl")] {
            let part: Vec<_> = part.into_iter().map(|(_, page)| page).collect();
            let scan = [vec!["scan", site.to_str().unwrap(), "--batch"], rest.clone()].concat();
            let output = filter::run(&mut self.command(&scan), &filter::records(&part));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_lines_of_json(&output.stdout);
            let file = self.room.path().join(name);
            fs::write(&file, output.stdout).unwrap();
            scans.push(file.to_str().unwrap().to_owned());
        }
        let mode = ["--locked", "--offline", "--frozen"];
        let mut words = vec!["vendor", site.to_str().unwrap()];
        let mut options = vendor[2..].iter();
        while let Some(word) = options.next() {
            match *word {
                "--dest" => drop(options.next()),
                word if mode.contains(&word) => {}
                word => words.push(word),
            }
        }
        words.extend(["--frozen", "--from-scan"]);
        words.extend(scans.iter().map(String::as_str));
        let before = self.project();
        self.succeed(&words, true);
        before.assert_same_files(&self.project(), "--from-scan");
        let mut expected = vendored.clone();
        expected
            .retain(|name, _| name != "_headers" && !pages.iter().any(|(page, _)| page == name));
        let mut found = Tree::of(&site).files();
        found.remove("_headers");
        let differences = differences(&expected, &found);
        assert!(differences.is_empty(), "--from-scan\n{}", differences.join("\n"));
    }

    fn check(&self, vendor: &[&str], case: &Case) {
        let (site, rest) = without_vendor_options(vendor, &[]);
        let words = [vec!["check", site], rest].concat();
        let before = self.project();
        let output = self.inhouse(&words);
        let said = String::from_utf8_lossy(&output.stderr);
        let expected = if case.check_fails.is_some() { 1 } else { 0 };
        assert_eq!(
            output.status.code(),
            Some(expected),
            "`{}` afterwards\n{said}",
            words.join(" ")
        );
        before.assert_untouched(&self.project(), "check");
    }
}

/// Where the result of a `vendor` command lies, and its options that other commands know too; `known`
/// are those of the others that this one knows.
fn without_vendor_options<'a>(vendor: &[&'a str], known: &[&str]) -> (&'a str, Vec<&'a str>) {
    let (mut site, mut words) = (vendor[1], Vec::new());
    let mut rest = vendor[2..].iter();
    while let Some(word) = rest.next() {
        match ONLY_FOR_VENDOR.iter().find(|(name, _)| name == word && !known.contains(name)) {
            Some(("--dest", _)) => site = rest.next().expect("--dest has a value"),
            Some((_, true)) => drop(rest.next()),
            Some((_, false)) => {}
            None => words.push(*word),
        }
    }
    (site, words)
}

/// Every line an object with a `type`, the summary last.
fn assert_lines_of_json(stdout: &[u8]) {
    let text = std::str::from_utf8(stdout).expect("JSON is UTF-8");
    let object = |line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON");
    let types: Vec<_> = text.lines().map(|line| object(line)["type"].to_string()).collect();
    let summaries = types.iter().filter(|kind| *kind == "\"summary\"").count();
    assert_eq!((summaries, types.last().map(String::as_str)), (1, Some("\"summary\"")));
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

fn only_looks(command: &str) -> bool {
    command.starts_with("scan") || command.starts_with("check") || command.contains("--dry-run")
}

fn start(folder: &Path, case: &Case) -> Cdn {
    let mut cdn = Cdn::start().host(REGISTRY);
    if folder.join("cdn").is_dir() {
        cdn = cdn.folder(&folder.join("cdn"));
    }
    let mut answers: BTreeMap<_, Vec<Answer>> = BTreeMap::new();
    for line in &case.answer {
        answers.entry((&line.host, &line.path)).or_default().push(line.answer());
    }
    for ((host, path), answers) in answers {
        cdn =
            cdn.answer_with(host, path, move |_, nth| answers[nth.min(answers.len() - 1)].clone());
    }
    packages(&folder.join("npm"))
        .into_iter()
        .fold(cdn, |cdn, package| cdn.package(REGISTRY, package))
}

/// The packages in `npm/`, in the order of their names: the last version is the latest.
fn packages(folder: &Path) -> Vec<Package> {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    if !folder.is_dir() {
        return Vec::new();
    }
    for (name, bytes) in Tree::of(folder).files() {
        let after_scope = if name.starts_with('@') { name.find('/').unwrap() + 1 } else { 0 };
        let end = after_scope + name[after_scope..].find('/').expect("a file of a package");
        let (id, file) = (&name[..end], &name[end + 1..]);
        let (package, version) = id.rsplit_once('@').expect("name@version");
        let known = packages.remove(id).unwrap_or_else(|| Package::new(package, version));
        let known = match file {
            "package.json" => serde_json::from_slice::<serde_json::Map<_, _>>(&bytes)
                .expect("package.json is an object")
                .into_iter()
                .fold(known, |package, (name, value)| package.field(&name, value)),
            _ => known.file(file, bytes),
        };
        packages.insert(id.to_owned(), known);
    }
    packages.into_values().collect()
}

/// Everything below a folder, by its `/`-separated path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tree(BTreeMap<String, Node>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    kind: Kind,
    modified: Option<SystemTime>,
    mode: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

impl Tree {
    fn of(root: &Path) -> Self {
        let nodes = walkdir::WalkDir::new(root).into_iter().map(|entry| {
            let entry = entry.unwrap();
            let metadata = fs::symlink_metadata(entry.path()).unwrap();
            let kind = if entry.path_is_symlink() {
                Kind::Link(fs::read_link(entry.path()).unwrap())
            } else if metadata.is_dir() {
                Kind::Folder
            } else {
                Kind::File(fs::read(entry.path()).unwrap())
            };
            let name = entry.path().strip_prefix(root).unwrap().components();
            let name: Vec<_> = name.map(|part| part.as_os_str().to_string_lossy()).collect();
            let modified = (!entry.path_is_symlink()).then(|| metadata.modified().unwrap());
            (name.join("/"), Node { kind, modified, mode: mode(&metadata) })
        });
        Self(nodes.collect())
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let file = |(name, node): (&String, &Node)| match &node.kind {
            Kind::File(bytes) => Some((name.clone(), bytes.clone())),
            Kind::Folder | Kind::Link(_) => None,
        };
        self.0.iter().filter_map(file).collect()
    }

    fn same_bytes(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(a, b)| a.0 == b.0 && a.1.kind == b.1.kind)
    }

    fn what_differs<'a>(&'a self, other: &'a Self) -> Vec<&'a String> {
        let names: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        names.into_iter().filter(|name| self.0.get(*name) != other.0.get(*name)).collect()
    }

    fn assert_untouched(&self, after: &Self, by: &str) {
        let touched = self.what_differs(after);
        assert!(touched.is_empty(), "`{by}` must change nothing, but touched {touched:?}");
    }

    fn assert_same_files(&self, after: &Self, by: &str) {
        assert!(self.same_bytes(after), "`{by}` changed {:?}", self.what_differs(after));
    }

    fn assert_same_modes(&self, after: &Self, by: &str) {
        for (name, node) in &self.0 {
            if let Some(there) = after.0.get(name) {
                assert_eq!(there.mode, node.mode, "`{by}` changed the mode of {name}");
            }
        }
    }
}

/// The files that are not as expected.
fn differences(
    expected: &BTreeMap<String, Vec<u8>>,
    found: &BTreeMap<String, Vec<u8>>,
) -> Vec<String> {
    let names: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let difference = |name: &String| match (expected.get(name), found.get(name)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) => {
            Some(format!("{name} differs:\n{}", line_differences(&text(a), &text(b))))
        }
        (Some(_), None) => Some(format!("{name} is missing")),
        (None, Some(b)) => Some(format!("{name} is not expected:\n{}", text(b))),
        (None, None) => None,
    };
    names.into_iter().filter_map(difference).collect()
}

fn line_differences(expected: &str, found: &str) -> String {
    let (a, b): (Vec<_>, Vec<_>) = (expected.split('\n').collect(), found.split('\n').collect());
    let mut text = String::new();
    for index in 0..a.len().max(b.len()) {
        match (a.get(index), b.get(index)) {
            (Some(a), Some(b)) if a == b => text.push_str(&format!("   {a}\n")),
            (a, b) => {
                text.extend(a.map(|line| format!(" - {line}\n")));
                text.extend(b.map(|line| format!(" + {line}\n")));
            }
        }
    }
    text
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = match entry.path().strip_prefix(from).unwrap() {
            path if path == Path::new("") => to.to_owned(),
            path => to.join(path),
        };
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[cfg(unix)]
fn symlink(to: &Path, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) {
    unreachable!("cases with links are played on Unix");
}

#[cfg(unix)]
fn set_mode(path: &Path, octal: &str) {
    use std::os::unix::fs::PermissionsExt;
    let mode = u32::from_str_radix(octal, 8).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: &str) {}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}
