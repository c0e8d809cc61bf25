//! What each stage of a run takes by itself, in the order the data flows.
//!
//! `cargo bench --bench stages -- --sort location` prints the stages in that order. The inputs are
//! generated, the same every time, and as large as real ones: most pages of documentation have
//! some 35 kB. Whole runs are measured by `benches/compare`, and counted by `benches/instructions`.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
    path::Path,
};

use divan::{
    Bencher, black_box,
    counter::{BytesCount, ItemsCount},
};
use inhouse::internals::{
    change::{
        modules::Modules,
        page::{self as rewriting, Changes},
        resolution::{LocalCopy, Resolution, Style},
    },
    html::{self, Dialect, Reach},
    integrity::{Algorithm, Digest, Integrity},
    js::{self, SourceKind},
    lockfile::Lockfile,
    page,
    reference::{PageAddress, SubresourceUrl, site_root},
    vendor_path::{self, Extension, Stored},
};

const PAGE: usize = 35_000;
const ENTRIES: usize = 1000;

fn main() {
    divan::main();
}

/// A page by what its markup asks of the reader.
#[derive(Clone, Copy, Debug)]
enum Markup {
    /// Written as generators write, with nothing from elsewhere.
    Plain,
    /// Unclosed, nested and foreign elements, which only a parser can tell apart.
    Unusual,
}

impl Markup {
    const ALL: [Self; 2] = [Self::Plain, Self::Unusual];

    fn page(self) -> String {
        match self {
            Self::Plain => page(OWN_HEAD, PLAIN),
            Self::Unusual => page(OWN_HEAD, UNUSUAL),
        }
    }
}

impl Display for Markup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Unusual => "unusual",
        })
    }
}

const OWN_HEAD: &str = r#"<meta charset="utf-8"><title>Reference</title>
<link rel="stylesheet" href="../_static/theme.css"><script src="../_static/search.js" defer></script>
<script>document.documentElement.dataset.mode = localStorage.getItem("mode") || "";</script>
"#;

const PLAIN: &str = r##"<section id="s"><h2>Section<a class="headerlink" href="#s" title="Link">¶</a></h2>
<p>The <code class="literal">function</code> takes a <em>value</em> &amp; returns <a href="other.html#value">another
one</a>, unless <strong>nothing</strong> is left.</p>
<ul class="simple"><li><p>First of <a href="a.html">all</a></p></li><li><p>Then the rest</p></li></ul>
<pre><span class="k">def</span> <span class="nf">f</span>(<span class="n">x</span>): <span class="k">return</span> x &lt; 1</pre></section>
"##;

const UNUSUAL: &str = r##"<section><h2>Section</h2><p>One <b>paragraph<p>after another</b>, & an unquoted
<a href=other.html class=x>link</a><table><tr><td>cell<tr><td>cell</table>
<svg viewBox="0 0 9 9"><title>t</title><path d="M0 0h9"/></svg><math><mi>x</mi></math>
<select><option>one<option>two</select><template><p>later</p></template>
<!--[if lt IE 9]><p>old</p><![endif]--><textarea><b>text</textarea></section>
"##;

/// A page of `PAGE` bytes, or a little more.
fn page(head: &str, section: &str) -> String {
    let mut page = format!("<!DOCTYPE html>\n<html lang=\"en\"><head>{head}</head>\n<body>\n");
    while page.len() < PAGE {
        page.push_str(section);
    }
    page + "</body>\n</html>\n"
}

const SCRIPTS: [&str; 3] = [
    "https://cdn.example/npm/charts@4.4.4/dist/charts.umd.js",
    "https://code.example/library-3.7.1.min.js",
    "https://unpkg.example/leaves@1.9.4/dist/leaves.js",
];

fn page_with_scripts() -> String {
    let mut head = OWN_HEAD.to_owned();
    for url in SCRIPTS {
        head += &format!("<script src=\"{url}\"></script>\n");
    }
    page(&head, PLAIN)
}

fn url(text: &str) -> SubresourceUrl {
    text.parse().expect("a generated address is one")
}

fn address() -> PageAddress {
    PageAddress::new("reference/index.html", None)
}

fn stored(url: SubresourceUrl) -> Stored {
    Stored { url, content: None, extension: Extension::Js }
}

/// A thousand addresses, many beside each other, as those of a module graph are.
fn addresses() -> Vec<SubresourceUrl> {
    let address = |number| {
        let package = number / 50;
        url(&format!("https://cdn.example/npm/package-{package}@1.0.{package}/es/part-{number}.js"))
    };
    (0..ENTRIES).map(address).collect()
}

fn lockfile() -> String {
    let mut text = "version = 2\n".to_owned();
    for url in addresses() {
        let path = vendor_path::candidate(&stored(url.clone()));
        let integrity = Integrity::of(url.as_str().as_bytes(), &[]);
        write!(
            text,
            "\n[[asset]]\nurl = \"{url}\"\nkind = \"script\"\npath = \"{}\"\nsize = 1234\ntype = \"text/javascript\"\n\
             integrity = \"{integrity}\"\nproof = \"none\"\nsource = \"cdn\"\n",
            path.as_str()
        )
        .expect("a string takes everything");
    }
    text
}

fn changes() -> Changes<'static> {
    let paths = vendor_path::assign(SCRIPTS.map(url).map(stored), &BTreeMap::new());
    let resolutions: BTreeMap<_, _> = paths
        .into_iter()
        .map(|(key, path)| {
            let integrity = Some(Integrity::of(key.url.as_str().as_bytes(), &[]));
            (key.url, Resolution::Local(LocalCopy { path, integrity, keeps_query: false }))
        })
        .collect();
    let style = Style { out: "vendor", public_path: None, crossorigin: false };
    let modules = Modules::of(&resolutions, &site_root(None), style.out);
    Changes::new(resolutions, modules, style)
}

/// A module of some 60 kB with static and lazy imports, exports, strings and templates.
fn module() -> String {
    let mut text = String::new();
    for number in 0..20 {
        text += &format!("import {{ a as a{number} }} from './chunk-{number}.js';\n");
    }
    for number in 0..300 {
        let chunk = number % 20;
        text += &format!(
            "export function f{number}(x, options = {{}}) {{\n  \
               if (x > {number}) return a{chunk}(`f${{x}}`, 'text {number}', /[a-z]+/g);\n  \
               for (const [key, value] of Object.entries(options)) x += value * key.length;\n  \
               return x === 0 ? import('./lazy-{chunk}.js') : x;\n}}\n"
        );
    }
    text
}

#[divan::bench(args = Markup::ALL)]
fn html_reach(bencher: Bencher, markup: Markup) {
    let page = markup.page();
    let reach = || html::reach(black_box(page.as_bytes()), Dialect::Html, None);
    // Conditional comments are read, whatever is in them.
    assert!(matches!(markup, Markup::Unusual) || reach() == Reach::Nothing);
    bencher.counter(BytesCount::of_str(&page)).bench_local(reach);
}

#[divan::bench(args = Markup::ALL)]
fn html_scan(bencher: Bencher, markup: Markup) {
    let page = markup.page();
    let scan = || html::scan(black_box(page.as_bytes()), Dialect::Html);
    scan().expect("both pages can be read with certainty");
    bencher.counter(BytesCount::of_str(&page)).bench_local(scan);
}

#[divan::bench]
fn page_references(bencher: Bencher) {
    let page = page_with_scripts();
    let scan = html::scan(page.as_bytes(), Dialect::Html).expect("the page is plain");
    let address = address();
    let references = || page::references(black_box(&address), black_box(&scan));
    assert_eq!(references().external.len(), SCRIPTS.len());
    bencher.counter(ItemsCount::new(scan.tags.len())).bench_local(references);
}

#[divan::bench]
fn js_scan(bencher: Bencher) {
    let module = module();
    let scan = || js::scan(black_box(module.as_bytes()), SourceKind::Module);
    assert_eq!(scan().expect("the module is one").loads.specifiers.len(), 320);
    bencher.counter(BytesCount::of_str(&module)).bench_local(scan);
}

#[divan::bench]
fn lockfile_parse(bencher: Bencher) {
    let text = lockfile();
    let parse = || Lockfile::parse(black_box(&text), Path::new("inhouse.lock"));
    assert_eq!(parse().expect("the lockfile is one").len(), ENTRIES);
    bencher.counter(BytesCount::of_str(&text)).counter(ItemsCount::new(ENTRIES)).bench_local(parse);
}

#[divan::bench]
fn lockfile_to_text(bencher: Bencher) {
    let text = lockfile();
    let lock = Lockfile::parse(&text, Path::new("inhouse.lock")).expect("the lockfile is one");
    bencher
        .counter(BytesCount::of_str(&text))
        .counter(ItemsCount::new(ENTRIES))
        .bench_local(|| black_box(&lock).to_text());
}

#[divan::bench]
fn integrity_sha384(bencher: Bencher) {
    let bytes = vec![b'x'; 1 << 20];
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| Digest::of(black_box(&bytes), Algorithm::Sha384));
}

#[divan::bench]
fn vendor_path_assign(bencher: Bencher) {
    let all: Vec<_> = addresses().into_iter().map(stored).collect();
    bencher
        .counter(ItemsCount::new(ENTRIES))
        .with_inputs(|| all.clone())
        .bench_local_values(|all| vendor_path::assign(all, &BTreeMap::new()));
}

#[divan::bench]
fn rewrite_page(bencher: Bencher) {
    let page = page_with_scripts();
    let (address, changes) = (address(), changes());
    let rewrite = || {
        rewriting::rewrite(black_box(page.as_bytes()), Dialect::Html, &address, black_box(&changes))
    };
    assert!(rewrite().is_ok());
    bencher.counter(BytesCount::of_str(&page)).bench_local(rewrite);
}
