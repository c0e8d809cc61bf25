//! Text of other people on one line of the file.

/// `text` without control characters: a line break in a name must not look like a line of ours.
pub(super) fn plain_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
