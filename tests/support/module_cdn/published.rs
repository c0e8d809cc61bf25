//! Real packages, as their authors published them: fetched by `npm pack`, and kept in the target
//! folder.
//!
//! Only where `INHOUSE_TEST_REGISTRY=1` allows it. Versions are exact, so that nothing changes under
//! the tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use super::{Library, Package};

/// Whether tests may ask the registry.
pub fn allowed() -> bool {
    env::var("INHOUSE_TEST_REGISTRY").as_deref() == Ok("1")
}

/// One package, as `name@1.2.3`.
pub fn package(spec: &str) -> Package {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("published");
    fs::create_dir_all(&folder).unwrap();
    fetch(&folder, &[spec]);
    Package::from_tarball(fs::read(tarball(&folder, spec)).unwrap())
}

/// A library of these packages, each as `name@1.2.3`.
pub fn library(packages: &[&str]) -> Library {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("published");
    fs::create_dir_all(&folder).unwrap();
    fetch(&folder, packages);
    Library::of(packages.iter().map(|spec| {
        let bytes = fs::read(tarball(&folder, spec)).unwrap();
        let package = Package::from_tarball(bytes);
        assert_eq!(*spec, format!("{}@{}", package.name(), package.version()));
        package
    }))
}

fn fetch(folder: &Path, packages: &[&str]) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<_> = packages.iter().filter(|spec| !tarball(folder, spec).is_file()).collect();
    if missing.is_empty() {
        return;
    }
    // Whole files only: other test programs look into the folder too.
    let bench = tempfile::tempdir_in(folder).unwrap();
    let run = Command::new("npm")
        .args(["pack", "--ignore-scripts", "--loglevel=error"])
        .args(&missing)
        .current_dir(bench.path())
        .output()
        .expect("npm is installed");
    assert!(run.status.success(), "npm pack: {}", String::from_utf8_lossy(&run.stderr));
    for spec in missing {
        let target = tarball(folder, spec);
        fs::rename(tarball(bench.path(), spec), target).unwrap();
    }
}

/// The name that `npm pack` gives a tarball.
fn tarball(folder: &Path, spec: &str) -> PathBuf {
    let name = spec.trim_start_matches('@').replace(['/', '@'], "-");
    folder.join(format!("{name}.tgz"))
}
