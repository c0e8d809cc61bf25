//! What a locked file is.

use serde::{Deserialize, Serialize};

use crate::vendor_path::{Extension, VendorPath};

/// What a locked file is, whoever loads it.
///
/// One file can be a classic script for one page, a module for another and a worker for a third. All
/// three are [`Script`](Self::Script), so that a page that loads a locked file in a new way changes
/// nothing in the lockfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
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

impl Kind {
    /// The kind of a file, by its media type; by the name it is stored under where the type says nothing,
    /// as `text/plain` does.
    pub fn of(media_type: &str, path: &VendorPath) -> Self {
        match Extension::of_media_type(media_type) {
            Extension::Js => Self::Script,
            Extension::Json => Self::Json,
            Extension::Css => Self::Stylesheet,
            Extension::Wasm => Self::Wasm,
            Extension::Plain | Extension::None => match media_type.split('/').next() {
                Some("font") => Self::Font,
                Some("image") => Self::Image,
                _ => Self::of_name(path.as_str()),
            },
        }
    }

    fn of_name(name: &str) -> Self {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            "js" | "mjs" | "cjs" => Self::Script,
            "css" => Self::Stylesheet,
            "json" => Self::Json,
            "wasm" => Self::Wasm,
            "woff2" | "woff" | "ttf" | "otf" | "eot" => Self::Font,
            "avif" | "gif" | "ico" | "jpeg" | "jpg" | "png" | "svg" | "webp" => Self::Image,
            _ => Self::File,
        }
    }

    /// The kind as the lockfile spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Stylesheet => "stylesheet",
            Self::Json => "json",
            Self::Wasm => "wasm",
            Self::Font => "font",
            Self::Image => "image",
            Self::File => "file",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(media_type: &str, path: &str) -> &'static str {
        Kind::of(media_type, &path.parse().unwrap()).as_str()
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
