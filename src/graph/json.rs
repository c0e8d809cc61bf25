//! JSON with the place of every string, so that a text can be edited and not reprinted.
//!
//! Whether a text is JSON (RFC 8259) is decided by `serde_json`; what follows may therefore trust
//! its input. Members come in the order of the text, repeated names included.

use std::ops::Range;

use serde::de::IgnoredAny;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object(Vec<Member>),
    /// A string's decoded text.
    String(String),
    /// An array, a number, a truth value, `null`.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Value,
}

impl Value {
    pub(super) fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            Kind::String(_) | Kind::Other => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            Kind::Object(_) | Kind::Other => None,
        }
    }
}

/// Reads `text`.
///
/// # Errors
/// What `serde_json` says: also a text nested more than 127 deep, or with a lone surrogate.
pub(super) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<IgnoredAny>(text)?;
    Reader { text, at: 0 }.value()
}

/// Reads text that is known to be JSON, nested at most 127 deep.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    /// Passes `byte` if it is next.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Value, serde_json::Error> {
        let first = self.peek();
        let start = self.at;
        let kind = match first {
            b'{' => Kind::Object(self.members()?),
            b'"' => Kind::String(self.string()?),
            b'[' => {
                self.elements()?;
                Kind::Other
            }
            _ => {
                let rest = &self.text[self.at..];
                self.at += rest.find([',', '}', ']', ' ', '\t', '\n', '\r']).unwrap_or(rest.len());
                Kind::Other
            }
        };
        Ok(Value { span: start..self.at, kind })
    }

    fn members(&mut self) -> Result<Vec<Member>, serde_json::Error> {
        let mut members = Vec::new();
        self.eat(b'{');
        while self.peek() == b'"' {
            let start = self.at;
            let key = self.string()?;
            let key_span = start..self.at;
            self.eat(b':');
            members.push(Member { key, key_span, value: self.value()? });
            self.eat(b',');
        }
        self.eat(b'}');
        Ok(members)
    }

    fn elements(&mut self) -> Result<(), serde_json::Error> {
        self.eat(b'[');
        while !matches!(self.peek(), b']' | 0) {
            self.value()?;
            self.eat(b',');
        }
        self.eat(b']');
        Ok(())
    }

    fn string(&mut self) -> Result<String, serde_json::Error> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[end..]) {
            end += found;
            if bytes[end] == b'"' {
                break;
            }
            end += 2;
        }
        self.at = (end + 1).min(bytes.len());
        serde_json::from_str(&self.text[start..self.at])
    }
}

/// `text` as a JSON string that can stand in a page: `<` is escaped.
pub(super) fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('<', "\\u003C")
}
