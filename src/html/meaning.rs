//! What the elements of a layer mean: which of them matter, and what is reported of them.
//!
//! What makes an element a script is HTML 4.12.1, a link 4.6.7, which `<base>` is in force 4.2.3.

use std::{ops::Range, sync::Arc};

use encoding_rs::Encoding;

use super::{
    Dialect, ScanError, ScriptType, attribute,
    element_tag::{self, SplitReference},
    layer::{Context, Layer, quote},
    scan_error::MAX_TAG,
    script_text, script_words,
    sink::{InlineScripts, Sink},
    tag::{NotRead, Place, Remark, Tag, TagKind},
    token::{
        self, TokenError,
        event::{Element, End, Event, Namespace},
    },
    vocabulary::{self, CONTENT, HREF, HTTP_EQUIV, Meaning, POLICY, REL_TOKENS, RelToken, SRCDOC},
};
use crate::asset::Markup;

/// How many `srcdoc` may lie inside each other.
const MAX_DEPTH: usize = 4;

/// Reads the page that `sink` is for; returns the encoding it is in.
pub(super) fn read_page(
    sink: &mut Sink<'_>,
    encoding: Option<&'static Encoding>,
) -> Result<&'static Encoding, ScanError> {
    let layer = Layer::page(sink.source(), encoding);
    read_layer(sink, &layer)
}

/// Reads a layer and everything inside it.
fn read_layer(sink: &mut Sink<'_>, layer: &Layer<'_>) -> Result<&'static Encoding, ScanError> {
    let read = token::read(layer.bytes, layer.encoding);
    let (events, encoding) = read.map_err(|error| unreadable(sink, layer, error))?;
    LayerReader::new(sink, layer, encoding).read(&events)?;
    Ok(encoding)
}

fn unreadable(sink: &Sink<'_>, layer: &Layer<'_>, error: TokenError) -> ScanError {
    match error {
        TokenError::TooLarge => ScanError::LARGE,
        TokenError::Ambiguous { tag, offset } => {
            let offset = layer.to_page.near(offset);
            ScanError::Ambiguous { tag, offset, position: sink.position(offset) }
        }
    }
}

/// Reads the events of one layer.
struct LayerReader<'r, 'a> {
    sink: &'r mut Sink<'a>,
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
    fn new(sink: &'r mut Sink<'a>, layer: &'r Layer<'r>, encoding: &'static Encoding) -> Self {
        Self {
            sink,
            layer,
            encoding,
            base: layer.base.clone(),
            has_own_base: layer.place == Place::ConditionalComment,
            template_end: 0,
        }
    }

    /// Reports what `events` hold, and reads the layers inside this one.
    fn read(mut self, events: &[Event]) -> Result<(), ScanError> {
        events.iter().try_for_each(|event| self.event(event))
    }

    fn event(&mut self, event: &Event) -> Result<(), ScanError> {
        self.sink.admit()?;
        match event {
            Event::ConditionalComment { content, .. } => self.comment(content),
            Event::Element(element) if element.span.len() > MAX_TAG => Err(ScanError::LARGE),
            Event::Element(element) => self.element(element),
        }
    }

    fn element(&mut self, element: &Element) -> Result<(), ScanError> {
        let known = vocabulary::element(element.name.as_bytes());
        match (element.namespace, known.map(|known| known.meaning)) {
            (Namespace::Html, Some(Meaning::Script)) => return self.script(element),
            (Namespace::Html, Some(Meaning::Iframe)) => return self.iframe(element),
            (Namespace::Html, Some(Meaning::Link)) => self.link(element),
            (Namespace::Html, Some(Meaning::Meta)) => self.meta(element),
            (Namespace::Html, Some(Meaning::Base)) => self.base(element),
            (Namespace::Html, Some(Meaning::Template)) => self.template(element),
            (Namespace::Svg, Some(Meaning::Script)) => self.svg_script(element),
            // MathML's script is none (HTML 4.12.1 knows two), and links in SVG are none either.
            (Namespace::Html | Namespace::Svg | Namespace::MathMl, _) => {}
        }
        Ok(())
    }

    fn script(&mut self, element: &Element) -> Result<(), ScanError> {
        if self.sink.dialect == Dialect::Xhtml && element.self_closing {
            let offset = self.layer.to_page.near(element.span.start);
            let position = self.sink.position(offset);
            return Err(ScanError::SelfClosingScriptInXhtml { offset, position });
        }
        let types = self.texts(element, &["type", "language", "for", "event"]);
        let of = |name: &str| types.iter().find(|(n, _)| *n == name).map(|(_, text)| &**text);
        let kind = ScriptType::of_html(of);
        match address(element, Markup::Html) {
            Some(address) => self.external(element, address, kind, TagKind::Script),
            None => self.inline(element, kind),
        }
        Ok(())
    }

    fn svg_script(&mut self, element: &Element) {
        let types = self.texts(element, &["type"]);
        let kind = ScriptType::of_svg(|_| types.first().map(|(_, text)| &**text));
        match address(element, Markup::Svg) {
            Some(address) => self.external(element, address, kind, TagKind::SvgScript),
            None => self.svg_inline(element, kind),
        }
    }

    fn svg_inline(&mut self, element: &Element, kind: ScriptType) {
        let End::Tag(end) = &element.end else { return };
        let text = &self.layer.bytes[element.span.end..end.start];
        let may_load = match kind {
            ScriptType::Classic => script_words::may_load(text),
            ScriptType::Module => script_words::may_load(text) || script_words::may_import(text),
            ScriptType::ImportMap | ScriptType::SpeculationRules | ScriptType::DataBlock(_) => {
                false
            }
        };
        if may_load {
            let span = self.layer.near_span(&element.span);
            self.sink.remarks.push(Remark::SvgInline { span });
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
                    span: self.layer.near_span(&element.span),
                };
                self.sink.remarks.push(remark);
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
                let may_load = || script_words::may_load(&self.layer.bytes[content.clone()]);
                if self.sink.inline == InlineScripts::All || may_load() {
                    self.reported(element, kind, content);
                }
            }
            ScriptType::SpeculationRules | ScriptType::DataBlock(_) => {}
        }
    }

    fn reported(&mut self, element: &Element, kind: ScriptType, content: Range<usize>) {
        let bytes = &self.layer.bytes[content.clone()];
        let (text, maps) = script_text::script_text(bytes, content.start, self.encoding);
        let text_map = Some(self.layer.to_page.through(maps));
        let content = self.layer.to_page.span(content).ok_or(SplitReference);
        let tag = content
            .and_then(|content| self.tag(element, TagKind::InlineScript { kind, content, text }));
        self.push(tag.map(|tag| Tag { text_map, ..tag }));
    }

    fn built_by(&mut self, content: Range<usize>) {
        let text = &self.layer.bytes[content.clone()];
        for url in script_text::built_addresses(text) {
            let url_text = String::from_utf8_lossy(&text[url.clone()]).into_owned();
            let span = self.layer.near_span(&(content.start + url.start..content.start + url.end));
            self.sink.remarks.push(Remark::InlineBuilt { url_text, span });
        }
    }

    fn link(&mut self, element: &Element) {
        if element.attribute(HREF).is_none() {
            return;
        }
        let Some(rel) = self.text(element, "rel") else { return };
        let tokens: Vec<_> = rel.split_ascii_whitespace().collect();
        let destination = self.text(element, "as");
        let applies = |known: &&RelToken| {
            let is_wanted = |wanted: &str| {
                destination.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(wanted))
            };
            tokens.iter().any(|token| token.eq_ignore_ascii_case(known.token))
                && known.r#as.is_none_or(is_wanted)
        };
        if let Some(known) = REL_TOKENS.iter().find(applies) {
            self.report(element, TagKind::Link(known.meaning));
        }
    }

    fn meta(&mut self, element: &Element) {
        let is_policy =
            self.text(element, HTTP_EQUIV).is_some_and(|text| text.eq_ignore_ascii_case(POLICY));
        if is_policy && element.attribute(CONTENT).is_some() {
            self.report(element, TagKind::MetaCsp);
        }
    }

    /// The first `<base>` with an `href` counts; inside a template there is no document it could
    /// belong to, and in a conditional comment none that a browser in use reads.
    fn base(&mut self, element: &Element) {
        if self.has_own_base || self.context(element.span.start).in_template {
            return;
        }
        if let Some(href) = self.text(element, HREF) {
            self.base = Some(href.into());
            self.has_own_base = true;
        }
    }

    /// Where another end tag came first, browsers ignore that one: the template goes on to its own.
    fn template(&mut self, element: &Element) {
        let bytes = self.layer.bytes;
        let end = match &element.end {
            End::Tag(tag) => tag.start,
            End::Other(from) => token::find_tag(&bytes[*from..], "/template")
                .map_or(bytes.len(), |distance| from + distance),
            End::Missing | End::Void => bytes.len(),
        };
        self.template_end = self.template_end.max(end);
    }

    fn comment(&mut self, content: &Range<usize>) -> Result<(), ScanError> {
        let layer = self.layer.comment(content, self.context(content.start));
        read_layer(self.sink, &layer).map(drop)
    }

    fn iframe(&mut self, element: &Element) -> Result<(), ScanError> {
        let Some(value) = element.attribute(SRCDOC).and_then(|srcdoc| srcdoc.value_span.clone())
        else {
            return Ok(());
        };
        let raw = &self.layer.bytes[value.clone()];
        let (text, maps) = attribute::decode_mapped(raw, value.start, self.encoding);
        if !token::may_be_reported(text.as_bytes()) {
            return Ok(());
        }
        if self.layer.depth == MAX_DEPTH {
            let span = self.layer.near_span(&element.span);
            self.sink.remarks.push(Remark::SrcdocNotRead { span, why: NotRead::TooDeep });
            return Ok(());
        }
        let context = self.context(element.span.start);
        let layer = self.layer.srcdoc(&text, maps, quote(self.layer.bytes, &value), context);
        read_layer(self.sink, &layer).map(drop)
    }

    /// What is in force at an offset that has been reached.
    fn context(&self, offset: usize) -> Context {
        Context {
            encoding: self.encoding,
            in_template: self.layer.in_template || offset < self.template_end,
            base: self.base.clone(),
        }
    }

    fn report(&mut self, element: &Element, kind: TagKind) {
        let tag = self.tag(element, kind);
        self.push(tag);
    }

    fn push(&mut self, tag: Result<Tag, SplitReference>) {
        match tag {
            Ok(tag) => self.sink.tags.push(tag),
            Err(SplitReference) => self.split(),
        }
    }

    fn split(&mut self) {
        let span = self.layer.near_span(&(0..self.layer.bytes.len()));
        self.sink.remarks.push(Remark::SrcdocNotRead { span, why: NotRead::SplitReference });
    }

    fn tag(&self, element: &Element, kind: TagKind) -> Result<Tag, SplitReference> {
        element_tag::tag(self.layer, self.context(element.span.start), element, kind)
    }

    fn text(&self, element: &Element, name: &str) -> Option<String> {
        let value = element.attribute(name)?.value_span.clone().unwrap_or_default();
        Some(attribute::decode(&self.layer.bytes[value], self.encoding))
    }

    fn texts(&self, element: &Element, names: &[&'static str]) -> Vec<(&'static str, String)> {
        names.iter().filter_map(|name| Some((*name, self.text(element, name)?))).collect()
    }
}

/// The attribute that holds the address of a script.
fn address(element: &Element, markup: Markup) -> Option<&'static str> {
    vocabulary::script_addresses(markup).find(|name| element.attribute(name).is_some())
}
