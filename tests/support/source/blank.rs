//! Blanks out what is no code of the library: comments, literals, items under `#[cfg(test)]`.

/// `text` with blanks in place of comments, literals and test code. Line breaks stay.
pub fn blank(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + skipped(&text[at..], at.checked_sub(1).map(|before| bytes[before]));
        wipe(&mut bytes[at..end]);
        at = end.max(at + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    let mut code = String::from_utf8(bytes).unwrap();
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = start + item_length(&code[start..]);
        code.replace_range(start..end, &wiped(&code[start..end]));
    }
    code
}

/// The length of the comment or literal that starts here; 0 if none does.
fn skipped(rest: &str, before: Option<u8>) -> usize {
    let in_a_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => string(rest),
        [b'\'', ..] => character(rest),
        [b'r' | b'b', ..] if !in_a_word => raw_string(rest),
        _ => 0,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        match rest.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            Some(_) => at += 1,
            None => return rest.len(),
        }
        if depth == 0 {
            return at;
        }
    }
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |end| end + 2)
}

/// A character literal; a lifetime has no second quote in its place.
fn character(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(0, |end| end + 4),
        Some(_) => characters.next().filter(|(_, next)| *next == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}

/// `r"…"`, `r#"…"#` and the same with `b` before it.
fn raw_string(rest: &str) -> usize {
    let Some(marks) = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')) else { return 0 };
    let hashes = marks.len() - marks.trim_start_matches('#').len();
    if !marks[hashes..].starts_with('"') {
        return 0;
    }
    let start = rest.len() - marks.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    rest[start..].find(&close).map_or(rest.len(), |end| start + end + close.len())
}

/// The length of the attribute at the start of `code` and of the item it is on.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip("#[cfg(test)]".len()) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            b';' | b',' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn wipe(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

fn wiped(code: &str) -> String {
    code.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

#[test]
fn comments_literals_and_tests_are_blank() {
    for (text, code) in [
        ("a // b\nc", "a     \nc"),
        ("a /* /* b */ */ c", "a               c"),
        (r#"a("b\"c{") d"#, "a(       ) d"),
        (r###"a(r#"b"{"#) c"###, "a(        ) c"),
        ("f::<'a>('{', '\\'', '\\u{7b}')", "f::<'a>(   ,     ,         )"),
        ("a\n#[cfg(test)]\nmod tests;\nb", "a\n            \n          \nb"),
        ("#[cfg(test)]\nfn a(b: u8) { c() }\nd", "            \n                   \nd"),
    ] {
        assert_eq!(blank(text), code);
    }
}
