//! One page read: from the tags a scan found to what they mean for this site.
//!
//! Pure. Decides which tag loads a script from elsewhere, which merely follows or announces one,
//! and which already loads a vendored copy; what is done about them is for the plan.

use std::{borrow::Cow, ops::Range, sync::Arc};

use crate::{
    findings::Use,
    html::{LinkRel, Place, Position, Positions, Remark, Scan, ScriptType, Tag, TagKind},
    integrity::IntegrityMetadata,
    reference::{PageAddress, SubresourceUrl, Target},
};

/// What a tag does with the address it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Runs it as a classic script: HTML's `<script src>` or SVG's `<script href>`.
    Classic,
    /// Runs or preloads it as a module: the head of a module graph.
    Module,
    /// `rel=preload as=script`: loads what some script runs.
    Preload,
    /// `rel=preconnect` or `rel=dns-prefetch`: prepares for a host.
    Hint,
}

/// A tag that names an address on another origin.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The tag, as an index into [`Scan::tags`].
    pub tag: usize,
    /// What the tag does with the address.
    pub role: Role,
    /// The address.
    pub url: SubresourceUrl,
    /// What followed `#` in it.
    pub fragment: Option<String>,
    /// The author's `integrity`.
    pub declared: Option<IntegrityMetadata>,
    /// The author asks us to leave the tag: `data-inhouse="skip"`.
    pub skipped: bool,
    /// Whether a relative address from here reaches the vendor folder.
    pub base: Option<Arc<str>>,
}

/// A script tag that names a file of the site itself.
#[derive(Clone, Debug)]
pub struct LocalScript {
    /// The tag, as an index into [`Scan::tags`].
    pub tag: usize,
    /// The file's URL path below the site's root, percent-encoded.
    pub path: String,
    /// The tag's `integrity`.
    pub declared: Option<IntegrityMetadata>,
    /// SVG scripts take no `integrity`.
    pub takes_integrity: bool,
}

/// What a page means for this site.
#[derive(Debug, Default)]
pub struct PageReferences {
    /// Tags that name another origin, in source order.
    pub external: Vec<Reference>,
    /// Script tags that name the site itself, in source order.
    pub local: Vec<LocalScript>,
    /// Tags whose address is a placeholder that was never filled in.
    pub placeholders: Vec<usize>,
}

impl PageReferences {
    /// Every URL on another origin that a tag names.
    pub fn urls(&self) -> impl Iterator<Item = &SubresourceUrl> {
        self.external.iter().map(|found| &found.url)
    }
}

/// Reads `scan`, the tags of the page at `address`.
pub fn references(address: &PageAddress, scan: &Scan) -> PageReferences {
    let mut page = PageReferences::default();
    for (index, tag) in scan.tags.iter().enumerate() {
        if let Some(role) = role(&tag.kind) {
            read_address(address, index, tag, role, &mut page);
        }
    }
    page
}

fn role(kind: &TagKind) -> Option<Role> {
    match kind {
        TagKind::Script(r#type) | TagKind::SvgScript(r#type) => script_role(r#type),
        TagKind::Link(rel) => Some(link_role(*rel)),
        TagKind::MetaCsp | TagKind::InlineScript { .. } => None,
    }
}

fn script_role(r#type: &ScriptType) -> Option<Role> {
    match r#type {
        ScriptType::Classic => Some(Role::Classic),
        ScriptType::Module => Some(Role::Module),
        // Browsers run nothing for these: an import map or a data block takes no `src`.
        ScriptType::ImportMap | ScriptType::SpeculationRules | ScriptType::DataBlock(_) => None,
    }
}

fn link_role(rel: LinkRel) -> Role {
    match rel {
        LinkRel::Preload => Role::Preload,
        LinkRel::ModulePreload => Role::Module,
        LinkRel::Hint => Role::Hint,
    }
}

fn read_address(
    address: &PageAddress,
    index: usize,
    tag: &Tag,
    role: Role,
    page: &mut PageReferences,
) {
    match address.resolve(tag.address().unwrap_or_default(), tag.base.as_deref()) {
        Target::External { url, fragment } => {
            let skipped = tag.is_skipped_by_author();
            let (declared, base) = (declared(tag), tag.base.clone());
            let reference = Reference { tag: index, role, url, fragment, declared, skipped, base };
            page.external.push(reference);
        }
        Target::OwnSite { path } if matches!(role, Role::Classic | Role::Module) => {
            let (declared, takes_integrity) = (declared(tag), tag.takes_integrity());
            page.local.push(LocalScript { tag: index, path, declared, takes_integrity });
        }
        Target::Placeholder => page.placeholders.push(index),
        Target::OwnSite { .. } | Target::NotFetchable { .. } | Target::Nothing => {}
    }
}

fn declared(tag: &Tag) -> Option<IntegrityMetadata> {
    tag.text("integrity").map(IntegrityMetadata::parse)
}

/// Where a tag stands, as the report names it.
pub fn place(page: &Arc<str>, positions: &Positions<'_>, tag: &Tag) -> Use {
    at(page, positions.of(tag.span.start), label(tag))
}

/// Where a remark stands, as the report names it.
pub fn place_of_remark(page: &Arc<str>, positions: &Positions<'_>, remark: &Remark) -> Use {
    let (span, tag) = subject(remark);
    at(page, positions.of(span.start), tag.into())
}

/// The tag that a remark is about: its span and its name.
fn subject(remark: &Remark) -> (&Range<usize>, &'static str) {
    match remark {
        Remark::ParkedScript { span, .. } | Remark::InlineBuilt { span, .. } => (span, "script"),
        Remark::SvgInline { span } => (span, "svg script"),
        Remark::SrcdocNotRead { span, .. } => (span, "iframe srcdoc"),
    }
}

fn at(page: &Arc<str>, position: Position, tag: Cow<'static, str>) -> Use {
    Use { page: page.clone(), line: position.line, column: position.column, tag }
}

fn label(tag: &Tag) -> Cow<'static, str> {
    let name = name(&tag.kind);
    match tag.place {
        Place::Document => name.into(),
        Place::ConditionalComment => format!("{name} in a conditional comment").into(),
        Place::Srcdoc => format!("{name} in srcdoc").into(),
    }
}

fn name(kind: &TagKind) -> &'static str {
    match kind {
        TagKind::Script(ScriptType::Module) => "script type=module",
        TagKind::InlineScript { kind: ScriptType::ImportMap, .. } => "script type=importmap",
        TagKind::InlineScript { kind: ScriptType::Classic, .. } => "script",
        TagKind::InlineScript { .. } => "script type=module",
        TagKind::Script(_) => "script",
        TagKind::SvgScript(_) => "svg script",
        TagKind::Link(LinkRel::Preload) => "link rel=preload",
        TagKind::Link(LinkRel::ModulePreload) => "link rel=modulepreload",
        TagKind::Link(LinkRel::Hint) => "link rel=preconnect",
        TagKind::MetaCsp => "meta http-equiv=content-security-policy",
    }
}
