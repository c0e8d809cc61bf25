//! MIME types, by their essence: lower-case, without parameters (MIME Sniffing Standard).

use crate::asset::AssetKind;

/// Whether `essence` is a JavaScript MIME type (MIME Sniffing, 4.6).
pub fn is_javascript(essence: &str) -> bool {
    AssetKind::ClassicScript.mime_types().contains(&essence)
}

/// Whether `essence` is a JSON MIME type (MIME Sniffing, 4.6).
pub fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}
