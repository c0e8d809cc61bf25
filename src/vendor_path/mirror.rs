//! A URL as a path: its host and its segments as portable names, and a hash folder for the rest.
//!
//! The mirrored path keeps relative imports working. The last segment is never renamed, because many
//! scripts look for their own file name.

use percent_encoding::percent_decode_str;
use url::Url;

use super::{
    extension::{Extension, usable_extension},
    name::{HASH_DIGITS, HASH_MARK, SEGMENT_MAX, is_reserved, is_safe, looks_like_hash_folder},
    path::{PATH_MAX, VendorPath},
    storage::StorageKey,
};
use crate::integrity::{Algorithm, Digest};

/// The longest host folder: with a hash folder and the longest file name it still fits `PATH_MAX`.
const HOST_MAX: usize = 80;
/// Put in front of a name that cannot stand as it is.
const PREFIX: &str = "x-";

/// A URL as folders and a file, and what those do not say about it.
pub(super) struct Mirror {
    host: String,
    segments: Vec<String>,
    /// What the mirrored path cannot express: (name, value).
    unexpressed: Vec<(String, String)>,
    /// All facts that tell the file from others, for when the mirrored path cannot be used.
    everything: Vec<(String, String)>,
}

impl Mirror {
    pub fn of(key: &StorageKey, extension: Extension) -> Self {
        let url = key.url.as_url();
        let content = key.content.iter().map(|digest| ("content".into(), digest.to_string()));
        let everything =
            std::iter::once(("url".into(), url.as_str().into())).chain(content.clone());
        let everything = everything.collect();

        let mut unexpressed: Vec<(String, String)> = content.collect();
        if url.scheme() != "https" {
            unexpressed.push(("scheme".into(), url.scheme().into()));
        }
        if let Some(query) = url.query() {
            unexpressed.push(("query".into(), query.into()));
        }
        let host = mirror_host(url);
        if !host.faithful {
            unexpressed.push(("host".into(), url.host_str().unwrap_or_default().into()));
        }
        let raw: Vec<&str> = url.path_segments().map_or_else(|| vec![""], Iterator::collect);
        let last = raw.len() - 1;
        let mut segments = Vec::with_capacity(raw.len());
        for (index, text) in raw.into_iter().enumerate() {
            let mirrored = match (index == last, text) {
                (true, "") => mirror("index", SEGMENT_MAX, Some(extension)),
                (true, name) => mirror(name, SEGMENT_MAX, Some(extension)),
                (false, name) => mirror(name, SEGMENT_MAX, None),
            };
            if !mirrored.faithful {
                unexpressed.push((format!("segment {index}"), text.into()));
            }
            segments.push(mirrored.name);
        }
        Self { host: host.name, segments, unexpressed, everything }
    }

    pub fn path(&self) -> VendorPath {
        let folder = (!self.unexpressed.is_empty()).then(|| hash_folder(&self.unexpressed));
        self.below(folder).unwrap_or_else(|| self.collapsed(&self.everything))
    }

    /// A path that no other file has, whatever the plain one collides with. `attempt` counts from 1.
    pub fn path_apart(&self, attempt: u32) -> VendorPath {
        let mut facts = self.everything.clone();
        facts.push(("attempt".into(), attempt.to_string()));
        self.below(Some(hash_folder(&facts))).unwrap_or_else(|| self.collapsed(&facts))
    }

    /// The mirrored path, if it is short enough.
    fn below(&self, folder: Option<String>) -> Option<VendorPath> {
        let segments = self.segments.iter().map(String::as_str);
        let parts = std::iter::once(self.host.as_str()).chain(folder.as_deref()).chain(segments);
        let path = parts.collect::<Vec<_>>().join("/");
        (path.len() <= PATH_MAX).then_some(VendorPath(path))
    }

    /// Without the folders between host and file.
    fn collapsed(&self, facts: &[(String, String)]) -> VendorPath {
        let file = self.segments.last().map_or("index.js", String::as_str);
        VendorPath(format!("{}/{}/{file}", self.host, hash_folder(facts)))
    }
}

/// One segment of a URL as a portable name.
struct Mirrored {
    name: String,
    /// Whether the name says all of the segment.
    faithful: bool,
}

/// `host`, or `host+8443`; a `+` of the host's own is replaced, so that only ports have one.
fn mirror_host(url: &Url) -> Mirrored {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!("+{port}")).unwrap_or_default();
    let mut mirrored = mirror(host, HOST_MAX - port.len(), None);
    if mirrored.name.contains('+') {
        mirrored = Mirrored { name: mirrored.name.replace('+', "_"), faithful: false };
    }
    mirrored.name.push_str(&port);
    mirrored
}

/// The portable name of one raw segment, at most `max` bytes long.
///
/// Escapes are decoded first: `%40scope` and `@scope` are one folder to every CDN.
fn mirror(raw: &str, max: usize, appended: Option<Extension>) -> Mirrored {
    let mut faithful = percent_decode_str(raw).all(is_safe);
    let mut name: String = percent_decode_str(raw)
        .map(|byte| if is_safe(byte) { char::from(byte) } else { '_' })
        .collect();
    if let Some(extension) = appended.filter(|extension| !extension.fits(&name)) {
        name.push_str(extension.ending());
    }
    let hidden = name.starts_with('.') || (!faithful && name.starts_with('_'));
    if name.is_empty() || hidden || is_reserved(&name) || looks_like_hash_folder(&name) {
        name.insert_str(0, PREFIX);
        faithful = false;
    }
    if name.len() > max {
        let ending = usable_extension(&name).map_or(0, |extension| extension.len() + 1);
        let tail = name.split_off(name.len() - ending);
        name.truncate(max - ending);
        name.push_str(&tail);
        faithful = false;
    }
    let stem = name.trim_end_matches('.').len();
    if stem < name.len() {
        name.replace_range(stem.., &"_".repeat(name.len() - stem));
        faithful = false;
    }
    Mirrored { name, faithful }
}

/// Length-prefixed, so that no two lists of facts hash alike.
fn hash_folder(facts: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in facts {
        text.push_str(&format!("{name}:{}:{value}\n", value.len()));
    }
    let digest = Digest::of(text.as_bytes(), Algorithm::Sha256);
    format!("{HASH_MARK}{}", digest.short_hex(HASH_DIGITS))
}
