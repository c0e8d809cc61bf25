use super::*;
use crate::{
    integrity::{Algorithm, Digest},
    npm::tarball::fixture::package,
    policy::{OnDenied, Policy},
};

const LIMIT: u64 = 100;
const URL: &str = "https://cdn.jsdelivr.net/npm/pkg@1.2.3/dist/a.js";

/// A script of `pkg@1.2.3` without a recipe.
fn script(address: &str, wish: Override) -> CompanionScript {
    let url: SubresourceUrl = address.parse().unwrap();
    let path = url.as_url().path().strip_prefix("/npm/pkg@1.2.3/").unwrap().to_owned();
    let stored = format!("cdn.jsdelivr.net/npm/pkg@1.2.3/{path}").parse().unwrap();
    let place = Place::of_script(&stored, &path);
    let (package, version) = ("pkg".to_owned(), "1.2.3".to_owned());
    let origin = Some(Origin { package, version, path, place });
    CompanionScript { url, origin, place: None, wish, recipe: None }
}

fn files() -> Package {
    package(&[("dist/a.js", "a"), ("dist/b.js", "b"), ("dist/c.css", "cc"), ("src/a.js", "a")])
}

fn wanted() -> WantedPackage {
    WantedPackage::Npm { name: "pkg".to_owned(), version: "1.2.3".to_owned() }
}

fn names(folder: &CompanionFolder) -> Vec<&str> {
    folder.files.keys().map(String::as_str).collect()
}

/// The block that a run with these companions locks.
fn block(files: &Package, names: &[&str]) -> Companions {
    let list = PackageFiles::new(files.files.clone());
    Companions {
        package: "pkg@1.2.3".to_owned(),
        folder: "cdn.jsdelivr.net/npm/pkg@1.2.3".to_owned(),
        package_folder: String::new(),
        chosen_by: vec!["own folder".to_owned()],
        tarball: Some(files.tarball_integrity.clone()),
        count: names.len(),
        size: 0,
        integrity: list.digest_of(names.iter().copied()),
        upstream_integrity: None,
        package_files: list.digest(),
    }
}

#[test]
fn a_script_is_open_until_its_package_is_there() {
    let lock = Lockfile::default();
    let mut search = CompanionSearch::new(&lock, LIMIT);
    search.add(script(URL, Override::Automatic));
    assert!(search.settle().is_empty());
    assert!(search.is_open(&URL.parse().unwrap()));
    assert_eq!(search.lacks().packages, [wanted()].into());

    search.supply_package(wanted(), Ok(Arc::new(files())));
    assert!(matches!(search.settle()[..], [(_, Settled::Vendored)]));
    assert!(search.lacks().packages.is_empty());
    let found = search.finish();
    assert_eq!(names(&found.folders[0]), ["dist/b.js", "dist/c.css"]);
    assert_eq!(found.folders[0].files["dist/b.js"].upstream, b"b");
}

#[test]
fn what_the_cache_has_needs_no_package() {
    let files = files();
    let mut lock = Lockfile::default();
    lock.insert_companions(block(&files, &["dist/b.js", "dist/c.css"]));
    let mut search = CompanionSearch::new(&lock, LIMIT);
    search.add(script(URL, Override::Automatic));
    assert_eq!(search.lacks().lists.len(), 1);

    let list = PackageFiles::new(files.files.clone()).to_text();
    search.supply_list("cdn.jsdelivr.net/npm/pkg@1.2.3".to_owned(), Some(&list));
    search.settle();
    let lacks = search.lacks();
    assert!(lacks.packages.is_empty());
    for (path, file) in lacks.files {
        let bytes = files.bytes(&path.as_str()["cdn.jsdelivr.net/npm/pkg@1.2.3/".len()..]);
        let bytes = bytes.unwrap().unwrap();
        assert_eq!(Digest::of(&bytes, Algorithm::Sha384), file.digest);
        search.supply_file(path, Cached::Present(bytes));
    }
    assert_eq!(names(&search.finish().folders[0]), ["dist/b.js", "dist/c.css"]);
}

#[test]
fn a_list_with_another_digest_and_a_file_that_is_missing_need_the_package() {
    let files = files();
    let mut lock = Lockfile::default();
    lock.insert_companions(block(&files, &["dist/b.js", "dist/c.css"]));
    let folder = "cdn.jsdelivr.net/npm/pkg@1.2.3".to_owned();

    let mut search = CompanionSearch::new(&lock, LIMIT);
    search.add(script(URL, Override::Automatic));
    search.supply_list(folder.clone(), Some(""));
    assert_eq!(search.lacks().packages, [wanted()].into());

    let mut search = CompanionSearch::new(&lock, LIMIT);
    search.add(script(URL, Override::Automatic));
    let list = PackageFiles::new(files.files.clone()).to_text();
    search.supply_list(folder, Some(&list));
    search.settle();
    for path in search.lacks().files.into_keys() {
        search.supply_file(path, Cached::Missing);
    }
    assert_eq!(search.lacks().packages, [wanted()].into());
    search.supply_package(wanted(), Ok(Arc::new(files)));
    assert_eq!(search.finish().folders.len(), 1);
}

/// What was chosen from the list in the cache is not left out because its bytes are gone.
#[test]
fn companions_that_were_chosen_and_cannot_be_had_fail() {
    let settled_after = |package: Result<Package, ObtainError>| {
        let files = files();
        let mut lock = Lockfile::default();
        lock.insert_companions(block(&files, &["dist/b.js", "dist/c.css"]));
        let mut search = CompanionSearch::new(&lock, LIMIT);
        search.add(script(URL, Override::Automatic));
        let list = PackageFiles::new(files.files.clone()).to_text();
        search.supply_list("cdn.jsdelivr.net/npm/pkg@1.2.3".to_owned(), Some(&list));
        assert!(matches!(search.settle()[..], [(_, Settled::Vendored)]));
        for path in search.lacks().files.into_keys() {
            search.supply_file(path, Cached::Missing);
        }
        search.supply_package(wanted(), package.map(Arc::new));
        let settled = search.settle();
        assert!(search.lacks().packages.is_empty() && search.settle().is_empty());
        settled
    };
    assert!(settled_after(Ok(files())).is_empty());
    let other = package(&[("dist/a.js", "a"), ("dist/b.js", "other"), ("dist/c.css", "cc")]);
    for failure in [Ok(other), Err(ObtainError::NotOnNpm)] {
        let settled = settled_after(failure);
        assert!(matches!(settled[..], [(_, Settled::Failed(_))]), "{settled:?}");
    }
}

#[test]
fn scripts_of_one_folder_share_their_companions() {
    let lock = Lockfile::default();
    let b = "https://cdn.jsdelivr.net/npm/pkg@1.2.3/dist/b.js";
    let glob = |glob: &str| Override::Globs(vec![glob.parse().unwrap()]);
    let mut search = CompanionSearch::new(&lock, LIMIT);
    search.add(script(URL, glob("dist/c.css")));
    search.add(script(b, glob("src/*")));
    search.supply_package(wanted(), Ok(Arc::new(files())));
    search.settle();
    let found = search.finish();
    assert_eq!(found.folders.len(), 1);
    assert_eq!(names(&found.folders[0]), ["dist/c.css", "src/a.js"]);
    assert_eq!(found.folders[0].scripts.len(), 2);
}

#[test]
fn what_cannot_come_along_keeps_the_script_external() {
    let reason = |script: CompanionScript, limit| {
        let lock = Lockfile::default();
        let mut search = CompanionSearch::new(&lock, limit);
        search.add(script);
        search.supply_package(wanted(), Ok(Arc::new(files())));
        match search.settle().pop() {
            Some((_, Settled::External(reason))) => reason,
            other => panic!("{other:?}"),
        }
    };
    let too_much = reason(script(URL, Override::Automatic), 2);
    assert!(too_much.contains("2 files"), "{too_much}");
    let missing = reason(script(URL, Override::Globs(vec!["x/*".parse().unwrap()])), LIMIT);
    assert!(missing.contains("`x/*`"), "{missing}");
    let unknown = CompanionScript { origin: None, ..script(URL, Override::Automatic) };
    assert_eq!(reason(unknown, LIMIT), UNKNOWN);
    let mut elsewhere = script(URL, Override::Automatic);
    elsewhere.origin.as_mut().unwrap().place = None;
    assert!(reason(elsewhere, LIMIT).contains("does not say where"));
}

#[test]
fn another_tarball_than_the_locked_one_fails() {
    let mut lock = Lockfile::default();
    let locked = block(&files(), &["dist/b.js"]);
    lock.insert_companions(Companions { tarball: Some("sha512-other".to_owned()), ..locked });
    let mut search = CompanionSearch::new(&lock, LIMIT);
    search.add(script(URL, Override::Automatic));
    search.supply_package(wanted(), Ok(Arc::new(files())));
    assert!(matches!(search.settle()[..], [(_, Settled::Failed(_))]));
}

#[test]
fn a_rule_says_what_is_wanted() {
    let policy = |companions| {
        let rule = crate::policy::Rule {
            pattern: "cdn.jsdelivr.net/npm/mathjax@*".to_owned(),
            companions: Some(companions),
            ..Default::default()
        };
        Policy::new(vec![rule], vec![], vec![], OnDenied::default()).unwrap()
    };
    let url = "https://cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/tex-chtml.js".parse().unwrap();
    assert_eq!(policy(Override::None).companions(&url), Override::None);
    assert_eq!(policy(Override::All).companions(&url), Override::All);
    let other = "https://cdn.jsdelivr.net/npm/other@1.0.0/a.js".parse().unwrap();
    assert_eq!(policy(Override::None).companions(&other), Override::Automatic);
}
