//! What the policy says about a URL, and why.

use serde::Deserialize;

use crate::reference::SubresourceUrl;

/// The policy's answer for one URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Download it and serve it from the site.
    Vendor {
        /// Something the owner of the site should know all the same.
        warning: Option<Notice>,
    },
    /// Leave the reference untouched and add no integrity.
    Keep(Kept),
    /// Refuse, and fail the run.
    Deny(Finding),
    /// Load `with` instead. Ask for a verdict on `with` too: most replacements stay live.
    Replace {
        /// The replacement.
        with: SubresourceUrl,
        /// Where the replacement comes from and what to know of it.
        reason: String,
        /// Why the original is denied.
        denied: Finding,
    },
    /// Take the element out of the page.
    Remove {
        /// Why the original is denied.
        denied: Finding,
    },
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The entry of a built-in list with this id.
    BuiltIn(String),
    /// The user's rule with this pattern.
    Rule(String),
    /// This pattern of `exclude`.
    Excluded(String),
    /// There is an `include` list, and nothing on it matches.
    NotIncluded,
}

/// Why a script stays live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Who decided.
    pub by: Origin,
    /// A sentence for the reports.
    pub reason: String,
    /// What kind of service it is ("payment", "captcha"), from the built-in list.
    pub category: Option<String>,
    /// What a local copy would run into, from the built-in list.
    pub obstacle: Option<Obstacle>,
    /// What would make it vendorable, from the built-in list.
    pub fix: Option<String>,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// The day of the facts, `YYYY-MM-DD`.
    pub date: Option<String>,
}

impl Kept {
    /// Kept for `reason`; nothing else is known.
    pub(super) fn new(by: Origin, reason: String) -> Self {
        Self {
            by,
            reason,
            category: None,
            obstacle: None,
            fix: None,
            sources: Vec::new(),
            date: None,
        }
    }
}

/// What stands against a local copy of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// The vendor forbids it.
    Terms,
    /// A copy stops working.
    Breaks,
    /// The answer differs from customer to customer.
    PerAccount,
    /// Unversioned; changes at any time.
    Floating,
    /// It finds its server through its own `src`.
    SelfLocating,
    /// Nothing.
    None,
}

/// What is known against a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Who says so.
    pub by: Origin,
    /// The URL's host.
    pub host: String,
    /// A sentence for the reports.
    pub reason: String,
    /// "compromised", "look-alike", "dead" …, from the built-in list.
    pub class: Option<String>,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// The day of the facts, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// What to use instead, in words.
    pub replacement: Option<String>,
    /// How sure the built-in list is.
    pub confidence: Option<Confidence>,
}

impl Finding {
    /// A finding about `host`; nothing else is known.
    pub(super) fn new(by: Origin, host: &str, reason: String) -> Self {
        Self {
            by,
            host: host.to_owned(),
            reason,
            class: None,
            sources: Vec::new(),
            date: None,
            replacement: None,
            confidence: None,
        }
    }
}

/// Something to know about a script that is vendored all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How serious it is.
    pub severity: Severity,
    /// What is known.
    pub finding: Finding,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth changing.
    Warn,
    /// Not to be downloaded. As a [`Notice`]: a rule of the user overrides it.
    Block,
}

/// How sure a built-in list is of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One secondary source.
    Low,
    /// Several secondary sources.
    Medium,
    /// A first-hand report, or two reputable lists.
    #[default]
    High,
}
