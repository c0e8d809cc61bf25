//! Pages too large to be held in memory come out as if they were small.

use std::{fs, time::SystemTime};

use measured::Project;
use support::cdn::Cdn;

#[path = "support/measured.rs"]
mod measured;
mod support;

const TAG: &str = "<script src=\"https://cdn.example/1.0.0/a.js\"></script>\n";
/// Where a parser has to look twice.
const ODD: &str = "<select><option>one</select>\n";
const OWN: &str = "<script src=\"vendor/own.js\"></script>\n";
const LINE: &str = "<p>Zeile für Zeile, und keine davon ist von Belang.</p>\n";

/// A page with so many lines in each of its gaps.
fn page(parts: &[&str], lines: usize) -> String {
    parts.join(&LINE.repeat(lines))
}

/// The page as a run leaves it, first without a lockfile and then built anew, with `--frozen`.
fn vendored(parts: &[&str], lines: usize) -> [String; 2] {
    let cdn = Cdn::start().file("cdn.example", "/1.0.0/a.js", "alert(1)");
    let project = Project::with_page("").always(cdn.resolve_args());
    let at = project.path("public/index.html");
    [&[][..], &["--frozen"]].map(|arguments| {
        project.write("public/index.html", page(parts, lines));
        let file = fs::File::options().write(true).open(&at).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        project.vendor(arguments).assert_code(0);
        fs::read_to_string(&at).unwrap()
    })
}

#[test]
fn a_large_page_comes_out_as_if_it_were_small() {
    const LINES: usize = 160_000;
    let pages: [&[&str]; 8] = [
        &[TAG, "the end\n"],
        &["<title>a</title>\n", TAG],
        &[TAG, TAG, OWN],
        &[TAG, ODD, "the end\n"],
        &[TAG, ODD, OWN],
        &["<title>a</title>\n", TAG, ODD, OWN],
        &[ODD, TAG],
        &["<link rel=preconnect href=https://cdn.example>\n", TAG],
    ];
    for parts in pages {
        assert!(page(parts, LINES).len() > 8 << 20);
        let (large, small) = (vendored(parts, LINES), vendored(parts, 1));
        for (large, small) in large.iter().zip(small) {
            // What a page says of a host beside its scripts is not known of a large one.
            let small = match parts[0].contains("preconnect") {
                true => format!("{}{LINE}{}", parts[0], small.split_once(LINE).unwrap().1),
                false => small,
            };
            assert!(large.replace(&LINE.repeat(LINES), LINE) == small, "{parts:?}");
            assert!(small.contains("<script src=\"vendor/cdn.example/1.0.0/a.js\" integrity="));
        }
    }
}
