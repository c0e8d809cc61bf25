//! Laws of the shortcuts, which only this room can see.

use proptest::prelude::*;

use super::{ModuleScan, SourceKind, js, nesting, worth};

/// Pieces that scripts are made of, with all that the shortcuts look for, and much that fools them.
fn script(pieces: usize) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "import",
        "export",
        "from",
        "Worker",
        "URL",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "'a'",
        "\"b\"",
        "`c`",
        "`${",
        "}`",
        "/",
        "//",
        "/*",
        "*/",
        "\n",
        " ",
        ";",
        ",",
        ".",
        "=",
        "=>",
        "a",
        "b",
        "new ",
        "import('x')",
        "W\\u006frker",
        "new W\\u006frker('x')",
        "\\",
        "'https://c.example/'",
        "'\\x68ttps:\\/\\/c.example/'",
        "'//c.example/x.js'",
        "if(a)",
        "else ",
        "++",
        "--",
        "<!--",
        "-->",
        "/[/'\"]/",
        "/x/g",
        "return",
        "typeof ",
        "export ",
        "import a from'b'",
        "navigator.serviceWorker",
        ".register(",
        "querySelector",
        "'script'",
        "<a b=",
        "<a b=\"c\" d=",
        "\"https://c.example/\"",
        "await ",
        "1",
        "1.",
        "é",
        "\u{2028}",
        "document.currentScript",
        "document.scripts",
        "'",
        "\"",
        "`",
        "import.meta.url",
        "?",
        ":",
        "function f(){}",
        "class A{}",
        "do ",
        "while(1)",
        "#",
        "@",
        "!",
        "&&",
        "\u{FEFF}",
        "\r",
    ]);
    prop::collection::vec(piece, 0..pieces).prop_map(|pieces| pieces.concat())
}

/// A script that gives a string to somebody, with pieces that make an address, or only seem to.
fn script_with_string() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "http:",
        "HTTPS:",
        "//",
        r"\/\/",
        r"\/",
        "/",
        "www.w3.org",
        "a.example",
        "/2000/svg",
        "/x.js",
        "<script",
        "<img src=",
        "<a href=\"",
        "<a b='c' href='",
        "<link href='",
        "url(",
        "@import ",
        "from ",
        r#"\""#,
        "=",
        ">",
        "<",
        ")",
        " ",
        "\u{2028}",
        r"\n",
        r"\t",
        r"\x20",
        r"\u2003",
        r"\u{a0}",
        r"\x68",
        r"ttp:",
        r"\72",
        r"\x2f",
        r"\u{22}",
        r"\x3cscript",
        ".js",
        r"\\",
        "\\\n",
        "script",
        "é",
        "1",
        "a",
        "?",
        "#",
        "%",
        "@",
    ]);
    let text = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    let taker = prop::sample::select(vec![
        "f(",
        "document.querySelector(",
        "document.querySelectorAll (/* */",
        "document?.getElementsByTagName(\n",
        "(",
        "f(`${a}` + ",
        "(a<b, ",
        "(a<a b=",
    ]);
    let quote =
        prop::sample::select(vec![("'", "'"), ("\"", "\""), ("`", "`"), ("`${a}", "${a}`")]);
    (taker, quote, text)
        .prop_map(|(taker, (open, close), text)| format!("{taker}{open}{text}{close})"))
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
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_not_worth_parsing_has_nothing(
        source in prop_oneof![script(40), script_with_string()],
        kind in kind(),
    ) {
        if !worth::is_worth_parsing(source.as_bytes())
            && let Ok(found) = js::parse(source.as_bytes(), kind)
        {
            prop_assert_eq!(found, ModuleScan::default());
        }
    }

    #[test]
    fn nothing_before_it_hides_nesting(before in script(8), depth in 1_usize..50) {
        if js::parse(before.as_bytes(), SourceKind::Classic).is_ok() {
            let source = format!("{before}\n;{}1{}", "([".repeat(depth), "])".repeat(depth));
            let bound = nesting::bound(&source);
            prop_assert!(bound > 4 * depth, "{bound}");
            prop_assert!(bound <= 2 + 3 * source.len(), "{bound}");
        }
    }
}
