//! Redirects: where an answer leads (RFC 9110, 15.4).

use reqwest::{blocking::Response as HttpResponse, header::LOCATION};
use url::Url;

use super::FetchError;

/// Where the answer redirects to, without the fragment; `None` if it is no redirect.
pub(super) fn redirect_target(
    from: &Url,
    answer: &HttpResponse,
) -> Result<Option<Url>, FetchError> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(LOCATION) else { return Ok(None) };
    let target = std::str::from_utf8(location.as_bytes()).ok().and_then(|to| from.join(to).ok());
    let mut target = target.ok_or_else(|| FetchError::BadRedirect { from: from.clone() })?;
    target.set_fragment(None);
    Ok(Some(target))
}

/// The URL without user name and password, for messages.
pub(super) fn without_credentials(mut url: Url) -> Url {
    // Both fail only for URLs that cannot carry credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_loses_its_credentials() {
        let url = Url::parse("https://u:p@h.example/").unwrap();
        assert_eq!(without_credentials(url).as_str(), "https://h.example/");
    }
}
