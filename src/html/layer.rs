//! One layer of a page: which of its elements matter, and what is reported of them.
//!
//! What makes an element a script is HTML 4.12.1, a link 4.6.7, which `<base>` is in force 4.2.3.
//! Spans are led outward to the page's bytes here; what surrounds a layer comes with it.

use std::{ops::Range, sync::Arc};

use encoding_rs::{Encoding, UTF_8};

use super::{
    Dialect, Positions, ScanError, ScriptType, attribute, code,
    events::{self, Element, End, Event, Namespace, RawAttribute},
    inline,
    scan::{MAX_FOUND, MAX_TAG, Scanner, TOO_LARGE, has_relevant_tag},
    srcdoc::{Nest, OffsetMap, Outward},
    tag::{Attribute, LinkRel, NotRead, Place, Quote, Remark, Tag, TagKind, Value},
};

/// How many `srcdoc` may lie inside each other.
const MAX_DEPTH: usize = 4;

/// A text that is read as a page: the page itself, a `srcdoc`, a conditional comment's content.
pub(super) struct Layer<'a> {
    pub(super) bytes: &'a [u8],
    /// Known beforehand; `None` lets the page declare its own.
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) place: Place,
    in_template: bool,
    base: Option<Arc<str>>,
    depth: usize,
    pub(super) outward: Outward,
    nest: Option<Arc<Nest>>,
}

/// A tag has no bytes of its own: it begins or ends inside a character reference.
struct Split;

impl<'a> Layer<'a> {
    /// The outermost layer.
    pub(super) fn page(bytes: &'a [u8], encoding: Option<&'static Encoding>) -> Self {
        Self {
            bytes,
            encoding,
            place: Place::Document,
            in_template: false,
            base: None,
            depth: 0,
            outward: Outward::default(),
            nest: None,
        }
    }
}

pub(super) fn is_html(element: &Element, name: &str) -> bool {
    element.namespace == Namespace::Html && element.name == name
}

/// The first attribute of that name.
pub(super) fn raw<'e>(element: &'e Element, name: &str) -> Option<&'e RawAttribute> {
    element.attributes.iter().find(|attribute| attribute.name == name)
}

/// Reads the events of one layer.
pub(super) struct LayerReader<'r, 'a> {
    scanner: &'r mut Scanner<'a>,
    layer: &'r Layer<'r>,
    encoding: &'static Encoding,
    /// The base in force so far.
    base: Option<Arc<str>>,
    /// Whether a `<base>` here can no longer change it.
    has_own_base: bool,
    /// How far the templates seen so far reach.
    template_end: usize,
}

impl<'r, 'a> LayerReader<'r, 'a> {
    pub(super) fn new(
        scanner: &'r mut Scanner<'a>,
        layer: &'r Layer<'r>,
        encoding: &'static Encoding,
    ) -> Self {
        Self {
            scanner,
            layer,
            encoding,
            base: layer.base.clone(),
            has_own_base: layer.place == Place::ConditionalComment,
            template_end: 0,
        }
    }

    /// Reports what `events` hold, and reads the layers inside this one.
    pub(super) fn read(mut self, events: &[Event]) -> Result<(), ScanError> {
        events.iter().try_for_each(|event| self.event(event))
    }

    fn event(&mut self, event: &Event) -> Result<(), ScanError> {
        if self.scanner.tags.len() + self.scanner.remarks.len() > MAX_FOUND {
            return Err(ScanError::TooMany { limit: MAX_FOUND });
        }
        match event {
            Event::ConditionalComment { content, .. } => self.comment(content),
            Event::Element(element) if element.span.len() > MAX_TAG => Err(TOO_LARGE),
            Event::Element(element) => self.element(element),
        }
    }

    fn element(&mut self, element: &Element) -> Result<(), ScanError> {
        match (element.namespace, element.name.as_str()) {
            (Namespace::Html, "script") => return self.script(element),
            (Namespace::Html, "iframe") => return self.iframe(element),
            (Namespace::Html, "link") => self.link(element),
            (Namespace::Html, "meta") => self.meta(element),
            (Namespace::Html, "base") => self.base(element),
            (Namespace::Html, "template") => self.template(element),
            (Namespace::Svg, "script") => self.svg_script(element),
            // MathML's script is none (HTML 4.12.1 knows two), and links in SVG are none either.
            (Namespace::Html | Namespace::Svg | Namespace::MathMl, _) => {}
        }
        Ok(())
    }

    fn script(&mut self, element: &Element) -> Result<(), ScanError> {
        if self.scanner.dialect == Dialect::Xhtml && element.self_closing {
            let offset = self.layer.outward.near(element.span.start);
            let position = Positions::new(self.scanner.source).of(offset);
            return Err(ScanError::SelfClosingScriptInXhtml { offset, position });
        }
        let types = self.texts(element, &["type", "language", "for", "event"]);
        let of = |name: &str| types.iter().find(|(n, _)| *n == name).map(|(_, text)| &**text);
        let kind = ScriptType::of_html(of);
        match raw(element, "src") {
            Some(_) => self.external(element, "src", kind, TagKind::Script),
            None => self.inline(element, kind),
        }
        Ok(())
    }

    fn svg_script(&mut self, element: &Element) {
        let types = self.texts(element, &["type"]);
        let kind = ScriptType::of_svg(|_| types.first().map(|(_, text)| &**text));
        let address = ["href", "xlink:href"].into_iter().find(|name| raw(element, name).is_some());
        match address {
            Some(address) => self.external(element, address, kind, TagKind::SvgScript),
            None => self.svg_inline(element, kind),
        }
    }

    fn svg_inline(&mut self, element: &Element, kind: ScriptType) {
        let End::Tag(end) = &element.end else { return };
        let text = &self.layer.bytes[element.span.end..end.start];
        let may_load = match kind {
            ScriptType::Classic => code::may_load(text),
            ScriptType::Module => code::may_load(text) || code::may_import(text),
            ScriptType::ImportMap | ScriptType::SpeculationRules | ScriptType::DataBlock(_) => {
                false
            }
        };
        if may_load {
            let span = self.near_span(&element.span);
            self.scanner.remarks.push(Remark::SvgInline { span });
        }
    }

    fn external(
        &mut self,
        element: &Element,
        address: &str,
        kind: ScriptType,
        tag: fn(ScriptType) -> TagKind,
    ) {
        match kind {
            ScriptType::Classic | ScriptType::Module => self.report(element, tag(kind)),
            ScriptType::ImportMap | ScriptType::SpeculationRules | ScriptType::DataBlock(_) => {
                let remark = Remark::ParkedScript {
                    src: self.text(element, address).unwrap_or_default(),
                    r#type: kind.name().to_owned(),
                    span: self.near_span(&element.span),
                };
                self.scanner.remarks.push(remark);
            }
        }
    }

    fn inline(&mut self, element: &Element, kind: ScriptType) {
        let End::Tag(end) = &element.end else {
            return;
        };
        let content = element.span.end..end.start;
        match kind {
            ScriptType::Module | ScriptType::ImportMap => self.reported(element, kind, content),
            ScriptType::Classic => {
                self.built_by(content.clone());
                if code::may_load(&self.layer.bytes[content.clone()]) {
                    self.reported(element, kind, content);
                }
            }
            ScriptType::SpeculationRules | ScriptType::DataBlock(_) => {}
        }
    }

    fn reported(&mut self, element: &Element, kind: ScriptType, content: Range<usize>) {
        let bytes = &self.layer.bytes[content.clone()];
        let (text, maps) = inline::script_text(bytes, content.start, self.encoding);
        let text_outward = Some(self.layer.outward.through(maps));
        let tag =
            self.layer.outward.span(content).ok_or(Split).and_then(|content| {
                self.tag(element, TagKind::InlineScript { kind, content, text })
            });
        self.push(tag.map(|tag| Tag { text_outward, ..tag }));
    }

    fn built_by(&mut self, content: Range<usize>) {
        let text = &self.layer.bytes[content.clone()];
        for url in inline::built_addresses(text) {
            let url_text = String::from_utf8_lossy(&text[url.clone()]).into_owned();
            let span = self.near_span(&(content.start + url.start..content.start + url.end));
            self.scanner.remarks.push(Remark::InlineBuilt { url_text, span });
        }
    }

    fn link(&mut self, element: &Element) {
        let Some(rel) = raw(element, "href").and_then(|_| self.text(element, "rel")) else {
            return;
        };
        let has =
            |token: &str| rel.split_ascii_whitespace().any(|part| part.eq_ignore_ascii_case(token));
        let is_script =
            || self.text(element, "as").is_some_and(|text| text.eq_ignore_ascii_case("script"));
        let rel = if has("preload") && is_script() {
            LinkRel::Preload
        } else if has("modulepreload") {
            LinkRel::ModulePreload
        } else if has("preconnect") || has("dns-prefetch") {
            LinkRel::Hint
        } else {
            return;
        };
        self.report(element, TagKind::Link(rel));
    }

    fn meta(&mut self, element: &Element) {
        let is_policy = self
            .text(element, "http-equiv")
            .is_some_and(|text| text.eq_ignore_ascii_case("content-security-policy"));
        if is_policy && raw(element, "content").is_some() {
            self.report(element, TagKind::MetaCsp);
        }
    }

    /// The first `<base>` with an `href` counts; inside a template there is no document it could
    /// belong to, and in a conditional comment none that anything living reads.
    fn base(&mut self, element: &Element) {
        if self.has_own_base || self.in_template(element) {
            return;
        }
        if let Some(href) = self.text(element, "href") {
            self.base = Some(href.into());
            self.has_own_base = true;
        }
    }

    /// Where another end tag came first, browsers ignore that one: the template goes on to its own.
    fn template(&mut self, element: &Element) {
        let bytes = self.layer.bytes;
        let end = match &element.end {
            End::Tag(tag) => tag.start,
            End::Other(from) => events::find_tag(&bytes[*from..], "/template")
                .map_or(bytes.len(), |distance| from + distance),
            End::Missing | End::Void => bytes.len(),
        };
        self.template_end = self.template_end.max(end);
    }

    fn in_template(&self, element: &Element) -> bool {
        self.layer.in_template || element.span.start < self.template_end
    }

    fn comment(&mut self, content: &Range<usize>) -> Result<(), ScanError> {
        let layer = Layer {
            bytes: &self.layer.bytes[content.clone()],
            encoding: Some(self.encoding),
            place: Place::ConditionalComment,
            in_template: self.layer.in_template || content.start < self.template_end,
            base: self.base.clone(),
            depth: self.layer.depth,
            outward: self.layer.outward.through([OffsetMap::shifted(content.start)]),
            nest: Some(Arc::new(Nest::Comment(self.layer.nest.clone()))),
        };
        self.scanner.layer(layer).map(drop)
    }

    fn iframe(&mut self, element: &Element) -> Result<(), ScanError> {
        let value = raw(element, "srcdoc").and_then(|attribute| attribute.value_span.clone());
        let Some(value) = value else {
            return Ok(());
        };
        let raw = &self.layer.bytes[value.clone()];
        let (text, maps) = attribute::decode_mapped(raw, value.start, self.encoding);
        if !has_relevant_tag(text.as_bytes()) {
            return Ok(());
        }
        let span = self.near_span(&element.span);
        if self.layer.depth == MAX_DEPTH {
            self.scanner.remarks.push(Remark::SrcdocNotRead { span, why: NotRead::TooDeep });
            return Ok(());
        }
        let quote = quote(self.layer.bytes, &value);
        let layer = Layer {
            bytes: text.as_bytes(),
            encoding: Some(UTF_8),
            place: match self.layer.place {
                Place::ConditionalComment => Place::ConditionalComment,
                Place::Document | Place::Srcdoc => Place::Srcdoc,
            },
            in_template: self.in_template(element),
            base: self.base.clone(),
            depth: self.layer.depth + 1,
            outward: self.layer.outward.through(maps),
            nest: Some(Arc::new(Nest::Srcdoc(quote, self.layer.nest.clone()))),
        };
        self.scanner.layer(layer).map(drop)
    }

    fn report(&mut self, element: &Element, kind: TagKind) {
        let tag = self.tag(element, kind);
        self.push(tag);
    }

    fn push(&mut self, tag: Result<Tag, Split>) {
        match tag {
            Ok(tag) => self.scanner.tags.push(tag),
            Err(Split) => self.split(),
        }
    }

    fn split(&mut self) {
        let span = self.near_span(&(0..self.layer.bytes.len()));
        self.scanner.remarks.push(Remark::SrcdocNotRead { span, why: NotRead::SplitReference });
    }

    fn tag(&self, element: &Element, kind: TagKind) -> Result<Tag, Split> {
        let outward = &self.layer.outward;
        let whole = match &element.end {
            End::Tag(end) => Some(element.span.start..end.end),
            End::Void => Some(element.span.clone()),
            End::Missing | End::Other(_) => None,
        };
        let attributes = element.attributes.iter().map(|attribute| self.attribute(attribute));
        Ok(Tag {
            kind,
            place: self.layer.place,
            in_template: self.in_template(element),
            span: outward.span(element.span.clone()).ok_or(Split)?,
            element: whole.map(|span| outward.span(span).ok_or(Split)).transpose()?,
            base: self.base.clone(),
            attributes: attributes.collect::<Result<_, Split>>()?,
            name_end: outward.offset(element.span.start + 1 + element.name.len()).ok_or(Split)?,
            nest: self.layer.nest.clone(),
            text_outward: None,
        })
    }

    fn attribute(&self, raw: &RawAttribute) -> Result<Attribute, Split> {
        let bytes = self.layer.bytes;
        let map = |span: Range<usize>| self.layer.outward.span(span).ok_or(Split);
        let value = raw.value_span.as_ref().map(|span| (span, quote(bytes, span)));
        let end = match value {
            None => raw.name_span.end,
            Some((span, Quote::None)) => span.end,
            Some((span, Quote::Single | Quote::Double)) => span.end + 1,
        };
        let value = value.map(|(span, quote)| {
            let text = attribute::decode(&bytes[span.clone()], self.encoding);
            Ok(Value { text, span: map(span.clone())?, quote })
        });
        Ok(Attribute {
            name: raw.name.clone(),
            value: value.transpose()?,
            span: map(raw.name_span.start..end)?,
            removal: map(removal(bytes, raw.name_span.start..end))?,
        })
    }

    fn text(&self, element: &Element, name: &str) -> Option<String> {
        let value = raw(element, name)?.value_span.clone().unwrap_or_default();
        Some(attribute::decode(&self.layer.bytes[value], self.encoding))
    }

    fn texts(&self, element: &Element, names: &[&'static str]) -> Vec<(&'static str, String)> {
        names.iter().filter_map(|name| Some((*name, self.text(element, name)?))).collect()
    }

    fn near_span(&self, span: &Range<usize>) -> Range<usize> {
        self.layer.outward.near(span.start)..self.layer.outward.near(span.end)
    }
}

/// How the value at `span` is delimited.
fn quote(bytes: &[u8], span: &Range<usize>) -> Quote {
    let before = span.start.checked_sub(1).and_then(|before| bytes.get(before));
    match before {
        Some(b'"') => Quote::Double,
        Some(b'\'') => Quote::Single,
        _ => Quote::None,
    }
}

/// What to cut to be rid of the attribute at `span`: with the white space before it, unless its
/// neighbours would run together.
fn removal(bytes: &[u8], span: Range<usize>) -> Range<usize> {
    let ends = bytes.get(span.end).is_none_or(|next| next.is_ascii_whitespace() || *next == b'>');
    if !ends {
        return span;
    }
    let before = bytes[..span.start].iter().rev().take_while(|byte| byte.is_ascii_whitespace());
    span.start - before.count()..span.end
}
