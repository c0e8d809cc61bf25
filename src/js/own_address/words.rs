//! What names and texts in code say: which methods keep a text's content, which load, and which text
//! makes an address or a loading style sheet of what is appended to it.

const CONTENT_KEEPING_METHODS: &[&str] = &[
    "at",
    "charAt",
    "concat",
    "dirname",
    "exec",
    "filter",
    "flat",
    "find",
    "get",
    "join",
    "match",
    "matchAll",
    "next",
    "normalize",
    "pop",
    "replace",
    "replaceAll",
    "resolve",
    "reverse",
    "shift",
    "slice",
    "sort",
    "splice",
    "split",
    "substr",
    "substring",
    "toLocaleLowerCase",
    "toLocaleUpperCase",
    "toLowerCase",
    "toUpperCase",
    "values",
];

/// Methods whose result is made of the text or of the items that they are called on.
pub(super) fn keeps_content(method: &str) -> bool {
    CONTENT_KEEPING_METHODS.contains(&method)
}

const IDENTITY_METHODS: &[&str] =
    &["eq", "first", "item", "last", "toString", "trim", "trimEnd", "trimStart", "valueOf"];

/// Methods whose result is what they are called on.
pub(super) fn is_identity(method: &str) -> bool {
    IDENTITY_METHODS.contains(&method)
}

const CONVERSIONS: &[&str] =
    &["String", "decodeURI", "decodeURIComponent", "encodeURI", "escape", "from", "unescape"];

/// Functions whose result is their argument, for an address.
pub(super) fn is_conversion(function: &str) -> bool {
    CONVERSIONS.contains(&function)
}

const FUNCTIONS_FORGETTING_ARGUMENTS: &[&str] = &[
    "Boolean",
    "Error",
    "Number",
    "TypeError",
    "addEventListener",
    "append",
    "appendChild",
    "charCodeAt",
    "contains",
    "createElement",
    "encodeURIComponent",
    "debug",
    "endsWith",
    "error",
    "has",
    "hasAttribute",
    "hasOwnProperty",
    "includes",
    "indexOf",
    "info",
    "insertBefore",
    "isArray",
    "isNaN",
    "keys",
    "lastIndexOf",
    "localeCompare",
    "log",
    "parseFloat",
    "parseInt",
    "postMessage",
    "push",
    "removeChild",
    "search",
    "sendBeacon",
    "setTimeout",
    "startsWith",
    "test",
    "unshift",
    "warn",
];

/// Functions and methods whose result has nothing of their arguments that an address could be.
pub(super) fn forgets_arguments(function: &str) -> bool {
    FUNCTIONS_FORGETTING_ARGUMENTS.contains(&function)
}

const METHODS_CALLING_WITH_ITEMS: &[&str] = &[
    "each",
    "every",
    "filter",
    "find",
    "findLast",
    "flatMap",
    "forEach",
    "map",
    "reduce",
    "reduceRight",
    "some",
    "sort",
    "then",
];

/// Methods of arrays that call a function with each item.
pub(super) fn calls_with_items(method: &str) -> bool {
    METHODS_CALLING_WITH_ITEMS.contains(&method)
}

/// Methods that return their first argument, with the properties of the others.
pub(super) fn is_copying(method: &str) -> bool {
    ["assign", "create", "extend", "freeze"].contains(&method)
}

/// Methods that put their last argument into what they are called on.
pub(super) fn puts_in(method: &str) -> bool {
    ["add", "push", "set", "unshift"].contains(&method)
}

/// Whether this name of a property is a minifier's, and tells nothing of what it holds.
pub(super) fn is_minified(property: &str) -> bool {
    property.len() <= 2
}

/// Whether every second object has a property of this name.
pub(super) fn is_common(property: &str) -> bool {
    ["code", "key", "label", "message", "name", "text", "title", "type", "value"]
        .contains(&property)
}

/// Whether a function of this name loads what its arguments name.
pub(super) fn loads(function: &str) -> bool {
    const NAMES: &[&str] = &[
        "addModule",
        "ajax",
        "getJSON",
        "getScript",
        "import",
        "importScript",
        "importScripts",
        "require",
        "requirejs",
    ];
    const BEGINNINGS: &[&str] = &["fetch", "load", "preload"];
    let name = function.trim_start_matches(['_', '$', '#']).to_ascii_lowercase();
    NAMES.contains(&function)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || name.ends_with("script") && name.len() > "script".len()
}

/// The argument of a new instance of this class that names what is loaded.
pub(super) fn loaded_when_made(class: &str) -> Option<usize> {
    match class {
        "Audio" | "Request" | "SharedWorker" | "Worker" => Some(0),
        "FontFace" => Some(1),
        _ => None,
    }
}

/// Methods that set the attribute that their first argument names to their last.
pub(super) fn sets_attribute(method: &str) -> bool {
    ["attr", "prop", "setAttribute"].contains(&method)
}

/// The names of the global object.
pub(super) fn is_global_object(name: &str) -> bool {
    ["global", "globalThis", "self", "window"].contains(&name)
}

/// The names of jQuery.
pub(super) fn is_jquery(name: &str) -> bool {
    ["$", "jQuery"].contains(&name)
}

/// Whether this attribute's value is an address that an element loads, whatever the element.
pub(super) fn is_loaded(attribute: &str) -> bool {
    ["poster", "src", "srcset", "xlink:href"].contains(&attribute)
}

/// Whether a selector chooses script elements.
pub(super) fn selects_scripts(selector: &str) -> bool {
    let is_script = |part: &str| {
        let part = part.trim_start().to_ascii_lowercase();
        let after = part.strip_prefix("script").unwrap_or("-");
        !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'))
            || part.starts_with("[src")
    };
    // Scripts of a type, like `script[type="text/plain"]`, are data of the page.
    let is_data = selector.contains("[type") && !selector.contains("[src");
    !is_data && selector.split([',', ' ', '>']).any(is_script)
}

/// Whether `text`, appended to an address, ends in the name of a file that pages load.
pub(super) fn names_file(text: &str) -> bool {
    const EXTENSIONS: &[&str] = &[
        "avif", "bcmap", "css", "cur", "eot", "gif", "glb", "ico", "jpeg", "jpg", "js", "json",
        "mjs", "mp3", "mp4", "ogg", "onnx", "otf", "pfb", "png", "svg", "swf", "ttf", "wasm",
        "wav", "webm", "webp", "woff", "woff2",
    ];
    /// These alone could be the name of a property.
    const WORDS: &[&str] = &["bin", "br", "dat", "data", "gz", "htm", "html", "txt", "xml"];
    let name = text.split(['?', '#', '"', '\'', ')', '>', ' ']).next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_one_of = |known: &[&str]| known.iter().any(|it| extension.eq_ignore_ascii_case(it));
    is_one_of(EXTENSIONS) || !stem.is_empty() && is_one_of(WORDS)
}

/// Whether `text` is the relative address of a file.
pub(super) fn names_file_beside(text: &str) -> bool {
    text.starts_with('.') && names_file(text)
}

/// Whether `text`, appended to the address of a file, leaves it the address of that file.
pub(super) fn is_query(text: &str) -> bool {
    text.starts_with(['?', '#'])
}

/// Whether what follows `text`, in markup, a style sheet or code, is loaded.
pub(super) fn opens_load(text: &str) -> bool {
    const OPENINGS: &[&str] = &["url(", "src=", "@import", "importscripts(", "import(", "from"];
    let start = text.len().saturating_sub(16);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let text = text[start..].to_ascii_lowercase();
    let before = text.trim_end_matches(['"', '\'', '`', '\\']);
    let is_quoted = before.len() < text.len();
    let before = before.trim_end();
    let opened = OPENINGS.iter().find(|opening| before.ends_with(**opening));
    opened.is_some_and(|opening| is_quoted || *opening != "from")
}

/// Whether an address may follow `text` in an address, or in code. Behind other words it is part of a
/// message.
pub(super) fn may_precede_address(text: &str) -> bool {
    let before = text.trim_end_matches(['"', '\'', '`', '\\']);
    ["", "/"].contains(&text)
        || text.ends_with(':')
        || text.ends_with("//")
        || before.ends_with(['=', '(', '[', ','])
        || before.trim_end().ends_with('=')
        || opens_load(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_of_scripts_is_told_from_others() {
        for selector in
            ["script", "SCRIPT", "script[src*=x]", "head > script", "[src$='x.js']", "a, script.x"]
        {
            assert!(selects_scripts(selector), "{selector}");
        }
        for selector in [
            "script[type]",
            "script[type='text/x']",
            "scripture",
            "script-tag",
            "#script",
            ".script",
            "a[href]",
            "",
        ] {
            assert!(!selects_scripts(selector), "{selector}");
        }
    }

    #[test]
    fn a_text_that_ends_in_a_file_name_names_a_file() {
        for text in
            ["x.js", "/fonts/A.WOFF2", ".wasm", "x.js?v=1", "x.js'></script>", "../a/b.json#x"]
        {
            assert!(names_file(text), "{text}");
        }
        for text in ["", "/", "v1.2", "fonts/", ".map", ".data", "api/items", "x.jsx"] {
            assert!(!names_file(text), "{text}");
        }
    }

    #[test]
    fn what_follows_the_opening_of_a_load_is_loaded() {
        for text in
            ["a{b:url(", "@import \"", "<script src='", "importScripts('", "ü<img alt='' src="]
        {
            assert!(opens_load(text), "{text}");
        }
        for text in ["", "at ", "<a href='", "url", "source: ", "made from "] {
            assert!(!opens_load(text), "{text}");
        }
    }

    #[test]
    fn an_address_behind_other_words_is_part_of_a_message() {
        for text in ["", "https://", "blob:", "var base = '", "load(\"", "src="] {
            assert!(may_precede_address(text), "{text}");
        }
        for text in ["cannot load ", "at ", "id-", "see '", "x", "#/parts/"] {
            assert!(!may_precede_address(text), "{text}");
        }
    }
}
