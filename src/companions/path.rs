//! Paths inside a package: segments joined by `/`, without a leading one.

/// The folder of `path`, with its final `/`; empty for the root of the package.
pub(super) fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

/// `relative` as seen from `folder`; a `..` above the root of the package stays there.
pub(super) fn join(folder: &str, relative: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in folder.split('/').chain(relative.split('/')) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_never_leaves_the_package() {
        assert_eq!(join("plugins/autoloader/", "../../components/*.js"), "components/*.js");
        assert_eq!(join("", "a/**"), "a/**");
        assert_eq!(join("es5/", "../../../x"), "x");
        assert_eq!(folder_of("es5/a.js"), "es5/");
        assert_eq!(folder_of("a.js"), "");
    }
}
