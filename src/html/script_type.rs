//! What kind of script an element is, by its `type`, `language`, `for` and `event` attributes.
//!
//! Follows "prepare the script element" (HTML 4.12.1.1) and "JavaScript MIME type essence match"
//! (MIME Sniffing 4.6). `nomodule` does not change the type: browsers without modules run it.

use crate::asset::AssetKind;

/// The type of a script element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptType {
    /// Runs as a classic script.
    Classic,
    /// Runs as a module.
    Module,
    /// An import map; only ever inline.
    ImportMap,
    /// Speculation rules; only ever inline.
    SpeculationRules,
    /// Not run by browsers, with the text that makes it so.
    DataBlock(String),
}

const JAVASCRIPT: &[&str] = AssetKind::ClassicScript.mime_types();

impl ScriptType {
    /// Judges an HTML script by the decoded values that `attribute` gives for a name.
    pub(super) fn of_html<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> Self {
        match Self::of_names(attribute("type"), attribute("language")) {
            Self::Classic => bound_to_event(attribute("for"), attribute("event")),
            other => other,
        }
    }

    /// Judges an SVG script, which has neither `language` nor `for`.
    pub(super) fn of_svg<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self::of_names(attribute("type"), None)
    }

    fn of_names(r#type: Option<&str>, language: Option<&str>) -> Self {
        match (r#type, language) {
            (Some(""), _) | (None, None | Some("")) => Self::Classic,
            (Some(name), _) => Self::of_type(name),
            (None, Some(language)) if is_javascript(&format!("text/{language}")) => Self::Classic,
            (None, Some(language)) => Self::DataBlock(format!("text/{language}")),
        }
    }

    /// White space around a MIME type is ignored, around `module` and its like it is not
    /// (whatwg/html#7019).
    fn of_type(name: &str) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is_javascript(name.trim_matches(is_ascii_whitespace)) {
            Self::Classic
        } else if is("module") {
            Self::Module
        } else if is("importmap") {
            Self::ImportMap
        } else if is("speculationrules") {
            Self::SpeculationRules
        } else {
            Self::DataBlock(name.to_owned())
        }
    }

    /// The type as text, for a message.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Classic => "text/javascript",
            Self::Module => "module",
            Self::ImportMap => "importmap",
            Self::SpeculationRules => "speculationrules",
            Self::DataBlock(name) => name,
        }
    }
}

/// `for` and `event` together keep a classic script from running unless they say `window` and `onload`.
fn bound_to_event(target: Option<&str>, event: Option<&str>) -> ScriptType {
    let (Some(target), Some(event)) = (target, event) else {
        return ScriptType::Classic;
    };
    let stripped = event.trim_matches(is_ascii_whitespace);
    let on_load = ["onload", "onload()"].iter().any(|name| stripped.eq_ignore_ascii_case(name));
    if on_load && target.trim_matches(is_ascii_whitespace).eq_ignore_ascii_case("window") {
        return ScriptType::Classic;
    }
    ScriptType::DataBlock(format!("for={target} event={event}"))
}

fn is_javascript(essence: &str) -> bool {
    JAVASCRIPT.iter().any(|known| essence.eq_ignore_ascii_case(known))
}

/// ASCII whitespace as the Infra standard has it (with form feed, without vertical tab).
pub(super) fn is_ascii_whitespace(char: char) -> bool {
    char.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &'static str)]) -> ScriptType {
        ScriptType::of_html(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| *v))
    }

    #[test]
    fn no_type_and_empty_type_are_classic() {
        assert_eq!(of(&[]), ScriptType::Classic);
        assert_eq!(of(&[("type", "")]), ScriptType::Classic);
        assert_eq!(of(&[("type", ""), ("language", "vbscript")]), ScriptType::Classic);
        assert_eq!(of(&[("language", "")]), ScriptType::Classic);
    }

    #[test]
    fn javascript_mime_types_are_classic_in_any_case_and_white_space() {
        for essence in JAVASCRIPT {
            let shouted: &'static str = format!(" \n{}\t", essence.to_uppercase()).leak();
            assert_eq!(of(&[("type", shouted)]), ScriptType::Classic, "{essence}");
        }
    }

    #[test]
    fn a_mime_type_with_parameters_is_a_data_block() {
        let text = "text/javascript; charset=utf-8";
        assert_eq!(of(&[("type", text)]), ScriptType::DataBlock(text.into()));
        assert_eq!(of(&[("type", " ")]), ScriptType::DataBlock(" ".into()));
    }

    #[test]
    fn module_and_importmap_are_not_stripped() {
        assert_eq!(of(&[("type", "MODULE")]), ScriptType::Module);
        assert_eq!(of(&[("type", "ImportMap")]), ScriptType::ImportMap);
        assert_eq!(of(&[("type", "speculationrules")]), ScriptType::SpeculationRules);
        assert_eq!(of(&[("type", " module")]), ScriptType::DataBlock(" module".into()));
        assert_eq!(of(&[("type", "importmap ")]), ScriptType::DataBlock("importmap ".into()));
    }

    #[test]
    fn language_counts_only_without_type_and_is_not_stripped() {
        assert_eq!(of(&[("language", "JavaScript1.2")]), ScriptType::Classic);
        assert_eq!(
            of(&[("language", " javascript")]),
            ScriptType::DataBlock("text/ javascript".into())
        );
        assert_eq!(of(&[("type", "module"), ("language", "javascript")]), ScriptType::Module);
    }

    #[test]
    fn for_and_event_park_a_classic_script_unless_window_onload() {
        assert_eq!(of(&[("for", " Window "), ("event", "onload()")]), ScriptType::Classic);
        assert_eq!(
            of(&[("for", "document"), ("event", "onload")]).name(),
            "for=document event=onload"
        );
        assert_eq!(of(&[("for", "document")]), ScriptType::Classic);
        let module = of(&[("type", "module"), ("for", "x"), ("event", "y")]);
        assert_eq!(module, ScriptType::Module);
    }
}
