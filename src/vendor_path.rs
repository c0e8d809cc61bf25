//! Where a vendored file lies: from the address of a subresource to a path inside the vendor folder.
//!
//! Answers for three laws: no two addresses share a file, nothing lies outside the folder, and
//! every path survives Windows, case-insensitive disks, Git and static hosts. It leaves to others
//! which address a file is stored under and everything that touches the disk. URLs are read by the
//! URL Standard (through the `url` crate); the mirrored path keeps relative imports working, and the
//! last segment is never renamed, because many scripts look for their own file name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::{
    integrity::{Algorithm, Digest},
    reference::SubresourceUrl,
};

/// The longest segment, in bytes. Encrypting file systems take no more than 143.
const SEGMENT_MAX: usize = 100;
/// The longest path, in bytes: Windows counts 260 with the project's own folder in front.
const PATH_MAX: usize = 200;
/// The longest host folder: with a hash folder and the longest file name it still fits `PATH_MAX`.
const HOST_MAX: usize = 80;
/// What starts the name of a hash folder. Not `.`, `_`, `#` or `~`: Jekyll drops such folders.
const HASH_MARK: &str = "h~";
const HASH_DIGITS: usize = 12;
/// Put in front of a name that cannot stand as it is.
const PREFIX: &str = "x-";
/// Endings that static servers send with a type browsers accept.
const USABLE: [&str; 6] = ["js", "mjs", "cjs", "json", "css", "wasm"];

/// A relative path inside the vendor folder, `/`-separated, valid on every system.
///
/// At least two segments: the host folder, in lower case, and what lies in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VendorPath(String);

/// Text that is not a path inside the vendor folder. The path shown is cut after 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VendorPathError {
    /// Absolute, or with two slashes in a row, or ending in one.
    #[error("the path {0:?} has an empty segment")]
    EmptySegment(String),
    /// No folder above the file.
    #[error("the path {0:?} has no host folder")]
    NoHostFolder(String),
    /// Host folders are lower-case, so that no two of them differ by case alone.
    #[error("the host folder of the path {0:?} is not lower-case")]
    HostCase(String),
    /// Something outside `A-Z a-z 0-9 . _ @ + = , ~ -`.
    #[error("the path {path:?} has the character {character:?}")]
    Character {
        /// The path.
        path: String,
        /// Its first forbidden character.
        character: char,
    },
    /// `.` and `..`, hidden files, and names that Windows would shorten.
    #[error("a segment of the path {0:?} starts or ends with a dot")]
    Dot(String),
    /// A name that means something else to Windows, to Git, or to us.
    #[error("the segment {segment:?} of the path {path:?} is a reserved name")]
    Reserved {
        /// The path.
        path: String,
        /// The segment.
        segment: String,
    },
    /// Longer than 100 bytes in a segment or 200 in all.
    #[error("the path {0:?} is too long: at most 100 bytes a segment and 200 in all")]
    TooLong(String),
}

impl VendorPath {
    /// The path's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments, host folder first.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Every folder above the file, outermost first: `a`, then `a/b`, for `a/b/c.js`.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// The path as a case-insensitive disk sees it: two paths with one folded form are one file.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The path on this system's disk, below `root`.
    pub fn to_path(&self, root: &Path) -> PathBuf {
        self.segments().fold(root.to_owned(), |path, segment| path.join(segment))
    }

    /// The path as part of a URL. `+` is escaped, because some object stores read it as a blank.
    pub fn url_path(&self) -> String {
        self.0.replace('+', "%2B")
    }
}

impl FromStr for VendorPath {
    type Err = VendorPathError;

    fn from_str(text: &str) -> Result<Self, VendorPathError> {
        let path = || text.chars().take(200).collect::<String>();
        if text.len() > PATH_MAX || text.split('/').any(|segment| segment.len() > SEGMENT_MAX) {
            return Err(VendorPathError::TooLong(path()));
        }
        let forbidden = |c: &char| *c != '/' && !u8::try_from(*c).is_ok_and(is_safe);
        if let Some(character) = text.chars().find(forbidden) {
            return Err(VendorPathError::Character { path: path(), character });
        }
        for segment in text.split('/') {
            if segment.is_empty() {
                return Err(VendorPathError::EmptySegment(path()));
            }
            if segment.starts_with('.') || segment.ends_with('.') {
                return Err(VendorPathError::Dot(path()));
            }
            if is_reserved(segment) {
                return Err(VendorPathError::Reserved { path: path(), segment: segment.into() });
            }
        }
        match text.split_once('/') {
            None => Err(VendorPathError::NoHostFolder(path())),
            Some((host, _)) if host.bytes().any(|b| b.is_ascii_uppercase()) => {
                Err(VendorPathError::HostCase(path()))
            }
            Some(_) => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<String> for VendorPath {
    type Error = VendorPathError;

    fn try_from(text: String) -> Result<Self, VendorPathError> {
        text.parse()
    }
}

impl From<VendorPath> for String {
    fn from(path: VendorPath) -> Self {
        path.0
    }
}

impl fmt::Display for VendorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VendorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The file name extension that makes a server send the right type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extension {
    /// JavaScript, classic or module.
    Js,
    /// JSON.
    Json,
    /// A style sheet.
    Css,
    /// WebAssembly.
    Wasm,
}

impl Extension {
    /// The extension for a `Content-Type`. What is not JSON, CSS or WebAssembly was let in as a script.
    pub fn of_media_type(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/wasm" => Self::Wasm,
            "text/css" => Self::Css,
            "application/json" | "text/json" => Self::Json,
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Js,
        }
    }

    /// The extension, without a dot.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Js => "js",
            Self::Json => "json",
            Self::Css => "css",
            Self::Wasm => "wasm",
        }
    }
}

/// One file to be stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored {
    /// The address it is stored under: where the CDN filled in an exact version, with that version.
    pub url: SubresourceUrl,
    /// The digest of the bytes, given when nothing in the address fixes them: new bytes must get a
    /// new local URL, or browsers hold an old cached copy against the new `integrity`.
    pub content: Option<Digest>,
    /// Appended where the address has no extension that servers know.
    pub extension: Extension,
}

impl Stored {
    /// What makes this file one file.
    pub fn key(&self) -> StorageKey {
        StorageKey { url: self.url.clone(), content: self.content.clone() }
    }
}

/// What tells stored files apart. Scripts with one key share one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageKey {
    /// [`Stored::url`].
    pub url: SubresourceUrl,
    /// [`Stored::content`].
    pub content: Option<Digest>,
}

/// The path of `stored` as long as no other file stands in its way: the mirrored URL, below a hash
/// folder if the mirrored path cannot express all of it.
///
/// An appended extension, `index.js` and a decoded escape can make two addresses meet; [`assign`]
/// parts them.
pub fn candidate(stored: &Stored) -> VendorPath {
    Mirror::of(&stored.key(), stored.extension).path()
}

/// Gives every file of `all` its path, whatever their order.
///
/// Files named in `taken` (from the lockfile) keep the path they have, and nobody else gets it.
/// Where others collide (one folded path, or two spellings of one folder), each of them goes into a
/// hash folder of its own. Where a file stands at the place of a folder it is the file that
/// goes, so that the modules in the folder stay together, unless the file's place is taken.
pub fn assign(
    all: impl IntoIterator<Item = Stored>,
    taken: &BTreeMap<StorageKey, VendorPath>,
) -> BTreeMap<StorageKey, VendorPath> {
    let mut wanted = BTreeMap::new();
    for stored in all {
        let extension = wanted.entry(stored.key()).or_insert(stored.extension);
        *extension = stored.extension.min(*extension);
    }
    let mirrors: BTreeMap<_, _> = wanted
        .iter()
        .filter(|(key, _)| !taken.contains_key(key))
        .map(|(key, extension)| (key, Mirror::of(key, *extension)))
        .collect();
    let mut paths: BTreeMap<_, _> = mirrors.iter().map(|(key, m)| (*key, m.path())).collect();
    for attempt in 1_u32.. {
        let colliding = Names::new(taken, &paths).colliding(&paths);
        if colliding.is_empty() {
            break;
        }
        for key in colliding {
            paths.insert(key, mirrors[key].path_apart(attempt));
        }
    }
    wanted
        .keys()
        .filter_map(|key| Some((key.clone(), taken.get(key).or_else(|| paths.get(key))?.clone())))
        .collect()
}

/// Who lies where, by folded path.
struct Names<'a> {
    /// How many files want the place.
    files: BTreeMap<String, usize>,
    /// The places that are taken for good.
    taken: BTreeSet<String>,
    /// The spellings of each folder.
    folders: BTreeMap<String, BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    fn new(
        taken: &'a BTreeMap<StorageKey, VendorPath>,
        free: &'a BTreeMap<&StorageKey, VendorPath>,
    ) -> Self {
        let mut files = BTreeMap::new();
        let mut folders: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for path in taken.values().chain(free.values()) {
            *files.entry(path.folded()).or_default() += 1;
            for folder in path.folders() {
                folders.entry(folder.to_ascii_lowercase()).or_default().insert(folder);
            }
        }
        Self { files, taken: taken.values().map(VendorPath::folded).collect(), folders }
    }

    fn colliding<'k>(&self, free: &BTreeMap<&'k StorageKey, VendorPath>) -> Vec<&'k StorageKey> {
        free.iter().filter(|(_, path)| self.collides(path)).map(|(key, _)| *key).collect()
    }

    fn collides(&self, path: &VendorPath) -> bool {
        let folded = path.folded();
        self.files.get(&folded).is_some_and(|owners| *owners > 1)
            || self.folders.contains_key(&folded)
            || path.folders().any(|folder| {
                let folder = folder.to_ascii_lowercase();
                self.taken.contains(&folder)
                    || self.folders.get(&folder).is_some_and(|spellings| spellings.len() > 1)
            })
    }
}

/// A URL as folders and a file, and what those do not say about it.
struct Mirror {
    host: String,
    segments: Vec<String>,
    /// What the mirrored path cannot express: (name, value).
    unexpressed: Vec<(String, String)>,
    /// All that makes the file one file, for when the mirrored path is of no use.
    everything: Vec<(String, String)>,
}

impl Mirror {
    fn of(key: &StorageKey, extension: Extension) -> Self {
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

    fn path(&self) -> VendorPath {
        let folder = (!self.unexpressed.is_empty()).then(|| hash_folder(&self.unexpressed));
        self.below(folder).unwrap_or_else(|| self.collapsed(&self.everything))
    }

    /// A path that no other file has, whatever the plain one collides with. `attempt` counts from 1.
    fn path_apart(&self, attempt: u32) -> VendorPath {
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

/// The portable name of one raw segment, at most `room` bytes long.
///
/// Escapes are decoded first: `%40scope` and `@scope` are one folder to every CDN.
fn mirror(raw: &str, room: usize, appended: Option<Extension>) -> Mirrored {
    let mut faithful = percent_decode_str(raw).all(is_safe);
    let mut name: String = percent_decode_str(raw)
        .map(|byte| if is_safe(byte) { char::from(byte) } else { '_' })
        .collect();
    if let (Some(extension), None) = (appended, usable_extension(&name)) {
        name = format!("{name}.{}", extension.as_str());
    }
    let hidden = name.starts_with('.') || (!faithful && name.starts_with('_'));
    if name.is_empty() || hidden || is_reserved(&name) || looks_like_hash_folder(&name) {
        name.insert_str(0, PREFIX);
        faithful = false;
    }
    if name.len() > room {
        let ending = usable_extension(&name).map_or(0, |extension| extension.len() + 1);
        let tail = name.split_off(name.len() - ending);
        name.truncate(room - ending);
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

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._@+=,~-".contains(&byte)
}

fn usable_extension(name: &str) -> Option<&str> {
    let (_, extension) = name.rsplit_once('.')?;
    USABLE.iter().any(|usable| usable.eq_ignore_ascii_case(extension)).then_some(extension)
}

/// Names that are something else: Windows devices (with any extension; those with `$` or a
/// superscript are outside our alphabet anyway), Git's own folder under its short name, and our
/// lockfile.
fn is_reserved(segment: &str) -> bool {
    let name = segment.to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let device = match stem {
        "con" | "prn" | "aux" | "nul" => true,
        _ => ["com", "lpt"].iter().any(|port| {
            stem.strip_prefix(port)
                .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
        }),
    };
    device || name == "git~1" || name == "inhouse.lock"
}

fn looks_like_hash_folder(segment: &str) -> bool {
    let name = segment.to_ascii_lowercase();
    name.strip_prefix(HASH_MARK).is_some_and(|digits| {
        digits.len() == HASH_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
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

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn stored(url: &str) -> Stored {
        Stored { url: url.parse().unwrap(), content: None, extension: Extension::Js }
    }

    fn path(url: &str) -> String {
        candidate(&stored(url)).to_string()
    }

    /// Splits off the hash folder, and insists on its form.
    fn hashed(url: &str) -> (String, String) {
        let path = path(url);
        let parts: Vec<&str> = path.splitn(3, '/').collect();
        assert!(looks_like_hash_folder(parts[1]), "{path}");
        (parts[1].to_owned(), format!("{}/{}", parts[0], parts[2]))
    }

    fn assigned(urls: &[&str]) -> Vec<String> {
        let paths = assign(urls.iter().map(|url| stored(url)), &BTreeMap::new());
        urls.iter().map(|url| paths[&stored(url).key()].to_string()).collect()
    }

    #[test]
    fn a_plain_url_is_mirrored() {
        for plain in [
            "cdn.jsdelivr.net/npm/jquery@3.7.1/dist/jquery.min.js",
            "cdn.jsdelivr.net/npm/@popperjs/core@2.11.8/dist/umd/popper.min.js",
            "cdn.jsdelivr.net/combine/npm/a@1.0.0,npm/b@1.0.0/x.js",
            "esm.sh/_virtual/~x/v=1/react+dom.mjs",
            "127.0.0.1/A.JS",
        ] {
            assert_eq!(path(&format!("https://{plain}")), plain);
        }
    }

    #[test]
    fn what_has_no_usable_extension_gets_one_by_its_type() {
        assert_eq!(path("https://unpkg.com/lit@3.2.1"), "unpkg.com/lit@3.2.1.js");
        assert_eq!(path("https://cdn.test/npm/d3@7.8.5/+esm"), "cdn.test/npm/d3@7.8.5/+esm.js");
        assert_eq!(path("https://cdn.test/script.php"), "cdn.test/script.php.js");
        let css = Stored { extension: Extension::Css, ..stored("https://cdn.test/css2") };
        assert_eq!(candidate(&css).as_str(), "cdn.test/css2.css");
    }

    #[test]
    fn a_trailing_slash_gets_an_index() {
        assert_eq!(path("https://js.test/v3/"), "js.test/v3/index.js");
        assert_eq!(path("https://js.test"), "js.test/index.js");
    }

    #[test]
    fn a_port_is_part_of_the_host_folder() {
        assert_eq!(path("https://localhost:8443/a.js"), "localhost+8443/a.js");
        assert_eq!(path("https://localhost:443/a.js"), "localhost/a.js");
        assert_eq!(hashed("https://a+8443/a.js").1, "a_8443/a.js");
        assert_eq!(hashed("https://[::1]:8443/a.js").1, "x-___1_+8443/a.js");
    }

    #[test]
    fn a_query_is_a_hash_folder_above_the_mirrored_path() {
        let (one, mirrored) = hashed("https://cdn.test/lib/a.js?v=1");
        let (two, same) = hashed("https://cdn.test/lib/a.js?v=2");
        let (empty, _) = hashed("https://cdn.test/lib/a.js?");
        assert_eq!((mirrored.as_str(), same.as_str()), ("cdn.test/lib/a.js", "cdn.test/lib/a.js"));
        assert!(one != two && two != empty && one != empty);
    }

    #[test]
    fn the_form_of_a_hash_folder_is_a_promise_to_lockfiles() {
        let promised = "cdn.test/h~6633b346db9b/a.js";
        assert_eq!(path("https://cdn.test/a.js?v=1"), promised);
    }

    #[test]
    fn content_and_scheme_count_where_the_path_cannot_say_them() {
        let of = |bytes: &[u8]| Stored {
            content: Some(Digest::of(bytes, Algorithm::Sha384)),
            ..stored("https://cdn.test/a.js")
        };
        let (one, two) = (candidate(&of(b"1")), candidate(&of(b"2")));
        assert_ne!(one, two);
        assert!(one.as_str().ends_with("/a.js"));
        assert_eq!(hashed("http://cdn.test/a.js").1, "cdn.test/a.js");
    }

    #[test]
    fn siblings_below_an_odd_folder_share_their_hash_folder() {
        let (one, mirrored) = hashed("https://ga.jspm.io/npm:lit@3.2.1/index.js");
        let (two, _) = hashed("https://ga.jspm.io/npm:lit@3.2.1/lib/decorators.js");
        let (other, _) = hashed("https://ga.jspm.io/npm:lit@3.2.2/index.js");
        assert_eq!(mirrored, "ga.jspm.io/npm_lit@3.2.1/index.js");
        assert_eq!(one, two);
        assert_ne!(one, other);
    }

    #[test]
    fn escapes_of_safe_characters_are_decoded_others_are_replaced() {
        assert_eq!(path("https://cdn.test/npm/%40scope/a.js"), "cdn.test/npm/@scope/a.js");
        assert_eq!(hashed("https://cdn.test/a%2Fb%00%5C%C3%A9.js").1, "cdn.test/a_b____.js");
        assert_eq!(hashed("https://cdn.test/..%2f..%2fa.js").1, "cdn.test/x-.._.._a.js");
        assert_eq!(path("https://cdn.test/a/%2e%2e/b.js"), "cdn.test/b.js");
    }

    #[test]
    fn reserved_names_get_a_prefix() {
        for (raw, name) in [
            ("con.js", "x-con.js"),
            ("COM1.min.js", "x-COM1.min.js"),
            ("aux/a.js", "x-aux/a.js"),
            ("co%6E.js", "x-con.js"),
            ("git~1/a.js", "x-git~1/a.js"),
            (".git/a.js", "x-.git/a.js"),
            ("inhouse.lock/a.js", "x-inhouse.lock/a.js"),
            ("/a.js", "x-/a.js"),
            ("a./b.js", "a_/b.js"),
            (":a.js", "x-_a.js"),
            ("h~0123456789aB/a.js", "x-h~0123456789aB/a.js"),
        ] {
            assert_eq!(hashed(&format!("https://cdn.test/{raw}")).1, format!("cdn.test/{name}"));
        }
        assert_eq!(path("https://cdn.test/console.js"), "cdn.test/console.js");
        assert_eq!(hashed("https://inhouse.lock/a.js").1, "x-inhouse.lock/a.js");
    }

    #[test]
    fn long_segments_are_cut_and_keep_their_extension() {
        let long = "a".repeat(150);
        let (_, cut) = hashed(&format!("https://cdn.test/{long}.min.js"));
        assert_eq!(cut, format!("cdn.test/{}.js", "a".repeat(97)));
    }

    #[test]
    fn a_long_path_collapses_to_its_file_name() {
        let folders = "folder/".repeat(40);
        let (one, collapsed) = hashed(&format!("https://cdn.test/{folders}chart.min.js"));
        let (two, _) = hashed(&format!("https://cdn.test/x/{folders}chart.min.js"));
        assert_eq!(collapsed, "cdn.test/chart.min.js");
        assert_ne!(one, two);
    }

    #[test]
    fn what_collides_is_parted_and_keeps_its_name() {
        for urls in [
            ["https://cdn.test/A.js", "https://cdn.test/a.js"],
            ["https://cdn.test/lit", "https://cdn.test/lit.js"],
            ["https://cdn.test/v3/", "https://cdn.test/v3/index.js"],
            ["https://cdn.test/Lib/a.js", "https://cdn.test/lib/b.js"],
        ] {
            let paths = assigned(&urls);
            assert_ne!(paths[0].to_lowercase(), paths[1].to_lowercase());
            assert!(paths.iter().all(|path| path.contains("/h~")), "{paths:?}");
        }
    }

    #[test]
    fn of_a_file_and_a_folder_the_file_moves() {
        let paths = assigned(&[
            "https://cdn.test/npm/chart.js",
            "https://cdn.test/npm/chart.js/dist/chart.js",
            "https://cdn.test/npm/chart.js/dist/helpers.js",
        ]);
        assert!(paths[0].starts_with("cdn.test/h~") && paths[0].ends_with("/npm/chart.js"));
        assert_eq!(paths[1], "cdn.test/npm/chart.js/dist/chart.js");
        assert_eq!(paths[2], "cdn.test/npm/chart.js/dist/helpers.js");
    }

    #[test]
    fn the_lockfile_keeps_its_places() {
        let (old, new) = (stored("https://cdn.test/A.js"), stored("https://cdn.test/a.js"));
        let taken = BTreeMap::from([(old.key(), candidate(&old))]);
        let paths = assign([new.clone(), old.clone()], &taken);
        assert_eq!(paths[&old.key()].as_str(), "cdn.test/A.js");
        assert!(paths[&new.key()].as_str().starts_with("cdn.test/h~"));
        let file = stored("https://cdn.test/chart.js");
        let inside = stored("https://cdn.test/chart.js/a.js");
        let taken = BTreeMap::from([(file.key(), candidate(&file))]);
        let paths = assign([inside.clone()], &taken);
        assert_eq!(paths.len(), 1, "only what was asked for");
        assert!(paths[&inside.key()].as_str().starts_with("cdn.test/h~"));
    }

    #[test]
    fn a_taken_hash_folder_does_not_stop_the_search() {
        let (one, two) = (stored("https://cdn.test/A.js"), stored("https://cdn.test/a.js"));
        let first = assign([one.clone(), two.clone()], &BTreeMap::new());
        let squatter = |n| stored(&format!("https://squatter.test/{n}.js")).key();
        let taken: BTreeMap<_, _> =
            first.values().cloned().enumerate().map(|(n, path)| (squatter(n), path)).collect();
        let second = assign([one.clone(), two.clone()], &taken);
        assert!(second.values().all(|path| !first.values().any(|other| other == path)));
        assert_ne!(second[&one.key()], second[&two.key()]);
    }

    #[test]
    fn hostile_paths_are_refused() {
        for hostile in [
            "",
            "/",
            "a",
            "/etc/passwd",
            "a//b.js",
            "a/b/",
            "../b.js",
            "a/../b.js",
            "a/./b.js",
            "a/.git/b.js",
            "a/b.",
            "a\\b/c.js",
            "c:/b.js",
            "a/b c.js",
            "a/b\0.js",
            "a/é.js",
            "a/con",
            "a/NUL.tar.js",
            "a/lpt9.js",
            "a/GIT~1/b.js",
            "inhouse.lock/b.js",
            "A.test/b.js",
            "a/b:c.js",
            "a/CONIN$",
        ] {
            assert!(hostile.parse::<VendorPath>().is_err(), "{hostile:?}");
        }
        assert!(format!("a/{}.js", "b".repeat(98)).parse::<VendorPath>().is_err());
        assert!(format!("a/{}c.js", "b/".repeat(99)).parse::<VendorPath>().is_err());
        let error = "a/\u{1b}[2J".parse::<VendorPath>().unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_path_is_written_for_disks_and_for_urls() {
        let path: VendorPath = "a.test+8443/@s/b@1,c=~.js".parse().unwrap();
        assert_eq!(path.url_path(), "a.test%2B8443/@s/b@1,c=~.js");
        assert_eq!(
            path.to_path(Path::new("v")),
            Path::new("v").join("a.test+8443").join("@s").join("b@1,c=~.js")
        );
        assert_eq!(path.folders().collect::<Vec<_>>(), ["a.test+8443", "a.test+8443/@s"]);
    }

    #[test]
    fn media_types_give_extensions() {
        for (media_type, extension) in [
            ("text/javascript; charset=utf-8", "js"),
            ("application/x-javascript", "js"),
            ("APPLICATION/JSON", "json"),
            ("application/manifest+json", "json"),
            ("text/css;charset=utf-8", "css"),
            ("application/wasm", "wasm"),
            ("", "js"),
        ] {
            assert_eq!(Extension::of_media_type(media_type).as_str(), extension);
        }
    }

    /// Pieces of paths that mapped carelessly would meet, or leave the folder.
    fn segment() -> impl Strategy<Value = String> {
        let odd = select(vec![
            "",
            "..",
            ".",
            "%2e%2e",
            "..%2f..",
            "%5c",
            "%00",
            "%2F",
            "con",
            "CON.js",
            "nul.",
            "com1",
            "lpt0.css",
            "a",
            "A",
            "a.js",
            "A.js",
            "a.js.js",
            "lit",
            "lit.js",
            "index",
            "index.js",
            "%61.js",
            "a%2ejs",
            "npm:lit",
            "npm_lit",
            "h~0123456789ab",
            "H~0123456789AB",
            "x-",
            "x-con",
            ".git",
            "git~1",
            "_a",
            "~",
            "é",
            "e\u{301}",
            "%C3%A9",
            "日本",
            "a b",
            "a+b",
            "a%2Bb",
            "@s",
            "%40s",
            "+esm",
            "a|b",
            "*",
            "'",
            "..\\..",
            "a~",
            "a.",
            "a_",
            "inhouse.lock",
        ])
        .prop_map(str::to_owned);
        let long =
            (select(vec!["a", "b.", "é"]), 30_usize..120, select(vec!["", ".js", ".min.js", "."]))
                .prop_map(|(piece, times, end)| piece.repeat(times) + end);
        prop_oneof![8 => odd, 1 => long, 1 => "[a-bA-B.%~_-]{0,4}", 1 => "\\PC{0,6}"]
    }

    fn any_stored() -> impl Strategy<Value = Stored> {
        let scheme = prop_oneof![5 => Just("https://"), 1 => Just("http://")];
        let host = select(vec![
            "a.test",
            "A.test",
            "a.test.",
            "a.test:8443",
            "a.test+8443",
            "a+b",
            "a_b",
            "con",
            "[::1]",
            "127.0.0.1",
            "0x7f.1",
            "bücher.test",
            "xn--bcher-kva.test",
            "inhouse.lock",
            ".git",
            "h~0123456789ab",
            "a.test:80",
        ])
        .prop_map(str::to_owned);
        let host = prop_oneof![9 => host, 1 => "[a-z]{60,120}\\.test(:1)?"];
        let query = prop_oneof![4 => Just(String::new()), 1 => "\\?[ab=&/é]{0,3}"];
        let content = prop_oneof![4 => Just(None), 1 => select(vec!["1", "2"]).prop_map(Some)];
        let extension = select(vec![Extension::Js, Extension::Css]);
        let segments = prop_oneof![9 => vec(segment(), 0..4), 1 => vec(segment(), 30..40)];
        (scheme, host, segments, query, content, extension).prop_filter_map(
            "not a URL",
            |(scheme, host, segments, query, content, extension)| {
                let text = format!("{scheme}{host}/{}{query}", segments.join("/"));
                let content = content.map(|bytes| Digest::of(bytes.as_bytes(), Algorithm::Sha384));
                Some(Stored { url: text.parse().ok()?, content, extension })
            },
        )
    }

    /// The laws of a finished set of paths.
    fn check(paths: &BTreeMap<StorageKey, VendorPath>) -> Result<(), TestCaseError> {
        let mut files = BTreeMap::new();
        let mut folders: BTreeMap<String, &str> = BTreeMap::new();
        for (key, path) in paths {
            prop_assert_eq!(path.as_str().parse::<VendorPath>(), Ok(path.clone()), "portable");
            let on_disk = path.to_path(Path::new("vendor"));
            prop_assert!(
                on_disk
                    .components()
                    .skip(1)
                    .all(|part| matches!(part, std::path::Component::Normal(_)))
            );
            prop_assert!(on_disk.starts_with("vendor"), "contained");
            let other = files.insert(path.folded(), key);
            prop_assert!(other.is_none(), "{:?} and {:?} share {}", other, key, path);
            for folder in path.folders() {
                let spelling = *folders.entry(folder.to_ascii_lowercase()).or_insert(folder);
                prop_assert_eq!(spelling, folder, "one spelling for a folder");
            }
        }
        for folder in folders.keys() {
            prop_assert!(!files.contains_key(folder), "{} is file and folder", folder);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn a_set_is_contained_portable_injective_and_order_independent(
            set in vec(any_stored(), 1..25), rotation in 0_usize..25,
        ) {
            let paths = assign(set.clone(), &BTreeMap::new());
            check(&paths)?;
            let mut other = set;
            let rotation = rotation % other.len();
            other.rotate_left(rotation);
            other.reverse();
            prop_assert_eq!(assign(other, &BTreeMap::new()), paths);
        }

        #[test]
        fn what_is_locked_stays_where_it_is(
            old in vec(any_stored(), 0..12), new in vec(any_stored(), 0..12),
        ) {
            let taken = assign(old.clone(), &BTreeMap::new());
            let mut paths = assign(old.into_iter().chain(new), &taken);
            for (key, path) in &taken {
                prop_assert_eq!(&paths[key], path);
            }
            paths.extend(taken);
            check(&paths)?;
        }

        #[test]
        fn a_usable_plain_name_is_kept(
            stored in any_stored(), name in "[a-z0-9@+=,~_-][A-Za-z0-9._@+=,~-]{0,80}\\.(js|mjs|cjs|json|css|wasm)",
        ) {
            prop_assume!(!is_reserved(&name));
            let url = stored.url.as_url().join(&format!("./{name}")).unwrap();
            let stored = Stored { url: url.try_into().unwrap(), ..stored };
            let path = candidate(&stored);
            prop_assert_eq!(path.segments().last(), Some(name.as_str()));
            let apart = Mirror::of(&stored.key(), stored.extension).path_apart(1);
            prop_assert_eq!(apart.segments().last(), Some(name.as_str()));
        }

        #[test]
        fn any_text_that_is_a_path_stays_in_the_folder(text in "\\PC{0,40}|([a./\\\\~:]|\\.\\.|con){0,9}") {
            if let Ok(path) = text.parse::<VendorPath>() {
                prop_assert_eq!(path.as_str(), text);
                prop_assert!(path.segments().all(|segment| !matches!(segment, "" | "." | "..")));
            }
        }
    }
}
