use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tar::EntryType;

use super::{fixture::*, walk::*, *};

#[test]
fn the_first_segment_of_a_name_goes_whatever_it_is() {
    let tgz = tgz_of(&[
        ("package/a.js", EntryType::Regular, b"a"),
        ("lodash-4/dist/b.js", EntryType::Regular, b"b"),
        ("stray.js", EntryType::Regular, b"c"),
    ]);
    let package = read(tgz).unwrap();
    assert_eq!(package.files.keys().collect::<Vec<_>>(), ["a.js", "dist/b.js"]);
    assert_eq!(package.bytes("dist/b.js").unwrap().unwrap(), b"b");
    assert_eq!(package.bytes("c.js").unwrap(), None);
    assert_eq!(package.files["a.js"].size, 1);
}

#[test]
fn a_file_is_the_same_however_many_were_taken_before() {
    let files = [("a.js", "a"), ("b.mjs", "b"), ("c.css", "c"), ("a.js.map", "map"), ("d.js", "")];
    let package = package(&files);
    for _ in 0..3 {
        for (path, bytes) in files {
            assert_eq!(package.bytes(path).unwrap().unwrap(), bytes.as_bytes(), "{path}");
        }
        assert_eq!(package.bytes("none.js").unwrap(), None);
    }
}

#[test]
fn a_package_knows_its_licence_wherever_its_files_stand_in_the_tarball() {
    let mut files = [("LICENSE", "Free."), ("a.js", "a"), ("package.json", r#"{"license":"MIT"}"#)];
    for _ in 0..files.len() {
        files.rotate_left(1);
        let licence = package(&files).licence();
        assert_eq!((licence.id.as_deref(), licence.text.as_deref()), (Some("MIT"), Some("Free.")));
    }
}

#[test]
fn links_and_folders_are_no_files() {
    let tgz = tgz_of(&[
        ("package/dist/", EntryType::Directory, b""),
        ("package/passwd", EntryType::Symlink, b""),
        ("package/hard", EntryType::Link, b""),
        ("package/device", EntryType::Char, b""),
    ]);
    assert!(read(tgz).unwrap().files.is_empty());
}

#[test]
fn a_sparse_file_is_left_out_since_nothing_counts_its_holes() {
    let mut header = tar::Header::new_gnu();
    header.set_path("package/hole").unwrap();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    // A hole of 1 GiB and not one byte of data.
    gnu.realsize = *b"10000000000\0";
    gnu.sparse[0].offset = *b"10000000000\0";
    gnu.sparse[0].numbytes = *b"00000000000\0";
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.resize(3 * 512, 0);
    assert!(read(gzip(&archive)).unwrap().files.is_empty());
}

#[test]
fn a_name_that_leads_out_of_the_package_is_refused() {
    for name in ["package/../../evil.js", "/etc/evil.js", "../evil.js", "package/a/.."] {
        let error = read(tgz_of(&[(name, EntryType::Regular, b"x")])).unwrap_err();
        assert!(matches!(error, TarballError::UnsafeName(named) if named == name));
    }
}

#[test]
fn of_two_entries_with_one_name_the_last_wins() {
    let package = package(&[("a.js", "first"), ("a.js", "second")]);
    assert_eq!(package.bytes("a.js").unwrap().unwrap(), b"second");
    assert_eq!(package.files["a.js"].digest, Digest::of(b"second", Algorithm::Sha384));
    assert!(package.paths_where(|bytes| bytes == b"first").unwrap().is_empty());
}

#[test]
fn a_tarball_cut_short_is_damaged() {
    let whole = tgz(&[("a.js", &"x".repeat(5000))]);
    let cut = read(whole[..whole.len() / 2].to_vec()).unwrap_err();
    assert!(matches!(cut, TarballError::Damaged(_)), "{cut:?}");
    let none = read(b"<!doctype html>".to_vec()).unwrap_err();
    assert!(matches!(none, TarballError::Damaged(_)), "{none:?}");
}

#[test]
fn a_gzip_bomb_is_stopped_by_its_decoded_size() {
    let mut header = tar::Header::new_gnu();
    header.set_path("package/bomb.bin").unwrap();
    header.set_size(MAX_DECODED + 1024);
    header.set_cksum();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..=(MAX_DECODED >> 20) {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 8 << 20);
    assert!(matches!(read(bomb), Err(TarballError::TooLarge)));
}

#[test]
fn entries_are_counted() {
    let mut header = tar::Header::new_gnu();
    header.set_path("package/d").unwrap();
    header.set_entry_type(EntryType::Directory);
    header.set_size(0);
    header.set_cksum();
    let error = read(gzip(&header.as_bytes().repeat(MAX_ENTRIES + 1))).unwrap_err();
    assert!(matches!(error, TarballError::TooManyEntries), "{error:?}");
}

proptest! {
    #[test]
    fn mutated_bytes_never_panic(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), inner in any::<bool>()
    ) {
        let plain = tgz_plain();
        let mutate = |mut bytes: Vec<u8>| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        };
        // Inside the archive as well, or gzip's checksum would catch every change.
        let tgz = if inner { gzip(&mutate(plain)) } else { mutate(gzip(&plain)) };
        let _ = read(tgz);
    }

    #[test]
    fn no_bytes_at_all_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _ = read(gzip(&bytes));
        let _ = read(bytes);
    }
}

fn tgz_plain() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("package/{}/a.js", "long".repeat(60));
    for name in ["package/package.json", "package/index.js", &long] {
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        builder.append_data(&mut header, name, &b"{}"[..]).unwrap();
    }
    builder.into_inner().unwrap()
}
