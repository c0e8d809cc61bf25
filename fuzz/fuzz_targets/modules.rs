//! The specifiers of a script are literals that can be replaced: what is written there is what a
//! second scan finds, in the same places and forms.
#![no_main]

use std::collections::BTreeMap;

use inhouse::internals::graph::{
    js, literal,
    module_scan::{Quote, SourceKind},
};
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
        for specifier in &found.specifiers {
            let literal = &source[specifier.span.clone()];
            let quote = match specifier.quote {
                Quote::Double => b'"',
                Quote::Single => b'\'',
                Quote::Template => b'`',
            };
            assert!(literal.len() >= 2 && literal.starts_with(&[quote]) && literal.ends_with(&[quote]));
            let text = format!("/vendor/{}'\"`\\${{x}}.js", specifier.span.start);
            edits.insert(specifier.span.start, literal::Edit::new(specifier.span.clone(), text));
        }
        let edits: Vec<_> = edits.into_values().collect();
        let edited = literal::rewrite(source, &edits).expect("every specifier is a literal");
        let again = js::scan(&edited, kind).expect("the edited script is one");
        assert_eq!(again.specifiers.len(), found.specifiers.len());
        for (before, after) in found.specifiers.iter().zip(&again.specifiers) {
            assert_eq!(after.text, format!("/vendor/{}'\"`\\${{x}}.js", before.span.start));
            assert_eq!(after.form, before.form);
        }
    }
});
