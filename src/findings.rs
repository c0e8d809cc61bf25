//! What stages find and return beside their values: warnings, problems, and the places in pages that
//! they are about.
//!
//! A [`Notice`] is a warning; a [`Problem`] fails the run. Nothing here decides anything or prints.

mod place;
mod places;

use std::collections::{HashMap, hash_map::Entry};

use serde::{Deserialize, Serialize};

pub use self::{
    place::Use,
    places::{Keep, Places, by_name, by_page},
};

/// Which exit code a problem asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The site, the lockfile or an upstream file is not as it should be: exit 1.
    Site,
    /// The tool could not work: network, disk, configuration: exit 2.
    Tool,
}

/// Something the owner of the site should know.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// A short, stable name for scripts to match on.
    pub code: &'static str,
    /// What happened, to what. URLs stand between backquotes.
    pub message: String,
    /// Labelled facts: `expected`, `received`, `cause` …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Where it is used.
    #[serde(skip_serializing_if = "Places::is_empty")]
    pub uses: Places,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One labelled fact of a notice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Detail {
    /// The label, one word.
    pub label: &'static str,
    /// The fact.
    pub text: String,
}

impl Notice {
    /// A notice without facts.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Vec::new(),
            uses: Places::default(),
            hint: None,
        }
    }

    /// Adds a labelled fact.
    #[must_use]
    pub fn detail(mut self, label: &'static str, text: impl ToString) -> Self {
        self.details.push(Detail { label, text: text.to_string() });
        self
    }

    /// Adds the places it concerns.
    #[must_use]
    pub fn used_by(mut self, uses: impl IntoIterator<Item = Use>) -> Self {
        self.uses.extend(uses);
        self
    }

    /// Sets the places it concerns, which may be in more places than are kept.
    #[must_use]
    pub fn used_at(mut self, places: Places) -> Self {
        self.uses = places;
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into().or(self.hint);
        self
    }

    /// Makes it a problem of the site: exit 1.
    pub fn of_site(self) -> Problem {
        Problem { fault: Fault::Site, notice: self }
    }

    /// Makes it a problem of the tool's surroundings: exit 2.
    pub fn of_tool(self) -> Problem {
        Problem { fault: Fault::Tool, notice: self }
    }
}

/// Merges notices that differ only in their places: what a template writes into every page is
/// reported once.
pub fn say_once(notices: Vec<Notice>) -> Vec<Notice> {
    let mut merged: Vec<Notice> = Vec::new();
    let mut seen: HashMap<_, usize> = HashMap::new();
    for notice in notices {
        let words = (notice.code, notice.message.clone(), notice.details.clone());
        match seen.entry(words) {
            Entry::Occupied(index) => {
                merged[*index.get()].uses.merge(notice.uses, Keep::All);
            }
            Entry::Vacant(place) => {
                place.insert(merged.len());
                merged.push(notice);
            }
        }
    }
    merged
}

/// A notice that fails the run.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// Which exit code it asks for.
    pub fault: Fault,
    /// What it is about.
    #[serde(flatten)]
    pub notice: Notice,
}

/// What a stage found, beside the value that it made.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What the owner of the site should know.
    pub warnings: Vec<Notice>,
    /// What fails the run. As long as there is one, nothing is written.
    pub problems: Vec<Problem>,
}

impl Findings {
    /// Adds what a later stage found.
    pub fn add(&mut self, later: Self) {
        self.warnings.extend(later.warnings);
        self.problems.extend(later.problems);
    }

    /// Whether something fails the run.
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }
}
