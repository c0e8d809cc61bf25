//! Strings as TOML spells them.

/// `text` as a TOML basic string on one line: JSON's escapes are TOML's, but for DEL.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}
