//! Scripts that only report that a CDN could not build them.

use memchr::memmem;

/// Where a failed build announces itself: no service puts more than a comment before it.
const HEAD: usize = 4 << 10;

/// The service and its words, if `body` is a build that failed.
pub(super) fn failed_build(body: &[u8]) -> Option<(&'static str, String)> {
    let head = &body[..body.len().min(HEAD)];
    let statement = without_comments(head);
    let throws = statement.starts_with(b"throw ");
    let message = |text: &[u8]| {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).take(200).collect()
    };
    if head.starts_with(b"/* esm.sh - error */") {
        return Some(("esm.sh", message(statement)));
    }
    (throws && memmem::find(statement, b"Failed to bundle using Rollup").is_some())
        .then(|| ("jsDelivr", message(statement)))
}

/// What follows the comments a script opens with.
fn without_comments(script: &[u8]) -> &[u8] {
    let mut rest = script.trim_ascii_start();
    loop {
        let end = if rest.starts_with(b"/*") {
            memmem::find(rest, b"*/").map(|end| end + 2)
        } else if rest.starts_with(b"//") {
            memchr::memchr(b'\n', rest)
        } else {
            return rest;
        };
        let Some(end) = end else { return &[] };
        rest = rest[end..].trim_ascii_start();
    }
}
