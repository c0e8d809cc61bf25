//! Pages that use real packages, each for a job that can be seen.

use super::{Library, import_maps, published};

/// A page and the packages it needs.
#[derive(Clone, Copy, Debug)]
pub struct RealPage {
    /// The page; `<!-- import map -->` stands for one from a generator.
    html: &'static str,
    /// What the page imports by name, for the generator.
    names: &'static [&'static str],
    /// Packages, as `name@1.2.3`.
    packages: &'static [&'static str],
    /// What `data-ready` is when the job is done.
    pub ready: &'static str,
}

impl RealPage {
    /// The packages, fetched if need be.
    pub fn library(&self) -> Library {
        published::library(self.packages)
    }

    /// The page.
    pub fn html(&self, library: &Library) -> String {
        if self.names.is_empty() {
            return self.html.to_owned();
        }
        let map = import_maps::jsdelivr(library, self.names);
        let map = format!("<script type=\"importmap\">\n{map:#}\n</script>");
        self.html.replace("<!-- import map -->", &map)
    }
}

pub const MERMAID: RealPage = RealPage {
    html: include_str!("real/mermaid.html"),
    names: &[],
    packages: &["mermaid@11.17.2"],
    ready: "flowchart-v2+sequence+pie",
};

pub const LIT: RealPage = RealPage {
    html: include_str!("real/lit.html"),
    names: &[],
    packages: &["lit@3.3.3", "lit-html@3.3.3", "lit-element@4.2.2", "@lit/reactive-element@2.1.2"],
    ready: "tea+milkbought",
};

pub const PREACT: RealPage = RealPage {
    html: include_str!("real/preact.html"),
    names: &[],
    packages: &[
        "preact@11.2.0",
        "htm@3.1.1",
        "@preact/signals@2.11.4",
        "@preact/signals-core@1.14.5",
    ],
    ready: "3 of 3",
};

pub const THREE: RealPage = RealPage {
    html: include_str!("real/three.html"),
    names: &[],
    packages: &["three@0.187.0"],
    ready: "OrbitControls+faces+1 mesh",
};

const D3_PACKAGES: &[&str] = &[
    "d3@7.9.2",
    "d3-array@3.2.5",
    "d3-axis@3.0.1",
    "d3-brush@3.0.1",
    "d3-chord@3.0.2",
    "d3-color@3.1.1",
    "d3-contour@4.0.3",
    "d3-delaunay@6.0.6",
    "d3-dispatch@3.0.2",
    "d3-drag@3.0.1",
    "d3-dsv@3.0.2",
    "d3-ease@3.0.2",
    "d3-fetch@3.0.2",
    "d3-force@3.0.1",
    "d3-format@3.1.3",
    "d3-geo@3.1.2",
    "d3-hierarchy@3.1.3",
    "d3-interpolate@3.0.2",
    "d3-path@3.1.1",
    "d3-polygon@3.0.2",
    "d3-quadtree@3.0.2",
    "d3-random@3.0.2",
    "d3-scale@4.0.3",
    "d3-scale-chromatic@3.1.1",
    "d3-selection@3.0.1",
    "d3-shape@3.2.1",
    "d3-time@3.1.1",
    "d3-time-format@4.1.1",
    "d3-timer@3.0.2",
    "d3-transition@3.0.2",
    "d3-zoom@3.0.1",
    "delaunator@5.1.0",
    "internmap@2.0.3",
    "robust-predicates@3.0.3",
];

pub const D3_BUNDLES: RealPage = RealPage {
    html: include_str!("real/d3-bundles.html"),
    names: &[],
    packages: D3_PACKAGES,
    ready: "60,20,80,20,100+5 ticks+4.2k",
};

pub const D3_MAP: RealPage =
    RealPage { html: include_str!("real/d3-map.html"), names: &["d3"], ..D3_BUNDLES };

pub const CODEMIRROR: RealPage = RealPage {
    html: include_str!("real/codemirror.html"),
    names: &["codemirror", "@codemirror/lang-javascript"],
    packages: &[
        "codemirror@6.0.2",
        "@codemirror/autocomplete@6.20.4",
        "@codemirror/commands@6.11.1",
        "@codemirror/lang-javascript@6.2.5",
        "@codemirror/language@6.13.1",
        "@codemirror/lint@6.9.8",
        "@codemirror/search@6.7.2",
        "@codemirror/state@6.7.6",
        "@codemirror/streamparser@6.0.0",
        "@codemirror/view@6.43.15",
        "@lezer/common@1.5.5",
        "@lezer/highlight@1.2.5",
        "@lezer/javascript@1.5.6",
        "@lezer/lr@1.4.12",
        "@marijn/find-cluster-break@1.0.4",
        "crelt@1.0.7",
        "style-mod@4.1.4",
        "w3c-keyname@2.2.8",
    ],
    ready: "const answer = 42;+typed()+coloured",
};

pub const MONACO: RealPage = RealPage {
    html: include_str!("real/monaco.html"),
    names: &[],
    packages: &["monaco-editor@0.57.0"],
    ready: "SELECT answer+relative",
};

pub const SHIKI: RealPage = RealPage {
    html: include_str!("real/shiki.html"),
    names: &["shiki"],
    packages: &[
        "shiki@4.6.0",
        "@shikijs/core@4.6.0",
        "@shikijs/engine-javascript@4.6.0",
        "@shikijs/engine-oniguruma@4.6.0",
        "@shikijs/langs@4.6.0",
        "@shikijs/primitive@4.6.0",
        "@shikijs/themes@4.6.0",
        "@shikijs/types@4.6.0",
        "@shikijs/vscode-textmate@10.1.0",
        "ccount@2.0.1",
        "character-entities-html4@2.1.0",
        "character-entities-legacy@3.0.0",
        "comma-separated-tokens@2.0.3",
        "hast-util-to-html@9.0.6",
        "hast-util-whitespace@3.0.0",
        "html-void-elements@3.0.0",
        "oniguruma-parser@0.12.2",
        "oniguruma-to-es@4.3.6",
        "property-information@7.2.0",
        "regex@6.1.0",
        "regex-recursion@6.0.2",
        "regex-utilities@2.3.0",
        "space-separated-tokens@2.0.2",
        "stringify-entities@4.0.4",
        "zwitch@2.0.4",
    ],
    ready: "fn+main+()+{}",
};
