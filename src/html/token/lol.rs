//! The one place that knows lol_html: page bytes → start tags and conditional comments, as spans.
//!
//! lol_html simulates as much of HTML's tree construction (13.2.6) as a tokenizer needs. Where it
//! cannot know, strict reading stops and lenient reading guesses; `confirm` checks the guess.

use std::{
    cell::{Cell, RefCell},
    ops::Range,
    rc::Rc,
    sync::LazyLock,
};

use lol_html::{
    HtmlRewriter, MemorySettings, Settings, doc_comments, element, end_tag,
    errors::RewritingError,
    html_content::{Comment, Element as LolElement, EndTag},
};

use super::event::{Element, End, Event, Namespace, RawAttribute, conditional_comment, find_tag};
use crate::html::vocabulary::ELEMENTS;

/// How lol_html treats markup that it cannot be sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It stops.
    Strict,
    /// It guesses.
    Lenient,
}

/// Why a page could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadError {
    /// Strict reading stopped at this tag.
    Ambiguous { tag: String },
    /// An unfinished tag, or open elements, took more memory than anything sensible needs.
    TooLarge,
}

/// The elements that are reported.
static SELECTOR: LazyLock<String> = LazyLock::new(|| ELEMENTS.map(|known| known.name).join(", "));

/// What lol_html may hold on to: its copy of an unfinished tag and its stack of open elements.
const MEMORY_LIMIT: usize = 32 << 20;

/// What reading a page yields.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) events: Vec<Event>,
    /// Whether the page holds what lol_html is known to misread without an error.
    pub(super) doubtful: bool,
}

/// Reads a page, or a fragment of one.
pub(super) fn read(bytes: &[u8], reading: Reading) -> Result<Events, ReadError> {
    // Comment handlers make lol_html look at every byte, so they have to be needed.
    let comments = find_tag(bytes, "!--[if").is_some();
    let events = Rc::new(RefCell::new(Vec::new()));
    let doubtful = Cell::new(false);
    let on_element = element!(SELECTOR.as_str(), |element| {
        record(element, bytes, &events);
        Ok(())
    });
    let on_text_element = element!(
        "script, iframe, title, style, textarea, xmp, noscript, noembed, noframes, plaintext",
        |element| {
            doubtful.set(doubtful.get() | ends_in_equals_sign(element, bytes));
            Ok(())
        }
    );
    let mut settings = settings(reading)
        .append_element_content_handler(on_element)
        .append_element_content_handler(on_text_element);
    if comments {
        settings =
            settings.append_document_content_handler(doc_comments!(|comment: &mut Comment| {
                let span = comment.source_location().bytes();
                events.borrow_mut().extend(conditional_comment(bytes, span));
                Ok(())
            }));
    }
    run(bytes, settings)?;
    let events = events.take();
    let doubtful = doubtful.get() || has_column_and_template(bytes, &events);
    Ok(Events { events, doubtful })
}

/// After a `<col>` that starts a template, all but a few tags are ignored (HTML 13.2.6.4.12), of
/// which lol_html knows nothing.
fn has_column_and_template(bytes: &[u8], events: &[Event]) -> bool {
    let is_template = |event: &Event| match event {
        Event::Element(element) => element.name == "template",
        Event::ConditionalComment { .. } => false,
    };
    let is_column = |at: usize| {
        let after = bytes.get(at + 1..at + 5).unwrap_or_default();
        after.get(..3).is_some_and(|name| name.eq_ignore_ascii_case(b"col"))
            && !after[3..].first().is_some_and(u8::is_ascii_alphabetic)
    };
    events.iter().any(is_template) && memchr::memchr_iter(b'<', bytes).any(is_column)
}

/// How many steps a parser takes that compares each attribute of a tag with those before it: the
/// squares of how many there are, added up. An unfinished tag counts as well.
pub(super) fn attribute_work(bytes: &[u8]) -> u64 {
    let work = Cell::new(0_u64);
    let on_tag = element!("*", |element| {
        let attributes = element.attributes().len() as u64;
        work.set(work.get().saturating_add(attributes.saturating_mul(attributes)));
        Ok(())
    });
    let settings = settings(Reading::Lenient).append_element_content_handler(on_tag);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    // Whatever quotes the last value may be open in, one of these ends the tag.
    let ends = [bytes, b">", b"\">", b"'>"];
    match ends.into_iter().try_for_each(|part| rewriter.write(part)) {
        Ok(()) => work.get(),
        Err(_) => u64::MAX,
    }
}

/// Where strict reading stops: the start of the first `<tag` after the last token before it.
pub(super) fn stopping_point(bytes: &[u8], tag: &str) -> usize {
    let last = RefCell::new(0);
    let see = |end: usize| *last.borrow_mut() = end;
    let settings = settings(Reading::Strict)
        .append_element_content_handler(element!("*", |element| {
            see(element.source_location().bytes().end);
            Ok(())
        }))
        .append_document_content_handler(doc_comments!(|comment: &mut Comment| {
            see(comment.source_location().bytes().end);
            Ok(())
        }));
    // It is meant to stop: where it does is what we want to know.
    let _ = run(bytes, settings);
    let last = last.into_inner().min(bytes.len());
    find_tag(&bytes[last..], tag).map_or(last, |distance| last + distance)
}

/// The parts of a page that can load something: attribute values, conditional comments, and what
/// stands in `<script>` and `<style>`. Text between tags is none of them.
///
/// A page that strict reading stops at may load something anywhere.
pub(crate) fn loading_parts(bytes: &[u8]) -> Vec<Range<usize>> {
    let parts = Rc::new(RefCell::new(Vec::new()));
    let settings = settings(Reading::Strict)
        .append_element_content_handler(element!("*", |element| {
            let values = element.attributes().iter().filter_map(|a| a.value_source_location());
            parts.borrow_mut().extend(values.map(|value| value.bytes()));
            Ok(())
        }))
        .append_element_content_handler(element!("script, style", |element| {
            let start = element.source_location().bytes().end;
            let parts = Rc::clone(&parts);
            if let Some(handlers) = element.end_tag_handlers() {
                handlers.push(end_tag!(move |tag| {
                    parts.borrow_mut().push(start..tag.source_location().bytes().start);
                    Ok(())
                }));
            }
            Ok(())
        }))
        .append_document_content_handler(doc_comments!(|comment: &mut Comment| {
            let span = comment.source_location().bytes();
            if conditional_comment(bytes, span.clone()).is_some() {
                parts.borrow_mut().push(span);
            }
            Ok(())
        }));
    match run(bytes, settings) {
        Ok(()) => parts.take(),
        Err(_) => std::iter::once(0..bytes.len()).collect(),
    }
}

fn settings<'h>(reading: Reading) -> Settings<'h, 'static> {
    let memory = MemorySettings::new().with_max_allowed_memory_usage(MEMORY_LIMIT);
    Settings::new().with_memory_settings(memory).with_strict(reading == Reading::Strict)
}

/// Feeds the page in one piece, so that nothing but an unfinished end is copied.
fn run(bytes: &[u8], settings: Settings<'_, '_>) -> Result<(), ReadError> {
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(bytes).map_err(read_error)?;
    rewriter.end().map_err(read_error)
}

fn read_error(error: RewritingError) -> ReadError {
    match error {
        RewritingError::ParsingAmbiguity(ambiguity) => {
            let message = ambiguity.to_string();
            let tag = message.split_once("(`<").and_then(|(_, rest)| rest.split_once('>'));
            ReadError::Ambiguous { tag: tag.map_or_else(String::new, |(tag, _)| tag.to_owned()) }
        }
        // Our handlers never fail, so what is left is the memory limit.
        _ => ReadError::TooLarge,
    }
}

/// `<style media=>`: lol_html 3.0.3 goes on as if the element's content were markup, at least
/// while it looks at comments.
fn ends_in_equals_sign(element: &LolElement<'_, '_>, bytes: &[u8]) -> bool {
    let tag = bytes.get(element.source_location().bytes()).and_then(|tag| tag.strip_suffix(b">"));
    tag.is_some_and(|tag| tag.trim_ascii_end().ends_with(b"="))
}

fn record(element: &mut LolElement<'_, '_>, bytes: &[u8], events: &Rc<RefCell<Vec<Event>>>) {
    let index = events.borrow().len();
    let mut end = End::Void;
    if let Some(handlers) = element.end_tag_handlers() {
        end = End::Missing;
        let events = Rc::clone(events);
        handlers.push(end_tag!(move |tag| {
            if let Some(Event::Element(element)) = events.borrow_mut().get_mut(index) {
                element.end = end_of(&element.name, tag);
            }
            Ok(())
        }));
    }
    let attributes = element.attributes().iter();
    events.borrow_mut().push(Event::Element(Element {
        name: element.tag_name(),
        namespace: namespace(element.namespace_uri()),
        span: element.source_location().bytes(),
        attributes: attributes.filter_map(|attribute| raw_attribute(attribute, bytes)).collect(),
        self_closing: element.is_self_closing(),
        end,
    }));
}

fn end_of(name: &str, tag: &EndTag<'_>) -> End {
    let span = tag.source_location().bytes();
    if tag.name() == name { End::Tag(span) } else { End::Other(span.start) }
}

fn namespace(uri: &str) -> Namespace {
    match uri {
        "http://www.w3.org/2000/svg" => Namespace::Svg,
        "http://www.w3.org/1998/Math/MathML" => Namespace::MathMl,
        _ => Namespace::Html,
    }
}

fn raw_attribute(
    attribute: &lol_html::html_content::Attribute<'_>,
    bytes: &[u8],
) -> Option<RawAttribute> {
    let name_span = attribute.name_source_location()?.bytes();
    let value_span = match attribute.value_source_location() {
        Some(location) => Some(location.bytes()),
        None => missing_value(bytes, name_span.end),
    };
    Some(RawAttribute { name: attribute.name(), name_span, value_span })
}

/// `<script src=>` has an empty value, of which lol_html says nothing: it stands before the `>`.
fn missing_value(bytes: &[u8], name_end: usize) -> Option<Range<usize>> {
    let after_name = bytes.get(name_end..)?.trim_ascii_start();
    let after_sign = after_name.strip_prefix(b"=")?.trim_ascii_start();
    let at = bytes.len() - after_sign.len();
    Some(at..at)
}
