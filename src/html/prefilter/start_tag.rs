//! Start tags that are written the plain way (HTML 13.1.2.1), and what they say: where one is not,
//! `None`. All of it takes the text behind the tag's name.

/// What a script's start tag says of what it loads from elsewhere, or as modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loads {
    Nothing,
    IfItsCodeDoes,
    Something,
}

/// What a script's tag says, and what follows it. An address that contains `local` counts as one
/// from elsewhere.
pub(super) fn script<'t>(tag: &'t [u8], local: Option<&str>) -> Option<(Loads, &'t [u8])> {
    // HTML's scripts have a `src`, SVG's a `href`; which of the two this is, is not known here.
    let (mut has_src, mut leads_away) = (false, false);
    let mut r#type: Option<&[u8]> = None;
    let rest = each_attribute(tag, |name, value| {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"src") || is(b"href") || is(b"xlink:href") {
            has_src |= is(b"src");
            leads_away |=
                !is_plain(value) || local.is_some_and(|local| contains(value, local.as_bytes()));
        } else if is(b"type") {
            r#type = r#type.or(Some(value));
        }
    })?;
    let r#type = r#type.unwrap_or_default();
    let is_any = |known: &[&[u8]]| known.iter().any(|known| r#type.eq_ignore_ascii_case(known));
    let loads = if leads_away {
        Loads::Something
    } else if has_src {
        let is_module = is_any(&[b"module"]) || r#type.contains(&b'&');
        if is_module { Loads::Something } else { Loads::Nothing }
    } else if is_any(&[b"", b"text/javascript", b"application/javascript"]) {
        Loads::IfItsCodeDoes
    } else if is_any(&[b"application/ld+json", b"application/json"]) {
        Loads::Nothing
    } else {
        // `module` and `importmap` may name anything in their text.
        Loads::Something
    };
    Some((loads, rest))
}

/// Whether a link preloads a module, or announces something from elsewhere; and what follows it.
pub(super) fn link(tag: &[u8]) -> Option<(bool, &[u8])> {
    let (mut is_module, mut announces, mut leads_away) = (false, false, false);
    let rest = each_attribute(tag, |name, value| {
        if name.eq_ignore_ascii_case(b"rel") {
            let has = |known: &[u8]| contains_word(value, known);
            is_module |= has(b"modulepreload") || value.contains(&b'&');
            announces |= has(b"preload") || has(b"preconnect") || has(b"dns-prefetch");
        } else if name.eq_ignore_ascii_case(b"href") {
            leads_away |= !is_plain(value);
        }
    })?;
    Some((is_module || (announces && leads_away), rest))
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

/// What a `<meta>` declares, and what follows it.
pub(super) fn meta(tag: &[u8]) -> Option<(Meta, &[u8])> {
    let mut meta = Meta::Nothing;
    let rest = each_attribute(tag, |name, value| {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        let (is_pragma, is_charset, is_content) =
            (is(b"http-equiv"), is(b"charset"), is(b"content"));
        let is_policy = (is_pragma && contains_word(value, b"security"))
            || ((is_pragma || is_charset) && value.contains(&b'&'))
            || ((is_charset || is_content) && (contains(value, b"2022") || contains(value, b"&#")));
        if is_policy {
            meta = Meta::Policy;
        } else if (is_charset || is_content) && meta == Meta::Nothing {
            meta = Meta::Encoding;
        }
    })?;
    Some((meta, rest))
}

/// Whether an `<iframe>` holds a page of its own.
pub(super) fn iframe(tag: &[u8]) -> Option<bool> {
    let mut has_page = false;
    each_attribute(tag, |name, _| has_page |= name.eq_ignore_ascii_case(b"srcdoc"))?;
    Some(has_page)
}

/// Hands over the attributes, each with its name and value; says what follows the tag's `>`.
fn each_attribute<'t>(tag: &'t [u8], mut note: impl FnMut(&'t [u8], &'t [u8])) -> Option<&'t [u8]> {
    let mut rest = tag;
    loop {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b"/").unwrap_or(rest).trim_ascii_start();
        if let Some(rest) = rest.strip_prefix(b">") {
            return Some(rest);
        }
        let name_length = rest.iter().position(|b| !NAME[usize::from(*b)]).filter(|at| *at > 0)?;
        let (name, after) = rest.split_at(name_length);
        let (value, after) = value(after)?;
        note(name, value);
        rest = after;
    }
}

/// The value behind an attribute's name, empty if there is none, and what follows it.
fn value(after_name: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(after_sign) = after_name.trim_ascii_start().strip_prefix(b"=") else {
        return Some((b"", after_name));
    };
    let rest = after_sign.trim_ascii_start();
    match rest.first()? {
        quote @ (b'"' | b'\'') => {
            let end = memchr::memchr(*quote, &rest[1..])?;
            Some((&rest[1..=end], &rest[end + 2..]))
        }
        _ => {
            let end = rest.iter().position(|b| b.is_ascii_whitespace() || *b == b'>')?;
            let plain = |b: &u8| !matches!(b, b'"' | b'\'' | b'<' | b'`');
            let is_value = end > 0 && rest[0] != b'=' && rest[..end].iter().all(plain);
            is_value.then(|| rest.split_at(end))
        }
    }
}

/// Whether an address is certainly a path of the site itself, and nothing but a path.
fn is_plain(address: &[u8]) -> bool {
    let mut before = 0;
    address.iter().all(|byte| {
        let is_slash_again = (std::mem::replace(&mut before, *byte), *byte) == (b'/', b'/');
        PLAIN[usize::from(*byte)] && !is_slash_again
    })
}

/// The bytes of attributes' names.
const NAME: [bool; 256] = alphanumeric_and(b"-_:.@");
/// The bytes that mean nothing but themselves in the address of a file.
const PLAIN: [bool; 256] = alphanumeric_and(b"-._~/?#=+@,;!%");

const fn alphanumeric_and(mut others: &[u8]) -> [bool; 256] {
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
}

/// Values are short, and rarely hold even the first byte of what is looked for.
fn contains(value: &[u8], text: &[u8]) -> bool {
    match text.first() {
        Some(first) => memchr::memchr_iter(*first, value).any(|at| value[at..].starts_with(text)),
        None => true,
    }
}

/// Whether `value` contains `word`, which is in lower case, in whatever case.
fn contains_word(value: &[u8], word: &[u8]) -> bool {
    value.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}
