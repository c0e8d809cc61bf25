//! An attribute's value reads as a conforming parser reads it, and a value that is written reads
//! back as itself, whatever the quotes.
#![no_main]

use inhouse::html::{Change, Dialect, Edit, apply, scan};
use inhouse_fuzz::oracle;
use libfuzzer_sys::fuzz_target;

fn seeds() {
    inhouse_fuzz::plant([
        "https://cdn.example/a.js?a=1&amp;b=2",
        "&amp &ampx &amp= &notit; &not &#65; &#x41 &#0; &#xD800; &#x110000; &#x80; &CounterClockwiseContourIntegral;",
        "a\r\nb\rc\0d \u{e9} \u{65e5}",
    ]);
}

fuzz_target!(init: seeds(), |value: &[u8]| {
    let Ok(value) = std::str::from_utf8(value) else { return };
    for (open, close, forbidden) in [("\"", "\"", &['"'][..]), ("'", "'", &['\'']), ("", " ", &['>', ' ', '\t', '\n', '\r', '\u{c}'])] {
        if value.contains(forbidden) || (open.is_empty() && (value.is_empty() || value.starts_with(['"', '\'']))) {
            continue;
        }
        let page = format!("<script src={open}{value}{close}></script>");
        let found = scan(page.as_bytes(), Dialect::Html).expect("one tag is never ambiguous");
        let expected = oracle::parsed(&page);
        assert_eq!(oracle::scanned(&found), expected, "{page:?}");
        assert_eq!(found.tags.len(), 1, "{page:?}");
        // These cannot be said in an attribute, or not by a reference, as other text is written.
        let unsayable = |c: char| matches!(c, '\0' | '\r' | '\u{80}'..='\u{9f}');
        let plain = value.replace(unsayable, "");
        let change = Change::Set { attribute: "src".into(), value: plain.clone() };
        let edits = [Edit { tag: 0, changes: vec![change] }];
        let edited = apply(page.as_bytes(), &found, &edits).expect("any text can be written");
        let edited = String::from_utf8(edited).expect("what is inserted is ASCII");
        let addresses: Vec<_> = oracle::parsed(&edited).into_iter().map(|(_, _, src)| src).collect();
        assert_eq!(addresses, [plain], "{edited:?}");
    }
});
