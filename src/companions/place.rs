//! Where companions lie in the vendor folder: as they lie to each other in the package, seen from the
//! script, so that the addresses that its code computes lead to them.

use super::path::folder_of;
use crate::vendor_path::VendorPath;

/// A folder of a package, and the folder below the vendor folder in which its files lie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Below the vendor folder.
    pub folder: String,
    /// Inside the package, with its final `/`; empty for the root.
    pub package_folder: String,
}

impl Place {
    /// The place that follows from one script: `script` is its file, `path` the path inside the
    /// package. `None` if the file has another name there, since then nothing is known of the others.
    pub fn of_script(script: &VendorPath, path: &str) -> Option<Self> {
        let whole = script.as_str().strip_suffix(path).and_then(|rest| rest.strip_suffix('/'));
        if let Some(folder) = whole.filter(|folder| !folder.is_empty()) {
            return Some(Self { folder: folder.to_owned(), package_folder: String::new() });
        }
        let (folder, name) = script.as_str().rsplit_once('/')?;
        let package_folder = folder_of(path);
        let is_same_name = &path[package_folder.len()..] == name;
        is_same_name
            .then(|| Self { folder: folder.to_owned(), package_folder: package_folder.to_owned() })
    }

    /// The root of another package, in the folder `place` inside this one. `None` if the root of this
    /// one has no place.
    pub fn of_package_in(&self, place: &str) -> Option<Self> {
        let is_root = self.package_folder.is_empty();
        let folder = format!("{}/{place}", self.folder);
        is_root.then(|| Self { folder, package_folder: String::new() })
    }

    /// Where the file at `path` of the package lies. `None` if it has no place, or its name none on
    /// every system.
    pub fn file(&self, path: &str) -> Option<VendorPath> {
        let below = path.strip_prefix(&self.package_folder)?;
        format!("{}/{below}", self.folder).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(script: &str, path: &str) -> Option<Place> {
        Place::of_script(&script.parse().unwrap(), path)
    }

    fn file(script: &str, path: &str, other: &str) -> Option<String> {
        Some(place(script, path)?.file(other)?.to_string())
    }

    #[test]
    fn companions_lie_to_the_script_as_in_the_package() {
        let script = "cdn.example/npm/mathjax@3.2.2/es5/tex-chtml.js";
        let found = file(script, "es5/tex-chtml.js", "es5/input/tex/extensions/ams.js");
        let expected = "cdn.example/npm/mathjax@3.2.2/es5/input/tex/extensions/ams.js";
        assert_eq!(found.as_deref(), Some(expected));
        let hashed = "cdn.example/h~0123456789ab/lib/2.7.7/MathJax.js";
        let expected = "cdn.example/h~0123456789ab/lib/2.7.7/config/a.js";
        assert_eq!(file(hashed, "MathJax.js", "config/a.js").as_deref(), Some(expected));
        let at_root = file("cdn.example/video.js", "dist/video.js", "dist/lang/de.js");
        assert_eq!(at_root.as_deref(), Some("cdn.example/lang/de.js"));
    }

    #[test]
    fn where_a_cdn_has_only_one_folder_the_others_have_no_place() {
        let script = "cdn.example/ace/1.4.12/ace.js";
        let path = "src-min-noconflict/ace.js";
        let mode = file(script, path, "src-min-noconflict/mode-css.js");
        assert_eq!(mode.as_deref(), Some("cdn.example/ace/1.4.12/mode-css.js"));
        assert_eq!(file(script, path, "css/theme.css"), None);
        assert_eq!(place(script, path).unwrap().of_package_in("x"), None);
    }

    #[test]
    fn a_script_of_another_name_tells_nothing_of_the_others() {
        assert_eq!(place("cdn.example/npm/mathjax@3.js", "es5/tex-chtml.js"), None);
    }

    #[test]
    fn names_that_cannot_be_served_everywhere_have_no_place() {
        let script = "cdn.example/lib/1.2.3/a.js";
        for other in ["a b.js", "con.js", ".hidden.js", &"x/".repeat(120)] {
            assert_eq!(file(script, "a.js", other), None, "{other}");
        }
    }
}
