//! Every reader of HTML knows every entry of the vocabulary.

use encoding_rs::UTF_8;

use super::{
    vocabulary::{
        self, CONTENT, Content, ELEMENTS, Element, HREF, HTTP_EQUIV, Meaning, POLICY, REL_TOKENS,
        SRCDOC,
    },
    *,
};
use crate::asset::{Address, AssetKind, Markup};

const EXTERNAL: &str = "https://cdn.example/file";

/// A piece of markup that matters, and what a scan makes of it.
struct Example {
    page: String,
    /// The element that the tokenizers have to report.
    element: &'static str,
    found: Found,
}

enum Found {
    Kind(TagKind),
    InlineScript(ScriptType),
    /// A script behind it has this base.
    Base,
    /// A script inside it is in a template.
    Template,
    /// A script inside it is in a `srcdoc`.
    Srcdoc,
}

/// An example of each entry.
fn examples() -> Vec<Example> {
    let kinds = AssetKind::ALL.into_iter();
    let files = kinds.flat_map(|kind| kind.addresses().iter().map(move |at| of_file(kind, at)));
    files
        .chain(REL_TOKENS.iter().map(of_link))
        .chain(ELEMENTS.iter().flat_map(of_element))
        .collect()
}

fn of_file(kind: AssetKind, at: &Address) -> Example {
    let (r#type, script) = match kind {
        AssetKind::ClassicScript => ("", ScriptType::Classic),
        AssetKind::ModuleScript => (" type=module", ScriptType::Module),
    };
    let Address { element, attribute, .. } = at;
    let tag = format!("<{element}{type} {attribute}=\"{EXTERNAL}\"></{element}>");
    let (page, kind) = match at.markup {
        Markup::Html => (tag, TagKind::Script(script)),
        Markup::Svg => (format!("<svg>{tag}</svg>"), TagKind::SvgScript(script)),
    };
    Example { page, element, found: Found::Kind(kind) }
}

fn of_link(known: &vocabulary::RelToken) -> Example {
    let destination = known.r#as.map(|text| format!(" as={text}")).unwrap_or_default();
    let page = format!("<link rel={}{destination} {HREF}=\"{EXTERNAL}\">", known.token);
    Example { page, element: "link", found: Found::Kind(TagKind::Link(known.meaning)) }
}

fn of_element(element: &'static Element) -> Vec<Example> {
    let name = element.name;
    let script = format!("<script src='{EXTERNAL}'></script>");
    let all = match element.meaning {
        Meaning::Script => vec![
            (format!("<{name}>import('a')</{name}>"), Found::InlineScript(ScriptType::Classic)),
            (format!("<{name} type=module>a</{name}>"), Found::InlineScript(ScriptType::Module)),
            (
                format!("<{name} type=importmap>{{}}</{name}>"),
                Found::InlineScript(ScriptType::ImportMap),
            ),
        ],
        Meaning::Meta => vec![(
            format!("<{name} {HTTP_EQUIV}={POLICY} {CONTENT}=\"script-src 'self'\">"),
            Found::Kind(TagKind::MetaCsp),
        )],
        Meaning::Base => vec![(format!("<{name} {HREF}='{EXTERNAL}'>{script}"), Found::Base)],
        Meaning::Iframe => {
            vec![(format!("<{name} {SRCDOC}=\"{script}\"></{name}>"), Found::Srcdoc)]
        }
        Meaning::Template => vec![(format!("<{name}>{script}</{name}>"), Found::Template)],
        // Its entries are the tokens of `rel`.
        Meaning::Link => Vec::new(),
    };
    all.into_iter().map(|(page, found)| Example { page, element: name, found }).collect()
}

/// The page as it is, and in capitals.
fn spellings(example: &Example) -> [String; 2] {
    let shouted = example.page.replace(example.element, &example.element.to_uppercase());
    [example.page.clone(), shouted]
}

fn reports(events: &[token::event::Event], name: &str) -> bool {
    events.iter().any(|event| match event {
        token::event::Event::Element(element) => element.name == name,
        token::event::Event::ConditionalComment { .. } => false,
    })
}

#[test]
fn the_table_has_examples_of_all_its_elements() {
    let examples = examples();
    for element in &ELEMENTS {
        assert!(examples.iter().any(|example| example.element == element.name), "{element:?}");
    }
}

#[test]
fn the_prefilter_knows_every_entry() {
    for example in examples() {
        for page in spellings(&example) {
            assert_ne!(reach(page.as_bytes(), Dialect::Html, None), Reach::Nothing, "{page}");
            assert!(!has_nothing(page.as_bytes(), None).unwrap(), "{page}");
        }
    }
}

#[test]
fn every_tokenizer_knows_every_entry() {
    for example in examples() {
        for page in spellings(&example) {
            let name = example.element;
            let reported = token::by_each(page.as_bytes());
            assert!(reported.iter().all(|events| reports(events, name)), "{page}");
            for events in reported {
                let confirmed = token::confirm::confirm(page.as_bytes(), UTF_8, &events);
                assert_eq!(confirmed, Ok(()), "{page}");
            }
            assert!(token::may_be_reported(page.as_bytes()), "{page}");
        }
    }
}

#[test]
fn the_fast_tokenizer_reads_what_is_not_for_tree_construction() {
    for example in examples().iter().filter(|example| !example.page.contains("svg")) {
        let is_for_others = vocabulary::element(example.element.as_bytes())
            .is_some_and(|element| element.content == Content::Elements);
        let read = token::by_each(example.page.as_bytes()).len();
        assert_eq!(read, if is_for_others { 1 } else { 2 }, "{}", example.page);
    }
}

#[test]
fn the_scan_knows_every_entry() {
    for example in examples() {
        for page in spellings(&example) {
            let scan = scan(page.as_bytes(), Dialect::Html).unwrap();
            let [tag] = &scan.tags[..] else { panic!("{} tags in {page}", scan.tags.len()) };
            match &example.found {
                Found::Kind(kind) => assert_eq!(tag.kind, *kind, "{page}"),
                Found::InlineScript(script) => assert!(
                    matches!(&tag.kind, TagKind::InlineScript { kind, .. } if kind == script),
                    "{page}"
                ),
                Found::Base => assert_eq!(tag.base.as_deref(), Some(EXTERNAL), "{page}"),
                Found::Template => assert!(tag.in_template, "{page}"),
                Found::Srcdoc => assert_eq!(tag.place, Place::Srcdoc, "{page}"),
            }
        }
    }
}
