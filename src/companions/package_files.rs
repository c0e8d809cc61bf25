//! The files of a package as a text that can be kept and verified, so that a later run can choose among
//! them without the tarball.
//!
//! One line for each file, sorted by the bytes of the path:
//!
//! ```text
//! sha384-BASE64 SIZE PATH LF
//! ```
//!
//! Paths are escaped as in [`digest`](super::digest).

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::{
    digest::{digest_of_files, escaped},
    select::Files,
};
use crate::{
    integrity::{Algorithm, Digest},
    npm::tarball::PackageFile,
    vendor_path::VendorPath,
};

/// Where the vendor cache has the list of a package's files; `id` is `name@version`, or the URL of a
/// CDN's folder. No host has such a
/// folder, since its name begins with `+`.
pub fn path_of_list(id: &str) -> Option<VendorPath> {
    let id = id.strip_prefix("https://").unwrap_or(id).trim_end_matches('/');
    format!("+packages/{id}/files.txt").parse().ok()
}

/// The files of a package, by their paths inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageFiles(BTreeMap<String, PackageFile>);

impl PackageFiles {
    /// These files.
    pub fn new(files: BTreeMap<String, PackageFile>) -> Self {
        Self(files)
    }

    /// Files with these bytes.
    pub fn of_bytes(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let file = |bytes: &Vec<u8>| PackageFile {
            size: bytes.len() as u64,
            digest: Digest::of(bytes, Algorithm::Sha384),
        };
        Self(files.iter().map(|(path, bytes)| (path.clone(), file(bytes))).collect())
    }

    /// Reads the text that [`to_text`](Self::to_text) writes; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        text.lines().map(file_of_line).collect::<Option<_>>().map(Self)
    }

    /// The files as text.
    pub fn to_text(&self) -> String {
        let line = |(path, file): (&String, &PackageFile)| {
            format!("{} {} {}\n", file.digest, file.size, escaped(path))
        };
        self.0.iter().map(line).collect()
    }

    /// The digest of the text.
    pub fn digest(&self) -> Digest {
        Self::digest_of_text(&self.to_text())
    }

    /// The digest of a text that [`to_text`](Self::to_text) has written.
    pub fn digest_of_text(text: &str) -> Digest {
        Digest::of(text.as_bytes(), Algorithm::Sha384)
    }

    /// The file at `path`.
    pub fn get(&self, path: &str) -> Option<&PackageFile> {
        self.0.get(path)
    }

    /// The sizes of all files, in bytes.
    pub fn sizes(&self) -> Files<'_> {
        self.0.iter().map(|(path, file)| (path.as_str(), file.size)).collect()
    }

    /// The one digest of the files at `paths`, as [`digest_of_files`] makes it.
    pub fn digest_of<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> Digest {
        let file = |path| Some((path, &self.0.get(path)?.digest));
        digest_of_files(paths.into_iter().filter_map(file))
    }
}

fn file_of_line(line: &str) -> Option<(String, PackageFile)> {
    let (digest, rest) = line.split_once(' ')?;
    let (size, path) = rest.split_once(' ')?;
    let path = percent_decode_str(path).decode_utf8().ok()?.into_owned();
    Some((path, PackageFile { size: size.parse().ok()?, digest: digest.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> PackageFile {
        let digest = Digest::of(text.as_bytes(), Algorithm::Sha384);
        PackageFile { size: text.len() as u64, digest }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let names = ["a.js", "b c/ü%41.js", "new\nline"];
        let files = names.map(|name| (name.to_owned(), file(name))).into();
        let files = PackageFiles::new(files);
        assert_eq!(PackageFiles::parse(&files.to_text()), Some(files));
        assert_eq!(PackageFiles::parse(""), Some(PackageFiles::default()));
    }

    #[test]
    fn any_other_text_is_refused() {
        for text in ["a.js", "sha384-AAAA 1 a.js", "\n"] {
            assert_eq!(PackageFiles::parse(text), None, "{text}");
        }
    }
}
