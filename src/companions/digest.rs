//! One digest for many files, so that a lockfile names 300 companions in one line.
//!
//! It is the SHA-384 of a text with one line for each file, sorted by the bytes of the path:
//!
//! ```text
//! sha384-BASE64 PATH LF
//! ```
//!
//! The first part is the digest of the file's bytes as `integrity` writes it, then comes one space,
//! the path with `/` between segments, and a line feed. In the path, `%` and the control characters
//! are written as `%` and two upper-case hexadecimal digits, so that no two lists have one text.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::integrity::{Algorithm, Digest};

/// The digest of files, given by path and the SHA-384 of their bytes.
pub fn digest_of_files<'f>(files: impl IntoIterator<Item = (&'f str, &'f Digest)>) -> Digest {
    Digest::of(list_of_files(files).as_bytes(), Algorithm::Sha384)
}

/// The text that [`digest_of_files`] hashes.
pub fn list_of_files<'f>(files: impl IntoIterator<Item = (&'f str, &'f Digest)>) -> String {
    let sorted: BTreeMap<_, _> = files.into_iter().collect();
    let mut list = String::new();
    for (path, digest) in sorted {
        let _ = writeln!(list, "{digest} {}", escaped(path));
    }
    list
}

/// `path` with `%` and control characters escaped.
pub(super) fn escaped(path: &str) -> String {
    let escape = |character: char| match character {
        '%' | '\0'..='\x1F' | '\x7F' => format!("%{:02X}", u32::from(character)),
        other => other.to_string(),
    };
    path.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha384(text: &str) -> Digest {
        Digest::of(text.as_bytes(), Algorithm::Sha384)
    }

    #[test]
    fn the_order_of_the_files_does_not_matter() {
        let (a, b) = (sha384("a"), sha384("b"));
        let list = list_of_files([("b.js", &b), ("a/x y.js", &a)]);
        assert_eq!(list, format!("{a} a/x y.js\n{b} b.js\n"));
        let one = digest_of_files([("b.js", &b), ("a.js", &a)]);
        assert_eq!(one, digest_of_files([("a.js", &a), ("b.js", &b)]));
        assert_eq!(one.algorithm(), Algorithm::Sha384);
    }

    #[test]
    fn other_files_other_digest() {
        let (a, b) = (sha384("a"), sha384("b"));
        let one = digest_of_files([("a.js", &a), ("b.js", &b)]);
        assert_ne!(one, digest_of_files([("a.js", &b), ("b.js", &a)]));
        assert_ne!(one, digest_of_files([("a.js", &a)]));
        let in_one_name = format!("a.js\n{b} b.js");
        assert_ne!(one, digest_of_files([(in_one_name.as_str(), &a)]));
        assert_ne!(digest_of_files([("%0A", &a)]), digest_of_files([("\n", &a)]));
    }
}
