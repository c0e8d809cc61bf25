//! A law of the depth bound, which only this room can see.

use proptest::prelude::*;

use super::{SourceKind, depth_bound, scan};

/// Pieces that scripts are made of, among them what makes brackets hard to tell from text.
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_before_it_hides_nesting(before in script(8), depth in 1_usize..50) {
        if scan(before.as_bytes(), SourceKind::Classic).is_ok() {
            let source = format!("{before}\n;{}1{}", "([".repeat(depth), "])".repeat(depth));
            let bound = depth_bound::of(&source);
            prop_assert!(bound > 4 * depth, "{bound}");
            prop_assert!(bound <= 2 + 3 * source.len(), "{bound}");
        }
    }
}
