//! What there is to say about a page that was read, or could not be.

use crate::{
    findings::{Notice, Problem, Use},
    graph::{
        import_map::{ImportMapError, MapWarning},
        specifier::Unresolved,
    },
    html::{NotRead, Remark},
    js::ParseFailure,
    reference::{ForeignBase, PageAddress, SubresourceUrl, Target},
    site::SiteError,
};

/// The problem that a page cannot be read.
pub fn unreadable(error: &SiteError) -> Problem {
    let notice = Notice::new("unreadable-page", error.to_string());
    let notice = match std::error::Error::source(error) {
        Some(cause) => notice.detail("cause", cause),
        None => notice,
    };
    notice.hint(error.remedy().map(str::to_owned)).of_tool()
}

pub(super) fn ignored_map(error: &ImportMapError, place: Use) -> Notice {
    Notice::new("import-map-ignored", "browsers ignore an import map that they cannot read")
        .detail("cause", error)
        .used_by([place])
        .hint("correct it: until then bare names in this page lead nowhere".to_owned())
}

/// What browsers ignore of an import map; members that HTML does not know are there for others.
pub(super) fn ignored_entry(odd: &MapWarning, place: Use) -> Option<Notice> {
    let (message, hint) = match odd {
        MapWarning::UnknownKey(_) => return None,
        MapWarning::EmptyKey => (
            "an import map gives an address to the empty name: browsers ignore it".to_owned(),
            "remove the entry",
        ),
        MapWarning::InvalidAddress(key) => (
            format!(
                "the import map has no usable address for `{key}`: browsers refuse to import it"
            ),
            "an address is a whole URL, or starts with `/`, `./` or `../`",
        ),
        MapWarning::AddressWithoutSlash(key) => (
            format!(
                "the import map's address for `{key}` does not end with a slash: browsers refuse to import anything by it"
            ),
            "end the address with a slash as well, or neither of the two",
        ),
        MapWarning::InvalidScope(prefix) => (
            format!("the import map's scope `{prefix}` is no URL: browsers ignore it"),
            "correct it, or remove it",
        ),
        MapWarning::InvalidIntegrity(key) => (
            format!("the import map's `integrity` for `{key}` guards nothing: browsers ignore it"),
            "its key is a whole URL or starts with `/`, `./` or `../`, its value is a string",
        ),
    };
    Some(Notice::new("import-map-entry", message).used_by([place]).hint(hint.to_owned()))
}

pub(super) fn not_read(why: &ParseFailure, place: Use) -> Notice {
    Notice::new(
        "script-not-read",
        "an inline script could not be read: what it imports is not known",
    )
    .detail("cause", why)
    .used_by([place])
    .hint("browsers will most likely not run it either".to_owned())
}

pub(super) fn leads_nowhere(why: &Unresolved, place: Use) -> Notice {
    Notice::new("unresolved-import", why.to_string())
        .used_by([place])
        .hint("add it to the page's import map".to_owned())
}

pub(super) fn unfilled(value: &str, place: Use) -> Notice {
    Notice::new(
        "placeholder",
        format!("`{}` is a placeholder, not an address: the tag was left as it is", value.trim()),
    )
    .used_by([place])
    .hint("let your generator fill it in, or remove the tag".to_owned())
}

pub(super) fn foreign_base(error: &ForeignBase, url: &SubresourceUrl, place: Use) -> Problem {
    Notice::new("foreign-base", format!("cannot point a page at a local copy of `{url}`"))
        .detail("cause", error)
        .used_by([place])
        .hint("set --site-url to the site's own URL, or remove the <base>".to_owned())
        .of_site()
}

pub(super) fn remarked(address: &PageAddress, remark: &Remark, place: Use) -> Option<Notice> {
    let is_external = |text: &str| matches!(address.resolve(text, None), Target::External { .. });
    match remark {
        Remark::ParkedScript { src, r#type, .. } => is_external(src).then(|| {
            Notice::new(
                "parked-script",
                format!("`{}` is parked: no browser loads a script of type `{type}`", src.trim()),
            )
            .used_by([place])
            .hint("if code on the page loads it later, point that code at a local copy".to_owned())
        }),
        Remark::InlineBuilt { url_text, .. } => Some(
            Notice::new(
                "inline-built-script",
                format!("inline code builds a script that loads `{url_text}`"),
            )
            .used_by([place])
            .hint(
                "it stays external: write the tag into the page, or point the code at a local copy"
                    .to_owned(),
            ),
        ),
        Remark::SvgInline { .. } => Some(
            Notice::new(
                "svg-script-not-read",
                "an inline script in SVG was not read: what it imports stays as it is",
            )
            .used_by([place])
            .hint("move it out of the SVG, or into a file".to_owned()),
        ),
        Remark::SrcdocNotRead { why, .. } => Some(
            Notice::new(
                "srcdoc-not-read",
                match why {
                    NotRead::TooDeep => "a srcdoc nested this deep was not read",
                    NotRead::SplitReference => {
                        "a srcdoc with a tag that begins inside a character reference was not read"
                    }
                },
            )
            .used_by([place]),
        ),
    }
}
