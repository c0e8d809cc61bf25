//! The code inside the script elements of a page, of whatever type.
//!
//! Elements are found by their tags alone, in comments too: what is read too much is harmless here.

const START: &[u8] = b"<script";
const END: &[u8] = b"</script";

/// What stands between each `<script …>` and the next `</script`.
pub(super) fn inline_code(page: &[u8]) -> Vec<&[u8]> {
    let mut code = Vec::new();
    let mut at = 0;
    while let Some(tag) = find(page, at, START) {
        let Some(open) = memchr::memchr(b'>', &page[tag..]) else { break };
        let start = tag + open + 1;
        let end = find(page, start, END).unwrap_or(page.len());
        code.push(&page[start..end]);
        at = end;
    }
    code.retain(|code| !code.trim_ascii().is_empty());
    code
}

/// Where `tag`, which begins with `<`, stands at or after `from`, in any case.
fn find(page: &[u8], from: usize, tag: &[u8]) -> Option<usize> {
    let is_tag = |at: &usize| {
        page.get(*at..*at + tag.len()).is_some_and(|there| there.eq_ignore_ascii_case(tag))
    };
    memchr::memchr_iter(b'<', &page[from..]).map(|at| from + at).find(is_tag)
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
