//! A tarball yields files with names that stay inside the package and with the digests of their
//! bytes, or an error; never more memory than its limits allow.
#![no_main]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use inhouse::internals::{
    integrity::{Algorithm, Digest},
    npm::{Package, tarball_integrity::TarballIntegrity},
};
use libfuzzer_sys::fuzz_target;

fn seeds() {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in
        [("package/package.json", r#"{"main":"a.js"}"#), ("package/a.js", "alert(1)")]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).expect("a small archive");
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "package/link", "/etc/passwd").expect("a small archive");
    let long = format!("package/{}/a.js", "long".repeat(50));
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    tar.append_data(&mut header, long, &b"x"[..]).expect("a small archive");
    inhouse_fuzz::plant([tar.into_inner().expect("a small archive")]);
}

fuzz_target!(init: seeds(), |bytes: &[u8]| {
    read(bytes.to_vec());
    // Most mutations of a compressed stream are only broken streams, so the archive itself, too.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(bytes).expect("memory takes everything");
    read(gzip.finish().expect("memory takes everything"));
});

fn read(tgz: Vec<u8>) {
    let integrity = TarballIntegrity::Sri(Digest::of(&tgz, Algorithm::Sha512));
    let name = "pkg".parse().expect("a package name");
    let Ok(package) = Package::read(name, "1.0.0".into(), &integrity, tgz) else { return };
    for (path, file) in &package.files {
        assert!(!path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | "..")));
        let bytes = package.bytes(path).expect("it was read before").expect("it is listed");
        assert_eq!(bytes.len() as u64, file.size, "{path}");
        assert_eq!(Digest::of(&bytes, Algorithm::Sha384), file.digest, "{path}");
    }
}
