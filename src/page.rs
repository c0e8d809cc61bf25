//! One page read: from the tags a scan found to what they mean for this site.
//!
//! Pure. Decides which tag loads a script from elsewhere, which merely follows or announces one,
//! and which already loads a vendored copy; what is done about them is the plan's affair.

use std::{borrow::Cow, sync::Arc};

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
    /// Tags whose address is a placeholder that nobody filled in.
    pub placeholders: Vec<usize>,
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
        TagKind::Script(ScriptType::Classic) | TagKind::SvgScript(ScriptType::Classic) => {
            Some(Role::Classic)
        }
        TagKind::Script(ScriptType::Module) | TagKind::SvgScript(ScriptType::Module) => {
            Some(Role::Module)
        }
        TagKind::Link(LinkRel::Preload) => Some(Role::Preload),
        TagKind::Link(LinkRel::ModulePreload) => Some(Role::Module),
        TagKind::Link(LinkRel::Hint) => Some(Role::Hint),
        // Browsers run nothing for these: an import map or a data block takes no `src`.
        TagKind::Script(_) | TagKind::SvgScript(_) => None,
        TagKind::MetaCsp | TagKind::InlineScript { .. } => None,
    }
}

fn read_address(
    address: &PageAddress,
    index: usize,
    tag: &Tag,
    role: Role,
    page: &mut PageReferences,
) {
    let base = tag.base.as_deref();
    let declared = tag.text("integrity").map(IntegrityMetadata::parse);
    match address.resolve(tag.address().unwrap_or_default(), base) {
        Target::External { url, fragment } => page.external.push(Reference {
            tag: index,
            role,
            url,
            fragment,
            declared,
            skipped: tag.is_skipped_by_author(),
            base: tag.base.clone(),
        }),
        Target::OwnSite { path } if matches!(role, Role::Classic | Role::Module) => {
            page.local.push(LocalScript {
                tag: index,
                path,
                declared,
                takes_integrity: tag.takes_integrity(),
            });
        }
        Target::Placeholder => page.placeholders.push(index),
        Target::OwnSite { .. } | Target::NotFetchable { .. } | Target::Nothing => {}
    }
}

/// Where a tag stands, as the report names it.
pub fn place(page: &Arc<str>, positions: &Positions<'_>, tag: &Tag) -> Use {
    at(page, positions.of(tag.span.start), label(tag))
}

/// Where a remark stands, as the report names it.
pub fn place_of_remark(page: &Arc<str>, positions: &Positions<'_>, remark: &Remark) -> Use {
    let (span, tag) = match remark {
        Remark::ParkedScript { span, .. } => (span, "script"),
        Remark::InlineBuilt { span, .. } => (span, "script"),
        Remark::SvgInline { span } => (span, "svg script"),
        Remark::SrcdocNotRead { span, .. } => (span, "iframe srcdoc"),
    };
    at(page, positions.of(span.start), tag.into())
}

fn at(page: &Arc<str>, position: Position, tag: Cow<'static, str>) -> Use {
    Use { page: page.clone(), line: position.line, column: position.column, tag }
}

fn label(tag: &Tag) -> Cow<'static, str> {
    let name = match &tag.kind {
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
    };
    match tag.place {
        Place::Document => name.into(),
        Place::ConditionalComment => format!("{name} in a conditional comment").into(),
        Place::Srcdoc => format!("{name} in srcdoc").into(),
    }
}
