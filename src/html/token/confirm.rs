//! Confirms what `lol` reports: html5ever, a conforming parser, says which elements a page has.
//!
//! html5ever gives no byte offsets, and lol_html may be wrong. Where both report the same elements
//! with the same attributes in the same order, the offsets are right. Elements are compared as they are
//! created (HTML 13.2.6.1, "create an element for a token"), which is the order of their tags and
//! includes template contents; scripting is on, so `<noscript>` holds text.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::HashSet,
    rc::Rc,
};

use encoding_rs::Encoding;
use html5ever::{
    ExpandedName, ParseOpts, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    local_name, ns, parse_document,
    tendril::{StrTendril, TendrilSink},
};

use super::{
    event::{Element, Event, Namespace, conditional_content},
    lol,
};
use crate::html::{attribute, vocabulary};

/// What both parsers can say about an event.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Element { namespace: String, name: String, attributes: Vec<(String, String)> },
    ConditionalComment,
}

/// Why lol_html's events are not confirmed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unconfirmed {
    /// The two parsers differ from this event of lol_html's on, or past its last.
    Disagreement {
        event: usize,
        /// The name of the tag, lol_html's or else html5ever's.
        tag: String,
    },
    /// html5ever would take too long: its work grows with the square of the nesting, and of the
    /// attributes of a tag.
    TooMuchWork,
}

/// How many elements html5ever may look at, in any page and for each byte of a large one.
const WORK_LIMIT: usize = 20_000_000;
const WORK_LIMIT_PER_BYTE: usize = 40;

/// How many attributes html5ever may compare with one another, in any page.
const ATTRIBUTE_WORK_LIMIT: u64 = 1 << 30;
/// In pages up to this size there cannot be more: an attribute takes two bytes.
const ALWAYS_ENOUGH: usize = 1 << 16;

/// How much of a page html5ever gets at a time, in bytes.
const CHUNK: usize = 4096;

/// Compares lol_html's events with html5ever's elements.
pub(crate) fn confirm(
    bytes: &[u8],
    encoding: &'static Encoding,
    events: &[Event],
) -> Result<(), Unconfirmed> {
    if bytes.len() > ALWAYS_ENOUGH && lol::attribute_work(bytes) > ATTRIBUTE_WORK_LIMIT {
        return Err(Unconfirmed::TooMuchWork);
    }
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    let expected = elements_seen(&text).ok_or(Unconfirmed::TooMuchWork)?;
    let seen = |event: &Event| seen_by_lol_html(bytes, encoding, event);
    let event = (0..events.len().max(expected.len()))
        .find(|&index| events.get(index).map(seen).as_ref() != expected.get(index));
    match event {
        None => Ok(()),
        Some(event) => {
            let first = events.get(event).map(seen).or(expected.into_iter().nth(event));
            let tag = match first {
                Some(Seen::Element { name, .. }) => name,
                Some(Seen::ConditionalComment) | None => "!--".into(),
            };
            Err(Unconfirmed::Disagreement { event, tag })
        }
    }
}

/// What lol_html saw, in html5ever's terms.
fn seen_by_lol_html(bytes: &[u8], encoding: &'static Encoding, event: &Event) -> Seen {
    match event {
        Event::ConditionalComment { .. } => Seen::ConditionalComment,
        Event::Element(element) => Seen::Element {
            namespace: namespace_uri(element.namespace).into(),
            name: element.name.clone(),
            attributes: attributes(bytes, encoding, element),
        },
    }
}

/// Names and decoded values, the first of duplicates only.
fn attributes(
    bytes: &[u8],
    encoding: &'static Encoding,
    element: &Element,
) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::with_capacity(element.attributes.len());
    let mut known = HashSet::with_capacity(element.attributes.len());
    for raw in &element.attributes {
        let name = raw.name.replace('\0', "\u{FFFD}");
        if known.insert(name.clone()) {
            let value = raw.value_span.clone().and_then(|span| bytes.get(span)).unwrap_or_default();
            attributes.push((name, attribute::decode(value, encoding)));
        }
    }
    attributes
}

fn namespace_uri(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::Html => "http://www.w3.org/1999/xhtml",
        Namespace::Svg => "http://www.w3.org/2000/svg",
        Namespace::MathMl => "http://www.w3.org/1998/Math/MathML",
    }
}

/// What html5ever sees in a page; `None` if that takes too many steps.
fn elements_seen(page: &str) -> Option<Vec<Seen>> {
    let work = Rc::new(Cell::new(0));
    let mut parser = parse_document(NameSink::new(Rc::clone(&work)), ParseOpts::default());
    let limit = WORK_LIMIT.max(page.len().saturating_mul(WORK_LIMIT_PER_BYTE));
    let mut rest = page;
    while !rest.is_empty() && work.get() <= limit {
        let (chunk, after) = rest.split_at(rest.ceil_char_boundary(CHUNK));
        parser.process(StrTendril::from_slice(chunk));
        rest = after;
    }
    let elements_seen = parser.finish();
    rest.is_empty().then_some(elements_seen)
}

/// A tree sink that keeps no tree: html5ever asks it for names, and it notes what is created.
struct NameSink {
    document: Node,
    elements_seen: RefCell<Vec<Seen>>,
    nodes: Cell<usize>,
    /// How many elements html5ever has looked at.
    work: Rc<Cell<usize>>,
}

/// A node, known by its number. What is no element bears a name that no element has.
#[derive(Clone)]
struct Node {
    number: usize,
    name: Rc<QualName>,
    annotation_is_html: bool,
}

impl NameSink {
    fn new(work: Rc<Cell<usize>>) -> Self {
        let nameless = QualName::new(None, ns!(), local_name!(""));
        let document = Node { number: 0, name: Rc::new(nameless), annotation_is_html: false };
        Self { document, elements_seen: RefCell::default(), nodes: Cell::new(0), work }
    }

    fn node(&self, name: Rc<QualName>, annotation_is_html: bool) -> Node {
        self.nodes.set(self.nodes.get() + 1);
        Node { number: self.nodes.get(), name, annotation_is_html }
    }
}

/// An attribute's name as it is written: html5ever splits `xlink:href` in SVG and MathML.
fn written_name(name: &QualName) -> String {
    match &name.prefix {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}:{}", name.local),
        _ => name.local.to_string(),
    }
    .to_ascii_lowercase()
}

impl TreeSink for NameSink {
    type Handle = Node;
    type Output = Vec<Seen>;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Vec<Seen> {
        self.elements_seen.into_inner()
    }

    fn get_document(&self) -> Node {
        self.document.clone()
    }

    fn elem_name<'a>(&'a self, target: &'a Node) -> ExpandedName<'a> {
        self.work.set(self.work.get() + 1);
        target.name.expanded()
    }

    fn same_node(&self, one: &Node, other: &Node) -> bool {
        one.number == other.number
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<html5ever::Attribute>,
        flags: ElementFlags,
    ) -> Node {
        if vocabulary::element(name.local.as_bytes()).is_some() {
            let attributes = attributes.into_iter();
            self.elements_seen.borrow_mut().push(Seen::Element {
                namespace: name.ns.to_string(),
                name: name.local.to_string(),
                attributes: attributes
                    .map(|attribute| (written_name(&attribute.name), attribute.value.to_string()))
                    .collect(),
            });
        }
        self.node(Rc::new(name), flags.mathml_annotation_xml_integration_point)
    }

    fn create_comment(&self, text: StrTendril) -> Node {
        if conditional_content(text.as_bytes()).is_some() {
            self.elements_seen.borrow_mut().push(Seen::ConditionalComment);
        }
        self.node(Rc::clone(&self.document.name), false)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Node {
        self.node(Rc::clone(&self.document.name), false)
    }

    fn get_template_contents(&self, _: &Node) -> Node {
        self.node(Rc::clone(&self.document.name), false)
    }

    fn is_mathml_annotation_xml_integration_point(&self, node: &Node) -> bool {
        node.annotation_is_html
    }

    // What would build a tree has nothing to do.
    fn append(&self, _: &Node, _: NodeOrText<Node>) {}
    fn append_based_on_parent_node(&self, _: &Node, _: &Node, _: NodeOrText<Node>) {}
    fn append_before_sibling(&self, _: &Node, _: NodeOrText<Node>) {}
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn add_attrs_if_missing(&self, _: &Node, _: Vec<html5ever::Attribute>) {}
    fn remove_from_parent(&self, _: &Node) {}
    fn reparent_children(&self, _: &Node, _: &Node) {}
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn parse_error(&self, _: Cow<'static, str>) {}
}

/// The `src` that html5ever gives the first element of a page: an oracle for tests.
#[cfg(test)]
pub(crate) fn first_src(page: &str) -> Option<String> {
    sources(page).next().map(|(_, src)| src)
}

/// The `src` of every HTML script that html5ever would load: an oracle for tests.
#[cfg(test)]
pub(crate) fn classic_and_module_sources(page: &str) -> Vec<String> {
    use crate::html::ScriptType;
    let loads = |kind: &ScriptType| matches!(kind, ScriptType::Classic | ScriptType::Module);
    sources(page).filter(|(kind, _)| loads(kind)).map(|(_, src)| src).collect()
}

#[cfg(test)]
fn sources(page: &str) -> impl Iterator<Item = (crate::html::ScriptType, String)> {
    elements_seen(page).into_iter().flatten().filter_map(|sight| {
        let Seen::Element { namespace, name, attributes } = sight else { return None };
        if name != "script" || namespace != namespace_uri(Namespace::Html) {
            return None;
        }
        let of = |name: &str| {
            attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
        };
        Some((crate::html::ScriptType::of_html(of), of("src")?.to_owned()))
    })
}
