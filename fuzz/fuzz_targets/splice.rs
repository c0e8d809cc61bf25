//! No edit, no changed byte; `integrity` on every tag is exactly what a second scan finds, and
//! taking it away again gives the page back.
#![no_main]

use inhouse::html::{Change, Dialect, Edit, apply, scan};
use libfuzzer_sys::fuzz_target;

const VALUE: &str = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";

fuzz_target!(init: inhouse_fuzz::plant_pages(), |page: &[u8]| {
    for dialect in [Dialect::Html, Dialect::Xhtml] {
        check(page, dialect);
    }
});

fn check(page: &[u8], dialect: Dialect) {
    let Ok(found) = scan(page, dialect) else { return };
    assert_eq!(apply(page, &found, &[]).expect("no edit cannot fail"), page);
    for tag in &found.tags {
        assert!(tag.span.end <= found.source(page).len());
    }
    let set = Change::Set { attribute: "integrity".into(), value: VALUE.into() };
    let edits: Vec<_> =
        (0..found.tags.len()).map(|tag| Edit { tag, changes: vec![set.clone()] }).collect();
    let Ok(edited) = apply(page, &found, &edits) else { return };
    let again = scan(&edited, dialect).expect("apply has read it already");
    assert_eq!(again.tags.len(), found.tags.len());
    for (before, after) in found.tags.iter().zip(&again.tags) {
        assert_eq!(after.text("integrity"), Some(VALUE));
        assert_eq!(after.address(), before.address());
    }
    let unset = Change::Unset { attribute: "integrity".into() };
    let had_none = found.tags.iter().all(|tag| tag.attribute("integrity").is_none());
    if had_none && found.encoding == "UTF-8" {
        let edits: Vec<_> =
            (0..again.tags.len()).map(|tag| Edit { tag, changes: vec![unset.clone()] }).collect();
        if let Ok(restored) = apply(&edited, &again, &edits) {
            // A space may stay behind where neighbours would run together.
            let dense = |bytes: &[u8]| -> Vec<u8> {
                bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
            };
            assert_eq!(dense(&restored), dense(page));
        }
    }
}
