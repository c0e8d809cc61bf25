use super::reads_own_address;
use crate::js::{SignKind, SourceKind, loads::OwnAddress, scan};

/// Where a script loads by its own address: the line, and how it learned the address.
fn loads(source: &str, kind: SourceKind) -> Vec<(usize, OwnAddress)> {
    let scan = scan(source.as_bytes(), kind).unwrap_or_else(|error| panic!("{source}: {error}"));
    let signs = scan.loads.signs.iter();
    let loads = signs.filter_map(|sign| match sign.kind {
        SignKind::LoadByOwnAddress(own) => Some((sign.line, own)),
        SignKind::OwnAddress(_) | SignKind::Url(_) => None,
    });
    loads.collect()
}

/// Fails unless each script loads something by its own address.
fn load(scripts: &[&str]) {
    for script in scripts {
        assert!(!loads(script, SourceKind::Classic).is_empty(), "missed: {script}");
    }
}

/// Fails if one of the scripts loads something by its own address.
fn load_nothing(scripts: &[&str]) {
    for script in scripts {
        assert_eq!(loads(script, SourceKind::Classic), [], "{script}");
    }
}

/// The folder of the script, as `base`.
fn with_base(code: &str) -> String {
    format!("var base = document.currentScript.src.replace(/[^/]*$/, '');\n{code}")
}

#[test]
fn every_way_to_learn_the_own_address_is_known() {
    let load = "fetch(own.slice(0, 9) + name)";
    for (own, kind) in [
        ("document.currentScript.src", OwnAddress::CurrentScript),
        ("document.currentScript?.src", OwnAddress::CurrentScript),
        ("document.currentScript.getAttribute('src')", OwnAddress::CurrentScript),
        ("(document['currentScript'] || other).src", OwnAddress::CurrentScript),
        ("document.scripts[document.scripts.length - 1].src", OwnAddress::ScriptElements),
        ("document.getElementsByTagName('script')[0].src", OwnAddress::ScriptElements),
        ("d.getElementsByTagName('SCRIPT').item(0).src", OwnAddress::ScriptElements),
        ("document.querySelector('script[src*=x]').src", OwnAddress::ScriptElements),
        ("document.querySelector('[src$=\"x.js\"]').src", OwnAddress::ScriptElements),
        ("$('script').last().attr('src')", OwnAddress::ScriptElements),
        (
            "[].slice.call(document.querySelectorAll('script')).pop().src",
            OwnAddress::ScriptElements,
        ),
        ("Array.from(document.scripts).find(s => /x/.test(s.src)).src", OwnAddress::ScriptElements),
    ] {
        let source = format!("var own = {own};\n{load}");
        assert_eq!(loads(&source, SourceKind::Classic), [(2, kind)], "{own}");
    }
    for (own, kind) in [
        ("import.meta.url", OwnAddress::ImportMetaUrl),
        ("new URL('.', import.meta.url).href", OwnAddress::OwnFolder),
        ("new URL(name, import.meta.url)", OwnAddress::ImportMetaUrl),
    ] {
        let source = format!("const own = {own};\n{load}");
        assert_eq!(loads(&source, SourceKind::Module), [(2, kind)], "{own}");
    }
    let worker = SourceKind::Worker { module: false };
    let parser = "var at = node.location.start.slice(1); importScripts(at)";
    assert_eq!(loads(parser, worker), []);
    for own in ["location.href", "self.location + ''", "self.location"] {
        let source = format!("var own = String({own});\nimportScripts(own.slice(0, 9) + name)");
        assert_eq!(loads(&source, worker), [(2, OwnAddress::WorkerLocation)], "{own}");
        assert_eq!(loads(&source, SourceKind::Classic), [], "{own}");
    }
}

#[test]
fn every_way_to_load_is_known() {
    for code in [
        "import(base + name)",
        "importScripts(base + name)",
        "new Worker(base + name)",
        "new SharedWorker(base + name, 'x')",
        "new Worker(URL.createObjectURL(new Blob(['importScripts(\"' + base + name + '\")'])))",
        "fetch(base + name)",
        "window.fetch(new Request(base + name))",
        "var request = new XMLHttpRequest(); request.open('GET', base + name)",
        "var s = document.createElement('script'); s.src = base + name",
        "var s = document.createElement('script'); s['src'] = base + name",
        "var l = document.createElement('link'); l.rel = 'stylesheet'; l.href = base + name",
        "new Image().src = base + name",
        "new Audio(base + name)",
        "var s = document.createElement('script'); s.setAttribute('src', base + name)",
        "var l = document.createElement('link'); l.setAttribute('href', base + name)",
        "new FontFace('x', 'url(' + base + name + ')')",
        "element.style.backgroundImage = `url(\"${base}${name}\")`",
        "style.textContent = '@import \"' + base + name + '\"'",
        "document.write('<script src=\"' + base + name + '\"><\\/script>')",
        "WebAssembly.instantiateStreaming(fetch(base + name), {})",
        "context.audioWorklet.addModule(base + name)",
        "navigator.serviceWorker.register(base + name)",
        "$.getScript(base + name)",
        "jQuery.ajax({ url: base + name })",
        "require([base + name], start)",
        "require.config({ baseUrl: base })",
        "requirejs([base + name])",
        "System.import(base + name)",
        "new Loader().load(base + name)",
        "$('<img>').attr('src', base + name)",
        "h('img', { src: base + name })",
        "exports.logo = base + 'logo.svg'",
        "exports.worker = `${base}worker.js`",
        "exports.wasm = new URL('x.wasm', base)",
    ] {
        let code = with_base(code);
        assert_eq!(loads(&code, SourceKind::Classic), [(2, OwnAddress::CurrentScript)], "{code}");
    }
}

#[test]
fn the_address_is_followed_through_texts() {
    for made in [
        "own.substring(0, own.lastIndexOf('/') + 1) + name",
        "own.split('/').slice(0, -1).join('/') + '/' + name",
        "own.replace('main', 'other')",
        "own.match(/(.+\\/)/)[1] + name",
        "/(.+\\/)/.exec(own)[1] + name",
        "`${own}/../${name}`",
        "new URL(name, own).href",
        "new URL('..', own) + name",
        "[own, '..', name].join('/')",
        "decodeURIComponent(own) + name",
        "(own += name, own)",
        "(own || fallback) + name",
        "(wanted ? own : fallback) + name",
        "new URL(own).origin + '/' + name",
        "path.join(own, name)",
    ] {
        load(&[&format!("var own = document.currentScript.src; fetch({made})")]);
    }
}

#[test]
fn the_address_is_followed_through_variables_properties_and_calls() {
    let own = "document.currentScript.src.slice(0, 9)";
    for code in [
        "var o = {}; o.base = OWN; fetch(o.base + name)",
        "var o = { base: OWN }; fetch(o['base'] + name)",
        "var o = { all: { base: OWN } }, { all: { base: c } } = o; fetch(c + name)",
        "var [a] = [OWN]; fetch(a + name)",
        "let a; ({ a } = { a: OWN }); fetch(a + name)",
        "var a; function f() { a = OWN } function g() { fetch(a + name) }",
        "function f() { return OWN } fetch(f() + name)",
        "var f = () => OWN; fetch(f() + name)",
        "function loadIt(url) { var s = document.createElement('script'); s.src = url } loadIt(OWN + name)",
        "!function (go) { go(OWN + name) }(function (url) { fetch(url) })",
        "class A { constructor() { this.base = OWN } go(name) { fetch(this.base + name) } }",
        "class A { base = OWN; go(name) { fetch(this.base + name) } }",
        "class A { #base = OWN; go(name) { fetch(this.#base + name) } }",
        "class A { static base = OWN } fetch(A.base + name)",
        "class A { get base() { return OWN } go() { fetch(this.base + name) } }",
        "class A { constructor(base) { this.base = base } } class B extends A { go() { fetch(this.base) } } new B(OWN)",
        "class A { constructor(base) { this.base = base } } class B extends A { constructor(b) { super(b) } go() { fetch(this.base) } } new B(OWN)",
        "function A() { this.base = OWN } A.prototype.go = function () { fetch(this.base + name) }",
        "var o = { base: OWN, go() { fetch(this.base + name) } }",
        "window.base = OWN; function f() { fetch(base + name) }",
        "var base = OWN; (function (root) { fetch(root.base + name) })(this)",
        "function f(a) { return a + name } fetch(f.call(null, OWN))",
        "function f(a) { return a + name } fetch(f.apply(null, [OWN]))",
        "function f() { return arguments[0] + name } fetch(f(OWN))",
        "function f(...all) { return all[0] + name } fetch(f(OWN))",
        "function f(a) { fetch(a + name) } var g = f.bind(null); g(OWN)",
        "[OWN].forEach(function (base) { fetch(base + name) })",
        "for (const base of [OWN]) fetch(base + name)",
        "Promise.resolve(OWN).then(base => fetch(base + name))",
        "async function f() { return OWN } async function g() { fetch(await f() + name) }",
        "new Promise(resolve => resolve(OWN)).then(base => fetch(base + name))",
        "var m = new Map(); m.set('base', OWN); fetch(m.get('base') + name)",
        "function copy(to, from) { for (var key in from) to[key] = from[key] }
         copy(settings, { paths: { main: OWN } }); fetch(settings.paths[which] + name)",
        "var o = Object.assign({}, { base: OWN }); fetch(o.base + name)",
        "var o = { ...{ base: OWN } }; fetch(o.base + name)",
    ] {
        load(&[&code.replace("OWN", own)]);
    }
}

#[test]
fn the_runtime_of_a_bundler_counts_only_if_something_uses_its_folder() {
    let runtime = |modules: &str, more: &str| {
        format!(
            "(function () {{ var modules = {{ {modules} }}, cache = {{}};
            function need(id) {{ var known = cache[id]; if (known !== undefined) return known.exports;
              var module = cache[id] = {{ exports: {{}} }};
              modules[id](module, module.exports, need); return module.exports }}
            need.g = (function () {{ return this }})();
            (function () {{ var url; if (need.g.importScripts) url = need.g.location + '';
              var page = need.g.document; if (!url && page) {{
                if (page.currentScript) url = page.currentScript.src;
                if (!url) {{ var all = page.getElementsByTagName('script');
                  for (var i = all.length - 1; i > -1 && !url;) url = all[i--].src }} }}
              if (!url) throw new Error('no folder');
              need.p = url.replace(/#.*$/, '').replace(/\\/[^\\/]+$/, '/') }})();
            {more}
            need(7) }})()"
        )
    };
    let plain = "7: (module, exports, need) => { exports.x = need(8); fetch(need.q + name) }, 8: (module) => { module.exports = 1 }";
    load_nothing(&[&runtime(plain, "")]);
    load(&[
        &runtime("7: (module, exports, need) => { module.exports = need.p + 'logo.png' }", ""),
        &runtime("7: (module, exports, need) => { new Worker(need.p + need.u(3)) }", ""),
        &runtime(
            plain,
            "need.u = id => 'chunk-' + id + '.js';
             need.l = (url, done) => { var tag = document.createElement('script'); tag.src = url };
             need.f = { j: (id, all) => { var url = need.p + need.u(id); need.l(url, all) } };",
        ),
        &runtime("'./a.js': function (module, exports, need) { fetch(need.p + name) }", ""),
    ]);
}

#[test]
fn a_file_that_the_script_carries_is_not_loaded() {
    let script = |file: &str| {
        with_base(&format!(
            "function isData(file) {{ return file.startsWith('data:') }}
            var file = '{file}'; if (!isData(file)) file = base + file; fetch(file);
            var other = '{file}'; other.startsWith('data:') || (other = base + other); fetch(other)"
        ))
    };
    load_nothing(&[&script("data:application/octet-stream;base64,AGFzbQ==")]);
    load(&[&script("x.wasm")]);
}

#[test]
fn asking_for_the_address_without_loading_is_no_load() {
    load_nothing(&[
        "var own = document.currentScript && document.currentScript.src;",
        // A snippet that puts another script before the first.
        "var first = document.getElementsByTagName('script')[0], s = document.createElement('script');
         s.src = 'https://stats.example/x.js'; first.parentNode.insertBefore(s, first)",
        // A page's own nonce, and settings in attributes.
        "var s = document.createElement('script'); s.nonce = document.currentScript.nonce; s.src = url",
        "var id = document.currentScript.getAttribute('data-id'); fetch('/api?id=' + id)",
        "var options = document.currentScript.dataset; fetch(options.endpoint)",
        "var id = new URL(document.currentScript.src).searchParams.get('id'); fetch('/api?' + id)",
        // Is a script there already?
        "function has(url) { for (var s of document.scripts) if (s.src === url) return true }
         if (!has(url)) { var s = document.createElement('script'); s.src = url }",
        "console.log('loaded from ' + document.currentScript.src)",
        "throw new Error('cannot run in ' + document.currentScript.src)",
        // An anchor that only resolves an address.
        "var a = document.createElement('a'); a.href = document.currentScript.src + '/..'; use(a)",
    ]);
}

#[test]
fn loading_the_script_itself_is_no_load_of_another_file() {
    load_nothing(&[
        "new Worker(document.currentScript.src)",
        "fetch(document.currentScript.src)",
        "new Worker(document.currentScript.src + '?worker')",
        "new Worker(`${document.currentScript.src}#worker`)",
        "var own = document.currentScript.src; own += '?worker'; new Worker(own)",
        // Scripts of a type of their own are data of the page.
        "document.querySelectorAll('script[type=\"text/other\"]').forEach(function (script) {
           fetch(script.src.replace('.x', '.y')) })",
        // A compiler in the page, which fetches the scripts that the page names.
        "[].forEach.call(document.getElementsByTagName('script'), function (script) {
           if (script.type === 'text/other' && script.src) get(script.src) });
         function get(url) { var x = new XMLHttpRequest(); x.open('GET', url, true); x.send() }",
    ]);
}

#[test]
fn calls_of_one_function_are_told_apart() {
    load_nothing(&[
        "function same(a) { return a } var own = same(document.currentScript.src.slice(1));
         fetch(same('/api'))",
        "function cut(url) { var at = url.indexOf('?'); return url.slice(0, at) }
         var own = cut(document.currentScript.src); fetch(cut(location.href))",
    ]);
    load(&[
        "function keep(a) { kept = a } var kept; keep(document.currentScript.src.slice(1)); fetch(kept)",
    ]);
}

#[test]
fn variables_of_one_name_are_told_apart() {
    load_nothing(&[
        "(function () { var e = document.currentScript.src.slice(1) })(); (function (e) { fetch(e) })('/api')",
        "{ let e = document.currentScript.src.slice(1) } { let e = '/api'; fetch(e) }",
        "function f(e) { e.p = document.currentScript.src.slice(1) } function g(e) { fetch(e.p) } f({}); g({})",
    ]);
}

#[test]
fn literals_beside_a_module_are_followed_elsewhere() {
    for code in [
        "fetch(new URL('./x.wasm', import.meta.url))",
        "new Worker(new URL('w.js', import.meta.url))",
    ] {
        assert_eq!(loads(code, SourceKind::Module), [], "{code}");
    }
}

#[test]
fn the_stack_of_an_error_thrown_for_it_tells_the_own_address() {
    let folder = |r#try: &str| {
        format!(
            "function folder() {{ var error; try {{ {try} }} catch (e) {{ error = e }}
               var file = stacks.parse(error)[0].fileName;
               return file.slice(0, file.lastIndexOf('/')) }}
             loadScript(folder() + '/x.js')"
        )
    };
    let expected = [(4, OwnAddress::ErrorStack)];
    for r#try in ["throw new Error", "throw new Error()", "throw Error()", "throw (new Error);"] {
        assert_eq!(loads(&folder(r#try), SourceKind::Classic), expected, "{try}");
    }
    // Errors that say something, files of a compiler, and reports of errors.
    load_nothing(&[
        &folder("throw new Error('no')"),
        &folder("start()"),
        "try { throw new Error } catch (e) { known = e } fetch(known.stack.slice(7))",
        "function f(source) { fetch(source.fileName.slice(1)) } try { throw new Error } catch (e) {}",
    ]);
}

#[test]
fn a_file_beside_a_module_of_a_loader_is_loaded() {
    load(&[
        "define(['require'], function (r) { return new Worker(r.toUrl('../assets/x.worker.js')) })",
    ]);
    load_nothing(&["map.toUrl('tiles')", "r.toUrl(name)", "r.toUrl('https://a.example/x.js')"]);
}

#[test]
fn a_folder_that_is_given_to_another_file_of_the_package_is_used_there() {
    let start = "import { start as s } from './core.js'; import { other } from 'elsewhere';\n";
    let module = |code: &str| loads(&format!("{start}{code}"), SourceKind::Module);
    for code in [
        "s(new URL('.', import.meta.url).href)",
        "s({ folder: new URL('.', import.meta.url).href })",
        "const o = {}; o.folder = new URL('.', import.meta.url).href; s(o)",
        "s(import.meta.url.replace(/[^/]*$/, ''))",
    ] {
        assert_eq!(module(code).len(), 1, "{code}");
        assert_eq!(module(code)[0].0, 2, "{code}");
    }
    for code in [
        "s(import.meta.url)",
        "s(import.meta.env)",
        "other(new URL('.', import.meta.url).href)",
        "const f = (s) => s(1); f((folder) => folder); new URL('.', import.meta.url)",
    ] {
        assert_eq!(module(code), [], "{code}");
    }
}

#[test]
fn an_address_that_is_exported_is_used_by_other_files_of_the_package() {
    for code in [
        "let base = ''; function set(path) { base = path }
         function get(name) { if (!base) set(document.currentScript.src.split('/')[0]); return base + name }
         export { get as folder }",
        "export function folder() { return document.currentScript.src.replace('x.js', '') }",
        "export const folder = document.currentScript.src.replace('x.js', '')",
    ] {
        assert_eq!(loads(code, SourceKind::Module).len(), 1, "{code}");
    }
    for code in [
        "export const own = document.currentScript.src",
        "export function has(url) { return document.currentScript.src.slice(9) === url }",
        "const folder = document.currentScript.src.slice(9); export const other = 1",
    ] {
        assert_eq!(loads(code, SourceKind::Module), [], "{code}");
    }
}

#[test]
fn the_first_load_of_each_kind_is_named() {
    let code = "const a = import.meta.url;\nfetch(a + '/../a.bin');\nfetch(a + '/../b.bin');\nfetch(document.currentScript.src + name)";
    let expected = [(2, OwnAddress::ImportMetaUrl), (4, OwnAddress::CurrentScript)];
    assert_eq!(loads(code, SourceKind::Module), expected);
}

#[test]
fn what_a_script_loads_says_whether_its_own_address_is_used() {
    let asks = |code: &str| {
        let scan = scan(code.as_bytes(), SourceKind::Classic).unwrap();
        (!scan.loads.signs.is_empty(), scan.loads.loads_by_own_address())
    };
    assert_eq!(asks("var own = document.currentScript.src"), (true, false));
    assert_eq!(asks("fetch(document.currentScript.src + '/../x.json')"), (true, true));
    assert_eq!(asks("fetch('x.json')"), (false, false));
}

#[test]
fn a_script_that_reads_its_own_address_is_recognised() {
    assert!(reads_own_address(b"var s=document.getElementsByTagName('script');"));
    assert!(!reads_own_address(b"var s=document.getElementsByTagName('div');"));
}

/// Prints the verdict on each of the files that the variable `INHOUSE_SCRIPTS` lists, one a line.
#[test]
#[ignore = "measures; it needs files of published packages"]
#[expect(clippy::disallowed_methods, reason = "a measurement reads files")]
fn measure_published_scripts() {
    let list = std::env::var("INHOUSE_SCRIPTS").unwrap();
    for path in std::fs::read_to_string(list).unwrap().lines() {
        let source = std::fs::read(path).unwrap();
        let is_worker = path.contains("worker");
        let kinds = match is_worker {
            true => [false, true].map(|module| SourceKind::Worker { module }),
            false => [SourceKind::Classic, SourceKind::Module],
        };
        let Some(scan) = kinds.into_iter().find_map(|kind| scan(&source, kind).ok()) else {
            println!("unread\t{path}");
            continue;
        };
        let loads = scan.loads.signs.iter().filter_map(|sign| match sign.kind {
            SignKind::LoadByOwnAddress(own) => Some(format!("{own:?}:{}", sign.line)),
            SignKind::OwnAddress(_) | SignKind::Url(_) => None,
        });
        let loads: Vec<_> = loads.collect();
        println!("{}\t{path}", loads.first().map_or("none", String::as_str));
    }
}
