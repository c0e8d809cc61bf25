//! MIME types, by their essence: lower-case, without parameters (MIME Sniffing Standard).

use crate::asset::FileKind;

/// The essence of a media type.
pub fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether `essence` is a JavaScript MIME type (MIME Sniffing, 4.6).
pub fn is_javascript(essence: &str) -> bool {
    FileKind::of_mime_type(essence) == Some(FileKind::Script)
}

/// Whether `essence` is a JSON MIME type (MIME Sniffing, 4.6).
pub fn is_json(essence: &str) -> bool {
    FileKind::of_mime_type(essence) == Some(FileKind::Json)
}
