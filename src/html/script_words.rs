//! Whether the text of a script holds the words without which it loads no modules and no workers.
//!
//! A short test that spares most scripts a parse. It knows no strings and no comments, so it finds
//! too much rather than too little: that costs a parse.

use std::sync::LazyLock;

use memchr::memmem;

/// Made once: most scripts are shorter than the making of a finder takes.
static IMPORT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("import"));
static EXPORT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("export"));
static WORK: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("Work"));

/// Whether a classic script may load modules or workers.
pub(crate) fn may_load(code: &[u8]) -> bool {
    import_call(code).is_some() || worker(code).is_some()
}

/// Whether a module may import others before it runs, or export something.
pub(crate) fn may_import(code: &[u8]) -> bool {
    let is_in = |word: &memmem::Finder<'_>| {
        word.find_iter(code).any(|at| is_word(code, at, word.needle().len()))
    };
    is_in(&IMPORT) || is_in(&EXPORT)
}

/// Where `import` is first written with something behind it that a call can begin with (ECMA-262
/// 13.3.10): `import(`, `import.defer(`, or a comment.
pub(super) fn import_call(code: &[u8]) -> Option<usize> {
    IMPORT.find_iter(code).find(|at| {
        let behind = &code[at + IMPORT.needle().len()..];
        let next = behind.iter().find(|byte| !is_blank(**byte));
        is_word(code, *at, IMPORT.needle().len())
            && next.is_some_and(|byte| matches!(byte, b'(' | b'.' | b'/' | b'<' | b'-'))
    })
}

/// Where something that runs on its own is first named: `Worker` or `SharedWorker`; a service
/// worker, if `register` follows; a worklet, if `addModule` does.
pub(super) fn worker(code: &[u8]) -> Option<usize> {
    let (mut register, mut add_module) = (Last::of("register"), Last::of("addModule"));
    WORK.find_iter(code).find(|at| {
        let (before, name) = code.split_at(*at);
        if name.starts_with(b"Worklet") {
            add_module.is_behind(*at, code)
        } else if !name.starts_with(b"Worker") {
            false
        } else if before.ends_with(b"service") {
            register.is_behind(*at, code)
        } else {
            let start = at - if before.ends_with(b"Shared") { b"Shared".len() } else { 0 };
            is_word(code, start, at - start + b"Worker".len())
        }
    })
}

/// The last place of a word, looked for at most once.
struct Last {
    word: &'static str,
    place: Option<Option<usize>>,
}

impl Last {
    fn of(word: &'static str) -> Self {
        Self { word, place: None }
    }

    fn is_behind(&mut self, at: usize, code: &[u8]) -> bool {
        let place = self.place.get_or_insert_with(|| memmem::rfind(code, self.word.as_bytes()));
        place.is_some_and(|place| place > at)
    }
}

/// White space; whatever is not ASCII may be some, in some encoding.
fn is_blank(byte: u8) -> bool {
    byte <= b' ' || !byte.is_ascii()
}

/// Whether the `length` bytes at `at` are a word, and not a part of one.
fn is_word(code: &[u8], at: usize, length: usize) -> bool {
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    !code[..at].last().is_some_and(goes_on) && !code[at + length..].first().is_some_and(goes_on)
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
    fn words_of_declarations_are_found_wherever_they_stand() {
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
        for code in ["important", "exports.a", "reimport", "a.exports = b"] {
            assert!(!may_import(code.as_bytes()), "{code}");
        }
    }
}
