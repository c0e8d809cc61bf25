//! The fast tokenizer, for pages in plain markup, as nearly all are: one pass, a tenth of what a
//! parser takes.
//!
//! Follows the tokenizer (HTML 13.2.5) for the markup that people and generators write. Everything
//! else is left to `lol`: a parse error, an open tag or text at the end, and elements whose content
//! depends on tree construction (13.2.6). What it reports is what `lol` reports, and what a conforming
//! parser finds; the tests and the fuzz targets compare them.

use std::ops::Range;

use super::{
    event::{Element, End, Event, Namespace, RawAttribute, conditional_comment},
    foreign,
};
use crate::html::{
    start_tag::{Attribute, IN_NAME, Part, StartTag},
    vocabulary::{self, Content},
};

/// The longest name that means anything here.
const LONGEST_NAME: usize = "plaintext".len();

/// What an element's name means for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Neither reported, nor of any influence on what follows.
    Other,
    /// Reported; the start tag is all of it.
    Void,
    /// Reported; its content is text.
    ReportedText,
    /// Its content is text.
    Text,
    /// SVG or MathML.
    Foreign,
    /// Which tags in it or after it count is decided by tree construction.
    Unsure,
}

impl Kind {
    fn of(name: &[u8]) -> Self {
        match vocabulary::element(name).map(|element| element.content) {
            Some(Content::None) => Self::Void,
            Some(Content::Text) => Self::ReportedText,
            Some(Content::Elements) => Self::Unsure,
            None => Self::of_others(name),
        }
    }

    /// Of the elements that do not matter by themselves.
    fn of_others(name: &[u8]) -> Self {
        let mut lower = [0; LONGEST_NAME];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"title" | b"style" | b"noscript" | b"textarea" | b"xmp" | b"noembed" | b"noframes" => {
                Self::Text
            }
            b"svg" | b"math" => Self::Foreign,
            b"select" | b"frameset" | b"plaintext" => Self::Unsure,
            _ => Self::Other,
        }
    }
}

/// What `lol::read` finds in a page, or in the beginning of one; `None` if it is not in
/// plain markup.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Event>> {
    let mut reader = Reader { bytes, at: 0, events: Vec::new() };
    while let Some(distance) = memchr::memchr(b'<', &bytes[reader.at..]) {
        reader.at += distance;
        reader.markup()?;
    }
    Some(reader.events)
}

struct Reader<'p> {
    bytes: &'p [u8],
    at: usize,
    events: Vec<Event>,
}

impl Reader<'_> {
    fn markup(&mut self) -> Option<()> {
        match self.bytes.get(self.at + 1)? {
            byte if byte.is_ascii_alphabetic() => self.element(),
            b'/' => self.end_tag(),
            b'!' => self.comment_or_doctype(),
            b'?' => self.processing_instruction(),
            _ => {
                self.at += 1; // just text
                Some(())
            }
        }
    }

    fn element(&mut self) -> Option<()> {
        let start = self.at;
        let name = self.name(start + 1)?;
        let kind = Kind::of(&self.bytes[name.clone()]);
        match kind {
            Kind::Unsure => return None,
            Kind::Foreign => {
                self.at = foreign::plain_end(self.bytes, start)?;
                return Some(());
            }
            Kind::Other | Kind::Void | Kind::ReportedText | Kind::Text => self.at = name.end,
        }
        let mut attributes = Vec::new();
        let self_closing = match kind {
            Kind::Void | Kind::ReportedText => self.tag_end(|attribute| attributes.push(attribute)),
            _ => self.tag_end(drop),
        }?;
        let span = start..self.at;
        let end = match kind {
            Kind::ReportedText | Kind::Text => End::Tag(self.text(name.clone())?),
            _ => End::Void,
        };
        if let Kind::Void | Kind::ReportedText = kind {
            let attributes = attributes.into_iter().map(|attribute| self.raw(attribute)).collect();
            let (name, namespace) = (self.lower(name), Namespace::Html);
            let element = Element { name, namespace, span, attributes, self_closing, end };
            self.events.push(Event::Element(element));
        }
        Some(())
    }

    fn end_tag(&mut self) -> Option<()> {
        self.at = self.name(self.at + 2)?.end;
        self.end_of_end_tag()
    }

    /// Goes behind the `>`, with nothing but white space before it.
    fn end_of_end_tag(&mut self) -> Option<()> {
        self.white_space();
        (self.bytes.get(self.at)? == &b'>').then(|| self.at += 1)
    }

    fn comment_or_doctype(&mut self) -> Option<()> {
        let rest = &self.bytes[self.at + 2..];
        let length = match rest.strip_prefix(b"--") {
            Some(text) => b"<!--".len() + comment(text)?,
            None => {
                rest.get(..7)?.eq_ignore_ascii_case(b"doctype").then_some(())?;
                // Also inside its quotes this is the end.
                b"<!".len() + memchr::memchr(b'>', rest)? + 1
            }
        };
        let span = self.at..self.at + length;
        self.at = span.end;
        self.events.extend(conditional_comment(self.bytes, span));
        Some(())
    }

    /// In HTML it is a comment, and over at the first `>`.
    fn processing_instruction(&mut self) -> Option<()> {
        self.at += memchr::memchr(b'>', &self.bytes[self.at..])? + 1;
        Some(())
    }

    /// The name of a tag.
    fn name(&self, start: usize) -> Option<Range<usize>> {
        let rest = self.bytes.get(start..)?;
        rest.first()?.is_ascii_alphabetic().then_some(())?;
        let length = rest.iter().position(|byte| !IN_NAME[usize::from(*byte)])?;
        ends_a_name(rest[length]).then(|| start..start + length)
    }

    /// Goes from behind a start tag's name to its end; says whether the tag closes itself.
    fn tag_end(&mut self, mut report: impl FnMut(Attribute)) -> Option<bool> {
        let mut tag = StartTag::behind_name(self.bytes, self.at);
        loop {
            match tag.next()? {
                Part::Attribute(attribute) if attribute.is_correct => report(attribute),
                Part::End(end) if end.is_correct => {
                    self.at = end.at;
                    return Some(end.self_closing);
                }
                Part::Attribute(_) | Part::End(_) => return None,
            }
        }
    }

    /// Goes behind the end tag of an element whose content is text; gives the tag. In scripts `<!--`
    /// may hide it (13.2.5.20, script data escaped state).
    fn text(&mut self, name: Range<usize>) -> Option<Range<usize>> {
        let name = &self.bytes[name];
        loop {
            self.at += memchr::memchr(b'<', &self.bytes[self.at..])? + 1;
            let rest = &self.bytes[self.at..];
            if rest.starts_with(b"!--") && name.eq_ignore_ascii_case(b"script") {
                return None;
            }
            let after = rest.strip_prefix(b"/").and_then(|rest| rest.split_at_checked(name.len()));
            let Some((found, after)) = after else { continue };
            if found.eq_ignore_ascii_case(name) && ends_a_name(*after.first()?) {
                let start = self.at - 1;
                self.at += 1 + name.len();
                self.end_of_end_tag()?;
                return Some(start..self.at);
            }
        }
    }

    fn white_space(&mut self) {
        let is_space = |byte: &&u8| byte.is_ascii_whitespace();
        self.at += self.bytes[self.at..].iter().take_while(is_space).count();
    }

    fn raw(&self, Attribute { name, value, .. }: Attribute) -> RawAttribute {
        RawAttribute { name: self.lower(name.clone()), name_span: name, value_span: value }
    }

    fn lower(&self, name: Range<usize>) -> String {
        self.bytes[name].iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect()
    }
}

/// The length of a comment behind its `<!--`.
fn comment(text: &[u8]) -> Option<usize> {
    let end = memchr::memmem::find(text, b"-->")?;
    let is_odd = text.starts_with(b">")
        || text.starts_with(b"->")
        || memchr::memmem::find(&text[..end], b"--!>").is_some();
    (!is_odd).then(|| end + b"-->".len())
}

/// Whether the name of a tag ends before this.
fn ends_a_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::html::token::{
        confirm,
        lol::{self, Reading},
    };

    /// Holds a page that is plain against lol_html and html5ever; says whether it is.
    fn agrees(page: &str) -> bool {
        let Some(events) = read(page.as_bytes()) else { return false };
        assert_eq!(confirm::confirm(page.as_bytes(), UTF_8, &events), Ok(()), "{page}");
        match lol::read(page.as_bytes(), Reading::Strict) {
            Ok(read) if !read.doubtful && foreign::is_plain(page.as_bytes()) => {
                assert_eq!(events, read.events, "{page}");
            }
            _ => {}
        }
        true
    }

    #[test]
    fn pages_as_generators_write_them_are_plain() {
        assert!(agrees(
            r#"<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"><html lang=en>
            <head><meta charset="utf-8"/><!-- <script src=a></script> --><title>1 < 2 &amp; </p></title>
            <link rel=stylesheet href=a.css><link rel='preload' href="b?c=d&e" as = "script" />
            <style>a > b { content: "</p>" }</style><script async src="//h/a.js" integrity=""></script >
            <!--[if lt IE 9]><script src="c.js"></script><![endif]--><!--[if !IE]><!--><p><!--<![endif]-->
            <noscript><link href=x></noscript></head><body onload="a('<b>')"><p class=x/y>3 <4<br/></p>
            <svg width=1><title>a</title><path d="M0 0"/></svg><textarea><script></textarea>
            <iframe src=y></iframe><SCRIPT type=module>if (a</b/.exec(c)) d("</scr");</SCRIPT></body></html>"#
        ));
    }

    #[test]
    fn what_is_unusual_is_left_to_others() {
        for page in [
            "<script>a",
            "<script><!-- <script></script> --></script>",
            "<p a=b\"c>",
            "<p a=\"b\"c>",
            "<p a=>",
            "<p =a>",
            "<p a<b>",
            "<p / a>",
            "<p a",
            "<p",
            "<",
            "</>",
            "</ p>",
            "</p a>",
            "<![CDATA[a]]>",
            "<!-->a-->",
            "<!--->a-->",
            "<!-- a --!> b -->",
            "<!-- a",
            "<select>",
            "<template>",
            "<frameset>",
            "<plaintext>",
            "<svg>",
            "<svg><script></script></svg>",
            "<title>a",
            "<title>a</title b>",
        ] {
            assert_eq!(read(page.as_bytes()), None, "{page}");
        }
    }

    const PIECES: [&str; 98] = [
        "<",
        ">",
        "</",
        "/>",
        "/",
        "=",
        "\"",
        "'",
        "`",
        "!",
        "-",
        "--",
        "-->",
        "--!>",
        "<!--",
        "<!-->",
        "<!doctype html>",
        "<!DOCTYPE a \"",
        "<!",
        "<?",
        "&amp;",
        "&",
        " ",
        "\n",
        "\t",
        "\r\n",
        "\u{c}",
        "\0",
        "\u{feff}",
        "a",
        "b=",
        " a=b",
        " a=\"b\"",
        " a='b'",
        " src=\"//h/a.js\"",
        " src=c",
        " a",
        " href=\"d\"",
        " A=1",
        " a=\"<\"",
        " a='>'",
        "ä",
        "<p>",
        "</p>",
        "<a href=\"x\">",
        "</a>",
        "<br/>",
        "<script>",
        "<script",
        "</script>",
        "</script",
        "<SCRIPT src=x>",
        "</SCRIPT >",
        "<script/>",
        "<link rel=preload href=x>",
        "<link",
        "<meta charset=utf-8>",
        "<meta",
        "<base href=y>",
        "<iframe>",
        "<iframe",
        "</iframe>",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<textarea>",
        "</textarea>",
        "<noscript>",
        "</noscript>",
        "<xmp>",
        "</xmp>",
        "<noembed>",
        "</noembed>",
        "<noframes>",
        "</noframes>",
        "<svg>",
        "</svg>",
        "<svg",
        "<path/>",
        "<g>",
        "</g>",
        "<math>",
        "</math>",
        "<mi>",
        "</mi>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<head>",
        "</head>",
        "<body>",
        "</body>",
        "</html>",
        "<!--[if IE]>",
        "<![endif]-->",
        "<select>",
    ];

    /// The pages below `INHOUSE_CORPUS`, if it is set, as far as they have to be read.
    #[test]
    fn pages_of_a_corpus_are_read_as_other_parsers_read_them() {
        let Some(corpus) = std::env::var_os("INHOUSE_CORPUS") else { return };
        let (mut pages, mut plain) = (0, 0);
        let entries = walkdir::WalkDir::new(corpus).into_iter().filter_map(Result::ok);
        for entry in entries.filter(|entry| entry.file_type().is_file()) {
            let is_page = entry.path().extension().is_some_and(|name| name == "html");
            let Some(page) = is_page.then(|| std::fs::read(entry.path()).unwrap()) else {
                continue;
            };
            let page = String::from_utf8_lossy(&page);
            let reach = crate::html::reach(page.as_bytes(), crate::html::Dialect::Html, None);
            let beginning = match reach {
                crate::html::Reach::Beginning(end) => &page[..page.floor_char_boundary(end)],
                _ => &page,
            };
            pages += 1;
            plain += usize::from(agrees(beginning));
        }
        println!("{plain} of {pages} pages are in plain markup");
    }

    proptest! {
        #[test]
        fn plain_pages_are_read_as_other_parsers_read_them(
            pieces in prop::collection::vec(select(&PIECES[..]), 0..24),
        ) {
            agrees(&pieces.concat());
        }

        #[test]
        fn plain_markup_between_odd_pieces_too(
            tags in prop::collection::vec(
                (select(&PIECES[42..]), select(&PIECES[22..42]), prop::bool::weighted(0.1)), 0..16,
            ),
        ) {
            let page: String = tags
                .iter()
                .map(|(tag, odd, is_in)| match tag.strip_suffix('>').filter(|_| *is_in) {
                    Some(open) => format!("{open}{odd}>"),
                    None => (*tag).to_owned(),
                })
                .collect();
            agrees(&page);
        }
    }
}
