//! What of a page's events has to be in its excerpt.
//!
//! Events that do not matter may be there too; left out are those that large pages have many of, or
//! long ones: metadata, frames, and scripts of data.

use crate::html::{
    ScriptType, code,
    events::{Element, End, Event, RawAttribute},
    inline,
    layer::raw,
};

/// Whether a scan could report something of it, or read what follows differently.
pub(super) fn matters(event: &Event, bytes: &[u8]) -> bool {
    let Event::Element(element) = event else { return true };
    let has = |name: &str| raw(element, name).is_some();
    match element.name.as_str() {
        "iframe" => has("srcdoc"),
        "link" => has("href") && has("rel"),
        "meta" => has("charset") || has("http-equiv"),
        "script" => has("src") || inline_script_matters(element, bytes),
        _ => true,
    }
}

fn inline_script_matters(element: &Element, bytes: &[u8]) -> bool {
    let End::Tag(end) = &element.end else { return true };
    let code = &bytes[element.span.end..end.start];
    match script_type(&element.attributes, bytes) {
        Some(ScriptType::Classic) => {
            code::may_load(code) || !inline::built_addresses(code).is_empty()
        }
        Some(kind) => !is_data(&kind),
        None => true,
    }
}

pub(super) fn is_data(kind: &ScriptType) -> bool {
    match kind {
        ScriptType::SpeculationRules | ScriptType::DataBlock(_) => true,
        ScriptType::Classic | ScriptType::Module | ScriptType::ImportMap => false,
    }
}

/// A script's type, where its attributes need no decoding, for which the encoding would have to be
/// known.
pub(super) fn script_type(attributes: &[RawAttribute], bytes: &[u8]) -> Option<ScriptType> {
    let value = |name: &str| {
        let found = attributes.iter().find(|attribute| attribute.name == name)?;
        let value = bytes.get(found.value_span.clone().unwrap_or_default())?;
        let is_clear = value.iter().all(|byte| matches!(byte, b' '..=b'~' if *byte != b'&'));
        Some(std::str::from_utf8(value).ok().filter(|_| is_clear))
    };
    let is_clear = |name: &&str| value(name).is_none_or(|value| value.is_some());
    let names = ["type", "language", "for", "event"];
    names.iter().all(is_clear).then(|| ScriptType::of_html(|name| value(name).flatten()))
}
