//! Links, and folders that become links during a run: nothing outside the site is read or written.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
    path::Path,
};

use support::{
    inject::{can_inject, stop_at},
    sandbox::{Sandbox, cdn, snapshot},
};

mod support;

/// A folder beside the project, whose files must not be touched.
fn outside(sandbox: &Sandbox) -> std::path::PathBuf {
    let outside = sandbox.outside().join("outside");
    fs::create_dir(&outside).unwrap();
    let page = fs::read(sandbox.path("public/blog/2026/index.html")).unwrap();
    fs::write(outside.join("index.html"), page).unwrap();
    fs::write(outside.join("kept.txt"), "kept").unwrap();
    outside
}

#[test]
fn links_of_every_kind_are_left_alone_and_not_followed() {
    let cdn = cdn();
    let sandbox = Sandbox::new();
    let outside = outside(&sandbox);
    let before = snapshot(&outside);
    let links: [(&Path, &str); 7] = [
        (&outside, "folder"),
        (&outside.join("index.html"), "page.html"),
        (Path::new("../../outside/index.html"), "relative.html"),
        (Path::new("nowhere"), "dangling.html"),
        (Path::new("loop.html"), "loop.html"),
        (Path::new("."), "self"),
        (Path::new("index.html"), "inside.html"),
    ];
    for (target, name) in links {
        symlink(target, sandbox.path("public").join(name)).unwrap();
    }
    let output = sandbox.vendor(&cdn, &[]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(snapshot(&outside) == before);
    for (target, name) in links {
        assert_eq!(fs::read_link(sandbox.path("public").join(name)).unwrap(), target);
        assert!(stderr.contains(&format!("`{name}` is a link")), "{name}: {stderr}");
    }
    let page = fs::read_to_string(sandbox.path("public/index.html")).unwrap();
    assert!(page.contains("src=\"vendor/"), "{page}");
}

#[test]
fn dest_gets_links_as_links() {
    let cdn = cdn();
    let sandbox = Sandbox::new();
    let outside = outside(&sandbox);
    let before = snapshot(&outside);
    symlink(&outside, sandbox.path("public/folder")).unwrap();
    symlink("nowhere", sandbox.path("public/dangling.css")).unwrap();
    for _ in 0..2 {
        let output = sandbox.vendor(&cdn, &["--dest", "dist"]).output().unwrap();
        assert!(output.status.success());
        assert_eq!(fs::read_link(sandbox.path("dist/folder")).unwrap(), outside);
        assert_eq!(fs::read_link(sandbox.path("dist/dangling.css")).unwrap(), Path::new("nowhere"));
    }
    assert!(snapshot(&outside) == before);
}

#[test]
fn a_link_in_the_way_of_our_files_stops_the_run() {
    let cdn = cdn();
    for (name, code) in [
        ("public/vendor", 1),
        ("public/vendor/cdn.example", 1),
        ("vendor-cache", 2),
        ("vendor-cache/inhouse.lock", 2),
    ] {
        let sandbox = Sandbox::new();
        let outside = outside(&sandbox);
        let before = snapshot(&outside);
        fs::create_dir_all(sandbox.path(name).parent().unwrap()).unwrap();
        symlink(&outside, sandbox.path(name)).unwrap();
        let output = sandbox.vendor(&cdn, &[]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{name}: {stderr}");
        assert!(stderr.contains(name) && stderr.contains("is a link"), "{name}: {stderr}");
        assert!(snapshot(&outside) == before, "{name}");
    }
}

#[test]
fn a_link_in_dest_where_the_site_has_a_folder_stops_the_run() {
    let cdn = cdn();
    let sandbox = Sandbox::new();
    let outside = outside(&sandbox);
    let before = snapshot(&outside);
    fs::create_dir(sandbox.path("dist")).unwrap();
    symlink(&outside, sandbox.path("dist/blog")).unwrap();
    let output = sandbox.vendor(&cdn, &["--dest", "dist"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("dist/blog` is a link"), "{stderr}");
    assert!(snapshot(&outside) == before);
}

#[test]
fn the_other_name_of_a_page_keeps_the_old_content() {
    let cdn = cdn();
    let sandbox = Sandbox::new();
    let (page, other) = (sandbox.path("public/index.html"), sandbox.outside().join("other.html"));
    let old = fs::read(&page).unwrap();
    fs::hard_link(&page, &other).unwrap();
    let sandbox = sandbox.vendored(&cdn, &[]);
    assert_eq!(fs::read(other).unwrap(), old);
    let page = fs::metadata(sandbox.path("public/index.html")).unwrap();
    assert_eq!(page.nlink(), 1);
}

/// Stops a run at each call between the scan and the last rename, replaces `folder` by a link to a
/// folder outside, and lets the run go on.
fn swapped(folder: &str, args: &[&str]) {
    if !can_inject() {
        return;
    }
    let cdn = cdn();
    let mut swaps = 0;
    let moments = [
        "mkdirat:when=1",
        "fsync:when=1",
        "renameat:when=1",
        "renameat:when=4",
        "renameat:when=6",
        "renameat:when=7",
        "renameat:when=8",
    ];
    for at in moments {
        let sandbox = Sandbox::new();
        let outside = outside(&sandbox);
        let before = snapshot(&outside);
        let stopped = stop_at(&sandbox.vendor(&cdn, args), at);
        let (place, aside) = (sandbox.path(folder), sandbox.outside().join("aside"));
        if place.exists() {
            fs::rename(&place, &aside).unwrap();
        }
        symlink(&outside, &place).unwrap();
        let run = stopped.go_on();
        assert!(snapshot(&outside) == before, "{folder}, {at}: written through the link");
        match run.code() {
            Some(0) => {}
            code => {
                assert!(matches!(code, Some(1 | 2)), "{folder}, {at}: {}", run.stderr());
                assert!(run.stderr().contains("is a link"), "{folder}, {at}: {}", run.stderr());
                swaps += 1;
            }
        }
    }
    assert!(swaps >= 2, "{folder}: noticed {swaps} times");
    eprintln!("{folder}: swapped at {} moments, noticed at {swaps}", moments.len());
}

#[test]
fn a_page_folder_swapped_for_a_link_leads_nowhere() {
    swapped("public/blog", &[]);
    swapped("public/blog/2026", &[]);
}

#[test]
fn a_vendor_folder_swapped_for_a_link_leads_nowhere() {
    swapped("public/vendor", &[]);
    swapped("vendor-cache/cdn.example", &[]);
}

#[test]
fn a_folder_of_dest_swapped_for_a_link_leads_nowhere() {
    swapped("dist/blog", &["--dest", "dist"]);
}
