//! The attributes of a start tag, one after the other (HTML 13.2.5.32 and following).
//!
//! Reads what every parser takes for the same attributes. Markup that is harder to judge ends the
//! reading with `None`. Some of what it reads is still a parse error: see [`Attribute::is_correct`].

use std::ops::Range;

/// Reads a start tag from behind its name.
pub(super) struct StartTag<'p> {
    bytes: &'p [u8],
    at: usize,
}

/// What comes next in a start tag.
pub(super) enum Part {
    Attribute(Attribute),
    End(End),
}

/// An attribute as spans.
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    /// Without quotes; `None` where only the name is written.
    pub(super) value: Option<Range<usize>>,
    /// Whether it is written without a parse error, and apart from the one before it.
    pub(super) is_correct: bool,
}

/// The end of a start tag.
pub(super) struct End {
    /// The offset behind the `>`.
    pub(super) at: usize,
    /// Whether there is a `/` before the `>`.
    pub(super) self_closing: bool,
    /// Whether nothing stands between the two.
    pub(super) is_correct: bool,
}

impl<'p> StartTag<'p> {
    /// The start tag whose name ends at `at`.
    pub(super) fn behind_name(bytes: &'p [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The next attribute, or the end of the tag.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Part> {
        let before = self.at;
        self.white_space();
        let is_apart = self.at > before;
        match *self.bytes.get(self.at)? {
            b'>' => {
                self.at += 1;
                Some(Part::End(End { at: self.at, self_closing: false, is_correct: true }))
            }
            b'/' => self.behind_slash(),
            _ => self.attribute(is_apart).map(Part::Attribute),
        }
    }

    fn behind_slash(&mut self) -> Option<Part> {
        self.at += 1;
        let behind = self.at;
        self.white_space();
        if self.bytes.get(self.at)? != &b'>' {
            return self.attribute(false).map(Part::Attribute);
        }
        let is_correct = self.at == behind;
        self.at += 1;
        Some(Part::End(End { at: self.at, self_closing: true, is_correct }))
    }

    fn attribute(&mut self, is_apart: bool) -> Option<Attribute> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !IN_NAME[usize::from(*byte)])?;
        if length == 0 {
            return None;
        }
        let name = self.at..self.at + length;
        self.at = name.end;
        self.white_space();
        if self.bytes.get(self.at)? != &b'=' {
            self.at = name.end;
            return Some(Attribute { name, value: None, is_correct: is_apart });
        }
        self.at += 1;
        self.white_space();
        let (value, is_correct) = self.value()?;
        Some(Attribute { name, value: Some(value), is_correct: is_apart && is_correct })
    }

    /// A value, and whether it is written without a parse error.
    fn value(&mut self) -> Option<(Range<usize>, bool)> {
        let rest = &self.bytes[self.at..];
        if let quote @ (b'"' | b'\'') = *rest.first()? {
            let start = self.at + 1;
            let value = start..start + memchr::memchr(quote, &rest[1..])?;
            self.at = value.end + 1;
            return Some((value, true));
        }
        let length = rest.iter().position(|b| b.is_ascii_whitespace() || *b == b'>')?;
        let text = &rest[..length];
        if matches!(text.first(), None | Some(b'='))
            || text.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'<' | b'`'))
        {
            return None;
        }
        let value = self.at..self.at + length;
        self.at = value.end;
        Some((value, !text.iter().any(|byte| matches!(byte, b'=' | 0))))
    }

    #[inline]
    fn white_space(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }
}

/// The bytes that names of tags and attributes are made of.
pub(super) const IN_NAME: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        bytes[byte as usize] = !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'/' | b'=' | b'`');
        byte += 1;
    }
    bytes
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The attributes of a tag, each with whether it is written without a parse error.
    fn read(tag: &str) -> Option<Vec<(&str, Option<&str>, bool)>> {
        let mut reader = StartTag::behind_name(tag.as_bytes(), 0);
        let mut attributes = Vec::new();
        loop {
            match reader.next()? {
                Part::End(_) => return Some(attributes),
                Part::Attribute(Attribute { name, value, is_correct }) => {
                    attributes.push((&tag[name], value.map(|value| &tag[value]), is_correct));
                }
            }
        }
    }

    #[test]
    fn attributes_are_read_with_their_values() {
        assert_eq!(
            read(" a=b C = \"d>e\" f='\"' g>"),
            Some(vec![
                ("a", Some("b"), true),
                ("C", Some("d>e"), true),
                ("f", Some("\""), true),
                ("g", None, true),
            ])
        );
    }

    #[test]
    fn parse_errors_are_told() {
        assert_eq!(
            read(" a=\"b\"c / d=e?f=g>"),
            Some(vec![("a", Some("b"), true), ("c", None, false), ("d", Some("e?f=g"), false),])
        );
    }

    #[test]
    fn what_parsers_have_to_judge_is_not_read() {
        for tag in [" a=b\"c>", " \"a>", " a=>", " =a>", " a==b>", " a=\"b", " a", " a=<>", " ä>"]
        {
            assert_eq!(read(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_tag_can_close_itself() {
        let end = |tag: &str| match StartTag::behind_name(tag.as_bytes(), 0).next() {
            Some(Part::End(end)) => (end.at, end.self_closing, end.is_correct),
            _ => panic!("{tag}"),
        };
        assert_eq!(end(" >a"), (2, false, true));
        assert_eq!(end("/>"), (2, true, true));
        assert_eq!(end("/ >"), (3, true, false));
    }
}
