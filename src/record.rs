//! Pages as records: one JSON object a line, in and out, for engines that keep pages elsewhere than
//! in a folder.
//!
//! Other members of a record are kept as they are. Reading lines and rewriting pages is left to others.

pub mod lines;

use std::path::PathBuf;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::findings::{Notice, Problem};

const PATH: &str = "path";
/// A page that is UTF-8.
const TEXT: &str = "page";
/// The bytes of a page that may be anything.
const BYTES: &str = "page-base64";

/// A line that is no record.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Not a JSON object.
    #[error("it is no JSON object: {0}")]
    Json(#[from] serde_json::Error),
    /// A member that must be there, and a string, is not.
    #[error("it has no text `{0}`")]
    Missing(&'static str),
    /// `page-base64` is something else.
    #[error("its `{BYTES}` is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The path leads out of the site, or nowhere.
    #[error("`{0}` is not the path of a page below the site's root")]
    Path(String),
}

impl RecordError {
    /// The problem this is.
    pub fn problem(&self) -> Problem {
        Notice::new("bad-record", "a record could not be read")
            .detail("cause", self)
            .hint("see `inhouse rewrite --help` for what records look like".to_owned())
            .of_tool()
    }
}

/// A line that is no record, and what could be read of it.
#[derive(Debug)]
pub struct Unreadable {
    /// Why.
    pub error: RecordError,
    /// Its other members.
    pub members: Map<String, Value>,
}

/// One page of a stream.
#[derive(Clone, Debug)]
pub struct Record {
    /// Everything but the page.
    pub members: Map<String, Value>,
    /// Where the page lies below the site's root.
    pub path: PathBuf,
    /// Its bytes.
    pub page: Vec<u8>,
}

impl Record {
    /// Reads a line.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn parse(line: &[u8]) -> Result<Self, Unreadable> {
        let none =
            |error: serde_json::Error| Unreadable { error: error.into(), members: Map::new() };
        let mut members: Map<String, Value> = serde_json::from_slice(line).map_err(none)?;
        match read(&mut members) {
            Ok((path, page)) => Ok(Self { members, path, page }),
            Err(error) => Err(Unreadable { error, members }),
        }
    }

    /// The line for a page as it is to be served.
    pub fn served(mut self, page: Vec<u8>, changed: bool) -> Vec<u8> {
        let (name, page) = page_member(page);
        self.members.insert(name.to_owned(), page.into());
        self.members.insert("changed".to_owned(), changed.into());
        line(self.members)
    }

    /// The line for a page that stays as it is.
    pub fn unchanged(mut self) -> Vec<u8> {
        let page = std::mem::take(&mut self.page);
        self.served(page, false)
    }
}

/// The line for a page that cannot be served, with the rest of its record.
pub fn refused(mut members: Map<String, Value>, problems: &[Problem]) -> Vec<u8> {
    members.remove(TEXT);
    members.remove(BYTES);
    members.insert("problems".to_owned(), json!(problems));
    line(members)
}

/// A page's path below the site's root, `/`-separated.
///
/// # Errors
/// [`RecordError::Path`].
pub fn page_path(text: &str) -> Result<PathBuf, RecordError> {
    let names: Vec<_> = text.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    if names.is_empty() || names.contains(&"..") || text.ends_with('/') || text.contains('\0') {
        return Err(RecordError::Path(text.to_owned()));
    }
    Ok(names.iter().collect())
}

fn read(members: &mut Map<String, Value>) -> Result<(PathBuf, Vec<u8>), RecordError> {
    let path = members.get(PATH).and_then(Value::as_str).ok_or(RecordError::Missing(PATH))?;
    let path = page_path(path)?;
    let page = match (members.remove(TEXT), members.remove(BYTES)) {
        (Some(Value::String(text)), None) => text.into_bytes(),
        (None, Some(Value::String(encoded))) => BASE64_STANDARD.decode(encoded)?,
        _ => return Err(RecordError::Missing(TEXT)),
    };
    Ok((path, page))
}

/// The member that holds a page: its name and its value.
fn page_member(page: Vec<u8>) -> (&'static str, String) {
    match String::from_utf8(page) {
        Ok(text) => (TEXT, text),
        Err(error) => (BYTES, BASE64_STANDARD.encode(error.as_bytes())),
    }
}

fn line(members: Map<String, Value>) -> Vec<u8> {
    let mut line = Value::Object(members).to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(line: &str) -> String {
        let record = Record::parse(line.as_bytes()).unwrap();
        let page = record.page.clone();
        String::from_utf8(record.served(page, false)).unwrap()
    }

    #[test]
    fn what_a_record_says_besides_its_page_is_kept_in_order() {
        assert_eq!(
            served(r#"{"id": 7, "path": "a/b.html", "page": "<p>ä</p>", "tags": ["x"]}"#),
            "{\"id\":7,\"path\":\"a/b.html\",\"tags\":[\"x\"],\"page\":\"<p>ä</p>\",\"changed\":false}\n"
        );
    }

    #[test]
    fn pages_that_are_not_utf_8_travel_as_base64() {
        let line = r#"{"path": "a.html", "page-base64": "PHA+/zwvcD4="}"#;
        assert_eq!(Record::parse(line.as_bytes()).unwrap().page, b"<p>\xFF</p>");
        assert!(served(line).contains(r#""page-base64":"PHA+/zwvcD4=""#));
    }

    #[test]
    fn what_is_no_record_says_why() {
        for (line, why) in [
            ("nonsense", "no JSON object"),
            ("[]", "no JSON object"),
            (r#"{"page": "x"}"#, "no text `path`"),
            (r#"{"path": "a.html"}"#, "no text `page`"),
            (r#"{"path": "a.html", "page": 7}"#, "no text `page`"),
            (r#"{"path": "a.html", "page-base64": "!"}"#, "not base64"),
            (r#"{"path": "../a.html", "page": ""}"#, "below the site's root"),
            (r#"{"path": "a/", "page": ""}"#, "below the site's root"),
        ] {
            let Unreadable { error, .. } = Record::parse(line.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(why), "{line}: {error}");
        }
    }

    #[test]
    fn paths_start_at_the_root_however_they_are_written() {
        for text in ["a/b.html", "/a/b.html", "./a//b.html"] {
            assert_eq!(page_path(text).unwrap(), PathBuf::from("a/b.html"), "{text}");
        }
    }
}
