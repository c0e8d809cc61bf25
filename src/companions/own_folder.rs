//! Which files below a script's folder may be its companions, where no recipe says which are.
//!
//! What a browser can load at run time counts: code, data, WebAssembly, styles, fonts, images, sound.
//! What only developers read does not.

use super::path::folder_of;

const ENDINGS: [&str; 32] = [
    "js", "mjs", "json", "wasm", "css", "woff", "woff2", "ttf", "otf", "eot", "svg", "png", "jpg",
    "jpeg", "gif", "webp", "avif", "ico", "cur", "mp3", "ogg", "wav", "bin", "data", "dat", "zip",
    "gz", "bcmap", "pfb", "icc", "xml", "html",
];
const DEVELOPERS_FOLDERS: [&str; 20] = [
    "src",
    "source",
    "sources",
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "doc",
    "docs",
    "example",
    "examples",
    "demo",
    "demos",
    "types",
    "typings",
    "node_modules",
    "bench",
    "fixtures",
    "scripts",
];
const DEVELOPERS_FILES: [&str; 12] = [
    "package.json",
    "package-lock.json",
    "bower.json",
    "component.json",
    "composer.json",
    "tsconfig.json",
    "jsconfig.json",
    "gruntfile.js",
    "gulpfile.js",
    "rollup.config.js",
    "webpack.config.js",
    "karma.conf.js",
];
const DEVELOPERS_ENDINGS: [&str; 6] =
    [".test.js", ".spec.js", ".test.mjs", ".spec.mjs", ".d.json", ".config.js"];

/// Those of `paths` that lie below the folder of `script` and that it may load.
pub(super) fn companions<'f>(
    paths: impl Iterator<Item = &'f str>,
    script: &str,
) -> impl Iterator<Item = &'f str> {
    let folder = folder_of(script).to_owned();
    paths.filter(move |path| path.strip_prefix(&folder).is_some_and(may_be_loaded))
}

/// Whether a file at this path below the script's folder is one that code may load.
fn may_be_loaded(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.contains(&ending)
        && !folders.split('/').any(is_developers_folder)
        && !DEVELOPERS_FILES.contains(&file)
        && !DEVELOPERS_ENDINGS.iter().any(|ending| file.ends_with(ending))
        && !path.starts_with('.')
}

fn is_developers_folder(folder: &str) -> bool {
    DEVELOPERS_FOLDERS.contains(&folder) || folder.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_load_is_taken_and_what_developers_read_is_not() {
        let taken = ["dist/b.js", "dist/x/c.wasm", "dist/x/d.WOFF2", "dist/x/e.json"];
        let left = [
            "dist/a.js.map",
            "dist/a.d.ts",
            "dist/README.md",
            "dist/src/a.js",
            "dist/x/Tests/a.js",
            "dist/a.test.js",
            "dist/package.json",
            "dist/.cache/a.js",
            "lib/a.js",
            "distant.js",
        ];
        let paths = taken.iter().chain(&left).copied();
        assert_eq!(companions(paths, "dist/a.js").collect::<Vec<_>>(), taken);
    }

    #[test]
    fn a_script_that_lies_in_src_itself_finds_what_lies_beside_it() {
        let paths = ["src/a.js", "src/worker.js"];
        assert_eq!(companions(paths.into_iter(), "src/a.js").collect::<Vec<_>>(), paths);
    }
}
