use super::{
    super::{tarball::fixture::package, url_form::classify},
    *,
};

fn form(text: &str) -> UrlForm {
    classify(&format!("https://{text}").parse().unwrap()).unwrap()
}

fn at(path: &str) -> Result<Proof, Contradiction> {
    Ok(Proof::File { path: path.to_owned() })
}

#[test]
fn equal_bytes_prove_wherever_they_lie() {
    let package = package(&[("dist/cdn/pkg-1.2.3.min.js", "bytes")]);
    let form = form("cdnjs.cloudflare.com/ajax/libs/pkg/1.2.3/pkg.min.js");
    assert_eq!(prove(&form, b"bytes", &package), at("dist/cdn/pkg-1.2.3.min.js"));
}

#[test]
fn of_several_equal_files_the_one_the_url_means_is_named() {
    let package = package(&[("a.js", "same"), ("dist/pkg.js", "same"), ("package.json", "{}")]);
    let file = form("cdn.jsdelivr.net/npm/pkg@1.2.3/dist/pkg.js");
    assert_eq!(prove(&file, b"same", &package), at("dist/pkg.js"));
    let listed = form("unpkg.com/pkg@1.2.3/gone.js");
    assert_eq!(prove(&listed, b"same", &package), at("a.js"));
}

#[test]
fn other_bytes_at_a_promised_path_are_a_contradiction() {
    let package = package(&[("dist/pkg.min.js", "author's"), ("old.js", "older")]);
    for url in
        ["cdn.jsdelivr.net/npm/pkg@1.2.3/dist/pkg.min.js", "unpkg.com/pkg@1.2.3/dist/pkg.min.js"]
    {
        for bytes in ["author's.", "older", ""] {
            let Err(Contradiction::OtherBytes { package, path, published, received }) =
                prove(&form(url), bytes.as_bytes(), &package)
            else {
                panic!("{url} {bytes}");
            };
            assert_eq!((package.as_str(), path.as_str()), ("pkg@1.2.3", "dist/pkg.min.js"));
            assert_eq!(published, Digest::of(b"author's", Algorithm::Sha384));
            assert_eq!(received, Digest::of(bytes.as_bytes(), Algorithm::Sha384));
        }
    }
}

#[test]
fn a_form_that_promises_no_path_never_contradicts() {
    let package = package(&[("dist/jquery.min.js", "author's")]);
    let proof = prove(&form("code.jquery.com/jquery-1.2.3.min.js"), b"other", &package);
    assert_eq!(
        proof,
        Ok(Proof::Unprovable {
            reason: "no file of pkg@1.2.3 has these bytes".into(),
            hint: Some("dist/jquery.min.js".into())
        })
    );
}

#[test]
fn what_the_cdn_minified_is_unprovable_and_names_the_source() {
    let package = package(&[("dist/pkg.js", "source"), ("src/other.js", "")]);
    for url in [
        "cdn.jsdelivr.net/npm/pkg@1.2.3/dist/pkg.min.js",
        "cdnjs.cloudflare.com/ajax/libs/pkg/1.2.3/pkg.min.js",
    ] {
        let Ok(Proof::Unprovable { reason, hint }) = prove(&form(url), b"minified", &package)
        else {
            panic!("{url}");
        };
        assert!(reason.contains("the CDN minifies it itself"), "{reason}");
        assert_eq!(hint.as_deref(), Some("dist/pkg.js"));
    }
}

#[test]
fn what_the_cdn_builds_is_unprovable() {
    let package = package(&[("package.json", r#"{"main":"m.js"}"#), ("m.js", "source")]);
    let proof = prove(&form("cdn.jsdelivr.net/npm/pkg@1.2.3/+esm"), b"bundle", &package);
    let Ok(Proof::Unprovable { reason, .. }) = proof else { panic!("{proof:?}") };
    assert!(reason.contains("builds this answer itself"), "{reason}");
}

#[test]
fn an_unlisted_librarys_file_is_the_only_one_that_ends_like_the_url() {
    let form = form("cdnjs.cloudflare.com/ajax/libs/pkg/1.2.3/pkg.js");
    let one = package(&[("a.js", "same"), ("umd/pkg.js", "same")]);
    assert_eq!(prove(&form, b"same", &one), at("umd/pkg.js"));
    let two = package(&[("a.js", "same"), ("umd/pkg.js", "same"), ("esm/pkg.js", "same")]);
    assert_eq!(
        prove(&form, b"same", &two),
        at("a.js"),
        "no file is meant: the first in path order"
    );
}

#[test]
fn a_guessed_package_contradicts_nothing() {
    let package = package(&[("papaparse.min.js", "somebody else's")]);
    let mut form = form("cdnjs.cloudflare.com/ajax/libs/PapaParse/1.2.3/papaparse.min.js");
    assert!(form.package_is_guess);
    let Ok(Proof::Unprovable { .. }) = prove(&form, b"other", &package) else { panic!("{form:?}") };
    assert_eq!(prove(&form, b"somebody else's", &package), at("papaparse.min.js"));
    // Not even if the form promised its path.
    form.path_is_fixed = true;
    assert!(prove(&form, b"other", &package).is_ok());
}
