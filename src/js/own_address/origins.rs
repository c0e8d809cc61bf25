//! Where a script learns its own address.

use oxc_ast::ast::Expression;

use super::{steps::Content, words};
use crate::js::{expression::is_document, loads::OwnAddress};

/// The script elements that a method finds.
pub(super) fn elements_found_by(method: &str, text: Option<&str>) -> Option<OwnAddress> {
    match (method, text) {
        // Called by those who read the property by a function.
        ("currentScript", _) => Some(OwnAddress::CurrentScript),
        ("getElementsByTagName", Some(tag)) if tag.eq_ignore_ascii_case("script") => {
            Some(OwnAddress::ScriptElements)
        }
        ("querySelector" | "querySelectorAll", Some(selector))
            if words::selects_scripts(selector) =>
        {
            Some(OwnAddress::ScriptElements)
        }
        _ => None,
    }
}

/// What `object.name` has of the script's address, whatever the script does.
pub(super) fn of_member(
    object: &Expression<'_>,
    name: &str,
    is_worker: bool,
) -> Option<(Content, OwnAddress)> {
    let (content, kind) = match name {
        "url" if matches!(object, Expression::ImportMeta(_)) => {
            (Content::Address, OwnAddress::ImportMetaUrl)
        }
        "location" if is_worker && is_global_object(object) => {
            (Content::Address, OwnAddress::WorkerLocation)
        }
        "currentScript" => (Content::Element, OwnAddress::CurrentScript),
        "scripts" if is_document(object) => (Content::Element, OwnAddress::ScriptElements),
        _ => return None,
    };
    Some((content, kind))
}

/// Whether an expression is the global object: by its names, or by that of a bundler's runtime.
fn is_global_object(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::Identifier(it) => words::is_global_object(it.name.as_str()),
        Expression::StaticMemberExpression(it) => it.property.name == "g",
        _ => false,
    }
}
