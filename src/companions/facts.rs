//! What recipes have to know of the pages that load a script, collected from their bytes.
//!
//! Too much is harmless, since what a package does not have is not selected; too little would leave
//! a file missing. So texts are searched for wherever they stand, and only configurations, whose
//! nesting matters, are read by the syntax of their code.

use std::collections::{BTreeMap, BTreeSet};

use super::{inline_code::inline_code, token};
use crate::js::{Constant, constants};

/// One thing to look for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// The rests of words that begin with `prefix`: `rust` of `language-rust`.
    Tokens {
        /// How the words begin, in any case.
        prefix: String,
    },
    /// The values of an attribute.
    Attribute {
        /// How the names of its elements begin. Empty for all.
        element: String,
        /// Its name.
        attribute: String,
    },
    /// The strings in a member of an object that code assigns, or passes to a function.
    Setting {
        /// The object (`MathJax`), or the function with `()` (`MathJax.Hub.Config()`).
        object: String,
        /// The member's path: `loader.load`.
        key: String,
    },
    /// Whether a text stands anywhere.
    Mention {
        /// The text, in any case.
        text: String,
    },
}

/// What was found for one [`Want`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The values whose text is known.
    pub texts: BTreeSet<String>,
    /// Whether there are others, which code computes.
    pub has_unknown: bool,
}

impl Values {
    fn add(&mut self, text: Option<String>) {
        match text {
            Some(text) => drop(self.texts.insert(text)),
            None => self.has_unknown = true,
        }
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty() && !self.has_unknown
    }
}

/// What is known of one page, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Want, Values>);

impl Facts {
    /// What the page `bytes` says of everything in `wanted`.
    pub fn of_page<'w>(bytes: &[u8], wanted: impl IntoIterator<Item = &'w Want>) -> Self {
        Self::of(bytes, wanted, || inline_code(bytes))
    }

    /// As [`of_page`](Self::of_page), for a script of the site.
    pub fn of_script<'w>(bytes: &[u8], wanted: impl IntoIterator<Item = &'w Want>) -> Self {
        Self::of(bytes, wanted, || vec![bytes])
    }

    fn of<'b, 'w>(
        bytes: &'b [u8],
        wanted: impl IntoIterator<Item = &'w Want>,
        code: impl Fn() -> Vec<&'b [u8]>,
    ) -> Self {
        let found = wanted.into_iter().map(|want| (want.clone(), find(bytes, &code, want)));
        Self(found.filter(|(_, values)| !values.is_empty()).collect())
    }

    /// Adds what is known of other pages.
    pub fn merge(&mut self, other: Self) {
        for (want, values) in other.0 {
            let own = self.0.entry(want).or_default();
            own.texts.extend(values.texts);
            own.has_unknown |= values.has_unknown;
        }
    }

    /// What was found; `None` if nothing was.
    pub fn get(&self, want: &Want) -> Option<&Values> {
        self.0.get(want)
    }
}

fn find<'b>(bytes: &'b [u8], code: &impl Fn() -> Vec<&'b [u8]>, want: &Want) -> Values {
    let mut values = Values::default();
    match want {
        Want::Tokens { prefix } => token::after(bytes, prefix, &mut |text| values.add(text)),
        Want::Attribute { element, attribute } => {
            token::attribute_values(bytes, element, attribute, &mut |text| values.add(text));
        }
        Want::Setting { object, key } => {
            settings(&code(), object, key, &mut |text| values.add(text));
        }
        Want::Mention { text } if token::contains(bytes, text) => values.add(Some(text.clone())),
        Want::Mention { .. } => {}
    }
    values
}

/// The strings in the member `key` of what `code` gives to `object`.
fn settings(code: &[&[u8]], object: &str, key: &str, found: &mut impl FnMut(Option<String>)) {
    let name = object.split(['.', '(']).next().unwrap_or(object);
    for code in code.iter().filter(|code| token::contains(code, name)) {
        // Code that no parser reads runs in no browser either.
        let constants = constants(code, object).unwrap_or_default();
        let members = constants.iter().flat_map(|constant| constant.at(key));
        members.flat_map(Constant::texts).for_each(|text| found(text.map(str::to_owned)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_page(page: &str, want: Want) -> (Vec<String>, bool) {
        let facts = Facts::of_page(page.as_bytes(), [&want]);
        let values = facts.get(&want).cloned().unwrap_or_default();
        (values.texts.into_iter().collect(), values.has_unknown)
    }

    fn tokens(prefix: &str) -> Want {
        Want::Tokens { prefix: prefix.into() }
    }

    fn setting(object: &str, key: &str) -> Want {
        Want::Setting { object: object.into(), key: key.into() }
    }

    fn known(texts: &[&str]) -> (Vec<String>, bool) {
        (texts.iter().map(|text| (*text).to_owned()).collect(), false)
    }

    #[test]
    fn words_with_a_prefix_are_found_wherever_they_stand() {
        let page = "<code class='a language-Rust'></code><script>f('language-c++')</script> \
                    my-language-no language-";
        assert_eq!(of_page(page, tokens("language-")), known(&["Rust", "c++", "rust"]));
    }

    #[test]
    fn a_word_whose_end_is_computed_is_unknown() {
        for page in ["`language-${name}`", "'language-' + name", "\"language-\"+name"] {
            assert_eq!(of_page(page, tokens("language-")), (vec![], true), "{page}");
        }
        assert_eq!(of_page("[class*='language-'] { }", tokens("language-")), known(&[]));
    }

    #[test]
    fn attributes_are_those_of_the_named_elements() {
        let want = || Want::Attribute { element: "sl-icon".into(), attribute: "name".into() };
        let page = "<sl-icon name=\"gear\"></sl-icon><sl-icon-button label='>' name=x>\
                    <input name=no><sl-icon data-name='no'>";
        assert_eq!(of_page(page, want()), known(&["gear", "x"]));
        assert_eq!(of_page("`<sl-icon name=\"${icon}\">`", want()), (vec![], true));
    }

    #[test]
    fn configurations_are_read_in_inline_code_of_any_type() {
        let page = "<SCRIPT type='text/x-mathjax-config'>MathJax.Hub.Config({jax: ['output/SVG']})\
                    </SCRIPT><script>MathJax = {loader: {load: ['ui/safe']}}</script\n>";
        let jax = of_page(page, setting("MathJax.Hub.Config()", "jax"));
        assert_eq!(jax, known(&["output/SVG"]));
        assert_eq!(of_page(page, setting("MathJax", "loader.load")), known(&["ui/safe"]));
    }

    #[test]
    fn a_script_of_the_site_is_read_as_code() {
        let want = setting("MathJax", "loader.load");
        let facts = Facts::of_script(b"window.MathJax = {loader: {load: [x]}}", [&want]);
        assert!(facts.get(&want).unwrap().has_unknown);
    }

    #[test]
    fn merging_keeps_what_either_page_knows() {
        let want = tokens("language-");
        let mut facts = Facts::of_page(b"language-a", [&want]);
        facts.merge(Facts::of_page(b"language-b `language-${c}`", [&want]));
        facts.merge(Facts::default());
        let values = facts.get(&want).unwrap();
        assert_eq!(values.texts, BTreeSet::from(["a".into(), "b".into()]));
        assert!(values.has_unknown);
    }

    #[test]
    fn a_mention_counts_in_any_case() {
        let want = Want::Mention { text: "a11y/".into() };
        assert_eq!(of_page("load: ['A11Y/explorer']", want.clone()), known(&["a11y/"]));
        assert_eq!(of_page("load: []", want), known(&[]));
    }
}
