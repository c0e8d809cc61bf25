//! Replaces texts in a package's code, where a recipe says so: addresses of other hosts, and what does
//! not understand addresses that are relative to the page.
//!
//! Only files whose bytes the recipe knows are edited, so what an edit does was seen in a browser
//! before. Every occurrence of the literal is replaced, and nothing else.

use memchr::memmem;
use thiserror::Error;

use super::{data::Edit, recipe::Recipe};
use crate::integrity::{Algorithm, Digest};

/// How the address of a file begins in what an edit writes.
const ADDRESS: &str = "{address:";

/// A file that names another host and cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// No version of the file was seen with these bytes.
    #[error("`{file}` contains `{literal}`, and the recipe does not know its bytes")]
    UnknownBytes {
        /// Its path inside the package.
        file: String,
        /// The address.
        literal: String,
    },
    /// There is no address to write.
    #[error("no address for `{0}` can be written into a script")]
    NoAddress(String),
}

/// The text of `file` with local addresses; `None` if nothing in it is to be edited.
///
/// `address_of` gives the address of a file or folder of the package, as pages resolve it.
///
/// # Errors
/// [`EditError`] if the file names another host and must stay as it is.
pub fn edited(
    recipe: &Recipe,
    file: &str,
    bytes: &[u8],
    address_of: impl Fn(&str) -> Option<String>,
) -> Result<Option<Vec<u8>>, EditError> {
    let mut text = bytes.to_vec();
    let edits = recipe.edits().iter().filter(|edit| concerns(edit, file, bytes));
    for edit in edits {
        let digest = Digest::of(bytes, Algorithm::Sha384);
        if !edit.known.iter().any(|known| known.file == file && known.digest == digest) {
            let (file, literal) = (file.to_owned(), edit.literal.clone());
            return Err(EditError::UnknownBytes { file, literal });
        }
        text = replaced(&text, &edit.literal, &replacement(&edit.with, &address_of)?);
    }
    Ok((text != bytes).then_some(text))
}

fn concerns(edit: &Edit, file: &str, bytes: &[u8]) -> bool {
    edit.files.iter().any(|pattern| pattern.is_match(file))
        && memmem::find(bytes, edit.literal.as_bytes()).is_some()
}

/// `with`, where each `{address:PATH}` is the address of that file or folder.
fn replacement(
    with: &str,
    address_of: impl Fn(&str) -> Option<String>,
) -> Result<String, EditError> {
    let mut parts = with.split(ADDRESS);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once('}').unwrap_or((part, ""));
        let address = address_of(path).filter(|it| it.bytes().all(is_safe_in_literals));
        text.push_str(&address.ok_or_else(|| EditError::NoAddress(path.to_owned()))?);
        text.push_str(rest);
    }
    Ok(text)
}

/// Whether the byte means itself in every kind of string, and in HTML.
fn is_safe_in_literals(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'$' | b'<' | b'>')
}

fn replaced(text: &[u8], literal: &str, with: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for start in memmem::find_iter(text, literal.as_bytes()) {
        out.extend_from_slice(&text[done..start]);
        out.extend_from_slice(with.as_bytes());
        done = start + literal.len();
    }
    out.extend_from_slice(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::{super::recipe::RecipeList, *};

    const CODE: &str = r#"load("https://cdn.example/x" + a, "https://cdn.example/x")"#;

    fn recipe(with: &str) -> RecipeList {
        let digest = Digest::of(CODE.as_bytes(), Algorithm::Sha384);
        let text = format!(
            r#"[[recipe]]
               id = "a"
               npm = "a"
               versions = "1"
               trigger = ["a.js"]
               reason = ""
               source = []
               date = 2026-11-27
               [[recipe.edit]]
               files = ["*.js"]
               literal = "https://cdn.example/x"
               with = {with}
               known = [{{ version = "1.0.0", file = "a.js", digest = "{digest}" }}]"#
        );
        RecipeList::parse(&text).unwrap()
    }

    fn edit(with: &str, file: &str, code: &str) -> Result<Option<String>, EditError> {
        let recipes = recipe(with);
        let address_of = |path: &str| Some(format!("/vendor/{path}"));
        let text = edited(recipes.iter().next().unwrap(), file, code.as_bytes(), address_of)?;
        Ok(text.map(|text| String::from_utf8(text).unwrap()))
    }

    #[test]
    fn every_occurrence_is_replaced_and_nothing_else() {
        let text = edit("\"[root]\"", "a.js", CODE);
        assert_eq!(text, Ok(Some(r#"load("[root]" + a, "[root]")"#.into())));
        let text = edit("'{address:w.js}'", "a.js", CODE);
        assert_eq!(text, Ok(Some(r#"load("/vendor/w.js" + a, "/vendor/w.js")"#.into())));
    }

    #[test]
    fn a_file_without_the_literal_stays_as_it_is() {
        assert_eq!(edit("\"x\"", "a.js", "load()"), Ok(None));
        assert_eq!(edit("\"x\"", "a.css", CODE), Ok(None));
    }

    #[test]
    fn bytes_that_were_never_seen_are_not_edited() {
        let error = edit("\"x\"", "a.js", &format!("{CODE};")).unwrap_err();
        assert!(matches!(error, EditError::UnknownBytes { .. }), "{error}");
        let error = edit("\"x\"", "b.js", CODE).unwrap_err();
        assert!(matches!(error, EditError::UnknownBytes { .. }), "{error}");
    }

    #[test]
    fn an_address_that_would_end_the_string_is_refused() {
        let error = edit("'{address:\"}'", "a.js", CODE).unwrap_err();
        assert_eq!(error, EditError::NoAddress("\"".into()));
    }
}
