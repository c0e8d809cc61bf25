//! Laws of the scanner and of edits, over random scripts made of whatever is easily read wrong.

use inhouse::internals::{
    graph::import_map::ImportMapText,
    js::{
        Scan, SourceKind,
        literal::{Edit, rewrite},
        scan,
    },
};
use proptest::prelude::*;
use url::Url;

/// A string as a script may hold it, with its value.
fn literal() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "./",
        "../",
        "a",
        "b.js",
        "\\x2e",
        "\\u{1F600}",
        "é",
        "日",
        "\\'",
        "\\\"",
        "\\`",
        "\\\\",
        "\\n",
        "?q=1",
        "#f",
        "%20",
        "</script",
        "<!--",
        "$",
        "\\\n",
        " ",
    ]);
    let quote = prop::sample::select(vec!["'", "\""]);
    (prop::collection::vec(piece, 0..6), quote)
        .prop_map(|(pieces, quote)| format!("{quote}{}{quote}", pieces.concat()))
}

/// One statement, with or without a specifier.
fn statement() -> impl Strategy<Value = String> {
    let form = prop::sample::select(vec![
        "import Q;",
        "import a from Q\n",
        "import{b as c}from/*'x'*/Q;",
        "export*from Q;",
        "export {} from Q;\r\n",
        "import(Q);",
        "void import(Q, {with: {type: 'json'}});",
        "new URL(Q, import.meta.url);",
        "new Worker(Q);",
        "import.meta.resolve(Q);",
        "'Q';",
        "/* import Q */;",
        "// import Q\n",
        "`import ${import(Q)}`;",
        "/import 'x'/.test(Q);",
        "if (1) { import(Q) }\n/re'/.test(1);",
        "é = Q;",
        "import(Q ? Q : x);",
        "x = {import: Q};",
        "/* \u{2028} */",
        "class A { #a = Q }",
    ]);
    (form, literal()).prop_map(|(form, literal)| {
        if form.contains("'Q'") || form.contains("/* import") || form.contains("// import") {
            form.to_owned()
        } else {
            form.replace('Q', &literal)
        }
    })
}

fn module() -> impl Strategy<Value = String> {
    let start =
        prop::sample::select(vec!["", "\u{FEFF}", "#!/usr/bin/env node\n", "\u{FEFF}// é\r\n"]);
    (start, prop::collection::vec(statement(), 0..8))
        .prop_map(|(start, statements)| format!("{start}{}", statements.concat()))
}

fn kind() -> impl Strategy<Value = SourceKind> {
    prop::sample::select(vec![
        SourceKind::Module,
        SourceKind::Classic,
        SourceKind::Worker { module: true },
        SourceKind::Worker { module: false },
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_rescan_finds_what_was_written_and_nothing_else_changed(
        source in module(),
        texts in prop::collection::vec("\\PC{0,12}|[`'\"\\\\${}</script>!\u{2028}\r\n-]{0,12}", 16),
    ) {
        let Ok(found) = scan(source.as_bytes(), SourceKind::Module) else { return Ok(()) };
        let edits: Vec<_> = found
            .literals
            .iter()
            .zip(texts.iter().cycle())
            .enumerate()
            .filter(|(index, _)| index % 3 != 2)
            .map(|(_, (literal, text))| Edit::new(literal.span.clone(), format!("./x{text}.js")))
            .collect();
        let edited = rewrite(source.as_bytes(), &edits).unwrap();
        let rescan = scan(&edited, SourceKind::Module).unwrap();
        let mut expected = found.clone();
        for (edit, specifier) in edits.iter().filter_map(|edit| {
            let index = expected.literals.iter().position(|one| one.span.start == edit.start)?;
            Some((edit, index))
        }).collect::<Vec<_>>() {
            expected.loads.specifiers[specifier].text.clone_from(&edit.text);
        }
        let seen = |scan: &Scan| -> Vec<_> {
            scan.specifiers()
                .map(|(s, literal)| (s.text.clone(), s.form, literal.quote, s.module_type.clone()))
                .collect()
        };
        prop_assert_eq!(seen(&rescan), seen(&expected));
        // Cut the literals out of both: the rest is the same.
        let rest = |bytes: &[u8], scan: &Scan| {
            let mut rest = Vec::new();
            let mut done = 0;
            for literal in &scan.literals {
                rest.extend_from_slice(&bytes[done..literal.span.start]);
                done = literal.span.end;
            }
            rest.extend_from_slice(&bytes[done..]);
            rest
        };
        prop_assert_eq!(rest(&edited, &rescan), rest(source.as_bytes(), &found));
    }

    #[test]
    fn no_bytes_make_the_scanner_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        kind in kind(),
    ) {
        let mut source = b"import ".to_vec();
        source.extend(bytes);
        let _ = scan(&source, kind);
    }

    #[test]
    fn no_mutation_of_a_script_makes_the_scanner_panic(
        source in module(),
        kind in kind(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut source = source.into_bytes();
        for (index, byte) in cuts {
            if !source.is_empty() {
                let at = index.index(source.len());
                if byte % 3 == 0 { source.remove(at); } else { source[at] = byte; }
            }
        }
        if let Ok(found) = scan(&source, kind) {
            for literal in found.literals {
                let literal = &source[literal.span];
                prop_assert_eq!(literal.first(), literal.last());
            }
        }
    }

    #[test]
    fn no_text_makes_the_import_map_panic(text in "[{}\\[\\]\":,a-z/\\\\. 0-9\n]{0,80}|\\PC{0,60}") {
        let base = Url::parse("https://site.example/").unwrap();
        if let Ok(map) = ImportMapText::parse(&text) {
            map.meaning(&base);
            prop_assert_eq!(map.apply(&[]), text.clone());
        }
    }

    #[test]
    fn integrity_is_added_to_any_map(
        before in "[ \n\t]{0,3}", inside in "[ \r\n\t]{0,4}", own in prop::sample::select(vec![
            "", "\"x\": [\"}\", {\"integrity\": 1}]", "\"imports\": {\"a\": \"/a.js\"}", "\"integrity\": {}",
            "\"integrity\": { \n \"/a.js\" : \"sha384-x\" }", "\"integrity\": {\"/b.js\":\"sha384-x\"}, \"x\": 1",
        ]),
    ) {
        let base = Url::parse("https://site.example/").unwrap();
        let text = format!("{before}{{{inside}{own}{inside}}}{before}");
        let map = ImportMapText::parse(&text).unwrap();
        let entries = ["/b.js", "/c.js"].map(|url| (url.to_owned(), "sha384-new".to_owned()));
        let edit = map.add_integrity(&base, &entries).unwrap();
        let edited = map.apply(&[edit]);
        let (now, _) = ImportMapText::parse(&edited).unwrap().meaning(&base);
        let (then, _) = map.meaning(&base);
        prop_assert_eq!(now.imports(), then.imports());
        for (url, integrity) in then.integrity() {
            prop_assert_eq!(&now.integrity()[url], integrity);
        }
        prop_assert!(now.integrity().contains_key("https://site.example/b.js"));
        prop_assert!(now.integrity().contains_key("https://site.example/c.js"));
    }
}
