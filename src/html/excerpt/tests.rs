//! The law of excerpts: an excerpt scans and changes as its page does.

use proptest::{prelude::*, sample::select};

use super::*;
use crate::html::{
    Attribute, Change, Edit, LinkRel, Place, Positions, Remark, ScriptType, Tag, TagKind, apply,
    plain::tests::PIECES,
    scan::{scan, scan_beginning},
};

/// All tags of an excerpt.
fn scanned(excerpt: &Excerpt) -> Result<Scan, ScanError> {
    scan(excerpt.bytes(), Dialect::Html).map_err(|error| excerpt.error_in_page(error))
}

#[allow(dead_code)] // the trees of the suite are for others
#[path = "../../../tests/support/html5lib.rs"]
mod html5lib;

/// Windows so small that everything goes over their end, and one that holds every page here.
const WINDOWS: [usize; 4] = [1, 5, 64, 1 << 16];

/// What a page begins with has to be long before anything is left out.
fn beginnings() -> [String; 4] {
    ["ä".repeat(600), " ".repeat(1030), format!("<!--{}-->", "x".repeat(1030)), "a\r\n".repeat(400)]
}

fn read(page: &[u8], local: Option<&str>, window: usize) -> Option<Excerpt> {
    let limits = ExcerptLimits { window, ..ExcerptLimits::default() };
    Excerpt::read(page, local, limits).unwrap()
}

/// Holds excerpts of a page against the page; says how many there are.
fn hold(page: &str) -> usize {
    let bytes = page.as_bytes();
    for longest in [8, 40, 100, 1100] {
        let limits = ExcerptLimits { window: 8, longest, ..ExcerptLimits::default() };
        if let Some(excerpt) = Excerpt::read(bytes, None, limits).unwrap() {
            holds(bytes, &excerpt, None);
        }
    }
    let locals = [None, Some("c")];
    let all = WINDOWS.into_iter().flat_map(|window| locals.map(|local| (window, local)));
    all.filter(|(window, local)| match read(page.as_bytes(), *local, *window) {
        Some(excerpt) => {
            holds(page.as_bytes(), &excerpt, *local);
            true
        }
        None => false,
    })
    .count()
}

fn holds(page: &[u8], excerpt: &Excerpt, local: Option<&str>) {
    let shown = format!(
        "{:?}\n{:?}",
        String::from_utf8_lossy(page),
        String::from_utf8_lossy(excerpt.bytes())
    );
    assert_eq!(excerpt.page_length(), page.len() as u64, "{shown}");
    let reach = usize::try_from(excerpt.reach()).unwrap();
    assert!(excerpt.is_partial() || excerpt.bytes() == page, "{shown}");
    let (found, expected) = match (scanned(excerpt), scan_beginning(page, Dialect::Html, reach)) {
        (Ok(found), Ok(expected)) => (found, expected),
        (Err(found), Err(expected)) => return assert_eq!(found, expected, "{shown}"),
        (found, expected) => panic!("{found:?}\n{expected:?}\n{shown}"),
    };
    assert_eq!(found.encoding, expected.encoding, "{shown}");
    let in_page = |span: &Range<usize>| {
        let outer = excerpt.in_page(span.clone()).unwrap_or_else(|| panic!("{span:?} {shown}"));
        let outer = usize::try_from(outer.start).unwrap()..usize::try_from(outer.end).unwrap();
        assert_eq!(page[outer.clone()], excerpt.bytes()[span.clone()], "{shown}");
        let position = Positions::new(page).of(outer.start);
        assert_eq!(excerpt.position(span.start), position, "{shown}");
        outer
    };
    let seen = |scan: &Scan, outward: &dyn Fn(&Range<usize>) -> Range<usize>| {
        let tags = scan.tags.iter().map(|tag| seen_tag(tag, outward));
        let remarks = scan.remarks.iter().map(|remark| seen_remark(remark, outward));
        tags.chain(remarks).collect::<Vec<_>>()
    };
    assert_eq!(seen(&found, &in_page), seen(&expected, &Range::clone), "{shown}");
    for (tag, (inner, outer)) in found.tags.iter().zip(&expected.tags).enumerate() {
        for changes in changes(outer) {
            let edits = [Edit { tag, changes }];
            let (in_excerpt, in_page) =
                (apply(excerpt.bytes(), &found, &edits), apply(page, &expected, &edits));
            let (Ok(in_excerpt), Ok(in_page)) = (&in_excerpt, &in_page) else {
                assert_eq!(in_excerpt.is_ok(), in_page.is_ok(), "{edits:?}\n{shown}");
                continue;
            };
            let new = |old: &[u8], edited: &[u8], tag: &Tag| {
                let span = tag.element.clone().unwrap_or(tag.span.clone());
                let end = edited.len() - (old.len() - span.end);
                assert_eq!(edited[..span.start], old[..span.start], "{shown}");
                assert_eq!(edited[end..], old[span.end..], "{shown}");
                String::from_utf8_lossy(&edited[span.start..end]).into_owned()
            };
            let in_excerpt = new(excerpt.bytes(), in_excerpt, inner);
            assert_eq!(in_excerpt, new(page, in_page, outer), "{edits:?}\n{shown}");
        }
    }
    if let Ok(whole) = scan(page, Dialect::Html) {
        let starts = |tags: &[Tag]| tags.iter().map(|tag| tag.span.clone()).collect::<Vec<_>>();
        let (tags, rest) = whole.tags.split_at(expected.tags.len());
        assert_eq!(starts(tags), starts(&expected.tags), "{shown}");
        assert!(!rest.iter().any(|tag| concerns_us(tag, local)), "{rest:?}\n{shown}");
    }
}

/// All of a tag that a caller can see, with its spans led outward.
fn seen_tag(tag: &Tag, outward: &dyn Fn(&Range<usize>) -> Range<usize>) -> String {
    let attribute = |attribute: &Attribute| {
        let Attribute { name, value, span, removal } = attribute;
        let value =
            value.as_ref().map(|value| (value.text.clone(), value.quote, outward(&value.span)));
        format!("{name} {value:?} {:?} {:?}", outward(span), outward(removal))
    };
    let mut kind = tag.kind.clone();
    if let TagKind::InlineScript { content, .. } = &mut kind {
        *content = outward(content);
    }
    let attributes: Vec<_> = tag.attributes.iter().map(attribute).collect();
    let spans = (outward(&tag.span), tag.element.as_ref().map(outward));
    let name_end = outward(&(tag.name_end..tag.name_end));
    let Tag { place, in_template, base, nest, .. } = tag;
    format!(
        "{kind:?} {place:?} {in_template} {base:?} {nest:?} {spans:?} {name_end:?} {attributes:?}"
    )
}

fn seen_remark(remark: &Remark, outward: &dyn Fn(&Range<usize>) -> Range<usize>) -> String {
    let mut remark = remark.clone();
    match &mut remark {
        Remark::ParkedScript { span, .. }
        | Remark::InlineBuilt { span, .. }
        | Remark::SvgInline { span }
        | Remark::SrcdocNotRead { span, .. } => *span = outward(span),
    }
    format!("{remark:?}")
}

/// One change of every kind.
fn changes(tag: &Tag) -> Vec<Vec<Change>> {
    let set = |attribute: &str, value: &str| Change::Set {
        attribute: attribute.into(),
        value: value.into(),
    };
    let address = tag.address_attribute().map_or("src", |attribute| &attribute.name);
    let unset = |attribute: &Attribute| Change::Unset { attribute: attribute.name.clone() };
    let mut changes = vec![
        vec![set(address, "b & c"), set("integrity", "x")],
        vec![Change::RemoveElement],
        tag.attributes().iter().map(unset).collect(),
        vec![Change::InsertImportMap { nonce: Some("n".into()), text: "{\n}".into() }],
    ];
    if let TagKind::InlineScript { text, .. } = &tag.kind {
        let end = text.len();
        changes.push(vec![Change::Splice { span: 0..0, text: "a;\nb;".into() }]);
        changes.push(vec![Change::Splice { span: end..end, text: "\n".into() }]);
    }
    changes
}

/// Whether a tag is of those that no excerpt may leave out.
fn concerns_us(tag: &Tag, local: Option<&str>) -> bool {
    let leads_away = tag.address().is_some_and(|address| address.contains("//"));
    let leads_to = |local: &str| tag.address().is_some_and(|address| address.contains(local));
    match &tag.kind {
        TagKind::Script(kind) | TagKind::SvgScript(kind) => {
            leads_away || *kind == ScriptType::Module || local.is_some_and(leads_to)
        }
        TagKind::Link(rel) => leads_away || *rel == LinkRel::ModulePreload,
        TagKind::MetaCsp | TagKind::InlineScript { .. } => true,
    }
}

/// Parts of plain pages, and what lies on lines between them.
const PARTS: [&str; 44] = [
    "\n",
    "\r\n",
    "\r",
    "\n\n  ",
    "\r\n\t",
    " ",
    "\t",
    "\u{c}",
    "text",
    "äöü",
    "1 < 2 < ",
    "日本語\n日本",
    "\u{1F600}",
    "&amp;",
    "<p>",
    "<p title=\"<script src=//h/no.js></script>\nä\">",
    "</p>\n",
    "<br/>",
    "<!-- a\r\nb -->",
    "<!-- <script src=//h/no.js></script> -->",
    "<?xml?>",
    "<!doctype html>",
    "<title>a\n</title>",
    "<style>a{}\r</style>",
    "<textarea>\n<script></textarea>",
    "<svg><path d='a\nb'/></svg>",
    "<iframe src=a></iframe>",
    "<iframe srcdoc=\"<script src='//h/d.js'></script>&lt;script>import(1)</script>\"></iframe>",
    "<script>a\nb</script>",
    "<script type=application/json>{\n}</script>",
    "<script type=text/template src=//h/t.js></script>",
    "<script src=//h/a.js></script>",
    "<script src=\"c.js\" async\n></script >",
    "<script type=module>\r\nimport 'ä.js'\r</script>",
    "<script>import('a')</script>",
    "<script>document.write('<script src=\"//h/w.js\"></scr'+'ipt>')</script>",
    "<link rel=preload as=script href=//h/a.js>",
    "<link rel=stylesheet href=a.css>",
    "<base href=//h/>",
    "<meta charset=shift_jis>",
    "<meta http-equiv=content-security-policy content='a\n b'>",
    "<meta itemprop=a content=b>",
    "<!--[if IE]>\n <script src=//h/i.js></script><![endif]-->",
    "<!--[if IE]><select><script src=//h/s.js></script><![endif]-->",
];

proptest! {
    #[test]
    fn an_excerpt_of_odd_pieces_scans_and_changes_as_its_page(
        beginning in select(beginnings().to_vec()),
        pieces in prop::collection::vec(select(&PIECES[..]), 0..16),
    ) {
        hold(&(beginning + &pieces.concat()));
    }

    #[test]
    fn an_excerpt_of_plain_parts_scans_and_changes_as_its_page(
        beginning in select(beginnings().to_vec()),
        parts in prop::collection::vec(select(&PARTS[..]), 0..16),
    ) {
        let page = beginning + &parts.concat();
        let count = hold(&page);
        prop_assert_eq!(count, 8, "{}", page);
    }

    #[test]
    fn an_excerpt_stops_where_a_page_is_not_plain_any_more(
        beginning in select(beginnings().to_vec()),
        parts in prop::collection::vec(select(&PARTS[..]), 0..6),
        rest in prop::collection::vec(select(&PARTS[..]), 0..6),
    ) {
        hold(&(beginning + &parts.concat() + "<select>" + &rest.concat()));
    }

    #[test]
    fn bytes_that_are_no_characters_count_as_elsewhere(
        bytes in prop::collection::vec(select(&b"\xE3\x81\x82\xF0\x9F\x80\xFFa\n"[..]), 0..24),
    ) {
        let mut page = " ".repeat(1030).into_bytes();
        page.extend(bytes);
        page.extend(b"<script src=a></script>");
        for window in WINDOWS {
            holds(&page, &read(&page, None, window).unwrap(), None);
        }
    }
}

#[test]
fn excerpts_of_an_outside_suite_scan_and_change_as_their_pages() {
    let Some(pages) = html5lib::pages() else { return };
    let [letters, _, comment, lines] = beginnings();
    let mut count = 0;
    for page in &pages {
        let probed = format!("{letters}{}\n <script src=//h/probe></script>", page.html);
        for page in [&page.html, &format!("{comment}{}", page.html), &format!("{lines}{probed}")] {
            if let Some(excerpt) = read(page.as_bytes(), None, 5) {
                holds(page.as_bytes(), &excerpt, None);
                count += 1;
            }
        }
    }
    assert!(count > 5_000, "only {count} excerpts");
}

#[test]
fn lines_are_those_of_the_page() {
    for page in [
        "{}\r\n \t<script src=a></script>\n<p>\n",
        "{}<script src=a></script>a\rb\nc\n<script src=b></script>",
        "{}<script src=a></script>a\r<p>b</p>\n<script src=b></script>",
        "{}<script src=a></script><select>\r\n",
        "{}<script src=a></script><p>\n<p>\r\n",
        "{}x  <script src=a></script>\r\n",
    ] {
        for beginning in beginnings() {
            assert_eq!(hold(&page.replace("{}", &beginning)), 8, "{page}");
        }
    }
}

#[test]
fn what_is_behind_the_last_plain_markup_may_not_matter() {
    let is_read = |page: &str| read(page.as_bytes(), Some("vendor/"), 64).is_some();
    let page = "<script src=//h/a.js></script><select><script src=a.js></script>\
        <script>a</script><template>";
    assert!(is_read(page));
    for other in [
        "<script src=//h/b.js></script>",
        "<script src=vendor/b.js></script>",
        "<script>import('b')</script>",
        "<base href=b>",
        "<iframe srcdoc=b>",
        "<meta charset=latin1>",
        "<!--[if IE]><script src=//h/b.js></script><![endif]-->",
        "<script>a",
    ] {
        let (is_open, page) = (other == "<script>a", page.to_owned() + other);
        assert_eq!(is_read(&page), is_open, "{page}");
        assert_eq!(is_read(&(page + &"<p>".repeat(999))), is_open, "{other}");
    }
}

#[test]
fn what_matters_may_be_too_much() {
    let limits = ExcerptLimits { window: 64, longest: 1000, excerpt: 10_000 };
    let is_read = |page: &str| Excerpt::read(page.as_bytes(), None, limits).unwrap().is_some();
    let script = |length: usize| format!("<script src=//h/{}></script>", "a".repeat(length));
    assert!(is_read(&script(900)));
    assert!(!is_read(&script(1000)));
    assert!(is_read(&script(900).repeat(9)));
    assert!(!is_read(&script(900).repeat(11)));
    let tail = "<svg><path d='".to_owned() + &"a".repeat(9999);
    assert!(is_read(&(script(900) + &tail)));
    assert!(!is_read(&(script(900) + &tail + "'/></svg>" + &script(900))));
    assert!(!is_read(&(" ".repeat(11_000) + &script(900))));
}

#[test]
fn what_is_long_may_lie_before_what_matters() {
    let limits = ExcerptLimits { window: 64, longest: 1000, ..ExcerptLimits::default() };
    let script = "\r\n\t<script src=//h/a.js></script>";
    let long = "\r\n <b>ä-- </x \">".repeat(999);
    for (begin, end) in [
        ("<!--", "-->"),
        ("<img src='", "'>"),
        ("<p a b=c d = '", "' e='' f/>"),
        ("<style>", "</style >"),
        ("<TITLE a='b'>", "</title\n>"),
        ("<script type=application/json>", "</script>"),
        ("<script type='text/plain' a>", "</SCRIPT>"),
    ] {
        for page in [
            format!("{begin}{long}{end}{script}"),
            format!("{script}{begin}{long}{end}{script}{begin}{long}{end}\n{script}"),
            format!("{}{begin}{long}{end}x{script}<p>", "<p>\n".repeat(400)),
        ] {
            let excerpt = Excerpt::read(page.as_bytes(), None, limits).unwrap().expect(&page);
            assert!(excerpt.bytes().len() < 3_000, "{page}");
            holds(page.as_bytes(), &excerpt, None);
        }
        let is_read =
            |page: String| Excerpt::read(page.as_bytes(), None, limits).unwrap().is_some();
        assert!(!is_read(format!("{begin}{long}")));
        assert!(!is_read(format!("{begin}{long}{}b", &end[..end.len() - 1])));
    }
}

#[test]
fn a_large_page_has_a_small_excerpt() {
    let script = "<script src=//h/a.js></script>";
    let line = "<p class=\"a\">Text of a page, <a href=\"b\">as</a> it comes.</p>\n";
    let lines = (50 << 20) / line.len();
    let page = || {
        let head = format!("<!doctype html><meta charset=utf-8><title>a</title>\n{script}\n");
        let parts = std::iter::once(head).chain(std::iter::repeat_n(line.to_owned(), lines));
        Pages { parts: parts.chain([script.to_owned()]), part: Vec::new(), at: 0 }
    };
    let excerpt = Excerpt::read(page(), None, ExcerptLimits::default()).unwrap().unwrap();
    assert!(excerpt.bytes().len() < 2_000, "{}", excerpt.bytes().len());
    let tags = scanned(&excerpt).unwrap().tags;
    let lines = tags.iter().map(|tag| excerpt.position(tag.span.start).line);
    assert_eq!(lines.collect::<Vec<_>>(), [2, 3 + (50 << 20) / line.len()]);
    assert!(excerpt.is_partial());
    assert_eq!(tags[1].place, Place::Document);
}

/// A page that is made while it is read.
struct Pages<I> {
    parts: I,
    part: Vec<u8>,
    at: usize,
}

impl<I: Iterator<Item = String>> Read for Pages<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.part.len() {
            self.part = self.parts.next().unwrap_or_default().into_bytes();
            self.at = 0;
        }
        let count = (&self.part[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}
