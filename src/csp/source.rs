//! Source expressions of a directive, as far as inline scripts are concerned.

use std::{borrow::Cow, ops::Range};

use crate::integrity::{Algorithm, Digest};

/// A source expression, and where it stands in the whole value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub span: Range<usize>,
    pub expression: Expression,
}

/// A source expression, as far as inline scripts are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    UnsafeInline,
    StrictDynamic,
    Nonce(String),
    Hash(Hash),
    Other,
}

/// A hash source. Its digest is text, since what is no base64 of a digest is legal and matches
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hash {
    pub algorithm: Algorithm,
    /// As [`Digest`] writes it, without quotes.
    pub digest: String,
}

impl Expression {
    pub fn parse(word: &str) -> Self {
        let quoted = word.strip_prefix('\'').and_then(|word| word.strip_suffix('\''));
        let Some(quoted) = quoted else { return Self::Other };
        if quoted.eq_ignore_ascii_case("unsafe-inline") {
            Self::UnsafeInline
        } else if quoted.eq_ignore_ascii_case("strict-dynamic") {
            Self::StrictDynamic
        } else {
            Self::with_value(quoted).unwrap_or(Self::Other)
        }
    }

    /// `nonce-` and `sha…-`, which only count with a base64 value behind them.
    fn with_value(quoted: &str) -> Option<Self> {
        let (key, value) = quoted.split_once('-')?;
        if !is_base64_value(value) {
            return None;
        }
        if key.eq_ignore_ascii_case("nonce") {
            return Some(Self::Nonce(value.to_owned()));
        }
        let algorithm =
            Algorithm::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(key))?;
        let standard = value.replace('-', "+").replace('_', "/");
        let digest = format!("{}-{standard}", algorithm.name());
        Some(Self::Hash(Hash { algorithm, digest }))
    }
}

/// CSP's grammar of `base64-value`: both alphabets, at most two `=`, never empty.
fn is_base64_value(value: &str) -> bool {
    let body = value.trim_end_matches('=');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    !body.is_empty() && value.len() - body.len() <= 2 && body.bytes().all(known)
}

/// The digest that browsers make of an inline script's text, as `algorithm-base64`.
///
/// HTML knows only LF as line end inside a script, however the page's file spells it.
pub(super) fn digest(text: &str, algorithm: Algorithm) -> String {
    let text = match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    };
    Digest::of(text.as_bytes(), algorithm).to_string()
}

/// `text` between separators, which are one byte each, with the offset of every piece. `text` itself
/// stands at `at`.
pub(super) fn pieces(
    text: &str,
    at: usize,
    separates: impl Fn(char) -> bool,
) -> impl Iterator<Item = (usize, &str)> {
    text.split(separates).scan(at, |next, piece| {
        let start = *next;
        *next += piece.len() + 1;
        Some((start, piece))
    })
}
