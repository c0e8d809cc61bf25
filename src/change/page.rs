//! What changes in a page: a pure function of its bytes, its address and the resolutions.
//!
//! A script that became local gets its new address and our `integrity`; a preload follows its
//! script; a hint for a host that the page no longer names goes away. Everything else keeps its
//! bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cdn_literals::{self, StayingLiteral},
    error::RewriteError,
    inline_edit::InlineEdit,
    inline_scripts, meta_policies,
    modules::Modules,
    resolution::{LocalCopy, Resolution, Style},
};
use crate::{
    html::{self, Change, Dialect, Edit, Patch, Position, Positions, Scan, Tag, TagKind},
    layout::cdn_folders::{CdnFolder, CdnFolders},
    page::{self, Reference, Role},
    read::page_record::ReadPage,
    reference::{ForeignBase, PageAddress, SubresourceUrl},
};

/// Everything that pages are rewritten by.
#[derive(Clone, Debug)]
pub struct Changes<'a> {
    /// What has become of each URL.
    pub resolutions: BTreeMap<SubresourceUrl, Resolution>,
    /// What has become of modules, where no tag names them.
    pub modules: Modules,
    /// The folders of CDNs whose files came along with scripts.
    pub folders: CdnFolders,
    /// How pages refer to the vendor folder.
    pub style: Style<'a>,
}

impl<'a> Changes<'a> {
    /// Where no files came along with scripts.
    pub fn new(
        resolutions: BTreeMap<SubresourceUrl, Resolution>,
        modules: Modules,
        style: Style<'a>,
    ) -> Self {
        Self { resolutions, modules, folders: CdnFolders::default(), style }
    }

    /// Which scripts of the site matter as well: any may be one that changes, if one does.
    pub fn local(&self) -> Option<&'static str> {
        (!self.modules.changed.is_empty()).then_some("")
    }
}

/// What has become of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// It changes.
    Changed(Page),
    /// Nothing in it concerns us.
    Unchanged,
}

/// A page that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What changes in its bytes.
    pub patch: Patch,
    /// What has become of its inline scripts, for policies outside the page.
    pub inline: Vec<InlineEdit>,
    /// The addresses of CDNs that stay in its inline scripts, each with the place of the script.
    pub staying: Vec<(Position, StayingLiteral)>,
}

/// Rewrites one page.
///
/// # Errors
/// [`RewriteError`]; then no byte of the page may be used.
pub fn rewrite(
    bytes: &[u8],
    dialect: Dialect,
    address: &PageAddress,
    changes: &Changes<'_>,
) -> Result<Rewritten, RewriteError> {
    let Some(scan) = html::scan_relevant(bytes, dialect, changes.local())? else {
        return Ok(Rewritten::Unchanged);
    };
    let references = page::references(address, &scan);
    let page = ReadPage { bytes, address, scan: &scan, references: &references };
    match cdn_literals::may_be_there(&page, &changes.folders) {
        false => rewrite_read(&page, changes),
        true => rewrite_with_all_scripts(&page, dialect, changes),
    }
}

/// Rewrites a page of which inline scripts may change that load no modules. Which do shows only now.
fn rewrite_with_all_scripts(
    page: &ReadPage<'_>,
    dialect: Dialect,
    changes: &Changes<'_>,
) -> Result<Rewritten, RewriteError> {
    let Ok(scan) = html::scan_with_all_scripts(page.bytes, dialect) else {
        let rewritten = rewrite_read(page, changes)?;
        return Ok(rewritten.with_unread_scripts(page, &changes.folders));
    };
    let references = page::references(page.address, &scan);
    rewrite_read(&ReadPage { scan: &scan, references: &references, ..*page }, changes)
}

impl Rewritten {
    /// Notes that the rest of the page may name folders of CDNs.
    fn with_unread_scripts(self, page: &ReadPage<'_>, folders: &CdnFolders) -> Self {
        let Self::Changed(mut changed) = self else { return self };
        let unread = |folder: &CdnFolder| (Position::START, StayingLiteral::unread(folder));
        let folders = folders.of_scripts(page.references.urls()).into_iter();
        changed.staying.extend(folders.map(unread));
        Self::Changed(changed)
    }
}

/// Rewrites a page that has been read.
///
/// # Errors
/// [`RewriteError`]; then no byte of the page may be used.
pub fn rewrite_read(page: &ReadPage<'_>, changes: &Changes<'_>) -> Result<Rewritten, RewriteError> {
    let ReadPage { bytes, address, scan, references } = *page;
    let Changes { resolutions, modules, folders, style } = changes;
    let found = &references.external;
    let mut edits = TagEditor::new(scan, address, changes, found).edits(found)?;
    edits.extend(modules.guard_own(&references.local));
    let inline = inline_scripts::edits((modules, folders), address, scan, style)?;
    edits.extend(inline.edits);
    edits.extend(idle_hints(scan, bytes, found, &edits, resolutions));
    edits.extend(meta_policies::follow(scan, &inline.scripts)?);
    if edits.is_empty() {
        return Ok(Rewritten::Unchanged);
    }
    let patch = html::patch(bytes, scan, &edits)?;
    let staying = placed(page, inline.staying);
    let inline = inline.scripts.into_iter().map(|script| script.edit).collect();
    Ok(Rewritten::Changed(Page { patch, inline, staying }))
}

/// The addresses that stay, with the places of their scripts.
fn placed(
    page: &ReadPage<'_>,
    staying: Vec<(usize, StayingLiteral)>,
) -> Vec<(Position, StayingLiteral)> {
    let positions = Positions::new(page.scan.source(page.bytes));
    let of_tag = |tag: usize| positions.of(page.scan.tags[tag].span.start);
    staying.into_iter().map(|(tag, literal)| (of_tag(tag), literal)).collect()
}

/// Edits the tags of a page that name what has become local, was replaced or goes away.
struct TagEditor<'a> {
    scan: &'a Scan,
    address: &'a PageAddress,
    changes: &'a Changes<'a>,
    /// The URLs that a tag of the page runs as classic scripts.
    classic: BTreeSet<&'a SubresourceUrl>,
}

impl<'a> TagEditor<'a> {
    fn new(
        scan: &'a Scan,
        address: &'a PageAddress,
        changes: &'a Changes<'a>,
        found: &'a [Reference],
    ) -> Self {
        let classic = found.iter().filter(|reference| reference.role == Role::Classic);
        Self { scan, address, changes, classic: classic.map(|found| &found.url).collect() }
    }

    fn edits(&self, found: &[Reference]) -> Result<Vec<Edit>, ForeignBase> {
        let edited = found.iter().filter(|found| !found.skipped && found.role != Role::Hint);
        let edit = |reference: &Reference| {
            let resolution = self.changes.resolutions.get(&reference.url)?;
            Some(self.edit(reference, resolution))
        };
        edited.filter_map(edit).collect()
    }

    fn edit(&self, reference: &Reference, resolution: &Resolution) -> Result<Edit, ForeignBase> {
        let tag = &self.scan.tags[reference.tag];
        let changes = match resolution {
            Resolution::Removed => vec![Change::RemoveElement],
            Resolution::Replaced(with) => replace(tag, with),
            Resolution::Local(copy) => self.localise(reference, tag, copy)?,
        };
        Ok(Edit { tag: reference.tag, changes })
    }

    /// Points a tag at a local copy.
    fn localise(
        &self,
        reference: &Reference,
        tag: &Tag,
        copy: &LocalCopy,
    ) -> Result<Vec<Change>, ForeignBase> {
        let mut changes = vec![set_address(tag, self.local_address(reference, copy)?)];
        // SVG's script has no `integrity`.
        if !matches!(tag.kind, TagKind::SvgScript(_)) {
            changes.extend(self.integrity(tag, copy));
            changes.extend(self.crossorigin(reference, tag));
        }
        Ok(changes)
    }

    fn local_address(
        &self,
        reference: &Reference,
        copy: &LocalCopy,
    ) -> Result<String, ForeignBase> {
        let (base, file) = (reference.base.as_deref(), copy.path.url_path());
        let address = self.changes.style.address(self.address, base, &file)?;
        Ok(address + &query_and_fragment(reference, copy))
    }

    fn integrity(&self, tag: &Tag, copy: &LocalCopy) -> Option<Change> {
        let Changes { modules, style, .. } = self.changes;
        let served = || tag.attribute("integrity").and(modules.served_of(&copy.path, style));
        let integrity = copy.integrity.as_ref().or_else(served)?;
        Some(set("integrity", integrity.to_string()))
    }

    fn crossorigin(&self, reference: &Reference, tag: &Tag) -> Option<Change> {
        let crossorigin = tag.text("crossorigin");
        let is_classic = self.classic.contains(&reference.url);
        match (self.changes.style.crossorigin, crossorigin) {
            (_, Some(mode)) if sends_credentials(mode) => None,
            // Modules are fetched as with `crossorigin`: so must be what preloads them as scripts.
            (false, _) if reference.role == Role::Preload && !is_classic => None,
            (true, _) => Some(set("crossorigin", "anonymous".to_owned())),
            // It would break pages opened as file:, and load a preload twice whose mode differs.
            (false, Some(_)) => Some(unset("crossorigin")),
            (false, None) => None,
        }
    }
}

/// What of the old address follows the path of the local copy.
fn query_and_fragment(reference: &Reference, copy: &LocalCopy) -> String {
    let query = reference.url.as_url().query().filter(|_| copy.keeps_query);
    let query = query.map(|query| format!("?{query}"));
    let fragment = reference.fragment.as_ref().map(|fragment| format!("#{fragment}"));
    query.unwrap_or_default() + &fragment.unwrap_or_default()
}

fn sends_credentials(crossorigin: &str) -> bool {
    crossorigin.eq_ignore_ascii_case("use-credentials")
}

/// Points a tag at the live script that replaces its own.
fn replace(tag: &Tag, with: &SubresourceUrl) -> Vec<Change> {
    let integrity = tag.attribute("integrity").map(|_| unset("integrity"));
    std::iter::once(set_address(tag, with.as_str().to_owned())).chain(integrity).collect()
}

fn set_address(tag: &Tag, address: String) -> Change {
    let attribute = tag.address_attribute().map_or("src", |attribute| attribute.name.as_str());
    set(attribute, address)
}

fn set(attribute: &str, value: String) -> Change {
    Change::Set { attribute: attribute.to_owned(), value }
}

fn unset(attribute: &str) -> Change {
    Change::Unset { attribute: attribute.to_owned() }
}

/// The hints for hosts that this page has just stopped to name.
fn idle_hints(
    scan: &Scan,
    bytes: &[u8],
    found: &[Reference],
    edits: &[Edit],
    resolutions: &BTreeMap<SubresourceUrl, Resolution>,
) -> Vec<Edit> {
    let edited: BTreeSet<usize> = edits.iter().map(|edit| edit.tag).collect();
    let gone = edited_hosts(found, &edited, resolutions);
    let hints = found.iter().filter(|reference| reference.role == Role::Hint && !reference.skipped);
    let mut named = BTreeMap::new();
    let idle = hints.filter(|hint| {
        let host = hint.url.host();
        let in_code = || replaced_in_code(scan, edits, host);
        let mut is_named = || still_named(scan, bytes, found, &edited, host, in_code());
        gone.contains(host) && !*named.entry(host).or_insert_with(&mut is_named)
    });
    idle.map(|hint| Edit { tag: hint.tag, changes: vec![Change::RemoveElement] }).collect()
}

/// The hosts that edited tags have named.
fn edited_hosts<'f>(
    found: &'f [Reference],
    edited: &BTreeSet<usize>,
    resolutions: &BTreeMap<SubresourceUrl, Resolution>,
) -> BTreeSet<&'f str> {
    let edited = found.iter().filter(|reference| edited.contains(&reference.tag));
    let resolved = edited.filter(|reference| resolutions.contains_key(&reference.url));
    resolved.map(|reference| reference.url.host()).collect()
}

/// How often inline scripts name `host` where they are edited and name it no longer.
fn replaced_in_code(scan: &Scan, edits: &[Edit], host: &str) -> usize {
    let replaced = |(tag, change): (usize, &Change)| {
        let (TagKind::InlineScript { text: code, .. }, Change::Splice { span, text }) =
            (&scan.tags[tag].kind, change)
        else {
            return 0;
        };
        let before = code.get(span.clone()).unwrap_or_default();
        if text.contains(&format!("//{host}")) { 0 } else { before.matches(host).count() }
    };
    let changes = edits.iter().flat_map(|edit| edit.changes.iter().map(|it| (edit.tag, it)));
    changes.map(replaced).sum()
}

/// Whether the page names `host` anywhere but in tags that are edited, in hints, and in code that is
/// edited, which names it `in_code` times. Compared as bytes: a style sheet, a frame or a line of code
/// that still needs the host keeps the hint.
fn still_named(
    scan: &Scan,
    bytes: &[u8],
    found: &[Reference],
    edited: &BTreeSet<usize>,
    host: &str,
    in_code: usize,
) -> bool {
    let source = scan.source(bytes);
    let leaving = found
        .iter()
        .filter(|reference| edited.contains(&reference.tag) || reference.role == Role::Hint)
        .filter_map(|reference| scan.tags[reference.tag].address_attribute())
        .map(|attribute| memchr::memmem::find_iter(&source[attribute.span.clone()], host).count());
    scan.mentions(bytes, host) > leaving.sum::<usize>() + in_code
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{integrity::Integrity, reference};

    const STYLE: Style<'_> = Style { out: "vendor", public_path: None, crossorigin: false };

    fn resolutions() -> BTreeMap<SubresourceUrl, Resolution> {
        let copy = LocalCopy {
            path: "cdn.example/a.js".parse().unwrap(),
            integrity: Some(Integrity::of(b"a", &[])),
            keeps_query: false,
        };
        BTreeMap::from([
            ("https://cdn.example/a.js".parse().unwrap(), Resolution::Local(copy)),
            ("https://bad.example/p.js".parse().unwrap(), Resolution::Removed),
        ])
    }

    fn rewritten(page: &str) -> String {
        let address = PageAddress::new("a/b.html", None);
        let modules = Modules::of(&resolutions(), &reference::site_root(None), STYLE.out);
        let changes = Changes::new(resolutions(), modules, STYLE);
        match rewrite(page.as_bytes(), Dialect::Html, &address, &changes).unwrap() {
            Rewritten::Changed(changed) => String::from_utf8(changed.patch.apply(page.as_bytes()))
                .unwrap()
                .replace(&Integrity::of(b"a", &[]).to_string(), "I"),
            Rewritten::Unchanged => page.to_owned(),
        }
    }

    #[test]
    fn a_script_gets_its_local_address_and_our_integrity() {
        assert_eq!(
            rewritten(
                r#"<script defer src="https://cdn.example/a.js" crossorigin="anonymous" nonce=x></script>"#
            ),
            r#"<script defer src="../vendor/cdn.example/a.js" integrity="I" nonce=x></script>"#
        );
    }

    #[test]
    fn a_script_that_sends_credentials_keeps_doing_so() {
        let page =
            r#"<script src="https://cdn.example/a.js" crossorigin="use-credentials"></script>"#;
        assert!(rewritten(page).contains("crossorigin=\"use-credentials\""));
    }

    #[test]
    fn a_hint_goes_with_the_last_use_of_its_host() {
        let script = r#"<script src="https://cdn.example/a.js"></script>"#;
        let hint = r#"<link rel="preconnect" href="https://cdn.example">"#;
        assert!(!rewritten(&format!("{hint}{script}")).contains("preconnect"));
        let image = r#"<img src="https://cdn.example/i.png">"#;
        assert!(rewritten(&format!("{hint}{script}{image}")).contains("preconnect"));
        assert!(rewritten(hint).contains("preconnect"));
        let text = "<p>We used cdn.example once.</p>";
        assert!(!rewritten(&format!("{hint}{script}{text}")).contains("preconnect"));
        let code = "<script>load('//cdn.example/b.js')</script>";
        assert!(rewritten(&format!("{hint}{script}{code}")).contains("preconnect"));
    }

    #[test]
    fn what_the_author_marks_stays() {
        let page = r#"<script src="https://cdn.example/a.js" data-inhouse="skip"></script>"#;
        assert_eq!(rewritten(page), page);
    }

    #[test]
    fn a_denied_element_goes_and_nothing_else() {
        let page = "<p>a</p>\n<script src=\"https://bad.example/p.js\">x</script>\n<p>b</p>";
        assert_eq!(rewritten(page), "<p>a</p>\n\n<p>b</p>");
    }

    #[test]
    fn rewriting_twice_changes_nothing_more() {
        let once = rewritten("<script src=https://cdn.example/a.js#x></script>");
        assert_eq!(once, r#"<script src=../vendor/cdn.example/a.js#x integrity="I"></script>"#);
        assert_eq!(rewritten(&once), once);
    }
}
