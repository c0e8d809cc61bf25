//! The kinds of files, whoever loads them: names, MIME types and file name extensions.

use serde::{Deserialize, Serialize};

/// What a file is, whoever loads it. The lockfile says it as `kind`.
///
/// One file can be a classic script for one page, a module for another and a worker for a third. All
/// three are [`Script`](Self::Script), so that a page that loads a locked file in a new way changes
/// nothing in the lockfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// JavaScript: a classic script, a module, a worker or a worklet.
    Script,
    /// CSS.
    Stylesheet,
    /// JSON.
    Json,
    /// WebAssembly.
    Wasm,
    /// A font.
    Font,
    /// An image.
    Image,
    /// Anything else whose address some code takes.
    File,
}

/// What there is to know of a kind.
struct Facts {
    /// As the lockfile spells it.
    name: &'static str,
    /// MIME types that mean this kind, in lower case and without parameters.
    mime_types: &'static [&'static str],
    /// File name extensions in lower case.
    extensions: &'static [&'static str],
}

/// The JavaScript MIME types (MIME Sniffing 4.6).
const JAVASCRIPT: &[&str] = &[
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];

const SCRIPT: Facts =
    Facts { name: "script", mime_types: JAVASCRIPT, extensions: &["js", "mjs", "cjs"] };
const STYLESHEET: Facts =
    Facts { name: "stylesheet", mime_types: &["text/css"], extensions: &["css"] };
/// More JSON MIME types end in `+json` (MIME Sniffing 4.6).
const JSON: Facts =
    Facts { name: "json", mime_types: &["application/json", "text/json"], extensions: &["json"] };
const WASM: Facts =
    Facts { name: "wasm", mime_types: &["application/wasm"], extensions: &["wasm"] };
/// Every MIME type that begins with `font/`.
const FONT: Facts =
    Facts { name: "font", mime_types: &[], extensions: &["woff2", "woff", "ttf", "otf", "eot"] };
/// Every MIME type that begins with `image/`.
const IMAGE: Facts = Facts {
    name: "image",
    mime_types: &[],
    extensions: &["avif", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp"],
};
const FILE: Facts = Facts { name: "file", mime_types: &[], extensions: &[] };

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Script,
        Self::Stylesheet,
        Self::Json,
        Self::Wasm,
        Self::Font,
        Self::Image,
        Self::File,
    ];

    const fn facts(self) -> &'static Facts {
        match self {
            Self::Script => &SCRIPT,
            Self::Stylesheet => &STYLESHEET,
            Self::Json => &JSON,
            Self::Wasm => &WASM,
            Self::Font => &FONT,
            Self::Image => &IMAGE,
            Self::File => &FILE,
        }
    }

    /// The kind of a file, by its MIME type in lower case and without parameters; by its name where
    /// the type says nothing, as `text/plain` does.
    pub fn of(mime_type: &str, name: &str) -> Self {
        Self::of_mime_type(mime_type).unwrap_or_else(|| {
            Self::of_extension(name.rsplit_once('.').map_or("", |(_, extension)| extension))
        })
    }

    /// The kind that a MIME type means; `None` if it says nothing, or means none of these.
    pub fn of_mime_type(essence: &str) -> Option<Self> {
        let listed = |kind: &Self| kind.mime_types().contains(&essence);
        match Self::ALL.into_iter().find(listed) {
            Some(kind) => Some(kind),
            None if essence.ends_with("+json") => Some(Self::Json),
            None if essence.starts_with("font/") => Some(Self::Font),
            None if essence.starts_with("image/") => Some(Self::Image),
            None => None,
        }
    }

    /// The kind of a file with this file name extension, in whatever case.
    pub fn of_extension(extension: &str) -> Self {
        let is_same = |known: &&str| known.eq_ignore_ascii_case(extension);
        let has = |kind: &Self| kind.facts().extensions.iter().any(is_same);
        Self::ALL.into_iter().find(has).unwrap_or(Self::File)
    }

    /// The MIME types that mean this kind, in lower case and without parameters, as far as they can be
    /// listed.
    pub const fn mime_types(self) -> &'static [&'static str] {
        self.facts().mime_types
    }

    /// The kind as the lockfile spells it.
    pub const fn as_str(self) -> &'static str {
        self.facts().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime;

    fn kind(media_type: &str, path: &str) -> &'static str {
        FileKind::of(&mime::essence(media_type), path).as_str()
    }

    #[test]
    fn the_media_type_decides() {
        for (media_type, expected) in [
            ("text/javascript", "script"),
            ("application/javascript; charset=utf-8", "script"),
            ("text/css", "stylesheet"),
            ("application/manifest+json", "json"),
            ("application/wasm", "wasm"),
            ("font/woff2", "font"),
            ("image/svg+xml", "image"),
            ("application/pdf", "file"),
        ] {
            assert_eq!(kind(media_type, "cdn.test/a"), expected, "{media_type}");
        }
        assert_eq!(kind("text/css", "cdn.test/a.js"), "stylesheet");
    }

    #[test]
    fn the_name_decides_where_the_type_says_nothing() {
        for media_type in ["text/plain", "application/octet-stream"] {
            assert_eq!(kind(media_type, "cdn.test/a.MJS"), "script");
            assert_eq!(kind(media_type, "cdn.test/a.woff2"), "font");
            assert_eq!(kind(media_type, "cdn.test/a.bin"), "file");
        }
    }
}
