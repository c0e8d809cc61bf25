//! A page whose every external script became local loads nothing external any more, and rewriting
//! it again changes nothing.
#![no_main]

use std::collections::BTreeMap;

use inhouse::internals::{
    change::{
        modules::Modules,
        page::{Changes, Rewritten, rewrite},
        resolution::{LocalCopy, Resolution, Style},
    },
    html::{Dialect, Positions, scan},
    integrity::Integrity,
    page::{self, Role},
    reference::{PageAddress, site_root},
    vendor_path::{self, Extension, Stored},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: inhouse_fuzz::plant_pages(), |page: &[u8]| {
    let Ok(found) = scan(page, Dialect::Html) else { return };
    let address = PageAddress::new("blog/index.html", None);
    let references = page::references(&address, &found);
    let positions = Positions::new(found.source(page));
    for tag in &found.tags {
        page::place(&"blog/index.html".into(), &positions, tag);
    }
    let stored = references.external.iter().map(|reference| Stored {
        url: reference.url.clone(),
        content: None,
        extension: Extension::Js,
    });
    let paths = vendor_path::assign(stored, &BTreeMap::new());
    let resolutions: BTreeMap<_, _> = paths
        .into_iter()
        .map(|(key, path)| {
            let integrity = Some(Integrity::of(key.url.as_str().as_bytes(), &[]));
            let keeps_query = key.url.as_str().len() % 2 == 0;
            (key.url, Resolution::Local(LocalCopy { path, integrity, keeps_query }))
        })
        .collect();
    let style = Style { out: "vendor", public_path: None, crossorigin: false };
    let modules = Modules::of(&resolutions, &site_root(None), style.out);
    let changes = Changes::new(resolutions, modules, style);
    let rewritten = rewrite(page, Dialect::Html, &address, &changes);
    let Ok(Rewritten::Changed(changed)) = rewritten else { return };
    let edited = changed.patch.apply(page);
    let again = scan(&edited, Dialect::Html).expect("a rewritten page has been read already");
    for reference in page::references(&address, &again).external {
        assert!(reference.skipped || matches!(reference.role, Role::Hint), "{}", reference.url);
    }
    let twice = rewrite(&edited, Dialect::Html, &address, &changes);
    assert_eq!(twice.expect("nothing stands in the way now"), Rewritten::Unchanged);
});
