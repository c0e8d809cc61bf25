use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use super::{staging::temporary_name, *};

struct Place {
    dir: tempfile::TempDir,
    tree: Tree,
}

/// A tree `site` in a folder of its own.
fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("site");
    let tree = Tree::create(&site, &site).unwrap();
    Place { dir, tree }
}

impl Place {
    fn site(&self) -> PathBuf {
        self.dir.path().join("site")
    }

    fn staging(&self) -> PathBuf {
        self.dir.path().join(".site.inhouse")
    }

    fn put(&self, file: &str, text: &str) -> Result<(), FolderError> {
        self.tree.put(Path::new(file), &|new| new.write_all(text.as_bytes()))
    }
}

fn names(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_made_beside_the_tree_and_moved_in() {
    let place = place();
    place.put("a/b/page.html", "one").unwrap();
    place.put("a/b/page.html", "two").unwrap();
    assert_eq!(place.tree.read(Path::new("a/b/page.html")).unwrap().unwrap(), b"two");
    assert_eq!(names(&place.site().join("a/b")), ["page.html"]);
    assert_eq!(names(place.dir.path()), [".site.inhouse", "site"]);
    clear_staging(&place.site());
    assert_eq!(names(place.dir.path()), ["site"]);
}

#[test]
fn a_file_that_cannot_be_filled_leaves_no_trace() {
    let place = place();
    place.put("page.html", "old").unwrap();
    let full = |file: &mut File| {
        file.write_all(b"half")?;
        Err(io::ErrorKind::StorageFull.into())
    };
    let error = place.tree.put(Path::new("page.html"), &full).unwrap_err();
    assert!(matches!(&error, FolderError::Io { path, .. } if path.ends_with("site/page.html")));
    assert_eq!(fs::read(place.site().join("page.html")).unwrap(), b"old");
    assert_eq!(names(&place.site()), ["page.html"]);
    assert!(names(&place.staging()).is_empty());
}

#[test]
fn clearing_the_staging_folder_spares_what_is_not_ours() {
    let place = place();
    fs::create_dir(place.staging()).unwrap();
    for name in [".inhouse-0123456789abcdef.tmp", "notes.txt"] {
        fs::write(place.staging().join(name), "left").unwrap();
    }
    clear_staging(&place.site());
    assert_eq!(names(&place.staging()), ["notes.txt"]);
}

#[test]
fn a_staging_folder_that_is_a_link_is_neither_used_nor_cleared() {
    let place = place();
    let elsewhere = place.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join(".inhouse-0123456789abcdef.tmp"), "theirs").unwrap();
    symlink(&elsewhere, place.staging()).unwrap();
    place.put("page.html", "new").unwrap();
    clear_staging(&place.site());
    assert_eq!(names(&elsewhere), [".inhouse-0123456789abcdef.tmp"]);
    assert_eq!(names(&place.site()), ["page.html"]);
}

#[test]
fn without_a_staging_folder_a_leftover_of_a_killed_run_is_replaced() {
    let place = place();
    fs::write(place.staging(), "in the way of the staging folder").unwrap();
    let left = place.site().join(temporary_name(Path::new("page.html")));
    fs::write(&left, "half a pa").unwrap();
    place.put("page.html", "whole").unwrap();
    assert_eq!(names(&place.site()), ["page.html"]);
}

#[test]
fn no_link_is_followed() {
    let place = place();
    let outside = place.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("page.html"), "theirs").unwrap();
    symlink(&outside, place.site().join("folder")).unwrap();
    symlink(outside.join("page.html"), place.site().join("page.html")).unwrap();
    let through = Path::new("folder/page.html");
    assert!(matches!(place.put("folder/page.html", "ours"), Err(FolderError::Link(_))));
    assert!(matches!(place.tree.read(through), Err(FolderError::Link(_))));
    assert!(matches!(place.tree.read(Path::new("page.html")), Err(FolderError::Link(_))));
    place.put("page.html", "ours").unwrap();
    assert_eq!(fs::read(outside.join("page.html")).unwrap(), b"theirs");
    assert_eq!(fs::read(place.site().join("page.html")).unwrap(), b"ours");
}

#[test]
fn a_path_that_leads_away_is_refused() {
    let place = place();
    for path in ["../x", "/x", "a/../../x", ".."] {
        assert!(place.put(path, "x").is_err(), "{path}");
    }
    assert_eq!(names(place.dir.path()), ["site"]);
}

#[test]
fn a_pipe_is_no_file_and_nobody_waits_for_it() {
    let place = place();
    let made = std::process::Command::new("mkfifo").arg(place.site().join("pipe")).status();
    assert!(made.unwrap().success());
    assert!(matches!(place.tree.read(Path::new("pipe")), Err(FolderError::Io { .. })));
}

#[test]
fn a_file_in_the_way_of_a_folder_is_named() {
    let place = place();
    place.put("vendor", "a file").unwrap();
    let error = place.put("vendor/a.js", "x").unwrap_err();
    assert!(matches!(error, FolderError::NotAFolder(path) if path.ends_with("site/vendor")));
}

#[test]
fn a_lock_is_waited_for_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let first = Lock::take(dir.path(), &|| panic!("nobody has it")).unwrap();
    std::thread::scope(|scope| {
        let (told, waits) = std::sync::mpsc::channel();
        let path = dir.path();
        let second = scope.spawn(move || Lock::take(path, &|| told.send(()).unwrap()).unwrap());
        waits.recv().unwrap();
        drop(first);
        assert!(second.join().unwrap().is_some());
    });
    assert!(names(dir.path()).is_empty());
    assert!(Lock::take(&dir.path().join("missing"), &|| ()).unwrap().is_none());
}
