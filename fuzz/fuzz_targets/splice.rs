//! No edit, no changed byte; `integrity` on every tag is exactly what a second scan finds, and
//! taking it away again gives the page back. So does taking away an import map that was inserted,
//! but for white space, and a new part of an inline script changes that part of its text.
#![no_main]

use inhouse::html::{Change, Dialect, Edit, Scan, TagKind, apply, scan};
use libfuzzer_sys::fuzz_target;

const VALUE: &str = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";

fuzz_target!(init: inhouse_fuzz::plant_pages(), |page: &[u8]| {
    for dialect in [Dialect::Html, Dialect::Xhtml] {
        let Ok(found) = scan(page, dialect) else { continue };
        attributes(page, dialect, &found);
        inline_scripts(page, dialect, &found);
        import_maps(page, dialect, &found);
    }
});

fn attributes(page: &[u8], dialect: Dialect, found: &Scan) {
    assert_eq!(apply(page, found, &[]).expect("no edit cannot fail"), page);
    for tag in &found.tags {
        assert!(tag.span.end <= found.source(page).len());
    }
    let set = Change::Set { attribute: "integrity".into(), value: VALUE.into() };
    let edits: Vec<_> =
        (0..found.tags.len()).map(|tag| Edit { tag, changes: vec![set.clone()] }).collect();
    let Ok(edited) = apply(page, found, &edits) else { return };
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
            assert_eq!(dense(&restored), dense(page));
        }
    }
}

fn dense(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

fn inline_scripts(page: &[u8], dialect: Dialect, found: &Scan) {
    for (tag, script) in found.tags.iter().enumerate() {
        let TagKind::InlineScript { text, .. } = &script.kind else { continue };
        let end = text.find(['\'', '"']).unwrap_or(text.len());
        let change = Change::Splice { span: end / 2..end, text: "'b'".into() };
        let Ok(edited) = apply(page, found, &[Edit { tag, changes: vec![change] }]) else {
            continue;
        };
        let again = scan(&edited, dialect).expect("apply has read it already");
        let TagKind::InlineScript { text: new, .. } = &again.tags[tag].kind else {
            panic!("it was an inline script")
        };
        assert_eq!(*new, format!("{}'b'{}", &text[..end / 2], &text[end..]));
    }
}

fn import_maps(page: &[u8], dialect: Dialect, found: &Scan) {
    let map = Change::InsertImportMap { nonce: None, text: "{}".into() };
    for tag in [0, found.tags.len().saturating_sub(1)] {
        let edit = Edit { tag, changes: vec![map.clone()] };
        let Ok(edited) = apply(page, found, &[edit]) else { continue };
        let again = scan(&edited, dialect).expect("apply has read it already");
        assert_eq!(again.tags.len(), found.tags.len() + 1);
        let remove = Edit { tag, changes: vec![Change::RemoveElement] };
        let restored = apply(&edited, &again, &[remove]).expect("what was inserted can be removed");
        if found.encoding == "UTF-8" {
            assert_eq!(dense(&restored), dense(page));
        }
    }
}
