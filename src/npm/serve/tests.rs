use super::{
    super::{tarball::fixture::package, url_form::classify},
    *,
};
use crate::integrity::{Algorithm, Digest};

fn form(text: &str) -> UrlForm {
    classify(&format!("https://{text}").parse().unwrap()).unwrap()
}

fn served(text: &str, package: &Package) -> Result<(String, String), ServeError> {
    let file = serve(&form(text), None, package)?;
    Ok((file.path, String::from_utf8(file.bytes).unwrap()))
}

fn declared(bytes: &str) -> IntegrityMetadata {
    IntegrityMetadata::parse(&Digest::of(bytes.as_bytes(), Algorithm::Sha256).to_string())
}

#[test]
fn the_file_of_the_url_is_served() {
    let package = package(&[
        ("package.json", r#"{"main":"m.js","unpkg":"u.js"}"#),
        ("m.js", "m"),
        ("m.min.js", "m-min"),
        ("u.js", "u"),
        ("lib/index.js", "lib"),
    ]);
    for (url, path, text) in [
        ("cdn.jsdelivr.net/npm/pkg@1.2.3/m.js", "m.js", "m"),
        ("cdn.jsdelivr.net/npm/pkg@1.2.3", "m.min.js", "m-min"),
        ("cdn.jsdelivr.net/npm/pkg@1/m.js", "m.js", "m"),
        ("unpkg.com/pkg@1.2.3", "u.js", "u"),
        ("unpkg.com/pkg/lib", "lib/index.js", "lib"),
    ] {
        assert_eq!(served(url, &package).unwrap(), (path.to_owned(), text.to_owned()), "{url}");
    }
}

#[test]
fn a_declared_integrity_decides_before_any_path() {
    let package = package(&[("a.js", "a"), ("b.js", "b"), ("c/a.js", "b")]);
    let form = form("unpkg.com/pkg@1.2.3/a.js");
    assert_eq!(serve(&form, Some(&declared("b")), &package).unwrap().path, "b.js");
    assert_eq!(
        serve(&form, Some(&IntegrityMetadata::parse("md5-x")), &package).unwrap().path,
        "a.js"
    );
    let error = serve(&form, Some(&declared("other")), &package).unwrap_err();
    assert!(
        matches!(&error, ServeError::DeclaredIntegrity { hint: Some(hint), .. } if hint == "a.js"),
        "{error}"
    );
}

#[test]
fn what_the_cdn_would_minify_is_an_error_that_names_the_source() {
    let package = package(&[("package.json", r#"{"main":"m.js"}"#), ("m.js", "m")]);
    for (url, wanted) in [
        ("cdn.jsdelivr.net/npm/pkg@1.2.3/m.min.js", "m.min.js"),
        ("cdn.jsdelivr.net/npm/pkg@1.2.3", "m.js"),
    ] {
        let error = served(url, &package).unwrap_err();
        assert!(
            matches!(&error, ServeError::Minified { path, hint: Some(hint), .. }
                if path == wanted && hint == "m.js"),
            "{error}"
        );
    }
    let error = served("unpkg.com/pkg@1.2.3/m.min.js", &package).unwrap_err();
    assert!(matches!(error, ServeError::NoSuchFile { .. }), "unpkg does not minify: {error}");
}

#[test]
fn what_the_cdn_builds_is_not_servable() {
    let package = package(&[("index.js", "")]);
    for url in [
        "cdn.jsdelivr.net/npm/pkg@1.2.3/+esm",
        "esm.sh/pkg@1.2.3",
        "unpkg.com/pkg@1.2.3/index.js?module",
    ] {
        let error = served(url, &package).unwrap_err();
        assert!(matches!(error, ServeError::NotServable { .. }), "{url}: {error}");
    }
}

#[test]
fn a_guessed_package_serves_only_what_the_author_of_the_page_declared() {
    let package = package(&[("dist/pkg.js", "bytes")]);
    let url = "cdnjs.cloudflare.com/ajax/libs/pkg/1.2.3/pkg.js";
    assert!(matches!(served(url, &package), Err(ServeError::GuessedPackage { .. })));
    assert_eq!(serve(&form(url), Some(&declared("bytes")), &package).unwrap().path, "dist/pkg.js");
}

#[test]
fn a_listed_library_has_its_files_in_the_listed_folders_only() {
    let url = "cdnjs.cloudflare.com/ajax/libs/gsap/3.6.1/gsap.js";
    let listed = package(&[("dist/gsap.js", "dist"), ("umd/gsap.js", "umd")]);
    assert_eq!(served(url, &listed).unwrap().0, "dist/gsap.js");
    let elsewhere = package(&[("umd/gsap.js", "umd")]);
    let error = served(url, &elsewhere).unwrap_err();
    assert!(
        matches!(&error, ServeError::NoSuchFile { hint: Some(hint), .. } if hint == "umd/gsap.js"),
        "{error}"
    );
}
