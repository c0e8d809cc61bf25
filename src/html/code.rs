//! What the text of a script may load, told without parsing it.
//!
//! Whatever loads modules or workers is read by others, so here it is found too often rather than
//! missed (ECMA-262 13.3.10, import calls, and 16.2, modules; HTML 10.2.6.3, dedicated workers).

use std::sync::LazyLock;

use memchr::memmem;

/// How much white space and comments are read between `import` and `(`; with more it counts.
const CALL_WINDOW: usize = 1024;

/// Made once: most scripts are shorter than the making of a finder takes.
static IMPORT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("import"));
static EXPORT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("export"));
static WORK: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("Work"));

/// Whether a classic script may load modules or workers.
pub(crate) fn may_load(code: &[u8]) -> bool {
    import_call(code).is_some() || worker(code).is_some()
}

/// Whether a module may import others before it runs, or export something: whether a declaration
/// of either kind begins where a statement may.
pub(crate) fn may_import(code: &[u8]) -> bool {
    let begins = |at: usize| {
        let (before, after) = code.split_at(at);
        let next = after.get(b"import".len());
        starts_statement(before)
            && next.is_none_or(|b| is_blank(b) || matches!(b, b'{' | b'*' | b'"' | b'\'' | b'/'))
    };
    [&IMPORT, &EXPORT].iter().any(|word| word.find_iter(code).any(begins))
}

/// Whether a statement may begin behind `before`. A semicolon may be missing where a line ends; in
/// SVG a script may begin behind `<![CDATA[` and `-->`. The parser lets a declaration pass wherever
/// a statement may stand.
fn starts_statement(before: &[u8]) -> bool {
    let length = before.iter().rposition(|byte| !is_blank(byte)).map_or(0, |last| last + 1);
    let ends_line = |byte: &u8| matches!(byte, b'\n' | b'\r') || !byte.is_ascii();
    before[length..].iter().any(ends_line)
        || matches!(
            before[..length].last(),
            None | Some(b';' | b':' | b')' | b'}' | b'/' | b'[' | b'>')
        )
        || [&b"else"[..], b"do"].iter().any(|word| before[..length].ends_with(word))
}

/// Where `import(` is first written, or `import.defer(`, with white space and comments between.
pub(super) fn import_call(code: &[u8]) -> Option<usize> {
    IMPORT
        .find_iter(code)
        .find(|at| is_word_start(code, *at) && goes_on_to_call(&code[at + b"import".len()..]))
}

/// Where something that runs on its own is first started: `Worker`, `SharedWorker`, a service
/// worker or a worklet.
pub(super) fn worker(code: &[u8]) -> Option<usize> {
    WORK.find_iter(code).find(|at| {
        let (before, after) = code.split_at(*at);
        if let Some(after) = after.strip_prefix(b"Worklet") {
            return calls_method(after, b"addModule");
        }
        let Some(after) = after.strip_prefix(b"Worker") else { return false };
        if before.ends_with(b"service") {
            return calls_method(after, b"register");
        }
        let start = at - if before.ends_with(b"Shared") { b"Shared".len() } else { 0 };
        is_word_start(code, start) && !after.first().is_some_and(is_word)
    })
}

/// Whether `after` goes on with `.name` or `?.name`.
fn calls_method(after: &[u8], name: &[u8]) -> bool {
    let skip = |text: &[u8], skipped: &[u8]| {
        let is_skipped = |byte: &u8| is_blank(byte) || skipped.contains(byte);
        text.iter().position(|byte| !is_skipped(byte)).unwrap_or(text.len())
    };
    let after = &after[skip(after, b")?")..];
    let method = after.strip_prefix(b".").map(|method| &method[skip(method, b"")..]);
    // Between the two there may be comments.
    method.is_some_and(|method| method.starts_with(name) || method.starts_with(b"/"))
        || after.starts_with(b"/")
}

/// White space; whatever is not ASCII may be some, in some encoding.
pub(crate) fn is_blank(byte: &u8) -> bool {
    *byte <= b' ' || !byte.is_ascii()
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

fn is_word_start(code: &[u8], at: usize) -> bool {
    !code[..at].last().is_some_and(is_word)
}

fn goes_on_to_call(after: &[u8]) -> bool {
    let mut rest = &after[..after.len().min(CALL_WINDOW)];
    loop {
        let blank = rest.iter().position(|byte| !is_blank(byte)).unwrap_or(rest.len());
        rest = &rest[blank..];
        let comment = rest
            .strip_prefix(b"/*")
            .map(|text| memmem::find(text, b"*/").map(|end| &text[end + 2..]));
        match comment {
            Some(Some(after)) => rest = after,
            Some(None) => return after.len() > CALL_WINDOW,
            None => break,
        }
    }
    // Comments up to the line's end, in both of their forms, are reason enough.
    let calls: [&[u8]; 5] = [b"(", b".", b"//", b"<!--", b"-->"];
    calls.iter().any(|call| rest.starts_with(call))
        || (rest.len() < b"<!--".len() && after.len() > CALL_WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_a_worker_is_found() {
        for code in [
            "new Worker('a.js')",
            "new window.SharedWorker('a.js')",
            "navigator.serviceWorker.register('/sw.js')",
            "navigator.serviceWorker\n  ?. register('/sw.js')",
            "navigator.serviceWorker/* */.register('/sw.js')",
            "(navigator.serviceWorker ) .register('/sw.js')",
            "CSS.paintWorklet.addModule('a.js')",
        ] {
            assert!(may_load(code.as_bytes()), "{code}");
        }
        for code in [
            "var MyWorker, Workers, CoWorker2, Working",
            "'serviceWorker' in navigator",
            "navigator.serviceWorker.getRegistrations()",
            "ctx.audioWorklet",
        ] {
            assert!(!may_load(code.as_bytes()), "{code}");
        }
    }

    #[test]
    fn declarations_begin_where_statements_do() {
        for code in [
            "import a from 'a'",
            "import'a'",
            "'use strict'\nexport * from 'a'",
            "a();export{b}",
            "{}export default 1",
            "/* a */ import {b} from 'b'",
            "\u{FEFF}import * as a from 'a'",
            "a\u{2028}export const b = 1",
        ] {
            assert!(may_import(code.as_bytes()), "{code}");
        }
        for code in ["please import and", "exports.a", "a.import", "({import: 1})", "a.exports = b"]
        {
            assert!(!may_import(code.as_bytes()), "{code}");
        }
    }
}
