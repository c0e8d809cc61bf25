//! The scanner finds the scripts that a conforming parser finds, or refuses the page.
#![no_main]

use inhouse::html::{Dialect, scan};
use inhouse_fuzz::oracle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: inhouse_fuzz::plant_pages(), |page: &[u8]| {
    // Other encodings are another question; html5ever is given text.
    let Ok(html) = std::str::from_utf8(page) else { return };
    let Ok(found) = scan(page, Dialect::Html) else { return };
    if found.encoding == "UTF-8" {
        let (ours, expected) = oracle::both(html, &found);
        assert_eq!(ours, expected);
    }
});
