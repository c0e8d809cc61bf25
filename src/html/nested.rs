//! What surrounds a nested text: a `srcdoc` is a page inside an attribute, a conditional comment a
//! fragment inside a comment, and each may hold the other.
//!
//! Text that is inserted into a nested text is encoded once for each text around it.

use std::sync::Arc;

use super::{attribute::encode, span::Quote};

/// The texts around a text, innermost first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// A conditional comment.
    Comment(Option<Arc<Surroundings>>),
    /// The value of a `srcdoc`, delimited by this quote.
    Srcdoc(Quote, Option<Arc<Surroundings>>),
}

impl Surroundings {
    /// Whether the text stands in an attribute, where there are character references.
    pub(super) fn is_attribute(surroundings: Option<&Arc<Self>>) -> bool {
        match surroundings.map(Arc::as_ref) {
            None => false,
            Some(Self::Comment(outer)) => Self::is_attribute(outer.as_ref()),
            Some(Self::Srcdoc(..)) => true,
        }
    }

    /// Whether inserted text could end a comment around it. A `srcdoc` encodes what
    /// could.
    pub(super) fn ends_a_comment(surroundings: Option<&Arc<Self>>, text: &str) -> bool {
        match surroundings.map(Arc::as_ref) {
            None | Some(Self::Srcdoc(..)) => false,
            Some(Self::Comment(_)) => text.contains('>'),
        }
    }

    /// Encodes inserted text for everything around it.
    pub(super) fn encode(surroundings: Option<&Arc<Self>>, text: String) -> String {
        match surroundings.map(Arc::as_ref) {
            None => text,
            // The caller has checked `ends_a_comment`, or encoded every `>`.
            Some(Self::Comment(outer)) => Self::encode(outer.as_ref(), text),
            Some(Self::Srcdoc(quote, outer)) => Self::encode(outer.as_ref(), encode(&text, *quote)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_once_for_each_layer() {
        let outer = Arc::new(Surroundings::Srcdoc(Quote::None, None));
        let inner = Arc::new(Surroundings::Srcdoc(Quote::Double, Some(outer)));
        assert_eq!(
            Surroundings::encode(Some(&inner), "a=\"b\"".into()),
            "a&#61;&amp;quot;b&amp;quot;"
        );
    }
}
