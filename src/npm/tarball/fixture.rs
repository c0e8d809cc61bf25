//! Tarballs made by hand.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};

use super::*;

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Entries exactly as named: the tar crate itself would refuse some of these names.
pub fn tgz_of(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, bytes) in entries {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

pub fn tgz(files: &[(&str, &str)]) -> Vec<u8> {
    let named: Vec<_> =
        files.iter().map(|(path, text)| (format!("package/{path}"), text)).collect();
    let entries: Vec<_> = named
        .iter()
        .map(|(path, text)| (path.as_str(), EntryType::Regular, text.as_bytes()))
        .collect();
    tgz_of(&entries)
}

pub fn read(tgz: Vec<u8>) -> Result<Package, TarballError> {
    let integrity = TarballIntegrity::Sri(Digest::of(&tgz, Algorithm::Sha512));
    Package::read("pkg".parse().unwrap(), "1.2.3".into(), &integrity, tgz)
}

pub fn package(files: &[(&str, &str)]) -> Package {
    read(tgz(files)).unwrap()
}
