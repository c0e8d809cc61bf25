//! Policies of the site that a local script would run into.
//!
//! Reads Content Security Policies (CSP 3, section 6.7: which `script-src` applies to script
//! elements) and the `Integrity-Policy` header, from `<meta>` and from a `_headers` file. Nothing
//! here edits a policy; what has to change is for the report to say.

/// The headers of a `_headers` file that concern scripts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SiteHeaders {
    /// The values of `Content-Security-Policy`.
    pub policies: Vec<String>,
    /// Whether `Integrity-Policy` asks for integrity on scripts, and with it for CORS.
    pub integrity_policy: bool,
}

/// Reads a `_headers` file: paths at the line's start, indented `Name: value` below them.
pub fn site_headers(text: &str) -> SiteHeaders {
    let mut headers = SiteHeaders::default();
    for line in text.lines().filter(|line| line.starts_with([' ', '\t'])) {
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-security-policy" => headers.policies.push(value.trim().to_owned()),
            "integrity-policy" => headers.integrity_policy |= value.contains("script"),
            _ => {}
        }
    }
    headers
}

/// Whether `policy` would block a script that the site serves itself. `Some` names the directive.
pub fn blocks_own_scripts(policy: &str) -> Option<&'static str> {
    const DIRECTIVES: [&str; 3] = ["script-src-elem", "script-src", "default-src"];
    let directives: Vec<Vec<&str>> =
        policy.split(';').map(|d| d.split_ascii_whitespace().collect()).collect();
    let find = |name: &str| {
        directives.iter().find(|d| d.first().is_some_and(|first| first.eq_ignore_ascii_case(name)))
    };
    let (name, sources) = DIRECTIVES.into_iter().find_map(|name| Some((name, find(name)?)))?;
    let allowed = sources[1..].iter().any(|source| {
        let source = source.to_ascii_lowercase();
        // A nonce or `'strict-dynamic'` allows by other means than the address.
        matches!(source.as_str(), "'self'" | "*" | "https:" | "http:" | "'strict-dynamic'")
            || source.starts_with("'nonce-")
            || source.starts_with('/')
    });
    (!allowed).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_lists_only_the_cdn_blocks_the_local_copy() {
        assert_eq!(blocks_own_scripts("script-src https://cdn.example"), Some("script-src"));
        assert_eq!(blocks_own_scripts("default-src cdn.example; img-src *"), Some("default-src"));
        assert_eq!(blocks_own_scripts("default-src 'none'; script-src 'self' cdn.example"), None);
        assert_eq!(blocks_own_scripts("script-src 'nonce-x'"), None);
        assert_eq!(blocks_own_scripts("img-src 'none'"), None);
        assert_eq!(blocks_own_scripts("SCRIPT-SRC 'SELF'"), None);
    }

    #[test]
    fn a_headers_file_is_read() {
        let text = "/*\n  Content-Security-Policy: script-src a.example\n  Integrity-Policy: blocked-destinations=(script)\n# c\nX: y\n";
        let headers = site_headers(text);
        assert_eq!(headers.policies, ["script-src a.example"]);
        assert!(headers.integrity_policy);
        assert!(
            !site_headers("/*\n  Integrity-Policy: blocked-destinations=(style)\n")
                .integrity_policy
        );
    }
}
