//! Which pages need no parse at all: most of a site's pages load nothing from elsewhere, and no
//! modules.
//!
//! Looks only at tags that can name a script and at code that can build one, wherever they stand,
//! comments and strings included: that finds more than a parser would, never less. A tag is read
//! only as long as it is written the plain way; whatever is unusual counts as a reason to parse.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use memchr::memmem;

use super::{Dialect, code, encoding};

/// A page's encoding is declared within its first bytes (HTML 13.2.3.2); that is always read.
const ENCODING_WINDOW: usize = 1024;
/// How far behind `createElement` or `<scr` code may name the address of a script it builds.
const CODE_WINDOW: usize = 600;

/// What begins farther than this from the end of a part of a page is judged in it, but for tags and
/// scripts that are longer.
const LOOKAHEAD: usize = 1024;
const LONGEST_BEGINNING: usize = "createElement".len();

/// The beginnings that matter, as far as letters can vary in case.
static BEGINNINGS: LazyLock<Option<Searcher>> = LazyLock::new(|| {
    // Of links more than of the others, because `<li` begins half of all lists.
    let tags =
        ["<sc", "<lin", "<me", "<ba", "<if"].map(str::as_bytes).into_iter().flat_map(|tag| {
            let in_case = |upper: usize| {
                let letter = |(at, byte): (usize, &u8)| match upper >> at & 1 {
                    0 => *byte,
                    _ => byte.to_ascii_uppercase(),
                };
                tag.iter().enumerate().map(letter).collect()
            };
            // The first bit is for `<`, which has no case.
            (0..1 << tag.len()).step_by(2).map(in_case).collect::<Vec<Vec<u8>>>()
        });
    Searcher::new(tags.chain([b"createElement".to_vec()]))
});

static COMMENT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("<!--"));

/// How much of a page a scan has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: the page certainly loads nothing from elsewhere, and no modules.
    Nothing,
    /// Its first bytes, this many: what comes behind them certainly loads nothing from elsewhere
    /// and no modules, and no parser lets it change what comes before.
    Beginning(usize),
    /// All of it.
    Everything,
}

/// What begins at one place of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Concern {
    None,
    /// It matters by itself, and is over before this offset.
    Local(usize),
    /// It may declare the encoding of what matters, and is over before this offset.
    Encoding(usize),
    /// It may give a meaning to what follows.
    Lasting,
}

/// How much of `page` has to be read to find everything that bears on scripts from elsewhere, on
/// modules (which may import from elsewhere wherever they lie), or on scripts whose address
/// contains `local`.
pub fn reach(page: &[u8], dialect: Dialect, local: Option<&str>) -> Reach {
    let Some(beginnings) = &*BEGINNINGS else { return Reach::Everything };
    // Only an XHTML page can fail for what is harmless in HTML.
    if dialect == Dialect::Xhtml || encoding::sniff(page).is_some_and(encoding::hides_markup) {
        return Reach::Everything;
    }
    let mut inline = InlineScripts::of(page, true);
    let mut last: Option<usize> = None;
    let mut encoding_end = 0;
    let mut at = 0;
    while let Some(found) = beginnings.find_in(page, (at..page.len()).into()) {
        at = found.end();
        match concern(page, found.start(), local, &mut inline) {
            Concern::None => {}
            Concern::Local(end) => last = last.max(Some(end)),
            Concern::Encoding(end) if found.start() < ENCODING_WINDOW => encoding_end = end,
            Concern::Encoding(_) => {}
            Concern::Lasting => return Reach::Everything,
        }
    }
    let Some(last) = last else { return Reach::Nothing };
    let beginning = script_end(&page[last..])
        .and_then(|end| whole_comments(page, encoding_end.max(last + end)));
    beginning.map_or(Reach::Everything, Reach::Beginning)
}

/// A part of a page from somewhere inside it, where text and tags may begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'p> {
    pub(super) bytes: &'p [u8],
    /// Whether the page ends with it.
    pub(super) is_last: bool,
    /// Whether a declaration of the page's encoding could matter.
    pub(super) may_declare: bool,
}

/// How many bytes at the part's beginning certainly hold nothing that [`reach`] would find; what
/// follows them can be judged only together with what comes next. `None`: something may matter.
pub(super) fn clear(part: Part<'_>, local: Option<&str>) -> Option<usize> {
    let Part { bytes, is_last, may_declare } = part;
    let beginnings = BEGINNINGS.as_ref()?;
    let mut inline = InlineScripts::of(bytes, is_last);
    let mut at = 0;
    while let Some(found) = beginnings.find_in(bytes, (at..bytes.len()).into()) {
        at = found.end();
        if !is_last && bytes.len() - found.start() < LOOKAHEAD {
            return Some(found.start());
        }
        match concern(bytes, found.start(), local, &mut inline) {
            Concern::None => {}
            Concern::Encoding(_) if !may_declare => {}
            Concern::Lasting if !is_last => return Some(found.start()),
            Concern::Local(_) | Concern::Encoding(_) | Concern::Lasting => return None,
        }
    }
    let open = if is_last { 0 } else { LONGEST_BEGINNING - 1 };
    Some(at.max(bytes.len().saturating_sub(open)))
}

/// How far a beginning of `end` bytes has to reach so that no conditional comment is cut: it is one
/// thing from its beginning to its end. `None` if one has no end.
fn whole_comments(page: &[u8], mut end: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(distance) = memmem::find(&page[at..end], b"<!--[") {
        let text = at + distance + b"<!--".len();
        at = text + memmem::find(&page[text..], b"-->")? + b"-->".len();
        end = end.max(at);
    }
    Some(end)
}

/// The end of the first `</script>`; `None` if it is not written the plain way.
fn script_end(bytes: &[u8]) -> Option<usize> {
    let name_end = end_tag(bytes)? + END_TAG.len();
    let rest = bytes[name_end..].trim_ascii_start();
    rest.starts_with(b">").then(|| bytes.len() - rest.len() + 1)
}

const END_TAG: &[u8] = b"</script";

/// Where the first end tag of a script begins (HTML 13.2.5.17, script data end tag name state).
fn end_tag(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', bytes).find(|at| {
        let Some((name, after)) = bytes[*at..].split_at_checked(END_TAG.len()) else {
            return false;
        };
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
        name.eq_ignore_ascii_case(END_TAG) && after.first().is_some_and(ends)
    })
}

/// Where something comes next, asked about ever later places: nothing is looked at twice, so that
/// no page takes more than its length.
struct Next<'p> {
    page: &'p [u8],
    find: fn(&[u8]) -> Option<usize>,
    /// Where it is, as far as known.
    known: Option<usize>,
    /// Up to here there is no other.
    clear_to: usize,
}

impl<'p> Next<'p> {
    fn of(page: &'p [u8], find: fn(&[u8]) -> Option<usize>) -> Self {
        Self { page, find, known: None, clear_to: 0 }
    }

    /// The first place from `at` on and before `end`.
    fn within(&mut self, at: usize, end: usize) -> Option<usize> {
        if self.known.is_none_or(|known| known < at) {
            let start = at.max(self.clear_to);
            self.clear_to = end.max(start);
            let found = self.page.get(start..end).and_then(|part| (self.find)(part));
            self.known = found.map(|distance| start + distance);
            if let Some(known) = self.known {
                self.clear_to = known;
            }
        }
        self.known.filter(|known| *known < end)
    }
}

/// What inline scripts may do, without knowing where their start tags end: attributes count as
/// code.
struct InlineScripts<'p> {
    length: usize,
    /// Whether nothing follows that a script could go on in.
    is_last: bool,
    ends: Next<'p>,
    comments: Next<'p>,
    loaders: [Next<'p>; 2],
}

impl<'p> InlineScripts<'p> {
    fn of(page: &'p [u8], is_last: bool) -> Self {
        Self {
            length: page.len(),
            is_last,
            ends: Next::of(page, end_tag),
            comments: Next::of(page, |bytes| COMMENT.find(bytes)),
            loaders: [Next::of(page, code::import_call), Next::of(page, code::worker)],
        }
    }

    /// What the script means whose start tag reaches from `at` to `tag_end`. After `<!--` it may
    /// go on behind its first end tag (HTML 13.2.5.20, script data escaped state), and nobody can
    /// tell how far.
    fn concern(&mut self, at: usize, tag_end: usize, loads: Loads) -> Concern {
        let end_tag = self.ends.within(tag_end, self.length);
        let end = end_tag.unwrap_or(self.length);
        let is_escaped = self.comments.within(at, end).is_some();
        let reach = if is_escaped { self.length } else { end };
        let goes_on = !self.is_last && (is_escaped || end_tag.is_none());
        let concerns_us = match loads {
            Loads::Nothing => false,
            Loads::IfItsCodeDoes if goes_on => return Concern::Lasting,
            Loads::IfItsCodeDoes => {
                self.loaders.iter_mut().any(|next| next.within(at, reach).is_some())
            }
            Loads::Something => true,
        };
        match (concerns_us, is_escaped) {
            (false, _) => Concern::None,
            (true, false) => Concern::Local(tag_end),
            (true, true) => Concern::Lasting,
        }
    }
}

/// What a script's start tag says of what it loads from elsewhere, or as modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loads {
    Nothing,
    IfItsCodeDoes,
    Something,
}

/// What it means that this begins at `at`, a tag or `createElement`.
fn concern(page: &[u8], at: usize, local: Option<&str>, inline: &mut InlineScripts<'_>) -> Concern {
    let rest = &page[at..];
    let code = |concerns_us: bool| if concerns_us { Concern::Local(at) } else { Concern::None };
    let Some(after) = rest.strip_prefix(b"<") else { return code(creates_a_script(rest)) };
    let name_length = after.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(after.len());
    let name = &after[..name_length];
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    if is(b"base") {
        return Concern::Lasting;
    }
    if !["script", "link", "meta", "iframe"].iter().any(|known| is(known.as_bytes())) {
        // `<scr"+"ipt src=…` is how code hides a tag from the parser.
        let hidden = name.len() >= 3 && b"script".starts_with(&name.to_ascii_lowercase()[..3]);
        return code(hidden && names_an_address(rest));
    }
    // Where a tag is not written the plain way, its attributes are not certain, nor is its end.
    let Some(tag) = StartTag::read(&after[name_length..]) else { return Concern::Lasting };
    let end = page.len() - tag.rest.len();
    let here = |concerns_us: bool| if concerns_us { Concern::Local(end) } else { Concern::None };
    if is(b"script") {
        inline.concern(at, end, script_loads(&tag, local))
    } else if is(b"link") {
        here(link_concerns_us(&tag))
    } else if is(b"meta") {
        match (meta_concerns_us(&tag), declares_encoding(&tag)) {
            (false, true) => Concern::Encoding(end),
            (concerns_us, _) => here(concerns_us),
        }
    } else {
        let mut attributes = tag.attributes.iter();
        let srcdoc = attributes.any(|(name, _)| name.eq_ignore_ascii_case(b"srcdoc"));
        if srcdoc { Concern::Lasting } else { Concern::None }
    }
}

fn script_loads(tag: &StartTag<'_>, local: Option<&str>) -> Loads {
    // HTML's scripts have a `src`, SVG's a `href`; which of the two this is, is not known here.
    let (mut has_src, mut leads_away) = (false, false);
    let mut r#type: Option<&[u8]> = None;
    for (name, value) in &tag.attributes {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"src") || is(b"href") || is(b"xlink:href") {
            has_src |= is(b"src");
            leads_away |=
                !is_plain(value) || local.is_some_and(|local| contains(value, local.as_bytes()));
        } else if is(b"type") {
            r#type = r#type.or(Some(value));
        }
    }
    let r#type = r#type.unwrap_or_default();
    let is_any = |known: &[&[u8]]| known.iter().any(|known| r#type.eq_ignore_ascii_case(known));
    if leads_away {
        Loads::Something
    } else if has_src {
        let is_module = is_any(&[b"module"]) || contains(r#type, b"&");
        if is_module { Loads::Something } else { Loads::Nothing }
    } else if is_any(&[b"", b"text/javascript", b"application/javascript"]) {
        Loads::IfItsCodeDoes
    } else if is_any(&[b"application/ld+json", b"application/json"]) {
        Loads::Nothing
    } else {
        // `module` and `importmap` may name anything in their text.
        Loads::Something
    }
}

fn link_concerns_us(tag: &StartTag<'_>) -> bool {
    let (mut is_module, mut announces, mut leads_away) = (false, false, false);
    for (name, value) in &tag.attributes {
        if name.eq_ignore_ascii_case(b"rel") {
            let value = value.to_ascii_lowercase();
            let has = |known: &[u8]| contains(&value, known);
            is_module |= has(b"modulepreload") || has(b"&");
            announces |= has(b"preload") || has(b"preconnect") || has(b"dns-prefetch");
        }
        leads_away |= name.eq_ignore_ascii_case(b"href") && !is_plain(value);
    }
    is_module || (announces && leads_away)
}

fn meta_concerns_us(tag: &StartTag<'_>) -> bool {
    tag.attributes.iter().any(|(name, value)| {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        // A policy, an encoding that hides markup, or either of them behind an escape.
        let (is_policy, is_charset) = (is(b"http-equiv"), is(b"charset"));
        (is_policy && contains(&value.to_ascii_lowercase(), b"security"))
            || ((is_policy || is_charset) && contains(value, b"&"))
            || ((is_charset || is(b"content"))
                && (contains(value, b"2022") || contains(value, b"&#")))
    })
}

/// `<meta charset>`, or `<meta content="…; charset=…">`.
fn declares_encoding(tag: &StartTag<'_>) -> bool {
    let is = |name: &[u8], known: &[u8]| name.eq_ignore_ascii_case(known);
    tag.attributes.iter().any(|(name, _)| is(name, b"charset") || is(name, b"content"))
}

/// A start tag that is written the plain way, from behind its name.
struct StartTag<'t> {
    attributes: Vec<(&'t [u8], &'t [u8])>,
    /// What follows its `>`.
    rest: &'t [u8],
}

impl<'t> StartTag<'t> {
    /// `None` if the tag is not written the plain way.
    fn read(tag: &'t [u8]) -> Option<Self> {
        let mut attributes = Vec::new();
        let mut rest = tag;
        loop {
            rest = rest.trim_ascii_start();
            rest = rest.strip_prefix(b"/").unwrap_or(rest).trim_ascii_start();
            if let Some(rest) = rest.strip_prefix(b">") {
                return Some(Self { attributes, rest });
            }
            let is_name =
                |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.' | b'@');
            let name_length = rest.iter().position(|b| !is_name(b)).filter(|length| *length > 0)?;
            let (name, after) = rest.split_at(name_length);
            let (value, after) = value(after)?;
            attributes.push((name, value));
            rest = after;
        }
    }
}

/// The value behind an attribute's name, empty if there is none, and what follows it. `None` if
/// it is not written the plain way.
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
    address.iter().all(|byte| PLAIN[usize::from(*byte)]) && !contains(address, b"//")
}

/// The bytes that mean nothing but themselves in the address of a file.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        plain[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut rest = b"-._~/?#=+@,;!%".as_slice();
    while let [first, others @ ..] = rest {
        plain[*first as usize] = true;
        rest = others;
    }
    plain
};

/// Whether `createElement…` creates a script and goes on to name an address.
fn creates_a_script(code: &[u8]) -> bool {
    let argument = code.strip_prefix(b"createElement").and_then(|rest| rest.strip_prefix(b"("));
    let name = argument.and_then(|rest| rest.trim_ascii_start().get(1..7));
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"script")) && names_an_address(code)
}

/// Whether code close by could name an address: `//`, or `/\/` as strings in pages spell it.
fn names_an_address(code: &[u8]) -> bool {
    let window = &code[..code.len().min(CODE_WINDOW)];
    contains(window, b"//") || contains(window, b"/\\/")
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memmem::find(haystack, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matters(page: &str) -> bool {
        reach(page.as_bytes(), Dialect::Html, Some("vendor/")) != Reach::Nothing
    }

    #[test]
    fn pages_with_only_their_own_classic_scripts_are_passed_over() {
        assert!(!matters(
            r#"<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="stylesheet" href="a.css">
            <link rel=preload href=/f.woff2 as=font crossorigin><script src="_static/js/x.js?v=1" defer></script>
            <SCRIPT type="text/javascript">var a = document.createElement("div");</SCRIPT><svg><line/></svg>
            <script type=application/ld+json>{"a": "import (b)"}</script><link rel=preload as=script href=/b.js>
            <script>"serviceWorker" in navigator // !important</script><p>import (c)<iframe src="https://maps.example/x"></iframe>"#
        ));
    }

    #[test]
    fn what_comes_behind_the_last_script_from_elsewhere_is_not_read() {
        let head = "<script src=//h/a.js></script>".to_owned() + &" ".repeat(ENCODING_WINDOW);
        let page = format!("{head}<SCRIPT src=//h/b.js></SCRIPT >{}", "<p>".repeat(9));
        let end = page.len() - 9 * 3;
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let comment = format!("{page}<!--[if IE]><![endif]-->");
        assert_eq!(reach(comment.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
    }

    #[test]
    fn a_conditional_comment_is_read_to_its_end() {
        let head = "<script src=//h/a.js></script>".to_owned() + &" ".repeat(ENCODING_WINDOW);
        let comment = "<!--[if IE]><script src=//h/b.js></script><p><![endif]-->";
        let page = format!("{head}{comment}<p>");
        let end = page.len() - 3;
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let open = page.replace("-->", "");
        assert_eq!(reach(open.as_bytes(), Dialect::Html, None), Reach::Everything);
    }

    #[test]
    fn every_way_to_name_another_origin_is_a_reason_to_parse() {
        for page in [
            r#"<script src="//h/x.js">"#,
            r#"<ScRiPt SRC=https://h/x.js>"#,
            r#"<script src="/&#47;h/x.js">"#,
            r#"<script src="/\h/x.js">"#,
            "<script src=\"/\t/h/x.js\">",
            r#"<svg><script href="//h/x.js"/>"#,
            r#"<base href="https://h/"><script src=x.js>"#,
            r#"<iframe srcdoc="x">"#,
            r#"<link rel="dns-prefetch" href="//h">"#,
            r#"<script type="module">import "https://h/x.js""#,
            r#"<script type="importmap">{}"#,
            r#"<meta http-equiv="Content-Security-Policy" content="x">"#,
            r#"<!--[if IE]><script src="//h/x.js"></script><![endif]-->"#,
            r#"document.write('<scr'+'ipt src="//h/x.js">')"#,
            r#"s=document.createElement("script");s.src="https://h/x.js""#,
            r#"<script a='"' b="x>y" src=//h/x.js>"#,
            r#"<script ="a b="c>d" src=//h/e.js>"#,
            r#"<script src="{{ url }}">"#,
            r#"<script src="../vendor/h/x.js">"#,
            r#"<script title="</script>">import('https://h/x.js')</script>"#,
        ] {
            assert!(matters(page), "{page}");
        }
    }

    #[test]
    fn modules_are_a_reason_to_parse_wherever_they_lie() {
        for page in [
            r#"<script type="Module" src="/a.js"></script>"#,
            r#"<script type="&#109;odule" src="/a.js"></script>"#,
            r#"<svg><script type="module" href="/a.js"></script>"#,
            r#"<link rel="modulepreload" href="/a.js">"#,
            r#"<link rel="&#109;odulepreload" href="/a.js">"#,
            "<script>import('./a.js')</script>",
            "<script>import /* a */ ('./a.js')</script>",
            "<script type=text/javascript href=a>new Worker('./a.js')</script>",
            "<script>navigator.serviceWorker.register('/sw.js')</script>",
        ] {
            assert!(matters(page), "{page}");
        }
    }

    #[test]
    fn an_inline_script_is_read_to_its_end_tag() {
        let head = "<script>a</scripty> import('a')</SCRIPT >".to_owned();
        let page = format!("{}{head}{}", " ".repeat(ENCODING_WINDOW), "<p>".repeat(9));
        let end = page.len() - 9 * 3;
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let page = page.replace("</SCRIPT >", "</script a='>'>");
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Everything);
    }

    #[test]
    fn an_end_tag_inside_an_attribute_is_none() {
        let pad = " ".repeat(ENCODING_WINDOW);
        let tag = "<script src=//h/a title='<link rel=preload href=//h/b> </script>'>";
        let page = format!("{pad}{tag}</script>{pad}");
        let end = page.len() - pad.len();
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let unusual = page.replace("title", "\"title");
        assert_eq!(reach(unusual.as_bytes(), Dialect::Html, None), Reach::Everything);
    }

    #[test]
    fn behind_a_comment_in_a_script_its_end_tag_is_not_certain() {
        let page = "<script><!-- <script></script> import('a') --></script>";
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Everything);
        let old = "<script><!--\na\n//--></script>";
        assert_eq!(reach(old.as_bytes(), Dialect::Html, None), Reach::Nothing);
    }

    #[test]
    fn no_page_takes_longer_than_its_length() {
        for piece in
            ["<script>", "<script><!--", "<script>import(", "<script>Worker", "<script>import/*"]
        {
            let page = piece.repeat(200_000);
            let begin = std::time::Instant::now();
            reach(page.as_bytes(), Dialect::Html, None);
            assert!(begin.elapsed().as_secs() < 20, "{piece}");
        }
    }
}
