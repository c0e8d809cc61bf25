//! The text of the file, as a pure function of what is redistributed, the lockfile and the licence texts.
//!
//! Whoever has no licence texts can still verify a file: the lockfile says how long each is, and its digest.

use std::collections::BTreeMap;

use super::{plain_line::plain_line, redistributed::Redistributed};
use crate::{
    lockfile::{LockedLicence, LockedText, Lockfile},
    reference::SubresourceUrl,
};

/// The first line. By it Inhouse knows a file that it wrote.
const FIRST_LINE: &str =
    "Third-party notices, written by inhouse. Every run writes this file anew.\n";
const INTRODUCTION: &str = "
The files in the folders beside this one come from other authors, and are redistributed under their
licences: those of the npm packages, then those of single files.
";
const LINE: &str =
    "--------------------------------------------------------------------------------";
const NO_TEXT: &str = "The package has no file with its licence text.";
const NOT_KEPT: &str = "The licence text was not kept: run `inhouse vendor` once with the network.";
const UNKNOWN: &str = "Licence unknown: see the file itself or its author.";
const UNKNOWN_OF_SEVERAL: &str = "Licence unknown: see the files themselves or their authors.";

/// Whether a file of our name is one that Inhouse wrote.
pub fn is_ours(bytes: &[u8]) -> bool {
    bytes.starts_with(FIRST_LINE.as_bytes())
}

/// The file, without its licence texts.
#[derive(Debug)]
pub struct Document(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    /// The licence text of a package.
    LicenceText(String, LockedText),
}

impl Document {
    /// The document about what is redistributed; `None` if that is nothing.
    pub fn of(redistributed: &Redistributed, lock: &Lockfile) -> Option<Self> {
        let Redistributed { packages, others } = redistributed;
        if packages.is_empty() && others.is_empty() {
            return None;
        }
        let mut document = Self(vec![Piece::Text(format!("{FIRST_LINE}{INTRODUCTION}"))]);
        packages.iter().for_each(|package| document.add_package(package, lock.licence(package)));
        files_by_comment(others).iter().for_each(|files| document.add_files(files));
        Some(document)
    }

    fn add(&mut self, text: impl Into<String>) {
        self.0.push(Piece::Text(text.into()));
    }

    fn add_package(&mut self, package: &str, licence: Option<&LockedLicence>) {
        self.add(format!("\n{LINE}\n{}\n", plain_line(package)));
        let Some(licence) = licence else { return self.add(format!("\n{NOT_KEPT}\n")) };
        let id = licence.id.as_deref().unwrap_or("not named in its package.json");
        self.add(format!("Licence: {}\n\n", plain_line(id)));
        match &licence.text {
            Some(text) => self.0.push(Piece::LicenceText(package.to_owned(), text.clone())),
            None => self.add(NO_TEXT),
        }
        self.add("\n");
    }

    fn add_files(&mut self, files: &FilesOfComment<'_>) {
        let urls: String = files.urls.iter().map(|url| format!("{url}\n")).collect();
        let unknown = if files.urls.len() == 1 { UNKNOWN } else { UNKNOWN_OF_SEVERAL };
        let comment = files.comment.map(|comment| format!("\n{comment}\n")).unwrap_or_default();
        self.add(format!("\n{LINE}\n{urls}{unknown}\n{comment}"));
    }

    /// The whole text; `texts` are the licence texts by package.
    pub fn text(&self, texts: &BTreeMap<String, String>) -> String {
        self.0.iter().map(|piece| piece.text(texts)).collect()
    }

    /// Whether `bytes` are this document with the licence texts that the lockfile pins.
    pub fn is(&self, bytes: &[u8]) -> bool {
        let rest = self.0.iter().try_fold(bytes, |bytes, piece| piece.strip_from(bytes));
        rest.is_some_and(<[u8]>::is_empty)
    }
}

/// Files that start with the same licence comment, or with none.
struct FilesOfComment<'a> {
    comment: Option<&'a str>,
    urls: Vec<&'a SubresourceUrl>,
}

/// The files by their comments, in the order of their first URLs.
fn files_by_comment(others: &BTreeMap<SubresourceUrl, Option<String>>) -> Vec<FilesOfComment<'_>> {
    let mut by_comment: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (url, comment) in others {
        by_comment.entry(comment.as_deref()).or_default().push(url);
    }
    let files = by_comment.into_iter().map(|(comment, urls)| FilesOfComment { comment, urls });
    let mut files: Vec<_> = files.collect();
    files.sort_by(|a, b| a.urls.cmp(&b.urls));
    files
}

impl Piece {
    fn text<'p>(&'p self, texts: &'p BTreeMap<String, String>) -> &'p str {
        match self {
            Self::Text(text) => text,
            Self::LicenceText(package, _) => texts.get(package).map_or(NOT_KEPT, String::as_str),
        }
    }

    /// What follows this piece in `bytes`; `None` if they do not start with it.
    fn strip_from<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        match self {
            Self::Text(text) => bytes.strip_prefix(text.as_bytes()),
            Self::LicenceText(_, LockedText { size, integrity }) => {
                let (text, rest) = bytes.split_at_checked(usize::try_from(*size).ok()?)?;
                integrity.verify(text).ok().map(|()| rest)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(licences: &[(&str, Option<&str>, Option<&str>)]) -> Lockfile {
        let mut lock = Lockfile::default();
        for (package, id, text) in licences {
            let (id, text) = (id.map(str::to_owned), text.map(LockedText::of));
            lock.insert_licence((*package).to_owned(), LockedLicence { id, text });
        }
        lock
    }

    fn packages(names: &[&str]) -> Redistributed {
        let packages = names.iter().map(|name| (*name).to_owned()).collect();
        Redistributed { packages, ..Redistributed::default() }
    }

    fn texts(texts: &[(&str, &str)]) -> BTreeMap<String, String> {
        texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn nothing_redistributed_is_no_document() {
        assert!(Document::of(&packages(&[]), &Lockfile::default()).is_none());
    }

    #[test]
    fn a_document_is_sorted_and_says_what_is_missing() {
        let lock = lock(&[("b@1", Some("MIT"), None), ("a@1", None, Some("Free."))]);
        let mut found = packages(&["c@1", "b@1", "a@1"]);
        for (name, comment) in [("x", Some("/*! x */")), ("y", None), ("a", None)] {
            let url = format!("https://cdn.test/{name}.js").parse().unwrap();
            found.others.insert(url, comment.map(str::to_owned));
        }
        let text = Document::of(&found, &lock).unwrap().text(&texts(&[("a@1", "Free.")]));
        let (_, sections) = text.split_once(LINE).unwrap();
        let expected = [
            "\na@1\nLicence: not named in its package.json\n\nFree.\n\n",
            &format!("\nb@1\nLicence: MIT\n\n{NO_TEXT}\n\n"),
            &format!("\nc@1\n\n{NOT_KEPT}\n\n"),
            &format!("\nhttps://cdn.test/a.js\nhttps://cdn.test/y.js\n{UNKNOWN_OF_SEVERAL}\n\n"),
            &format!("\nhttps://cdn.test/x.js\n{UNKNOWN}\n\n/*! x */\n"),
        ];
        assert_eq!(sections.split(LINE).collect::<Vec<_>>(), expected);
        assert!(is_ours(text.as_bytes()) && !is_ours(b"Third-party notices of ours\n"));
    }

    #[test]
    fn a_document_is_verified_without_the_texts() {
        let lock = lock(&[("a@1", None, Some("Free.")), ("b@1", Some("MIT"), Some("Über"))]);
        let document = Document::of(&packages(&["a@1", "b@1"]), &lock).unwrap();
        let text = document.text(&texts(&[("a@1", "Free."), ("b@1", "Über")]));
        assert!(document.is(text.as_bytes()));
        assert!(!document.is(document.text(&texts(&[])).as_bytes()));
        let bytes = text.as_bytes();
        for position in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[position] ^= 1;
            assert!(!document.is(&changed), "byte {position} changed");
            assert!(!document.is(&bytes[..position]), "cut to {position} bytes");
        }
        assert!(!document.is(&[bytes, b"more"].concat()));
    }

    #[test]
    fn a_name_cannot_look_like_another_section() {
        let lock = lock(&[("a@1\nx", Some("MIT\r\n\u{1b}"), None)]);
        let text = Document::of(&packages(&["a@1\nx"]), &lock).unwrap().text(&texts(&[]));
        assert!(text.contains("\na@1x\nLicence: MIT\n\n"), "{text}");
    }
}
