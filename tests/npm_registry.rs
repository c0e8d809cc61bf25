//! What CDNs publish about popular files, held against the real npm registry.
//!
//! Asks the network, so it runs only with `INHOUSE_TEST_REGISTRY=1`; without it every test says
//! that it was skipped. The integrity values are the ones the libraries' own pages publish for
//! their CDN URLs: a file of the tarball with that value proves the mapping and the client at once.

use std::{path::Path, sync::OnceLock, time::Duration};

use inhouse::internals::{
    integrity::IntegrityMetadata,
    npm::{
        Contradiction, Package, Proof, Registry, ServeError, Transport, TransportError, UrlForm,
        VersionSpec, classify, npm_config::NpmConfig, prove, serve,
        tarball_integrity::ProofStrength,
    },
};
use reqwest::{StatusCode, blocking::Client};
use url::Url;

struct Plain(Client);

impl Transport for Plain {
    fn get(&self, url: &Url, headers: &[(&str, String)]) -> Result<Vec<u8>, TransportError> {
        let mut request = self.0.get(url.clone());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response =
            request.send().map_err(|error| TransportError::Unreachable(Box::new(error)))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(TransportError::NotFound);
        }
        let body = response.error_for_status().and_then(|response| response.bytes());
        body.map(|bytes| bytes.to_vec()).map_err(|error| TransportError::Other(Box::new(error)))
    }
}

/// The registry of this machine's npm configuration; `None` where the network is not wanted.
fn registry() -> Option<&'static Registry<Plain>> {
    static REGISTRY: OnceLock<Registry<Plain>> = OnceLock::new();
    if std::env::var_os("INHOUSE_TEST_REGISTRY").is_none_or(|value| value != "1") {
        eprintln!("skipped: set INHOUSE_TEST_REGISTRY=1 to ask the npm registry");
        return None;
    }
    Some(REGISTRY.get_or_init(|| {
        rustls::crypto::ring::default_provider().install_default().unwrap();
        let client = Client::builder().timeout(Duration::from_secs(120)).build().unwrap();
        Registry::new(NpmConfig::load(Path::new(".")).unwrap(), Plain(client))
    }))
}

fn form(url: &str) -> UrlForm {
    classify(&format!("https://{url}").parse().unwrap()).unwrap()
}

fn package(registry: &Registry<Plain>, form: &UrlForm) -> std::sync::Arc<Package> {
    registry.package(form.package.as_ref().unwrap(), &form.version).unwrap()
}

/// CDN URL, published integrity, file in the package.
const PUBLISHED: &[(&str, &str, &str)] = &[
    (
        "code.jquery.com/jquery-3.7.1.min.js",
        "sha256-/JqT3SQfawRcv/BIHPThkBvs0OEvtFFmqPF/lYI/Cxo=",
        "dist/jquery.min.js",
    ),
    (
        "cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/js/bootstrap.bundle.min.js",
        "sha384-YvpcrYf0tY3lHB60NNkmXc5s9fDVZLESaAA55NDzOxhy9GkcIdslK1eN7N6jIeHz",
        "dist/js/bootstrap.bundle.min.js",
    ),
    (
        "cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap.min.css",
        "sha384-QWTKZyjpPEjISv5WaRU9OFeRpok6YctnYmDr5pNlyT2bRjXh0JMhjY6hW+ALEwIH",
        "dist/css/bootstrap.min.css",
    ),
    (
        "maxcdn.bootstrapcdn.com/bootstrap/3.3.7/js/bootstrap.min.js",
        "sha384-Tc5IQib027qvyjSMfHjOMaLkfuWVxZxUPnCJA7l2mCWNIpG9mGCD8wGNIcPD7Txa",
        "dist/js/bootstrap.min.js",
    ),
    (
        "unpkg.com/leaflet@1.9.4/dist/leaflet.js",
        "sha256-20nQCchB9co0qIjJZRGuk2/Z9VM+kNiyxNV1lvTlZBo=",
        "dist/leaflet.js",
    ),
    (
        "unpkg.com/htmx.org@2.0.4",
        "sha384-HGfztofotfshcF7+8n44JQL2oJmowVChPTg48S+jvZoztPfvwD79OC/LTtG6dMp+",
        "dist/htmx.min.js",
    ),
    (
        "unpkg.com/htmx.org@1.9.12",
        "sha384-ujb1lZYygJmzgSwoxRggbCHcjc0rB2XoQrxeTUQyRjrOnlCoYta87iKBWq3EsdM2",
        "dist/htmx.min.js",
    ),
    (
        "cdnjs.cloudflare.com/ajax/libs/popper.js/1.12.9/umd/popper.min.js",
        "sha384-ApNbgh9B+Y1QKtv3Rn7W3mgPxhU9K/ScQsAP7hUibX39j7fakFPskvXusvfa0b4Q",
        "dist/umd/popper.min.js",
    ),
    (
        "cdnjs.cloudflare.com/ajax/libs/three.js/r128/three.min.js",
        "sha512-dLxUelApnYxpLt6K2iomGngnHO83iUvZytA3YjDUCjT0HDOHKXnVYdf3hU4JjM8uEhxf9nD1/ey98U3t2vZ0qQ==",
        "build/three.min.js",
    ),
    (
        "cdnjs.cloudflare.com/ajax/libs/font-awesome/4.7.0/css/font-awesome.min.css",
        "sha384-wvfXpqpZZVQGK6TAh5PVlGOfQNHSoD2xbE+QkPxCAFlNEevoEH3Sl0sibVcOQVnN",
        "css/font-awesome.min.css",
    ),
    (
        "cdnjs.cloudflare.com/ajax/libs/highlight.js/11.9.0/highlight.min.js",
        "sha512-D9gUyxqja7hBtkWpPWGt9wfbfaMGVt9gnyCvYa+jojwwPHLCzUm5i8rpk7vD7wNee9bA35eYIjobYPaQuKS1MQ==",
        "highlight.min.js",
    ),
    (
        "use.fontawesome.com/releases/v5.15.4/css/all.css",
        "sha384-DyZ88mC6Up2uqS4h/KRgHuoeGwBcD4Ng9SiP4dIRy0EXTlnuz47vAwmeGwVChigm",
        "css/all.min.css",
    ),
    (
        "d3js.org/d3.v3.min.js",
        "sha384-N8EP0Yml0jN7e0DcXlZ6rt+iqKU9Ck6f1ZQ+j2puxatnBq4k9E8Q6vqBcY34LNbn",
        "d3.min.js",
    ),
    (
        "d3js.org/d3.v5.min.js",
        "sha384-M06Cb6r/Yrkprjr7ngOrJlzgekrkkdmGZDES/SUnkUpUol0/qjsaQWQfLzq0mcfg",
        "dist/d3.min.js",
    ),
    (
        "cdn.plot.ly/plotly-2.35.2.min.js",
        "sha384-cCVCZkAjYNxaYKbM8lsArLznDF/SvMFr1jcZrvOpSTCa0W40ZAdLzHCEulnUa5i7",
        "plotly.min.js",
    ),
    (
        "cdn.bokeh.org/bokeh/release/bokeh-widgets-3.4.1.min.js",
        "sha384-jOlmIXxAqCOOuI9fawIJnM8JXnBWXGbIzckYHrCW6M+6rOJ/LxXE/pdIrxITEvJQ",
        "build/js/bokeh-widgets.min.js",
    ),
    (
        "cdn.redoc.ly/redoc/v2.1.5/bundles/redoc.standalone.js",
        "sha384-0GrsyTQc9Oqd8h+b2dbc4XdR2T/DYpy0tLNNstyx+LBMUyiBbcWPbEs9aRmUcaxD",
        "bundles/redoc.standalone.js",
    ),
    (
        "vjs.zencdn.net/8.10.0/video.min.js",
        "sha384-KUwosImoEnKt2Q36Bs3MxeOh0vghQarvecyjG6yVFknPMBxWK1YB0/gqXVWFgzsj",
        "dist/video.min.js",
    ),
    (
        "cdn.datatables.net/1.11.5/js/jquery.dataTables.min.js",
        "sha384-ficRBwtap/VLzILv81vIvgp30PoJYnlCm96tPpNYHXAf+h9SIThOZxxIzRUzbpAh",
        "js/jquery.dataTables.min.js",
    ),
    (
        "cdn.datatables.net/buttons/3.2.3/js/dataTables.buttons.min.js",
        "sha384-zlMvVlfnPFKXDpBlp4qbwVDBLGTxbedBY2ZetEqwXrfWm+DHPvVJ1ZX7xQIBn4bU",
        "js/dataTables.buttons.min.js",
    ),
    (
        "cdn.jsdelivr.net/pyodide/v0.26.2/full/pyodide.js",
        "sha384-tVslJOEkg7nVRW3Y3/ReGX0NnonNrbcmt1R5qFbQXQdGa2chRkoJYHAjAsv3zoTq",
        "pyodide.js",
    ),
    (
        "cdn.jsdelivr.net/gh/highlightjs/cdn-release@11.9.0/build/highlight.min.js",
        "sha384-F/bZzf7p3Joyp5psL90p/p89AZJsndkSoGwRpXcZhleCWhd8SnRuoYo4d0yirjJp",
        "highlight.min.js",
    ),
];

#[test]
fn published_integrity_values_are_those_of_the_packages_files() {
    let Some(registry) = registry() else { return };
    for (url, integrity, path) in PUBLISHED {
        let form = form(url);
        let package = package(registry, &form);
        let served = serve(&form, Some(&IntegrityMetadata::parse(integrity)), &package);
        let served = served.unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(served.path, *path, "{url}");
        let proof = prove(&form, &served.bytes, &package);
        assert_eq!(proof, Ok(Proof::File { path: served.path }), "{url}");
        assert_eq!(package.strength, ProofStrength::Strong, "{url}");
    }
}

#[test]
fn the_urls_own_rules_find_the_same_files() {
    let Some(registry) = registry() else { return };
    for (url, integrity, path) in PUBLISHED {
        let form = form(url);
        let served = serve(&form, None, &package(registry, &form));
        let served = served.unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(served.path, *path, "{url}");
        assert!(IntegrityMetadata::parse(integrity).verify(&served.bytes).is_ok(), "{url}");
    }
}

#[test]
fn one_altered_byte_contradicts_the_author() {
    let Some(registry) = registry() else { return };
    let form = form("unpkg.com/leaflet@1.9.4/dist/leaflet.js");
    let package = package(registry, &form);
    let mut bytes = package.bytes("dist/leaflet.js").unwrap().unwrap();
    bytes[1000] ^= 1;
    let Err(Contradiction::OtherBytes { path, package, .. }) = prove(&form, &bytes, &package)
    else {
        panic!("an altered file was not noticed");
    };
    assert_eq!((package.as_str(), path.as_str()), ("leaflet@1.9.4", "dist/leaflet.js"));
}

#[test]
fn cdnjs_minifies_moment_itself_and_the_package_has_its_own() {
    let Some(registry) = registry() else { return };
    let form = form("cdnjs.cloudflare.com/ajax/libs/moment.js/2.29.4/moment.min.js");
    let package = package(registry, &form);
    // Published by cdnjs; its own minifier made it.
    let declared = IntegrityMetadata::parse(
        "sha512-+H4iLjY3JsKiF2V6N366in5IQHj2uEsGV7Pp/GRcm0fn76aPAk5V8xB6n8fQhhSonTqTXs/klFz4D0GIn6Br9g==",
    );
    let error = serve(&form, Some(&declared), &package).unwrap_err();
    assert!(matches!(error, ServeError::DeclaredIntegrity { .. }), "{error}");
    assert_eq!(serve(&form, None, &package).unwrap().path, "min/moment.min.js");
}

#[test]
fn floating_urls_get_an_exact_version() {
    let Some(registry) = registry() else { return };
    for url in ["unpkg.com/lit", "cdn.jsdelivr.net/npm/@popperjs/core@^2/dist/umd/popper.min.js"] {
        let form = form(url);
        let package = package(registry, &form);
        let pinned = form.pinned_url(&package.version).unwrap();
        assert_eq!(classify(&pinned).unwrap().version.exact(), Some(package.version.as_str()));
    }
}

#[test]
fn what_does_not_exist_is_told_apart() {
    let Some(registry) = registry() else { return };
    let jquery = "jquery".parse().unwrap();
    let error = registry.package(&jquery, &VersionSpec::Exact("3.7.999".into())).unwrap_err();
    assert!(error.to_string().contains("`jquery` has no version `3.7.999`"), "{error}");
}
