//! The code inside the script elements of a page, of whatever type.
//!
//! Elements are found by their tags alone, in comments too: what is read too much is harmless here.

use memchr::memmem;

const START: &[u8] = b"<script";
const END: &[u8] = b"</script";

/// What stands between each `<script …>` and the next `</script`.
pub(super) fn inline_code(page: &[u8]) -> Vec<&[u8]> {
    let lower = page.to_ascii_lowercase();
    let mut code = Vec::new();
    let mut at = 0;
    while let Some(tag) = find(&lower, at, START) {
        let Some(open) = memchr::memchr(b'>', &lower[tag..]) else { break };
        let start = tag + open + 1;
        let end = find(&lower, start, END).unwrap_or(page.len());
        code.push(&page[start..end]);
        at = end;
    }
    code.retain(|code| !code.trim_ascii().is_empty());
    code
}

fn find(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    memmem::find(&bytes[from..], needle).map(|found| from + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_ends_at_its_own_end_tag() {
        let page = b"<script>a</SCRIPT ><p><Script type=x>b<p></script><script src=c></script>";
        assert_eq!(inline_code(page), [&b"a"[..], b"b<p>"]);
        assert_eq!(inline_code(b"<script>a"), [b"a"]);
        assert_eq!(inline_code(b"<script"), [] as [&[u8]; 0]);
    }
}
