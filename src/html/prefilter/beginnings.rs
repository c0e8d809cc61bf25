//! The places of a page that the prefilter looks at, and what each of them means.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use memchr::memmem;

use super::{
    concern::Concern,
    inline_scripts::InlineScripts,
    tags::{self, Meta},
};
use crate::html::vocabulary::{self, Element, Meaning};

/// How far behind `createElement` or `<scr` code may name the address of a script it builds.
const CODE_WINDOW: usize = 600;
pub(super) const CREATE_ELEMENT: &str = "createElement";

/// What the prefilter searches for: the beginnings of tags in all spellings, and `createElement`.
pub(super) static BEGINNINGS: LazyLock<Option<Searcher>> = LazyLock::new(|| {
    let tags = vocabulary::ELEMENTS.iter().flat_map(beginnings);
    Searcher::new(tags.chain([CREATE_ELEMENT.to_owned()]))
});

/// How the tags of an element can begin: two letters in all their spellings, and the third behind
/// the one that is usual.
fn beginnings(element: &Element) -> Vec<String> {
    let letters: Vec<_> = element.name[..element.beginning].chars().collect();
    let [first, second, rest @ ..] = &letters[..] else { return Vec::new() };
    let cases = |letter: &char| [*letter, letter.to_ascii_uppercase()];
    let pairs = cases(first).into_iter().flat_map(|a| cases(second).map(|b| format!("<{a}{b}")));
    let mut all: Vec<_> = pairs.collect();
    if let [third, ..] = rest {
        let usual = all.remove(0);
        all.splice(0..0, cases(third).map(|letter| format!("{usual}{letter}")));
    }
    all
}

/// What the tag or the `createElement` that begins at `at` means for how much has to be read.
pub(super) fn concern_at(
    page: &[u8],
    at: usize,
    local: Option<&str>,
    inline: &mut InlineScripts<'_>,
) -> Concern {
    let rest = &page[at..];
    let Some(tag) = rest.strip_prefix(b"<") else {
        return Concern::local(creates_a_script(rest), at);
    };
    let length = tag.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(tag.len());
    let (name, end) = (&tag[..length], at + 1 + length);
    let known = match vocabulary::element(name).map(|element| element.meaning) {
        Some(Meaning::Script) => {
            tags::script(page, end, local).map(|(loads, end)| inline.concern(at, end, loads))
        }
        Some(Meaning::Link) => {
            tags::link(page, end).map(|(matters, end)| Concern::local(matters, end))
        }
        Some(Meaning::Meta) => tags::meta(page, end).map(of_meta),
        Some(Meaning::Iframe) => tags::has_page(page, end).map(|has_page| match has_page {
            true => Concern::Lasting,
            false => Concern::None,
        }),
        Some(Meaning::Base) => None,
        // What a template holds is found without it.
        Some(Meaning::Template) => Some(Concern::None),
        None => return Concern::local(hides_a_script(name) && names_an_address(rest), at),
    };
    // Where a tag cannot be read with certainty, neither its attributes nor its end are known.
    known.unwrap_or(Concern::Lasting)
}

fn of_meta((meta, end): (Meta, usize)) -> Concern {
    match meta {
        Meta::Nothing => Concern::None,
        Meta::Encoding => Concern::Encoding(end),
        Meta::Policy => Concern::Local(end),
    }
}

/// `<scr"+"ipt src=…` is how code hides a tag from the parser.
fn hides_a_script(name: &[u8]) -> bool {
    name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"scr"))
}

/// Whether `createElement…` creates a script and goes on to name an address.
fn creates_a_script(code: &[u8]) -> bool {
    let argument = code.strip_prefix(b"createElement").and_then(|rest| rest.strip_prefix(b"("));
    let name = argument.and_then(|rest| rest.trim_ascii_start().get(1..7));
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"script")) && names_an_address(code)
}

/// Whether code close by could name an address: `//`, or `/\/` as strings in pages spell it.
fn names_an_address(code: &[u8]) -> bool {
    let window = &code[..code.len().min(CODE_WINDOW)];
    [&b"//"[..], b"/\\/"].iter().any(|slashes| memmem::find(window, slashes).is_some())
}
