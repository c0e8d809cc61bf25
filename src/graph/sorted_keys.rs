//! The keys of import maps, sorted and searched as HTML says: "in descending order, with an entry
//! *a* being less than *b* if *a*'s key is code unit less than *b*'s key" (8.1.6.3).
//!
//! Longer keys so come before their prefixes. A search takes a few bisections, however long the list.

use std::{cmp::Ordering, collections::HashSet};

/// Sorts entries, whose keys are all different.
pub(super) fn sort<T>(entries: &mut [(String, T)]) {
    entries.sort_by(|(a, _), (b, _)| compare(a, b));
}

/// Leaves the first entry of every key, and sorts them.
pub(super) fn first_of_each<T>(entries: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut seen = HashSet::new();
    let mut entries: Vec<_> =
        entries.into_iter().filter(|(key, _)| seen.insert(key.clone())).collect();
    sort(&mut entries);
    entries
}

/// Leaves the last entry of every key, and sorts them.
pub(super) fn last_of_each<T>(mut entries: Vec<(String, T)>) -> Vec<(String, T)> {
    entries.reverse();
    first_of_each(entries)
}

/// The entries with the key `text`, or with a key that ends with `/` and starts `text`, the longest
/// first. `entries` are sorted.
pub(super) fn matching<'e, 't, T>(
    entries: &'e [(String, T)],
    text: &'t str,
) -> Matching<'e, 't, T> {
    Matching { entries, rest: Some(text) }
}

/// The iterator of [`matching`].
pub(super) struct Matching<'e, 't, T> {
    entries: &'e [(String, T)],
    /// What the next key is, or starts.
    rest: Option<&'t str>,
}

impl<'e, T> Iterator for Matching<'e, '_, T> {
    type Item = &'e (String, T);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(text) = self.rest {
            let at = self.entries.partition_point(|(key, _)| compare(key, text).is_lt());
            // The greatest key that is not greater than the text. A key that starts the text can
            // not be longer than what the two have in common.
            let entry = self.entries.get(at)?;
            let is_match = entry.0 == text;
            let common = common_length(&entry.0, text) - usize::from(is_match && !text.is_empty());
            self.rest = folder(text, common);
            if is_match {
                return Some(entry);
            }
        }
        None
    }
}

/// The descending order of keys.
fn compare(a: &str, b: &str) -> Ordering {
    #[cfg(test)]
    COMPARISONS.set(COMPARISONS.get() + 1);
    b.encode_utf16().cmp(a.encode_utf16())
}

/// How many bytes two texts start with in common.
fn common_length(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// The longest start of `text` within its first `length` bytes that ends with `/`.
fn folder(text: &str, length: usize) -> Option<&str> {
    let slash = memchr::memrchr(b'/', &text.as_bytes()[..length])?;
    Some(&text[..=slash])
}

#[cfg(test)]
thread_local! {
    /// How often keys were compared: what sorting and searching cost.
    pub(super) static COMPARISONS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_search_finds_what_a_look_at_every_key_finds(
            keys in prop::collection::vec("[ab/é\u{E000}\u{1F600}]{0,6}", 0..12),
            text in "[ab/é\u{E000}\u{1F600}]{0,8}",
        ) {
            let keys = first_of_each(keys.into_iter().map(|key| (key, ())).collect());
            let is_match =
                |key: &str| key == text || key.ends_with('/') && text.starts_with(key);
            let expected: Vec<_> = keys.iter().filter(|(key, ())| is_match(key)).collect();
            prop_assert_eq!(matching(&keys, &text).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_search_in_a_list_ten_times_as_long_takes_a_few_comparisons_more() {
        let comparisons = |length: usize| {
            let keys = (0..length).map(|n| (format!("https://cdn.example/{n}/"), ()));
            let keys = first_of_each(keys.collect());
            COMPARISONS.set(0);
            assert_eq!(matching(&keys, "https://cdn.example/a/b/c/d.js").next(), None);
            COMPARISONS.get()
        };
        let (short, long) = (comparisons(1_000), comparisons(10_000));
        assert!(long <= short + 20, "{short} comparisons, then {long}");
    }
}
