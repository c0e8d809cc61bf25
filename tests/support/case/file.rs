//! `case.toml`: what a case shows, what is run, and how the servers misbehave.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use crate::support::{
    http::{Answer, mime_type},
    npm::Signatures,
};

/// `case.toml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    /// What the case shows, in a sentence or two.
    pub about: String,
    /// The commands, one after the other; `vendor site` if there is none.
    #[serde(default)]
    pub run: Vec<Run>,
    /// What the CDN answers besides the files in `cdn/`; several for one URL are given in turn.
    #[serde(default)]
    pub answer: Vec<CannedAnswer>,
    /// Hosts where nothing listens.
    #[serde(default)]
    pub unreachable: Vec<String>,
    /// Nothing listens where the registry should be either.
    #[serde(default)]
    pub registry_down: bool,
    /// How the registry signs packages.
    #[serde(default)]
    pub signatures: Signatures,
    /// Why a second run has to ask the network again.
    pub online: Option<String>,
    /// Why `inhouse check` is not content with the result.
    pub check_fails: Option<String>,
    /// Why pages that are filtered one by one are not those that `vendor` writes.
    pub filter_differs: Option<String>,
}

/// One command.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Run {
    /// Its words after `inhouse`, separated by blanks.
    #[serde(default = "vendor_site")]
    pub command: String,
    /// Its exit code.
    #[serde(default)]
    pub exit: i32,
    /// What somebody does to the project before it.
    #[serde(default)]
    pub before: Vec<Action>,
    /// Every request it makes, in alphabetical order, as `host/path`. Not looked at if left out.
    pub requests: Option<Vec<String>>,
}

impl Run {
    /// The words of the command.
    pub fn words(&self) -> Vec<&str> {
        self.command.split_whitespace().collect()
    }

    /// Whether the command writes nothing.
    pub fn only_looks(&self) -> bool {
        let looks = ["scan", "check"].iter().any(|name| self.command.starts_with(name));
        looks || self.command.contains("--dry-run")
    }
}

fn vendor_site() -> String {
    "vendor site".to_owned()
}

/// What somebody does to the project before a command. Paths start at its root.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, untagged)]
pub enum Action {
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
pub struct CannedAnswer {
    pub host: String,
    pub path: String,
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    #[serde(default)]
    pub body: String,
    /// Redirects there.
    pub location: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Waits so long before it answers.
    #[serde(default)]
    pub delay_seconds: u64,
    /// Breaks off after so many bytes of the body.
    pub cut_after: Option<usize>,
    /// Sends the body over and over.
    #[serde(default)]
    pub endless: bool,
}

fn ok() -> u16 {
    200
}

impl Case {
    /// Reads the case in `folder`; without commands it runs `vendor site`.
    pub fn read(folder: &Path) -> Self {
        let path = folder.join("case.toml");
        let text = fs::read_to_string(&path).expect("a case has a case.toml");
        let name = path.display();
        let mut case: Self =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(case.about.ends_with('.'), "{name}: `about` is a sentence");
        if case.run.is_empty() {
            case.run.push(toml::from_str("").expect("every key has a default"));
        }
        case
    }

    /// Whether it makes symbolic links.
    pub fn has_links(&self) -> bool {
        let mut actions = self.run.iter().flat_map(|run| &run.before);
        actions.any(|action| matches!(action, Action::Link { .. }))
    }
}

impl CannedAnswer {
    /// The answer as the CDN sends it.
    pub fn answer(&self) -> Answer {
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
