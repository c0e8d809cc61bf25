//! What a serialized policy says of script elements.
//!
//! Follows CSP 3: "parse a serialized CSP", "parse response's Content Security Policies", "get fetch
//! directive fallback list", "does a source list allow all inline behavior for type" and "does
//! element match source list for type and source". Keeps the text and where each source expression
//! stands in it, so that a policy can be edited without being printed anew. Directives that do not
//! concern script elements are not looked at.

use super::source::{Expression, Hash, Source, digest, pieces};
use crate::{asset::AssetKind, integrity::Algorithm};

/// The directives that can govern script elements; the first one present does.
const DIRECTIVES: &[&str] = AssetKind::ClassicScript.csp_directives();

/// What browsers do about a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// `Content-Security-Policy`: the script does not run.
    Enforce,
    /// `Content-Security-Policy-Report-Only`: the script runs and is reported.
    Report,
}

/// What lets an inline script run. Ordered from the widest permission to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllowedBy {
    /// The policy has no directive for scripts.
    NoDirective,
    /// `'unsafe-inline'`, with nothing in the directive that switches it off.
    UnsafeInline,
    /// The element's nonce.
    Nonce,
    /// A hash of the script's text.
    Hash,
}

/// Why an inline script does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The directive that refuses it.
    pub directive: &'static str,
    /// The source expression that would allow it, quotes included: `'sha256-…'`.
    pub needed: String,
}

/// The policies of one `<meta>` or one header value. A script has to satisfy all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyList {
    text: String,
    delivery: Delivery,
    policies: Vec<Policy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    Meta,
    Header(Disposition),
}

impl PolicyList {
    /// The policy of a `<meta http-equiv=content-security-policy>`, from its `content` (character
    /// references resolved). A comma separates nothing here. Scripts that stand before the element
    /// are not governed by it.
    pub fn of_meta(content: &str) -> Self {
        Self::parse(content, Delivery::Meta)
    }

    /// The policies of a header's value, separated by commas.
    pub fn of_header(value: &str, disposition: Disposition) -> Self {
        Self::parse(value, Delivery::Header(disposition))
    }

    fn parse(text: &str, delivery: Delivery) -> Self {
        let separates = |c| c == ',' && delivery != Delivery::Meta;
        let policies = pieces(text, 0, separates).map(|(at, piece)| Policy::parse(piece, at));
        Self { policies: policies.collect(), text: text.to_owned(), delivery }
    }

    /// The policies after an edit of their text.
    pub(super) fn with_text(&self, text: &str) -> Self {
        Self::parse(text, self.delivery)
    }

    /// The text that was read.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether violations are blocked or only reported.
    pub fn disposition(&self) -> Disposition {
        match self.delivery {
            Delivery::Meta => Disposition::Enforce,
            Delivery::Header(disposition) => disposition,
        }
    }

    pub(super) fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Whether an inline script with this text and `nonce` attribute runs. Import maps and inline
    /// modules are inline scripts. Of several permissions, gives the narrowest.
    ///
    /// # Errors
    /// [`Refusal`] of the first policy that does not allow it.
    #[cfg(test)]
    pub fn permits(&self, text: &str, nonce: Option<&str>) -> Result<AllowedBy, Refusal> {
        self.policies.iter().try_fold(AllowedBy::NoDirective, |narrowest, policy| {
            policy.permits(text, nonce).map(|by| by.max(narrowest))
        })
    }

    /// The directive that would block a script that the site serves itself, if one would.
    pub fn blocks_own_scripts(&self) -> Option<&'static str> {
        let governing = self.policies.iter().filter_map(Policy::governing);
        let mut blocking = governing.filter(|directive| !directive.allows_own_scripts(&self.text));
        blocking.next().map(|directive| directive.name)
    }
}

/// One policy: its directives for scripts, the governing one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub directives: Vec<Directive>,
}

impl Policy {
    /// Reads `text`, which stands at `at` in the whole value.
    fn parse(text: &str, at: usize) -> Self {
        let mut directives: Vec<Directive> = Vec::new();
        for (at, piece) in pieces(text, at, |c| c == ';') {
            let Some(directive) = Directive::parse(piece, at) else { continue };
            // The first directive of a name counts, later ones are ignored.
            if directives.iter().all(|earlier| earlier.name != directive.name) {
                directives.push(directive);
            }
        }
        directives.sort_by_key(|directive| DIRECTIVES.iter().position(|n| *n == directive.name));
        Self { directives }
    }

    /// The directive that browsers hold script elements against.
    pub fn governing(&self) -> Option<&Directive> {
        self.directives.first()
    }

    pub fn permits(&self, text: &str, nonce: Option<&str>) -> Result<AllowedBy, Refusal> {
        match self.governing() {
            Some(directive) => directive.permits(text, nonce),
            None => Ok(AllowedBy::NoDirective),
        }
    }
}

/// A directive for scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    name: &'static str,
    pub sources: Vec<Source>,
}

impl Directive {
    /// `None` for an empty one, one that does not concern scripts, and one that is not ASCII, which
    /// browsers drop.
    fn parse(text: &str, at: usize) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        let mut words =
            pieces(text, at, |c| c.is_ascii_whitespace()).filter(|(_, w)| !w.is_empty());
        let (_, name) = words.next()?;
        let name = DIRECTIVES.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        let source = |(at, word): (usize, &str)| Source {
            span: at..at + word.len(),
            expression: Expression::parse(word),
        };
        Some(Self { name, sources: words.map(source).collect() })
    }

    pub fn permits(&self, text: &str, nonce: Option<&str>) -> Result<AllowedBy, Refusal> {
        if self.allows_all_inline() {
            Ok(AllowedBy::UnsafeInline)
        } else if nonce.is_some_and(|nonce| self.has_nonce(nonce)) {
            Ok(AllowedBy::Nonce)
        } else if self.has_hash_of(text) {
            Ok(AllowedBy::Hash)
        } else {
            Err(Refusal { directive: self.name, needed: self.needed(text) })
        }
    }

    /// Nonces, hashes and `'strict-dynamic'` switch `'unsafe-inline'` off.
    fn allows_all_inline(&self) -> bool {
        let mut expressions = self.sources.iter().map(|source| &source.expression);
        let off = |e: &Expression| {
            matches!(e, Expression::Nonce(_) | Expression::Hash(_) | Expression::StrictDynamic)
        };
        expressions.clone().any(|e| *e == Expression::UnsafeInline) && !expressions.any(off)
    }

    fn has_nonce(&self, nonce: &str) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|s| matches!(&s.expression, Expression::Nonce(listed) if listed == nonce))
    }

    fn has_hash_of(&self, text: &str) -> bool {
        Algorithm::ALL.into_iter().any(|algorithm| {
            let mut hashes = self.hashes().filter(|(_, hash)| hash.algorithm == algorithm);
            hashes.next().is_some_and(|(_, first)| {
                let digest = digest(text, algorithm);
                first.digest == digest || hashes.any(|(_, hash)| hash.digest == digest)
            })
        })
    }

    /// The hash sources with their indices.
    pub fn hashes(&self) -> impl DoubleEndedIterator<Item = (usize, &Hash)> {
        self.sources.iter().enumerate().filter_map(|(index, source)| match &source.expression {
            Expression::Hash(hash) => Some((index, hash)),
            _ => None,
        })
    }

    /// By the algorithm that the directive uses already; SHA-256, the usual one, if it uses none.
    fn needed(&self, text: &str) -> String {
        let used = self.hashes().next().map(|(_, hash)| hash.algorithm);
        format!("'{}'", digest(text, used.unwrap_or(Algorithm::Sha256)))
    }

    fn allows_own_scripts(&self, policy: &str) -> bool {
        self.sources.iter().any(|source| match source.expression {
            // They allow by other means than the address.
            Expression::Nonce(_) | Expression::StrictDynamic => true,
            Expression::UnsafeInline | Expression::Hash(_) => false,
            Expression::Other => {
                let source = policy[source.span.clone()].to_ascii_lowercase();
                matches!(source.as_str(), "'self'" | "*" | "https:" | "http:")
                    || source.starts_with('/')
            }
        })
    }
}
