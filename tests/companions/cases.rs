//! The cases of `tests/companions.rs`: scripts of published packages, pages that load them, and what
//! their recipes select.

/// One script on one page.
pub struct Case {
    /// `name@version`.
    pub package: &'static str,
    /// The script's path inside the package, with the query that the page gives it.
    pub script: &'static str,
    /// The recipe's name.
    pub recipe: &'static str,
    /// The page's body; `SCRIPT` is the script's address.
    pub page: &'static str,
    /// Other packages that companions come from.
    pub others: &'static [&'static str],
    /// Other files of the package that the page names itself.
    pub also: &'static [&'static str],
    /// Number and size of what is selected, of the package and of each of the others.
    pub selected: &'static [(usize, u64)],
    /// When the script has done its work, in JavaScript. Empty if no browser has to show it.
    pub done: &'static str,
}

const NONE: Case = Case {
    package: "",
    script: "",
    recipe: "",
    page: "<script src=SCRIPT></script>",
    others: &[],
    also: &[],
    selected: &[(0, 0)],
    done: "",
};

const FORMULA: &str = r"<p>\(x^2 + \sqrt{\frac{a}{b}} + \mathscr{A} + \ce{H2O}\)</p>
    <script async src=SCRIPT></script>";

pub const CASES: &[Case] = &[
    Case {
        package: "mathjax@2.7.9",
        script: "MathJax.js?config=TeX-AMS_CHTML",
        recipe: "mathjax-2",
        page: FORMULA,
        done: "document.querySelector('.mjx-chtml .mjx-char') && [...document.fonts].some(f => f.family.includes('MJXc-TeX-script') && f.status == 'loaded')",
        selected: &[(151, 1_393_194)],
        ..NONE
    },
    Case {
        package: "mathjax@2.7.9",
        script: "MathJax.js?config=TeX-AMS-MML_HTMLorMML",
        recipe: "mathjax-2",
        page: r"<script type='text/x-mathjax-config'>MathJax.Hub.Config({ TeX: { extensions: ['mhchem.js'] } })</script>
            <p>\(x^2 + \mathscr{A} + \ce{H2O}\)</p><script src=SCRIPT></script>",
        done: "document.querySelector('.MathJax .mi') && [...document.fonts].some(f => f.family.includes('MathJax_Script') && f.status == 'loaded')",
        selected: &[(423, 2_057_212)],
        ..NONE
    },
    Case {
        package: "mathjax@2.7.1",
        script: "MathJax.js?config=TeX-AMS_SVG",
        recipe: "mathjax-2",
        page: FORMULA,
        done: "document.querySelector('.MathJax_SVG path')",
        selected: &[(230, 2_417_406)],
        ..NONE
    },
    Case {
        package: "mathjax@3.2.2",
        script: "es5/tex-chtml.js",
        recipe: "mathjax-3",
        page: FORMULA,
        done: "document.querySelector('mjx-container mjx-c') && [...document.fonts].some(f => f.family.includes('MJXTEX-S') && f.status == 'loaded')",
        selected: &[(58, 852_375)],
        ..NONE
    },
    Case {
        package: "mathjax@3.2.2",
        script: "es5/tex-mml-chtml.js",
        recipe: "mathjax-3",
        page: r"<script>MathJax = { loader: { load: ['ui/safe', '[tex]/mhchem', 'a11y/explorer'] }, tex: { packages: { '[+]': ['safe', 'mhchem'] } } }</script>
            <p>\(x^2 + \ce{H2O}\)</p><script src=SCRIPT></script>",
        done: "document.querySelector('mjx-container[tabindex] mjx-c')",
        selected: &[(77, 5_263_098)],
        ..NONE
    },
    Case {
        package: "mathjax@3.2.2",
        script: "es5/startup.js",
        recipe: "mathjax-3",
        page: r"<script>window.MathJax = { loader: { load: ['input/tex', 'output/svg'] } }</script>
            <p>\(x^2 + \mathscr{A} + \ce{H2O}\)</p><script src=SCRIPT></script>",
        done: "document.querySelector('mjx-container svg path')",
        selected: &[(61, 2_306_653)],
        ..NONE
    },
    Case {
        package: "mathjax@3.0.1",
        script: "es5/tex-svg.js",
        recipe: "mathjax-3",
        page: FORMULA,
        done: "document.querySelector('mjx-container svg path')",
        selected: &[(25, 326_884)],
        ..NONE
    },
    Case {
        package: "mathjax@4.1.3",
        script: "tex-chtml.js",
        recipe: "mathjax-4",
        page: FORMULA,
        others: &["@mathjax/mathjax-newcm-font@4.1.3", "@mathjax/mathjax-mhchem-font-extension@4.1.3"],
        done: "document.querySelector('mjx-container mjx-c') && [...document.fonts].some(f => f.family.includes('MJX-NCM') && f.status == 'loaded')",
        selected: &[(45, 1_470_668), (146, 2_283_831), (3, 6_903)],
        ..NONE
    },
    Case {
        package: "mathjax@4.0.0",
        script: "tex-mml-chtml.js",
        recipe: "mathjax-4",
        page: r"<p>\(x^2 + \mathbb{R}\)</p><script src=SCRIPT></script>",
        others: &["@mathjax/mathjax-newcm-font@4.1.3"],
        done: "document.querySelector('mjx-container mjx-c') && [...document.fonts].some(f => f.family.includes('MJX-NCM') && f.status == 'loaded')",
        selected: &[(44, 1_443_027), (146, 2_283_831)],
        ..NONE
    },
    Case {
        package: "prismjs@1.29.0",
        script: "plugins/autoloader/prism-autoloader.min.js",
        recipe: "prism-autoloader",
        page: "<pre><code class='language-tsx'>const a = &lt;b/&gt;;</code></pre><pre><code class='lang-py'>def a(): pass</code></pre>
            <script src=/package/components/prism-core.min.js></script><script src=SCRIPT></script>",
        also: &["components/prism-core.min.js"],
        done: "document.querySelector('.language-tsx .token.tag') && document.querySelector('.language-py .token.keyword')",
        selected: &[(14, 35_933)],
        ..NONE
    },
    Case {
        package: "@shoelace-style/shoelace@2.20.1",
        script: "cdn/shoelace-autoloader.js",
        recipe: "shoelace",
        page: "<script type=module src=SCRIPT></script><sl-button>go</sl-button> <sl-icon name=gear></sl-icon> <sl-rating></sl-rating>
            <sl-select><sl-option>a</sl-option></sl-select>",
        done: "document.querySelector('sl-button').shadowRoot.querySelector('button') && document.querySelector('sl-icon').shadowRoot.querySelector('svg path') && document.querySelector('sl-rating').shadowRoot.querySelector('sl-icon').shadowRoot.querySelector('svg')",
        selected: &[(288, 798_752)],
        ..NONE
    },
    Case {
        package: "@awesome.me/webawesome@3.14.0",
        script: "dist-cdn/webawesome.loader.js",
        recipe: "web-awesome",
        page: "<script type=module src=SCRIPT></script><wa-button>go</wa-button><wa-switch>on</wa-switch>",
        done: "document.querySelector('wa-button').shadowRoot.querySelector('button') && document.querySelector('wa-switch').shadowRoot.querySelector('input')",
        selected: &[(324, 1_388_685)],
        ..NONE
    },
    Case {
        package: "@highlightjs/cdn-assets@11.11.1",
        script: "highlight.min.js",
        recipe: "highlight-js",
        page: "<pre><code class=language-js>let a = 1</code></pre><script src=SCRIPT></script><script>hljs.highlightAll()</script>",
        done: "document.querySelector('.hljs-keyword')",
        ..NONE
    },
    Case {
        package: "ace-builds@1.36.5",
        script: "src-min-noconflict/ace.js",
        recipe: "ace",
        page: "<div id=e style='height:200px'>let a = ;</div><script src=SCRIPT></script>
            <script>var editor = ace.edit('e', { mode: 'ace/mode/javascript', theme: 'ace/theme/monokai' }); editor.execCommand('find')</script>",
        done: "document.querySelector('.ace_keyword, .ace_storage') && document.querySelector('.ace-monokai .ace_search') && editor.session.getAnnotations().length",
        selected: &[(8, 647_031)],
        ..NONE
    },
    Case {
        package: "codemirror@5.65.18",
        script: "addon/mode/loadmode.js",
        recipe: "codemirror-5-loadmode",
        page: "<script src=/package/lib/codemirror.js></script><script src=SCRIPT></script>
            <script>CodeMirror.modeURL = '/package/mode/%N/%N.js'; var e = CodeMirror(document.body, { value: '<p>', mode: 'htmlmixed' }); CodeMirror.autoLoadMode(e, 'htmlmixed')</script>",
        also: &["lib/codemirror.js"],
        done: "document.querySelector('.cm-tag')",
        selected: &[(121, 1_192_081)],
        ..NONE
    },
    Case {
        package: "monaco-editor@0.52.2",
        script: "min/vs/loader.js",
        recipe: "monaco",
        page: "<div id=e style='height:200px'></div><script src=SCRIPT></script>
            <script>require.config({ paths: { vs: '/package/min/vs' } }); require(['vs/editor/editor.main'], () => monaco.editor.create(document.getElementById('e'), { value: '{ a', language: 'json' }))</script>",
        done: "document.querySelector('.view-line .mtk1') && monaco.editor.getModelMarkers({}).length",
        selected: &[(93, 12_094_241)],
        ..NONE
    },
    Case {
        package: "monaco-editor@0.57.0",
        script: "min/vs/loader.js",
        recipe: "monaco",
        page: "<div id=e style='height:200px'></div><script src=SCRIPT></script>
            <script>require.config({ paths: { vs: '/package/min/vs' } }); require(['vs/editor/editor.main'], () => monaco.editor.create(document.getElementById('e'), { value: '{ a', language: 'json' }))</script>",
        done: "document.querySelector('.view-line .mtk1') && monaco.editor.getModelMarkers({}).length",
        selected: &[(137, 25_524_283)],
        ..NONE
    },
    Case {
        package: "pdfjs-dist@3.11.174",
        script: "build/pdf.min.js",
        recipe: "pdfjs-3",
        page: PDF_CLASSIC,
        done: "window.text == 'Hi'",
        selected: &[(1, 1_087_212)],
        ..NONE
    },
    Case {
        package: "pdfjs-dist@4.10.38",
        script: "build/pdf.min.mjs",
        recipe: "pdfjs",
        page: PDF_MODULE,
        done: "window.text == 'Hi'",
        selected: &[(1, 1_375_838)],
        ..NONE
    },
    Case {
        package: "pdfjs-dist@5.6.205",
        script: "build/pdf.min.mjs",
        recipe: "pdfjs",
        page: PDF_MODULE,
        done: "window.text == 'Hi'",
        selected: &[(1, 1_244_253)],
        ..NONE
    },
    Case {
        package: "tinymce@7.6.0",
        script: "tinymce.min.js",
        recipe: "tinymce",
        page: "<textarea></textarea><script src=SCRIPT></script><script>tinymce.init({ selector: 'textarea', license_key: 'gpl', plugins: 'lists link' })</script>",
        done: "document.querySelector('.tox-tbtn svg') && tinymce.activeEditor.initialized",
        selected: &[(17, 1_128_649)],
        ..NONE
    },
    Case {
        package: "tinymce@8.9.2",
        script: "tinymce.min.js",
        recipe: "tinymce",
        page: "<textarea></textarea><script src=SCRIPT></script><script>tinymce.init({ selector: 'textarea', license_key: 'gpl', plugins: ['lists', 'emoticons'] })</script>",
        done: "document.querySelector('.tox-tbtn svg') && tinymce.activeEditor.initialized",
        selected: &[(31, 2_567_729)],
        ..NONE
    },
    Case {
        package: "tinymce@5.10.9",
        script: "tinymce.min.js",
        recipe: "tinymce-4",
        page: "<textarea></textarea><script src=SCRIPT></script><script>tinymce.init({ selector: 'textarea', plugins: 'lists link' })</script>",
        done: "document.querySelector('.tox-tbtn svg') && tinymce.activeEditor.initialized",
        selected: &[(49, 3_030_842)],
        ..NONE
    },
    Case {
        package: "tinymce@4.9.11",
        script: "tinymce.min.js",
        recipe: "tinymce-4",
        page: "<textarea></textarea><script src=SCRIPT></script><script>tinymce.init({ selector: 'textarea', plugins: 'lists link' })</script>",
        done: "document.querySelector('.mce-btn') && tinymce.activeEditor.initialized",
        selected: &[(33, 1_863_670)],
        ..NONE
    },
    Case {
        package: "ckeditor4@4.22.1",
        script: "ckeditor.js",
        recipe: "ckeditor-4",
        page: "<textarea id=a></textarea><script src=SCRIPT></script><script>CKEDITOR.config.versionCheck = false; CKEDITOR.replace('a')</script>",
        done: "document.querySelector('.cke_button') && CKEDITOR.instances.a.status == 'ready'",
        selected: &[(2_650, 3_850_790)],
        ..NONE
    },
    Case {
        package: "pyodide@0.26.4",
        script: "pyodide.js",
        recipe: "pyodide",
        page: "<script src=SCRIPT></script><script>loadPyodide().then(p => { window.two = p.runPython('import json; json.loads(\"2\")') })</script>",
        done: "window.two === 2",
        selected: &[(4, 13_765_357)],
        ..NONE
    },
    Case { package: "pyodide@0.23.4", script: "pyodide.js", recipe: "pyodide", selected: &[(4, 19_177_172)], ..NONE },
    Case {
        package: "pyodide@314.0.7",
        script: "pyodide.mjs",
        recipe: "pyodide",
        page: "<script type=module>import { loadPyodide } from 'SCRIPT'; window.two = (await loadPyodide()).runPython('1 + 1')</script>",
        done: "window.two === 2",
        selected: &[(4, 13_513_276)],
        ..NONE
    },
    Case { package: "tesseract.js@5.1.1", script: "dist/tesseract.min.js", recipe: "tesseract-js", selected: &[(1, 123_724)], ..NONE },
    Case { package: "tesseract.js@7.0.0", script: "dist/tesseract.min.js", recipe: "tesseract-js", selected: &[(1, 111_307)], ..NONE },
    Case { package: "@ffmpeg/ffmpeg@0.12.15", script: "dist/umd/ffmpeg.js", recipe: "ffmpeg", selected: &[(1, 3_177)], ..NONE },
    Case {
        package: "sql.js@1.12.0",
        script: "dist/sql-wasm.js",
        recipe: "sql-js",
        page: "<script src=SCRIPT></script><script>initSqlJs().then(s => { window.one = new s.Database().exec('select 1')[0].values[0][0] })</script>",
        done: "window.one === 1",
        selected: &[(1, 652_953)],
        ..NONE
    },
    Case {
        package: "@duckdb/duckdb-wasm@1.29.0",
        script: "dist/duckdb-browser.mjs",
        recipe: "duckdb-wasm",
        page: "<script type=module>import * as duckdb from 'SCRIPT'; duckdb.selectBundle(duckdb.getJsDelivrBundles())</script>",
        selected: &[(4, 77_862_685)],
        ..NONE
    },
    Case { package: "three@0.171.0", script: "examples/jsm/loaders/DRACOLoader.js", recipe: "three-draco", selected: &[(6, 1_827_261)], ..NONE },
    Case { package: "three@0.171.0", script: "examples/jsm/loaders/KTX2Loader.js", recipe: "three-basis", selected: &[(2, 584_862)], ..NONE },
    Case { package: "hls.js@1.7.4", script: "dist/hls.min.js", recipe: "hls-js", ..NONE },
    Case { package: "video.js@8.24.1", script: "dist/video.min.js", recipe: "video-js", ..NONE },
    Case { package: "cesium@1.124.0", script: "Build/Cesium/Cesium.js", recipe: "cesium", selected: &[(373, 6_686_450)], ..NONE },
    Case { package: "plotly.js-dist-min@4.1.2", script: "plotly.min.js", recipe: "plotly", ..NONE },
    Case { package: "plotly.js-dist-min@2.35.2", script: "plotly.min.js", recipe: "plotly", ..NONE },
    Case { package: "reveal.js@5.1.0", script: "plugin/math/math.js", recipe: "reveal-math", ..NONE },
    Case { package: "reveal.js@6.0.2", script: "dist/reveal.js", recipe: "reveal", ..NONE },
    Case { package: "swagger-ui-dist@5.35.0", script: "swagger-ui-bundle.js", recipe: "swagger-ui", ..NONE },
    Case { package: "redoc@2.5.4", script: "bundles/redoc.standalone.js", recipe: "redoc", ..NONE },
    Case { package: "@babel/standalone@8.0.6", script: "babel.min.js", recipe: "babel-standalone", ..NONE },
    Case { package: "mermaid@11.4.1", script: "dist/mermaid.esm.min.mjs", recipe: "mermaid", ..NONE },
    Case { package: "katex@0.16.21", script: "dist/katex.min.js", recipe: "katex", ..NONE },
    Case { package: "leaflet@1.9.4", script: "dist/leaflet.js", recipe: "leaflet", ..NONE },
];

macro_rules! pdf {
    ($load:literal, $worker:literal) => {
        concat!(
            $load,
            "const pdf = `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n",
            "4 0 obj<</Length 35>>stream\nBT /F 18 Tf 9 9 Td (Hi) Tj ET      \nendstream endobj\n",
            "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>`;",
            $worker,
            "pdfjsLib.getDocument({ data: new TextEncoder().encode(pdf) }).promise.then(d => d.getPage(1)).then(p => p.getTextContent()).then(t => { window.text = t.items[0].str })</script>"
        )
    };
}

const PDF_CLASSIC: &str = pdf!("<script src=SCRIPT></script><script>", "");
const PDF_MODULE: &str = pdf!(
    "<script type=module>import * as pdfjsLib from 'SCRIPT';",
    "pdfjsLib.GlobalWorkerOptions.workerSrc = '/package/build/pdf.worker.min.mjs';"
);
