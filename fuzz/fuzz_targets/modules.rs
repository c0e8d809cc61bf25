//! The specifiers of a script are literals that can be replaced: what is written there is what a
//! second scan finds, in the same places and forms.
#![no_main]

use std::collections::BTreeMap;

use inhouse::internals::js::{self, SourceKind, literal};
use libfuzzer_sys::fuzz_target;

fn seeds() {
    inhouse_fuzz::plant([
        "import a from './a.js'; import { b as c } from \"https://h/b.js\"; export * from '/c.js';",
        "const m = await import(`./d.js`); new Worker(new URL('w.js', import.meta.url), { type: 'module' });",
        "importScripts('a.js', \"b.js\"); import x from '\\u002e/e.js' with { type: 'json' }; import('./' + n);",
        "document.currentScript.src; `${import('x')}`; /import('a')/; // import 'b'\n<!-- html\n",
    ]);
}

const KINDS: [SourceKind; 4] = [
    SourceKind::Classic,
    SourceKind::Module,
    SourceKind::Worker { module: false },
    SourceKind::Worker { module: true },
];

fuzz_target!(init: seeds(), |source: &[u8]| {
    for kind in KINDS {
        let Ok(found) = js::scan(source, kind) else { continue };
        let mut edits = BTreeMap::new();
        for literal in &found.literals {
            let bytes = &source[literal.span.clone()];
            let quote = literal.quote.as_char() as u8;
            assert!(bytes.len() >= 2 && bytes.starts_with(&[quote]) && bytes.ends_with(&[quote]));
            let text = format!("/vendor/{}'\"`\\${{x}}.js", literal.span.start);
            edits.insert(literal.span.start, literal::Edit::new(literal.span.clone(), text));
        }
        let edits: Vec<_> = edits.into_values().collect();
        let edited = literal::rewrite(source, &edits).expect("every specifier is a literal");
        let again = js::scan(&edited, kind).expect("the edited script is one");
        assert_eq!(again.literals.len(), found.literals.len());
        for ((before, literal), (after, _)) in found.specifiers().zip(again.specifiers()) {
            assert_eq!(after.text, format!("/vendor/{}'\"`\\${{x}}.js", literal.span.start));
            assert_eq!(after.form, before.form);
        }
    }
});
