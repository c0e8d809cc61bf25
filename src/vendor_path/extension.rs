//! Which extension makes a server send the right type.

use crate::mime;

/// Endings that static servers send with a type browsers accept.
const USABLE: [&str; 6] = ["js", "mjs", "cjs", "json", "css", "wasm"];

/// The file name extension that makes a server send the right type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extension {
    /// JavaScript, classic or module.
    Js,
    /// JSON.
    Json,
    /// A style sheet.
    Css,
    /// WebAssembly.
    Wasm,
    /// That of a script, unless the name has another: the type says nothing.
    Plain,
    /// None: a picture, a font or other data whose name says all there is to say.
    None,
}

impl Extension {
    /// The extension for a `Content-Type`.
    pub fn of_media_type(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/wasm" => Self::Wasm,
            "text/css" => Self::Css,
            other if mime::is_json(other) => Self::Json,
            "application/octet-stream" => Self::None,
            other if mime::is_javascript(other) => Self::Js,
            other => match other.split('/').next() {
                Some("image" | "font" | "audio" | "video") => Self::None,
                _ => Self::Plain,
            },
        }
    }

    /// Whether what has the type may be a script.
    pub fn may_be_script(self) -> bool {
        matches!(self, Self::Js | Self::Plain)
    }

    /// Whether servers send a file of this name with the right type.
    pub(super) fn fits(self, name: &str) -> bool {
        let Some(usable) = usable_extension(name) else { return self == Self::None };
        let sent = match usable.to_ascii_lowercase().as_str() {
            "json" => Self::Json,
            "css" => Self::Css,
            "wasm" => Self::Wasm,
            _ => Self::Js,
        };
        matches!(self, Self::Plain | Self::None) || self == sent
    }

    /// The extension with its dot, if there is one.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Js | Self::Plain => ".js",
            Self::Json => ".json",
            Self::Css => ".css",
            Self::Wasm => ".wasm",
            Self::None => "",
        }
    }
}

/// The extension of `name`, if servers send a type for it that browsers accept.
pub(super) fn usable_extension(name: &str) -> Option<&str> {
    let (_, extension) = name.rsplit_once('.')?;
    USABLE.iter().any(|usable| usable.eq_ignore_ascii_case(extension)).then_some(extension)
}
