//! Decides how much of a page has to be parsed. Most pages of a site load nothing from other hosts,
//! and no modules: they need no parse at all.
//!
//! Looks at the tags of the vocabulary and at code that can create a script, also in comments and
//! strings: that finds more than a parser would, never less. A tag that `start_tag` cannot read is a
//! reason to parse.

mod beginnings;
mod concern;
mod inline_scripts;
mod stream;
mod tags;
mod window;

use memchr::memmem;

pub use self::stream::has_nothing;
#[cfg(test)]
pub(super) use self::stream::has_nothing_in_windows;
use self::{
    beginnings::{BEGINNINGS, concern_at},
    concern::Concern,
    inline_scripts::{InlineScripts, script_end},
};
use super::{Dialect, encoding};

/// A page's encoding is declared within its first bytes (HTML 13.2.3.2); that is always read.
const ENCODING_WINDOW: usize = 1024;
/// How much of a page a scan has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: the page certainly loads nothing from elsewhere, and no modules.
    Nothing,
    /// Its first bytes, this many: what comes behind them certainly loads nothing from elsewhere
    /// and no modules, and no parser lets it change what comes before.
    Beginning(usize),
    /// All of it.
    Everything,
}

/// How much of `page` has to be read to find everything that bears on scripts from elsewhere, on
/// modules (which may import from elsewhere wherever they lie), or on scripts whose address
/// contains `local`.
pub fn reach(page: &[u8], dialect: Dialect, local: Option<&str>) -> Reach {
    let Some(beginnings) = &*BEGINNINGS else { return Reach::Everything };
    // Only an XHTML page can fail for what is harmless in HTML.
    if dialect == Dialect::Xhtml || encoding::sniff(page).is_some_and(encoding::hides_markup) {
        return Reach::Everything;
    }
    let mut inline = InlineScripts::of(page, true);
    let mut last: Option<usize> = None;
    let mut encoding_end = 0;
    let mut at = 0;
    while let Some(found) = beginnings.find_in(page, (at..page.len()).into()) {
        at = found.end();
        match concern_at(page, found.start(), local, &mut inline) {
            Concern::None => {}
            Concern::Local(end) => last = last.max(Some(end)),
            Concern::Encoding(end) if found.start() < ENCODING_WINDOW => encoding_end = end,
            Concern::Encoding(_) => {}
            Concern::Lasting => return Reach::Everything,
        }
    }
    let Some(last) = last else { return Reach::Nothing };
    let beginning = script_end(&page[last..])
        .and_then(|end| whole_comments(page, encoding_end.max(last + end)));
    beginning.map_or(Reach::Everything, Reach::Beginning)
}

/// How far a beginning of `end` bytes has to reach so that no conditional comment is cut: it is one
/// thing from its beginning to its end. `None` if one has no end.
fn whole_comments(page: &[u8], mut end: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(distance) = memmem::find(&page[at..end], b"<!--[") {
        let text = at + distance + b"<!--".len();
        at = text + memmem::find(&page[text..], b"-->")? + b"-->".len();
        end = end.max(at);
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matters(page: &str) -> bool {
        reach(page.as_bytes(), Dialect::Html, Some("vendor/")) != Reach::Nothing
    }

    #[test]
    fn pages_with_only_their_own_classic_scripts_are_passed_over() {
        assert!(!matters(
            r#"<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="stylesheet" href="a.css">
            <link rel=preload href=/f.woff2 as=font crossorigin><script src="_static/js/x.js?v=1" defer></script>
            <SCRIPT type="text/javascript">var a = document.createElement("div");</SCRIPT><svg><line/></svg>
            <script type=application/ld+json>{"a": "import (b)"}</script><link rel=preload as=script href=/b.js>
            <script>"serviceWorker" in navigator // !important</script><p>import (c)<iframe src="https://maps.example/x"></iframe>"#
        ));
    }

    #[test]
    fn what_comes_behind_the_last_script_from_elsewhere_is_not_read() {
        let head = "<script src=//h/a.js></script>".to_owned() + &" ".repeat(ENCODING_WINDOW);
        let page = format!("{head}<SCRIPT src=//h/b.js></SCRIPT >{}", "<p>".repeat(9));
        let end = page.len() - 9 * 3;
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let comment = format!("{page}<!--[if IE]><![endif]-->");
        assert_eq!(reach(comment.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
    }

    #[test]
    fn a_conditional_comment_is_read_to_its_end() {
        let head = "<script src=//h/a.js></script>".to_owned() + &" ".repeat(ENCODING_WINDOW);
        let comment = "<!--[if IE]><script src=//h/b.js></script><p><![endif]-->";
        let page = format!("{head}{comment}<p>");
        let end = page.len() - 3;
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let open = page.replace("-->", "");
        assert_eq!(reach(open.as_bytes(), Dialect::Html, None), Reach::Everything);
    }

    #[test]
    fn every_way_to_name_another_origin_is_a_reason_to_parse() {
        for page in [
            r#"<script src="//h/x.js">"#,
            r#"<ScRiPt SRC=https://h/x.js>"#,
            r#"<script src="/&#47;h/x.js">"#,
            r#"<script src="/\h/x.js">"#,
            "<script src=\"/\t/h/x.js\">",
            r#"<svg><script href="//h/x.js"/>"#,
            r#"<base href="https://h/"><script src=x.js>"#,
            r#"<iframe srcdoc="x">"#,
            r#"<link rel="dns-prefetch" href="//h">"#,
            r#"<script type="module">import "https://h/x.js""#,
            r#"<script type="importmap">{}"#,
            r#"<meta http-equiv="Content-Security-Policy" content="x">"#,
            r#"<!--[if IE]><script src="//h/x.js"></script><![endif]-->"#,
            r#"document.write('<scr'+'ipt src="//h/x.js">')"#,
            r#"document.write('<SCRipts src="//h/x.js">')"#,
            r#"s=document.createElement("script");s.src="https://h/x.js""#,
            r#"<script a='"' b="x>y" src=//h/x.js>"#,
            r#"<script ="a b="c>d" src=//h/e.js>"#,
            r#"<script src="{{ url }}">"#,
            r#"<script src="../vendor/h/x.js">"#,
            r#"<script title="</script>">import('https://h/x.js')</script>"#,
        ] {
            assert!(matters(page), "{page}");
        }
    }

    #[test]
    fn modules_are_a_reason_to_parse_wherever_they_lie() {
        for page in [
            r#"<script type="Module" src="/a.js"></script>"#,
            r#"<script type="&#109;odule" src="/a.js"></script>"#,
            r#"<svg><script type="module" href="/a.js"></script>"#,
            r#"<link rel="modulepreload" href="/a.js">"#,
            r#"<link rel="&#109;odulepreload" href="/a.js">"#,
            "<script>import('./a.js')</script>",
            "<script>import /* a */ ('./a.js')</script>",
            "<script type=text/javascript href=a>new Worker('./a.js')</script>",
            "<script>navigator.serviceWorker.register('/sw.js')</script>",
        ] {
            assert!(matters(page), "{page}");
        }
    }

    #[test]
    fn an_inline_script_is_read_to_its_end_tag() {
        let head = "<script>a</scripty> import('a')</SCRIPT >".to_owned();
        let page = format!("{}{head}{}", " ".repeat(ENCODING_WINDOW), "<p>".repeat(9));
        let end = page.len() - 9 * 3;
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let page = page.replace("</SCRIPT >", "</script a='>'>");
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Everything);
    }

    #[test]
    fn an_end_tag_inside_an_attribute_is_none() {
        let pad = " ".repeat(ENCODING_WINDOW);
        let tag = "<script src=//h/a title='<link rel=preload href=//h/b> </script>'>";
        let page = format!("{pad}{tag}</script>{pad}");
        let end = page.len() - pad.len();
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Beginning(end));
        let unusual = page.replace("title", "\"title");
        assert_eq!(reach(unusual.as_bytes(), Dialect::Html, None), Reach::Everything);
    }

    #[test]
    fn behind_a_comment_in_a_script_its_end_tag_is_not_certain() {
        let page = "<script><!-- <script></script> import('a') --></script>";
        assert_eq!(reach(page.as_bytes(), Dialect::Html, None), Reach::Everything);
        let old = "<script><!--\na\n//--></script>";
        assert_eq!(reach(old.as_bytes(), Dialect::Html, None), Reach::Nothing);
    }

    #[test]
    fn no_page_takes_longer_than_its_length() {
        for piece in
            ["<script>", "<script><!--", "<script>import(", "<script>Worker", "<script>import/*"]
        {
            let page = piece.repeat(200_000);
            let begin = std::time::Instant::now();
            reach(page.as_bytes(), Dialect::Html, None);
            assert!(begin.elapsed().as_secs() < 20, "{piece}");
        }
    }
}
