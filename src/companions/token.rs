//! Searches in the bytes of a page or script, without reading their syntax.

/// A tag is not searched for its attributes further than this.
const TAG_MAX: usize = 1 << 16;

/// Whether what stands at `start` and begins like `text` is the beginning of a word.
pub(super) fn begins_word(bytes: &[u8], start: usize, text: &str) -> bool {
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    !text.as_bytes().first().is_some_and(|first| is_name_byte(*first))
        || !before.is_some_and(|before| is_name_byte(*before))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_token_byte(byte: u8) -> bool {
    is_name_byte(byte) || matches!(byte, b'+' | b'#' | b'.') || !byte.is_ascii()
}

/// Gives the rest of a word whose beginning ends here, as it is and in lower case, or `None` if code
/// completes it.
pub(super) fn rest_of_word(bytes: &[u8], found: &mut impl FnMut(Option<String>)) {
    let length = bytes.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(bytes.len());
    let (token, next) = bytes.split_at(length);
    if is_completed_by_code(next) {
        found(None);
    } else if !token.is_empty() {
        let token = String::from_utf8_lossy(token);
        found(Some(token.to_ascii_lowercase()));
        found(Some(token.into_owned()));
    }
}

/// Whether a word that stands before these bytes goes on with a value: in a template, or in a sum.
fn is_completed_by_code(next: &[u8]) -> bool {
    match next {
        [b'$', b'{', ..] => true,
        [b'"' | b'\'' | b'`', rest @ ..] => rest.trim_ascii_start().starts_with(b"+"),
        _ => false,
    }
}

/// The rest of a tag whose name begins before this.
pub(super) fn rest_of_tag(bytes: &[u8]) -> &[u8] {
    let bytes = &bytes[..bytes.len().min(TAG_MAX)];
    &bytes[..tag_length(bytes)]
}

/// How far it is to the end of the tag, a `>` in quotes not counted.
fn tag_length(rest: &[u8]) -> usize {
    let mut quote = None;
    for (index, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return index,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            _ => {}
        }
    }
    rest.len()
}

/// Gives every value of `attribute` in the rest of a tag; `None` for one that a template fills in.
pub(super) fn values_in_tag(tag: &[u8], attribute: &str, found: &mut impl FnMut(Option<String>)) {
    let ends = (0..tag.len()).filter_map(|start| {
        let end = start + attribute.len();
        let is_name = tag.get(start..end)?.eq_ignore_ascii_case(attribute.as_bytes());
        (is_name && begins_word(tag, start, attribute)).then_some(end)
    });
    ends.for_each(|end| value_after_name(&tag[end..], found));
}

/// Gives the value of an attribute whose name ends here, if it has one.
pub(super) fn value_after_name(bytes: &[u8], found: &mut impl FnMut(Option<String>)) {
    let Some(value) = bytes.trim_ascii_start().strip_prefix(b"=") else { return };
    let value = attribute_value(value.trim_ascii_start());
    let computed = [&b"${"[..], b"{{", b"<%"].iter().any(|it| starts_within(value, it));
    found((!computed).then(|| String::from_utf8_lossy(value).into_owned()));
}

fn starts_within(value: &[u8], text: &[u8]) -> bool {
    value.windows(text.len()).any(|window| window == text)
}

/// The value that begins here: up to its quote, or, without quotes, to the next blank or `>`.
fn attribute_value(bytes: &[u8]) -> &[u8] {
    match bytes {
        [quote @ (b'"' | b'\''), rest @ ..] => until(rest, |byte| byte == *quote),
        bytes => until(bytes, |byte| byte.is_ascii_whitespace() || byte == b'>'),
    }
}

fn until(bytes: &[u8], is_end: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes.iter().position(|byte| is_end(*byte)).unwrap_or(bytes.len());
    &bytes[..length]
}
