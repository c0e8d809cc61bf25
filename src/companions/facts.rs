//! What recipes have to know of the pages that load a script, collected from their bytes.
//!
//! Too much is harmless, since what a package does not have is not selected; too little would leave
//! a file missing. So texts are searched for wherever they stand, and only configurations, whose
//! nesting matters, are read by the syntax of their code.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::Range,
};

use regex::bytes::{Regex, RegexBuilder};

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

impl Want {
    /// The text without which there is nothing to find.
    fn needle(&self) -> String {
        match self {
            Self::Tokens { prefix: text } | Self::Mention { text } => text.clone(),
            Self::Attribute { element, attribute } if element.is_empty() => attribute.clone(),
            Self::Attribute { element, .. } => format!("<{element}"),
            Self::Setting { object, .. } => {
                object.split(['.', '(']).next().unwrap_or_default().to_owned()
            }
        }
    }
}

/// Everything to look for, which is searched for at once.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Each with the text that it begins with.
    wants: Vec<(String, Want)>,
    /// Missing if there is nothing to look for.
    searcher: Option<Regex>,
}

impl Wanted {
    /// Looks for all of these.
    pub fn new(wants: impl IntoIterator<Item = Want>) -> Self {
        let wants: Vec<_> = wants.into_iter().map(|want| (want.needle(), want)).collect();
        if wants.is_empty() {
            return Self::default();
        }
        let needles: BTreeSet<_> = wants.iter().map(|(needle, _)| needle.as_str()).collect();
        let any: Vec<_> = needles.into_iter().map(regex::escape).collect();
        let searcher =
            RegexBuilder::new(&any.join("|")).case_insensitive(true).unicode(false).build().ok();
        Self { wants, searcher }
    }

    /// Everything that is looked for.
    pub fn wants(&self) -> impl Iterator<Item = &Want> {
        self.wants.iter().map(|(_, want)| want)
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.wants.is_empty()
    }

    /// Whether there may be anything to find in `bytes`.
    fn occurs_in(&self, bytes: &[u8]) -> bool {
        self.searcher.as_ref().is_some_and(|searcher| searcher.is_match(bytes))
    }

    /// Where `bytes` have the texts that wants begin with.
    fn occurrences<'w>(
        &'w self,
        bytes: &'w [u8],
    ) -> impl Iterator<Item = (&'w Want, Range<usize>)> {
        let starts = self.starts(bytes);
        starts.flat_map(move |start| {
            self.wants.iter().filter_map(move |(needle, want)| {
                let place = start..start + needle.len();
                let there = bytes.get(place.clone())?;
                there.eq_ignore_ascii_case(needle.as_bytes()).then_some((want, place))
            })
        })
    }

    /// Where any of the texts begins, also inside another.
    fn starts<'w>(&'w self, bytes: &'w [u8]) -> impl Iterator<Item = usize> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let found = self.searcher.as_ref()?.find_at(bytes, from)?;
            from = found.start() + 1;
            Some(found.start())
        })
    }
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
}

/// What is known of one page, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Want, Values>);

/// How much code is remembered, in bytes.
const REMEMBERED: usize = 1 << 20;

/// Collects facts from page to page. Most pages of a site have the same inline code, which is parsed once.
#[derive(Debug)]
pub struct FactReader<'w> {
    wanted: &'w Wanted,
    facts: Facts,
    seen: HashSet<Vec<u8>>,
    remembered: usize,
}

impl<'w> FactReader<'w> {
    /// Looks for everything in `wanted`.
    pub fn new(wanted: &'w Wanted) -> Self {
        Self { wanted, facts: Facts::default(), seen: HashSet::new(), remembered: 0 }
    }

    /// Whether nothing is looked for.
    pub fn is_idle(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Adds what a page says.
    pub fn add_page(&mut self, bytes: &[u8]) {
        self.add(bytes, inline_code);
    }

    /// Adds what a script of the site says.
    pub fn add_script(&mut self, bytes: &[u8]) {
        self.add(bytes, |bytes| vec![bytes]);
    }

    /// What was found.
    pub fn facts(self) -> Facts {
        self.facts
    }

    /// Adds what another reader has found.
    pub fn merge(&mut self, other: Self) {
        self.facts.merge(other.facts);
    }

    fn add(&mut self, bytes: &[u8], code: fn(&[u8]) -> Vec<&[u8]>) {
        let mut settings = BTreeSet::new();
        for (want, place) in self.wanted.occurrences(bytes) {
            match want {
                Want::Setting { .. } => drop(settings.insert(want)),
                want => find(bytes, want, place, &mut |value| self.facts.add(want, value)),
            }
        }
        if settings.is_empty() {
            return;
        }
        let settings: Vec<_> = settings.into_iter().collect();
        for code in code(bytes) {
            if self.wanted.occurs_in(code) && self.is_new(code) {
                self.facts.add_settings(code, &settings);
            }
        }
    }

    fn is_new(&mut self, code: &[u8]) -> bool {
        if self.seen.contains(code) {
            return false;
        }
        if self.remembered + code.len() <= REMEMBERED {
            self.remembered += code.len();
            self.seen.insert(code.to_owned());
        }
        true
    }
}

impl Facts {
    /// What the page `bytes` says of everything in `wanted`.
    #[cfg(any(test, feature = "internals"))]
    pub fn of_page(bytes: &[u8], wanted: &Wanted) -> Self {
        let mut reader = FactReader::new(wanted);
        reader.add_page(bytes);
        reader.facts()
    }

    fn add(&mut self, want: &Want, value: Option<String>) {
        self.0.entry(want.clone()).or_default().add(value);
    }

    /// Adds what `code` says of each of `settings`.
    fn add_settings(&mut self, code: &[u8], settings: &[&Want]) {
        let named = settings.iter().filter_map(|want| match want {
            Want::Setting { object, key } => Some((*want, object.as_str(), key)),
            Want::Tokens { .. } | Want::Attribute { .. } | Want::Mention { .. } => None,
        });
        let (objects, keys): (Vec<_>, Vec<_>) =
            named.map(|(want, object, key)| (object, (want, key))).unzip();
        // Code that no parser reads runs in no browser either.
        for (index, constant) in constants(code, &objects).unwrap_or_default() {
            let (want, key) = keys[index];
            let texts = constant.at(key).into_iter().flat_map(Constant::texts);
            texts.for_each(|text| self.add(want, text.map(str::to_owned)));
        }
    }

    /// Of pages that cannot be read: everything has values that are not known.
    pub fn unknown(wanted: &Wanted) -> Self {
        let any = Values { has_unknown: true, ..Values::default() };
        Self(wanted.wants().map(|want| (want.clone(), any.clone())).collect())
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

/// Gives what stands at `place`, where `bytes` have the text that `want` begins with.
fn find(bytes: &[u8], want: &Want, place: Range<usize>, found: &mut impl FnMut(Option<String>)) {
    let rest = &bytes[place.end..];
    match want {
        Want::Tokens { prefix } if token::begins_word(bytes, place.start, prefix) => {
            token::rest_of_word(rest, found);
        }
        Want::Attribute { element, attribute } if element.is_empty() => {
            if token::begins_word(bytes, place.start, attribute) {
                token::value_after_name(rest, found);
            }
        }
        Want::Attribute { attribute, .. } => {
            token::values_in_tag(token::rest_of_tag(rest), attribute, found);
        }
        Want::Mention { text } => found(Some(text.clone())),
        Want::Tokens { .. } | Want::Setting { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_page(page: &str, want: Want) -> (Vec<String>, bool) {
        let facts = Facts::of_page(page.as_bytes(), &Wanted::new([want.clone()]));
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
        let wanted = Wanted::new([want.clone()]);
        let mut reader = FactReader::new(&wanted);
        reader.add_script(b"window.MathJax = {loader: {load: [x]}}");
        let facts = reader.facts();
        assert!(facts.get(&want).unwrap().has_unknown);
    }

    #[test]
    fn merging_keeps_what_either_page_knows() {
        let want = tokens("language-");
        let wanted = Wanted::new([want.clone()]);
        let mut facts = Facts::of_page(b"language-a", &wanted);
        facts.merge(Facts::of_page(b"language-b `language-${c}`", &wanted));
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
