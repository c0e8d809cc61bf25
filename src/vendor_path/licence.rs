//! Where the licence text of an npm package lies in the vendor cache.

use super::path::VendorPath;
use crate::integrity::{Algorithm, Digest};

/// How many hexadecimal digits stand for a package whose name cannot be a file name.
const DIGITS: usize = 32;

impl VendorPath {
    /// The path of a licence text; `package` is `name@version`.
    ///
    /// A host may be called `licences` too, but no vendored file ends in `.txt`.
    pub fn of_licence_text(package: &str) -> Self {
        let plain = format!("licences/{package}.txt");
        // Names that differ only in case are one file on some disks. npm has some such names.
        let is_plain =
            package.contains('@') && !package.bytes().any(|byte| byte.is_ascii_uppercase());
        plain.parse().ok().filter(|_| is_plain).unwrap_or_else(|| {
            let digest = Digest::of(package.as_bytes(), Algorithm::Sha256);
            Self(format!("licences/{}.txt", digest.short_hex(DIGITS)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(package: &str) -> String {
        VendorPath::of_licence_text(package).to_string()
    }

    #[test]
    fn the_file_is_named_after_the_package() {
        assert_eq!(path("chart.js@4.4.1"), "licences/chart.js@4.4.1.txt");
        assert_eq!(path("@lit/task@1.0.0"), "licences/@lit/task@1.0.0.txt");
    }

    #[test]
    fn any_other_name_gives_a_path_of_its_own_that_is_valid_everywhere() {
        let long = format!("{}@1.0.0", "a".repeat(214));
        let names = ["JSONStream@1.0.0", "a@../../x", "a@1/con/x", "a@\u{7}", "a", "", &long];
        let paths: std::collections::BTreeSet<_> = names.iter().map(|name| path(name)).collect();
        assert_eq!(paths.len(), names.len());
        for path in paths {
            assert!(path.starts_with("licences/") && path.ends_with(".txt"), "{path}");
            assert_eq!(path.len(), "licences/.txt".len() + DIGITS, "{path}");
            path.parse::<VendorPath>().unwrap();
        }
    }
}
