//! What tokenizers report: start tags and conditional comments, as spans of the bytes they read.

use std::ops::Range;

use encoding_rs::Encoding;

use crate::html::encoding;

/// The namespaces HTML's parser puts elements in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    Html,
    Svg,
    MathMl,
}

/// A start tag or conditional comment, in document order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Element(Element),
    /// A whole comment from `<!--` to `-->` whose text is `[if …]>…<![endif]`.
    ConditionalComment {
        span: Range<usize>,
        content: Range<usize>,
    },
}

/// A start tag, and its end tag if there is one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Element {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) namespace: Namespace,
    pub(crate) span: Range<usize>,
    pub(crate) attributes: Vec<RawAttribute>,
    pub(crate) self_closing: bool,
    pub(crate) end: End,
}

/// How an element ends, as far as lol_html says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It has no content: the start tag is all of it.
    Void,
    /// Not seen.
    Missing,
    /// Its own end tag.
    Tag(Range<usize>),
    /// Another element's end tag came first, at this offset.
    Other(usize),
}

/// An attribute as spans; nothing decoded but the name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawAttribute {
    /// In ASCII lower case.
    pub(crate) name: String,
    pub(crate) name_span: Range<usize>,
    pub(crate) value_span: Option<Range<usize>>,
}

impl Event {
    /// Where it begins.
    pub(super) fn start(&self) -> usize {
        match self {
            Self::Element(element) => element.span.start,
            Self::ConditionalComment { span, .. } => span.start,
        }
    }
}

impl Element {
    /// Whether it is HTML's element of this name.
    pub(crate) fn is_html(&self, name: &str) -> bool {
        self.namespace == Namespace::Html && self.name == name
    }

    /// The first attribute of that name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&RawAttribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

/// The encoding of the first `<meta>` that declares one.
pub(crate) fn declared_encoding(bytes: &[u8], events: &[Event]) -> Option<&'static Encoding> {
    events.iter().find_map(|event| match event {
        Event::Element(element) if element.is_html("meta") => {
            let attribute = |name: &str| {
                let span = element.attribute(name)?.value_span.clone()?;
                std::str::from_utf8(bytes.get(span)?).ok()
            };
            encoding::declared(attribute)
        }
        Event::Element(_) | Event::ConditionalComment { .. } => None,
    })
}

/// The offset of the first `<name`, in any case.
pub(crate) fn find_tag(bytes: &[u8], name: &str) -> Option<usize> {
    memchr::memchr_iter(b'<', bytes).find(|at| {
        let after = bytes.get(at + 1..at + 1 + name.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// `<!--[if …]>…<![endif]-->`, the form that old browsers look into and others do not.
pub(crate) fn conditional_comment(bytes: &[u8], span: Range<usize>) -> Option<Event> {
    let text = bytes.get(span.clone())?.strip_prefix(b"<!--")?.strip_suffix(b"-->")?;
    let content = conditional_content(text)?;
    let start = span.start + b"<!--".len();
    let content = start + content.start..start + content.end;
    Some(Event::ConditionalComment { span, content })
}

/// The markup between `[if …]>` and `<![endif]` of a comment's text.
pub(crate) fn conditional_content(text: &[u8]) -> Option<Range<usize>> {
    let starts = text.get(..3)?.eq_ignore_ascii_case(b"[if");
    let start = memchr::memmem::find(text, b"]>")? + b"]>".len();
    let end = memchr::memmem::rfind(text, b"<!")?;
    let closing = text[end..].trim_ascii_end();
    (starts && start <= end && closing.eq_ignore_ascii_case(b"<![endif]")).then_some(start..end)
}
