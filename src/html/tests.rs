//! What the room does for a page, as its callers see it.

use proptest::prelude::*;

use super::*;
use crate::{
    page::references,
    reference::{PageAddress, Target},
};

fn html(page: &str) -> Scan {
    scan(page.as_bytes(), Dialect::Html).unwrap()
}

fn addresses(scan: &Scan) -> Vec<&str> {
    scan.tags.iter().filter_map(Tag::address).collect()
}

fn set(attribute: &str, value: &str) -> Change {
    Change::Set { attribute: attribute.into(), value: value.into() }
}

fn unset(attribute: &str) -> Change {
    Change::Unset { attribute: attribute.into() }
}

/// Makes the same changes to every tag.
fn edited(page: &str, changes: &[Change]) -> String {
    let scan = html(page);
    let edits: Vec<_> =
        (0..scan.tags.len()).map(|tag| Edit { tag, changes: changes.to_vec() }).collect();
    String::from_utf8(apply(page.as_bytes(), &scan, &edits).unwrap()).unwrap()
}

#[test]
fn scripts_links_and_policies_are_reported_with_their_spans() {
    let page = "<!doctype html><meta http-equiv=Content-Security-Policy content=\"x\">\
        <link rel='x PRELOAD' as=Script href=a.js><link rel=modulepreload href=b.js>\
        <link rel=dns-prefetch href=//h><link rel=preload as=style href=c.css>\
        <link rel=stylesheet href=d.css><SCRIPT SRC=e.js></SCRIPT>";
    let scan = html(page);
    let kinds: Vec<_> = scan.tags.iter().map(|tag| tag.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            TagKind::MetaCsp,
            TagKind::Link(LinkRel::Preload),
            TagKind::Link(LinkRel::ModulePreload),
            TagKind::Link(LinkRel::Hint),
            TagKind::Script(ScriptType::Classic),
        ]
    );
    let script = &scan.tags[4];
    assert_eq!(&page[script.span.clone()], "<SCRIPT SRC=e.js>");
    assert_eq!(&page[script.element.clone().unwrap()], "<SCRIPT SRC=e.js></SCRIPT>");
    let src = script.attribute("src").unwrap();
    assert_eq!(&page[src.span.clone()], "SRC=e.js");
    assert_eq!(&page[src.value.as_ref().unwrap().span.clone()], "e.js");
    assert_eq!(scan.tags[1].element, Some(scan.tags[1].span.clone()));
}

#[test]
fn text_that_looks_like_a_script_is_none() {
    for name in ["noscript", "textarea", "title", "xmp", "iframe", "noframes", "style", "plaintext"]
    {
        assert!(
            html(&format!("<{name}><script src=a></script></{name}>")).tags.is_empty(),
            "{name}"
        );
    }
    assert!(html("<!-- <script src=a></script> -->").tags.is_empty());
    assert!(html("<math><script src=a></script></math>").tags.is_empty());
}

#[test]
fn an_address_reads_as_the_url_parser_should_see_it() {
    let scan = html("<script src=' https://h/?a=1&amp;b=2&copy=3\r\n' src=other></script>");
    assert_eq!(addresses(&scan), [" https://h/?a=1&b=2&copy=3\n"]);
    let page = b"<script src=\xE4></script><meta charset=iso-8859-1>";
    let scan = scan_html(page);
    assert_eq!((scan.encoding, addresses(&scan)), ("windows-1252", vec!["ä"]));
}

fn scan_html(page: &[u8]) -> Scan {
    scan(page, Dialect::Html).unwrap()
}

#[test]
fn svg_scripts_load_by_href_before_xlink_href() {
    let scan = html(
        "<svg><script src=no xlink:href=b href=a></script><script xlink:href=c /><script src=no></script></svg>",
    );
    assert_eq!(addresses(&scan), ["a", "c"]);
    assert!(scan.tags.iter().all(|tag| tag.kind == TagKind::SvgScript(ScriptType::Classic)));
    assert_eq!(scan.tags[1].element, Some(scan.tags[1].span.clone()));
}

#[test]
fn data_blocks_are_remarks_and_never_tags() {
    let scan =
        html("<script type=text/template src=a></script><script type=importmap src=b></script>");
    assert!(scan.tags.is_empty());
    let parked = |src: &str, r#type: &str, span| Remark::ParkedScript {
        src: src.into(),
        r#type: r#type.into(),
        span,
    };
    assert_eq!(
        scan.remarks,
        [parked("a", "text/template", 0..33), parked("b", "importmap", 42..71)]
    );
}

#[test]
fn inline_modules_and_import_maps_come_with_their_text() {
    let page =
        "<script type=importmap>{}</script><script type=module>a\r\nb</script><script>c</script>";
    let scan = html(page);
    let inline: Vec<_> = scan
        .tags
        .iter()
        .map(|tag| match &tag.kind {
            TagKind::InlineScript { kind, content, text } => {
                (kind.clone(), &page[content.clone()], text.as_str())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        inline,
        [(ScriptType::ImportMap, "{}", "{}"), (ScriptType::Module, "a\r\nb", "a\nb")]
    );
}

fn inline_text(scan: &Scan, tag: usize) -> &str {
    match &scan.tags[tag].kind {
        TagKind::InlineScript { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

/// Replaces `old` in the inline script of the page's only tag.
fn try_splice(page: &[u8], dialect: Dialect, old: &str, new: &str) -> Result<String, SpliceError> {
    let scan = scan(page, dialect).unwrap();
    let start = inline_text(&scan, 0).find(old).unwrap();
    let change = Change::Splice { span: start..start + old.len(), text: new.into() };
    let edited = apply(page, &scan, &[Edit { tag: 0, changes: vec![change] }])?;
    Ok(String::from_utf8(edited).unwrap())
}

fn spliced(page: &str, old: &str, new: &str) -> String {
    try_splice(page.as_bytes(), Dialect::Html, old, new).unwrap()
}

#[test]
fn all_inline_classic_scripts_are_reported_if_that_is_asked_and_edits_are_verified_with_them() {
    let page = "<script>f('a')</script><script type=text/x>b</script><script>g()</script>";
    assert!(scan(page.as_bytes(), Dialect::Html).unwrap().tags.is_empty());
    let all = scan_with_all_scripts(page.as_bytes(), Dialect::Html).unwrap();
    assert_eq!([inline_text(&all, 0), inline_text(&all, 1)], ["f('a')", "g()"]);
    let change = Change::Splice { span: 2..5, text: "b".into() };
    let edit = Edit { tag: 0, changes: vec![change] };
    let edited = apply(page.as_bytes(), &all, &[edit]).unwrap();
    assert_eq!(edited, page.replace("f('a')", "f(b)").into_bytes());
}

#[test]
fn inline_classic_scripts_are_reported_only_if_they_may_load_modules() {
    let reported = |code: &str| {
        let scan = html(&format!("<script>{code}</script>"));
        scan.tags.iter().for_each(|tag| {
            assert!(matches!(tag.kind, TagKind::InlineScript { kind: ScriptType::Classic, .. }))
        });
        scan.tags.len() == 1
    };
    for code in [
        "import('a')",
        "f(...import /* a */ \n /**/ ('a'))",
        "import// a\n('a')",
        "import\u{a0}('a')",
        "import.defer('a')",
        "new Worker('a')",
        "new window . SharedWorker ( 'a' )",
        &format!("import {} ('a')", "/* long */".repeat(1000)),
        &format!("import {} ('a')", " ".repeat(2000)),
        "import /* never closed (",
    ] {
        assert!(reported(code), "{code}");
    }
    for code in [
        "",
        "reimport('a')",
        "navigator.serviceWorker.getRegistrations()",
        "s = '!important'",
        "WorkerGlobalScope",
        "x = 'import'",
        "importScripts('a')",
        "import",
    ] {
        assert!(!reported(code), "{code}");
    }
    for r#type in ["text/template", "application/json", "speculationrules"] {
        assert!(html(&format!("<script type={type}>import('a')</script>")).tags.is_empty());
    }
    let svg = |tag: &str, code: &str| html(&format!("<svg><{tag}>{code}</script></svg>"));
    for (tag, code) in [("script", "import('a')"), ("script type=module", "import 'a'")] {
        let scan = svg(tag, code);
        assert!(scan.tags.is_empty(), "its text is markup");
        assert!(matches!(scan.remarks[..], [Remark::SvgInline { .. }]), "{tag}");
    }
    assert!(svg("script", "import 'a'").remarks.is_empty());
    assert!(svg("script type=module", "let a = 1").remarks.is_empty());
    assert!(html("<script>import('a')").tags.is_empty(), "browsers do not run what has no end");
}

#[test]
fn a_part_of_an_inline_script_is_replaced_and_nothing_else() {
    let page = "<p>\r\n<script type=module>\r\n\timport 'a';\r\n\timport \"b\"\r\n</script >\r\n";
    assert_eq!(spliced(page, "'a'", "'./v/a.js'"), page.replace("'a'", "'./v/a.js'"));
    assert_eq!(spliced(page, "\"b\"", "\"x\""), page.replace("\"b\"", "\"x\""));
    assert_eq!(spliced(page, "'a'", "'a'"), page);
    let page = "<script type=importmap>{\0\"a\": \"ä\"}</script>";
    assert_eq!(spliced(page, "\"ä\"", "\"b\""), page.replace('ä', "b"));
    let page = "<!--[if IE]><script>import('a')</script><![endif]-->";
    assert_eq!(spliced(page, "'a'", "'b--'"), page.replace("'a'", "'b--'"));
}

#[test]
fn line_feeds_in_new_script_text_become_the_line_ends_of_the_page() {
    let page = "<p>\r\n<script type=importmap>{\r\n}</script>";
    assert_eq!(spliced(page, "}", ",\n\t}"), page.replace('}', ",\r\n\t}"));
    let page = "<p>\n<iframe srcdoc='<script type=importmap>{\n}</script>'></iframe>";
    assert_eq!(spliced(page, "}", ",\n}"), page.replace('}', ",&#10;}"));
}

#[test]
fn many_parts_of_one_script_change_at_once_but_not_one_part_twice() {
    let page = b"<script type=module defer>import 'a';import 'b'</script>";
    let scan = scan_html(page);
    let splice = |span, text: &str| Change::Splice { span, text: text.into() };
    let changed =
        |changes: &[Change]| apply(page, &scan, &[Edit { tag: 0, changes: changes.into() }]);
    let changes = [splice(18..21, "'y'"), unset("defer"), splice(7..10, "'x'"), splice(0..0, ";")];
    assert_eq!(changed(&changes).unwrap(), b"<script type=module>;import 'x';import 'y'</script>");
    let twice = [splice(7..10, "'x'"), splice(9..12, "'y'")];
    assert_eq!(changed(&twice), Err(SpliceError::Overlap { offset: 35 }));
}

#[test]
fn an_inline_script_in_a_srcdoc_is_edited_through_its_references() {
    let page =
        "<iframe srcdoc=\"<script type=module>if (1 &lt; 2) import &quot;a&quot;</script>\">";
    let edited = "<iframe srcdoc=\"<script type=module>if (1 &lt; 2) import &quot;b?c&amp;d&quot;</script>\">";
    assert_eq!(inline_text(&html(page), 0), "if (1 < 2) import \"a\"");
    assert_eq!(spliced(page, "\"a\"", "\"b?c&d\""), edited);
    let page = "<iframe srcdoc='<script type=module>import &quot/a&quot;\n</script>'></iframe>";
    for new in ["b", "=", ";", "#"] {
        let edited = spliced(page, "/a", new);
        assert_eq!(inline_text(&html(&edited), 0), format!("import \"{new}\"\n"));
    }
    let twice =
        "<iframe srcdoc=\"<iframe srcdoc='<script>import(&amp;quot;a&amp;quot;)</script>'>\">";
    assert_eq!(spliced(twice, "a", "\"+'b"), twice.replace(";a", ";&quot;+&amp;#39;b"));
}

#[test]
fn script_text_in_a_legacy_encoding_leads_back_to_its_bytes() {
    let page =
        b"<meta charset=shift_jis><script type=module>x='\x82\xA0\x83\x5C';import 'a'</script>";
    let scan = scan_html(page);
    let text = inline_text(&scan, 0);
    assert_eq!(text, "x='あソ';import 'a'");
    let start = text.find("'a'").unwrap();
    let splice =
        |span| [Edit { tag: 0, changes: vec![Change::Splice { span, text: "'b'".into() }] }];
    let edited = apply(page, &scan, &splice(start..start + 3)).unwrap();
    assert_eq!(edited, [&page[..page.len() - 12], b"'b'</script>"].concat());
    let offset = scan.tags[0].span.start;
    for span in [4..start, 0..99] {
        let error = apply(page, &scan, &splice(span.clone())).unwrap_err();
        assert_eq!(error, SpliceError::NoSuchPart { offset, span });
    }
}

#[test]
fn text_that_would_end_a_script_or_its_comment_is_refused() {
    let refused = |page: &str, dialect, new: &str, by: &str| {
        let error = try_splice(page.as_bytes(), dialect, "'a'", new).unwrap_err();
        let offset = page.find("<script").unwrap();
        assert_eq!(error, SpliceError::Text { offset, found: by.into() }, "{new}");
    };
    let page = "<script type=module>import 'a'</script>";
    refused(page, Dialect::Html, "'</SCRIPT'", "</script");
    refused(page, Dialect::Html, "'<!--'", "<!--");
    refused(page, Dialect::Html, "'<script'", "<script");
    refused(page, Dialect::Html, "'ä'", "ä");
    refused(page, Dialect::Html, "'\r'", "\r");
    refused(page, Dialect::Xhtml, "'a<b'", "<");
    refused(page, Dialect::Xhtml, "'a&b'", "&");
    refused(page, Dialect::Xhtml, "a]]>", "]]>");
    refused(&format!("<!--[if IE]>{page}<![endif]-->"), Dialect::Html, "'-->'", ">");
    // What only becomes markup together with its neighbours is found by the proof.
    let joined = "<script type=module>import 'a'/script </script>";
    let error = try_splice(joined.as_bytes(), Dialect::Html, "'a'", "<").unwrap_err();
    assert!(matches!(error, SpliceError::Proof { .. }), "{error}");
}

#[test]
fn only_inline_scripts_have_parts() {
    let page = b"<script src=a>import 'a'</script>";
    let change = Change::Splice { span: 0..1, text: "x".into() };
    assert_eq!(
        apply(page, &scan_html(page), &[Edit { tag: 0, changes: vec![change] }]),
        Err(SpliceError::NotInline { offset: 0 })
    );
}

#[test]
fn remarks_on_an_edited_script_may_change_and_others_may_not() {
    let other = "<script>document.write('<script src=//h/b.js>')</script>";
    let page = format!(
        "{other}<script>s=document.createElement('script');s.src='//h/a.js';import('//h/c.js')</script>{other}"
    );
    for (old, new) in [("'//h/a.js'", "'a.js'"), ("'//h/c.js'", "'c.js'")] {
        assert_eq!(spliced(&page, old, new), page.replace(old, new));
    }
    let removed = edited(&page, &[Change::RemoveElement]);
    assert_eq!(removed, format!("{other}{other}"));
}

#[test]
fn a_script_that_would_no_longer_be_reported_is_not_written() {
    let error = try_splice(b"<script>import('a')</script>", Dialect::Html, "import", "f");
    assert!(matches!(error, Err(SpliceError::Proof { .. })));
}

fn map(nonce: Option<&str>, text: &str) -> Change {
    Change::InsertImportMap { nonce: nonce.map(str::to_owned), text: text.into() }
}

#[test]
fn an_import_map_comes_before_the_tag_on_a_line_of_its_own() {
    let tag = "<script type=module src=a></script>";
    let page = |before: &str, end: &str| format!("<p>{end}{before}{tag}{end}");
    let with = |before: &str, end: &str, map: &str| format!("<p>{end}{before}{map}{tag}{end}");
    let element = "<script type=\"importmap\">{}</script>";
    for (before, end, after) in
        [("\t ", "\r\n", "\r\n\t "), ("", "\n", "\n"), ("  x ", "\n", ""), ("", "", "")]
    {
        assert_eq!(
            edited(&page(before, end), &[map(None, "{}")]),
            with(before, end, &format!("{element}{after}"))
        );
    }
    assert_eq!(
        edited(&format!("{tag}\r\n"), &[map(Some("a\"b"), "{\n}"), set("src", "b")]),
        format!(
            "<script type=\"importmap\" nonce=\"a&quot;b\">{{\r\n}}</script>\r\n{}\r\n",
            tag.replace("=a", "=b")
        )
    );
}

#[test]
fn what_is_inserted_before_a_removed_element_stays() {
    let changes = [Change::RemoveElement, map(None, "{}")];
    let page = "a<link rel=modulepreload href=b>c";
    assert_eq!(edited(page, &changes), "a<script type=\"importmap\">{}</script>c");
}

#[test]
fn an_import_map_is_inserted_into_the_document_itself_only() {
    let inserted = |page: &str, dialect, text: &str| {
        let scan = scan(page.as_bytes(), dialect).unwrap();
        apply(page.as_bytes(), &scan, &[Edit { tag: 0, changes: vec![map(None, text)] }])
    };
    let tag = "<script src=a></script>";
    for page in
        [format!("<!--[if IE]>{tag}<![endif]-->"), format!("<iframe srcdoc='{tag}'></iframe>")]
    {
        let error = inserted(&page, Dialect::Html, "{}");
        assert!(matches!(error, Err(SpliceError::NotInDocument { .. })), "{page}");
    }
    let refused = |found: &str| Err(SpliceError::Text { offset: 0, found: found.into() });
    assert_eq!(inserted(tag, Dialect::Xhtml, "{\"a\":\"b&c\"}"), refused("&"));
    assert_eq!(inserted(tag, Dialect::Html, "</script>"), refused("</script"));
    assert!(inserted(tag, Dialect::Xhtml, "{\"a\":\"\\u003C\"}").is_ok());
    // There it would be an SVG element, and no import map that we know of.
    let error = inserted("<svg><script href=a></script></svg>", Dialect::Html, "{}");
    assert!(matches!(error, Err(SpliceError::Proof { .. })));
}

#[test]
fn a_policy_in_the_page_can_be_changed() {
    let page = "<meta http-equiv=Content-Security-Policy content='script-src h'>";
    assert_eq!(
        edited(page, &[set("content", "script-src 'self' 'sha256-a='")]),
        page.replace(" h'", " &#39;self&#39; &#39;sha256-a=&#39;'")
    );
}

#[test]
fn inline_scripts_that_write_scripts_are_remarked_on() {
    let page = "<script>document.write('<script src=\"//h/a.js\"><\\/script>')</script>";
    let start = page.find("//h").unwrap();
    let remark = Remark::InlineBuilt { url_text: "//h/a.js".into(), span: start..start + 8 };
    assert_eq!(html(page).remarks, [remark]);
}

#[test]
fn the_first_base_counts_once_it_was_seen() {
    let scan = html(
        "<script src=a></script><template><base href=t></template><svg><base href=s></base></svg>\
         <base target=x><base href='&amp;1'><base href=2><script src=b></script>\
         <iframe srcdoc='<script src=c></script><base href=3><script src=d></script>'></iframe>\
         <script src=e></script>",
    );
    let bases: Vec<_> = scan.tags.iter().map(|tag| tag.base.as_deref()).collect();
    assert_eq!(bases, [None, Some("&1"), Some("&1"), Some("3"), Some("&1")]);
}

#[test]
fn template_content_is_marked_also_where_it_is_left_open() {
    let flags = |page: &str| html(page).tags.iter().map(|tag| tag.in_template).collect::<Vec<_>>();
    let script = "<script src=a></script>";
    assert_eq!(
        flags(&format!("<template><template></template>{script}</template>{script}")),
        [true, false]
    );
    assert_eq!(flags(&format!("<template>{script}")), [true]);
    assert_eq!(flags(&format!("<div><template></div>{script}</template>{script}")), [true, false]);
}

#[test]
fn conditional_comments_are_read_and_ordinary_ones_are_not() {
    let page = "<!--[if lt IE 9]><script src=old.js></script><![endif]-->\
        <!--[if !IE]><!--><script src=live.js></script><!--<![endif]--><!-- <script src=x> -->";
    let scan = html(page);
    let found: Vec<_> = scan.tags.iter().map(|tag| (tag.address(), tag.place)).collect();
    assert_eq!(
        found,
        [(Some("old.js"), Place::ConditionalComment), (Some("live.js"), Place::Document)]
    );
    assert_eq!(
        edited(page, &[set("src", "a>b")]),
        page.replace("old.js", "\"a&gt;b\"").replace("live.js", "\"a&gt;b\"")
    );
}

#[test]
fn a_srcdoc_is_a_page_whose_edits_are_encoded_for_its_quotes() {
    let changes = [set("src", "b"), set("integrity", "sha384-x/=")];
    let page = "<iframe srcdoc=\"<p>&lt;&amp;amp;<script src='a'></script>\"></iframe>";
    assert_eq!(
        edited(page, &changes),
        "<iframe srcdoc=\"<p>&lt;&amp;amp;<script src='b' integrity=&quot;sha384-x/=&quot;></script>\"></iframe>"
    );
    let page = "<iframe srcdoc='<script src=&quot;a&quot;></script>'></iframe>";
    assert_eq!(
        edited(page, &changes),
        "<iframe srcdoc='<script src=&quot;b&quot; integrity=\"sha384-x/=\"></script>'></iframe>"
    );
    let page = "<iframe srcdoc='<script src=&quot/a&quot></script>'></iframe>";
    assert_eq!(
        edited(page, &[set("src", "b")]),
        "<iframe srcdoc='<script src=&quot&#98;&quot></script>'></iframe>"
    );
    let page = "<iframe srcdoc=<script&#32;src&#61;a></script>";
    let scan = html(page);
    assert!(scan.tags.is_empty(), "an unquoted value ends at `>`");
    let page = "<iframe srcdoc=&lt;script&#32;src&#61;a&gt;&lt;/script&gt;></iframe>";
    assert_eq!(
        edited(page, &changes),
        "<iframe srcdoc=&lt;script&#32;src&#61;b&#32;integrity&#61;&#34;sha384-x/&#61;&#34;&gt;&lt;/script&gt;></iframe>"
    );
}

#[test]
fn srcdocs_and_comments_compose_to_a_limit() {
    let mut page = "<!--[if IE]><script src=a></script><![endif]-->".to_owned();
    for depth in 1..=5 {
        page = format!("<iframe srcdoc=\"{}\">", page.replace('&', "&amp;").replace('"', "&quot;"));
        let scan = html(&page);
        assert_eq!(scan.tags.len(), usize::from(depth <= 4));
        let deep =
            matches!(scan.remarks[..], [Remark::SrcdocNotRead { why: NotRead::TooDeep, .. }]);
        assert_eq!(deep, depth > 4);
        if depth <= 4 {
            assert_eq!(scan.tags[0].place, Place::ConditionalComment);
            let out = edited(&page, &[set("crossorigin", "anonymous")]);
            assert_eq!(html(&out).tags[0].text("crossorigin"), Some("anonymous"));
        }
    }
}

#[test]
fn a_reference_for_two_characters_cannot_be_split() {
    let scan = html("<iframe srcdoc='<script src&bne;></script>'></iframe>");
    assert!(matches!(
        scan.remarks[..],
        [Remark::SrcdocNotRead { why: NotRead::SplitReference, .. }]
    ));
}

#[test]
fn text_after_an_empty_last_attribute_is_still_text() {
    let page = "<textarea title=><!-- </textarea><script src=a></script><!--[if IE]>x<![endif]-->";
    let error = scan(page.as_bytes(), Dialect::Html).unwrap_err();
    assert!(matches!(error, ScanError::Ambiguous { .. }), "lol_html would miss the script");
    let page = "<style media=>b{}</style><script src=></script><script src=a></script>";
    assert_eq!(addresses(&html(page)), ["", "a"]);
    assert_eq!(
        edited("<script src=></script>", &[set("integrity", "x")]),
        "<script integrity=\"x\" src=></script>"
    );
}

#[test]
fn tags_that_a_template_of_columns_ignores_are_not_reported() {
    let page = "<template><col><style></template><script src=a></script>";
    assert!(scan(page.as_bytes(), Dialect::Html).is_err(), "lol_html would miss the script");
    let page = "<table><col></table><template><tr></tr></template><script src=a></script>";
    assert_eq!(addresses(&html(page)), ["a"]);
}

#[test]
fn a_second_parser_settles_what_lol_html_cannot_know() {
    let accepted =
        "<select><option><svg><title>x</title></svg></option></select><script src=a></script>";
    assert_eq!(addresses(&html(accepted)), ["a"]);
    let accepted = "<select><button><style>b{}</style></button></select><script src=a></script>";
    assert_eq!(addresses(&html(accepted)), ["a"]);
    let accepted = "<select><option>x<iframe src=y></iframe><script src=a></script>";
    assert_eq!(addresses(&html(accepted)), ["a"]);
}

#[test]
fn where_the_parsers_disagree_the_page_is_refused_at_that_tag() {
    let refused = |page: &str, tag: &str, offset: usize| {
        let error = scan(page.as_bytes(), Dialect::Html).unwrap_err();
        let position = Position { line: 1, column: offset + 1 };
        assert_eq!(error, ScanError::Ambiguous { tag: tag.into(), offset, position }, "{page}");
    };
    // In a frameset page `<xmp>` is ignored and so is what it would have hidden.
    refused(
        "<frameset><xmp><noframes></noframes><!--[if IE]><script src=a></script><![endif]--></xmp>",
        "xmp",
        10,
    );
    refused("<div><svg></div><script src=a></script>", "script", 16);
    refused("<svg/><iframe srcdoc='<script src=a></script>'></iframe>", "iframe", 6);
    refused("<svg><math><b><script src=a></script>", "script", 14);
}

#[test]
fn a_self_closing_script_is_refused_in_xhtml_only() {
    let page = b"<p/>\n<script src='a'/>";
    assert_eq!(scan_html(page).tags.len(), 1);
    let position = Position { line: 2, column: 1 };
    assert_eq!(
        scan(page, Dialect::Xhtml).unwrap_err(),
        ScanError::SelfClosingScriptInXhtml { offset: 5, position }
    );
}

#[test]
fn pages_in_utf_16_and_iso_2022_jp_are_edited_in_their_own_encoding() {
    let page = "\u{FEFF}<p>あ</p><script src=a></script>";
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let edit = [Edit { tag: 0, changes: vec![set("src", "b")] }];
    let scan = scan_html(&wide(page));
    assert_eq!(scan.encoding, "UTF-16LE");
    assert_eq!(&scan.source(&[])[scan.tags[0].span.clone()], b"<script src=a>");
    assert_eq!(apply(&wide(page), &scan, &edit).unwrap(), wide(&page.replace("=a", "=b")));

    let page = b"<meta charset=iso-2022-jp>\x1B$B<iframe>\x1B(B<script src=a></script>";
    let scan = scan_html(page);
    assert_eq!((scan.encoding, scan.tags.len()), ("ISO-2022-JP", 1));
    let out = apply(page, &scan, &edit).unwrap();
    assert_eq!(out, [&page[..page.len() - 11], b"b></script>"].concat());

    let name = "ISO-2022-JP";
    let inexact = b"<meta charset=iso-2022-jp>\x1B$B\x1B(B";
    assert_eq!(super::scan(inexact, Dialect::Html).unwrap_err(), ScanError::Encoding { name });
}

#[test]
fn what_is_not_read_of_a_page_stays_also_where_its_encoding_hides_markup() {
    let head = b"<meta charset=iso-2022-jp>\x1B$B<iframe>\x1B(B<script src=//h/a></script>";
    let page = [head, " ".repeat(2000).as_bytes()].concat();
    let found = scan_relevant(&page, Dialect::Html, None).unwrap().unwrap();
    let edit = [Edit { tag: 0, changes: vec![set("src", "//h/b")] }];
    let edited = apply(&page, &found, &edit).unwrap();
    let start = head.len() - b"a></script>".len();
    assert_eq!(edited, [&page[..start], b"b", &page[start + 1..]].concat());
}

#[test]
fn an_oversized_tag_is_an_error() {
    let huge = "a".repeat(50 << 20);
    for page in [format!("<script src='{huge}'></script>"), format!("<script src='{huge}")] {
        let error = scan(page.as_bytes(), Dialect::Html).unwrap_err();
        assert!(matches!(error, ScanError::TooLarge { .. }));
    }
}

#[test]
fn nesting_beyond_reason_is_an_error_and_not_a_long_wait() {
    let page = format!("{}<svg/><script src=a></script>", "<div>".repeat(100_000));
    let error = scan(page.as_bytes(), Dialect::Html).unwrap_err();
    assert!(matches!(error, ScanError::TooLarge { .. }));
}

#[test]
fn attributes_beyond_number_are_an_error_and_not_a_long_wait() {
    let many: String = (0..100_000).map(|number| format!(" a{number}=1")).collect();
    let doubtful = "<select><option><svg><title>x</title></svg></option></select>\
                    <script src=a></script>";
    for tag in ["<p{}>", "<p{}", "<p{} b=\"", "<p{} b='>", "<script{} src=b></script>"] {
        let page = format!("{doubtful}{}", tag.replace("{}", &many));
        let error = scan(page.as_bytes(), Dialect::Html).unwrap_err();
        assert!(matches!(error, ScanError::TooLarge { .. }), "{tag}");
    }
    let bearable = format!("<p{}>", &many[..50_000]);
    assert!(scan(format!("{bearable}{doubtful}").as_bytes(), Dialect::Html).is_ok());
    // Where no second parser is needed, nothing compares them.
    assert!(scan(format!("<p{many}><script src=a></script>").as_bytes(), Dialect::Html).is_ok());
}

#[test]
fn more_tags_than_anyone_writes_are_an_error() {
    for tag in ["<script src=a></script>", "<script type=x src=a></script>"] {
        let error = scan(tag.repeat(100_002).as_bytes(), Dialect::Html).unwrap_err();
        assert_eq!(error, ScanError::TooMany { limit: 100_000 });
    }
}

#[test]
fn changes_touch_their_own_bytes_only() {
    let page = "<SCRIPT\n  Defer  SRC = https://h/a.js\tcrossorigin integrity='x'\n>\n</SCRIPT >";
    assert_eq!(
        edited(page, &[set("src", "b.js"), set("integrity", "y"), unset("crossorigin")]),
        "<SCRIPT\n  Defer  SRC = b.js integrity='y'\n>\n</SCRIPT >"
    );
    assert_eq!(
        edited("<script src=a async></script>", &[set("src", "b c&\"d"), set("async", "x")]),
        "<script src=\"b c&amp;&quot;d\" async=\"x\"></script>"
    );
    assert_eq!(
        edited("<script src=a></script>", &[set("integrity", "x"), set("crossorigin", "y")]),
        "<script src=a integrity=\"x\" crossorigin=\"y\"></script>"
    );
    assert_eq!(edited("x<script src=a>y</script>z", &[Change::RemoveElement]), "xz");
}

#[test]
fn unset_takes_duplicates_and_keeps_neighbours_apart() {
    assert_eq!(
        edited(
            "<script src=a crossorigin=x defer CrossOrigin='y'></script>",
            &[unset("crossorigin")]
        ),
        "<script src=a defer></script>"
    );
    assert_eq!(
        edited("<script src=a crossorigin/></script>", &[unset("crossorigin")]),
        "<script src=a /></script>"
    );
}

#[test]
fn what_cannot_be_edited_is_an_error() {
    let page = b"<script src=a>";
    let scan = scan_html(page);
    let try_edit = |tag, change: Change| apply(page, &scan, &[Edit { tag, changes: vec![change] }]);
    assert_eq!(try_edit(1, unset("x")), Err(SpliceError::NoSuchTag { tag: 1 }));
    assert_eq!(try_edit(0, Change::RemoveElement), Err(SpliceError::NoEndTag { offset: 0 }));
    let attribute = "a b".to_owned();
    assert_eq!(try_edit(0, set("a b", "")), Err(SpliceError::AttributeName { attribute }));
    assert!(matches!(try_edit(0, set("src", "\0")), Err(SpliceError::Proof { .. })));
    assert!(matches!(try_edit(0, set("type", "text/x")), Err(SpliceError::Proof { .. })));
}

#[test]
fn authors_can_ask_to_skip_a_tag() {
    let scan =
        html("<script src=a data-inhouse=skip></script><script src=b data-inhouse></script>");
    let skipped: Vec<_> = scan.tags.iter().map(Tag::is_skipped_by_author).collect();
    assert_eq!(skipped, [true, false]);
}

/// Everything in a scan that a page may not be passed over for.
fn what_concerns_us(found: &Scan) -> Vec<String> {
    let address = PageAddress::new("a/b.html", None);
    let page = references(&address, found);
    let leads_away = |src: &str| matches!(address.resolve(src, None), Target::External { .. });
    let modules = found.tags.iter().filter(|tag| match &tag.kind {
        TagKind::Script(kind) | TagKind::SvgScript(kind) => *kind == ScriptType::Module,
        TagKind::Link(rel) => *rel == LinkRel::ModulePreload,
        TagKind::InlineScript { .. } => true,
        TagKind::MetaCsp => false,
    });
    let external = page.external.iter().map(|reference| reference.url.to_string());
    let inline = found.tags.iter().filter_map(|tag| match &tag.kind {
        TagKind::InlineScript { text, .. } => Some(text.clone()),
        _ => None,
    });
    let placeholders = page.placeholders.iter().map(|tag| format!("placeholder {tag}"));
    let local = page.local.iter().map(|script| script.path.clone());
    let local = local.filter(|path| path.starts_with("vendor/"));
    let policies = found.tags.iter().filter(|tag| tag.kind == TagKind::MetaCsp);
    let remarks = found.remarks.iter().filter(|remark| match remark {
        Remark::ParkedScript { src, .. } => leads_away(src),
        Remark::InlineBuilt { .. } | Remark::SvgInline { .. } | Remark::SrcdocNotRead { .. } => {
            true
        }
    });
    (external.chain(inline).chain(placeholders).chain(local))
        .chain(policies.chain(modules).map(|tag| format!("{tag:?}")))
        .chain(remarks.map(|remark| format!("{remark:?}")))
        .collect()
}

/// Pieces that pages and traps are made of.
fn page() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "<script src=['\"]?[a-z/&;=<]{0,6}['\"]?[ />]",
        "[a-z <>&\"'/=\r\n-]{0,6}",
        prop::sample::select(vec![
            "</script>",
            "<script src=\"//h/a&amp;b\" defer crossorigin>",
            "<script type=module>",
            "<svg>",
            "</svg>",
            "<script xlink:href=x />",
            "<math>",
            "<mi>",
            "</math>",
            "<title>",
            "</title>",
            "<select>",
            "</select>",
            "<xmp>",
            "</xmp>",
            "<style>",
            "</style>",
            "<!--[if IE]>",
            "<![endif]-->",
            "<!--",
            "-->",
            "<template>",
            "</template>",
            "<p>",
            "<base href=x>",
            "<link rel=preload as=script href=a>",
            "<iframe srcdoc='",
            "'>",
            "<iframe srcdoc=\"&lt;script src=&quot;a&quot>&lt;/script>\">",
            "</iframe>",
            "<script src='a'></script>",
            "<noscript>",
            "</noscript>",
            "<frameset>",
            "<table>",
            "<textarea>",
            "<col>",
            "<style media=>",
            "<textarea x= >",
            "<script src=>",
            "<iframe srcdoc='&lt;script src=&quot/a&quot>&lt;/script>'>",
            "<svg/>",
            "<noframes>",
            "<option>",
            "<foo a=b\">",
            "</textarea>",
            "<plaintext>",
            "<div>",
            "</div>",
            "<![CDATA[",
            "]]>",
            "<foreignObject>",
            "</foreignObject>",
            "\0",
            "<meta charset=shift_jis>",
            "<script src=https://h/a>",
            "<script src='../vendor/h/a.js'>",
            "<script type=importmap>{\"imports\":{\"a\":\"//h/a\"}}</script>",
            "import '//h/a'",
            "import/**/('a')",
            "new Worker('a')",
            "<script>import('a')</script>",
            "<script>",
            "</scripty>",
            "</script x>",
            "<script type=module src=a></script>",
            "<link rel=modulepreload href=a>",
            "<link rel='&#109;odulepreload' href=a>",
            "<script type=text/javascript href=a>import('b')</script>",
            "<iframe srcdoc='<script>import(\"a\")</script>'></iframe>",
            "document.createElement('script').src='//h/a'",
            "'<scr'+'ipt src=//h/a>'",
            "<script>a('<SCRipts src=//h/a>')</script>",
            "<link rel=preconnect href=//h>",
            "<meta http-equiv=content-security-policy content=x>",
            "<script type=text/plain src=//h/a>",
            " src=//h/a ",
            "<base href=//h/>",
            "あ",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn reading_only_what_matters_finds_all_that_matters(page in page()) {
        // Long enough that what may be left out is left out.
        let page = format!("<!--{}-->{page}", "-".repeat(1024));
        if let Ok(found) = scan(page.as_bytes(), Dialect::Html) {
            let relevant = scan_relevant(page.as_bytes(), Dialect::Html, Some("vendor/"));
            let relevant = relevant.expect("a part of a readable page is readable");
            let relevant = relevant.as_ref().map(what_concerns_us).unwrap_or_default();
            prop_assert_eq!(what_concerns_us(&found), relevant);
        }
    }

    #[test]
    fn a_page_read_in_pieces_has_nothing_only_if_nothing_in_it_matters(page in page()) {
        // Long enough that a piece can be judged without what follows.
        let page = format!("{page}{}{page}", " x".repeat(700));
        for local in [None, Some("vendor/")] {
            let whole = reach(page.as_bytes(), Dialect::Html, local) == Reach::Nothing;
            for size in [1, 5, 64, 1100] {
                let is_clear = prefilter::has_nothing_in_windows(page.as_bytes(), local, size);
                prop_assert!(whole || !is_clear, "{local:?}, {size}");
            }
            prop_assert_eq!(has_nothing(page.as_bytes(), local).unwrap(), whole);
        }
    }

    #[test]
    fn whatever_is_read_is_what_a_conforming_parser_reads(page in page()) {
        if let Ok(found) = scan(page.as_bytes(), Dialect::Html) {
            let in_document = |tag: &&Tag| tag.place == Place::Document;
            let scripts = found.tags.iter().filter(in_document).filter(|tag| {
                matches!(tag.kind, TagKind::Script(_))
            });
            let sources: Vec<_> = scripts.map(|tag| tag.address().unwrap().to_owned()).collect();
            let encoding = encoding_rs::Encoding::for_label(found.encoding.as_bytes()).unwrap();
            let text = encoding.decode(page.as_bytes()).0;
            prop_assert_eq!(sources, token::confirm::classic_and_module_sources(&text));
        }
    }

    #[test]
    fn edits_are_made_exactly_or_not_at_all(page in page(), value in "[ -~]{0,8}") {
        let Ok(found) = scan(page.as_bytes(), Dialect::Html) else { return Ok(()) };
        let changes = vec![set("integrity", &value), unset("crossorigin")];
        let edits: Vec<_> = (0..found.tags.len())
            .map(|tag| Edit { tag, changes: changes.clone() })
            .collect();
        // Applying proves itself; what is left to show is that it rarely has to give up.
        let edited = apply(page.as_bytes(), &found, &edits);
        prop_assert!(edited.is_ok(), "{:?}", edited);
        let edited = edited.unwrap();
        let again = scan(&edited, Dialect::Html).unwrap();
        let stripped: Vec<_> = (0..again.tags.len())
            .map(|tag| Edit { tag, changes: vec![unset("integrity")] })
            .collect();
        if !page.contains("crossorigin") && !page.contains("integrity") {
            let restored = apply(&edited, &again, &stripped).unwrap();
            // A blank that keeps neighbours apart may stay.
            let marks = |bytes: &[u8]| bytes.iter().copied().filter(|b| *b != b' ').collect::<Vec<_>>();
            prop_assert_eq!(marks(&restored), marks(page.as_bytes()));
        }
    }

    #[test]
    fn a_new_part_of_an_inline_script_is_all_that_changes_in_its_text(
        page in page(),
        text in "[ -~\n]{0,6}",
        part in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let Ok(found) = scan(page.as_bytes(), Dialect::Html) else { return Ok(()) };
        for (tag, script) in found.tags.iter().enumerate() {
            let TagKind::InlineScript { text: old, .. } = &script.kind else { continue };
            let mut ends = [part.0.index(old.len() + 1), part.1.index(old.len() + 1)];
            ends.sort_unstable();
            let span = ends[0]..ends[1];
            let change = Change::Splice { span: span.clone(), text: text.clone() };
            let edited = apply(page.as_bytes(), &found, &[Edit { tag, changes: vec![change] }]);
            // What is not refused is proved; this shows that the proof looks at the text.
            let Ok(edited) = edited else { continue };
            let again = scan(&edited, Dialect::Html).unwrap();
            let expected = [&old[..span.start], &text, &old[span.end..]].concat();
            prop_assert_eq!(inline_text(&again, tag), expected);
            if script.place != Place::Srcdoc {
                let part = script.text_map.as_ref().and_then(|way| way.span(span)).unwrap();
                prop_assert!(edited.starts_with(&page.as_bytes()[..part.start]));
                prop_assert!(edited.ends_with(&page.as_bytes()[part.end..]));
            }
        }
    }

    #[test]
    fn specifiers_of_any_inline_script_can_be_edited_in_place(page in page()) {
        let Ok(found) = scan(page.as_bytes(), Dialect::Html) else { return Ok(()) };
        let mut edits = Vec::new();
        for (tag, script) in found.tags.iter().enumerate() {
            let TagKind::InlineScript { text, .. } = &script.kind else { continue };
            let spans = text.match_indices("'//h/a'").map(|(at, word)| at..at + word.len());
            let changes = spans.map(|span| Change::Splice { span, text: "'./v&/a.js'".into() });
            edits.push(Edit { tag, changes: changes.collect() });
        }
        let edited = apply(page.as_bytes(), &found, &edits);
        prop_assert!(edited.is_ok(), "{:?}", edited);
        let again = scan(&edited.unwrap(), Dialect::Html).unwrap();
        for edit in &edits {
            prop_assert!(!inline_text(&again, edit.tag).contains("'//h/a'"));
        }
    }

    #[test]
    fn no_bytes_make_scanning_or_editing_panic(
        page in page(),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        label in prop::sample::select(vec!["utf-8", "gb18030", "shift_jis", "iso-2022-jp", "x"]),
    ) {
        let mut bytes = format!("<meta charset={label}>{page}</iframe>").into_bytes();
        for (index, byte) in noise {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(found) = scan(&bytes, Dialect::Html) {
            let edits: Vec<_> = (0..found.tags.len())
                .map(|tag| Edit { tag, changes: vec![set("src", "b"), set("integrity", "c")] })
                .collect();
            for (tag, _) in found.tags.iter().enumerate() {
                let changes = vec![
                    Change::Splice { span: 3..6, text: "x".into() },
                    Change::InsertImportMap { nonce: None, text: "{}".into() },
                ];
                let _ = apply(&bytes, &found, &[Edit { tag, changes }]);
            }
            if let Ok(edited) = apply(&bytes, &found, &edits) {
                let again = scan(&edited, Dialect::Html).unwrap();
                prop_assert!(again.tags.iter().all(|tag| tag.text("integrity") == Some("c")));
            }
        }
    }
}
