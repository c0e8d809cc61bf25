//! What the user says: rules, and what happens to denied scripts.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::pattern::PatternError;
use crate::{companions::Override, lockfile::EvidenceLevel};

/// One `[[rule]]` of `inhouse.toml`.
///
/// For each key, the most specific rule counts that has it. A rule without `action` leaves it to the other
/// rules and to the built-in lists what happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// Which URLs it is about; see [`UrlPattern`](super::UrlPattern).
    pub pattern: String,
    /// What happens to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<RuleAction>,
    /// Which files that they load beside themselves come along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companions: Option<Override>,
    /// How much has to speak for the bytes of those that are vendored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_proof: Option<EvidenceLevel>,
    /// Why, for the reports. A rule that overrides a built-in list without one is warned about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Rule {
    /// Whether the rule has no key that says anything about its URLs.
    pub(super) fn is_empty(&self) -> bool {
        self.action.is_none() && self.companions.is_none() && self.require_proof.is_none()
    }
}

/// What a [`Rule`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum RuleAction {
    /// Download and serve from the site.
    Vendor,
    /// Leave the reference as it is.
    Keep,
    /// Refuse.
    Deny,
}

/// What to do with a denied script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OnDenied {
    /// Fail the run.
    #[default]
    Fail,
    /// Point the page at a trusted copy where one is known; fail otherwise.
    Replace,
    /// Take the element out of the page.
    Remove,
}

/// A policy that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// The pattern of a `[[rule]]`.
    #[error("the rule {0}")]
    Rule(PatternError),
    /// A `[[rule]]` with nothing but a pattern and a reason.
    #[error(
        "the rule `{0}` says nothing: it has none of `action`, `companions` and `require-proof`"
    )]
    Empty(String),
    /// A pattern of `include`.
    #[error("in `include`, the {0}")]
    Include(PatternError),
    /// A pattern of `exclude`.
    #[error("in `exclude`, the {0}")]
    Exclude(PatternError),
}
