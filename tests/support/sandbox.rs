//! A project with a small site in a folder of its own, and what must hold for it at any moment.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use inhouse::integrity::IntegrityMetadata;

use super::cdn::Cdn;

pub const HOST: &str = "cdn.example";

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

/// Everything below a folder, by relative path.
pub type Snapshot = BTreeMap<PathBuf, Thing>;

/// A loopback CDN with the scripts that the site's pages load.
pub fn cdn() -> Cdn {
    ["a@1.0.0/a.js", "a@1.1.0/a.js", "b@2.0.0/lib/b.min.js", "c@3.0.0/c.js"]
        .into_iter()
        .fold(Cdn::start(), |cdn, path| cdn.file(HOST, &format!("/{path}"), script(path)))
}

fn script(path: &str) -> String {
    format!("// {path}\n").repeat(400)
}

/// The folder `project`, with `public/` in it; it lies in a folder of its own.
pub struct Sandbox {
    dir: tempfile::TempDir,
}

impl Sandbox {
    /// The site as the generator builds it first.
    pub fn new() -> Self {
        let sandbox = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(sandbox.project()).unwrap();
        sandbox.build(&["a@1.0.0/a.js", "b@2.0.0/lib/b.min.js"]);
        sandbox
    }

    /// The same files in another folder.
    pub fn copy(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let copied =
            Command::new("cp").arg("-a").arg(self.project()).arg(dir.path()).status().unwrap();
        assert!(copied.success());
        Self { dir }
    }

    /// Builds the site: `index.html` loads all `scripts`, a page deeper down the last one.
    pub fn build(&self, scripts: &[&str]) {
        let tag = |path: &&str| format!("<script src=\"https://{HOST}/{path}\"></script>\n");
        let head = |up: &str| {
            format!("<!doctype html>\n<title>x</title>\n<link rel=stylesheet href=\"{up}s.css\">\n")
        };
        let all: String = scripts.iter().map(tag).collect();
        let last = scripts.last().map(tag).unwrap();
        self.write("public/index.html", &(head("") + &all));
        self.write("public/blog/2026/index.html", &(head("../../") + &last));
        self.write("public/about.html", &head(""));
        self.write("public/s.css", "body { color: navy }\n");
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The folder that everything of the sandbox lies in, the project too.
    pub fn outside(&self) -> &Path {
        self.dir.path()
    }

    pub fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.project().join(path)
    }

    /// `inhouse vendor public …` in the project, with one thread for the pages.
    pub fn vendor(&self, cdn: &Cdn, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhouse"));
        command.args(["vendor", "public"]).args(args).args(cdn.resolve_args());
        command.current_dir(self.project()).env("INHOUSE_JOBS", "1");
        // Without this, a hundred certificates of the system are a hundred calls that open a file.
        command.env("SSL_CERT_FILE", cdn.ca_cert()).env("SSL_CERT_DIR", "none");
        command
    }

    /// Runs `vendor`, which must succeed.
    pub fn vendored(self, cdn: &Cdn, args: &[&str]) -> Self {
        let output = self.vendor(cdn, args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self
    }

    /// Everything in the folder of the sandbox.
    pub fn snapshot(&self) -> Snapshot {
        snapshot(self.outside())
    }

    /// What must hold at any moment of a run that leads from `before` to `after`: every file is the
    /// old or the new one, nothing else lies in site, DEST or cache, and whatever a page or the
    /// lockfile names is there, with the right bytes.
    pub fn assert_sound(&self, before: &Snapshot, after: &Snapshot, what: &str) {
        for (path, thing) in self.snapshot() {
            if is_staged(&path) {
                continue;
            }
            let known = [before, after].into_iter().any(|state| state.get(&path) == Some(&thing));
            assert!(known, "{what}: `{}` is neither old nor new", path.display());
            if let Thing::File(bytes) = &thing {
                let text = String::from_utf8_lossy(bytes);
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("html") => self.assert_page_is_whole(&path, &text, what),
                    Some("lock") => self.assert_locked_files_are_there(&path, &text, what),
                    _ => {}
                }
            }
        }
        for path in before.keys() {
            assert!(self.outside().join(path).exists(), "{what}: `{}` is lost", path.display());
        }
    }

    fn assert_page_is_whole(&self, page: &Path, text: &str, what: &str) {
        let folder = self.outside().join(page.parent().unwrap());
        for tag in text.split('<').filter(|tag| !tag.contains("https://")) {
            let Some(reference) = attribute(tag, "src").or(attribute(tag, "href")) else {
                continue;
            };
            let bytes = fs::read(folder.join(reference));
            let bytes = bytes.unwrap_or_else(|error| {
                panic!("{what}: `{}` loads `{reference}`: {error}", page.display())
            });
            if tag.starts_with("script") {
                let integrity = attribute(tag, "integrity").expect("a vendored script is guarded");
                IntegrityMetadata::parse(integrity).verify(&bytes).unwrap();
            }
        }
    }

    fn assert_locked_files_are_there(&self, lock: &Path, text: &str, what: &str) {
        for path in text.lines().filter_map(|line| line.strip_prefix("path = \"")) {
            let path = self.outside().join(lock.with_file_name(path.trim_end_matches('"')));
            assert!(path.is_file(), "{what}: the lockfile names `{}`", path.display());
        }
    }
}

/// Whether it is the hidden folder beside a tree, which the next run clears, or lies in one.
pub fn is_staged(path: &Path) -> bool {
    path.components().any(|name| name.as_os_str().to_string_lossy().ends_with(".inhouse"))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let value = tag.split_once(&format!("{name}=\""))?.1;
    value.split('"').next()
}

pub fn snapshot(folder: &Path) -> Snapshot {
    let mut things = Snapshot::new();
    for entry in walkdir::WalkDir::new(folder).min_depth(1) {
        let entry = entry.unwrap();
        let thing = match entry.file_type() {
            kind if kind.is_dir() => Thing::Folder,
            kind if kind.is_symlink() => Thing::Link(fs::read_link(entry.path()).unwrap()),
            _ => Thing::File(fs::read(entry.path()).unwrap()),
        };
        things.insert(entry.path().strip_prefix(folder).unwrap().to_owned(), thing);
    }
    things
}
