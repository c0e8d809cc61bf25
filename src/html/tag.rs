//! What a scan reports: tags with their attributes, and remarks on what only looks like one.
//!
//! Every span counts bytes of [`Scan::source`](super::Scan::source), also for tags inside
//! `srcdoc` and conditional comments. Texts are decoded as a URL parser should see them (HTML
//! 13.2.5.36 and following), neither stripped nor resolved.

use std::{ops::Range, sync::Arc};

use super::{
    nested::Surroundings,
    script_type::ScriptType,
    span::{Quote, SpanMap},
    vocabulary::{self, CONTENT, HREF, LinkRel, SCRIPT_ADDRESSES},
};
use crate::asset::Markup;

/// Where in the page a tag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The page's own markup.
    Document,
    /// Inside `<!--[if …]>…<![endif]-->`: no browser in use reads it. Wins over
    /// [`Place::Srcdoc`] where both apply.
    ConditionalComment,
    /// Inside the document of an `<iframe srcdoc>`, at any depth.
    Srcdoc,
}

/// What a tag is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// `<script src>`, [`ScriptType::Classic`] or [`ScriptType::Module`].
    Script(ScriptType),
    /// SVG's `<script href>` or `<script xlink:href>`; takes no `integrity`.
    SvgScript(ScriptType),
    /// A `<link>` that follows or announces a script.
    Link(LinkRel),
    /// `<meta http-equiv=content-security-policy>`; the policy is its `content`.
    MetaCsp,
    /// An HTML script written in the page: a module, an import map, or a classic script that may
    /// load modules or workers.
    InlineScript {
        /// [`ScriptType::Module`], [`ScriptType::ImportMap`] or [`ScriptType::Classic`].
        kind: ScriptType,
        /// The bytes between start and end tag.
        content: Range<usize>,
        /// Those bytes as text: what the browser runs, what a CSP hash is made of, and what
        /// [`Change::Splice`](super::Change::Splice) counts. Line ends are LF in it.
        text: String,
    },
}

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The value: character references decoded, NUL as U+FFFD, line ends as LF, not stripped.
    pub text: String,
    /// The bytes of the value, without quotes.
    pub span: Range<usize>,
    /// How the value is delimited, in the text it is written in.
    pub quote: Quote,
}

/// An attribute of a reported tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name in ASCII lower case.
    pub name: String,
    /// The value; `None` where only the name is written.
    pub value: Option<Value>,
    /// From the name's first byte to the closing quote.
    pub span: Range<usize>,
    /// What goes when the attribute goes: the span, usually with the white space before it.
    pub(super) removal: Range<usize>,
}

/// A start tag that matters to us.
#[derive(Clone, Debug)]
pub struct Tag {
    /// What the tag is.
    pub kind: TagKind,
    /// Where it stands.
    pub place: Place,
    /// Whether it stands in a `<template>`: inert until cloned.
    pub in_template: bool,
    /// The start tag, from `<` to `>`.
    pub span: Range<usize>,
    /// Start tag through end tag; `None` where no end tag was seen.
    pub element: Option<Range<usize>>,
    /// The decoded `href` of the `<base>` in force here: the document's first with an `href`, once
    /// it has been seen. A `srcdoc` document without its own inherits the one its frame stands in;
    /// its own is given as written, though browsers resolve it against the inherited one.
    pub base: Option<Arc<str>>,
    /// Every attribute in source order, duplicates included.
    pub(super) attributes: Vec<Attribute>,
    /// Where the tag's name ends: new attributes go here if there is no address.
    pub(super) name_end: usize,
    /// The texts around the tag, for encoding what is inserted.
    pub(super) surroundings: Option<Arc<Surroundings>>,
    /// The way from an inline script's text to the page's bytes.
    pub(super) text_map: Option<SpanMap>,
}

impl Tag {
    /// The attribute of this lower-case name; of duplicates the first, as in browsers.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// An attribute's decoded text; empty where only the name is written.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(Attribute::text)
    }

    /// Every attribute in source order, duplicates included.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attribute that names the resource: `src`, `href`, for SVG `href` before `xlink:href`,
    /// for a policy `content`. Inline scripts have none.
    pub fn address_attribute(&self) -> Option<&Attribute> {
        match self.kind {
            TagKind::Script(_) => self.first_of(vocabulary::script_addresses(Markup::Html)),
            TagKind::SvgScript(_) => self.first_of(vocabulary::script_addresses(Markup::Svg)),
            TagKind::Link(_) => self.attribute(HREF),
            TagKind::MetaCsp => self.attribute(CONTENT),
            TagKind::InlineScript { .. } => None,
        }
    }

    fn first_of<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<&Attribute> {
        names.find_map(|name| self.attribute(name))
    }

    /// Whether browsers check its `integrity`.
    pub fn takes_integrity(&self) -> bool {
        let takes = |markup: Markup| {
            SCRIPT_ADDRESSES.iter().any(|known| known.markup == markup && known.takes_integrity)
        };
        match self.kind {
            TagKind::Script(_) => takes(Markup::Html),
            TagKind::SvgScript(_) => takes(Markup::Svg),
            TagKind::Link(rel) => vocabulary::link_takes_integrity(rel),
            TagKind::MetaCsp | TagKind::InlineScript { .. } => false,
        }
    }

    /// The decoded text of [`Tag::address_attribute`].
    pub fn address(&self) -> Option<&str> {
        self.address_attribute().map(Attribute::text)
    }

    /// The number of the document that it stands in: the page itself is 0, and every `srcdoc` is a
    /// document of its own.
    pub fn document(&self) -> usize {
        let mut around = self.surroundings.as_ref();
        while let Some(Surroundings::Comment(outer)) = around.map(Arc::as_ref) {
            around = outer.as_ref();
        }
        around.map_or(0, |srcdoc| Arc::as_ptr(srcdoc).addr())
    }

    /// Whether it has nothing to do with modules, by its tag alone.
    pub fn is_classic(&self) -> bool {
        match &self.kind {
            TagKind::Script(kind) | TagKind::SvgScript(kind) => *kind == ScriptType::Classic,
            TagKind::Link(rel) => *rel != LinkRel::ModulePreload,
            TagKind::MetaCsp => true,
            TagKind::InlineScript { .. } => false,
        }
    }

    /// Whether the author asks us to leave this tag: `data-inhouse="skip"`.
    pub fn is_skipped_by_author(&self) -> bool {
        self.text("data-inhouse").is_some_and(|text| text.trim_ascii().eq_ignore_ascii_case("skip"))
    }
}

impl Attribute {
    /// The decoded text; empty where only the name is written.
    pub fn text(&self) -> &str {
        self.value.as_ref().map_or("", |value| &value.text)
    }
}

/// Something a reader should know of, that is never edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A script element whose address no browser loads, because of its type.
    ParkedScript {
        /// The decoded address.
        src: String,
        /// That type, as its author wrote it.
        r#type: String,
        /// The start tag.
        span: Range<usize>,
    },
    /// Inline script text that builds a script element with a literal address.
    InlineBuilt {
        /// The address as it stands in the script's text.
        url_text: String,
        /// The bytes of that text.
        span: Range<usize>,
    },
    /// An inline script of SVG that may load modules: its text is markup, which is not read.
    SvgInline {
        /// The start tag.
        span: Range<usize>,
    },
    /// A `srcdoc` whose document was not read.
    SrcdocNotRead {
        /// The start tag of the `<iframe>`.
        span: Range<usize>,
        /// What stood in the way.
        why: NotRead,
    },
}

/// Why a `srcdoc` was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// Documents are nested deeper than anyone writes them.
    TooDeep,
    /// A tag in it begins or ends inside a character reference, so it has no bytes of its own.
    SplitReference,
}
