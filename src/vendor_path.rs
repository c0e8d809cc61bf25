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
    mime,
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

    /// The path of another edition of the file: in a folder named after `edition`, in the place of
    /// the hash folder it may have.
    pub fn in_edition(&self, edition: &Digest) -> Self {
        let (host, rest) = self.0.split_once('/').unwrap_or((&self.0, "index.js"));
        let rest = match rest.split_once('/') {
            Some((folder, rest)) if looks_like_hash_folder(folder) => rest,
            _ => rest,
        };
        let folder = format!("{HASH_MARK}{}", edition.short_hex(HASH_DIGITS));
        let path = format!("{host}/{folder}/{rest}");
        match path.len() <= PATH_MAX {
            true => Self(path),
            false => Self(format!("{host}/{folder}/{}", rest.rsplit('/').next().unwrap_or(rest))),
        }
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
    /// That of a script, unless the name has another: the type says nothing.
    Plain,
    /// None: a picture, a font or other data whose name says all there is to say.
    None,
}

impl Extension {
    /// The extension for a `Content-Type`.
    pub fn of_media_type(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/wasm" => Self::Wasm,
            "text/css" => Self::Css,
            "application/json" | "text/json" => Self::Json,
            other if other.ends_with("+json") => Self::Json,
            "application/octet-stream" => Self::None,
            other if mime::is_javascript(other) => Self::Js,
            other => match other.split('/').next() {
                Some("image" | "font" | "audio" | "video") => Self::None,
                _ => Self::Plain,
            },
        }
    }

    /// Whether what has the type may be a script.
    pub fn may_be_script(self) -> bool {
        matches!(self, Self::Js | Self::Plain)
    }

    /// Whether servers send a file of this name with the right type.
    fn fits(self, name: &str) -> bool {
        let Some(usable) = usable_extension(name) else { return self == Self::None };
        let sent = match usable.to_ascii_lowercase().as_str() {
            "json" => Self::Json,
            "css" => Self::Css,
            "wasm" => Self::Wasm,
            _ => Self::Js,
        };
        matches!(self, Self::Plain | Self::None) || self == sent
    }

    /// The extension with its dot, if there is one.
    fn ending(self) -> &'static str {
        match self {
            Self::Js | Self::Plain => ".js",
            Self::Json => ".json",
            Self::Css => ".css",
            Self::Wasm => ".wasm",
            Self::None => "",
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
    /// Appended where the address has no extension, or one that makes servers send another type.
    pub extension: Extension,
}

impl Stored {
    /// What makes this file one file.
    pub fn key(&self) -> StorageKey {
        StorageKey { url: self.url.clone(), content: self.content.clone() }
    }
}

/// What tells stored files apart. Scripts with one key share one path.
///
/// For a locked script it is the address its bytes came from. A key that cannot be told from the
/// lockfile any more may be any other, such as the script's own URL: its path is taken all the same.
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
    if let Some(extension) = appended.filter(|extension| !extension.fits(&name)) {
        name.push_str(extension.ending());
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
mod tests;
