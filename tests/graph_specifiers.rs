//! The specifiers of a script, to the byte: every form in every spelling, and what only looks like one.

use inhouse::internals::js::{
    Form, Literal, ModuleType, OwnAddress, Phase, Purpose, Quote, Rule, Scan, Seems, SignKind,
    SourceKind, Specifier, WorkerType,
    literal::{Edit, EditError, rewrite},
    scan,
};

const MODULE_WORKER: SourceKind = SourceKind::Worker { module: true };
const CLASSIC_WORKER: SourceKind = SourceKind::Worker { module: false };

#[track_caller]
fn read(source: &str, kind: SourceKind) -> Scan {
    scan(source.as_bytes(), kind).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// (text, the bytes of its span) of every specifier.
#[track_caller]
fn specifiers(source: &str) -> Vec<(String, String)> {
    let scan = read(source, SourceKind::Module);
    let found = scan.specifiers();
    found.map(|(found, at)| (found.text.clone(), source[at.span.clone()].to_owned())).collect()
}

#[track_caller]
fn texts(source: &str, kind: SourceKind) -> Vec<String> {
    read(source, kind).loads.specifiers.into_iter().map(|found| found.text).collect()
}

/// The only specifier of `source`.
#[track_caller]
fn only(source: &str, kind: SourceKind) -> (Specifier, Literal) {
    let mut found = read(source, kind);
    assert_eq!((found.loads.specifiers.len(), found.literals.len()), (1, 1), "{source}");
    (found.loads.specifiers.remove(0), found.literals.remove(0))
}

#[track_caller]
fn nothing(source: &str, kind: SourceKind) {
    let found = read(source, kind).loads;
    assert_eq!(found.specifiers, [], "{source}");
    assert_eq!(found.computed, [], "{source}");
}

#[test]
fn every_form_is_found_in_every_kind_of_quotes() {
    let strings = [("\"", Quote::Double), ("'", Quote::Single)];
    let templates = [("`", Quote::Template)];
    let static_forms = [
        ("import Q;", Form::StaticImport),
        ("import x from Q;", Form::StaticImport),
        ("import * as x from Q;", Form::StaticImport),
        ("import x, { y as z, default as d } from Q;", Form::StaticImport),
        ("import {} from Q", Form::StaticImport),
        ("export * from Q;", Form::ExportFrom),
        ("export * as x from Q;", Form::ExportFrom),
        ("export { x as default } from Q;", Form::ExportFrom),
    ];
    let other_forms = [
        ("import(Q)", Form::DynamicImport),
        ("const x = await import(Q, {})", Form::DynamicImport),
        ("import.meta.resolve(Q)", Form::ImportMetaResolve),
        ("new URL(Q, import.meta.url)", Form::NewUrl(Purpose::Unknown)),
        ("new Worker(Q)", Form::Worker(WorkerType::Classic)),
        ("new Worker(Q, { type: 'module' })", Form::Worker(WorkerType::Module)),
        ("new window.Worker(Q, { 'type': `module` })", Form::Worker(WorkerType::Module)),
        ("new Worker(Q, options)", Form::Worker(WorkerType::Unknown)),
        ("new SharedWorker(Q, 'name')", Form::SharedWorker(WorkerType::Classic)),
        ("navigator.serviceWorker.register(Q)", Form::Worker(WorkerType::Classic)),
        (
            "navigator.serviceWorker?.register(Q, { scope: '/', type: 'module' })",
            Form::Worker(WorkerType::Module),
        ),
        ("CSS.paintWorklet.addModule(Q)", Form::Worklet),
        ("(await new AudioContext()).audioWorklet.addModule(Q, {})", Form::Worklet),
        (
            "context.audioWorklet.addModule(new URL(Q, import.meta.url))",
            Form::NewUrl(Purpose::Worker(WorkerType::Module)),
        ),
        (
            "new Worker(new URL(Q, import.meta.url), { type: 'module' })",
            Form::NewUrl(Purpose::Worker(WorkerType::Module)),
        ),
        (
            "new SharedWorker(new URL(Q, import.meta.url).href)",
            Form::NewUrl(Purpose::Worker(WorkerType::Classic)),
        ),
        (
            "new Worker((new URL(Q, import.meta.url)).toString())",
            Form::NewUrl(Purpose::Worker(WorkerType::Classic)),
        ),
    ];
    let all = static_forms.iter().flat_map(|form| strings.map(|quote| (form, quote)));
    let quotes = strings.into_iter().chain(templates);
    let others = other_forms.iter().flat_map(|form| quotes.clone().map(move |quote| (form, quote)));
    for ((code, form), (mark, quote)) in all.chain(others) {
        let literal = format!("{mark}./a.js{mark}");
        let source = code.replace('Q', &literal);
        let (found, at) = only(&source, SourceKind::Module);
        assert_eq!(found.text, "./a.js", "{source}");
        assert_eq!(source[at.span], literal, "{source}");
        assert_eq!((found.form, at.quote, found.line), (*form, quote, 1), "{source}");
    }
}

#[test]
fn import_scripts_counts_in_classic_workers_only() {
    let source = "importScripts('a.js', \"b.js\"); self.importScripts(`c.js`)";
    assert_eq!(texts(source, CLASSIC_WORKER), ["a.js", "b.js", "c.js"]);
    nothing(source, SourceKind::Classic);
    nothing(source, MODULE_WORKER);
}

#[test]
fn escapes_are_decoded_and_spans_are_of_the_source() {
    for (literal, text) in [
        (r#""./b\x2ejs""#, "./b.js"),
        (r#""./b\u002ejs""#, "./b.js"),
        (r#""./b\u{2e}js""#, "./b.js"),
        (r"'./it\'s.js'", "./it's.js"),
        ("'./b\\\n.js'", "./b.js"),
        ("'./b\\\r\n.js'", "./b.js"),
        (r"'.\/b.js'", "./b.js"),
    ] {
        let source = format!("import {literal};");
        assert_eq!(specifiers(&source), [(text.to_owned(), literal.to_owned())]);
    }
}

#[test]
fn non_ascii_text_shifts_no_span() {
    let source = "/* ☃ 日本語 \u{1F600} */ const ü = 'é'; import \"./ñ-\u{1F600}.js\";";
    let expected = ("./ñ-\u{1F600}.js".to_owned(), "\"./ñ-\u{1F600}.js\"".to_owned());
    assert_eq!(specifiers(source), [expected]);
}

#[test]
fn a_byte_order_mark_counts_in_spans_and_may_stand_before_a_hashbang() {
    for rest in ["import './a.js'", "#!/usr/bin/env node\nimport './a.js'"] {
        let source = format!("\u{FEFF}{rest}");
        assert_eq!(specifiers(&source), [("./a.js".to_owned(), "'./a.js'".to_owned())]);
    }
}

#[test]
fn crlf_is_two_bytes_and_one_line() {
    let source = "// a\r\n\r\nimport './a.js';\r\nimport './b.js';\r\n";
    let lines: Vec<_> =
        read(source, SourceKind::Module).loads.specifiers.iter().map(|found| found.line).collect();
    assert_eq!(lines, [3, 4]);
    assert_eq!(specifiers(source)[1].1, "'./b.js'");
}

#[test]
fn minified_code_needs_no_spaces() {
    let source = r#"import"a";import b,{c}from"b";import*as d from"d";export*from"e";export{f}from"f";export*as g from"g";const h=await import("h")"#;
    assert_eq!(texts(source, SourceKind::Module), ["a", "b", "d", "e", "f", "g", "h"]);
}

#[test]
fn comments_may_stand_between_all_tokens() {
    let source = "import/* from 'x' */{a}/**/from// 'y'\n/*z*/'./a.js'/**/;import(/* webpackIgnore: true */ /* @vite-ignore */ './b.js' /* , 'c' */)";
    assert_eq!(texts(source, SourceKind::Module), ["./a.js", "./b.js"]);
}

#[test]
fn text_that_looks_like_an_import_is_none() {
    for source in [
        "// import './a.js'",
        "/* import './a.js'; */",
        "const s = \"import './a.js'\"",
        "const s = `import './a.js'; ${1} import('./b.js')`",
        "const r = /import('.\\/a.js')/",
        "x.import('./a.js'); x?.import('./a.js')",
        "({ import: './a.js', from: 1 })",
        "class A { import() {} from = './a.js' }",
        "export const from = './a.js'",
        "export { x }; const x = './a.js'",
        "new Url('./a.js', import.meta.url)",
        "new x.Worker('./a.js')",
        "new URL('./a.js', document.baseURI)",
        "new URL('./a.js')",
        "Worker('./a.js')",
        "app.register('./a.js'); serviceWorker.update('./a.js'); css.addModule('./a.js')",
    ] {
        nothing(source, SourceKind::Module);
    }
}

#[test]
fn imports_in_substitutions_and_nested_functions_are_found() {
    let source = "const a = `x ${await import('./a.js')} y`; class B { static { (() => { import('./b.js') })() } }";
    assert_eq!(texts(source, SourceKind::Module), ["./a.js", "./b.js"]);
}

#[test]
fn top_level_await_is_for_modules() {
    assert_eq!(texts("await import('./a.js')", SourceKind::Module), ["./a.js"]);
    assert!(scan(b"await import('./a.js')", SourceKind::Classic).is_err());
    assert_eq!(texts("var await = 1; import('./a.js')", SourceKind::Classic), ["./a.js"]);
}

#[test]
fn html_like_comments_are_for_scripts() {
    let source = "<!-- old\nimport('./a.js')\n--> older\n";
    assert_eq!(texts(source, SourceKind::Classic), ["./a.js"]);
    assert!(scan(source.as_bytes(), SourceKind::Module).is_err());
}

#[test]
fn a_static_import_in_a_script_does_not_parse() {
    for source in ["import './a.js'", "export {}", "import.meta.url", "export * from 'a'"] {
        assert!(scan(source.as_bytes(), SourceKind::Classic).is_err(), "{source}");
    }
    assert_eq!(texts("with (a) { import('./a.js') }", SourceKind::Classic), ["./a.js"]);
}

#[test]
fn import_attributes_give_the_module_type() {
    for (source, r#type) in [
        ("import a from './a' with { type: 'json' }", ModuleType::Json),
        ("import a from './a' with { 'type': \"css\" }", ModuleType::Css),
        ("export { a } from './a' with { type: 'json' }", ModuleType::Json),
        ("export * from './a' with { type: 'json' }", ModuleType::Json),
        ("import a from './a' with {}", ModuleType::JavaScriptOrWasm),
        ("import('./a', { with: { type: 'json' } })", ModuleType::Json),
        ("import('./a', { 'with': { 'type': `css` } })", ModuleType::Css),
        ("import('./a', { assert: { type: 'json' } })", ModuleType::Json),
        ("import('./a', {})", ModuleType::JavaScriptOrWasm),
        ("import('./a', options)", ModuleType::Unknown),
        ("import('./a', { with: { type } })", ModuleType::Unknown),
        ("import a from './a' with { type: 'text' }", ModuleType::Other("text".into())),
    ] {
        assert_eq!(only(source, SourceKind::Module).0.module_type, r#type, "{source}");
    }
}

#[test]
fn phase_imports_are_imports() {
    for (source, phase) in [
        ("import defer * as a from './a'", Phase::Defer),
        ("import source a from './a'", Phase::Source),
        ("import.defer('./a')", Phase::Defer),
        ("import.source('./a')", Phase::Source),
        ("import defer from './a'", Phase::Evaluation),
        ("import source from './a'", Phase::Evaluation),
    ] {
        assert_eq!(only(source, SourceKind::Module).0.phase, phase, "{source}");
    }
}

#[test]
fn a_choice_between_literals_is_followed_both_ways() {
    let found =
        read("import(dev ? './a.js' : (old ? `./b.js` : './c.js'))", SourceKind::Module).loads;
    let texts: Vec<_> = found.specifiers.iter().map(|found| &*found.text).collect();
    assert_eq!(texts, ["./a.js", "./b.js", "./c.js"]);
    assert_eq!(found.computed, []);
    let found = read("import(dev ? './a.js' : name)", SourceKind::Module).loads;
    assert_eq!((found.specifiers.len(), found.computed.len()), (1, 1));
}

#[test]
fn computed_addresses_are_reported_where_they_stand() {
    for (source, expression, form, kind) in [
        ("import(name)", "name", Form::DynamicImport, SourceKind::Module),
        ("\nimport('./a/' + name)", "'./a/' + name", Form::DynamicImport, SourceKind::Module),
        ("import(`./${name}.js`)", "`./${name}.js`", Form::DynamicImport, SourceKind::Classic),
        ("new Worker(url)", "url", Form::Worker(WorkerType::Classic), SourceKind::Module),
        (
            "new URL(file, import.meta.url)",
            "file",
            Form::NewUrl(Purpose::Unknown),
            SourceKind::Module,
        ),
        ("importScripts(...all)", "...all", Form::ImportScripts, CLASSIC_WORKER),
        ("import.meta.resolve(x)", "x", Form::ImportMetaResolve, SourceKind::Module),
    ] {
        let found = read(source, kind);
        assert_eq!(found.loads.specifiers, [], "{source}");
        let [computed] = found.loads.computed.as_slice() else { panic!("{source}: {found:?}") };
        let [span] = found.computed.as_slice() else { panic!("{source}: {found:?}") };
        assert_eq!(source[span.clone()], *expression);
        assert_eq!(computed.form, form);
        assert_eq!(computed.line, 1 + source.matches('\n').count());
        assert!(!computed.consequence().is_empty());
    }
}

#[test]
fn what_is_inside_a_computed_address_is_still_found() {
    let found = read("import(pick(new URL('./a.js', import.meta.url)))", SourceKind::Module).loads;
    assert_eq!(found.specifiers[0].text, "./a.js");
    assert_eq!(found.computed.len(), 1);
}

#[test]
fn absolute_urls_left_in_strings_are_signs() {
    let source = "load('https://cdn.example/a.js');\nload(`//cdn.example/v${v}/b.js`); '\\x68ttps:\\/\\/x.example\\/f.woff2'; 'http://www.w3.org/2000/svg'";
    let found = read(source, SourceKind::Classic).loads.signs;
    let found: Vec<_> = found
        .iter()
        .map(|sign| match &sign.kind {
            SignKind::Url(url) => (url.text(), url.host(), url.seems(), sign.line),
            SignKind::OwnAddress(_) | SignKind::LoadByOwnAddress(_) => panic!("{sign:?}"),
        })
        .collect();
    let found: Vec<_> =
        found.iter().map(|(text, host, seems, line)| (*text, &**host, *seems, *line)).collect();
    assert_eq!(
        found,
        [
            ("https://cdn.example/a.js", "cdn.example", Seems::Script, 1),
            ("//cdn.example/v", "cdn.example", Seems::Beginning, 2),
            ("https://x.example/f.woff2", "x.example", Seems::Font, 2),
        ]
    );
}

#[test]
fn specifiers_are_no_signs() {
    let source = "import 'https://cdn.example/a.js'; import('https://cdn.example/b.js')";
    assert_eq!(read(source, SourceKind::Module).loads.signs, []);
}

#[test]
fn a_script_that_looks_for_itself_shows_a_sign() {
    for (source, sign) in [
        ("document.currentScript.src", OwnAddress::CurrentScript),
        ("document.getElementsByTagName('SCRIPT')", OwnAddress::ScriptElements),
        ("document.querySelector('script[src*=x]')", OwnAddress::ScriptElements),
        ("document.scripts[0]", OwnAddress::ScriptElements),
        ("const here = import.meta.url", OwnAddress::ImportMetaUrl),
        ("new URL('.', import.meta.url)", OwnAddress::OwnFolder),
        ("new URL('../assets/', import.meta.url)", OwnAddress::OwnFolder),
    ] {
        let found = read(source, SourceKind::Module).loads;
        let signs: Vec<_> = found.signs.iter().map(|sign| &sign.kind).collect();
        assert_eq!(signs, [&SignKind::OwnAddress(sign)], "{source}");
    }
    let used = "new URL('./a.wasm', import.meta.url); document.querySelector('scripted-thing')";
    assert_eq!(read(used, SourceKind::Module).loads.signs, []);
}

#[test]
fn a_base_is_named_by_the_form() {
    assert_eq!(Form::StaticImport.rule(), Rule::ModuleSpecifier);
    assert_eq!(Form::NewUrl(Purpose::Unknown).rule(), Rule::AgainstScript);
    assert_eq!(Form::Worker(WorkerType::Module).rule(), Rule::AgainstSettings);
    assert!(Form::DynamicImport.is_lazy() && !Form::ImportScripts.is_lazy());
}

#[test]
fn what_does_not_parse_says_where() {
    let error = scan(b"import './a.js';\nlet \xC3\xBC = import(;", SourceKind::Module).unwrap_err();
    assert_eq!((error.line, error.column), (2, 16), "{error}");
    assert!(!error.message.is_empty());
    assert!(scan(b"<!DOCTYPE html><script>import('x')</script>", SourceKind::Module).is_err());
}

#[test]
fn bytes_that_are_not_utf_8_shift_no_span() {
    let source = b"/* \xA9 1999 */ import './a.js'; import './\xFF.js'";
    let found = scan(source, SourceKind::Module).unwrap();
    assert_eq!(&source[found.literals[0].span.clone()], b"'./a.js'");
    assert_eq!(found.loads.specifiers[1].text, "./\u{FFFD}.js");
    assert_eq!(&source[found.literals[1].span.clone()], b"'./\xFF.js'");
}

#[test]
fn deep_nesting_is_read_or_refused_but_never_a_crash() {
    let n = 20_000;
    let wrapped = |open: &str, inside: &str, close: &str| {
        format!("{}{inside}{}", open.repeat(n), close.repeat(n))
    };
    for source in [
        wrapped("(", "import('a')", ")"),
        wrapped("[", "import('a')", "]"),
        wrapped("{", "import('a')", "}"),
        wrapped("({m(){", "import('a')", "}})"),
        wrapped("`${", "import('a')", "}`"),
        wrapped("!", "import('a')", ""),
        wrapped("x=>", "import('a')", ""),
        wrapped("a=", "import('a')", ""),
        wrapped("a?b:", "import('a')", ""),
        wrapped("if(a)b;else ", "import('a')", ""),
        wrapped("do ", "import('a');", "while(1);"),
        wrapped("new ", "x;import('a')", ""),
        wrapped("typeof\u{A0}", "import('a')", ""),
        format!("import('a'){}", "+1".repeat(n)),
        format!("import('a'){}", ".b".repeat(n)),
        format!("import('a'){}", "()".repeat(n)),
        format!("x={{}}/'/{}import('a')", "(".repeat(n)),
        format!("x={{}}\n/['\"`]/;{}import('a')", "(".repeat(n)),
        format!("import('a'){}", "(".repeat(n)),
    ] {
        let error = scan(source.as_bytes(), SourceKind::Module).unwrap_err();
        assert!(error.message.contains("nest"), "{error}");
    }
}

#[test]
fn nesting_as_deep_as_is_read_fits_the_stack() {
    let deep = |open: &str, inside: &str, close: &str, n: usize| {
        format!("{}{inside}{}", open.repeat(n), close.repeat(n))
    };
    for (source, kind) in [
        (deep("(", "import('a')", ")", 4900), SourceKind::Module),
        (deep("[", "import('a')", "]", 4900), SourceKind::Module),
        (deep("{", "import('a')", "}", 4900), SourceKind::Module),
        (deep("!", "import('a')", "", 9900), SourceKind::Module),
        (deep("a=", "import('a')", "", 9900), SourceKind::Module),
        (deep("x=>", "import('a')", "", 4900), SourceKind::Module),
        (deep("a?b:", "import('a')", "", 4900), SourceKind::Module),
        (deep("if(a)b;else ", "import('a')", "", 2000), SourceKind::Module),
        (deep("({m(){", "import('a')", "}})", 1200), SourceKind::Module),
        (deep("({[", "import('a')", "]:1})", 1200), SourceKind::Module),
        (deep("(function(a=", "import('a')", "){})", 1200), SourceKind::Module),
        (deep("[x=", "import('a')", "]", 3000), SourceKind::Module),
        (deep("class A extends(", "import('a')", "){}", 1500), SourceKind::Module),
        (deep("`${", "import('a')", "}`", 3000), SourceKind::Module),
        (deep("with(a)", "import('a')", "", 3000), SourceKind::Classic),
        (format!("import('a'){}", "+1".repeat(4900)), SourceKind::Module),
        (format!("import('a'){}", ".b".repeat(9000)), SourceKind::Module),
        (format!("import('a'){}", "()".repeat(4900)), SourceKind::Module),
    ] {
        let found = scan(source.as_bytes(), kind);
        let found = found.unwrap_or_else(|error| panic!("{source:.40}: {error}"));
        assert_eq!(found.loads.specifiers.len(), 1, "{source:.40}");
    }
}

#[test]
fn what_ends_the_parser_ends_the_nesting() {
    for source in ["do x; y;", "do x; if(a) ", "x={} y;", "(]", "1in 1", "a:b:;", "\u{A0}else x;"] {
        let source = format!("import('a');{}", source.repeat(40_000));
        let _ = scan(source.as_bytes(), SourceKind::Classic);
    }
}

#[test]
fn a_long_flat_file_is_not_deep() {
    let statements = "a.b(c,function(){return d+e});if(x)y();else z();\n".repeat(20_000);
    let no_semicolons = "function f(){return [1,2]}".repeat(20_000);
    let table = format!("x={{{}}}", "'k':[1,2,{a:1}],".repeat(50_000));
    for source in [statements, no_semicolons, table] {
        let source = format!("{source};import('a')");
        let found = scan(source.as_bytes(), SourceKind::Module);
        assert_eq!(found.unwrap().loads.specifiers.len(), 1, "{source:.40}");
    }
}

#[test]
fn rewriting_keeps_the_quotes_and_every_other_byte() {
    let source = "import './a.js'; // './a.js'\nimport(`./b.js`);export*from\"./c.js\"";
    let found = read(source, SourceKind::Module).literals;
    let edits: Vec<_> = found
        .iter()
        .enumerate()
        .map(|(index, found)| Edit::new(found.span.clone(), format!("../{index}.js")))
        .collect();
    assert_eq!(
        String::from_utf8(rewrite(source.as_bytes(), &edits).unwrap()).unwrap(),
        "import '../0.js'; // './a.js'\nimport(`../1.js`);export*from\"../2.js\""
    );
    assert_eq!(rewrite(source.as_bytes(), &[]).unwrap(), source.as_bytes());
}

#[test]
fn a_new_specifier_cannot_leave_its_literal_or_its_page() {
    let evil = "'\"`${x}\\\n\u{2028}</script><!--]]>ü\u{1F600}\0";
    for quote in ["'", "\"", "`"] {
        let source = format!("import({quote}./a.js{quote})");
        let (_, found) = only(&source, SourceKind::Module);
        let edit = Edit::new(found.span, evil.to_owned());
        let edited = rewrite(source.as_bytes(), &[edit]).unwrap();
        let edited = String::from_utf8(edited).unwrap();
        assert!(edited.is_ascii() && !edited.contains('<') && !edited.contains('>'), "{edited}");
        assert_eq!(only(&edited, SourceKind::Module).0.text, evil);
    }
}

#[test]
fn edits_of_another_source_are_refused() {
    let source = b"import './a.js'";
    let no_literal = rewrite(source, &[Edit::new(0..6, "x".into())]);
    assert_eq!(no_literal, Err(EditError::NoLiteral { start: 0, end: 6 }));
    assert!(rewrite(source, &[Edit::new(7..99, "x".into())]).is_err());
    let twice = [Edit::new(7..15, "x".into()), Edit::new(7..15, "y".into())];
    assert_eq!(rewrite(source, &twice), Err(EditError::Overlap { at: 7 }));
}
