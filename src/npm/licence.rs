//! What an npm package says of its licence: `license` in its `package.json`, and the texts of the files
//! `LICENSE`, `NOTICE` and the like in its root folder.
//!
//! The lockfile pins the text that is made of them here. To make it differently is to change every lockfile.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a file name has in it that holds a licence, in lower case.
const NAMES: [&str; 5] = ["license", "licence", "copying", "copyright", "notice"];
/// The endings of code, which is no licence whatever its name says.
const CODE: [&str; 9] = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json", ".map", ".css"];
/// The longest file that is repeated, in bytes, and the most of all files of a package.
const MAX_TEXT: usize = 512 << 10;
/// The longest identifier, in characters.
const MAX_ID: usize = 200;

/// The licence of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Licence {
    /// What `package.json` says, as a rule an SPDX identifier.
    pub id: Option<String>,
    /// The text of all its licence files; `None` if there is none.
    pub text: Option<String>,
}

/// The licence files of a package, by name.
#[derive(Debug, Default)]
pub(super) struct LicenceFiles(BTreeMap<String, FileText>);

/// The text of a licence file.
#[derive(Debug)]
enum FileText {
    Text(String),
    /// Too long to be repeated; how many bytes it has.
    TooLong(usize),
}

impl LicenceFiles {
    /// Adds a file of the package if it holds a licence.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        if holds_licence(path) {
            let text = match bytes.len() > MAX_TEXT {
                true => FileText::TooLong(bytes.len()),
                false => FileText::Text(plain_text(bytes)),
            };
            self.0.insert(path.to_owned(), text);
        }
    }

    /// The licence of the package whose `package.json` is `manifest`.
    pub fn licence(self, manifest: &Value) -> Licence {
        Licence { id: id(manifest), text: self.text() }
    }

    /// The texts of all files, each below its name if there are several.
    fn text(mut self) -> Option<String> {
        self.0.retain(|_, text| !matches!(text, FileText::Text(text) if text.is_empty()));
        let is_alone = self.0.len() == 1;
        let mut left = MAX_TEXT;
        let texts = self.0.into_iter().map(|(name, text)| {
            let text = text.within(&mut left);
            if is_alone { text } else { format!("--- {name} ---\n\n{text}") }
        });
        let texts: Vec<_> = texts.collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }
}

impl FileText {
    /// The text, or its length if that is more than what is `left`.
    fn within(self, left: &mut usize) -> String {
        match self {
            Self::Text(text) if text.len() <= *left => {
                *left -= text.len();
                text
            }
            Self::Text(text) => too_long(text.len()),
            Self::TooLong(size) => too_long(size),
        }
    }
}

fn too_long(size: usize) -> String {
    format!("(The file has {size} bytes, too many to repeat here: see the package.)")
}

/// Whether a file of a package holds a licence, by its name.
fn holds_licence(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    let is_hidden_or_below = name.starts_with('.') || name.contains('/');
    let is_code = CODE.iter().any(|ending| name.ends_with(ending));
    !is_hidden_or_below && !is_code && NAMES.iter().any(|known| name.contains(known))
}

/// The text of a file with `\n` as its line ends, and without control characters.
fn plain_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let is_plain = |c: &char| matches!(c, '\n' | '\t') || !c.is_control() && *c != '\u{feff}';
    let text: String = text.chars().filter(is_plain).collect();
    text.trim_end().trim_start_matches('\n').to_owned()
}

/// The identifier in `package.json`. Packages from before npm asked for SPDX have `licenses`, a list to
/// choose from, or objects in place of names.
fn id(manifest: &Value) -> Option<String> {
    let licences = ["license", "licenses"].iter().find_map(|key| manifest.get(key));
    let licences = match licences? {
        Value::Array(several) => several.iter().filter_map(name).collect(),
        one => Vec::from_iter(name(one)),
    };
    match licences.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" OR "))),
    }
}

fn name(licence: &Value) -> Option<String> {
    let name = licence.as_str().or_else(|| licence.get("type")?.as_str())?;
    let words: Vec<_> = name.split_whitespace().collect();
    let name: String = words.join(" ").chars().filter(|c| !c.is_control()).take(MAX_ID).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(files: &[(&str, &str)]) -> Option<String> {
        let mut found = LicenceFiles::default();
        files.iter().for_each(|(path, text)| found.add(path, text.as_bytes()));
        found.licence(&Value::Null).text
    }

    #[test]
    fn licence_files_have_any_case_and_any_ending_but_that_of_code() {
        for name in ["LICENSE", "licence.md", "License.TXT", "COPYING", "COPYING.LESSER", "NOTICE"]
        {
            assert_eq!(text(&[(name, "x")]).as_deref(), Some("x"), "{name}");
        }
        for name in ["MIT-LICENSE.txt", "LICENSE-APACHE", "ThirdPartyNotices.txt", "COPYRIGHT"] {
            assert_eq!(text(&[(name, "x")]).as_deref(), Some("x"), "{name}");
        }
        for name in ["license.js", "licenses.json", ".licenserc", "README.md", "x/LICENSE"] {
            assert_eq!(text(&[(name, "x")]), None, "{name}");
        }
    }

    #[test]
    fn several_files_stand_below_their_names_in_the_order_of_those() {
        let files = [("NOTICE", "n"), ("LICENSE", "l"), ("COPYING", " \n")];
        assert_eq!(text(&files).unwrap(), "--- LICENSE ---\n\nl\n\n--- NOTICE ---\n\nn");
    }

    #[test]
    fn line_ends_and_control_characters_do_not_come_along() {
        assert_eq!(
            text(&[("LICENSE", "\u{feff}\r\na\r\n\u{c}\tb\u{1b}\r c\n\n")]).unwrap(),
            "a\n\tb\n c"
        );
    }

    #[test]
    fn what_is_too_long_is_named_and_not_cut() {
        let long = "x".repeat(MAX_TEXT + 1);
        let sentence = "(The file has 524289 bytes, too many to repeat here: see the package.)";
        assert_eq!(text(&[("LICENSE", &long)]).unwrap(), sentence);
        let both = text(&[("LICENSE", &long[2..]), ("NOTICE", "yz")]).unwrap();
        assert!(both.ends_with(
            "--- NOTICE ---\n\n(The file has 2 bytes, too many to repeat here: see the package.)"
        ));
    }

    #[test]
    fn every_form_of_the_identifier_is_read() {
        for (manifest, expected) in [
            (json!({ "license": "MIT" }), Some("MIT")),
            (json!({ "license": "(MIT OR Apache-2.0)" }), Some("(MIT OR Apache-2.0)")),
            (json!({ "license": { "type": "ISC", "url": "u" } }), Some("ISC")),
            (json!({ "licenses": [{ "type": "MIT" }] }), Some("MIT")),
            (json!({ "licenses": [{ "type": "MIT" }, "GPL-2.0"] }), Some("(MIT OR GPL-2.0)")),
            (json!({ "license": "SEE LICENSE\nIN \u{1b}x" }), Some("SEE LICENSE IN x")),
            (json!({ "license": 3 }), None),
            (json!({ "license": "" }), None),
            (Value::Null, None),
        ] {
            assert_eq!(id(&manifest).as_deref(), expected, "{manifest}");
        }
    }
}
