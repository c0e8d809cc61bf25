//! SVG and MathML: whether a page's foreign content is so simple that every parser reads it alike.
//!
//! lol_html follows HTML's rules for foreign content (13.2.6.5) roughly: an unclosed `<svg>` in a
//! `<div>`, `<svg/>` or `<math>` inside `<svg>` make it take a later `<script>` for another one.
//! Icons and formulas are nearly always balanced and made of known names. Everything else is left to
//! `confirm`.

/// Elements of SVG that hold other elements, and are no integration points.
const SVG: [&str; 61] = [
    "a",
    "animate",
    "animatemotion",
    "animatetransform",
    "circle",
    "clippath",
    "defs",
    "ellipse",
    "feblend",
    "fecolormatrix",
    "fecomponenttransfer",
    "fecomposite",
    "feconvolvematrix",
    "fediffuselighting",
    "fedisplacementmap",
    "fedistantlight",
    "fedropshadow",
    "feflood",
    "fefunca",
    "fefuncb",
    "fefuncg",
    "fefuncr",
    "fegaussianblur",
    "feimage",
    "femerge",
    "femergenode",
    "femorphology",
    "feoffset",
    "fepointlight",
    "fespecularlighting",
    "fespotlight",
    "fetile",
    "feturbulence",
    "filter",
    "g",
    "image",
    "line",
    "lineargradient",
    "marker",
    "mask",
    "metadata",
    "mpath",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialgradient",
    "rect",
    "set",
    "solidcolor",
    "stop",
    "svg",
    "switch",
    "symbol",
    "text",
    "textpath",
    "tref",
    "tspan",
    "unknown",
    "use",
    "view",
];

/// Elements of SVG that we take with nothing but text in them.
const SVG_TEXT: [&str; 3] = ["desc", "style", "title"];

/// Elements of MathML that hold other elements, and are no integration points.
const MATH: [&str; 26] = [
    "maction",
    "math",
    "menclose",
    "merror",
    "mfenced",
    "mfrac",
    "mmultiscripts",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtr",
    "munder",
    "munderover",
    "none",
    "semantics",
];

/// Elements of MathML that we take with nothing but text in them.
const MATH_TEXT: [&str; 6] = ["annotation", "mi", "mn", "mo", "ms", "mtext"];

/// Whether everything between an `<svg` or `<math` and its end, wherever these letters stand, is
/// balanced, of known names, and free of any other `<`.
///
/// Purely lexical, so that it holds for whatever a parser makes of the page.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(start) = next_root(bytes, at) {
        match plain_end(bytes, start) {
            Some(end) => at = end,
            None => return false,
        }
    }
    true
}

/// What may stand in an element of SVG or MathML.
#[derive(Clone, Copy)]
struct Names {
    containers: &'static [&'static str],
    texts: &'static [&'static str],
}

impl Names {
    fn of_root(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"svg") {
            Some(Self { containers: &SVG, texts: &SVG_TEXT })
        } else if name.eq_ignore_ascii_case(b"math") {
            Some(Self { containers: &MATH, texts: &MATH_TEXT })
        } else {
            None
        }
    }
}

fn next_root(bytes: &[u8], from: usize) -> Option<usize> {
    let is_root = |start: &usize| Names::of_root(name_at(bytes, start + 1).0).is_some();
    memchr::memchr_iter(b'<', &bytes[from..]).map(|distance| from + distance).find(is_root)
}

/// A tag name as the tokenizer takes it (13.2.5.8), and where it ends.
fn name_at(bytes: &[u8], start: usize) -> (&[u8], usize) {
    let rest = &bytes[start..];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    (&rest[..length], start + length)
}

/// The end of the `<svg>` or `<math>` that begins at `start`, if all of it is plain.
pub(super) fn plain_end(bytes: &[u8], start: usize) -> Option<usize> {
    let root = Names::of_root(name_at(bytes, start + 1).0)?;
    let mut open: Vec<&'static str> = Vec::new();
    let mut at = start;
    loop {
        at += memchr::memchr(b'<', &bytes[at..])?;
        match bytes.get(at + 1)? {
            b'!' => at = plain_comment_end(bytes, at)?,
            b'/' => {
                let (name, end) = name_at(bytes, at + 2);
                open.pop().filter(|open| name.eq_ignore_ascii_case(open.as_bytes()))?;
                at = plain_tag_end(bytes, end)?.0;
                if open.is_empty() {
                    return Some(at);
                }
            }
            b'a'..=b'z' | b'A'..=b'Z' => {
                let (name, end) = name_at(bytes, at + 1);
                let known = |names: &[&'static str]| {
                    names.iter().copied().find(|known| name.eq_ignore_ascii_case(known.as_bytes()))
                };
                let in_text = open.last().is_some_and(|parent| root.texts.contains(parent));
                let text = known(root.texts);
                let name = text.or_else(|| known(root.containers)).filter(|_| !in_text)?;
                let (end, self_closing) = plain_tag_end(bytes, end)?;
                at = end;
                match self_closing {
                    // lol_html does not see that these close themselves.
                    true if text.is_some() || matches!(name, "svg" | "math") => return None,
                    true => {}
                    false => open.push(name),
                }
            }
            _ => return None,
        }
    }
}

/// Where the tag ends whose name ended at `at`, and whether it closes itself.
fn plain_tag_end(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let start = at;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        if bytes[at] == b'>' {
            // Should a quote not have been one, there still is no other tag in here.
            let is_one_tag = memchr::memchr(b'<', &bytes[start..at]).is_none();
            return is_one_tag.then(|| (at + 1, bytes[at - 1] == b'/'));
        }
        // A quote that opens no value, as in `a=b"c`, is for the tokenizer to judge.
        bytes[..at].ends_with(b"=").then_some(())?;
        at += memchr::memchr(bytes[at], &bytes[at + 1..])? + 2;
    }
}

/// The end of the comment that begins at `start`, if no parser could see another.
fn plain_comment_end(bytes: &[u8], start: usize) -> Option<usize> {
    bytes[start..].starts_with(b"<!--").then_some(())?;
    let text = start + b"<!--".len();
    let end = text + memchr::memmem::find(&bytes[text..], b"-->")?;
    let text = &bytes[text..end];
    let odd = text.starts_with(b">") || text.starts_with(b"->") || text.contains(&b'<');
    (!odd && memchr::memmem::find(text, b"--!>").is_none()).then_some(end + b"-->".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icons_and_formulas_are_plain() {
        assert!(is_plain(b"<p>no foreign content, <svgs>"));
        assert!(is_plain(
            b"<SVG viewBox='0 0 1 1'><title>1 &gt; 0</title><style>a>b{}</style><!-- x -->
              <g><path d=\"M0 0\"/><use xlink:href='#a'></use></g></svg><p><svg></svg>"
        ));
        assert!(is_plain(
            b"<math><semantics><mrow><mi>x</mi><mo>=</mo><mn>1</mn></mrow>
              <annotation encoding=\"application/x-tex\">x=1</annotation></semantics></math>"
        ));
    }

    #[test]
    fn whatever_parsers_could_read_differently_is_not() {
        let odd: [&[u8]; 15] = [
            b"<div><svg></div>",
            b"<svg/>",
            b"<svg><math></math></svg>",
            b"<svg><p></svg>",
            b"<svg><g></svg></g>",
            b"<svg><script></script></svg>",
            b"<svg><foreignObject></foreignObject></svg>",
            b"<svg><title><g></g></title></svg>",
            b"<svg><title/></svg>",
            b"<svg><![CDATA[x]]></svg>",
            b"<svg><!-- <svg> --></svg>",
            b"<p title='<svg a=\"'><svg><div></svg>\"></svg>",
            b"<svg a=b\"></svg>",
            b"<svg a=b=\"x>y\" <g></svg>",
            b"<svg>a < b</svg>",
        ];
        for page in odd {
            assert!(!is_plain(page), "{}", String::from_utf8_lossy(page));
        }
    }
}
