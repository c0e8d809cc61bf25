//! What the prefilter reads in start tags. Each function takes a page and where the tag's name
//! ends, and says where the tag ends; `None` where the tag cannot be read with certainty.

use crate::{
    asset::Markup,
    html::{
        start_tag::{Part, StartTag},
        vocabulary::{CONTENT, HREF, HTTP_EQUIV, REL_TOKENS, SCRIPT_ADDRESSES, SRCDOC},
    },
};

/// What a script's start tag says of what it loads from elsewhere, or as modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loads {
    Nothing,
    IfItsCodeDoes,
    Something,
}

/// What a script's tag says. An address that contains `local` counts as one from elsewhere.
pub(super) fn script(page: &[u8], at: usize, local: Option<&str>) -> Option<(Loads, usize)> {
    // Whether this is HTML's element or SVG's is not known here.
    let (mut has_src, mut leads_away) = (false, false);
    let mut r#type: Option<&[u8]> = None;
    let end = each_attribute(page, at, |name, value| {
        if let Some(address) = SCRIPT_ADDRESSES.iter().find(|known| is(name, known.attribute)) {
            has_src |= address.markup == Markup::Html;
            leads_away |=
                !is_plain(value) || local.is_some_and(|local| contains(value, local.as_bytes()));
        } else if is(name, "type") {
            r#type = r#type.or(Some(value));
        }
    })?;
    Some((loads(has_src, leads_away, r#type.unwrap_or_default()), end))
}

fn loads(has_src: bool, leads_away: bool, r#type: &[u8]) -> Loads {
    let is_any = |known: &[&str]| known.iter().any(|known| is(r#type, known));
    if leads_away {
        Loads::Something
    } else if has_src {
        let is_module = is_any(&["module"]) || r#type.contains(&b'&');
        if is_module { Loads::Something } else { Loads::Nothing }
    } else if is_any(&["", "text/javascript", "application/javascript"]) {
        Loads::IfItsCodeDoes
    } else if is_any(&["application/ld+json", "application/json"]) {
        Loads::Nothing
    } else {
        // `module` and `importmap` may name anything in their text.
        Loads::Something
    }
}

/// Whether a link preloads a module, or announces something from elsewhere.
pub(super) fn link(page: &[u8], at: usize) -> Option<(bool, usize)> {
    let (mut matters_in_site, mut announces, mut leads_away) = (false, false, false);
    // Most links are of other kinds, and their address is not worth a look.
    let mut href = None;
    let end = each_attribute(page, at, |name, value| {
        if is(name, "rel") {
            matters_in_site |= value.contains(&b'&');
            for known in REL_TOKENS.iter().filter(|known| contains_word(value, known.token)) {
                matters_in_site |= known.matters_in_site;
                announces = true;
            }
        } else if is(name, HREF)
            && let Some(other) = href.replace(value)
        {
            leads_away |= !is_plain(other);
        }
    })?;
    let leads_away = || leads_away || href.is_some_and(|address| !is_plain(address));
    Some((matters_in_site || (announces && leads_away()), end))
}

/// What a `<meta>` declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meta {
    Nothing,
    /// The page's encoding: `<meta charset>`, or `<meta content="…; charset=…">`.
    Encoding,
    /// A policy, an encoding that hides markup, or either of them behind an escape.
    Policy,
}

/// What a `<meta>` declares.
pub(super) fn meta(page: &[u8], at: usize) -> Option<(Meta, usize)> {
    let mut meta = Meta::Nothing;
    let end = each_attribute(page, at, |name, value| {
        let (is_pragma, is_charset, is_content) =
            (is(name, HTTP_EQUIV), is(name, "charset"), is(name, CONTENT));
        let is_policy = (is_pragma && contains_word(value, "security"))
            || ((is_pragma || is_charset) && value.contains(&b'&'))
            || ((is_charset || is_content) && (contains(value, b"2022") || contains(value, b"&#")));
        if is_policy {
            meta = Meta::Policy;
        } else if (is_charset || is_content) && meta == Meta::Nothing {
            meta = Meta::Encoding;
        }
    })?;
    Some((meta, end))
}

/// Whether an `<iframe>` holds a page of its own.
pub(super) fn has_page(page: &[u8], at: usize) -> Option<bool> {
    let mut has_page = false;
    each_attribute(page, at, |name, _| has_page |= is(name, SRCDOC))?;
    Some(has_page)
}

/// Reads the attributes, each as its name and value; returns where the tag ends.
#[inline]
fn each_attribute<'p>(
    page: &'p [u8],
    at: usize,
    mut note: impl FnMut(&'p [u8], &'p [u8]),
) -> Option<usize> {
    let mut tag = StartTag::behind_name(page, at);
    loop {
        match tag.next()? {
            Part::Attribute(attribute) => {
                let value = attribute.value.map_or(&b""[..], |value| &page[value]);
                note(&page[attribute.name], value);
            }
            Part::End(end) => return Some(end.at),
        }
    }
}

fn is(name: &[u8], known: &str) -> bool {
    name.eq_ignore_ascii_case(known.as_bytes())
}

/// Whether an address is certainly a path of the site itself, and nothing but a path.
fn is_plain(address: &[u8]) -> bool {
    address.iter().all(|byte| PLAIN[usize::from(*byte)])
        && !memchr::memchr_iter(b'/', address).any(|at| address.get(at + 1) == Some(&b'/'))
}

/// The bytes that mean nothing but themselves in the address of a file.
const PLAIN: [bool; 256] = {
    let mut others: &[u8] = b"-._~/?#=+@,;!%";
    let mut bytes = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        bytes[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    while let [first, rest @ ..] = others {
        bytes[*first as usize] = true;
        others = rest;
    }
    bytes
};

/// Values are short, and rarely hold even the first byte of what is looked for.
fn contains(value: &[u8], text: &[u8]) -> bool {
    match text.first() {
        Some(first) => memchr::memchr_iter(*first, value).any(|at| value[at..].starts_with(text)),
        None => true,
    }
}

/// Whether `value` contains `word`, which is in lower case, in whatever case.
fn contains_word(value: &[u8], word: &str) -> bool {
    value.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}
