//! The licence comment that a script starts with.

/// How much of a file is looked at, in bytes.
const MAX_LENGTH: usize = 64 << 10;
/// What a comment about the licence says, in lower case. Minifiers keep comments for the first three.
const SIGNS: [&str; 6] = ["/*!", "@license", "@preserve", "licence", "license", "copyright"];

/// The comments about the licence that `bytes` start with.
pub(super) fn licence_comment(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_LENGTH)]);
    let start = start.replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = start.trim_start_matches('\u{feff}').trim_start();
    let mut found = Vec::new();
    while let Some((comment, after)) = split_comment(rest) {
        if is_about_licence(comment) {
            found.push(plain(comment));
        }
        rest = after.trim_start();
    }
    (!found.is_empty()).then(|| found.join("\n"))
}

/// The comment that `text` starts with, and what follows. Lines of `//` below each other are one comment.
fn split_comment(text: &str) -> Option<(&str, &str)> {
    if text.starts_with("/*") {
        let end = text.get(2..)?.find("*/")? + 4;
        return Some(text.split_at(end));
    }
    let lines = text.split_inclusive('\n').take_while(|line| line.trim_start().starts_with("//"));
    let end = lines.map(str::len).sum();
    (end > 0).then(|| text.split_at(end))
}

fn is_about_licence(comment: &str) -> bool {
    let comment = comment.to_ascii_lowercase();
    SIGNS.iter().any(|sign| comment.contains(sign))
}

fn plain(comment: &str) -> String {
    let is_plain = |c: &char| matches!(c, '\n' | '\t') || !c.is_control();
    comment.trim_end().chars().filter(is_plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(text: &str) -> Option<String> {
        licence_comment(text.as_bytes())
    }

    #[test]
    fn comments_about_the_licence_are_taken_and_others_are_not() {
        assert_eq!(comment("/*! lib v1 */var a").unwrap(), "/*! lib v1 */");
        assert_eq!(comment(" \n/* @license MIT */ a").unwrap(), "/* @license MIT */");
        assert_eq!(comment("// Copyright me\n// MIT\nx").unwrap(), "// Copyright me\n// MIT");
        assert_eq!(comment("/* eslint */\n/*! a */\n/* b */ x").unwrap(), "/*! a */");
        assert_eq!(comment("\u{feff}/*! a */// License: b\nx").unwrap(), "/*! a */\n// License: b");
        for none in ["", "var a /*! late */", "/* nothing */", "/*! open", "/", "// x"] {
            assert_eq!(comment(none), None, "{none}");
        }
    }

    #[test]
    fn a_comment_keeps_its_lines_but_no_control_character() {
        assert_eq!(comment("/*!\r\n * a\u{1b}[31m\r\n */x").unwrap(), "/*!\n * a[31m\n */");
    }

    #[test]
    fn a_comment_without_a_near_end_is_left_in_its_file() {
        assert_eq!(comment(&format!("/*! {} */", "ü".repeat(MAX_LENGTH))), None);
    }
}
