//! What the fuzz targets share: the comparison with a conforming parser, and seeds made when a
//! target starts, so that no corpus has to be kept in the repository.

use std::{fs, path::Path};

#[path = "../../tests/support/html5lib.rs"]
pub mod html5lib;
#[path = "../../tests/support/oracle.rs"]
pub mod oracle;

/// The tags that pages of the suite rarely carry, one after the other.
const TAGS: [&str; 8] = [
    r#"<!DOCTYPE html><script src="https://cdn.example/npm/a@1.0.0/a.js" integrity="sha384-A" defer></script>"#,
    r"<script type=module src='//cdn.example/m.js?a&amp;b=&#x41;' crossorigin></script>",
    "<link rel=preload as=script href=https://cdn.example/a.js><link rel=preconnect href=https://cdn.example>",
    "<!--[if lt IE 9]><script src=https://cdn.example/ie.js></script><![endif]-->",
    r#"<iframe srcdoc="<script src=&quot;https://cdn.example/a.js&quot;></script>"></iframe>"#,
    r#"<svg><script href="https://cdn.example/s.js"/></svg><script src=https://cdn.example/a.js></script>"#,
    "<template><script src=https://cdn.example/a.js></script></template><noscript><script src=a></noscript>",
    r#"<base href="https://other.example/"><meta charset=windows-1252><script src="\xe9.js"></script>"#,
];

/// Writes pages into the folder that `INHOUSE_SEEDS` names, if there is one.
pub fn plant_pages() {
    let pages = html5lib::pages().unwrap_or_default();
    let pages = pages.into_iter().flat_map(|page| oracle::variants(&page.html));
    plant(TAGS.map(str::to_owned).into_iter().chain(pages));
}

/// Writes seeds into the folder that `INHOUSE_SEEDS` names, if there is one.
pub fn plant(seeds: impl IntoIterator<Item = impl AsRef<[u8]>>) {
    let Some(folder) = std::env::var_os("INHOUSE_SEEDS") else { return };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("the folder for seeds can be made");
    for (number, seed) in seeds.into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:05}")), seed).expect("seeds can be written");
    }
}
