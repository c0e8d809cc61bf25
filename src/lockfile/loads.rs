//! What a locked file loads.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::quoted;

/// What a locked file loads: one inline table for each address.
///
/// The tables are kept as they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Loads(Vec<BTreeMap<String, String>>);

impl Loads {
    /// The value of the key `loads`, one table a line so that merges stay local; `None` if the file
    /// loads nothing.
    pub(super) fn to_toml(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let lines: String =
            self.0.iter().map(|load| format!("    {},\n", inline_table(load))).collect();
        Some(format!("[\n{lines}]"))
    }
}

impl FromIterator<BTreeMap<String, String>> for Loads {
    fn from_iter<T: IntoIterator<Item = BTreeMap<String, String>>>(loads: T) -> Self {
        Self(loads.into_iter().collect())
    }
}

fn inline_table(table: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> =
        table.iter().map(|(key, value)| format!("{} = {}", spelled(key), quoted(value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// A key, bare where TOML allows it.
fn spelled(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match !key.is_empty() && key.bytes().all(is_bare) {
        true => key.to_owned(),
        false => quoted(key),
    }
}
