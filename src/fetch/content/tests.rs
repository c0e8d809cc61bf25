use proptest::prelude::*;
use reqwest::header::HeaderMap;
use url::Url;

use super::*;

const JS: Option<&str> = Some("text/javascript");

fn answer_of(url: &str, content_type: Option<&str>, body: &[u8]) -> Response {
    Response {
        url: Url::parse(url).unwrap(),
        redirects: Vec::new(),
        content_type: content_type.map(Into::into),
        headers: HeaderMap::new(),
        bytes: body.to_vec(),
    }
}

fn script(content_type: Option<&str>, body: &str) -> Result<(), WrongContent> {
    inspect(&answer_of("https://c.test/a.js", content_type, body.as_bytes()), Wanted::Script)
}

#[test]
fn a_script_of_any_javascript_mime_type_is_fine() {
    for essence in ["text/javascript", "application/javascript", "application/x-javascript"] {
        assert_eq!(script(Some(essence), "alert(1)"), Ok(()), "{essence}");
    }
}

#[test]
fn a_body_of_blanks_is_empty() {
    for body in ["", " \r\n\t", "\u{feff}", "\u{feff}\n "] {
        assert!(matches!(script(JS, body), Err(WrongContent::Empty { .. })), "{body:?}");
    }
}

#[test]
fn a_page_is_a_page_whatever_it_calls_itself() {
    for essence in [JS, None, Some("text/plain"), Some("text/html")] {
        let page = script(essence, "\u{feff}\n<!DOCTYPE html><title>404</title>");
        assert!(matches!(page, Err(WrongContent::HtmlPage { .. })), "{essence:?}");
    }
    assert!(matches!(script(Some("text/html"), "alert(1)"), Err(WrongContent::HtmlPage { .. })));
}

#[test]
fn a_script_may_hide_in_an_html_comment() {
    assert_eq!(script(JS, "<!-- hide\nvar a = 1;\n// -->"), Ok(()));
    assert_eq!(script(JS, "<!--\nvar a = 1;\n//-->\n"), Ok(()));
    for page in ["<!-- x -->\n<html>", "<!-- x --><html>", "<!-- x\ny -->\n<html>"] {
        assert!(matches!(script(JS, page), Err(WrongContent::HtmlPage { .. })), "{page}");
    }
    assert!(script(None, "<!-- hide\nvar a = 1;\n// -->").is_err());
}

#[test]
fn json_is_no_script() {
    let error = r#"{"error": "not found"}"#;
    assert!(matches!(script(JS, error), Err(WrongContent::Json { .. })));
    assert!(matches!(script(Some("application/json"), "1"), Err(WrongContent::Json { .. })));
    assert!(matches!(
        script(Some("application/problem+json"), "1"),
        Err(WrongContent::Json { .. })
    ));
    assert_eq!(script(JS, "{ let a = 1; alert(a) }"), Ok(()));
}

#[test]
fn json_where_json_is_wanted_is_fine() {
    let json = |body: &str| {
        let answer = answer_of("https://c.test/a", Some("text/plain"), body.as_bytes());
        inspect(&answer, Wanted::Json)
    };
    assert_eq!(json(r#"{"name": "a"}"#), Ok(()));
    assert!(matches!(json("nope"), Err(WrongContent::NotJson { .. })));
    assert!(matches!(json("<html>"), Err(WrongContent::HtmlPage { .. })));
}

#[test]
fn a_failed_build_is_known_by_its_signature() {
    let jsdelivr = "/**\n * Failed to bundle.\n */\n\nthrow new Error('Failed to bundle using Rollup v2.79.2: the file imports a not supported node.js built-in module \"fs\".');\nexport default null;";
    let esm = "/* esm.sh - error */\nthrow new Error(\"[esm.sh] could not resolve\");\n";
    for (body, expected) in [(jsdelivr, "jsDelivr"), (esm, "esm.sh")] {
        let Err(WrongContent::FailedBuild { service, message, .. }) = script(JS, body) else {
            panic!("{body}");
        };
        assert_eq!(service, expected);
        assert!(message.starts_with("throw new Error("), "{message}");
    }
}

#[test]
fn a_script_that_mentions_a_failed_build_is_a_script() {
    let mention =
        "/* Failed to bundle using Rollup */ console.log('Failed to bundle using Rollup')";
    assert_eq!(script(JS, mention), Ok(()));
    assert_eq!(script(JS, "console.log('/* esm.sh - error */')"), Ok(()));
}

#[test]
fn text_plain_is_a_script_only_where_everything_is_text_plain() {
    let text = Some("text/plain");
    let raw = "https://raw.githubusercontent.com/u/r/main/a.js";
    assert_eq!(inspect(&answer_of(raw, text, b"alert(1)"), Wanted::Script), Ok(()));
    assert!(matches!(script(text, "alert(1)"), Err(WrongContent::WrongType { .. })));
    let other = "https://raw.githubusercontent.com.evil.test/a.js";
    assert!(inspect(&answer_of(other, text, b"alert(1)"), Wanted::Script).is_err());
}

#[test]
fn other_types_and_none_are_refused() {
    let octets = script(Some("application/octet-stream"), "alert(1)");
    assert!(matches!(octets, Err(WrongContent::WrongType { .. })));
    assert!(matches!(script(None, "alert(1)"), Err(WrongContent::NoType { .. })));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(body: Vec<u8>, opening in "(<!--|/\\*|//|throw |\\{)?") {
        let body = [opening.as_bytes(), &body].concat();
        for wanted in [Wanted::Script, Wanted::Json] {
            for essence in [JS, None, Some("text/plain")] {
                let _ = inspect(&answer_of("https://c.test/a.js", essence, &body), wanted);
            }
        }
    }
}
