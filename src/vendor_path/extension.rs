//! Which extension makes a server send the right type.

use crate::{asset::FileKind, mime};

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
        let essence = mime::essence(media_type);
        match FileKind::of_mime_type(&essence) {
            Some(kind) => Self::of_file_kind(kind),
            None if essence == "application/octet-stream" => Self::None,
            None if essence.starts_with("audio/") || essence.starts_with("video/") => Self::None,
            None => Self::Plain,
        }
    }

    /// The extension for a kind of file whose extension makes a difference.
    fn of_file_kind(kind: FileKind) -> Self {
        match kind {
            FileKind::Script => Self::Js,
            FileKind::Stylesheet => Self::Css,
            FileKind::Json => Self::Json,
            FileKind::Wasm => Self::Wasm,
            FileKind::Font | FileKind::Image | FileKind::File => Self::None,
        }
    }

    /// Whether what has the type may be a script.
    pub fn may_be_script(self) -> bool {
        matches!(self, Self::Js | Self::Plain)
    }

    /// Whether servers send a file of this name with the right type.
    pub(super) fn fits(self, name: &str) -> bool {
        let Some(usable) = usable_extension(name) else { return self == Self::None };
        let sent = Self::of_file_kind(FileKind::of_extension(usable));
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
    let kind = Extension::of_file_kind(FileKind::of_extension(extension));
    (kind != Extension::None).then_some(extension)
}
