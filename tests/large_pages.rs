//! Large pages come out as if they were small, in memory that is bounded by their size.

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
            assert!(large.replace(&LINE.repeat(LINES), LINE) == small, "{parts:?}");
            assert!(small.contains("<script src=\"vendor/cdn.example/1.0.0/a.js\" integrity="));
        }
    }
}

/// What a run may take beside its pages, in bytes.
const BESIDE: u64 = 30 << 20;

#[test]
fn memory_is_bounded_by_the_size_of_the_largest_page() {
    let cdn = Cdn::start().file("cdn.example", "/1.0.0/a.js", "alert(1)");
    let project = Project::with_page("").always(cdn.resolve_args());
    let runs: [([&str; 2], &[&str]); 4] = [
        ([TAG, "the end\n"], &[]),
        ([TAG, ODD], &["--frozen"]),
        ([OWN, TAG], &["--dest", "copy"]),
        // The copy is there already, and is compared with what would be written.
        ([OWN, TAG], &["--dest", "copy"]),
    ];
    for (parts, arguments) in runs {
        let page = page(&parts, 1_000_000);
        let bound = page.len() as u64 * 5 / 2 + BESIDE;
        project.write("public/index.html", &page);
        let peak = project.vendor(arguments).assert_code(0).peak;
        let in_pages = peak as f64 / page.len() as f64;
        assert!(peak < bound, "{peak} bytes, {in_pages:.2} times the page, with {arguments:?}");
    }
}

#[test]
fn a_large_page_in_which_nothing_matters_is_read_in_pieces() {
    let parts = ["<script src=\"own.js\"></script>\n", "<title>a</title>\n"];
    let project = Project::with_page(page(&parts, 2_000_000));
    let outcome = project.vendor(&[]);
    let peak = outcome.assert_code(0).peak;
    assert!(peak < BESIDE, "{peak} bytes");
}

#[test]
fn a_page_too_large_to_be_held_is_refused_with_a_way_out() {
    let project = Project::with_page(TAG);
    let page = fs::File::options().write(true).open(project.path("public/index.html")).unwrap();
    // A hole, which takes no space.
    page.set_len((256 << 20) + 1).unwrap();
    project
        .vendor(&[])
        .assert_code(2)
        .assert_says("is larger than 256 MiB")
        .assert_says("split it into smaller pages");
}
